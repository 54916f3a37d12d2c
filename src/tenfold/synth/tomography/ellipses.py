"""Ellipses whose projections are known exactly, and the phantom of Shepp and Logan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, did_you_mean
from tenfold.synth.tomography.geometry import Floats, Geometry


@dataclass(frozen=True)
class Ellipse:
    """An ellipse that adds its value to what is there.

    Attributes:
        value: in 1/cm, or any unit.
        semi: half axes (a, b) in mm, a along x before the turn.
        centre: (x, y) in mm from the image's centre, y up.
        turned: degrees, anticlockwise.
    """

    value: float
    semi: tuple[float, float]
    centre: tuple[float, float] = (0.0, 0.0)
    turned: float = 0.0

    def inside(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Which points are within, the edge included."""
        cos, sin = self._turn()
        x, y = x - self.centre[0], y - self.centre[1]
        along, across = (x * cos + y * sin) / self.semi[0], (y * cos - x * sin) / self.semi[1]
        found: NDArray[np.bool_] = along * along + across * across <= 1
        return found

    def chords(self, cos: Floats, sin: Floats, distance: Floats) -> Floats:
        """Lengths in mm of the lines with these normals and distances that lie within.

        The chord of an ellipse whose half width seen along the line is r: 2 a b sqrt(r^2 - s^2) /
        r^2, s the line's distance from its centre (Kak and Slaney 1988, section 3.1).
        """
        turn_cos, turn_sin = self._turn()
        a, b = self.semi
        s = distance - self.centre[0] * cos - self.centre[1] * sin
        along, across = cos * turn_cos + sin * turn_sin, sin * turn_cos - cos * turn_sin
        squared = (a * along) ** 2 + (b * across) ** 2
        return 2 * a * b * np.sqrt(np.maximum(squared - s * s, 0)) / squared

    def _turn(self) -> tuple[float, float]:
        turned = math.radians(self.turned)
        return math.cos(turned), math.sin(turned)


# Value (1974), value (Toft), a, b, x, y, degrees, for a head 2 wide and high.
_HEAD = (
    (2.00, 1.0, 0.69, 0.92, 0.0, 0.0, 0.0),
    (-0.98, -0.8, 0.6624, 0.874, 0.0, -0.0184, 0.0),
    (-0.02, -0.2, 0.11, 0.31, 0.22, 0.0, -18.0),
    (-0.02, -0.2, 0.16, 0.41, -0.22, 0.0, 18.0),
    (0.01, 0.1, 0.21, 0.25, 0.0, 0.35, 0.0),
    (0.01, 0.1, 0.046, 0.046, 0.0, 0.1, 0.0),
    (0.01, 0.1, 0.046, 0.046, 0.0, -0.1, 0.0),
    (0.01, 0.1, 0.046, 0.023, -0.08, -0.605, 0.0),
    (0.01, 0.1, 0.023, 0.023, 0.0, -0.606, 0.0),
    (0.01, 0.1, 0.023, 0.046, 0.06, -0.605, 0.0),
)
_CONTRASTS = ("toft", "original")


def shepp_logan(
    width_mm: float = 200.0, contrast: str = "toft", scale: float = 1.0
) -> tuple[Ellipse, ...]:
    """The head phantom of Shepp and Logan (IEEE TNS 21, 1974).

    Args:
        width_mm: side of the square that the head fills to 0.92 of its height.
        contrast: "original", or "toft", which shows more (Toft, "The Radon transform", 1996).
        scale: factor of all values; as they are, the skull's is 2 or 1 and the brain's about 1
            or 0.2.

    Raises:
        RequestError: another contrast, or a width or scale that isn't above 0.
    """
    if contrast not in _CONTRASTS:
        cure = did_you_mean(str(contrast), _CONTRASTS) or "; there are toft and original"
        raise RequestError(f"no contrast '{contrast!s:.60}' of the Shepp-Logan phantom{cure}")
    for name, value in (("width_mm", width_mm), ("scale", scale)):
        if not (math.isfinite(value) and value > 0):
            raise RequestError(f"{name} must be above 0, got {value!r:.60}")
    half, which = width_mm / 2, 1 - _CONTRASTS.index(contrast)
    return tuple(
        Ellipse(row[which] * scale, (row[2] * half, row[3] * half),
                (row[4] * half, row[5] * half), row[6])
        for row in _HEAD
    )  # fmt: skip


def drawn_ellipses(
    ellipses: Sequence[Ellipse], shape: tuple[int, int], pixel_mm: float = 1.0, fine: int = 4
) -> NDArray[np.float32]:
    """Ellipses as pixels: (H, W) float32, each the mean of fine x fine points in it."""
    if min(shape) < 1 or fine < 1:
        raise RequestError(f"a picture has pixels and points, got {tuple(shape)} and fine={fine}")
    height, width = shape
    x = ((np.arange(width * fine) + 0.5) / fine - width / 2) * pixel_mm
    y = (height / 2 - (np.arange(height * fine) + 0.5) / fine) * pixel_mm
    out = np.zeros(shape)
    for one in ellipses:
        # Only where it can be.
        reach = max(one.semi)
        columns = _near(x, one.centre[0], reach, fine)
        rows = _near(-y, -one.centre[1], reach, fine)
        if rows[0] >= rows[1] or columns[0] >= columns[1]:
            continue
        here_y, here_x = (
            y[rows[0] * fine : rows[1] * fine, None],
            x[None, columns[0] * fine : columns[1] * fine],
        )
        points = one.inside(here_x, here_y).reshape(
            rows[1] - rows[0], fine, columns[1] - columns[0], fine
        )
        counts = points.sum(axis=(1, 3))
        out[rows[0] : rows[1], columns[0] : columns[1]] += counts * (one.value / fine**2)
    return out.astype(np.float32)


def exact_projections(ellipses: Sequence[Ellipse], geometry: Geometry) -> Floats:
    """Integrals of ellipses along a geometry's rays, parallel or a fan's; nothing is approximated.

    Returns:
        (V, D) float64, in the values' unit times cm.
    """
    cos, sin, distance = geometry.lines()
    total = np.zeros(geometry.shape)
    for one in ellipses:
        total += one.value * one.chords(cos, sin, distance)
    return total / 10


def _near(points: Floats, centre: float, reach: float, fine: int) -> tuple[int, int]:
    """Pixels that have points within reach of a centre: first, and one after the last."""
    low, high = np.searchsorted(points, [centre - reach, centre + reach])
    return int(low) // fine, -(-int(high) // fine)
