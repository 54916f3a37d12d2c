"""Squared distances between many rows, by one matrix product."""

from __future__ import annotations

import numpy as np

from tenfold.learned.examples import Array


def squared_distances(a: Array, b: Array) -> Array:
    """(N, D), (M, D) float32 -> (N, M) float32 squared Euclidean distances.

    |a - b|^2 = |a|^2 + |b|^2 - 2 ab, about the common mean so that little cancels; what rounding
    leaves below zero is zero.
    """
    centre = b.mean(axis=0, dtype=np.float64).astype(np.float32)
    a, b = a - centre, b - centre
    out = a @ b.T
    out *= -2
    out += np.einsum("nd,nd->n", a, a)[:, None]
    out += np.einsum("nd,nd->n", b, b)[None]
    np.maximum(out, 0, out=out)
    return np.asarray(out)
