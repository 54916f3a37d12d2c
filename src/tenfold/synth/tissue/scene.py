"""What of an organ lies near a section, and what each place of the section is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.synth.synthesiser import generator_of
from tenfold.synth.tissue import organ as kinds
from tenfold.synth.tissue.lattice import near_plane
from tenfold.synth.tissue.nearest import Ints, Singles, Sites
from tenfold.synth.tissue.organ import Organ
from tenfold.synth.tissue.plane import Floats, Plane
from tenfold.synth.tissue.tubes import Near

FULL = 0.53
"""Radius of a unit as a share of the lattice's spacing: a little more than that of a ball of its
volume (0.49), so that neighbours flatten each other."""
_CLEFT = 0.7
"""um between a unit's wall and its neighbour's half."""


@dataclass(frozen=True, eq=False)
class Regions:
    """What each pixel is, all (H, W).

    Attributes:
        kind: uint8, see `organ.KINDS`.
        unit: int32, the unit of the lattice (acinus or fat cell) that it belongs to, or -1.
        depth: float32, distance from that unit's centre as a share of its radius; 1 without.
        wall: float32, um to the nearest other unit's wall.
    """

    kind: NDArray[np.uint8]
    unit: Ints
    depth: Singles
    wall: Singles


@dataclass(frozen=True, eq=False)
class Units:
    """Balls that fill an organ, in a section's coordinates.

    Attributes:
        at, radii, keys: (N, 3) um, (N,) um, (N,) int64 names.
        fat, acinus: (N,) scores in 0..1; see `Organ`.
    """

    at: Floats
    radii: Floats
    keys: NDArray[np.int64]
    fat: Floats
    acinus: Floats


class Scene:
    """The part of an organ round a section or a stack of them.

    Args:
        organ: what is cut.
        plane: the section, or the stack's middle.
        below, above: um to either side of the plane that may be asked for.
    """

    def __init__(self, organ: Organ, plane: Plane, below: float = 0.0, above: float = 0.0) -> None:
        if below > above:
            raise RequestError(f"scene: below {below} lies above {above}")
        self.organ, self.plane, self.below, self.above = organ, plane, below, above

    @cached_property
    def lobules(self) -> Sites:
        """Middles of the lobules."""
        far = 2 * self.organ.filling.lobule_um
        points = near_plane(
            self.plane, self.organ.filling.lobule_um, self.organ.base ^ 1,
            below=self.below - far, above=self.above + far, margin=far, jitter=0.42,
        )  # fmt: skip
        return Sites(points.at)

    @cached_property
    def units(self) -> Units:
        """Balls of the lattice, those given first."""
        organ, filling = self.organ, self.organ.filling
        spacing = filling.acinus_um
        tips = self.plane.inward(organ.tips)
        wide, tall = self.plane.half()
        reach = spacing + organ.tip_radii
        near = (np.abs(tips[:, 0]) <= wide + reach) & (np.abs(tips[:, 1]) <= tall + reach)
        near &= (tips[:, 2] >= self.below - reach) & (tips[:, 2] <= self.above + reach)
        points = near_plane(
            self.plane, spacing, organ.base ^ 2, below=self.below - 1.2 * spacing,
            above=self.above + 1.2 * spacing, margin=1.2 * spacing, jitter=0.17, numbers=3,
            centred=True,
        )  # fmt: skip
        radii = spacing * FULL * (0.94 + 0.12 * points.uniforms[:, 0])
        edge = self.to_septum(points.at)
        # Fat lies along the septa, acini fall out in patches: one number a lobule-sized cube.
        fat = (edge / filling.lobule_um + 0.35 * points.uniforms[:, 1]) / 1.35
        patch = _patches(self.plane.outward(points.at), filling.lobule_um / 3, organ.base)
        acinus = 0.8 * patch + 0.2 * points.uniforms[:, 2]
        given = int(near.sum())
        return Units(
            np.concatenate([tips[near], points.at]),
            np.concatenate([organ.tip_radii[near], radii]),
            np.concatenate([np.flatnonzero(near) + (1 << 61), points.keys]),
            np.concatenate([np.full(given, 2.0), np.round(fat, 6)]),
            np.concatenate([np.full(given, -1.0), np.round(acinus, 6)]),
        )

    @cached_property
    def unit_sites(self) -> Sites:
        """The units' power diagram."""
        return Sites(self.units.at, self.units.radii**2)

    @cached_property
    def ducts(self) -> Near:
        """Those near."""
        return self.organ.ducts.near(self.plane, self._reach())

    @cached_property
    def vessels(self) -> Near:
        """Those near."""
        return self.organ.vessels.near(self.plane, self._reach())

    @cached_property
    def islets(self) -> Near:
        """Those near."""
        return self.organ.islets.near(self.plane, self._reach())

    def _reach(self) -> float:
        return self.organ.filling.collar_um + 1.0 + max(-self.below, self.above)

    def to_septum(self, at: Floats) -> Floats:
        """(N,) um from points (N, 3) of the section's coordinates to the middle of a septum."""
        points = np.ascontiguousarray(at.T, np.float32)[:, None, :]
        far = 2 * self.organ.filling.lobule_um
        points = points + self._bend(points)
        gap = self.lobules.nearest(points, reach=far / 4, far=far).gap[0]
        return np.asarray(gap, np.float64)

    def _bend(self, points: Singles) -> Singles:
        """How far septa bend at points (3, H, W), um: waves that are fixed in space."""
        scale, axes = self.organ.filling.lobule_um, self.plane.axes()
        random = generator_of(self.organ.base, 4)
        out = np.zeros_like(points)
        offset = (axes * np.array(self.plane.origin)).sum(axis=1)
        for strength, length in ((0.08, 0.8), (0.02, 0.35)):
            across, along = random.normal(size=(2, 3))
            across, along = (axes * across).sum(axis=1), (axes * along).sum(axis=1)
            along *= 2 * np.pi / (length * scale) / np.sqrt((along * along).sum())
            phase = (along * offset).sum() + random.uniform(0, 2 * np.pi)
            wave = np.sin(points[0] * along[0] + points[1] * along[1] + points[2] * along[2]
                          + phase)  # fmt: skip
            wave = wave.astype(np.float32)
            for k in range(3):
                out[k] += np.float32(strength * scale * across[k]) * wave
        return out

    def regions(self, above: float = 0.0) -> Regions:
        """What each pixel of the plane is that lies so many um above the section."""
        organ, filling = self.organ, self.organ.filling
        grid = self.plane.grid(above)
        found = self.unit_sites.nearest(grid, reach=2.0, far=3 * filling.acinus_um)
        units = self.units
        fat = units.fat < organ.fat_limit
        kind_of = np.full(len(fat) + 1, kinds.STROMA, np.uint8)  # the last is for no unit at all
        kind_of[:-1][units.acinus < organ.acinus_limit] = kinds.ACINUS
        kind_of[:-1][fat] = kinds.FAT
        weights = np.append(units.radii, 1.0).astype(np.float32)
        radius = weights[found.site]
        square = np.maximum(found.power + radius * radius, np.float32(0))
        depth: Singles = np.asarray(np.sqrt(square) / radius, np.float32)
        full = (found.power < 0) & (found.gap > _CLEFT) & (found.site >= 0)
        if filling.septum_um > 0:
            septa = self.lobules.nearest(
                grid + self._bend(grid), reach=filling.septum_um, far=2 * filling.lobule_um
            )
            full &= septa.gap > filling.septum_um / 2
        kind = np.where(full, kind_of[found.site], np.uint8(kinds.STROMA))
        self._carve(kind, above)
        unit = np.where((kind == kinds.ACINUS) | (kind == kinds.FAT), found.site, np.int32(-1))
        return Regions(kind, unit, depth, found.gap)

    def _carve(self, kind: NDArray[np.uint8], above: float) -> None:
        """Islets, ducts, vessels and the organ's outside, over what the lattice says."""
        filling = self.organ.filling
        if len(self.islets.tubes):
            distance, _ = self.islets.outside(above)
            kind[distance < 0] = kinds.ISLET
        for near, wall, lumen, bore in (
            (self.vessels, kinds.VESSEL, kinds.VESSEL_LUMEN, filling.bore),
            (self.ducts, kinds.DUCT, kinds.DUCT_LUMEN, filling.lumen),
        ):
            if not len(near.tubes):
                continue
            distance, radius = near.outside(above)
            # Thin tubes have thin collars.
            collar = filling.collar_um * np.clip(radius / 15, 0.2, 1)
            kind[distance < collar] = kinds.STROMA
            kind[distance < 0] = wall
            kind[distance < (bore - 1) * radius] = lumen
        corners = self.plane.grid(above)[:, [0, 0, -1, -1], [0, -1, 0, -1]].T
        if not self.organ.inside(self.plane.outward(corners.astype(np.float64))).all():
            kind[~self.inside(above)] = kinds.OUTSIDE

    def inside(self, above: float = 0.0) -> NDArray[np.bool_]:
        """(H, W) which pixels lie in the organ's box."""
        points = self.plane.grid(above).reshape(3, -1).T.astype(np.float64)
        found = self.organ.inside(self.plane.outward(points))
        return found.reshape(self.plane.height, self.plane.width)


def _patches(at: Floats, scale: float, base: int) -> Floats:
    """A smooth field in 0..1 at points (N, 3): waves of random directions about `scale` long."""
    random = generator_of(base, 3)
    total = np.zeros(len(at))
    for _ in range(6):
        x, y, z = random.normal(size=3) / scale
        total += np.sin(at[:, 0] * x + at[:, 1] * y + at[:, 2] * z + random.uniform(0, 2 * np.pi))
    return np.asarray(total / 12 + 0.5)
