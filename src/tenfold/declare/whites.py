"""Where black and white are in integer images that use little of their dtype (12 bits in 16)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNUSED = 0.25
"""Where images use no more than this share of their dtype, shares of white are not what is meant:
noise of 0.01 would be noise of 0.04 at least."""

_SPARSE = 0.5
"""Images that reach less than this share of their dtype have another white."""

_REFLECTANCE = 10000
"""White of surface reflectance as Sentinel-2, Landsat and MODIS products scale it."""

_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Values:
    """How far a dataset's values reach, colour channels only, in the images' own units.

    Attributes:
        least, most: of all pixels looked at.
        low, high: 0.1 % of them lie below, and above.
    """

    least: float
    low: float
    high: float
    most: float


def white_of(dtype: str, values: Values) -> tuple[float, float] | None:
    """Black and white of integer images that use less than half of their dtype; None if more.

    Black is 0, white the next 2^n - 1, or 10000 (surface reflectance) where that holds what needs
    more than 12 bits. If only the brightest thousandth reaches further (clouds, dead pixels), it
    is left out. Values that begin far above 0 (signed ones stored with an offset) get the next
    multiples of 1024 below and above.
    """
    if dtype != "uint16":
        return None
    full = float(np.iinfo(dtype).max)
    most = values.most if values.most < _SPARSE * full else values.high
    if most >= _SPARSE * full:
        if values.high - values.low >= UNUSED * full:
            return None
        low = _BLOCK * np.floor(values.least / _BLOCK)
        high = _BLOCK * np.floor(values.most / _BLOCK + 1) - 1
        return float(low), float(high)
    if 4095 < most <= _REFLECTANCE:
        return 0.0, float(_REFLECTANCE)
    return 0.0, float(2 ** max(8, int(most).bit_length()) - 1)


def range_line(value_range: tuple[float, float]) -> str:
    """The recipe's line for a range."""
    return f"value_range: [{value_range[0]:.10g}, {value_range[1]:.10g}]"
