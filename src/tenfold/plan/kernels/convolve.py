"""Convolution of every colour channel with one kernel."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from tenfold.ops.steps import Convolution
from tenfold.plan.kernels.values import ValueRange, by_group, clipped
from tenfold.samples.sample import Array


def apply_convolution(image: Array, step: Convolution, value_range: ValueRange) -> Array:
    """Convolve, mirroring beyond the border without repeating the edge pixel; clip, round once.

    Args:
        image: (H, W, C) colour channels; may be smaller than the kernel.
        step: the kernel.
        value_range: black and white.

    Returns:
        A new array of the same shape and dtype.
    """
    # OpenCV correlates; a convolution is a correlation with the kernel turned by 180 degrees.
    kernel = np.ascontiguousarray(
        step.kernel[:, ::-1] if step.separable else step.kernel[::-1, ::-1]
    )

    def convolved(part: Array) -> Array:
        border = cv2.BORDER_REFLECT_101
        if step.separable:
            out = cv2.sepFilter2D(part, -1, kernel[0], kernel[1], borderType=border)
        else:
            out = cv2.filter2D(part, -1, kernel, borderType=border)
        return cast("Array", out)

    return clipped(by_group(image, convolved), value_range)
