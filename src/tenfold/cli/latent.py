"""`tenfold latent`: what a fitted generator has learned, in pictures."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.main import say
from tenfold.cli.options import folder, source_argument
from tenfold.errors import RequestError
from tenfold.places import Place, relative


@click.group()
def latent() -> None:
    """Look at what a fitted generator has learned."""


@latent.command()
@click.argument("model", metavar="MODEL", type=folder())
@source_argument
@click.option(
    "-o", "--output", type=folder(), required=True, metavar="DIR", help="where the pictures go"
)
@click.option("--split", metavar="NAME", help="the split to show  [default: train]")
@click.option(
    "--samples",
    type=click.IntRange(2, 40),
    default=10,
    show_default=True,
    help="samples altered, and paths",
)
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True)
@click.option("--layout", metavar="NAME", help="layout of SRC, where it can't be told")
@click.option("--label-column", metavar="NAME", help="the table's column of labels")
def plot(
    model: Path, source: Place, output: Path, split: str | None, samples: int, seed: int,
    layout: str | None, label_column: str | None,
) -> int:  # fmt: skip
    """Draw MODEL's latent space with the images of SRC.

    Writes space.png (the images where the model puts them, by class), manifold.png (what it makes
    of a grid over that space), alterations.png (originals and what it makes of them) and paths.png
    (ways from one sample to another).
    """
    from tenfold.evaluate.latent_pictures import write_pictures
    from tenfold.learned.reading import examples_of
    from tenfold.learned.store import load
    from tenfold.samples.sources import open_source

    if relative(output.resolve(), source.resolve()) is not None:
        raise RequestError(f"{output} would lie in the dataset; give another place with --output")
    if output.exists() and not output.is_dir():
        raise RequestError(f"{output} is a file; give a folder with --output")
    generator = load(model)
    if len(generator.shape) != 3:
        raise RequestError(
            f"{model} was fitted on vectors; draw it in Python, with "
            "tenfold.evaluate.latent_pictures"
        )
    found = open_source(source, layout, label_column=label_column)
    splits = {item.split for item in found.items}
    examples = examples_of(
        found,
        split=split if split is not None else "train" if "train" in splits else None,
        size=generator.shape[:2],
        channels=generator.shape[2],
        classes=generator.classes,
    )
    for path in write_pictures(generator, examples, output, samples, seed, source.name):
        say(str(path))
    return 0
