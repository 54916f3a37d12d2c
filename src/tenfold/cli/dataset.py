"""`tenfold dataset`: embedded data to try things on."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.main import say
from tenfold.cli.options import folder


@click.command()
@click.argument("name", metavar="NAME")
@click.argument("folder", metavar="DST", type=folder())
@click.option("--size", type=int, default=32, show_default=True, help="side of the images, px")
def dataset(name: str, folder: Path, size: int) -> int:
    """Write the embedded dataset NAME (digits) as an image folder DST."""
    from tenfold.datasets import write_embedded

    count = write_embedded(name, folder, size)
    say(f"{count} images in {folder}")
    return 0
