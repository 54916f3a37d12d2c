"""A mixture of Gaussians that share one covariance: as many as few samples bear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenfold.learned.examples import Array
from tenfold.learned.latent.covariance import shrunk

_EACH = 6  # vectors a component at least
_MOST = 8  # components
_ROUNDS = 100


@dataclass(frozen=True, eq=False)
class Mixture:
    """Attributes: weights (K,), means (K, L), and the Cholesky root (L, L) of the covariance."""

    weights: Array
    means: Array
    root: Array


def fit_mixture(vectors: Array, target: Array) -> Mixture:
    """Fit by expectation maximisation, with the number of components by BIC.

    The components share one covariance, drawn towards `target` (see `shrunk`) in each round: a
    handful of vectors can't tell more. No randomness: the first means are vectors far from each
    other.

    Args:
        vectors: (M, L), at least one.
        target: (L, L) what the covariance is drawn towards: that within classes.
    """
    x = np.asarray(vectors, np.float64)
    most = max(1, min(_MOST, len(x) // _EACH))
    fits = [_fit(x, count, target) for count in range(1, most + 1)]
    return min(fits, key=lambda fit: fit[0])[1]


def _fit(x: Array, count: int, target: Array) -> tuple[float, Mixture]:
    """(BIC, mixture) of so many components."""
    rows, wide = x.shape
    means = x[_far_apart(x, count)] if count > 1 else x.mean(axis=0, keepdims=True)
    share = np.zeros((rows, count))
    share[np.arange(rows), ((x[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)] = 1
    before = -np.inf
    for _ in range(_ROUNDS):
        mass = share.sum(axis=0) + 1e-12
        weights, means = mass / mass.sum(), share.T @ x / mass[:, None]
        # Each vector counts for its components as they share it.
        apart = (x[:, None] - means) * np.sqrt(share)[..., None]
        covariance = shrunk(apart.reshape(-1, wide) * np.sqrt(count), target)
        root = np.linalg.cholesky(covariance)
        away = np.linalg.solve(root, (x[:, None] - means).reshape(-1, wide).T)
        logs = (
            np.log(weights)
            - 0.5 * (away**2).sum(axis=0).reshape(rows, count)
            - np.log(np.diag(root)).sum()
            - 0.5 * wide * np.log(2 * np.pi)
        )
        top = logs.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(logs - top).sum(axis=1))
        share = np.exp(logs - total[:, None])
        likelihood = float(total.sum())
        if likelihood - before < 1e-6 * rows:
            break
        before = likelihood
    free = count - 1 + count * wide  # the covariance is the same for all counts
    return free * np.log(rows) - 2 * likelihood, Mixture(weights, means, root)


def _far_apart(x: Array, count: int) -> list[int]:
    """Places of vectors, each the farthest from those before; the first is the most central."""
    chosen = [int(((x - x.mean(axis=0)) ** 2).sum(axis=1).argmin())]
    while len(chosen) < count:
        near = ((x[:, None] - x[chosen]) ** 2).sum(axis=2).min(axis=1)
        chosen.append(int(near.argmax()))
    return chosen
