"""`tenfold dataset`: data to try things on."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.main import say
from tenfold.cli.options import folder


@click.command()
@click.argument("name", metavar="NAME")
@click.argument("folder", metavar="DST", type=folder())
@click.option("--size", type=int, help="side of the images, px  [default: digits 32, ujipen 70]")
@click.option("--split", metavar="NAME", help="ujipen: poster or official  [default: poster]")
@click.option(
    "--file", metavar="PATH", type=folder(), help="ujipen: the archive, if it is here already"
)
def dataset(name: str, folder: Path, size: int | None, split: str | None, file: Path | None) -> int:
    """Write the dataset NAME as an image folder DST.

    digits is embedded (scikit-learn's); ujipen, handwritten characters, is fetched from UCI.
    """
    from tenfold.datasets import load, write_folder

    told = {"size": size, "split": split, "file": file}
    found = load(name, **{key: value for key, value in told.items() if value is not None})
    count = write_folder(found, folder)
    say(f"{count} images in {folder}")
    return 0
