"""From a job to a whole dataset: work off its shards, then finish."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from tenfold.declare.parse import dump_recipe
from tenfold.engine.job import Job
from tenfold.engine.manifest import JOB, MANIFEST, QUARANTINE, RECIPE, encode_lines
from tenfold.engine.state import State
from tenfold.engine.work import ShardDone
from tenfold.errors import OutputError
from tenfold.long_list import kept
from tenfold.places import Place
from tenfold.write.atomic import write_bytes, write_chunks
from tenfold.write.writer import Line, Written


class Engine(Protocol):
    """Anything that works off shards and yields each when it is committed."""

    def run(self, job: Job, shards: Sequence[int]) -> Iterator[ShardDone]:
        """Do these shards, in any order."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did.

    Attributes:
        complete: all shards are committed and the dataset is finished.
        outputs: samples written by this run.
        quarantined: samples left out in the whole dataset, so far as it is done.
        resumed: shards that were done before.
        left: shards that are still open (another run's part).
    """

    complete: bool
    outputs: int
    quarantined: int
    resumed: int
    left: int


def execute(
    job: Job,
    engine: Engine,
    state: State,
    part: tuple[int, int] = (0, 1),
    progress: Callable[[ShardDone], None] = lambda _: None,
    publish: Callable[[RunResult], None] = lambda _: None,
) -> RunResult:
    """Work off what is left of this run's part, and finish if nothing is left at all.

    Args:
        job: what to make.
        engine: who works.
        state: from `prepare`.
        part: (i, n): shards i, i + n, i + 2n...
        progress: told of each committed shard.
        publish: called when the dataset is whole, before its state is closed, so that what it
            writes (the report) is written again by a resumed run if it fails.

    Raises:
        OutputError: the destination can't be written, or is gone; the run can be resumed.
    """
    if state.finished:
        return _whole(job, job.shard_count)
    count = job.shard_count
    before = state.done(count)
    # eight bytes a shard, as there may be very many
    mine = array("q", (s for s in range(part[0], count, part[1]) if not before[s]))
    outputs = quarantined = 0
    for done in engine.run(job, mine):
        outputs += done.outputs
        quarantined += done.quarantined
        progress(done)
    finished = bytes([1]) * count if state.finished else state.done(count)
    if not all(finished[s] for s in mine):
        raise OutputError(
            f"{job.destination} lost what was written to it during the run; "
            "find out who removes files there, then run the same command again"
        )
    resumed = before.count(1)
    if left := finished.count(0):
        return RunResult(False, outputs, quarantined, resumed, left)
    with state.finishing() as ours:
        if not ours:
            return _whole(job, resumed, outputs)
        if resumed or part[1] > 1:
            state.sweep()
        result = RunResult(True, outputs, finish(job, state), resumed, 0)
        publish(result)
        state.close()
        return result
    return _whole(job, resumed, outputs)  # another run finished at the same time, with ours


def _whole(job: Job, resumed: int, outputs: int = 0) -> RunResult:
    """The result where another run has finished the dataset."""
    return RunResult(True, outputs, _count_lines(job.destination / QUARANTINE), resumed, 0)


def finish(job: Job, state: State) -> int:
    """Put together what belongs to the dataset as a whole; safe to repeat after an interruption.

    Returns:
        How many samples are quarantined.
    """
    destination, shards = job.destination, range(job.shard_count)
    files = job.writer.finish(_line(e) for e in state.entries(shards) if "line" in e)
    write_chunks(destination / MANIFEST, state.lines(shards))
    others = kept(state.others(shards))
    left_out = len(job.source.problems) + sum("reason" in e for e in others)
    if left_out:
        problems = ({"item": p.id, "reason": p.reason} for p in job.source.problems)
        bad = (e for e in others if "reason" in e)
        write_chunks(destination / QUARANTINE, encode_lines(chain(problems, bad)))
    write_bytes(destination / RECIPE, dump_recipe(job.recipe, full=True).encode())
    of_shards = (f for e in others for f in e.get("files", {}).items())
    about = _about(job.identity(), chain(files.items(), of_shards), left_out)
    write_chunks(destination / JOB, about)
    return left_out


def _about(
    identity: Mapping[str, Any], files: Iterable[tuple[str, str]], quarantined: int
) -> Iterator[bytes]:
    """The file that tells what the job was, as `json.dumps` writes it with `indent=1`."""
    whole = {"job": identity, "files": {}, "quarantined": quarantined}
    before, _, after = json.dumps(whole, indent=1).rpartition("{}")
    yield before.encode()
    comma = "{"
    for name, sha in files:
        yield f"{comma}\n  {json.dumps(name)}: {json.dumps(sha)}".encode()
        comma = ","
    yield (("{}" if comma == "{" else "\n }") + after + "\n").encode()


def _line(entry: dict[str, Any]) -> Line:
    line = entry["line"]
    written = Written(line["file"], line["files"], entry["record"])
    return Line(line["item"], line["split"], line["copy"], written)


def _count_lines(path: Place) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as handle:
        return sum(1 for _ in handle)
