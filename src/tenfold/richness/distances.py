"""Distances between many points, a block of them at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

_CELLS = 1 << 22
_ROUNDING = 1e-12


def squared(a: Floats, b: Floats) -> Floats:
    """Squared Euclidean distances, (n, D) and (m, D) to (n, m).

    By one matrix product, so that it is quick; what lies within its rounding is exactly zero, so
    that equal points are at distance zero.
    """
    norms = np.add.outer(np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b))
    out = norms - 2 * (a @ b.T)
    out[out <= _ROUNDING * norms] = 0.0
    return np.asarray(out)


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of the rows of a (rows, columns) table that hold some four million cells each."""
    step = max(1, _CELLS // max(columns, 1))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def nearest(points: Floats, others: Floats, count: int = 1) -> tuple[Floats, Places]:
    """The nearest of `others` to each point.

    Args:
        points: (n, D).
        others: (m, D).
        count: how many, at most m.

    Returns:
        Distances (n, count), rising, and their places in `others`; the first of equal ones first.
    """
    far = np.empty((len(points), count))
    place = np.empty((len(points), count), np.int64)
    for rows in blocks(len(points), len(others)):
        far[rows], place[rows] = _least(squared(points[rows], others), count)
    return np.sqrt(far), place


def nearest_other(points: Floats, count: int = 1) -> tuple[Floats, Places]:
    """The nearest other points to each of (n, D), as `nearest`; `count` at most n - 1."""
    far = np.empty((len(points), count))
    place = np.empty((len(points), count), np.int64)
    for rows in blocks(len(points), len(points)):
        table = squared(points[rows], points)
        table[np.arange(len(table)), np.arange(rows.start, rows.stop)] = np.inf
        far[rows], place[rows] = _least(table, count)
    return np.sqrt(far), place


def _least(table: Floats, count: int) -> tuple[Floats, Places]:
    if count == 1:
        place = table.argmin(axis=1)[:, None]
    else:
        place = np.sort(np.argpartition(table, count - 1, axis=1)[:, :count], axis=1)
        order = np.argsort(np.take_along_axis(table, place, axis=1), axis=1, kind="stable")
        place = np.take_along_axis(place, order, axis=1)
    return np.take_along_axis(table, place, axis=1), place
