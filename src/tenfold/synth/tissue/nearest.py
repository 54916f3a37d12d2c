"""Which site is nearest, for each point of a picture: Voronoi cells without polygons.

Power diagrams (Aurenhammer, "Power diagrams", SIAM J. Comput. 16, 1987): the power of a point is
its squared distance from a site less the site's weight, and a site's cell is where its power is
the least. With equal weights these are Voronoi's cells; with weights of radius^2 the power is
negative just inside of the site's sphere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.native.library import ffi, lib

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int32]

_SNAP = 1024.0
"""Sites lie on a lattice of 1/1024 um, so that the last bit of a sine moves no cell."""
_BINS = 1 << 22


@dataclass(frozen=True, eq=False)
class Found:
    """What is nearest to each point, all (H, W).

    Attributes:
        site: int32, the nearest site's index as given; -1 where there is none.
        power: float32, squared distance from it less its weight.
        other: int32, the site across the nearest wall; -1 for none.
        gap: float32, distance from the nearest wall between cells of two owners: exact where it
            is at most the reach asked for, else an upper bound, at most `far`.
    """

    site: Ints
    power: Singles
    other: Ints
    gap: Singles


class Sites:
    """Sites, sorted into cubic bins.

    Args:
        positions: (N, 3), um.
        weights: (N,) or one for all.
        tags: (N,) whole numbers from 0: a point sees only sites of the tag it asks for.
        owners: (N,) sites of one owner make one cell; None: each is its own.
    """

    def __init__(
        self,
        positions: Floats,
        weights: Floats | float = 0.0,
        tags: NDArray[np.int64] | Ints | None = None,
        owners: NDArray[np.int64] | Ints | None = None,
    ) -> None:
        count = len(positions)
        sites = np.empty((count, 4), np.float32)
        sites[:, :3] = np.rint(positions * _SNAP) / _SNAP
        sites[:, 3] = weights
        low = sites[:, :3].min(axis=0) if count else np.zeros(3, np.float32)
        high = sites[:, :3].max(axis=0) if count else np.zeros(3, np.float32)
        size = np.maximum((high - low).astype(np.float64), 1e-3)
        wide = size[size > 0.02 * size.max()]  # sites in a plane have bins in a plane
        share = wide.prod() / min(max(count, 1), _BINS)
        side = max(float(share ** (1 / len(wide))), float(size.max()) / 2000)
        side = float(np.float32(side))
        shape = (np.floor(size / side) + 1).astype(np.int64)
        bins = np.minimum(((sites[:, :3] - low) / np.float32(side)).astype(np.int64), shape - 1)
        flat = (bins[:, 0] * shape[1] + bins[:, 1]) * shape[2] + bins[:, 2]
        order = np.argsort(flat, kind="stable")
        self.order = order.astype(np.int32)
        self.sites = np.ascontiguousarray(sites[order])
        zeros = np.zeros(count, np.int32)
        self.tags = zeros if tags is None else np.ascontiguousarray(tags[order], np.int32)
        owners = np.arange(count) if owners is None else owners
        self.owners = np.ascontiguousarray(owners[order], np.int32)
        self.starts = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=shape.prod()))])
        self.starts = self.starts.astype(np.int64)
        self.shape = shape
        most = float(self.sites[:, 3].max()) if count else 0.0
        self.frame = np.array([*low, side, most], np.float32)

    def __len__(self) -> int:
        return len(self.sites)

    def nearest(
        self, points: Singles, wanted: Ints | None = None, reach: float = 0.0, far: float = 1e9
    ) -> Found:
        """The nearest site of each point.

        Args:
            points: (3, H, W) float32, um; neighbours in the picture should be near in space.
            wanted: (H, W) int32, the tag each point asks for; negative: none. None: tag 0.
            reach: walls nearer than this are measured exactly, um.
            far: sites further from a point than this (and a little) don't count, um.
        """
        _, height, width = points.shape
        site = np.empty((height, width), np.int32)
        other, power, gap = np.empty_like(site), *np.empty((2, height, width), np.float32)
        points = np.ascontiguousarray(points, np.float32)
        wanted = None if wanted is None else np.ascontiguousarray(wanted, np.int32)
        listed = np.empty(max(len(self), 1), np.int32)
        away = np.empty(max(len(self), 1), np.float32)
        pointer = ffi.from_buffer
        lib.tenfold_nearest_sites(
            pointer("float[]", points), height, width,
            ffi.NULL if wanted is None else pointer("int32_t[]", wanted),
            pointer("float[]", self.sites), pointer("int32_t[]", self.tags),
            pointer("int32_t[]", self.owners), pointer("int64_t[]", self.starts),
            pointer("int64_t[]", self.shape), pointer("float[]", self.frame), reach, far,
            pointer("int32_t[]", listed), pointer("float[]", away),
            pointer("int32_t[]", site), pointer("float[]", power),
            pointer("int32_t[]", other), pointer("float[]", gap),
        )  # fmt: skip
        order = np.append(self.order, np.int32(-1))
        return Found(order[site], power, order[other], gap)
