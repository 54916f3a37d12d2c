"""A picture without its objects: holes under a membrane, with the grain of what is around."""

from __future__ import annotations

import numpy as np

from tenfold.compose.cutting import Region, Window
from tenfold.compose.harmonic import harmonic
from tenfold.rng import pixel_generator
from tenfold.samples.sample import Array

_MARGIN = 3
_CLIP = 3.0
_GRAINS = 1 << 15
_OF_ONE = 1.25**-0.5
"""A pixel less the mean of its four neighbours has the variance of 1 + 1/4 pixels' grain."""


def holes_of(windows: list[Window], regions: list[Region], height: int, width: int) -> Region:
    """(H, W) bool: objects' pixels, and some px around them.

    Args:
        windows, regions: where each object is: a window, which may reach beyond the picture, and
            which of its pixels are the object's.
        height, width: of the picture.
    """
    holes = np.zeros((height, width), dtype=bool)
    for (x0, y0, x1, y1), region in zip(windows, regions, strict=True):
        left, top = max(-x0, 0), max(-y0, 0)
        part = holes[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        part |= region[top : top + part.shape[0], left : left + part.shape[1]]
    wide = holes.copy()
    for shift in range(1, _MARGIN + 1):
        wide[shift:] |= holes[:-shift]
        wide[:-shift] |= holes[shift:]
    across = wide.copy()
    for shift in range(1, _MARGIN + 1):
        across[:, shift:] |= wide[:, :-shift]
        across[:, :-shift] |= wide[:, shift:]
    return across


class Emptied:
    """A picture without its objects, for any number of grains.

    Args:
        image: (H, W, C).
        holes: (H, W) bool, from `holes_of`.
    """

    def __init__(self, image: Array, holes: Region) -> None:
        self.image, self.holes = image, holes
        known = ~holes
        if known.any():
            surface = harmonic(image, known)
        else:  # nothing of the background is to be seen
            middle = np.median(image, axis=(0, 1)).astype(np.float32)
            surface = np.broadcast_to(middle, image.shape)
        self._filled = surface[holes].astype(np.float64)
        self._grain = _grain_of(image, known)

    def picture(self, seed: int) -> Array:
        """The picture with its holes filled: a smooth surface, with grain as outside of the holes.

        Args:
            seed: of the grain.
        """
        out = self.image.copy()
        filled = self._filled
        if len(self._grain):
            picks = pixel_generator(seed).random(len(filled))
            filled = filled + self._grain[(picks * len(self._grain)).astype(np.intp)]
        if out.dtype.kind != "f":
            limits = np.iinfo(out.dtype)
            filled = np.clip(np.rint(filled), limits.min, limits.max)
        out[self.holes] = filled.astype(out.dtype)
        return out


def _grain_of(image: Array, known: Region) -> Array:
    """(N, C) float64: what pixels differ by from their surroundings, where there are no edges."""
    if min(known.shape) < 3:
        return np.empty((0, image.shape[2]))
    inner = known[1:-1, 1:-1] & known[:-2, 1:-1] & known[2:, 1:-1]
    inner &= known[1:-1, :-2] & known[1:-1, 2:]
    rows, columns = np.nonzero(inner)
    step = max(1, len(rows) // _GRAINS)
    rows, columns = rows[::step] + 1, columns[::step] + 1
    around = [(-1, 0), (1, 0), (0, -1), (0, 1)]
    total = np.zeros((len(rows), image.shape[2]))
    for down, along in around:
        total += image[rows + down, columns + along]
    rest = image[rows, columns] - total / 4
    if not len(rest):
        return rest
    usual = np.median(np.abs(rest), axis=0) * 1.4826  # sigma of a normal distribution
    return np.asarray(rest[(np.abs(rest) <= _CLIP * usual).all(axis=1)] * _OF_ONE)
