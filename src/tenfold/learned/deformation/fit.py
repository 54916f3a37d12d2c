"""Learning the deformations of a dataset."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from tenfold.errors import RequestError
from tenfold.learned.deformation.model import Deformation
from tenfold.learned.deformation.register import Registrar
from tenfold.learned.deformation.settings import DeformationSettings
from tenfold.learned.deformation.shapes import Shapes
from tenfold.learned.examples import Array, Examples
from tenfold.learned.generator import Progress

_SMALLEST = 4  # pixels a side
_AT_ONCE = 512  # rows of a table of distances


def fit_deformation(
    train: Examples,
    settings: DeformationSettings | None = None,
    *,
    progress: Progress | None = None,
) -> Deformation:
    """Learn how the shapes of each class vary.

    Each example is registered with its nearest of the same class. From these velocities come the
    classes' normal distributions, each drawn towards what all classes have in common.

    Args:
        train: images from 4 pixels a side, any number of channels; two of each class at least.
        settings: None is the defaults.
        progress: told from time to time how many pairs are registered.

    Returns:
        The model, which keeps the examples themselves: its shapes are theirs, deformed.

    Raises:
        RequestError: examples that aren't images, are too small, or too few.
    """
    settings = settings or DeformationSettings()
    if len(train.shape) != 3 or min(train.shape[:2]) < _SMALLEST:
        raise RequestError(
            f"deformations are learned from images of at least {_SMALLEST} pixels a side, "
            f"got examples of shape {train.shape}"
        )
    train.require(2)
    # Matrices are small: threads would wait for each other more than they work, and sum otherwise.
    with threadpool_limits(1):
        return _fitted(train, settings, progress)


def _fitted(
    train: Examples, settings: DeformationSettings, progress: Progress | None
) -> Deformation:
    registrar = Registrar(train.shape, settings)
    looks = [registrar.looks(values) for values in train.values]
    templates = np.empty(len(train.classes), np.int64)
    pairs: list[tuple[int, int]] = []  # (the one that stays, the one that moves)
    for label in range(len(train.classes)):
        mine = np.flatnonzero(train.labels == label)
        near, middle = _near(np.stack([looks[k][0].ravel() for k in mine]), settings.neighbours)
        templates[label] = mine[middle]
        found = [(int(mine[to]), int(k)) for k, row in zip(mine, near, strict=True) for to in row]
        step = max(1.0, len(found) / settings.pairs)
        pairs += sorted(found[int(i * step)] for i in range(int(len(found) / step)))
    velocities = np.empty((len(pairs), 2 * (settings.cells + 3) ** 2), np.float32)
    fixed, last = None, -1
    for place, (to, which) in enumerate(pairs):
        if fixed is None or to != last:
            fixed, last = registrar.fix(looks[to]), to
            if progress:
                progress("registering", place, len(pairs))
        velocities[place] = registrar.register(looks[which], fixed)
    if progress:
        progress("registering", len(pairs), len(pairs))
    labels = train.labels[np.array([which for _, which in pairs])]
    shapes = Shapes.of(velocities, labels, len(train.classes), settings.modes, settings.pooling)
    return Deformation(train, templates, shapes, settings)


def _near(flat: Array, count: int) -> tuple[Array, int]:
    """For each row the places of the nearest others, and the place of the row amid all."""
    count = min(count, len(flat) - 1)
    squares = (flat.astype(np.float64) ** 2).sum(axis=1)
    near = np.empty((len(flat), count), np.int64)
    far = np.empty(len(flat))
    for start in range(0, len(flat), _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, len(flat)))
        distances = squares[rows, None] + squares - 2.0 * (flat[rows] @ flat.T)
        far[rows] = np.sqrt(np.maximum(distances, 0)).sum(axis=1)
        distances[rows - start, rows] = np.inf
        near[rows] = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return near, int(far.argmin())
