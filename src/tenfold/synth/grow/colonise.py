"""Space colonisation: branches compete for the space that has none yet.

Runions, Lane & Prusinkiewicz, "Modeling trees with a space colonization algorithm", Eurographics
Workshop on Natural Phenomena 2007; for vessels and leaf veins Runions et al., SIGGRAPH 2005.
"""

from __future__ import annotations

import numpy as np

from tenfold.synth.grow.tree import Floats, Ints

_AGAIN = 0.2  # of a step: a branch nearer than this to one that is there isn't grown again


def colonised(
    targets: Floats, start: Floats, *, step: float, reach: float, kill: float, inertia: float
) -> tuple[Floats, Ints]:
    """Grow from `start` until every target that can be reached has a branch near.

    At each round each target within `reach` of the tree pulls the nearest node; a node that is
    pulled grows a child one step in the mean direction. Targets with a node nearer than `kill` are
    served. While none is in reach, the nearest target alone pulls. After a round that came nearer
    to none, each node follows its nearest target alone, so that all are served in the end.

    Args:
        targets: (A, 3) places to serve, um.
        start: (3,) the root, um.
        step: length of a segment, um.
        reach: um.
        kill: um, at least `step`.
        inertia: how much of a node's own direction its child keeps, against 1 of the pull.

    Returns:
        Nodes (N, 3) and parents (N,), parents first.
    """
    nodes, parents = [start[None, :]], [np.array([-1])]
    headings = np.zeros((1, 3))  # of all nodes, as are these
    spots, last_child = start[None, :].copy(), np.full((1, 3), np.inf)
    left = targets
    distance = np.sqrt(((left - start) ** 2).sum(axis=1))
    nearest = np.zeros(len(left), np.int64)
    stuck = False
    while len(left):
        pulling = np.flatnonzero(distance < reach)
        if not pulling.size:
            pulling = np.array([distance.argmin()])
        if stuck:
            pulling = pulling[np.lexsort((distance[pulling], nearest[pulling]))]
            pulling = pulling[np.unique(nearest[pulling], return_index=True)[1]]
        towards = (left[pulling] - spots[nearest[pulling]]) / distance[pulling, None]
        pulled, of = np.unique(nearest[pulling], return_inverse=True)
        pull = _directions(
            np.stack([np.bincount(of, towards[:, axis], len(pulled)) for axis in range(3)], axis=1)
        )
        heading = _directions(pull + (0 if stuck else inertia) * headings[pulled])
        grown = spots[pulled] + step * heading
        fresh = ((grown - last_child[pulled]) ** 2).sum(axis=1) > (_AGAIN * step) ** 2
        fresh &= heading.any(axis=1)
        if not fresh.any():
            if stuck:
                break
            stuck = True
            continue
        pulled, heading, grown = pulled[fresh], heading[fresh], grown[fresh]
        last_child[pulled] = grown
        count = len(spots)
        nodes.append(grown)
        parents.append(pulled)
        spots = np.concatenate([spots, grown])
        headings = np.concatenate([headings, heading])
        last_child = np.concatenate([last_child, np.full((len(grown), 3), np.inf)])
        squared = np.zeros((len(left), len(grown)))
        for axis in range(3):
            squared += (left[:, None, axis] - grown[None, :, axis]) ** 2
        best = squared.argmin(axis=1)
        near = np.sqrt(squared[np.arange(len(left)), best])
        closer = near < distance
        stuck = not closer.any()
        distance = np.where(closer, near, distance)
        nearest = np.where(closer, best + count, nearest)
        kept = distance > kill
        left, distance, nearest = left[kept], distance[kept], nearest[kept]
    return np.concatenate(nodes), np.concatenate(parents).astype(np.int64)


def spread(count: int, shift: Floats) -> Floats:
    """(count, 3) evenly spread places in the unit cube: Halton's in bases 2, 3 and 5, shifted.

    The shift (3,) wraps round (Cranley & Patterson, SIAM J. Numer. Anal. 13, 1976).
    """
    places = np.zeros((count, 3))
    for axis, base in enumerate((2, 3, 5)):
        index, share = np.arange(1, count + 1), 1.0 / base
        while index.any():
            places[:, axis] += share * (index % base)
            index, share = index // base, share / base
    return (places + shift) % 1.0


def _directions(vectors: Floats) -> Floats:
    """Of length 1; those that are too short to have a direction become 0."""
    length = np.sqrt((vectors**2).sum(axis=1))[:, None]
    return np.where(length > 1e-6, vectors / np.maximum(length, 1e-6), 0.0)
