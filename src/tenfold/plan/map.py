"""Fused geometry: a chain of homographies and displacements as one map between two frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tenfold.ops import matrices
from tenfold.ops.steps import Displacement, GeometricStep
from tenfold.plan.spline import Spline
from tenfold.samples.sample import Points

_WHOLE = 1e-9


@dataclass(frozen=True, eq=False)
class Homography:
    """A projective map; `matrix` takes input to output coordinates."""

    matrix: NDArray[np.float64]

    @cached_property
    def inverse(self) -> NDArray[np.float64]:
        """Output to input."""
        return matrices.inverse(self.matrix)

    def push(self, points: Points) -> Points:
        """Input points to the output."""
        return project(self.matrix, points)

    def pull(self, points: Points) -> Points:
        """Output points to the input."""
        return project(self.inverse, points)


def project(matrix: NDArray[np.float64], points: Points) -> Points:
    """(..., 2) points through a 3x3 matrix."""
    moved = points @ matrix[:2, :2].T + matrix[:2, 2]
    if matrix[2, 0] == 0 and matrix[2, 1] == 0:
        return np.asarray(moved / matrix[2, 2])
    return np.asarray(moved / (points @ matrix[2, :2] + matrix[2, 2])[..., None])


@dataclass(frozen=True, eq=False)
class Map:
    """A map from a source frame to a target frame.

    Attributes:
        stages: in the order in which they act on the picture; no two homographies adjacent.
        source: (height, width).
        target: (height, width).
    """

    stages: tuple[Homography | Spline, ...]
    source: tuple[int, int]
    target: tuple[int, int]

    @classmethod
    def of(cls, steps: Iterable[GeometricStep], source: tuple[int, int]) -> Map:
        """Fuse steps into one map; adjacent matrices are multiplied."""
        stages: list[Homography | Spline] = []
        size = source
        for step in steps:
            if isinstance(step, Displacement):
                stages.append(Spline(step.control, *size))
                continue
            size = (step.height, step.width)
            stages.append(Homography(step.matrix))
        return cls(_joined(stages), source, size)

    def push(self, points: Points) -> Points:
        """Where (N, 2) source points come out in the target."""
        for stage in self.stages:
            points = stage.push(points)
        return points

    def pull(self, points: Points) -> Points:
        """Where (N, 2) target points look in the source."""
        for stage in reversed(self.stages):
            points = stage.pull(points)
        return points

    @cached_property
    def matrix(self) -> NDArray[np.float64] | None:
        """The whole map as one matrix, if it is one."""
        if not self.stages:
            return np.eye(3)
        only = self.stages[0]
        return only.matrix if len(self.stages) == 1 and isinstance(only, Homography) else None

    @cached_property
    def affine(self) -> bool:
        """Straight lines stay straight and parallel ones parallel."""
        m = self.matrix
        return m is not None and not bool(np.any(m[2, :2]))

    @cached_property
    def straight(self) -> bool:
        """Straight lines stay straight."""
        return self.matrix is not None

    @cached_property
    def grid(self) -> NDArray[np.float64] | None:
        """The matrix, in exact whole numbers, if it takes pixels to pixels one to one; else None.

        So it does for flips, quarter turns and whole shifts.
        """
        m = self.matrix
        if m is None or not self.affine:
            return None
        whole = np.rint(m)
        linear = np.abs(whole[:2, :2])
        if np.abs(m - whole).max() > _WHOLE or not (
            (linear.sum(axis=0) == 1).all() and (linear.sum(axis=1) == 1).all()
        ):
            return None
        return whole

    @cached_property
    def reflects(self) -> bool:
        """Left and right hands trade places."""
        turns = [np.linalg.det(s.matrix) < 0 for s in self.stages if isinstance(s, Homography)]
        return bool(sum(turns) % 2)

    @cached_property
    def pull_matrix(self) -> NDArray[np.float64] | None:
        """The whole map from target to source as one matrix, if it is one."""
        return None if self.matrix is None else matrices.inverse(self.matrix)

    def shrinking(self) -> tuple[float, float]:
        """How many source pixels along x and along y make one target pixel; below 1 if they grow.

        The inverse length, in the target, of a source pixel's step along the axis: a box so wide
        lies within the footprint of a target pixel, however the map turns, so that averaging over
        it loses nothing that the target could show. It is measured across the middle half of the
        target: a bend here or there doesn't count.
        """
        pull = self.pull_matrix
        if pull is not None and self.affine:
            (a, b), (c, d) = pull[:2, :2] / pull[2, 2]
        else:
            x, y = self.target[1] / 2, self.target[0] / 2
            ends = [[x * 1.5, y], [x * 0.5, y], [x, y * 1.5], [x, y * 0.5]]
            right, left, low, high = self.pull(np.array(ends))
            (a, c), (b, d) = (right - left) / x, (low - high) / y
        area = abs(a * d - b * c)
        return float(area / max(np.hypot(c, d), 1e-12)), float(area / max(np.hypot(a, b), 1e-12))

    def followed_by(self, other: Map) -> Map:
        """This map and then another one, whose source is this one's target."""
        return Map(_joined((*self.stages, *other.stages)), self.source, other.target)

    def then(self, matrix: NDArray[np.float64]) -> Map:
        """This map followed by a homography of the target frame onto itself."""
        return self.followed_by(Map((Homography(matrix),), self.target, self.target))


def _joined(stages: Iterable[Homography | Spline]) -> tuple[Homography | Spline, ...]:
    """The same stages, adjacent matrices multiplied."""
    joined: list[Homography | Spline] = []
    for stage in stages:
        if joined and isinstance(stage, Homography) and isinstance(last := joined[-1], Homography):
            joined[-1] = Homography(matrices.product(stage.matrix, last.matrix))
        else:
            joined.append(stage)
    return tuple(joined)


def safe_crop(whole: Map) -> Map:
    """The map, zoomed about the centre of its target until it shows no border.

    The least zoom is found by bisection on points along the frame's edge. Where the centre itself
    looks far outside, the view is first moved back onto the picture, so that an answer exists for
    every map. For a rotation this is the largest centred crop of the frame's own proportions.
    """
    height, width = whole.target
    # What the frame's edge encloses lies within what its image encloses: maps here never fold.
    u = np.linspace(-0.5, 0.5, 2 if whole.straight else 97)
    edge = np.full_like(u, 0.5)
    sides = [(u, -edge), (u, edge), (-edge, u), (edge, u)]
    lattice = np.concatenate(
        [np.stack([x * (width - 1), y * (height - 1)], axis=1) for x, y in sides]
    )
    centre = np.array([width / 2, height / 2])
    limit = np.array([whole.source[1], whole.source[0]]) - 0.5

    def inside(view: Map, zoom: float) -> bool:
        seen = view.pull(centre + lattice / zoom)
        return bool(((seen >= 0.5 - 1e-6) & (seen <= limit + 1e-6)).all())

    view, most = whole, 4.0
    if not inside(view, most):
        home = whole.push(np.array([[whole.source[1] / 2, whole.source[0] / 2]]))[0]
        view = whole.then(matrices.translation(*(centre - home)))
        while not inside(view, most) and most < 1024:
            most *= 2
    if inside(view, 1.0):
        return view
    low, high = 1.0, most
    for _ in range(18):
        middle = (low + high) / 2
        low, high = (low, middle) if inside(view, middle) else (middle, high)
    zoom = matrices.about_centre(matrices.scaling(high, high), height, width)
    return view.then(zoom)
