"""Tiny examples and models that many tests of the generators share."""

from __future__ import annotations

import numpy as np

from tenfold.learned.examples import Examples


def bars(count: int = 24, side: tuple[int, int] = (9, 12), channels: int = 1) -> Examples:
    """Upright and lying bars at random places: two classes, `count` examples."""
    random = np.random.default_rng(3)
    values = random.uniform(0, 0.05, (count, *side, channels)).astype(np.float32)
    labels = np.arange(count) % 2
    for image, label in zip(values, labels, strict=True):
        place = random.integers(1, min(side) - 2)
        image[(slice(None), slice(place, place + 2)) if label else slice(place, place + 2)] = 0.95
    return Examples(values, labels, ("lying", "upright"))


def clouds(count: int = 40, length: int = 5) -> Examples:
    """Vectors of two classes with unlike centres, in units from thousandths to thousands."""
    random = np.random.default_rng(4)
    labels = np.arange(count) % 2
    values = random.normal(size=(count, length)) + 3 * labels[:, None]
    return Examples(values * 10.0 ** (np.arange(length) - 2), labels, (0, 1))
