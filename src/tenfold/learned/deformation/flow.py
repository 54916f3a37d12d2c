"""Smooth invertible maps: flows of velocities that are cubic B-splines.

A velocity v is constant in time; its flow after time 1, exp(v), is found by scaling and squaring
(Arsigny, Commowick, Pennec & Ayache 2006). exp(-v) is the inverse map, exp(v / 2) half of it.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from tenfold.learned.examples import Array

_LONGEST = 0.5  # pixels that the first of the maps that are squared moves a point, at most
_LEAST = 4  # squarings, at least
_FOLDING = 0.02  # the least area to which a pixel may shrink
_SOFTER = 0.8
_AT_ONCE = 4  # channels that OpenCV resamples in one call


def basis(length: int, cells: int, derivative: int = 0) -> Array:
    """The cubic B-splines of a uniform grid at the pixels' centres.

    Args:
        length: pixels.
        cells: of the grid over that length.
        derivative: 0, 1 or 2, by the position in shares of the length.

    Returns:
        (length, cells + 3) float64. Source: Rueckert et al. 1999, equation 2.
    """
    position = (np.arange(length) + 0.5) / length * cells
    first = np.minimum(position.astype(np.int64), cells - 1)
    f = position - first
    g = 1 - f
    weights = (
        (g**3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3),
        (-3 * g**2, 9 * f**2 - 12 * f, -9 * f**2 + 6 * f + 3, 3 * f**2),
        (6 * g, 18 * f - 12, -18 * f + 6, 6 * f),
    )[derivative]
    out = np.zeros((length, cells + 3))
    for k in range(4):
        out[np.arange(length), first + k] = weights[k] * (cells**derivative / 6)
    return out


class Flow:
    """Velocities on a grid, made maps of a frame of (H, W) pixels.

    A velocity is (2 K K,) float32, K = cells + 3: rows, columns and axes (x, y) of its control
    values, in shares of the frame's width and height. Everything works on one picture, so that no
    result depends on what is worked on beside it.
    """

    def __init__(self, height: int, width: int, cells: int) -> None:
        self.rows = basis(height, cells).astype(np.float32)
        self.columns = np.ascontiguousarray(basis(width, cells).T, np.float32)
        self.knots = cells + 3
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        self._x, self._y = x, y
        self._sides = np.float32(width), np.float32(height)

    def velocity(self, control: Array) -> tuple[Array, Array]:
        """The velocity at each pixel: x and y, (H, W) float32 pixels each."""
        grid = control.reshape(self.knots, self.knots, 2)
        x = self.rows @ np.ascontiguousarray(grid[..., 0]) @ self.columns
        y = self.rows @ np.ascontiguousarray(grid[..., 1]) @ self.columns
        return x * self._sides[0], y * self._sides[1]

    def displacement(self, control: Array) -> Array:
        """Where exp(v) looks, less the pixel itself: (H, W, 2) float32 pixels."""
        x, y = self.velocity(control)
        longest = float(max(np.abs(x).max(), np.abs(y).max()))
        squarings = max(_LEAST, math.ceil(math.log2(longest / _LONGEST))) if longest else 0
        moved = np.stack([x, y], axis=-1) * np.float32(0.5**squarings)
        for _ in range(squarings):
            moved = moved + self.look(moved, moved)
        return np.asarray(moved)

    def unfolded(self, control: Array) -> Array:
        """As `displacement`, of so much of the velocity as folds nothing: usually all of it."""
        moved = self.displacement(control)
        while least_area(moved) < _FOLDING:
            control = control * np.float32(_SOFTER)
            moved = self.displacement(control)
        return moved

    def look(self, picture: Array, moved: Array, interpolation: int = cv2.INTER_LINEAR) -> Array:
        """A picture (H, W) or (H, W, C) through a map: its value at x + d(x).

        Beyond its frame it goes on as it is at the edge.
        """
        x, y = self._x + moved[..., 0], self._y + moved[..., 1]
        if picture.ndim == 2 or picture.shape[2] <= _AT_ONCE:
            seen = cv2.remap(picture, x, y, interpolation, borderMode=cv2.BORDER_REPLICATE)
            return np.asarray(seen).reshape(picture.shape)
        parts = [
            self.look(np.ascontiguousarray(picture[..., k : k + _AT_ONCE]), moved, interpolation)
            for k in range(0, picture.shape[2], _AT_ONCE)
        ]
        return np.concatenate(parts, axis=2)

    def warp(self, picture: Array, control: Array) -> Array:
        """A picture (H, W, C) float32 from 0 to 1 along a velocity, resampled once.

        Cubic (Keys 1981), so that sharp ink stays sharp; cut to 0..1.
        """
        seen = self.look(picture, self.unfolded(control), cv2.INTER_CUBIC)
        return np.clip(seen, 0, 1)


def least_area(moved: Array) -> float:
    """The smallest Jacobian determinant of x + d(x), (H, W, 2), between neighbouring pixels."""
    along = np.diff(moved, axis=1)
    down = np.diff(moved, axis=0)
    least = math.inf
    for a in (along[:-1], along[1:]):
        for d in (down[:, :-1], down[:, 1:]):
            area = (1 + a[..., 0]) * (1 + d[..., 1]) - a[..., 1] * d[..., 0]
            least = min(least, float(area.min()))
    return least
