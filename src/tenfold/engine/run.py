"""From a job to a whole dataset: check, begin or resume, work, finish."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from tenfold.declare.parse import dump_recipe
from tenfold.engine.job import Job, check_targets
from tenfold.engine.manifest import JOB, MANIFEST, QUARANTINE, RECIPE, encode_lines
from tenfold.engine.state import State
from tenfold.engine.work import ShardDone
from tenfold.errors import OutputError, RequestError
from tenfold.write.atomic import write_bytes, write_chunks
from tenfold.write.writer import Line, Written

Existing = Literal["refuse", "resume", "overwrite"]


class Engine(Protocol):
    """Anything that works off shards and yields each when it is committed."""

    def run(self, job: Job, shards: list[int]) -> Iterator[ShardDone]:
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


def prepare(job: Job, existing: Existing, shared: bool) -> State:
    """Check the destination and make it ours.

    Args:
        job: what is to be made.
        existing: what to do with a destination that isn't empty.
        shared: other runs may work on other shards of the same job in it.

    Raises:
        RequestError: the destination can't be used so; nothing was written.
    """
    destination, state = job.destination, State(job.destination)
    _apart(job.source.root, destination)
    check_targets(job)
    empty = not destination.exists() or (destination.is_dir() and not any(destination.iterdir()))
    if not empty:
        if not destination.is_dir():
            raise RequestError(f"{destination} is a file; give a folder")
        ours = state.started or state.identity() is not None
        if existing == "overwrite":
            if not ours:
                raise RequestError(
                    f"{destination} wasn't made by tenfold, so --overwrite won't delete it; "
                    "give another folder, or empty it yourself"
                )
            _empty(destination)
        elif ours and (existing == "resume" or shared):
            state.require_same(job)
            if existing == "resume" and not state.finished:
                state.sweep()
            return state
        elif ours:
            raise RequestError(
                f"{destination} holds {'an unfinished' if state.started else 'a finished'} run; "
                "use --resume to go on with it or --overwrite to start again"
            )
        else:
            raise RequestError(f"{destination} is not empty; give a new or an empty folder")
    try:
        state.begin(job)
    except OutputError as error:
        raise RequestError(str(error)) from error
    return state


def execute(
    job: Job,
    engine: Engine,
    state: State,
    part: tuple[int, int] = (0, 1),
    progress: Callable[[ShardDone], None] = lambda _: None,
) -> RunResult:
    """Work off what is left of this run's part, and finish if nothing is left at all.

    Args:
        job: what to make.
        engine: who works.
        state: from `prepare`.
        part: (i, n): shards i, i + n, i + 2n...
        progress: told of each committed shard.

    Raises:
        OutputError: the destination can't be written; the run can be resumed.
    """
    if state.finished:
        return RunResult(True, 0, _count_lines(job.destination / QUARANTINE), job.shard_count, 0)
    count = job.shard_count
    before = state.done(count)
    mine = [s for s in range(count) if s % part[1] == part[0] and s not in before]
    outputs = 0
    for done in engine.run(job, mine):
        outputs += done.outputs
        progress(done)
    done_now = sorted(state.done(count))
    left = count - len(done_now)
    quarantined = len(job.source.problems) + sum("reason" in e for e in state.entries(done_now))
    if left == 0:
        finish(job, state)
    return RunResult(left == 0, outputs, quarantined, len(before), left)


def finish(job: Job, state: State) -> None:
    """Put together what belongs to the whole dataset; safe to repeat after an interruption."""
    destination, count = job.destination, job.shard_count
    lines = (_line(e) for e in state.entries(range(count)) if "line" in e)
    whole = job.writer.finish(lines)
    manifest = (e["line"] for e in state.entries(range(count)) if "line" in e)
    write_chunks(destination / MANIFEST, encode_lines(manifest))
    bad = [{"item": p.id, "reason": p.reason} for p in job.source.problems]
    bad += [e for e in state.entries(range(count)) if "reason" in e]
    if bad:
        write_chunks(destination / QUARANTINE, encode_lines(bad))
    write_bytes(destination / RECIPE, dump_recipe(job.recipe).encode())
    about = {"job": job.identity(), "files": whole, "quarantined": len(bad)}
    write_bytes(destination / JOB, (json.dumps(about, indent=1) + "\n").encode())
    state.close()


def _line(entry: dict[str, Any]) -> Line:
    line = entry["line"]
    written = Written(line["file"], line["files"], entry["record"])
    return Line(line["item"], line["split"], line["copy"], written)


def _count_lines(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as handle:
        return sum(1 for _ in handle)


def _apart(source: Path, destination: Path) -> None:
    """Outputs among the inputs would be inputs of the next run."""
    origin, target = source.resolve(), destination.resolve()
    folder = origin if origin.is_dir() else origin.parent
    if target == folder or folder in target.parents:
        raise RequestError(
            f"the destination {destination} lies in the source; give a folder outside of it"
        )
    if target in folder.parents:
        raise RequestError(
            f"the source {source} lies in the destination {destination}; give another folder"
        )


def _empty(folder: Path) -> None:
    try:
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    except OSError as error:
        name = os.fsdecode(error.filename or folder)
        raise RequestError(f"can't empty {folder}: {name}: {error.strerror or error}") from error
