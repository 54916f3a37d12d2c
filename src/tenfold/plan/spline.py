"""Uniform cubic B-spline displacement fields: evaluated at points, and inverted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.samples.sample import Points

_TOLERANCE = 1e-5  # pixels
_ITERATIONS = 200


def basis(position: NDArray[np.float64], cells: int) -> tuple[NDArray[np.intp], Points]:
    """Index of the first of four control points and their weights.

    Args:
        position: (N,) in cells; clamped to [0, cells].
        cells: number of cells along the axis.

    Returns:
        (N,) indices and (N, 4) weights. Source: Rueckert et al. 1999, equation 2.
    """
    clamped = np.clip(position, 0, cells)
    first = np.minimum(clamped.astype(np.intp), cells - 1)
    f = clamped - first
    g = 1 - f
    weights = np.stack(
        [g**3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3], axis=-1
    )
    return first, weights / 6


@dataclass(frozen=True, eq=False)
class Spline:
    """A displacement field over a frame; beyond the frame it goes on constant.

    Attributes:
        control: (rows, columns, 2) float64 as in `tenfold.ops.steps.Displacement`.
        height, width: of the frame, pixels.
    """

    control: NDArray[np.float64]
    height: int
    width: int

    def at(self, points: Points) -> Points:
        """(N, 2) displacement at (N, 2) points."""
        rows, columns = self.control.shape[:2]
        i, wi = basis(points[:, 1] * ((rows - 3) / self.height), rows - 3)
        j, wj = basis(points[:, 0] * ((columns - 3) / self.width), columns - 3)
        patch = self.control[
            i[:, None, None] + np.arange(4)[:, None], j[:, None, None] + np.arange(4)
        ]
        return np.asarray(np.einsum("na,nb,nabc->nc", wi, wj, patch))

    def pull(self, points: Points) -> Points:
        """Where output points look in the input: x + d(x)."""
        return points + self.at(points)

    def push(self, points: Points) -> Points:
        """Where input points come out: the y with y + d(y) = x.

        Found by fixed-point iteration. The field's slope along any direction is below one (control
        displacements stay within 0.48 of the spacing), so that steps contract: whole ones quickly
        for gentle fields, shortened ones surely for all.
        """
        found = points - self.at(points)
        active = np.arange(len(points))
        step, last = 1.0, np.inf
        for _ in range(_ITERATIONS):
            residual = points[active] - self.pull(found[active])
            error = np.abs(residual).max(axis=1, initial=0)
            far = error > _TOLERANCE
            if not far.any():
                break
            worst = float(error.max())
            if worst > 0.5 * last:
                step = 0.7
            last = worst
            active, residual = active[far], residual[far]
            found[active] += step * residual
        return found
