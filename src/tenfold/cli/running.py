"""A job on the command line: who works at it, its progress, and what is told of it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from itertools import islice

from tenfold.cli.main import command_line, complain, say
from tenfold.cli.options import ray_engine
from tenfold.cli.progress import bar
from tenfold.engine.destination import Existing, check_destination
from tenfold.engine.job import Job
from tenfold.engine.local import LocalEngine
from tenfold.engine.manifest import MANIFEST, QUARANTINE, raw_lines, read_lines
from tenfold.engine.run import Engine, RunResult
from tenfold.engine.state import State
from tenfold.errors import OutputError, RequestError
from tenfold.evaluate.names import readable
from tenfold.multiply import Prepared, carry_out
from tenfold.places import nothing_written_yet
from tenfold.write.packed import PackedWriter

_SHOWN = 10


def engine_of(
    name: str, address: str | None, workers: int | None
) -> AbstractContextManager[Engine]:
    """Who works; ready for it inside of the context."""
    cluster = ray_engine(name, address, workers)
    return nullcontext(LocalEngine(workers or 1)) if cluster is None else cluster.connected()


def part_of(shard: str | None, seed: int | None) -> tuple[int, int]:
    """What `--shard` says; RequestError if it can't be, or parts would have seeds of their own."""
    if shard is None:
        return 0, 1
    try:
        index, count = (int(number) for number in shard.split("/"))
    except ValueError:
        raise RequestError(f"--shard must be I/N, such as 0/4, got '{shard}'") from None
    if count < 1 or not 0 <= index < count:
        raise RequestError(
            f"--shard {shard}: I runs from 0 to N - 1; did you mean 0/{max(count, 1)}?"
        )
    if count > 1 and seed is None:
        raise RequestError("--shard needs --seed, the same for all parts")
    return index, count


def check_existing(resume: bool, overwrite: bool) -> None:
    """Refuse `--resume` with `--overwrite`."""
    if resume and overwrite:
        raise RequestError("--resume and --overwrite contradict each other; give one")


def carried(
    prepared: Prepared, crew: AbstractContextManager[Engine], part: tuple[int, int], resume: bool,
    overwrite: bool, dry_run: bool, quiet: bool,
) -> int:  # fmt: skip
    """Do a checked job and tell of it, or with `--dry-run` tell what it would do; the exit code."""
    for warning in prepared.warnings:
        complain(f"warning: {warning}")
    existing: Existing = "resume" if resume else "overwrite" if overwrite else "refuse"
    if dry_run:
        check_destination(prepared.job, existing, shared=part[1] > 1)
        _describe(prepared)
        return 0
    with nothing_written_yet():
        whole = existing != "overwrite" and State(prepared.job.destination).finished
    try:
        with crew as worker, bar(prepared.outputs, "outputs", quiet) as advance:
            result = carry_out(
                prepared, worker, shard=part, existing=existing,
                command=command_line(), progress=lambda done: advance(done.outputs),
            )  # fmt: skip
    except OutputError as error:
        complain(str(error))
        complain("what is done is kept; repeat the command with --resume to go on")
        return error.exit_code
    _summary(prepared, result, "whole" if whole else "part" if part[1] > 1 else "", quiet)
    return 1 if result.quarantined else 0


def _describe(prepared: Prepared) -> None:
    job = prepared.job
    multiplied = sum(1 for n in job.copies if n is not None)
    say(f"source       {job.source.root} ({job.source.layout}, {len(job.source.items)} samples)")
    say(f"destination  {job.destination}{_layout(job)}")
    say(
        f"multiply     {multiplied} samples{f' of {job.split}' if job.split else ''}, "
        f"{sum(n or 0 for n in job.copies)} copies; {len(job.copies) - multiplied} pass through "
        "untouched"
    )
    say(f"outputs      {prepared.outputs}")
    say(f"seed         {job.seed}{_origin_of_seed(prepared, ' (drawn)', ' (as begun)')}")
    say(f"recipe       {job.recipe.name} ({job.recipe_hash[:12]})")
    if prepared.recipe_made is not None:
        say(f"  {_made(prepared.recipe_made)}")
    for model in job.generators.models:
        use = model.use
        also = ", then the passes below" if use.transforms else ""
        say(
            f"  {use.share:.3g} of the copies: {model.generator.kind} {model.method} of "
            f"{readable(use.model)} ({model.fingerprint[:12]}){also}"
        )
    for line in job.composer.explain():
        say(f"  {readable(line)}")
    for line in prepared.explain():
        say(f"  {line}")
    for problem in job.source.problems[:_SHOWN]:
        say(f"quarantine   {readable(problem.id)}: {problem.reason}")
    say("nothing was written (--dry-run)")


def _layout(job: Job) -> str:
    """The destination's layout, where it is another than the source's, or files are shared."""
    files = f", {job.shard_size} samples and their copies a file"
    packed = isinstance(job.writer, PackedWriter)
    return f" ({job.writer.layout}{files})" if packed else ""


def _summary(prepared: Prepared, result: RunResult, was: str, quiet: bool) -> None:
    """What was done; `was` tells of the dataset before: "whole", or in "part" others' work."""
    job = prepared.job
    if not result.complete:
        if not quiet:
            say(f"this part is done; {result.left} of {job.shard_count} shards are left to others")
        if result.quarantined:
            complain(f"{_samples(result.quarantined)} quarantined so far")
        return
    if not quiet:
        total = sum(1 for _ in raw_lines(job.destination / MANIFEST))
        before = total - result.outputs
        if was == "whole":
            say(f"{job.destination} is complete ({total:,} outputs); nothing to do")
        else:
            others = f", {before:,} of them {'in other parts' if was else 'before'}"
            say(f"{total:,} outputs written{others if before else ''} to {job.destination}")
        say(f"seed {job.seed}{_origin_of_seed(prepared, ', drawn for this run', ', as begun')}")
        if prepared.recipe_made is not None:
            say(f"recipe: {_made(prepared.recipe_made)}")
        say(f"report {job.destination / 'report.html'}")
    if result.quarantined:
        complain(f"{_samples(result.quarantined)} quarantined:")
        for entry in islice(read_lines(job.destination / QUARANTINE), _SHOWN):
            complain(f"  {readable(entry['item'])}: {entry['reason']}")
        if result.quarantined > _SHOWN:
            complain(f"  ... all in {job.destination / QUARANTINE}")


def _origin_of_seed(prepared: Prepared, drawn: str, begun: str) -> str:
    return drawn if prepared.seed_drawn else begun if prepared.seed_begun else ""


def _made(base: str) -> str:
    return f"made for this data from the preset '{base}' (as by `tenfold recipe init`)"


def _samples(count: int) -> str:
    return f"{count} sample{'' if count == 1 else 's'}"
