"""Filters that are neither linear nor pointwise.

Each takes the colour channels (H, W, C), the numbers of its step and the value range, and returns
a new array of the same shape and dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tenfold.native.library import lib
from tenfold.ops.colour_science import LUMA_601
from tenfold.plan.kernels.colour import rotate_hue
from tenfold.plan.kernels.native import kernels, pointer, raster
from tenfold.plan.kernels.values import (
    ValueRange,
    by_group,
    clipped,
    fills,
    from_unit,
    store,
    to_unit,
)
from tenfold.samples.sample import Array

_MEDIAN = kernels("median")
_ROWS = 64  # rows at once in the general median, to bound its memory


def median(image: Array, parameters: tuple[float, ...], _: ValueRange) -> Array:
    """Median of the (2r + 1)² window, each channel on its own; beyond the border the edge goes on.

    Parameters: radius r, px.
    """
    size = 2 * int(parameters[0]) + 1
    if 3 <= size <= 5:
        whole, out = raster(image)
        height, width, channels = whole.shape
        scratch = np.empty(5 * ((width + 4) * channels + 64), whole.dtype)
        _MEDIAN[whole.dtype.char](
            pointer(whole), height, width, channels, size // 2, pointer(scratch), pointer(out)
        )
        return out
    if image.dtype == np.uint8:
        return by_group(image, lambda part: cast("Array", cv2.medianBlur(part, size)), size=1)
    reach = size // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    out = np.empty_like(image)
    middle = size * size // 2
    for row in range(0, image.shape[0], _ROWS):
        flat = windows[row : row + _ROWS].reshape(-1, size * size)
        ranked = np.partition(flat, middle, axis=1)[:, middle]
        out[row : row + _ROWS] = ranked.reshape(-1, *image.shape[1:])
    return out


def clahe(image: Array, parameters: tuple[float, ...], value_range: ValueRange) -> Array:
    """Contrast-limited adaptive histogram equalisation (Zuiderveld, Graphics Gems IV, 1994).

    Of three channels the luma is equalised and all three move by the same amount, so that colour
    differences stay; any other number of channels is treated one by one. The mapping is measured
    at 256 levels for every dtype; what lies between two levels of a finer image is kept.

    Parameters: clip limit (times the mean height of the histogram), tiles along each side.
    """
    height, width, channels = image.shape
    if channels == 3 and image.dtype == np.uint8 and fills(image.dtype, value_range):
        whole, out = raster(image)
        luma = np.empty((height, width), np.uint8)
        lib.luma_u8(pointer(whole), luma.size, pointer(luma))
        equalised = _clahe_plane(luma, parameters)
        lib.follow_luma_u8(
            pointer(whole), luma.size, pointer(luma), pointer(equalised), pointer(out)
        )
        return out
    unit = np.clip(to_unit(image, value_range), 0, 1)
    planes = (unit @ LUMA_601.astype(np.float32))[:, :, None] if channels == 3 else unit
    for_each = []
    for channel in range(planes.shape[2]):
        levels = np.rint(planes[:, :, channel] * 255).astype(np.uint8)
        moved = _clahe_plane(levels, parameters).astype(np.float32) - levels
        for_each.append(moved / 255)
    unit += np.stack(for_each, axis=2)
    return from_unit(unit, image.dtype, value_range)


def _clahe_plane(levels: NDArray[np.uint8], parameters: tuple[float, ...]) -> NDArray[np.uint8]:
    height, width = levels.shape
    down, across = min(int(parameters[1]), height), min(int(parameters[1]), width)
    maps = np.empty(256 * (down * across + 4 * (across + 1)), np.uint8)
    out = np.empty_like(levels)
    lib.clahe_plane(
        pointer(levels), height, width, parameters[0], down, across, pointer(maps), pointer(out)
    )
    return out


def hsv_hue(image: Array, parameters: tuple[float, ...], value_range: ValueRange) -> Array:
    """Hue turned by `parameters[0]` degrees; see `tenfold.plan.kernels.colour.rotate_hue`."""
    return rotate_hue(image, parameters[0], value_range)


def jpeg(image: Array, parameters: tuple[float, ...], value_range: ValueRange) -> Array:
    """Through a baseline JPEG and back.

    Three channels are one RGB file; any other number is one grey file a channel. The format has
    8 bits, so uint16 and float images come back with the 256 levels it left them.

    Parameters: quality 1..100; 1 for chroma at half resolution (4:2:0), 0 for full (4:4:4).
    """
    quality, halved = int(parameters[0]), bool(parameters[1])
    if image.dtype == np.uint8:
        levels = image
    else:
        levels = from_unit(np.clip(to_unit(image, value_range), 0, 1), np.dtype(np.uint8), (0, 255))
    if image.shape[2] == 3:
        coded = _jpeg_trip(levels, quality, "RGB", "420" if halved else "444")
    else:
        coded = by_group(levels, lambda part: _jpeg_trip(part, quality, "GRAY", "Gray"), size=1)
    if image.dtype == np.uint8:
        return coded
    return from_unit(to_unit(coded, (0, 255)), image.dtype, value_range)


def _jpeg_trip(levels: Array, quality: int, colours: str, sampling: str) -> NDArray[np.uint8]:
    whole = np.ascontiguousarray(levels)
    coded = simplejpeg.encode_jpeg(
        whole, quality=quality, colorspace=colours, colorsubsampling=sampling, fastdct=False
    )
    return cast(
        "NDArray[np.uint8]",
        simplejpeg.decode_jpeg(coded, colorspace=colours, fastdct=False, fastupsample=False),
    )


def downscale(image: Array, parameters: tuple[float, ...], value_range: ValueRange) -> Array:
    """Lower the resolution and come back: area averages down, linear interpolation up.

    Parameters: factor, at least 1; the small image has at least one pixel a side.
    """
    height, width = image.shape[:2]
    small = max(1, round(width / parameters[0])), max(1, round(height / parameters[0]))
    if small == (width, height):
        return image

    def there_and_back(part: Array) -> Array:
        less = cv2.resize(part, small, interpolation=cv2.INTER_AREA)
        return cast("Array", cv2.resize(less, (width, height), interpolation=cv2.INTER_LINEAR))

    # In floats, so that it is rounded once.
    values = by_group(image.astype(np.float32, copy=False), there_and_back)
    return store(values, image.dtype, value_range)


FILTERS: dict[str, Callable[[Array, tuple[float, ...], ValueRange], Array]] = {
    "median": median,
    "clahe": clahe,
    "hsv_hue": hsv_hue,
    "jpeg": jpeg,
    "downscale": downscale,
}
"""Every filter by the name that `Filter.function` gives."""


def apply_filter(
    image: Array, function: str, parameters: tuple[float, ...], value_range: ValueRange
) -> Array:
    """Apply a filter by name; see the module."""
    filtered = FILTERS[function](image, parameters, value_range)
    return filtered if filtered is image else clipped(filtered, value_range)
