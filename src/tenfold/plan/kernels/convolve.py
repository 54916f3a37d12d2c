"""Convolution of every colour channel with one kernel."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from tenfold.ops.steps import Convolution
from tenfold.plan.kernels.native import bounds, kernels, pointer, raster
from tenfold.plan.kernels.values import ValueRange, by_group, clipped
from tenfold.samples.sample import Array

_SEPARABLE = kernels("separable")
_CORRELATE = kernels("correlate")
_MOST_TAPS = 200
"""Numbers other than 0 in a kernel up to which it is applied as it is; OpenCV has Fourier
transforms for larger ones. The compiled kernel takes 256 at most."""


def apply_convolution(image: Array, step: Convolution, value_range: ValueRange) -> Array:
    """Convolve, mirroring beyond the border without repeating the edge pixel; clip, round once.

    Of the exact values, before they are clipped: 16-bit integers are within 0.51, bytes mostly too,
    which go by 16-bit sums (`native/smooth.c`, `native/taps.c`) with an error of up to 0.03; floats
    are within some units of their last place.

    Args:
        image: (H, W, C) colour channels; may be smaller than the kernel.
        step: the kernel.
        value_range: black and white.

    Returns:
        A new array of the same shape and dtype.
    """
    # The kernels correlate; a convolution is a correlation with the kernel turned by 180 degrees.
    kernel = np.ascontiguousarray(
        step.kernel[:, ::-1] if step.separable else step.kernel[::-1, ::-1], np.float32
    )
    rows, columns = kernel.shape
    if not step.separable and np.count_nonzero(kernel) > _MOST_TAPS:
        return clipped(by_group(image, lambda part: _by_opencv(part, kernel)), value_range)
    whole, out = raster(image)
    height, width, channels = whole.shape
    low, high = bounds(whole, value_range)
    if step.separable:
        scratch = np.empty(2 * (width + columns) * channels + 64, np.float32)
        _SEPARABLE[whole.dtype.char](
            pointer(whole), height, width, channels, pointer(kernel), columns, low, high,
            pointer(scratch), pointer(out),
        )  # fmt: skip
        return out
    scratch = np.empty(
        rows * ((width + columns) * channels + 32) + (width + 16) * channels + 64, np.float32
    )
    _CORRELATE[whole.dtype.char](
        pointer(whole), height, width, channels, pointer(kernel), rows, columns, low, high,
        pointer(scratch), pointer(out),
    )  # fmt: skip
    return out


def _by_opencv(part: Array, kernel: Array) -> Array:
    return cast("Array", cv2.filter2D(part, -1, kernel, borderType=cv2.BORDER_REFLECT_101))
