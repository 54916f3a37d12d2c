"""What can be chosen of learned deformations."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.errors import RequestError

_RANGES = {
    "cells": (1, 16),
    "size": (8, 128),
    "steps": (1, 100),
    "stiffness": (1e-6, 1e3),
    "neighbours": (1, 1000),
    "pairs": (1, 100_000),
    "modes": (1, 2 * 19 * 19),
    "pooling": (0, 1),
}


@dataclass(frozen=True, slots=True)
class DeformationSettings:
    """The choices of `fit_deformation`.

    Attributes:
        cells: of the velocities' B-spline grid, along each side; more bend more finely.
        size: pixels of the longer side at which pictures are registered (smaller ones as they are).
        blurs: standard deviations, in shares of the shorter side, to which pictures are blurred
            while they are registered, one pass each, from coarse to fine: how far ink is drawn to
            ink, and how exactly it meets it.
        steps: of Gauss and Newton in each pass.
        stiffness: what slopes of a velocity cost beside the difference of the pictures; its
            curvature costs a fiftieth of it.
        neighbours: each example is registered with so many of its class, the nearest.
        pairs: of a class at most; evenly chosen among those.
        modes: dimensions kept of the velocities: the latent space.
        pooling: share of all classes together in the covariance of each, from 0 to 1; the fewer
            examples a class has, the better is more.

    Raises:
        RequestError: a value out of its range.
    """

    cells: int = 5
    size: int = 32
    blurs: tuple[float, ...] = (0.06, 0.04, 0.025)
    steps: int = 6
    stiffness: float = 0.005
    neighbours: int = 8
    pairs: int = 256
    modes: int = 48
    pooling: float = 0.6

    def __post_init__(self) -> None:
        object.__setattr__(self, "blurs", tuple(self.blurs))
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not low <= value <= high:
                raise RequestError(f"{name} must be within {low:g}..{high:g}, got {value!r}")
            if isinstance(low, int) and name != "pooling" and not isinstance(value, int):
                raise RequestError(f"{name} must be a whole number, got {value!r}")
        if not self.blurs or not all(0 < blur <= 1 for blur in self.blurs):
            raise RequestError(f"blurs must be shares of the shorter side, got {self.blurs!r}")
