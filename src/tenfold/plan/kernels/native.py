"""Calling the compiled kernels on images: the function for a dtype, pointers, bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tenfold.native.library import ffi, lib
from tenfold.native.room import room
from tenfold.plan.kernels.values import ValueRange
from tenfold.samples.sample import Array

ENDINGS = {"B": "u8", "H": "u16", "f": "f32"}
POINTERS = {
    "B": "uint8_t[]", "H": "uint16_t[]", "f": "float[]", "d": "double[]",
    "I": "uint32_t[]", "l": "int64_t[]", "q": "int64_t[]", "?": "uint8_t[]",
}  # fmt: skip
_TOPS = {"B": 255, "H": 65535}


def kernels(name: str) -> dict[str, Callable[..., Any]]:
    """The functions `name_u8`, `name_u16` and `name_f32` by `dtype.char`."""
    return {char: getattr(lib, f"{name}_{ending}") for char, ending in ENDINGS.items()}


def pointer(array: Array) -> Any:
    """A pointer to a contiguous array's values, as its dtype says."""
    return ffi.from_buffer(POINTERS[array.dtype.char], array)


def bytes_of(array: Array) -> Any:
    """A pointer to a contiguous array's bytes."""
    return ffi.from_buffer("uint8_t[]", array)


def bounds(image: Array, value_range: ValueRange) -> tuple[float, float] | tuple[int, int]:
    """Black and white as values that the image can hold: whole numbers if it holds integers."""
    low, high = value_range
    top = _TOPS.get(image.dtype.char)
    if top is None:
        return low, high
    return min(max(round(low), 0), top), min(max(round(high), 0), top)


def raster(image: Array) -> tuple[Array, Array]:
    """An image in one piece, and room for the result."""
    whole = np.ascontiguousarray(image)
    return whole, room(whole.shape, whole.dtype)
