"""`tenfold bench`: outputs a second of the whole job, and where the time goes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from tenfold.cli.main import say
from tenfold.cli.options import folder, recipe_options, source_options
from tenfold.evaluate.bench import bench as measure
from tenfold.evaluate.bench import processors, write_photos
from tenfold.multiply import plan_job
from tenfold.places import Place
from tenfold.write.writer import WriteOptions


@click.command()
@click.argument("source", metavar="[SRC]", type=folder(), required=False)
@recipe_options("the preset natural")
@click.option(
    "--copies", type=click.IntRange(1), default=9, show_default=True, help="new samples a sample"
)
@click.option("--format", "image_format", metavar="EXT", help="of the copies")
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="whole jobs for each number of workers",
)
@click.option(
    "--images",
    type=click.IntRange(1),
    default=96,
    show_default=True,
    help="made-up photographs, without SRC",
)
@source_options
def bench(
    source: Place | None, recipe_file: Path | None, preset: str | None, copies: int,
    image_format: str | None, repeats: int, images: int, layout: str | None,
    label_column: str | None, max_pixels: int,
) -> int:  # fmt: skip
    """Measure the whole job with 1 and 2 workers, on SRC or on made-up 640x480 JPEGs."""
    with tempfile.TemporaryDirectory(prefix="tenfold-bench-data-") as folder:
        origin = source
        if origin is None:
            origin = Path(folder)
            write_photos(origin, images)
            say(f"{images} made-up photographs, 640x480 JPEG")
        if recipe_file is None and preset is None:
            preset = "natural"

        result = measure(
            lambda destination: plan_job(
                origin, destination, recipe=recipe_file, preset=preset, copies=copies, seed=0,
                options=WriteOptions(format=image_format), layout=layout, label_column=label_column,
                max_pixels=max_pixels,
            ).job,
            repeats=repeats,
        )  # fmt: skip
        say(f"recipe {recipe_file or preset}, {copies} copies, {processors()} processors")
        say(result.text())
    return 0
