"""Rectangles covered by something else, and the colour of an image's background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.ops.steps import Fill
from tenfold.plan.kernels.values import ValueRange
from tenfold.rng import pixel_generator
from tenfold.samples.sample import Array


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
    return np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])


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
    out = image.copy()
    low, high = value_range
    if fill.fill == "noise":
        generator = pixel_generator(fill.seed)
        for x0, y0, x1, y1 in fill.rectangles.tolist():
            shape = (y1 - y0, x1 - x0, image.shape[2])
            if image.dtype.kind == "f":
                random = generator.random(shape, dtype=np.float32)
                out[y0:y1, x0:x1] = np.float32(low) + np.float32(high - low) * random
            else:
                out[y0:y1, x0:x1] = generator.integers(
                    int(low), int(high), shape, dtype=image.dtype.type, endpoint=True
                )
        return out
    if fill.fill == "mean":
        means = _means(image)
        colour = (np.rint(means) if image.dtype.kind != "f" else means).astype(image.dtype)
    elif fill.fill == "background":
        colour = border_colour(image)
    else:
        value = low + (high - low) * fill.value
        colour = np.array(round(value) if image.dtype.kind != "f" else value, dtype=image.dtype)
    for x0, y0, x1, y1 in fill.rectangles.tolist():
        out[y0:y1, x0:x1] = colour
    return out
