"""What mixers are made of: numbers, and pure functions of two pictures (H, W, C)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tenfold.mixing.batches import Array

Mask = NDArray[np.bool_]
Weights = NDArray[np.float32]


def beta(alpha: float, u: float, v: float) -> float:
    """A number distributed as Beta(alpha, alpha), from two independent uniforms in (0, 1).

    Exact for any alpha > 0 (Devroye, "Random variate generation in one line of code", Winter
    Simulation Conference 1996, symmetric beta; from Bailey's polar method for Student's t,
    Mathematics of Computation 62, 1994): with w = (u^(-1/alpha) - 1) cos²(2 pi v),
    1/2 ± 1/2 sqrt(w / (1 + w)), the sign that of the cosine.
    """
    cosine = math.cos(2 * math.pi * v)
    exponent = -math.log(u) / alpha
    if exponent > 700:  # e^700 is near the greatest float: the root is 1
        return 0.5 + math.copysign(0.5, cosine)
    w = math.expm1(exponent) * cosine**2
    return 0.5 + math.copysign(0.5 * math.sqrt(w / (1 + w)), cosine)


def cut(u: float, length: int) -> int:
    """Where to cut `length` pixels so that a share u comes before: the nearest whole number.

    Summers & Dinneen round down; rounding to the nearest treats both pictures alike.
    """
    return int(u * length + 0.5)


def place(u: float, length: int, whole: int) -> int:
    """Where a stretch begins in `whole` pixels, every place inside being equally likely."""
    return min(int(u * (whole - length + 1)), whole - length)


def by_mask(mask: Mask, first: Array, second: Array) -> tuple[Array, tuple[float, float]]:
    """`first` where the mask is true, else `second`; and both shares of the values.

    Args:
        mask: broadcasts to (H, W, C).
        first, second: pictures.
    """
    share = float(mask.mean())
    return np.where(mask, first, second), (share, 1 - share)


def by_weights(weights: Weights | float, first: Array, second: Array) -> Array:
    """The weighted mean: weights * first + (1 - weights) * second, in the dtype of both.

    Args:
        weights: within [0, 1]; broadcast to (H, W, C).
        first, second: pictures. Integers are rounded to the nearest (halves to even).
    """
    a, b = first.astype(np.float32, copy=False), second.astype(np.float32, copy=False)
    mixed = b + np.asarray(weights, np.float32) * (a - b)
    # Rounding can lead beyond the greater of the two by a unit in the last place.
    mixed = np.clip(mixed, np.minimum(a, b), np.maximum(a, b))
    return _as(mixed, first.dtype)


def between_class(share: float, first: Array, second: Array) -> Array:
    """BC+ (Tokozume, Ushiku & Harada, "Between-class learning for image classification", 2018).

    With means of each channel m, standard deviations of all values s, and r = `share`:
    p = 1 / (1 + s1/s2 (1 - r)/r) and (p (x1 - m1) + (1 - p)(x2 - m2)) / sqrt(p² + (1 - p)²).
    Pictures are taken for waves: p makes the loudness of their sum's parts go as r, the root
    keeps its energy.

    Where pictures aren't of mean zero, the mean r m1 + (1 - r) m2 is added again, so that dtype
    and range can be kept: integers are clipped to their dtype, floats to [0, 1] where both
    pictures lie within it. A picture without contrast has no say in the other's (p is 0 or 1);
    if neither has any, p = r.

    Args:
        share: of the label, in (0, 1).
        first, second: pictures.
    """
    a, b = first.astype(np.float64), second.astype(np.float64)
    mean_a, mean_b = a.mean(axis=(0, 1)), b.mean(axis=(0, 1))
    a -= mean_a
    b -= mean_b
    loud_a, loud_b = float(np.sqrt(np.mean(a * a))), float(np.sqrt(np.mean(b * b)))
    weight_a, weight_b = share * loud_b, (1 - share) * loud_a
    p = weight_a / (weight_a + weight_b) if weight_a + weight_b > 0 else share
    mixed = (p * a + (1 - p) * b) / math.sqrt(p * p + (1 - p) * (1 - p))
    mixed += share * mean_a + (1 - share) * mean_b
    if first.dtype.kind != "f":
        return _as(np.clip(mixed, 0, np.iinfo(first.dtype).max), first.dtype)
    low, high = min(first.min(), second.min()), max(first.max(), second.max())
    if low >= 0 and high <= 1:
        mixed = np.clip(mixed, 0, 1)
    return _as(mixed, first.dtype)


def shrink(picture: Array, height: int, width: int) -> Array:
    """A smaller picture, each pixel the mean of the area that it covers.

    Args:
        picture: (H, W, C).
        height, width: at most H and W.
    """
    if picture.shape[:2] == (height, width):
        return picture
    mixed = _shrink_rows(picture.astype(np.float64), height)
    mixed = _shrink_rows(mixed.swapaxes(0, 1), width).swapaxes(0, 1)
    return _as(np.clip(mixed, picture.min(), picture.max()), picture.dtype)


def _shrink_rows(values: Array, count: int) -> Array:
    """Means of `count` equal stretches of the first axis, by differences of its running sum."""
    length = len(values)
    edges = np.arange(count + 1) * length / count
    whole = np.minimum(edges.astype(np.intp), length - 1)
    rest = (edges - whole)[:, None, None]
    sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    reached = sums[whole] + rest * values[whole]
    return np.diff(reached, axis=0) * (count / length)


def _as(values: Array, dtype: np.dtype[np.generic]) -> Array:
    return values.astype(dtype) if dtype.kind == "f" else np.rint(values).astype(dtype)
