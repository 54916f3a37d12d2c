"""Any image as RGB for the screen: any dtype, any number of channels, any size."""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.samples.sample import Array, Sample

Picture = NDArray[np.uint8]
Window = tuple[float, float]

_SPARSE = 0.25
_CHECKER = 8
_CHECKER_GREYS = (222, 178)


def display_window(sample: Sample) -> Window:
    """Which values are shown black and white.

    The value range, but where a uint16 or float image uses less than a quarter of it (12-bit
    data in 16-bit files would be all black) the 0.5th and 99.5th percentile of its values.
    Take it from the original and show the copies with it too, or they can't be compared.
    """
    if sample.image.dtype == np.uint8:
        return sample.value_range
    low, high = sample.value_range
    opaque = not sample.alpha or sample.image.shape[2] == 1
    colours = sample.image if opaque else sample.image[..., :-1]
    step = max(1, int(np.sqrt(colours[..., 0].size / 250_000)))
    inner = np.percentile(colours[::step, ::step].astype(np.float64), (0.5, 99.5))
    if inner[0] < inner[1] and inner[1] - inner[0] < _SPARSE * (high - low):
        return float(inner[0]), float(inner[1])
    return low, high


def to_rgb(image: Array, window: Window, alpha: bool = False) -> Picture:
    """An image as (H, W, 3) uint8.

    One channel is grey. Two are shown in green and magenta, which colour-blind people tell
    apart. Three are RGB; of more than three the first three are. Opacity lets a checkerboard
    through.

    Args:
        image: (H, W, C) uint8, uint16 or float32.
        window: values shown black and white.
        alpha: the last channel is opacity.
    """
    low, high = window
    scaled: Array = image
    if image.dtype != np.uint8 or window != (0.0, 255.0):
        values = np.nan_to_num(image.astype(np.float32), nan=low)
        scaled = np.rint(np.clip((values - low) / max(high - low, 1e-12), 0, 1) * 255)
    colours = scaled[..., :-1] if alpha and scaled.shape[2] > 1 else scaled
    match colours.shape[2]:
        case 1:
            rgb = np.repeat(colours, 3, axis=2)
        case 2:
            rgb = np.stack([colours[..., 1], colours[..., 0], colours[..., 1]], axis=2)
        case _:
            rgb = colours[..., :3]
    if alpha and scaled.shape[2] > 1:
        top = float(np.iinfo(image.dtype).max) if image.dtype.kind == "u" else 1.0
        opacity = np.clip(image[..., -1:].astype(np.float32) / top, 0, 1)
        board = _checkerboard(image.shape[0], image.shape[1])
        rgb = np.rint(rgb * opacity + board[..., None] * (1 - opacity))
    return np.ascontiguousarray(rgb, dtype=np.uint8)


def _checkerboard(height: int, width: int) -> NDArray[np.float32]:
    side = max(1, min(_CHECKER, height // 8, width // 8))
    rows, columns = np.arange(height) // side, np.arange(width) // side
    odd = (rows[:, None] + columns[None, :]) % 2
    return np.where(odd, *_CHECKER_GREYS).astype(np.float32)


def fitting_scale(height: int, width: int, side: int) -> float:
    """How much to enlarge an image so that its longer side is about `side` pixels, never more.

    Enlarging goes by whole numbers, so that every pixel is drawn equally large.
    """
    scale = side / max(height, width)
    return float(int(scale)) if scale >= 1 else scale


def resized(picture: Array, scale: float, smooth: bool = True) -> Array:
    """(H, W, ...) uint8 at another size, at least 1 x 1.

    Enlarged with nearest neighbours: pixels are shown as pixels. Made smaller by averaging
    areas, or with nearest neighbours if not `smooth` (label images).
    """
    height, width = (max(1, round(n * scale)) for n in picture.shape[:2])
    if (height, width) == picture.shape[:2]:
        return picture.copy()
    how = cv2.INTER_AREA if scale < 1 and smooth else cv2.INTER_NEAREST_EXACT
    return cast("NDArray[Any]", cv2.resize(picture, (width, height), interpolation=how))
