"""Shapes that pictures with labels are drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.synth.tomography.geometry import Floats


@dataclass(frozen=True)
class Shape:
    """An ellipse, or something between it and a rectangle.

    Its edge is u^2 + v^2 - q^2 u^2 v^2 = 1 within |u|, |v| <= 1, u and v along its half axes: a
    squircle (Fernandez-Guasti, "Analytic geometry of some rectilinear figures", 1992). Plain
    arithmetic decides what is within, the same on every machine.

    Attributes:
        centre: (x, y) in mm, y up.
        semi: half axes in mm.
        turned: degrees, anticlockwise.
        square: q, 0 an ellipse, 1 a rectangle.
    """

    centre: tuple[float, float]
    semi: tuple[float, float]
    turned: float = 0.0
    square: float = 0.0

    def inside(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Which points are within."""
        angle = math.radians(self.turned)
        cos, sin = math.cos(angle), math.sin(angle)
        x, y = x - self.centre[0], y - self.centre[1]
        u2 = ((x * cos + y * sin) / self.semi[0]) ** 2
        v2 = ((y * cos - x * sin) / self.semi[1]) ** 2
        found: NDArray[np.bool_] = u2 + v2 - self.square**2 * (u2 * v2) <= 1
        if self.square:
            found &= (u2 <= 1) & (v2 <= 1)
        return found

    def moved(self, x: float, y: float, degrees: float) -> Shape:
        """Turned about the origin, then moved."""
        angle = math.radians(degrees)
        cos, sin = math.cos(angle), math.sin(angle)
        centre = (
            self.centre[0] * cos - self.centre[1] * sin + x,
            self.centre[0] * sin + self.centre[1] * cos + y,
        )
        return Shape(centre, self.semi, self.turned + degrees, self.square)

    @property
    def reach(self) -> float:
        """Of its points from its centre, at most, in mm."""
        return math.hypot(*self.semi) if self.square else max(self.semi)


@dataclass(frozen=True)
class Grid:
    """Pixel centres of a square picture about the origin.

    Attributes:
        size: pixels a side.
        pixel_mm: size of each.
    """

    size: int
    pixel_mm: float

    def around(self, shape: Shape) -> tuple[slice, slice]:
        """Rows and columns that a shape can be in."""
        half, reach = self.size / 2, shape.reach
        x, y = shape.centre
        return self._span(half - (y + reach) / self.pixel_mm, half - (y - reach) / self.pixel_mm), (
            self._span(half + (x - reach) / self.pixel_mm, half + (x + reach) / self.pixel_mm)
        )

    def points(self, rows: slice, columns: slice) -> tuple[Floats, Floats]:
        """Where some pixels' centres are in mm: x (1, n) and y (m, 1)."""
        middle = (self.size - 1) / 2
        x = (np.arange(columns.start, columns.stop) - middle) * self.pixel_mm
        y = (middle - np.arange(rows.start, rows.stop)) * self.pixel_mm
        return x[None, :], y[:, None]

    def _span(self, low: float, high: float) -> slice:
        first = min(max(math.floor(low), 0), self.size)
        return slice(first, min(max(math.ceil(high), first), self.size))
