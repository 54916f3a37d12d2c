"""Smooth and rough random fields, the same to the last bit on every machine.

Products and sums in a fixed order only: no Fourier transform and no matrix product.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.native.library import ffi, lib

Singles = NDArray[np.float32]


def smooth(random: np.random.Generator, height: int, width: int, scale: float) -> Singles:
    """A smooth field of mean 0 and standard deviation 1 (over many fields).

    A cubic B-spline through random numbers on a grid: (H, W) float32.

    Args:
        random: where the numbers come from.
        scale: spacing of the grid, pixels.
    """
    rows, columns = int(np.ceil(height / scale)) + 4, int(np.ceil(width / scale)) + 4
    grid = random.uniform(-1.0, 1.0, (rows, columns)).astype(np.float32)
    shift = random.uniform(0.0, 1.0, 2)
    first, weights = _taps(height, scale, float(shift[0]))
    tall = sum(weights[k][:, None] * grid[first + k] for k in range(4))
    first, weights = _taps(width, scale, float(shift[1]))
    out = sum(weights[k][None, :] * tall[:, first + k] for k in range(4))
    # Even numbers have variance 1/3; the spline's weights keep 0.4794 of it along each axis.
    return np.asarray(out * np.float32(np.sqrt(3.0) / 0.4794), dtype=np.float32)


def _taps(size: int, scale: float, shift: float) -> tuple[NDArray[np.int64], Singles]:
    """First grid point (size,) of each pixel's four, and their weights (4, size)."""
    at = (np.arange(size) + 0.5) / scale + shift
    first = np.floor(at).astype(np.int64)
    t = at - first
    weights = np.stack(
        [(1 - t) ** 3, 3 * t * t * t - 6 * t * t + 4, -3 * t * t * t + 3 * t * t + 3 * t + 1, t**3]
    )
    return first, (weights / 6).astype(np.float32)


def octaves(
    random: np.random.Generator, height: int, width: int, scale: float, count: int, gain: float
) -> Singles:
    """Smooth fields of ever half the scale and `gain` times the strength, summed; variance 1."""
    out = np.zeros((height, width), np.float32)
    total = 0.0
    for k in range(count):
        out += np.float32(gain**k) * smooth(random, height, width, max(scale / 2**k, 1.0))
        total += gain ** (2 * k)
    return out * np.float32(1 / np.sqrt(total))


def blurred(image: Singles, sigma: float) -> Singles:
    """A picture (H, W) float32 under a Gaussian of this standard deviation, pixels."""
    if sigma <= 0:
        return image
    reach = int(np.ceil(3 * sigma))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    taps = np.round(taps / taps.sum(), 7).astype(np.float32)
    return filtered(image, taps)


def filtered(image: Singles, taps: Singles) -> Singles:
    """A picture (H, W) float32 correlated with an odd number of taps along x and along y."""
    height, width = image.shape
    image = np.ascontiguousarray(image, np.float32)
    out = np.empty_like(image)
    factors = np.ascontiguousarray(np.stack([taps, taps]), np.float32)
    size = len(taps)
    scratch = np.empty(2 * (width + size) + 64, np.float32)
    pointer = ffi.from_buffer
    lib.separable_f32(
        pointer("float[]", image), height, width, 1, pointer("float[]", factors), size,
        -3e38, 3e38, pointer("float[]", scratch), pointer("float[]", out),
    )  # fmt: skip
    return out


def rough(random: np.random.Generator, height: int, width: int) -> Singles:
    """White noise (H, W) float32 of mean 0 and standard deviation 1: a sum of four even numbers.

    Nearly normal (its excess kurtosis is -0.3).
    """
    words = random.integers(0, 1 << 16, (4, height, width), dtype=np.uint16).astype(np.float32)
    total = words[0] + words[1] + words[2] + words[3]
    scaled: Singles = (total - np.float32(2 * 65535)) * np.float32(np.sqrt(3.0) / 65535)
    return scaled
