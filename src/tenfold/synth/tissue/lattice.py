"""Points at random but evenly spread, that are the same whichever part of space is looked at.

A jittered lattice: each lattice point is moved by random numbers that are a function of its own
three indices. So any slab of space has its points without those elsewhere being made, and serial
sections meet the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.rng import uniform_rows
from tenfold.synth.tissue.plane import Floats, Plane

_INDEX = 20  # bits of an index; a lattice may have 2^20 points along an axis


@dataclass(frozen=True, eq=False)
class Points:
    """Points of space.

    Attributes:
        at: (N, 3) float64 in the coordinates of the plane asked for, um.
        keys: (N,) int64, the points' names.
        uniforms: (N, numbers) float64 in (0, 1), each point's own.
    """

    at: Floats
    keys: NDArray[np.int64]
    uniforms: Floats


def near_plane(
    plane: Plane,
    spacing: float,
    base: int,
    *,
    below: float,
    above: float,
    margin: float = 0.0,
    jitter: float = 0.4,
    numbers: int = 0,
    centred: bool = False,
) -> Points:
    """The lattice's points near a section.

    Args:
        plane: the section.
        spacing: of the lattice, um.
        base: of the random numbers: another one is another lattice.
        below, above: um from the plane to either side (below is negative).
        margin: um beyond the picture's edges.
        jitter: how far a point moves along each axis at most, in spacings.
        numbers: random numbers of each point beside.
        centred: with a second point in the middle of each cube (a body-centred lattice, whose
            points have 8 nearest neighbours at 0.87 spacings and fill space most evenly).
    """
    found = [_indices(plane, spacing, below, above, margin, jitter, shift) for shift in
             ((0.0, 0.5) if centred else (0.0,))]  # fmt: skip
    index = np.concatenate([i for i, _ in found])
    nominal = np.concatenate([p for _, p in found])
    half = np.repeat(np.arange(len(found)), [len(i) for i, _ in found])
    word = index & ((1 << _INDEX) - 1)
    keys = word[:, 0] | word[:, 1] << _INDEX | word[:, 2] << 2 * _INDEX | half << 3 * _INDEX
    uniforms = uniform_rows(keys ^ np.int64(base), (3 + numbers,))
    at = plane.inward(nominal + (2 * uniforms[:, :3] - 1) * (jitter * spacing))
    wide, high = plane.half()
    kept = (np.abs(at[:, 0]) <= wide + margin) & (np.abs(at[:, 1]) <= high + margin)
    kept &= (at[:, 2] >= below) & (at[:, 2] <= above)
    return Points(at[kept], keys[kept], uniforms[kept, 3:])


def _indices(
    plane: Plane, spacing: float, below: float, above: float, margin: float, jitter: float,
    shift: float,
) -> tuple[NDArray[np.int64], Floats]:  # fmt: skip
    """Lattice indices (N, 3) and unmoved places (N, 3) of points that may be near the section."""
    axes = plane.axes()
    slack = jitter * spacing * 1.75
    wide, high = (half + margin + slack for half in plane.half())
    low, top = below - slack, above + slack
    corners = np.array([(x, y, z) for x in (-wide, wide) for y in (-high, high)
                        for z in (low, top)])  # fmt: skip
    corners = plane.outward(corners)
    first = np.floor(corners.min(axis=0) / spacing).astype(np.int64) - 1
    last = np.ceil(corners.max(axis=0) / spacing).astype(np.int64) + 1
    # Along the axis nearest to the normal only the points within the slab are gone through.
    deep = int(np.argmax(np.abs(axes[2]).round(9)))
    a, b = (k for k in range(3) if k != deep)
    i, j = np.meshgrid(
        np.arange(first[a], last[a] + 1), np.arange(first[b], last[b] + 1), indexing="ij"
    )
    normal = axes[2]
    offset = (normal * np.array(plane.origin)).sum()
    level = offset - normal[a] * (i + shift) * spacing - normal[b] * (j + shift) * spacing
    ends = np.stack([(level + low) / normal[deep], (level + top) / normal[deep]]) / spacing - shift
    start = np.floor(ends.min(axis=0)).astype(np.int64)
    steps = int(np.ceil((top - low) / abs(normal[deep]) / spacing)) + 2
    index = np.empty((*i.shape, steps, 3), np.int64)
    index[..., a], index[..., b] = i[..., None], j[..., None]
    index[..., deep] = start[..., None] + np.arange(steps)
    flat = index.reshape(-1, 3)
    places = np.asarray((flat + shift) * spacing, np.float64)
    at = plane.inward(places)
    kept = (np.abs(at[:, 0]) <= wide) & (np.abs(at[:, 1]) <= high)
    kept &= (at[:, 2] >= low) & (at[:, 2] <= top)
    return flat[kept], places[kept]
