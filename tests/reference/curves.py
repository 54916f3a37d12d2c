"""Curves by their definitions, on pixels: no tables, no histograms.

Each takes the colours (H, W, C) as float64, 0 black and 1 white, and the numbers of its step, and
gives values that may leave 0..1; the executor clips them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Side = Literal["left", "right"]
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_FLAT = 1e-4  # a span below which there is nothing to stretch


def shift(values: Floats, amount: float) -> Floats:
    return values + amount


def light_gain(values: Floats, linear: float, *gains: float) -> Floats:
    """Linear light times a gain, one for all channels or one for each."""
    gain = np.array(gains)
    return values * gain if linear else to_srgb(to_light(values) * gain)


def to_light(values: Floats) -> Floats:
    """IEC 61966-2-1."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def to_srgb(light: Floats) -> Floats:
    """IEC 61966-2-1, the other way."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def power(values: Floats, exponent: float) -> Floats:
    return values**exponent


def contrast_mid(values: Floats, factor: float) -> Floats:
    return 0.5 + factor * (values - 0.5)


def contrast_mean(values: Floats, factor: float) -> Floats:
    """About the mean luma of three channels, the mean of any other number."""
    luma = values @ LUMA if values.shape[2] == 3 else values
    return np.asarray(luma.mean() + factor * (values - luma.mean()))


def autocontrast(values: Floats, cutoff: float, joint: float) -> Floats:
    """Stretched between the values left when a share of the pixels at each end is cut off."""
    if joint:
        return _stretched(values, cutoff)
    return _by_channel(values, lambda plane: _stretched(plane, cutoff))


def _stretched(plane: Floats, cutoff: float) -> Floats:
    ordered = np.sort(plane, axis=None)
    cut = int(cutoff * ordered.size)
    low, high = ordered[cut], ordered[-1 - cut]
    return plane if high - low < _FLAT else (plane - low) / (high - low)


def equalize(values: Floats, side: Side = "left") -> Floats:
    """The share of darker pixels among those that are darker than the brightest.

    `side`: "right" counts those just as dark, too. Of float images any rank between the two is
    right for a value that many pixels share.
    """
    return _by_channel(values, lambda plane: _ranked(plane, side))


def _ranked(plane: Floats, side: Side) -> Floats:
    ordered = np.sort(plane, axis=None)
    most = np.searchsorted(ordered, ordered[-1])
    return plane if most == 0 else np.searchsorted(ordered, plane, side) / most


def invert(values: Floats) -> Floats:
    return 1 - values


def solarize(values: Floats, threshold: float) -> Floats:
    return np.where(values > threshold, 1 - values, values)


def posterize(values: Floats, bits: float) -> Floats:
    """The highest bits of the eight of each value; k / 255 is k in spite of rounding."""
    step = 2 ** (8 - bits)
    return np.asarray(np.floor(values * 255 / step + 1e-4) * step / 255)


def _by_channel(values: Floats, function: Callable[[Floats], Floats]) -> Floats:
    return np.stack([function(plane) for plane in np.moveaxis(values, 2, 0)], axis=2)


CURVES: dict[str, Callable[..., Floats]] = {
    "shift": shift, "light_gain": light_gain, "power": power, "contrast_mid": contrast_mid,
    "contrast_mean": contrast_mean, "autocontrast": autocontrast, "equalize": equalize,
    "invert": invert, "solarize": solarize, "posterize": posterize,
}  # fmt: skip
STEPPED = ("equalize", "solarize", "posterize")
"""Curves with jumps: they are defined on the levels that the picture has by then."""
