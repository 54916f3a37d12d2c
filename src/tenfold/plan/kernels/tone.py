"""Curves: functions of each value on its own, run after run fused to one table.

A curve takes values 0..1, (C, n) or, while all channels are alike, (1, n); if it is a measured
one, `weights` (C, n), how many pixels have each value, or None where the values are the pixels
themselves; and the numbers of its step. It returns (1, n) or (C, n), not yet clipped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.ops.colour_science import LUMA_601
from tenfold.ops.steps import Curve
from tenfold.plan.kernels import light
from tenfold.plan.kernels.values import Floats, ValueRange, from_unit, to_unit
from tenfold.samples.sample import Array

_BINS = 65536  # resolution at which float images are ranked
Weights = NDArray[np.float64] | None


def _shift(values: Floats, amount: float) -> Floats:
    return values + amount


def _light_gain(values: Floats, linear: float, *gains: float) -> Floats:
    """Multiply the light: one gain, or one for each channel."""
    factor = np.array(gains, dtype=values.dtype)[:, None]
    if linear:
        return cast("Floats", values * factor)
    return light.encode(light.decode(values) * factor)


def _power(values: Floats, exponent: float) -> Floats:
    return values**exponent


def _contrast_mid(values: Floats, factor: float) -> Floats:
    return 0.5 + (values - 0.5) * factor


def _contrast_mean(values: Floats, weights: Weights, factor: float) -> Floats:
    """About the mean luma of the picture (of three channels), or the mean of all channels."""
    if weights is None:
        means = values.mean(axis=1, dtype=np.float64)
    else:
        means = (values * weights).sum(axis=1) / weights.sum(axis=1)
    shares = LUMA_601 if len(means) == 3 else np.full(len(means), 1 / len(means))
    pivot = values.dtype.type(means @ shares)
    return cast("Floats", pivot + (values - pivot) * values.dtype.type(factor))


_FLAT = 1e-4
"""A span of values below this is taken for one value: stretching it would show rounding only."""


def _autocontrast(values: Floats, weights: Weights, cutoff: float, joint: float) -> Floats:
    """Darkest to 0 and brightest to 1, without the share `cutoff` of pixels at each end."""
    rows = len(values) if weights is None else len(weights)
    spread = np.broadcast_to(values, (rows, values.shape[1]))
    if joint:
        merged = spread.reshape(1, -1)
        counts = None if weights is None else weights.reshape(1, -1)
    else:
        merged, counts = spread, weights
    ends = [
        _ends(row, None if counts is None else counts[i], cutoff) for i, row in enumerate(merged)
    ]
    low, high = np.array(ends, dtype=values.dtype).T[:, :, None]
    flat = high - low < _FLAT
    stretched = (spread - low) / np.where(flat, 1, high - low)
    return cast("Floats", np.where(flat, spread, stretched))


def _ends(row: Floats, counts: NDArray[np.float64] | None, cutoff: float) -> tuple[float, float]:
    """Values of the first pixels that are not cut off (as Pillow counts them)."""
    if counts is None:
        drop = int(cutoff * row.size)
        ordered = np.partition(row, (drop, row.size - 1 - drop)) if drop else row
        if drop:
            return float(ordered[drop]), float(ordered[row.size - 1 - drop])
        return float(row.min()), float(row.max())
    order = np.argsort(row, kind="stable")
    order = order[counts[order] > 0]
    values, seen = row[order], np.cumsum(counts[order])
    drop = int(cutoff * seen[-1])
    first = int(np.searchsorted(seen, drop, side="right"))
    last = int(np.searchsorted(seen, seen[-1] - drop, side="left"))
    return float(values[first]), float(values[last])


def _equalize(values: Floats, weights: Weights) -> Floats:
    """Rank in place of value: the share of darker pixels, brightest to 1."""
    if weights is None:
        return np.stack([_equalized_pixels(row) for row in values])
    spread = np.broadcast_to(values, weights.shape)
    rows = [_ranks(row, w, row) for row, w in zip(spread, weights, strict=True)]
    return np.stack(rows)


def _equalized_pixels(row: Floats) -> Floats:
    grid = np.linspace(0, 1, _BINS)
    index = np.rint(row * (_BINS - 1)).astype(np.int64)
    table = _ranks(grid, np.bincount(index, minlength=_BINS).astype(np.float64), grid)
    return np.interp(row, grid, table).astype(row.dtype)


def _ranks(values: Floats, counts: NDArray[np.float64], unchanged: Floats) -> Floats:
    levels, where = np.unique(values, return_inverse=True)
    mass = np.bincount(where, weights=counts, minlength=len(levels))
    used = np.flatnonzero(mass)
    rest = mass.sum() - mass[used[-1]]
    if rest <= 0:  # one value only: nothing to spread
        return unchanged
    ranks = (np.cumsum(mass) - mass) / rest
    return cast("Floats", ranks[where])


def _invert(values: Floats) -> Floats:
    return 1 - values


def _solarize(values: Floats, threshold: float) -> Floats:
    return cast("Floats", np.where(values > threshold, 1 - values, values))


def _posterize(values: Floats, bits: float) -> Floats:
    """The highest `bits` of eight; the small offset absorbs the rounding of k / 255."""
    step = 2.0 ** (8 - bits)
    return cast("Floats", np.floor(values * (255 / step) + 1e-4) * (step / 255))


CurveFunction = Callable[..., Floats]
CURVES: dict[str, CurveFunction] = {
    "shift": _shift,
    "light_gain": _light_gain,
    "power": _power,
    "contrast_mid": _contrast_mid,
    "contrast_mean": _contrast_mean,
    "autocontrast": _autocontrast,
    "equalize": _equalize,
    "invert": _invert,
    "solarize": _solarize,
    "posterize": _posterize,
}
"""Every curve by the name that `Curve.function` gives."""

MEASURED = frozenset({"contrast_mean", "autocontrast", "equalize"})
"""Curves that depend on the whole image."""

_STEPPED = frozenset({"equalize", "solarize", "posterize"})
"""Curves with jumps. Before one, a table is rounded to the image's levels: rounding that comes
later could land on the other side of a jump."""


def apply_curves(image: Array, curves: Sequence[Curve], value_range: ValueRange) -> Array:
    """Apply curves one after the other: integers by one table, floats by the functions.

    Values are clipped to 0..1 after each curve and rounded once at the end, so the result differs
    from rounding after each curve by at most the roundings saved.

    Args:
        image: (H, W, C) colour channels.
        curves: in order.
        value_range: black and white.

    Returns:
        A new array of the same shape and dtype.
    """
    if image.dtype.kind == "f":
        return _apply_directly(image, curves, value_range)
    table = curve_table(image, curves, value_range)
    if image.dtype == np.uint8:
        return _look_up_bytes(image, table)
    if len(table) == 1:
        return np.take(table[0], image)
    out = np.empty_like(image)
    for channel, row in enumerate(table):
        out[:, :, channel] = row[image[:, :, channel]]
    return out


def curve_table(image: Array, curves: Sequence[Curve], value_range: ValueRange) -> Array:
    """The table of a run of curves: (1 or C, levels), of the image's integer dtype.

    It has an entry for every value of the dtype; those beyond the range are black or white.
    """
    low, high = value_range
    span = high - low
    raw = np.arange(np.iinfo(image.dtype).max + 1, dtype=np.float64)
    values: Floats = np.clip((raw - low) / span, 0, 1)[None]
    weights: Weights = None
    for curve in curves:
        if weights is None and curve.function in MEASURED:
            weights = _histogram(image)
        if curve.function in _STEPPED:
            values = np.rint(values * span) / span
        values = _apply_one(curve, values, weights)
        values = np.clip(values, 0, 1)
    table: Array = np.rint(low + values * span).astype(image.dtype)
    return table


def _apply_directly(image: Array, curves: Sequence[Curve], value_range: ValueRange) -> Array:
    height, width, channels = image.shape
    unit = np.clip(to_unit(image, value_range), 0, 1)
    values: Floats = np.ascontiguousarray(unit.reshape(-1, channels).T)
    for curve in curves:
        values = _apply_one(curve, values, None)
        values = np.clip(values, 0, 1).astype(np.float32, copy=False)
    out = np.ascontiguousarray(values.T).reshape(height, width, channels)
    return from_unit(out, image.dtype, value_range)


def _apply_one(curve: Curve, values: Floats, weights: Weights) -> Floats:
    function = CURVES[curve.function]
    if curve.function in MEASURED:
        return function(values, weights, *curve.parameters)
    return function(values, *curve.parameters)


def _histogram(image: Array) -> NDArray[np.float64]:
    levels = int(np.iinfo(image.dtype).max) + 1
    rows = []
    for channel in range(image.shape[2]):
        if image.dtype == np.uint8:
            counts: NDArray[Any] = cv2.calcHist([image], [channel], None, [levels], [0, levels])
        else:
            counts = np.bincount(image[:, :, channel].ravel(), minlength=levels)
        rows.append(counts.reshape(-1).astype(np.float64))
    return np.stack(rows)


def _look_up_bytes(image: Array, table: Array) -> Array:
    channels = image.shape[2]
    if len(table) == 1:
        return cast("Array", cv2.LUT(image.reshape(image.shape[0], -1), table)).reshape(image.shape)
    if channels <= 4:
        looked = cv2.LUT(image, np.ascontiguousarray(table.T)[None])
        return cast("Array", looked).reshape(image.shape)
    out = np.empty_like(image)
    for channel, row in enumerate(table):
        out[:, :, channel] = row[image[:, :, channel]]
    return out
