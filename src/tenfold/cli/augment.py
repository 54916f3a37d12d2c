"""`tenfold augment`, `replay` and `verify`."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import click

from tenfold.cli.main import command_line, complain, say
from tenfold.cli.options import folder, place, recipe_options, source_argument, source_options
from tenfold.cli.progress import bar
from tenfold.engine.destination import Existing, check_destination
from tenfold.engine.job import Job
from tenfold.engine.local import LocalEngine
from tenfold.engine.manifest import MANIFEST, QUARANTINE, raw_lines, read_lines
from tenfold.engine.ray import RayEngine
from tenfold.engine.replay import replay as make_again
from tenfold.engine.run import Engine, RunResult
from tenfold.engine.state import State
from tenfold.engine.verify import verify as check_files
from tenfold.errors import OutputError, RequestError
from tenfold.evaluate.names import readable
from tenfold.evaluate.words import generator_in_words
from tenfold.multiply import Prepared, carry_out, plan_job
from tenfold.places import Place, nothing_written_yet
from tenfold.write.packed import PackedWriter
from tenfold.write.writer import WriteOptions

_SHOWN = 10


@click.command()
@source_argument
@click.argument("destination", metavar="DST", type=place())
@recipe_options()
@click.option("--copies", type=int, default=9, show_default=True, help="new samples a sample")
@click.option("--seed", type=int, help="any integer; drawn and recorded if not given")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="processes; the result doesn't depend on it  [default: 1; with ray, all CPUs]",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="who works: this machine, or a Ray cluster",
)
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="of the Ray cluster  [default: RAY_ADDRESS, or one of its own on this machine]",
)
@click.option("--split", metavar="NAME", help="the split to multiply  [default: train]")
@click.option("--originals/--no-originals", default=True, help="keep the originals too")
@click.option(
    "--balance", is_flag=True, help="more copies for rare classes, up to the size of the largest"
)
@click.option(
    "--format",
    "image_format",
    metavar="EXT",
    help="png, jpg, tiff, webp or bmp for the copies  [default: the parent's]",
)
@click.option(
    "--quality", type=click.IntRange(1, 100), default=95, show_default=True, help="of JPEG and WebP"
)
@click.option(
    "--name",
    "template",
    default=WriteOptions().template,
    show_default=True,
    metavar="TEMPLATE",
    help="name of a copy; fields stem, copy, ext",
)
@click.option(
    "--to",
    metavar="LAYOUT",
    help="write webdataset or parquet: many samples in a file  [default: the layout of SRC]",
)
@click.option(
    "--per-file",
    type=click.IntRange(1),
    metavar="N",
    help="with them, samples of SRC in a file, each with all copies  [default: 32 or fewer]",
)
@click.option("--shard", metavar="I/N", help="do only part I (from 0) of N")
@click.option("--resume", is_flag=True, help="go on with an interrupted run")
@click.option("--overwrite", is_flag=True, help="delete an earlier result in DST first")
@click.option("--dry-run", is_flag=True, help="say what would be done, and write nothing")
@click.option("--quiet", is_flag=True, help="no progress, no summary")
@source_options
def augment(
    source: Place, destination: Place, recipe_file: Path | None, preset: str | None, copies: int,
    seed: int | None, workers: int | None, engine: str, address: str | None,
    split: str | None, originals: bool, balance: bool,
    image_format: str | None, quality: int, template: str,
    to: str | None, per_file: int | None, shard: str | None, resume: bool,
    overwrite: bool, dry_run: bool, quiet: bool, layout: str | None, label_column: str | None,
    max_pixels: int,
) -> int:  # fmt: skip
    """Multiply the dataset SRC into DST, in the same layout, with annotations that still fit."""
    if resume and overwrite:
        raise RequestError("--resume and --overwrite contradict each other; give one")
    crew = _engine(engine, address, workers)
    part = _part(shard)
    if part[1] > 1 and seed is None:
        raise RequestError("--shard needs --seed, the same for all parts")
    prepared = plan_job(
        source, destination, recipe=recipe_file, preset=preset, copies=copies, seed=seed,
        split=split, originals=originals, balance=balance,
        options=WriteOptions(template, image_format, quality, to, per_file), layout=layout,
        label_column=label_column, max_pixels=max_pixels, resume=resume,
    )  # fmt: skip
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


@click.command()
@click.argument("file", metavar="FILE", type=place())
@click.option("--source", type=place(), help="the original dataset, if it moved")
@click.option("-o", "--output", type=place(), help="keep the file made again in this folder")
@click.option(
    "--model",
    "models",
    type=folder(),
    multiple=True,
    metavar="DIR",
    help="a generator's model, if it moved",
)
def replay(
    file: Place, source: Place | None, output: Place | None, models: tuple[Path, ...]
) -> int:
    """Make one output FILE again from its manifest line and say whether it is identical."""
    result = make_again(file, source, output, models)
    line = result.line
    say(f"{readable(line['file'])}: {readable(result.why)}")
    origin = f"  from {readable(line['item'])}"
    if line["copy"]:
        origin += f", copy {line['copy']}, seed {line['key']['seed']}"
    say(origin)
    if made := generator_in_words(line):
        say(f"  made by {readable(made)}, seed {line['generator']['seed']}")
    for entry in line["ops"]:
        numbers = ", ".join(f"{k} {_short(v)}" for k, v in entry["drawn"].items())
        say(f"  {entry['op']}: {numbers}")
    return 0 if result.identical else 1


@click.command()
@click.argument("dataset", metavar="DATASET", type=place())
def verify(dataset: Place) -> int:
    """Check every file of a DATASET that tenfold made against its manifest."""
    found = check_files(dataset)
    for problem in found.problems[:_SHOWN]:
        say(f"{readable(problem.file)}: {problem.reason}")
    if len(found.problems) > _SHOWN:
        say(f"... and {len(found.problems) - _SHOWN} more")
    say(f"{found.files} files checked, {len(found.problems)} not as the manifest says")
    say(f"tree hash {found.tree}")
    return 1 if found.problems else 0


def _engine(name: str, address: str | None, workers: int | None) -> AbstractContextManager[Engine]:
    """Who works; ready for it inside of the context."""
    if name == "ray":
        return RayEngine(address, workers).connected()
    if address is not None:
        raise RequestError("--address is that of a Ray cluster; give --engine ray too")
    return nullcontext(LocalEngine(workers or 1))


def _part(shard: str | None) -> tuple[int, int]:
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
    return index, count


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


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
