"""Kernels of convolutions: float32, odd sizes, sum 1."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tenfold.ops.steps import Number

Kernel = NDArray[np.float32]
_REACH = 3.1  # sigmas
_FINE = 16  # samples a pixel and axis where a shape is averaged over pixels


def gaussian_factors(sigma: float) -> Kernel:
    """(2, k): a Gaussian sampled at the pixels, for rows and columns.

    It ends 3.1 sigma or more from the centre, counting the last pixel whole. What lies beyond is
    less than 0.2 % of its sum, so that no value changes by more than half a level of 8 bits.
    """
    reach = max(1, math.ceil(_REACH * sigma - 0.5))
    x = np.arange(-reach, reach + 1)
    factor = np.exp(-0.5 * (x / sigma) ** 2)
    factor /= factor.sum()
    return np.stack([factor, factor]).astype(np.float32)


def motion_kernel(length: float, degrees: float) -> Kernel:
    """A straight, even movement during the exposure, each moment interpolated bilinearly.

    Args:
        length: way from start to end, px.
        degrees: direction, counter-clockwise from the right as seen on the screen.
    """
    count = 2 * math.ceil(length * _FINE) + 1
    way = np.linspace(-length / 2, length / 2, count)
    x, y = way * math.cos(math.radians(degrees)), -way * math.sin(math.radians(degrees))
    reach = math.ceil(length / 2) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    right_share, low_share = x - left, y - top
    for dx, dy in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = np.abs(1 - dx - right_share) * np.abs(1 - dy - low_share)
        np.add.at(kernel, (top + dy + reach, left + dx + reach), share)
    return _trimmed(kernel)


def disk_kernel(radius: float) -> Kernel:
    """A lens out of focus: an even disk, each pixel by the share of it that is covered."""
    reach = math.ceil(radius + 0.5)
    fine = (np.arange((2 * reach + 1) * _FINE) + 0.5) / _FINE - reach - 0.5
    inside = fine[:, None] ** 2 + fine[None] ** 2 <= radius**2
    size = 2 * reach + 1
    kernel = inside.reshape(size, _FINE, size, _FINE).mean(axis=(1, 3))
    return _trimmed(kernel)


def sharpness_kernel(factor: Number) -> Kernel:
    """(..., 3, 3): 0 smooths slightly, 1 is the picture, above 1 sharpens (as in Pillow)."""
    smooth = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
    own = np.asarray(factor, dtype=np.float64)
    kernel = (1 - own)[..., None, None] * smooth
    kernel[..., 1, 1] += own
    return kernel.astype(np.float32)


def _trimmed(kernel: NDArray[np.float64]) -> Kernel:
    """Without empty rims, symmetric as the shape is, sum 1."""
    kernel = kernel + kernel[::-1, ::-1]
    kernel[kernel < 1e-9 * kernel.max()] = 0
    while kernel.shape[0] > 1 and not kernel[0].any():
        kernel = kernel[1:-1]
    while kernel.shape[1] > 1 and not kernel[:, 0].any():
        kernel = kernel[:, 1:-1]
    whole: Kernel = (kernel / kernel.sum()).astype(np.float32)
    return whole
