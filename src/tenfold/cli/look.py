"""`tenfold inspect` and `tenfold preview`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tenfold.cli.main import say
from tenfold.cli.options import folder, recipe_options, source_argument, source_options
from tenfold.cli.progress import bar
from tenfold.errors import RequestError
from tenfold.multiply import plan_job, preview_rows
from tenfold.places import Place, relative
from tenfold.samples.sources import open_source


@click.command()
@source_argument
@click.option("--json", "as_json", is_flag=True, help="machine-readable")
@click.option("--quiet", is_flag=True, help="no progress")
@source_options
def inspect(
    source: Place, as_json: bool, quiet: bool, layout: str | None, label_column: str | None,
    max_pixels: int,
) -> int:  # fmt: skip
    """Say what is in SRC: layout, classes, sizes, unreadable files, duplicates, leakage."""
    from tenfold.evaluate.inspect import inspect_source

    found = open_source(source, layout, max_pixels, label_column=label_column)
    with bar(len(found.items), "samples", quiet) as advance:
        inspection = inspect_source(found, lambda _done, _all: advance(1))
    say(json.dumps(inspection.plain(), indent=1) if as_json else inspection.text())
    return 1 if inspection.unreadable else 0


@click.command()
@source_argument
@recipe_options()
@click.option(
    "-o",
    "--output",
    type=folder(),
    default=Path("contact.png"),
    show_default=True,
    help="the picture to write",
)
@click.option(
    "--rows", type=click.IntRange(1, 100), default=6, show_default=True, help="samples shown"
)
@click.option(
    "--copies",
    type=click.IntRange(1, 50),
    default=6,
    show_default=True,
    help="copies shown of each",
)
@click.option("--seed", type=int, default=0, show_default=True, help="any integer")
@click.option("--split", metavar="NAME", help="the split to show  [default: train]")
@source_options
def preview(
    source: Place, recipe_file: Path | None, preset: str | None, output: Path, rows: int,
    copies: int, seed: int, split: str | None, layout: str | None, label_column: str | None,
    max_pixels: int,
) -> int:  # fmt: skip
    """Draw originals beside copies, annotations drawn in."""
    import cv2

    from tenfold.evaluate.contact import contact_sheet
    from tenfold.evaluate.names import heading
    from tenfold.write.atomic import write_bytes

    if output.suffix.lower() != ".png":
        raise RequestError(f"--output must be a .png file, got {output}")
    if relative(output.resolve(), source.resolve()) is not None:
        raise RequestError(f"{output} would lie in the dataset; give another place with --output")
    prepared = plan_job(
        source, output.absolute().parent, recipe=recipe_file, preset=preset, copies=copies,
        seed=seed, split=split, layout=layout, label_column=label_column, max_pixels=max_pixels,
    )  # fmt: skip
    recipe = prepared.job.recipe
    shown = preview_rows(prepared.job, rows, copies)
    picture = contact_sheet(
        [(original, [copy for copy, _ in made]) for original, made in shown],
        title=heading(source.name, recipe.name), subtitle=recipe.assumes,
        classes=prepared.job.source.info.classes, ignore_value=recipe.ignore_value,
        captions=[[line.get("generator", {}).get("method", "") for _, line in m] for _, m in shown],
    )  # fmt: skip
    encoded = cv2.imencode(".png", picture[:, :, ::-1])[1]
    write_bytes(output.absolute(), encoded.tobytes())
    say(f"{output} ({picture.shape[1]}x{picture.shape[0]})")
    return 0
