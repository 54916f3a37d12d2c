"""The nearest vectors of the same class."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.errors import RequestError, did_you_mean
from tenfold.learned.examples import Array
from tenfold.learned.latent.covariance import spread_by
from tenfold.learned.latent.reference import Reference

METRICS = ("euclidean", "standardised", "cosine", "mahalanobis")
"""What "near" may mean; see `Variation.metric`."""

_SELF = 1e-4  # of the class's spread: nearer than that, it is the vector itself
_MANY = 5000  # vectors of a class, from which on an index is asked
_AT_ONCE = 2_000_000  # distances held at a time
_MORE = 8  # candidates beyond K: those that rounding may have put out of order


def neighbours(
    queries: Array, labels: Array, reference: Reference, count: int, metric: str = "euclidean"
) -> tuple[Array, Array]:
    """For each query the nearest vectors of its class, nearest first.

    Vectors that are the query itself (nearer than a 10,000th of the class's spread: a query that
    is in the reference comes back from a network a little rounded) are not its neighbours. A row
    doesn't depend on the other rows. Classes of up to 5,000 vectors are searched by brute force;
    larger ones through scikit-learn, whose indexes are exact, if it is installed: the answer is
    the same (but where a vector is there more than K + 8 times).

    Args:
        queries: (N, L).
        labels: (N,) places of their classes.
        reference: where neighbours come from.
        count: K, at least 1.
        metric: of `METRICS`.

    Returns:
        (N, K) int64 places in the reference, -1 where there are no more; and (N,) int64, how many
        there are.

    Raises:
        RequestError: an unknown metric, fewer than one neighbour.
    """
    if count < 1:
        raise RequestError(f"neighbours must be at least 1, got {count}")
    if metric not in METRICS:
        raise RequestError(
            f"no metric '{metric}'{did_you_mean(metric, METRICS)}; known: {', '.join(METRICS)}"
        )
    held = reference.keep(("space", metric), lambda: _space(reference.latents, reference, metric))
    asked = _space(queries, reference, metric)
    found = np.full((len(queries), count), -1, np.int64)
    for label in np.unique(labels).tolist():
        rows = reference.rows[label]
        mine = np.flatnonzero(labels == label)
        if len(rows) == 0:
            continue
        spread = np.sqrt(held[rows].var(axis=0).sum())
        for part in np.array_split(mine, max(1, len(mine) * len(rows) // _AT_ONCE)):
            near = _candidates(asked[part], held[rows], reference, (metric, label), count)
            far = _distances(asked[part], held[rows], near)
            far[far <= (_SELF * spread) ** 2] = np.inf
            order = np.argsort(far, axis=1, kind="stable")[:, :count]
            chosen = np.take_along_axis(near, order, axis=1)
            none = ~np.isfinite(np.take_along_axis(far, order, axis=1))
            found[part[:, None], np.arange(order.shape[1])] = np.where(none, -1, rows[chosen])
    return found, (found >= 0).sum(axis=1)


def _space(vectors: Array, reference: Reference, metric: str) -> Array:
    """The vectors (float64) where plain distances are the metric's."""
    vectors = np.asarray(vectors, np.float64)
    if metric == "standardised":
        spread = reference.spread
        return np.asarray(vectors / np.where(spread > 0, spread, 1))
    if metric == "cosine":
        # Half the squared distance between unit vectors is 1 - cos.
        long = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
        return np.asarray(vectors / np.where(long > 0, long, 1))
    if metric == "mahalanobis":
        root = reference.keep("whitening", lambda: _whitening(reference.within))
        return spread_by(root, vectors)
    return vectors


def _whitening(covariance: Array) -> Array:
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))


def _candidates(
    asked: Array, held: Array, reference: Reference, name: tuple[str, int], count: int
) -> Array:
    """(N, J) places in `held` among which the nearest `count` and the vector itself are."""
    if len(held) > _MANY and len(asked):
        index = reference.keep(("index", *name), lambda: _index(held))
        if index is not None:
            # As many again may be the vector itself, copied.
            most = min(len(held), 2 * count + _MORE)
            return np.asarray(np.sort(index.kneighbors(asked, most, return_distance=False), axis=1))
    return np.broadcast_to(np.arange(len(held)), (len(asked), len(held)))


def _index(held: Array) -> Any:
    try:
        from sklearn.neighbors import NearestNeighbors
    except ImportError:
        return None
    return NearestNeighbors().fit(held)  # a tree, or brute force where that is quicker


def _distances(asked: Array, held: Array, near: Array) -> Array:
    """(N, J) squared distances, summed in a fixed order: the same for any number of rows."""
    out = np.zeros(near.shape)
    everything = near.strides[0] == 0
    for k in range(held.shape[1]):
        other = held[:, k] if everything else held[near, k]
        out += (other - asked[:, k : k + 1]) ** 2
    return out
