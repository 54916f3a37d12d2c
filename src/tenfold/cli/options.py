"""Options that several commands share, and what their values say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tenfold.errors import RequestError, did_you_mean
from tenfold.places import Place, place_of
from tenfold.samples.source import MAX_PIXELS

if TYPE_CHECKING:
    from tenfold.engine.ray import RayEngine

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


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


def engine_options(function: F) -> F:
    """--workers, --engine and --address."""
    function = click.option(
        "--address", metavar="HOST:PORT",
        help="of the Ray cluster  [default: RAY_ADDRESS, or one of its own on this machine]",
    )(function)  # fmt: skip
    function = click.option(
        "--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
        help="who works: this machine, or a Ray cluster",
    )(function)  # fmt: skip
    return click.option(
        "--workers", type=click.IntRange(1),
        help="processes; the result doesn't depend on it  [default: 1; with ray, all CPUs]",
    )(function)  # fmt: skip


def run_options(function: F) -> F:
    """--shard, --resume, --overwrite, --dry-run and --quiet."""
    for option in (
        click.option("--quiet", is_flag=True, help="no progress, no summary"),
        click.option("--dry-run", is_flag=True, help="say what would be done, and write nothing"),
        click.option("--overwrite", is_flag=True, help="delete an earlier result in DST first"),
        click.option("--resume", is_flag=True, help="go on with an interrupted run"),
        click.option("--shard", metavar="I/N", help="do only part I (from 0) of N"),
    ):
        function = option(function)
    return function


def ray_engine(name: str, address: str | None, workers: int | None) -> RayEngine | None:
    """The Ray engine if `--engine` names it; RequestError for an address without it."""
    if name == "ray":
        from tenfold.engine.ray import RayEngine

        return RayEngine(address, workers)
    if address is not None:
        raise RequestError("--address is that of a Ray cluster; give --engine ray too")
    return None


def words(text: str) -> list[str]:
    """Of a list whose entries are parted by commas; RequestError if one is empty."""
    found = [word.strip() for word in text.split(",")]
    if not all(found):
        raise RequestError(f"'{text}' has an empty entry; part entries by single commas")
    return found


def side_of(text: str) -> tuple[int, int]:
    """Height and width that `--size` says, HxW or a square's side; RequestError if none."""
    found = re.fullmatch(r"(\d+)[x×](\d+)|(\d+)", text.strip().lower())
    height, width = (int(found[1] or found[3]), int(found[2] or found[3])) if found else (0, 0)
    if not (1 <= height <= 4096 and 1 <= width <= 4096):
        raise RequestError(f"--size must be HxW in pixels, such as 64x64, got '{text}'")
    return height, width


def seconds_of(text: str) -> float:
    """Seconds that `--budget` says: 5m, 90s, 1h; RequestError if none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if found is None or found[2] not in _UNITS or float(found[1]) == 0:
        cure = did_you_mean(found[2], _UNITS) if found else ""
        raise RequestError(f"--budget must be a time such as 5m, 90s or 1h, got '{text}'{cure}")
    return float(found[1]) * _UNITS[found[2]]
