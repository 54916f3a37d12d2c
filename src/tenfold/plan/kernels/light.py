"""sRGB code values and linear light (IEC 61966-2-1)."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tenfold.plan.kernels.values import Floats, ValueRange, fills, from_unit, store, to_unit
from tenfold.samples.sample import Array


def decode(values: Floats) -> Floats:
    """From sRGB code values 0..1 to linear light 0..1 (IEC 61966-2-1)."""
    low = values / 12.92
    return cast("Floats", np.where(values <= 0.04045, low, ((values + 0.055) / 1.055) ** 2.4))


def encode(light: Floats) -> Floats:
    """Linear light 0..1 to sRGB code values 0..1 (IEC 61966-2-1); negative light is black."""
    light = np.maximum(light, 0)
    return cast(
        "Floats",
        np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055),
    )


def image_to_light(image: Array, value_range: ValueRange, linear: bool) -> NDArray[np.float32]:
    """An image's linear light, float32 0..1, a new array; `linear` images are light already."""
    if linear:
        return np.clip(to_unit(image, value_range), 0, 1)
    if image.dtype == np.uint8 and fills(image.dtype, value_range):
        return np.take(_decode_table(), image)
    light = decode(np.clip(to_unit(image, value_range), 0, 1))
    return cast("NDArray[np.float32]", light.astype(np.float32, copy=False))


def light_to_image(
    light: NDArray[np.float32], dtype: np.dtype[Any], value_range: ValueRange, linear: bool
) -> Array:
    """The reverse of `image_to_light`, clipped; `light` is overwritten.

    8-bit images are encoded through a table of 65,536 light levels, whose spacing is at most 0.05
    of an 8-bit step.
    """
    if linear:
        return from_unit(light, dtype, value_range)
    np.clip(light, 0, 1, out=light)
    if dtype == np.uint8 and fills(dtype, value_range):
        light *= 65535
        light += 0.5
        return np.take(_encode_table(), light.astype(np.uint16))
    low, high = value_range
    return store(low + (high - low) * encode(light), dtype, value_range)


@cache
def _decode_table() -> NDArray[np.float32]:
    table = decode(np.arange(256) / 255).astype(np.float32)
    table.setflags(write=False)
    return table


@cache
def _encode_table() -> NDArray[np.uint8]:
    table = np.rint(encode(np.arange(65536) / 65535) * 255).astype(np.uint8)
    table.setflags(write=False)
    return table
