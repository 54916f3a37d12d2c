"""Rectangles covered by something else, and the colour of an image's background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.native.library import lib
from tenfold.ops.steps import Fill
from tenfold.plan.kernels.native import bounds, bytes_of, kernels, pointer, raster
from tenfold.plan.kernels.values import ValueRange
from tenfold.samples.sample import Array

_NOISE = kernels("fill_noise")


def border_colour(image: Array) -> Array:
    """Median of the image's outermost pixels, channel by channel: (C,), of the image's dtype.

    Of an even number of pixels the lower of the two middle ones, so that it is a value that occurs.
    """
    rim = _rim(image)
    middle = (len(rim) - 1) // 2
    colour: Array = np.partition(rim, middle, axis=0)[middle]
    return colour


def plain_border(image: Array, value_range: ValueRange) -> bool:
    """Whether the image's outermost pixels are of one tone.

    So they are if in every channel the middle 90 % lie within 6 % of black to white.
    """
    low, high = np.percentile(_rim(image), [5, 95], axis=0)
    return bool(((high - low) <= 0.06 * (value_range[1] - value_range[0])).all())


def _rim(image: Array) -> Array:
    """(N, C) the outermost pixels, each of them once."""
    height, width, channels = image.shape
    rows, sides = image[:: max(1, height - 1)], image[1:-1, :: max(1, width - 1)]
    return np.concatenate([rows.reshape(-1, channels), sides.reshape(-1, channels)])


def _means(image: Array) -> NDArray[np.float64]:
    whole = np.ascontiguousarray(image)
    parts = [whole[:, :, i : i + 4] for i in range(0, image.shape[2], 4)]
    return np.concatenate([cv2.mean(part)[: part.shape[2]] for part in parts])


def apply_fill(image: Array, fill: Fill, value_range: ValueRange) -> Array:
    """Cover the rectangles.

    Args:
        image: (H, W, C) colour channels.
        fill: where and with what; see `tenfold.ops.steps.Fill`.
        value_range: black and white.

    Returns:
        A new array of the same shape and dtype.
    """
    whole, out = raster(image)
    height, width, channels = whole.shape
    # The kernels write where they are told to.
    limits = np.array([width, height, width, height], np.int64)
    rectangles = np.maximum(np.asarray(fill.rectangles, np.int64), 0)
    rectangles = np.minimum(rectangles, limits, order="C")
    colour = (
        np.zeros(channels, whole.dtype)
        if fill.fill == "noise"
        else _colour(whole, fill, value_range)
    )
    lib.fill_rectangles(
        bytes_of(whole), height, width, channels * whole.itemsize,
        pointer(rectangles), len(rectangles), bytes_of(colour), bytes_of(out),
    )  # fmt: skip
    if fill.fill == "noise":
        low, high = bounds(whole, value_range)
        _NOISE[whole.dtype.char](
            width, channels, pointer(rectangles), len(rectangles), fill.seed, low, high,
            pointer(out),
        )  # fmt: skip
    return out


def _colour(image: Array, fill: Fill, value_range: ValueRange) -> Array:
    """(C,) of the image's dtype."""
    whole = image.dtype.kind != "f"
    if fill.fill == "background":
        return border_colour(image)
    if fill.fill == "mean":
        means = _means(image)
        return (np.rint(means) if whole else means).astype(image.dtype)
    low, high = value_range
    value = low + (high - low) * fill.value
    return np.full(image.shape[2], round(value) if whole else value, dtype=image.dtype)
