"""What happened to a picture's places from the original to now: all passes, and what was covered.

Annotations wait for the end and then go the whole way at once, so that nothing is rounded, made
wider or judged in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

from tenfold.plan.map import Map
from tenfold.plan.resample import Fringe, resample
from tenfold.samples.sample import Points

Cover = NDArray[np.bool_]

_NO, _YES = Fringe("constant", np.zeros(1)), Fringe("constant", np.ones(1))
_SLACK = 1e-9  # pixels: a point on the frame's edge is in the frame in spite of rounding


@dataclass(frozen=True, eq=False)
class Journey:
    """The way from the original frame to the present one.

    Attributes:
        passes: one map a geometric pass, in order. What left the frame of one doesn't come back in
            the next.
        covered: (H, W) of the present frame, true where an occlusion lies; None if there was none.
    """

    passes: tuple[Map, ...] = ()
    covered: Cover | None = None

    def moved(self, through: Map) -> Journey:
        """And then a geometric pass."""
        covered = None if self.covered is None else _carried(self.covered, through, _NO)
        return Journey((*self.passes, through), covered)

    def hidden(self, covered: Cover) -> Journey:
        """And then an occlusion."""
        return Journey(self.passes, covered if self.covered is None else self.covered | covered)

    @cached_property
    def whole(self) -> Map:
        """All passes as one map; there must be one."""
        return reduce(Map.followed_by, self.passes)

    @cached_property
    def _lost(self) -> Cover | None:
        """Where the present frame looks at what an earlier one didn't show; None: nowhere."""
        lost: Cover | None = None
        for through in self.passes[1:]:
            before = np.zeros(through.source, dtype=bool) if lost is None else lost
            lost = _carried(before, through, _YES)
        return lost

    def carry(self, mask: Cover) -> Cover:
        """A mask of the original frame in the present one: moved once, by nearest neighbour."""
        if not self.passes:
            return mask
        moved = _carried(mask, self.whole, _NO)
        return moved if self._lost is None else moved & ~self._lost

    def follow(self, points: Points) -> tuple[Points, NDArray[np.bool_]]:
        """Where (N, 2) points come out, and which of them were in view after every pass."""
        steps = list(self._steps(points))
        if not steps:
            return points, np.ones(len(points), dtype=bool)
        return steps[-1][0], np.logical_and.reduce([inside for _, inside in steps])

    def shows_all(self, corners: Points) -> bool:
        """Whether all that lies between these corners surely stays in view."""
        return all(
            through.straight and bool(inside.all())
            for through, (_, inside) in zip(self.passes, self._steps(corners), strict=True)
        )

    def _steps(self, points: Points) -> Iterator[tuple[Points, NDArray[np.bool_]]]:
        for through in self.passes:
            points = through.push(points)
            beyond = points - np.array(through.target[::-1])
            yield points, ((points >= -_SLACK) & (beyond <= _SLACK)).all(axis=1)


def _carried(mask: Cover, through: Map, fringe: Fringe) -> Cover:
    moved = resample(mask.astype(np.uint8)[:, :, None], through, "nearest", fringe)
    return moved[:, :, 0].astype(bool)
