"""Tubes (ducts, vessels): how far inside of one a point lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.synth.tissue.plane import Floats, Plane


@dataclass(frozen=True, eq=False)
class Tubes:
    """Tapered capsules, um.

    A capsule holds the points nearer to its axis than the radius there, which goes linearly from
    one end to the other; its ends are half balls. (Where a capsule tapers the distance is measured
    at right angles to its axis, and so a little more than the shortest.)

    Attributes:
        starts, ends: (M, 3) float64.
        first, last: (M,) radius at each end.
    """

    starts: Floats
    ends: Floats
    first: Floats
    last: Floats

    def __post_init__(self) -> None:
        count = len(self.starts)
        shapes = self.starts.shape, self.ends.shape, self.first.shape, self.last.shape
        if shapes != ((count, 3), (count, 3), (count,), (count,)):
            raise RequestError(f"tubes: starts and ends are (M, 3), radii (M,), got {shapes}")
        numbers = np.concatenate([self.starts.ravel(), self.ends.ravel(), self.first, self.last])
        if not np.isfinite(numbers).all() or (np.append(self.first, self.last) < 0).any():
            raise RequestError("tubes: numbers must be finite and radii not below 0")

    @classmethod
    def none(cls) -> Tubes:
        """No tubes at all."""
        return cls(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), np.zeros(0))

    @classmethod
    def balls(cls, centres: Floats, radii: Floats) -> Tubes:
        """Tubes without length."""
        centres, radii = np.asarray(centres, np.float64), np.asarray(radii, np.float64)
        return cls(centres, centres, radii, radii)

    def __len__(self) -> int:
        return len(self.starts)

    def volume(self) -> float:
        """The tubes' volume without their round ends, um^3; overlaps count twice."""
        length = np.sqrt(((self.ends - self.starts) ** 2).sum(axis=1))
        squares = self.first**2 + self.first * self.last + self.last**2
        return float((np.pi / 3 * length * squares).sum())

    def near(self, plane: Plane, reach: float) -> Near:
        """Those within `reach` of the section's rectangle, in its own coordinates."""
        starts, ends = plane.inward(self.starts), plane.inward(self.ends)
        most = np.maximum(self.first, self.last)[:, None] + reach
        low, high = np.minimum(starts, ends) - most, np.maximum(starts, ends) + most
        wide, tall = plane.half()
        limit = np.array([wide, tall, 0.0])
        kept = ((low <= limit) & (high >= -limit)).all(axis=1)
        return Near(
            Tubes(starts[kept], ends[kept], self.first[kept], self.last[kept]),
            np.flatnonzero(kept), plane, reach,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Near:
    """Tubes near a section.

    Attributes:
        tubes: in the section's coordinates.
        which: (M,) their numbers among all.
        plane: the section.
        reach: um; distances beyond are not known.
    """

    tubes: Tubes
    which: NDArray[np.int64]
    plane: Plane
    reach: float

    def outside(self, above: float = 0.0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How far outside of the nearest tube each pixel lies.

        Args:
            above: um that the pixels lie above the plane.

        Returns:
            Distance from the nearest tube's surface (H, W) float32, negative inside of it,
            `reach` where it is more; and that tube's radius there.
        """
        plane, step = self.plane, self.plane.um_per_pixel
        shape = (plane.height, plane.width)
        distance = np.full(shape, self.reach, np.float32)
        radius = np.zeros(shape, np.float32)
        x = (np.arange(plane.width) - (plane.width - 1) / 2) * step
        y = (np.arange(plane.height) - (plane.height - 1) / 2) * step
        for a, b, first, last in zip(
            self.tubes.starts, self.tubes.ends, self.tubes.first, self.tubes.last, strict=True
        ):
            most = max(first, last) + self.reach
            low, high = np.minimum(a, b) - most, np.maximum(a, b) + most
            if not low[2] <= above <= high[2]:
                continue
            i, j = np.searchsorted(y, [low[1], high[1]])
            k, m = np.searchsorted(x, [low[0], high[0]])
            if i == j or k == m:
                continue
            found, thick = outside_one(
                x[None, k:m] - a[0], y[i:j, None] - a[1], above - a[2], b - a, first, last
            )
            nearer = found < distance[i:j, k:m]
            distance[i:j, k:m][nearer] = found[nearer]
            radius[i:j, k:m][nearer] = np.broadcast_to(thick, found.shape)[nearer]
        return distance, radius

    def outside_points(self, at: Floats) -> Floats:
        """(N,) how far outside of the nearest tube points (N, 3) lie, um; `reach` if more."""
        distance = np.full(len(at), self.reach)
        for a, b, first, last in zip(
            self.tubes.starts, self.tubes.ends, self.tubes.first, self.tubes.last, strict=True
        ):
            most = max(first, last) + self.reach
            low, high = np.minimum(a, b) - most, np.maximum(a, b) + most
            some = np.flatnonzero(((at >= low) & (at <= high)).all(axis=1))
            x, y, z = (at[some] - a).T
            found, _ = outside_one(x, y, z, b - a, first, last)
            distance[some] = np.minimum(distance[some], found)
        return distance


def outside_one(
    x: Floats, y: Floats, z: Floats | float, along: Floats, first: float, last: float
) -> tuple[Floats, Floats]:
    """Distance from a tapered capsule's surface, and its radius there.

    Args:
        x, y, z: from the capsule's start, um, any shapes that go together.
        along: (3,) from its start to its end.
        first, last: radii.
    """
    square = float(along[0] * along[0] + along[1] * along[1] + along[2] * along[2])
    if square > 0:
        share = np.clip((x * along[0] + y * along[1] + z * along[2]) / square, 0.0, 1.0)
    else:
        share = np.zeros(np.broadcast_shapes(np.shape(x), np.shape(y)))
    dx, dy, dz = x - share * along[0], y - share * along[1], z - share * along[2]
    radius = first + (last - first) * share
    return np.sqrt(dx * dx + dy * dy + dz * dz) - radius, radius
