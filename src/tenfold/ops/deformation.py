"""Invariances of shape that bend: smooth displacements held as coarse cubic B-spline grids.

Rueckert et al. 1999 (free-form deformations, IEEE TMI 18:712). A grid whose control points move
by less than 0.48 of their spacing gives an invertible map (Choi & Lee 2000, "Injectivity
conditions of 2D and 3D uniform cubic B-spline functions"): nothing folds, so points, boxes and
masks keep their meaning. The ops refuse strengths beyond that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tenfold.ops.op import Op
from tenfold.ops.steps import Displacement, Drawn, Steps
from tenfold.params import Ranged, param
from tenfold.rng import normal_rows, uniform_rows
from tenfold.samples.sample import Schema

INJECTIVE = 0.48
"""Largest control displacement in units of the spacing; the exact bound is 1/2.0464 = 0.4887."""

_SPLINE_RMS = 151 / 315
"""RMS of a 2-D cubic B-spline field over the RMS of its independent control values: the mean of
the squared basis, 151/315, is the square of the factor along each of two axes."""

_CLIPPED_RMS = 0.95943
"""RMS of a standard normal variable clipped to [-2, 2]."""


def _grid(cells: int, schema: Schema) -> tuple[int, int]:
    """Cells down and across: `cells` along the shorter side, about square ones."""
    shorter = min(schema.height, schema.width)
    return (
        max(1, round(cells * schema.height / shorter)),
        max(1, round(cells * schema.width / shorter)),
    )


@dataclass(frozen=True)
class Elastic(Op):
    """Bend smoothly at random, as a hand or soft tissue varies."""

    name: ClassVar[str] = "elastic"
    family: ClassVar[str] = "deformation"
    main: ClassVar[str] = "amplitude"
    seeded: ClassVar[bool] = True
    moves: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    amplitude: Ranged = param(
        (0, 0.015), "range", "root mean square displacement along each axis",
        within=(0, 0.1), unit="of the shorter side", neutral=0,
    )  # fmt: skip
    cells: int = param(
        5, "integer", "grid cells along the shorter side: more is finer", within=(1, 64)
    )

    def problems(self) -> Iterator[str]:
        """Strengths at which the picture could fold are refused."""
        limit = INJECTIVE / self.cells / 2 * _SPLINE_RMS * _CLIPPED_RMS
        if self.amplitude.high > limit:
            yield (
                f"amplitude {self.amplitude.high:g} with {self.cells} cells could fold the "
                f"picture; use at most {math.floor(limit * 1e4) / 1e4:g}, or fewer cells"
            )

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """Independent normal control displacements, clipped at two standard deviations."""
        down, across = _grid(self.cells, schema)
        normal = normal_rows(drawn["seed"], (down + 3, across + 3, 2))
        np.clip(normal, -2, 2, out=normal)
        sigma = drawn["amplitude"] * min(schema.height, schema.width) / _SPLINE_RMS / _CLIPPED_RMS
        moved = normal * sigma[:, None, None, None]
        bound = INJECTIVE * np.array([schema.width / across, schema.height / down])
        if 2 * sigma.max(initial=0) > bound.min():
            # Cells are not quite square where the sides' ratio is not whole.
            np.clip(moved, -bound, bound, out=moved)
        return (Displacement(moved, drawn["amplitude"] != 0),)


@dataclass(frozen=True)
class GridDistortion(Op):
    """Stretch and squeeze rows and columns unevenly; the frame stays where it is.

    The widths of the grid's columns (and the heights of its rows) are drawn evenly from the
    amplitude and less their mean, so that they fill the frame. Where that would make a cell longer
    or shorter than the amplitude, or move a knot farther than `INJECTIVE` of a cell, since many
    cells in a row were drawn long or short, all of that axis' changes are made smaller by the one
    factor that just fits. So nothing folds, whatever the amplitude and the number of cells.
    """

    name: ClassVar[str] = "grid_distortion"
    family: ClassVar[str] = "deformation"
    main: ClassVar[str] = "amplitude"
    seeded: ClassVar[bool] = True
    moves: ClassVar[bool] = True
    stacks: ClassVar[bool] = True

    amplitude: Ranged = param(
        (0, 0.2), "range", "how much longer or shorter a cell may become",
        within=(0, 0.45), unit="of a cell", neutral=0,
    )  # fmt: skip
    cells: int = param(5, "integer", "grid cells along the shorter side", within=(2, 64))

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """Displacements that depend on the column (x) or the row (y) alone."""
        down, across = _grid(self.cells, schema)
        uniform = 2 * uniform_rows(drawn["seed"], (across + down,)) - 1
        amplitude = drawn["amplitude"]
        x = _knots(uniform[:, :across], amplitude, schema.width / across)
        y = _knots(uniform[:, across:], amplitude, schema.height / down)
        control = np.empty((len(uniform), down + 3, across + 3, 2))
        control[..., 0] = x[:, None, :]
        control[..., 1] = y[:, :, None]
        return (Displacement(control, amplitude != 0),)


def _knots(
    stretch: NDArray[np.float64], amplitude: NDArray[np.float64], cell: float
) -> NDArray[np.float64]:
    """Control values of one axis: cells resized by their stretch, both ends pinned.

    Args:
        stretch: (N, n) in -1..1, of each copy's cells.
        amplitude: (N,) change of a cell's length at stretch 1, in units of the cell.
        cell: its length, pixels.

    Returns:
        (N, n + 3) displacements in pixels, each at most `INJECTIVE` cells, neighbours at most
        `amplitude` cells apart.
    """
    total = np.cumsum(stretch, axis=1)
    change = stretch - total[:, -1:] / stretch.shape[1]
    drift = np.zeros((len(stretch), stretch.shape[1] + 1))
    np.cumsum(change[:, :-1], axis=1, out=drift[:, 1:-1])  # both ends are 0 but for rounding
    farthest = np.abs(drift).max(axis=1) * amplitude / INJECTIVE
    excess = np.maximum(np.maximum(1.0, np.abs(change).max(axis=1)), farthest)
    moved = drift * (amplitude / excess * cell)[:, None]
    # Odd continuation beyond the ends makes the spline vanish there: (-a + 4 * 0 + a) / 6 = 0.
    return np.concatenate([-moved[:, 1:2], moved, -moved[:, -2:-1]], axis=1)
