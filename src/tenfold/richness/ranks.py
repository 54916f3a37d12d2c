"""Whether one set of numbers lies below another, and whether one share is above another."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from tenfold.richness.distances import Floats


def mann_whitney_z(first: ArrayLike, second: ArrayLike) -> float:
    """Mann and Whitney's U of two samples as a standard score.

    The normal approximation with its correction for ties and without one for continuity
    (Mann & Whitney, Annals of Mathematical Statistics 18, 1947; Lehmann, Nonparametrics, 1975).

    Args:
        first, second: (n,) and (m,) numbers.

    Returns:
        Below zero where the first tend to be smaller; zero if all are equal, or one set is empty.
    """
    a, b = np.asarray(first, np.float64).ravel(), np.asarray(second, np.float64).ravel()
    n, m = len(a), len(b)
    if not n or not m:
        return 0.0
    _, place, counts = np.unique(np.concatenate([a, b]), return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[place]
    u = float(ranks[:n].sum()) - n * (n + 1) / 2
    total = n + m
    tied = float((counts.astype(np.float64) ** 3 - counts).sum()) / (total * (total - 1))
    variance = n * m / 12 * (total + 1 - tied)
    return (u - n * m / 2) / math.sqrt(variance) if variance > 1e-9 else 0.0


def share_z(hits: int, of: int, other_hits: int, other_of: int) -> float:
    """Standard score of the difference of two shares, their variance pooled.

    Returns:
        Above zero where the first is larger; zero if both are 0 or both 1.
    """
    pooled = (hits + other_hits) / (of + other_of)
    variance = pooled * (1 - pooled) * (1 / of + 1 / other_of)
    return (hits / of - other_hits / other_of) / math.sqrt(variance) if variance > 0 else 0.0
