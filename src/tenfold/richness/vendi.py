"""The Vendi score: how many clearly different samples a set is worth."""

from __future__ import annotations

import math

import numpy as np

from tenfold.errors import RequestError
from tenfold.richness.distances import Floats
from tenfold.richness.interval import Measure, around

_NORMAL = 1.959964
_LEAST = 1e-14


def vendi_score(features: Floats) -> Measure:
    """The effective number of different samples: exp(-sum of l log l).

    l are the eigenvalues of K / n, K the cosine similarities of the samples (Friedman & Dieng,
    "The Vendi score", TMLR 2023, arXiv 2210.02410, definition 3.1). With X the features at length
    1, K = X X^T has the same eigenvalues beside zeros as the (D, D) matrix X^T X: the smaller of
    the two is taken, so that many samples cost no more than many features.

    Samples at the origin have no direction: they count as one kind of their own.

    The interval is that of the infinitesimal jackknife: sample i moves the entropy by
    -x_i^T log(X^T X / n) x_i less its mean.

    Args:
        features: (n, D), centred by the caller where their mean says nothing.

    Returns:
        1 (all alike) to min(n, D) (as many kinds as there can be), and its 95 % interval, at this
        number of samples: more samples show more.

    Raises:
        RequestError: no samples, no table, or values that aren't finite.
    """
    given = np.asarray(features, np.float64)
    if given.ndim != 2 or not given.size:
        raise RequestError(f"a Vendi score needs features (n, D), got shape {given.shape}")
    if not np.isfinite(given).all():
        raise RequestError("a Vendi score needs finite features; drop the samples that aren't")
    unit = _directions(given)
    count, wide = unit.shape
    if wide <= count:
        values, axes = np.linalg.eigh(unit.T @ unit / count)
        parts = np.square(unit @ axes)
    else:
        values, axes = np.linalg.eigh(unit @ unit.T / count)
        parts = count * np.maximum(values, 0) * np.square(axes)
    values = np.maximum(values, _LEAST)
    entropy = -float((values * np.log(values)).sum())
    moved = -parts @ np.log(values)
    error = float(moved.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
    score = math.exp(entropy)
    most = float(min(count, wide))
    return around(min(score, most), _NORMAL * error * score, 1.0, most)


def _directions(features: Floats) -> Floats:
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    still = lengths[:, 0] <= _LEAST * max(float(lengths.max()), 1e-300)
    unit = features / np.where(lengths > 0, lengths, 1)
    if not still.any():
        return np.asarray(unit)
    unit[still] = 0
    return np.concatenate([unit, still[:, None].astype(np.float64)], axis=1)
