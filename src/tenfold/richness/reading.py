"""Sets of labelled images that are compared, brought to one size and one kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tenfold.engine.manifest import MANIFEST, manifest_lines
from tenfold.errors import RequestError, SampleError
from tenfold.learned.examples import Examples
from tenfold.learned.reading import examples_of
from tenfold.samples.source import Source

SIDE = 24
"""Longer side, px, at most, that images are brought to unless a size is given."""

TRAIN = ("train",)
HELD_OUT = ("test", "val")


def size_of(source: Source) -> tuple[int, int]:
    """Height and width at which a dataset is compared: its first image's, at most 24 px long."""
    for item in source.items:
        try:
            sample = source.read(item)
        except SampleError:
            continue
        scale = min(1.0, SIDE / max(sample.height, sample.width))
        return max(1, round(sample.height * scale)), max(1, round(sample.width * scale))
    raise RequestError(f"{source.root} has no readable images")


def part_of(source: Source, prefer: Sequence[str]) -> str | None:
    """The first of these splits that a dataset has; None, all of it, if it has none of them."""
    there = {item.split for item in source.items}
    return next((name for name in prefer if name in there), None)


def copies_in(source: Source) -> frozenset[str]:
    """Ids of the copies that tenfold made, where it made the dataset; else nothing."""
    if not (source.root / MANIFEST).exists():
        return frozenset()
    made = {line["file"] for line in manifest_lines(source.root) if line.get("kind") == "copy"}
    return frozenset(item.id for item in source.items if item.files and item.files[0] in made)


def only(examples: Examples, ids: frozenset[str]) -> Examples:
    """The examples with these ids; all of them if no ids are given."""
    if not ids:
        return examples
    return examples.take(np.flatnonzero([name in ids for name in examples.ids]))


def read(
    source: Source, split: str | None, size: tuple[int, int], like: Examples | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Examples:  # fmt: skip
    """Labelled images of one split (None: of all), at one size.

    Args:
        source: with a label on each image.
        split: see `part_of`.
        size: (height, width).
        like: examples whose channels and classes these must have.
        progress: told of each image read.

    Raises:
        RequestError: see `tenfold.learned.reading.examples_of`.
    """
    if like is None:
        return examples_of(source, split=split, size=size, progress=progress)
    return examples_of(
        source, split=split, size=size, channels=like.shape[-1], classes=like.classes,
        progress=progress,
    )  # fmt: skip


def at_most(examples: Examples, count: int, seed: int) -> Examples:
    """As many examples drawn at random, in their order; all of them if there are no more."""
    total = len(examples.values)
    if total <= count:
        return examples
    chosen = np.random.default_rng([seed, total]).permutation(total)[:count]
    return examples.take(np.sort(chosen))
