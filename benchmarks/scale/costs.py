"""What was measured, kept as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COSTS = Path(__file__).with_name("costs.json")


@dataclass(frozen=True)
class Case:
    """What an output costs. Of ten outputs one is the original, nine are copies.

    Attributes:
        recipe: its name.
        format: of the images.
        to: layout that is written; None: a file an output.
        size: of the pictures, width x height.
        seconds: of a core, an output, all counted: reading, drawing, pixels, encoding, writing,
            hashing, the manifest's line, the shard's mark.
        stages: of these: decode, augment, encode, write, in seconds a copy.
        bytes_in: an item.
        bytes_out: an output, marks not counted.
        spread: median of the repeats by the least, minus 1.
    """

    recipe: str
    format: str
    to: str | None
    size: str
    seconds: float
    stages: Mapping[str, float]
    bytes_in: float
    bytes_out: float
    spread: float


@dataclass(frozen=True)
class Requests:
    """Requests to a store, counted on a store in memory.

    Attributes:
        reads_an_item, writes_an_output, reads_a_shard, writes_a_shard: while working.
        closing_reads_a_shard: one after the other, while the dataset is put together.
    """

    reads_an_item: float
    writes_an_output: float
    reads_a_shard: float
    writes_a_shard: float
    closing_reads_a_shard: float


@dataclass(frozen=True)
class RealRun:
    """A job that was run here with some workers, to be held against what is foretold.

    Attributes:
        workers, items, outputs, shards: of the job.
        recipe, to: which `Case`.
        core_seconds: of all its processes.
        wall: seconds by the clock on the wall.
        others: cores that other programs kept busy meanwhile, on average.
    """

    workers: int
    items: int
    outputs: int
    shards: int
    recipe: str
    to: str | None
    core_seconds: float
    wall: float
    others: float


@dataclass(frozen=True)
class Costs:
    """All that was measured on one machine; seconds are a core's.

    Attributes:
        processor: its name.
        versions: of tenfold and what it stands on.
        cases: by recipe, codec and size.
        shard: for a shard, beside its outputs: by layout written.
        list_item, list_bytes: to list and check one item; memory, bytes.
        check_output, check_bytes: to check one output's name; memory, bytes.
        closing, report: for an output, when the dataset is put together.
        mark_bytes: an output's part of a mark, and of the manifest.
        worker_start: of a worker process.
        command: of the command itself: imports, planning, the report's examples.
        parent_shard: in the parent, for a shard that a worker did.
        request: of a worker, for a request to S3 with some 70 kB (None: s3fs isn't installed).
        ray_start: of the first task in a new Ray worker (None: Ray isn't installed).
        ray_shard, ray_in_flight: in Ray's driver, for a shard; more for each other one in flight.
        requests: by layout written (`files`, `webdataset`), as `shard`.
        runs: real ones.
    """

    processor: str
    versions: Mapping[str, str]
    cases: tuple[Case, ...]
    shard: Mapping[str, float]
    list_item: float
    list_bytes: float
    check_output: float
    check_bytes: float
    closing: float
    report: float
    mark_bytes: float
    worker_start: float
    command: float
    parent_shard: float
    request: float | None
    ray_start: float | None
    ray_shard: float | None
    ray_in_flight: float | None
    requests: Mapping[str, Requests]
    runs: tuple[RealRun, ...]

    def case(self, recipe: str, form: str, to: str | None, size: str) -> Case:
        """The case of that name."""
        wanted = (recipe, form, to, size)
        return next(c for c in self.cases if (c.recipe, c.format, c.to, c.size) == wanted)

    def written(self) -> str:
        """As JSON, four digits that count."""
        return json.dumps(_rounded(dataclasses.asdict(self)), indent=1) + "\n"

    @classmethod
    def read(cls, path: Path = COSTS) -> Costs:
        """What `written` wrote."""
        told = json.loads(path.read_text(encoding="utf-8"))
        told["cases"] = tuple(Case(**case) for case in told["cases"])
        told["requests"] = {to: Requests(**r) for to, r in told["requests"].items()}
        told["runs"] = tuple(RealRun(**run) for run in told["runs"])
        return cls(**told)


def _rounded(thing: Any) -> Any:
    if isinstance(thing, float):
        return float(f"{thing:.4g}")
    if isinstance(thing, dict):
        return {key: _rounded(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [_rounded(value) for value in thing]
    return thing
