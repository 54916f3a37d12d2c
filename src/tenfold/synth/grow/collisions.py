"""Which tubes of a tree run into each other, and a tree without those."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.synth.grow.tree import Floats, Ints, Tree

NEAR_FORK = 4.0
"""Tubes that are nearer along the tree than this many times the sum of their radii are joined, as
at a fork. Two tubes of a radius that part at 30 degrees are clear of each other from there on."""

_ROWS = 256  # of pairs looked at in one go


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of segments, by the nodes that end them, lower first.

    Attributes:
        first, second: (K,) int64.
        apart: (K,) float64, least distance of the axes, um.
        along: (K,) float64, way along the tree between the nearer ends, um; infinite between trees.
    """

    first: Ints
    second: Ints
    apart: Floats
    along: Floats

    def colliding(self, radii: Floats) -> NDArray[np.bool_]:
        """(K,) which pairs run into each other; `radii` (N,) of the segments, by their nodes."""
        together = radii[self.first] + radii[self.second]
        return (self.apart < together) & (self.along > NEAR_FORK * together)


def close_pairs(tree: Tree) -> Pairs:
    """All pairs of segments whose tubes touch, those joined at forks included.

    A tapered tube counts as one of its larger radius throughout.
    """
    starts, ends, first, last = tree.capsules()
    radii = np.maximum(first, last)
    owners = tree.segments()
    middles, halves = (starts + ends) / 2, tree.lengths() / 2 + radii
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for row in range(0, len(owners), _ROWS):
        rows = slice(row, row + _ROWS)
        squared = sum(
            (middles[rows, None, axis] - middles[None, row:, axis]) ** 2 for axis in range(3)
        )
        i, j = np.nonzero(squared < (halves[rows, None] + halves[None, row:]) ** 2)
        found.append((i[j > i] + row, j[j > i] + row))
    i, j = (np.concatenate(several) for several in zip(*found, strict=True))
    apart = _apart(starts[i], ends[i], starts[j], ends[j])
    touching = apart < radii[i] + radii[j]
    i, j = owners[i[touching]], owners[j[touching]]
    return Pairs(i, j, apart[touching], _along(tree, i, j))


def collisions(tree: Tree) -> Ints:
    """(K, 2) pairs of segments that run into each other away from forks, by their nodes.

    See `NEAR_FORK` for what counts as joined at a fork.
    """
    pairs = close_pairs(tree)
    _, _, first, last = tree.capsules()
    radii = tree.radii.copy()
    radii[tree.segments()] = np.maximum(first, last)
    hit = pairs.colliding(radii)
    return np.stack([pairs.first[hit], pairs.second[hit]], axis=1)


def _apart(p0: Floats, p1: Floats, q0: Floats, q1: Floats) -> Floats:
    """(K,) least distances of line segments p0 p1 and q0 q1, each (K, 3) and none of length 0.

    Ericson, *Real-Time Collision Detection* (2005), section 5.1.9.
    """
    u, v, w = p1 - p0, q1 - q0, p0 - q0
    a, e, b = _dot(u, u), _dot(v, v), _dot(u, v)
    c, f = _dot(u, w), _dot(v, w)
    across = a * e - b * b
    parallel = across <= 1e-12 * a * e
    s = np.where(parallel, 0, np.clip((b * f - c * e) / np.where(parallel, 1, across), 0, 1))
    t = (b * s + f) / e
    s = np.where(t < 0, np.clip(-c / a, 0, 1), np.where(t > 1, np.clip((b - c) / a, 0, 1), s))
    t = np.clip(t, 0, 1)
    gap = w + s[:, None] * u - t[:, None] * v
    return np.sqrt(_dot(gap, gap))


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2])


def _along(tree: Tree, i: Ints, j: Ints) -> Floats:
    """(K,) ways along the tree between the nearer ends of the segments that nodes i and j end."""
    way = np.zeros(len(tree))
    for end, length in zip(tree.segments().tolist(), tree.lengths().tolist(), strict=True):
        way[end] = way[tree.parents[end]] + length
    a, b = i.copy(), j.copy()
    while (apart := np.flatnonzero(a != b)).size:  # parents come first: the later one climbs
        later = a[apart] > b[apart]
        a[apart[later]] = tree.parents[a[apart[later]]]
        b[apart[~later]] = tree.parents[b[apart[~later]]]
    from_i = np.where(a == i, way[i], way[tree.parents[i]])
    from_j = np.where(a == j, way[j], way[tree.parents[j]])
    met = np.where(a < 0, 0, way[a])
    return np.where(a < 0, np.inf, from_i + from_j - 2 * met)
