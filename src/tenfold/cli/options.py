"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tenfold.places import Place, place_of
from tenfold.samples.source import MAX_PIXELS

F = TypeVar("F", bound=Callable[..., Any])


def folder() -> Callable[[str | Path], Path]:
    """The type of arguments that are local paths; the command gets a `pathlib.Path`."""

    def path(value: str | Path) -> Path:
        if value == "":  # an unset variable, say: it would mean the current folder
            raise click.BadParameter("the path is empty; write . for the current folder")
        return Path(value)

    return path


def place() -> Callable[[str | Place], Place]:
    """The type of arguments that are paths or URLs."""

    def path_or_url(value: str | Place) -> Place:
        return folder()("") if value == "" else place_of(value)

    return path_or_url


def source_argument(function: F) -> F:
    """SRC: a dataset."""
    return click.argument("source", metavar="SRC", type=place())(function)


def source_options(function: F) -> F:
    """--layout, --label-column and --max-pixels."""
    function = click.option(
        "--label-column", metavar="NAME", help="the table's column of labels, where it can't be "
        "told",
    )(function)  # fmt: skip
    function = click.option(
        "--layout", metavar="NAME", help="layout of SRC, where it can't be told from its files: "
        "folder, csv, pairs, coco, voc, yolo, arrays, webdataset or parquet",
    )(function)  # fmt: skip
    return click.option(
        "--max-pixels", type=click.IntRange(1), default=MAX_PIXELS, show_default=True,
        help="quarantine images with more pixels than this, unread",
    )(function)  # fmt: skip


def recipe_options(default: str = "made from SRC as by `recipe init`") -> Callable[[F], F]:
    """--recipe and --preset; `default` tells what is taken without them."""

    def add(function: F) -> F:
        function = click.option(
            "--preset", metavar="NAME", help="a ready recipe (see `tenfold recipe list`)"
        )(function)
        return click.option(
            "--recipe",
            "recipe_file",
            metavar="FILE",
            type=folder(),
            help=f"what may change (YAML, JSON)  [default: {default}]",
        )(function)

    return add
