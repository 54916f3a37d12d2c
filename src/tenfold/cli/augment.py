"""`tenfold augment`, `replay` and `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tenfold.cli.main import say
from tenfold.cli.options import (
    engine_options,
    folder,
    place,
    recipe_options,
    run_options,
    source_argument,
    source_options,
)
from tenfold.cli.running import carried, check_existing, engine_of, part_of
from tenfold.engine.replay import replay as make_again
from tenfold.engine.verify import verify as check_files
from tenfold.evaluate.names import readable
from tenfold.evaluate.words import generator_in_words
from tenfold.multiply import plan_job
from tenfold.places import Place
from tenfold.write.writer import WriteOptions

_SHOWN = 10


@click.command()
@source_argument
@click.argument("destination", metavar="DST", type=place())
@recipe_options()
@click.option("--copies", type=int, default=9, show_default=True, help="new samples a sample")
@click.option("--seed", type=int, help="any integer; drawn and recorded if not given")
@engine_options
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
@run_options
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
    crew, part = engine_of(engine, address, workers), part_of(shard, seed)
    check_existing(resume, overwrite)
    prepared = plan_job(
        source, destination, recipe=recipe_file, preset=preset, copies=copies, seed=seed,
        split=split, originals=originals, balance=balance,
        options=WriteOptions(template, image_format, quality, to, per_file), layout=layout,
        label_column=label_column, max_pixels=max_pixels, resume=resume,
    )  # fmt: skip
    return carried(prepared, crew, part, resume, overwrite, dry_run, quiet)


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
    for part in line.get("composed", {}).get("parts", ()):
        whose = f"object {part['instance']} of {readable(part['parent'])}"
        say(f"  has {readable(str(part['label']))} ({whose})")
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


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
