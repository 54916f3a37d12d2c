"""Precision, recall, density, coverage, effective sample size: sets held against each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenfold.errors import RequestError
from tenfold.richness.distances import Floats, Places, blocks, nearest_other, squared
from tenfold.richness.interval import GROUPS, Measure, groups_of, share_of, without_groups

_SPARE = 40
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Overlap:
    """How a synthetic set lies about a real one; balls reach to the k-th neighbour in their set.

    Attributes:
        precision: share of synthetic samples in the ball of a real one, 0 to 1.
        recall: share of real samples in the ball of a synthetic one, 0 to 1.
        density: balls of real samples that a synthetic one lies in, over k: 0 upwards, 1 for data
            like the real.
        coverage: share of real samples with a synthetic one in their ball, 0 to 1.
        effective: effective sample size, 0 to the number of synthetic samples.
    """

    precision: Measure
    recall: Measure
    density: Measure
    coverage: Measure
    effective: Measure


def overlap(real: Floats, synthetic: Floats, k: int = 5, seed: int = 0) -> Overlap:
    """Hold a synthetic set against a real one.

    Precision and recall are Kynkäänniemi et al.'s (arXiv 1904.06991, equations 1 and 2), density
    and coverage Naeem et al.'s (arXiv 2002.09797, equations 3 and 4); a sample on a ball's surface
    is in it. The effective sample size is the number of fresh real samples that would cover the
    real set as well: coverage at k = 1 solved for the number, by what Naeem et al. (section 3.3)
    show to be its expectation for data of one distribution, whichever it is. Copies of ten images
    are worth about ten, noise little.

    Args:
        real: (n, D).
        synthetic: (m, D), in the same features.
        k: neighbour at which a ball ends.
        seed: of the groups that are left out for the intervals.

    Raises:
        RequestError: fewer than k + 2 samples in one of them, or shapes that differ.
    """
    a, b = np.asarray(real, np.float64), np.asarray(synthetic, np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1:] != b.shape[1:]:
        raise RequestError(f"both sets must be (n, D) with one D, got {a.shape} and {b.shape}")
    if k < 1 or min(len(a), len(b)) < k + 2:
        raise RequestError(
            f"balls to the {k}th neighbour need {k + 2} samples in each set, there are {len(a)} "
            f"and {len(b)}; add some, or take a smaller k"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise RequestError("features must be finite; drop the samples that aren't")
    centre = a.mean(axis=0)
    a, b = a - centre, b - centre
    ours, theirs = groups_of(len(a), seed), groups_of(len(b), seed + 1)
    if ours[0] < 0 or theirs[0] < 0:
        ours, theirs = np.full_like(ours, -1), np.full_like(theirs, -1)
    of_real, of_first = _radii(a, ours, (k, 1))
    (of_synthetic,) = _radii(b, theirs, (k,))
    inside = _balls_held(a, of_real, b)
    back = _balls_held(b, of_synthetic, a)
    gaps = _gaps(a, b, theirs)
    return Overlap(
        _share(np.minimum(inside, 1), theirs),
        _share(np.minimum(back, 1), ours),
        _share(inside / k, theirs, np.inf),
        _share(np.asarray(gaps <= of_real, np.float64), ours),
        _effective(_share(np.asarray(gaps <= of_first, np.float64), ours), len(a), len(b)),
    )


def _effective(nearer: Measure, real: int, synthetic: int) -> Measure:
    """From the share of real samples that are nearer to a synthetic one than to another real one.

    Among `real` - 1 others and m fresh ones all are equally likely to be the nearest, so that the
    share is m / (m + real - 1): solved for m.
    """

    def solved(share: float) -> float:
        most = synthetic / (synthetic + real - 1)
        return synthetic if share >= most else share / (1 - share) * (real - 1)

    return Measure(solved(nearer.value), solved(nearer.low), solved(nearer.high))


def _radii(points: Floats, groups: Places, orders: tuple[int, ...]) -> list[Floats]:
    """For each order k (n, 1 + GROUPS): squared distances to the k-th neighbour.

    First among all, then without each group; a sample of the group that is left out has no ball
    then: -1.
    """
    count = min(len(points) - 1, 2 * max(orders) + _SPARE)
    far, place = nearest_other(points, count)
    near = groups[place]
    found = []
    for k in orders:
        out = np.full((len(points), 1 + GROUPS), -1.0)
        out[:, 0] = np.square(far[:, k - 1])
        for g in range(GROUPS if groups[0] >= 0 else 0):
            reached = np.cumsum(near != g, axis=1) >= k
            kth = np.where(reached.any(axis=1), reached.argmax(axis=1), count - 1)
            radius = np.square(far[np.arange(len(points)), kth])
            out[:, g + 1] = np.where(groups == g, -1.0, radius)
        found.append(np.where(out < 0, -1.0, out * (1 + _ROUNDING)))
    return found


def _balls_held(centres: Floats, radii: Floats, points: Floats) -> Floats:
    """(m, 1 + GROUPS) number of balls that each point is in."""
    held = np.zeros((len(points), radii.shape[1]))
    for rows in blocks(len(points), len(centres)):
        table = squared(points[rows], centres)
        for g in range(radii.shape[1]):
            held[rows, g] = (table <= radii[:, g]).sum(axis=1)
    return held


def _gaps(points: Floats, others: Floats, groups: Places) -> Floats:
    """(n, 1 + GROUPS) squared distance to the nearest of others: of all, and without each group."""
    known = groups[0] >= 0
    members = [np.flatnonzero(groups == g) for g in range(GROUPS)] if known else [slice(None)]
    by_group = np.empty((len(points), len(members)))
    for rows in blocks(len(points), len(others)):
        table = squared(points[rows], others)
        by_group[rows] = np.stack([table[:, own].min(axis=1) for own in members], axis=1)
    out = np.repeat(by_group.min(axis=1)[:, None], 1 + GROUPS, axis=1)
    for g in range(GROUPS if known else 0):
        out[:, g + 1] = np.delete(by_group, g, axis=1).min(axis=1)
    return out


def _share(terms: Floats, groups: Places, most: float = 1.0) -> Measure:
    """The mean of terms (n, 1 + GROUPS), column g + 1 without the samples of group g."""
    means = [float(terms[:, 0].mean())]
    for g in range(GROUPS if groups[0] >= 0 else 0):
        means.append(float(terms[groups != g, g + 1].mean()))
    if not means[1:]:
        return Measure(means[0])
    if most == 1:
        return share_of(means[0], means[1:], len(terms))
    return without_groups(means[0], means[1:], 0.0, most)
