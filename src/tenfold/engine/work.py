"""The work of one shard: read, draw, run, write; called in whatever process the engine likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import tenfold
from tenfold.engine.job import Job
from tenfold.engine.making import how, make_copies
from tenfold.engine.manifest import dumps
from tenfold.engine.state import State
from tenfold.errors import OutputError, TenfoldError, machines_fault
from tenfold.places import read_ahead
from tenfold.plan.instances import Counts
from tenfold.rng import Key
from tenfold.samples.codec.encode import encode_image
from tenfold.samples.sample import Label, Sample
from tenfold.samples.source import Item
from tenfold.samples.validate import clean
from tenfold.write.atomic import background_writes, settle, write_soon
from tenfold.write.writer import Writer, Written

VALIDITY = "validity"
"""Folder of the validity masks (PNG, 255 where a pixel shows the original picture)."""


@dataclass(frozen=True, slots=True)
class ShardDone:
    """What a shard gave.

    Attributes:
        shard: its number.
        outputs: samples written.
        quarantined: samples left out.
    """

    shard: int
    outputs: int
    quarantined: int


def work_shard(job: Job, shard: int, go_on: Callable[[], bool] = lambda: True) -> ShardDone | None:
    """Do and commit one shard.

    Args:
        job: what to make.
        shard: which part of it.
        go_on: asked before each item; on false the shard is left undone.

    Returns:
        What it gave, or None if it was told to stop.

    Raises:
        OutputError: the destination can't be written.
    """
    with background_writes():
        return _work(job, shard, go_on)


def _work(job: Job, shard: int, go_on: Callable[[], bool]) -> ShardDone | None:
    state = State(job.destination, job.token)
    lines: list[str] = []
    outputs = quarantined = 0
    job.writer.begin_shard(shard)
    for index in read_ahead(job.source.root, job.shard(shard), lambda i: job.source.items[i].files):
        if not go_on():
            return None
        state.require_started()
        item, copies = job.source.items[index], job.copies[index]
        made: list[dict[str, Any]] = []
        reason = None
        try:
            for entry in _item(job, item, copies):
                made.append(entry)
            told = [dumps(entry) for entry in made]
        except (OutputError, MemoryError, OSError) as error:
            if (passing := _passing(error)) is not None:
                raise passing from error
            reason = f"{type(error).__name__}: {error}"
        except TenfoldError as error:
            if (passing := _passing(error.__cause__)) is not None:
                raise passing from error
            reason = str(error)
        # A strange file must not end a run of thousands: whatever else it sets off is reported
        # as this sample's reason, in the report, on the terminal and in the exit status.
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        if reason is None:
            lines += told
            outputs += len(told)
        else:
            _take_back(job, item, made)
            lines.append(dumps({"item": item.id, "reason": reason.removeprefix(f"{item.id}: ")}))
            quarantined += 1
    if files := job.writer.end_shard(shard):
        lines.append(dumps({"files": dict(files)}))
    state.commit(shard, lines)
    return ShardDone(shard, outputs, quarantined)


def _item(job: Job, item: Item, copies: int | None) -> Iterator[dict[str, Any]]:
    """The entries of one item: manifest line and writer's record for each output."""
    if copies is None:
        written = job.writer.copy(item)
        yield _entry(job, item, "untouched", 0, written, list(item.labels))
        return
    sample, clipped, dropped = None, 0, 0
    if copies:
        sample = job.source.read(item)
        sample, clipped, dropped = clean(
            sample, job.recipe.invalid, value_range=job.recipe.value_range
        )
        plan = job.plan
        plan.check(plan.schema(sample))
        job.generators.check_sample(sample)
    if job.originals:
        written = job.writer.copy(item)
        counts = Counts(clipped, dropped)
        labels = item.labels if written.labels is None else written.labels
        yield _entry(job, item, "original", 0, written, list(labels), counts=counts)
    if sample is None:
        return
    keys = [Key(job.seed, item.id, copy) for copy in range(1, copies + 1)]
    made_copies = make_copies(plan, job.generators, job.composer, item, sample, keys)
    for key, made in zip(keys, made_copies, strict=True):
        new = made.outcome.sample
        written = write_copy(job.writer, item, key.copy, new)
        yield _entry(
            job, item, "copy", key.copy, written, object_labels(new),
            counts=made.outcome.counts, told=made.told(),
        )  # fmt: skip


def write_copy(writer: Writer, item: Item, copy: int, sample: Sample) -> Written:
    """Write a copy, and beside it, if the recipe asked for it, which of its pixels are real."""
    written = writer.write(item, copy, sample)
    if sample.valid is None:
        return written
    name = f"{VALIDITY}/{written.file}.png"
    seen = sample.valid[:, :, None].astype(np.uint8) * 255
    sha = write_soon(writer.destination / name, encode_image(seen, "png", {}, 95, False))
    return Written(written.file, {**written.files, name: sha}, written.record)


def object_labels(sample: Sample) -> list[Label]:
    """The classes of a sample's objects, one entry an object."""
    return [i.label for i in sample.instances if i.label is not None]


def _entry(
    job: Job,
    item: Item,
    kind: str,
    copy: int,
    written: Written,
    labels: list[Label],
    counts: Counts = Counts(),  # noqa: B008 (immutable)
    told: dict[str, Any] | None = None,
) -> dict[str, Any]:
    line = {
        "file": written.file,
        "files": dict(written.files),
        "item": item.id,
        "split": item.split,
        "copy": copy,
        "kind": kind,
        "label": item.label,
        "labels": labels,
        **(told or how([], None)),
        "key": {"seed": job.seed, "sample": item.id, "copy": copy} if kind == "copy" else None,
        "annotations": {"clipped": counts.clipped, "dropped": counts.dropped},
        "recipe": job.recipe_hash if kind == "copy" else None,
        "version": tenfold.__version__,
    }
    if not written.files:  # a row of an array has no file, but a hash of its own
        line["sha256"] = written.record["sha256"]
    return {"line": line, "record": written.record}


def _passing(error: BaseException | None) -> OutputError | None:
    """The error that stops the run, where it is the machine's fault and not the sample's."""
    if isinstance(error, OutputError):
        return error
    fault = machines_fault(error)
    if isinstance(fault, MemoryError):
        return OutputError("out of memory; use fewer --workers")
    if fault is not None:
        return OutputError(f"{fault.strerror or fault}; the system is short of something")
    return None


def _take_back(job: Job, item: Item, made: list[dict[str, Any]]) -> None:
    """A sample is there with all its copies, or not at all."""
    settle()
    for entry in made:
        for name in entry["line"]["files"]:
            (job.destination / name).unlink(missing_ok=True)
    job.writer.take_back(item)
