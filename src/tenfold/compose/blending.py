"""How an object's edge meets its new surroundings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.compose.cutting import Region
from tenfold.compose.harmonic import harmonic
from tenfold.samples.sample import Array


def blended(below: Array, above: Array, region: Region, blend: str, feather: int) -> Array:
    """A picture with an object on it.

    Args:
        below: (h, w, C) the picture.
        above: the same of the object's, already in place.
        region: (h, w) bool, where the object is.
        blend, feather: see `ComposeUse`.

    Returns:
        (h, w, C) of the picture's dtype.
    """
    if blend == "none" or (blend == "feather" and feather == 0):
        return np.where(region[:, :, None], above, below)
    ground, figure = below.astype(np.float64), above.astype(np.float64)
    if blend == "poisson":
        shift = harmonic(ground - figure, ~region)
        mixed = np.where(region[:, :, None], figure + shift, ground)
    else:
        mixed = ground + softened(region, feather)[:, :, None] * (figure - ground)
    if below.dtype.kind == "f":
        return mixed.astype(below.dtype)
    limits = np.iinfo(below.dtype)
    return np.clip(np.rint(mixed), limits.min, limits.max).astype(below.dtype)


def softened(region: Region, feather: int) -> NDArray[np.float64]:
    """How much of the object there is, 0 to 1: its region under a pyramid `feather` px far.

    Counted in whole numbers. Outside of the window there is none of it.
    """
    first = feather // 2
    count = region.astype(np.int64)
    for reach in (first, feather - first):
        count = _summed(_summed(count, reach).T, reach).T
    size = (2 * first + 1) * (2 * (feather - first) + 1)
    return count / float(size * size)


def _summed(counts: NDArray[np.int64], reach: int) -> NDArray[np.int64]:
    """Sums along rows of the values up to `reach` places away."""
    wide = np.pad(counts, ((0, 0), (reach + 1, reach)))
    sums = np.cumsum(wide, axis=1)
    return sums[:, 2 * reach + 1 :] - sums[:, : sums.shape[1] - 2 * reach - 1]
