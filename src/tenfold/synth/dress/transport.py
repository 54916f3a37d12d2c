"""Values moved so that their distribution becomes another: optimal transport on a line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.samples.sample import Array

QUANTILES = 257
"""Numbers that describe a distribution: its quantiles at equal steps of probability, ends too."""
_BINS = 1024
_STEPS = np.linspace(0, 1, QUANTILES)


def quantiles_of(values: Array) -> NDArray[np.float32]:
    """(QUANTILES,) of any number of values, between two linearly."""
    ranked = np.sort(values, axis=None)
    places = _STEPS * (len(ranked) - 1)
    return np.asarray(np.interp(places, np.arange(len(ranked)), ranked), np.float32)


def toned(values: NDArray[np.float32], wanted: Array) -> NDArray[np.float32]:
    """`values` brought near to a distribution by a function of the value alone.

    What has one value keeps one: the mean of all that it would be spread to (barycentric
    projection). Values are told apart to 1/1024 of their range.

    Args:
        values: (H, W).
        wanted: (QUANTILES,).
    """
    low, high = values.min(), values.max()
    width = max(high - low, np.float32(1e-6))
    bins = np.minimum(((values - low) * (_BINS / width)).astype(np.intp), _BINS - 1)
    ends = np.concatenate([[0], np.cumsum(np.bincount(bins.ravel(), minlength=_BINS))])
    share = ends / ends[-1]
    areas = (wanted[1:].astype(np.float64) + wanted[:-1]) / (2 * (QUANTILES - 1))
    below = np.interp(share, _STEPS, np.concatenate([[0], np.cumsum(areas)]))
    curve = np.diff(below) / np.maximum(np.diff(share), 1e-12)
    return np.asarray(curve.take(bins), np.float32)


def towards(values: NDArray[np.float32], wanted: Array) -> NDArray[np.float32]:
    """What to add to `values`, (H, W), so that they are distributed as wanted, (QUANTILES,)."""
    low, high = values.min(), values.max()
    if not high > low:
        return np.zeros_like(values)
    place: NDArray[np.float32] = (values - low) * (np.float32(_BINS) / (high - low))
    bins = place.astype(np.intp)
    np.minimum(bins, _BINS - 1, out=bins)
    place -= bins.astype(np.float32)
    below = np.concatenate([[0], np.cumsum(np.bincount(bins.ravel(), minlength=_BINS))])
    ends = np.interp(below / below[-1], _STEPS, wanted).astype(np.float32)
    place *= np.diff(ends).take(bins)
    place += ends[:-1].take(bins)
    place -= values
    return place
