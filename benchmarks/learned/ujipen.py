"""UJI Pen Characters by writers: who trains, who validates, who tests."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.learned.examples import Examples

Array = NDArray[Any]

_FILE = "uji-pen-v1/uji_pen_v1_70x70.npz"
_TRAIN, _VALIDATION = 6, 1  # writers; the other four test
_ASSIGNED = 1000  # added to an assignment's number, the seed that deals out the writers


@dataclass(frozen=True, eq=False)
class Split:
    """Images (N, 70, 70) uint8, ink bright, and labels (N,) of the three parts."""

    train: Array
    train_labels: Array
    validation: Array
    validation_labels: Array
    test: Array
    test_labels: Array
    classes: tuple[str, ...]
    writers: tuple[tuple[int, ...], ...]

    def examples(self, part: str) -> Examples:
        """The train or validation part as models take it."""
        values = np.float32(1 / 255) * getattr(self, part)[..., None]
        return Examples(values, getattr(self, f"{part}_labels"), self.classes)


def folder() -> Path:
    """Where the shared data lie."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("TENFOLD_SHARED_DATA", beside))


def split(assignment: int) -> Split:
    """One assignment of the eleven writers; no writer is in two parts."""
    with np.load(folder() / _FILE) as held:
        images, names, writers = held["images"], held["labels"], held["writers"]
    classes, labels = np.unique(names, return_inverse=True)
    dealt = np.random.default_rng(_ASSIGNED + assignment).permutation(np.unique(writers))
    groups = np.split(dealt, [_TRAIN, _TRAIN + _VALIDATION])
    parts: list[Array] = []
    for group in groups:
        rows = np.flatnonzero(np.isin(writers, group))
        parts += [images[rows], labels[rows].astype(np.int64)]
    told = tuple(tuple(sorted(map(int, group))) for group in groups)
    return Split(*parts, tuple(map(str, classes)), told)
