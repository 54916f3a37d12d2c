"""Covariances from few samples."""

from __future__ import annotations

import numpy as np

from tenfold.learned.examples import Array

_FLOOR = 1e-6  # of the mean variance: what a direction without any spread is given


def shrunk(centred: Array, target: Array | None = None) -> Array:
    """A covariance drawn towards a target, as far as the sample is too small to tell.

    Ledoit & Wolf, "A well-conditioned estimator for large-dimensional covariance matrices"
    (2004): the intensity is the estimated error of the sample covariance over its squared
    distance from the target, at most 1.

    Args:
        centred: (N, L) samples less their means.
        target: (L, L); by default the mean variance in every direction.

    Returns:
        (L, L) float64, positive definite; the target itself for N < 2, or else where the sample
        can't be told from it.
    """
    x = np.asarray(centred, np.float64)
    count, wide = x.shape
    sample = x.T @ x / max(count, 1)
    if target is None:
        target = np.eye(wide) * (np.trace(sample) / wide)
    apart = float(((sample - target) ** 2).sum())
    # |x x^T - S|^2 = |x|^4 - 2 x^T S x + |S|^2, and the mean of x^T S x is |S|^2.
    error = float(((x * x).sum(axis=1) ** 2).sum() / max(count, 1) - (sample**2).sum())
    intensity = min(1.0, error / count / apart) if count > 1 and apart > 0 else 1.0
    mixed = intensity * target + (1 - intensity) * sample
    mean = float(np.trace(mixed)) / wide
    return np.asarray(mixed + np.eye(wide) * (_FLOOR * mean if mean > 0 else 1e-12))


def spread_by(root: Array, normals: Array) -> Array:
    """(N, L) standard normals times a Cholesky root (L, L): of that root's covariance.

    The sum is in a fixed order, so that no row depends on the others, which a library's matrix
    product doesn't promise.
    """
    out = np.zeros(normals.shape)
    for j in range(root.shape[1]):
        out += normals[:, j : j + 1] * root[:, j]
    return out
