"""Cells: where each is, which place it belongs to, and its nucleus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.rng import uniform_rows
from tenfold.synth.tissue import organ as kinds
from tenfold.synth.tissue.lattice import near_plane
from tenfold.synth.tissue.nearest import Ints
from tenfold.synth.tissue.plane import Floats, turned
from tenfold.synth.tissue.scene import Scene
from tenfold.synth.tissue.tubes import Near

STROMA_TAG, ISLET_TAG, DUCT_TAG, VESSEL_TAG, UNIT_TAG = range(5)
"""What a cell's seed may claim; acinus number i is UNIT_TAG + i, for its own cells only."""
_GOLDEN = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True, eq=False)
class Cells:
    """Seeds of cells and their nuclei, in a section's coordinates, um.

    A nucleus is an ellipsoid: the points v from its centre with |v|^2 + flat (v . axis)^2 at most
    radius^2.

    Attributes:
        at: (N, 3) float64.
        tags: (N,) int32.
        kinds: (N,) uint8, see `organ.KINDS`.
        keys: (N, 2) int64, names that don't depend on the section.
        nuclei: (N, 3) float64 centres.
        axes: (N, 3) float64 unit vectors.
        flat: (N,) above 0 for flattened along the axis, below (and above -1) for long.
        radii: (N,) um; 0 for no nucleus.
    """

    at: Floats
    tags: Ints
    kinds: NDArray[np.uint8]
    keys: NDArray[np.int64]
    nuclei: Floats
    axes: Floats
    flat: Floats
    radii: Floats

    def __len__(self) -> int:
        return len(self.at)


def joined(parts: list[Cells]) -> Cells:
    """All of them, in order."""
    names = ("at", "tags", "kinds", "keys", "nuclei", "axes", "flat", "radii")
    return Cells(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def cells_of(scene: Scene) -> Cells:
    """All cells that may show in a scene. The last are fat cells, one a unit."""
    filling = scene.organ.filling
    size = filling.cell_um
    parts = [
        _acinar(scene),
        _scattered(scene, kinds.ISLET, ISLET_TAG, size, 11, 0.3),
        _scattered(scene, kinds.STROMA, STROMA_TAG, 1.45 * size, 12, -0.86),
        _lining(scene.ducts, kinds.DUCT, DUCT_TAG, 0.85 * size, filling.lumen, scene, 13, -0.5),
        _lining(scene.vessels, kinds.VESSEL, VESSEL_TAG, 1.3 * size, filling.bore, scene, 14, 6.0),
        _fat(scene),
    ]
    return joined(parts)


def nuclear_radius(volume: Floats | float, share: float) -> Floats:
    """Radius of a ball of this share of a volume."""
    return np.asarray(np.cbrt(np.asarray(volume) * (share * 3 / (4 * np.pi))))


def directions(uniforms: Floats) -> Floats:
    """(N, 3) evenly distributed unit vectors of uniforms (N, 2)."""
    z = 2 * uniforms[:, 0] - 1
    ring = np.sqrt(1 - z * z)
    angle = 2 * np.pi * uniforms[:, 1]
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), z], axis=1)


def _made(
    at: Floats, tags: NDArray[np.int64] | int, kind: int, keys: NDArray[np.int64], part: Ints,
    nuclei: Floats, axes: Floats, flat: float, radii: Floats,
) -> Cells:  # fmt: skip
    count = len(at)
    return Cells(
        at, np.broadcast_to(np.asarray(tags, np.int32), count), np.full(count, kind, np.uint8),
        np.stack([keys, part], axis=1).astype(np.int64).reshape(count, 2), nuclei, axes,
        np.full(count, flat),
        # Flattened or drawn out at the same volume.
        radii * np.power(1 + flat, 1 / 6),
    )  # fmt: skip


def _acinar(scene: Scene) -> Cells:
    """Cells of acini: round the middle as on a ball, wedges with their nuclei near the outside."""
    organ, units, size = scene.organ, scene.units, scene.organ.filling.cell_um
    wanted = (units.acinus < organ.acinus_limit) & (units.fat >= organ.fat_limit)
    wanted &= (units.at[:, 2] > scene.below - units.radii) & (
        units.at[:, 2] < scene.above + units.radii
    )
    chosen = np.flatnonzero(wanted)
    radii = units.radii[chosen]
    volume = 4 / 3 * np.pi * (0.92 * radii) ** 3
    counts = np.maximum(np.rint(volume / size**3), 4).astype(np.int64)
    which = np.repeat(np.arange(len(chosen)), counts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    own = uniform_rows(units.keys[chosen] ^ np.int64(organ.base ^ 21), (4,))
    each = uniform_rows(
        units.keys[chosen][which] * np.int64(1009) + number ^ np.int64(organ.base ^ 22), (3,)
    )
    # Fibonacci's lattice on the ball, turned about two axes.
    z = 1 - (2 * number + 1) / counts[which]
    angle = number * _GOLDEN + 2 * np.pi * own[which, 0] + 0.5 * (each[:, 0] - 0.5)
    ring = np.sqrt(1 - z * z)
    x, y = ring * np.cos(angle), ring * np.sin(angle)
    tilt = np.arccos(1 - 2 * own[:, 1])
    cos, sin = np.cos(tilt)[which], np.sin(tilt)[which]
    y, z = cos * y - sin * z, sin * y + cos * z
    spin = 2 * np.pi * own[:, 2]
    cos, sin = np.cos(spin)[which], np.sin(spin)[which]
    along = np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=1)
    along = turned(scene.plane.axes(), along)
    # Large acini have cells in their middle too.
    share = 0.5 + 0.25 * each[:, 1]
    at = units.at[chosen][which] + along * (share * radii[which])[:, None]
    nucleus = units.at[chosen][which] + along * ((0.68 + 0.1 * each[:, 2]) * radii[which])[:, None]
    small = nuclear_radius(volume / counts, organ.filling.nucleus)[which]
    return _made(
        at, UNIT_TAG + chosen[which], kinds.ACINUS, units.keys[chosen][which],
        number.astype(np.int32), nucleus, along, 0.25, small * (0.9 + 0.2 * each[:, 0]),
    )  # fmt: skip


def _scattered(scene: Scene, kind: int, tag: int, spacing: float, part: int, flat: float) -> Cells:
    """Cells on a jittered lattice wherever the organ is of this kind."""
    organ = scene.organ
    reach = 1.6 * spacing
    points = near_plane(
        scene.plane, spacing, organ.base ^ part, below=scene.below - reach,
        above=scene.above + reach, margin=reach, jitter=0.36, numbers=3,
    )  # fmt: skip
    if kind == kinds.ISLET:
        near = scene.islets.outside_points(points.at) < 1.0 if len(scene.islets.tubes) else (
            np.zeros(len(points.at), bool))  # fmt: skip
    else:
        near = np.ones(len(points.at), bool)
    at, keys, own = points.at[near], points.keys[near], points.uniforms[near]
    compact = min(spacing, 1.1 * organ.filling.cell_um)
    radii = nuclear_radius(compact**3, organ.filling.nucleus) * (0.9 + 0.2 * own[:, 2])
    return _made(
        at, tag, kind, keys, np.full(len(at), part, np.int32), at,
        turned(scene.plane.axes(), directions(own[:, :2])), flat, radii,
    )  # fmt: skip


def _lining(
    near: Near, kind: int, tag: int, spacing: float, bore: float, scene: Scene, part: int,
    flat: float,
) -> Cells:  # fmt: skip
    """One layer of cells in the walls of tubes, on rings shifted against each other."""
    tubes = near.tubes
    along = tubes.ends - tubes.starts
    length = np.sqrt((along * along).sum(axis=1))
    thick = (tubes.first + tubes.last) / 2
    middle = thick * (1 + bore) / 2
    rings = np.maximum(np.rint(length / spacing), 1).astype(np.int64)
    round_ = np.maximum(np.rint(2 * np.pi * middle / spacing), 3).astype(np.int64)
    counts = rings * round_
    which = np.repeat(np.arange(len(tubes)), counts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = near.which[which] + (np.int64(part) << 40)
    each = uniform_rows(keys * np.int64(1 << 16) + number ^ np.int64(scene.organ.base), (3,))
    ring, turn = number // np.maximum(round_[which], 1), number % np.maximum(round_[which], 1)
    share = (ring + 0.5 + 0.3 * (each[:, 0] - 0.5)) / rings[which]
    angle = 2 * np.pi * (turn + 0.5 * (ring % 2) + 0.3 * (each[:, 1] - 0.5)) / round_[which]
    forward = along / np.maximum(length, 1e-9)[:, None]
    # Directions across a tube are told by space, not by the section.
    axes = scene.plane.axes()
    first = turned(axes, _across(turned(axes.T, forward)))
    second = np.cross(forward, first)
    radial = first[which] * np.cos(angle)[:, None] + second[which] * np.sin(angle)[:, None]
    radius = tubes.first[which] + (tubes.last - tubes.first)[which] * share
    on_axis = tubes.starts[which] + along[which] * share[:, None]
    at = on_axis + radial * (radius * (1 + bore) / 2)[:, None]
    nuclei = on_axis + radial * (radius * (0.52 + 0.48 * bore))[:, None]
    volume = spacing * spacing * np.minimum(radius * (1 - bore), 1.6 * spacing)
    small = nuclear_radius(volume, 1.5 * scene.organ.filling.nucleus)
    slab = 2.5 * spacing + radius
    kept = (at[:, 2] > scene.below - slab) & (at[:, 2] < scene.above + slab)
    return _made(
        at[kept], tag, kind, keys[kept], number[kept].astype(np.int32), nuclei[kept],
        radial[kept], flat, small[kept],
    )  # fmt: skip


def _fat(scene: Scene) -> Cells:
    """Fat cells: one a unit, the nucleus flat against the wall."""
    units, base = scene.units, scene.organ.base
    chosen = np.flatnonzero(units.fat < scene.organ.fat_limit)
    own = uniform_rows(units.keys[chosen] ^ np.int64(base ^ 23), (2,))
    along = turned(scene.plane.axes(), directions(own))
    radii = units.radii[chosen]
    nuclei = units.at[chosen] + along * (0.86 * radii)[:, None]
    small = np.full(len(chosen), 0.3 * scene.organ.filling.cell_um)
    return _made(
        units.at[chosen], UNIT_TAG + chosen, kinds.FAT, units.keys[chosen],
        np.zeros(len(chosen), np.int32), nuclei, along, 5.0, small,
    )  # fmt: skip


def _across(forward: Floats) -> Floats:
    """A unit vector at right angles to each (N, 3)."""
    least = np.argmin(np.abs(forward).round(9), axis=1)
    other = np.eye(3)[least]
    across = other - forward * (other * forward).sum(axis=1, keepdims=True)
    return np.asarray(across / np.sqrt((across * across).sum(axis=1, keepdims=True)))
