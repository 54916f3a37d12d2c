"""A tree seen from outside: its tubes and spheres, shaded, the far ones paler."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.synth.grow.tree import Floats, Tree

PALETTE: tuple[tuple[int, int, int], ...] = (
    (196, 92, 70),
    (94, 142, 98),
    (74, 118, 168),
    (190, 158, 74),
    (126, 96, 158),
)
"""RGB of the kinds, in turn."""

SPHERE = (178, 92, 140)
"""RGB of spheres."""

_PAPER = np.array((250.0, 248.0, 244.0), np.float32)
_LIGHT = (-0.42, 0.58, 0.70)  # to the left, up, and to the viewer; of length 1
_FINE = 2  # pixels are drawn this much finer, then averaged
_MARGIN = 0.05  # of the picture's side


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn tree.

    Attributes:
        image: (S, S, 3) uint8, RGB.
        kinds: (S, S) uint8, what a pixel's middle shows: 0 nothing, 1 + kind, spheres last.
        segments: (S, S) int32, the node that ends the segment there, or has the sphere, plus 1;
            0 for nothing.
        um_per_pixel: the scale; the view is parallel, so it holds everywhere.
    """

    image: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    segments: NDArray[np.int32]
    um_per_pixel: float


def draw_tree(
    tree: Tree, size: int = 512, *, turn: float = 35.0, rise: float = 12.0
) -> NDArray[np.uint8]:
    """(size, size, 3) uint8 RGB picture of a tree; see `drawn_tree`."""
    return drawn_tree(tree, size, turn=turn, rise=rise).image


def drawn_tree(tree: Tree, size: int = 512, *, turn: float = 35.0, rise: float = 12.0) -> Drawn:
    """Draw a tree in parallel projection, z up (trees in the plane z = 0 from above, y up).

    Each tapered capsule is drawn as what it is seen as: the outermost point along the line of
    sight of all spheres along its axis, found in closed form.

    Args:
        tree: what to draw; it fills the picture.
        size: height and width, pixels.
        turn: of the viewer round z, degrees.
        rise: of the viewer above the horizon, degrees.
    """
    fine = size * _FINE
    axes = _view(tree, turn, rise)
    starts, ends, first, last = tree.capsules()
    centres, sizes = tree.spheres()
    owners = np.concatenate([tree.segments(), np.flatnonzero(tree.spheres_at > 0)])
    kinds = np.concatenate(
        [tree.kinds[tree.segments()] + 1, np.full(len(centres), len(tree.names) + 1)]
    )
    if not len(owners):  # a lone root is seen as a ball
        centres, sizes = tree.nodes, tree.radii
        owners, kinds = np.arange(len(tree)), tree.kinds + 1
    p0 = _seen(np.concatenate([starts, centres]), axes)
    p1 = _seen(np.concatenate([ends, centres]), axes)
    r0, r1 = np.concatenate([first, sizes]), np.concatenate([last, sizes])
    low = np.minimum(p0 - r0[:, None], p1 - r1[:, None]).min(axis=0)
    high = np.maximum(p0 + r0[:, None], p1 + r1[:, None]).max(axis=0)
    scale = fine * (1 - 2 * _MARGIN) / max(high[0] - low[0], high[1] - low[1])
    middle = (low + high) / 2
    p0, p1 = (p0 - middle) * scale, (p1 - middle) * scale
    near = _Nearest(fine)
    for i in range(len(owners)):
        near.put(p0[i], p1[i], r0[i] * scale, r1[i] * scale, i)
    shown = near.which >= 0
    which = np.where(shown, near.which, 0)
    kind_map = np.where(shown, kinds[which], 0).astype(np.uint8)
    colours = np.array([_PAPER, *(_colour(i) for i in range(len(tree.names))), SPHERE], np.float32)
    image = _shaded(near, shown, colours[kind_map], (high[2] - low[2]) * scale)
    every = slice(_FINE // 2, None, _FINE)
    return Drawn(
        image=_averaged(image, size),
        kinds=np.ascontiguousarray(kind_map[every, every]),
        segments=np.where(shown, owners[which] + 1, 0).astype(np.int32)[every, every].copy(),
        um_per_pixel=float(_FINE / scale),
    )


class _Nearest:
    """What is seen at each pixel: its depth (towards the viewer), normal and number."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.depth = np.full((size, size), -np.inf, np.float32)
        self.normal = np.zeros((size, size, 3), np.float32)
        self.which = np.full((size, size), -1, np.int32)

    def put(self, a: Floats, b: Floats, r0: float, r1: float, number: int) -> None:
        """Draw a tapered capsule; places in pixels from the middle: right, up, to the viewer."""
        dx, dy, dz = (b - a).tolist()
        dr = r1 - r0
        quadratic = dr * dr - dx * dx - dy * dy
        if quadratic > -1e-9 and (dx or dy or dz or dr):  # seen end on: the two balls are all
            self.put(a, a, r0, r0, number)
            self.put(b, b, r1, r1, number)
            return
        half = self.size / 2
        x_low = max(0, math.floor(min(a[0] - r0, b[0] - r1) + half))
        x_high = min(self.size, math.ceil(max(a[0] + r0, b[0] + r1) + half) + 1)
        y_low = max(0, math.floor(half - max(a[1] + r0, b[1] + r1)))
        y_high = min(self.size, math.ceil(half - min(a[1] - r0, b[1] - r1)) + 1)
        x = (np.arange(x_low, x_high) + (0.5 - half) - a[0])[None, :]
        y = (half - 0.5 - np.arange(y_low, y_high) - a[1])[:, None]
        # The sphere at t of the axis is seen at height t dz + sqrt(q(t)), q = A t^2 + B t + C.
        c = r0 * r0 - x * x - y * y
        linear = 2 * (r0 * dr + x * dx + y * dy)
        if quadratic == 0:
            t = np.zeros(c.shape)
        else:
            under = np.maximum(linear * linear - 4 * quadratic * c, 0)
            k = quadratic - dz * dz
            best = dz * np.sqrt(-k * under) / (2 * quadratic * k) - linear / (2 * quadratic)
            t = np.clip(best, 0, 1)
        q = quadratic * t * t + linear * t + c
        height = np.sqrt(np.maximum(q, 0))
        depth = a[2] + t * dz + height
        here = np.s_[y_low:y_high, x_low:x_high]
        ahead = (q > 0) & (depth > self.depth[here])
        if not ahead.any():
            return
        self.depth[here][ahead] = depth[ahead]
        self.which[here][ahead] = number
        radius = r0 + t * dr
        normal = self.normal[here]
        normal[..., 0][ahead] = ((x - t * dx) / radius)[ahead]
        normal[..., 1][ahead] = ((y - t * dy) / radius)[ahead]
        normal[..., 2][ahead] = (height / radius)[ahead]


def _shaded(
    near: _Nearest, shown: NDArray[np.bool_], colours: NDArray[np.float32], thickness: float
) -> NDArray[np.uint8]:
    """Light, shadow in narrow places, a shine, and paler with distance."""
    facing = sum(near.normal[..., i] * _LIGHT[i] for i in range(3))
    light = 0.42 + 0.62 * np.maximum(facing, 0)
    lowest = near.depth[shown].min()
    depth = np.where(shown, near.depth, np.float32(lowest - 0.05 * thickness))
    for share, strength in ((0.006, 0.30), (0.03, 0.28)):
        reach = max(1, round(share * near.size))
        light *= 1 - strength * np.clip((_mean_around(depth, reach) - depth) / (4 * reach), 0, 1)
    shine = np.clip(facing, 0, 1)
    for _ in range(4):
        shine *= shine
    shine *= 0.25
    far = np.clip((depth[shown].max() - depth) / np.float32(max(thickness, 1e-9)), 0, 1)
    far *= 0.55 * np.sqrt(far)
    light, shine, far = light[..., None], shine[..., None], far[..., None]
    lit = np.clip(colours * light, 0, 255)
    lit = lit + (255 - lit) * shine
    lit = lit + (_PAPER - lit) * far
    return np.rint(np.where(shown[..., None], lit, _PAPER)).astype(np.uint8)


def _averaged(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(size, size, 3) means of the fine pixels of each."""
    total = image.reshape(size, _FINE, size, _FINE, 3).sum(axis=(1, 3), dtype=np.uint16)
    found: NDArray[np.uint8] = ((total + _FINE * _FINE // 2) // (_FINE * _FINE)).astype(np.uint8)
    return found


def _mean_around(field: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """(H, W) mean of a square of 2 reach + 1, twice: nearly a Gaussian; sums in a fixed order."""
    found = field[::_FINE, ::_FINE].astype(np.float64)
    reach = max(1, reach // _FINE)
    for axis in (0, 1, 0, 1):
        edges = [(0, 0), (0, 0)]
        edges[axis] = (reach + 1, reach)
        total = np.cumsum(np.pad(found, edges, mode="edge"), axis=axis)
        wide = 2 * reach + 1
        if axis == 0:
            found = (total[wide:] - total[:-wide]) / wide
        else:
            found = (total[:, wide:] - total[:, :-wide]) / wide
    return found.astype(np.float32).repeat(_FINE, axis=0).repeat(_FINE, axis=1)


def _view(tree: Tree, turn: float, rise: float) -> tuple[tuple[float, ...], ...]:
    """Unit vectors to the right, up, and to the viewer."""
    if not tree.nodes[:, 2].any():
        return (1, 0, 0), (0, 1, 0), (0, 0, 1)
    a, e = math.radians(turn), math.radians(rise)
    back = (math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e))
    right = (-math.sin(a), math.cos(a), 0.0)
    up = (-math.sin(e) * math.cos(a), -math.sin(e) * math.sin(a), math.cos(e))
    return right, up, back


def _seen(points: Floats, axes: tuple[tuple[float, ...], ...]) -> Floats:
    """(N, 3) places to the right, up, and to the viewer; summed without BLAS, the same anywhere."""
    return np.stack([sum(points[:, i] * axis[i] for i in range(3)) for axis in axes], axis=1)


def _colour(kind: int) -> tuple[int, int, int]:
    return PALETTE[kind % len(PALETTE)]
