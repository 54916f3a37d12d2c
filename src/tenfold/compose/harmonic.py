"""Smooth surfaces over holes: the membrane that hangs from the hole's rim (Laplace's equation).

Elementwise float arithmetic in a fixed order and nothing else, so that all machines agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.samples.sample import Array

_SWEEPS = 24
_FEW, _LARGE = 8, 1 << 16  # sweeps of levels with so many pixels


def harmonic(values: Array, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Values with those not known replaced by a membrane over the known ones.

    From coarse to fine: each level begins with the coarser one's surface and is smoothed by some
    sweeps of Jacobi's method, so the result is near the solution of Laplace's equation, and not
    it to the last digit.

    Args:
        values: (H, W, C).
        known: (H, W) bool; with none known the result is 0.

    Returns:
        (H, W, C) float32; the known values are as they were.
    """
    surface = np.where(known[:, :, None], values, 0).astype(np.float32)
    if known.all():
        return surface
    if not known.any() or max(known.shape) == 1:
        return surface
    coarse = harmonic(*_halved(surface, known))
    guess = coarse.repeat(2, axis=0).repeat(2, axis=1)[: known.shape[0], : known.shape[1]]
    quarter = np.broadcast_to(~known[:, :, None], surface.shape) * np.float32(0.25)
    wide = np.pad(surface + quarter * np.float32(4) * guess, ((1, 1), (1, 1), (0, 0)), mode="edge")
    inner, mean, across = wide[1:-1, 1:-1], np.empty_like(surface), np.empty_like(surface)
    for _ in range(_FEW if known.size > _LARGE else _SWEEPS):
        np.add(wide[:-2, 1:-1], wide[2:, 1:-1], out=mean)
        np.add(wide[1:-1, :-2], wide[1:-1, 2:], out=across)
        mean += across
        mean *= quarter
        np.add(surface, mean, out=inner)
        wide[0], wide[-1], wide[:, 0], wide[:, -1] = wide[1], wide[-2], wide[:, 1], wide[:, -2]
    return inner.copy()


def _halved(
    values: NDArray[np.float32], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Means of the known among each four; known where one of them is."""
    pad = [(0, side % 2) for side in known.shape]
    values = np.pad(values, [*pad, (0, 0)])
    counts = np.pad(known, pad).astype(np.float32)
    total = (values[::2, ::2] + values[1::2, ::2]) + (values[::2, 1::2] + values[1::2, 1::2])
    count = (counts[::2, ::2] + counts[1::2, ::2]) + (counts[::2, 1::2] + counts[1::2, 1::2])
    means = (total / np.maximum(count, np.float32(1))[:, :, None]).astype(np.float32)
    return means, count > 0
