"""Optical density: what a stain takes out of the light, in which stains add up.

Beer and Lambert: I = I0 10^(-D), and D grows in proportion to the amount of stain (Ruifrok &
Johnston, "Quantification of histochemical staining by color deconvolution", 2001).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.samples.sample import Array
from tenfold.synth.dress.reading import rgb_bytes

Light = Sequence[float] | NDArray[np.float64]
"""Red, green and blue of the empty slide, 0 to 255."""
WHITE: tuple[float, float, float] = (255.0, 255.0, 255.0)


def checked_light(light: Light) -> NDArray[np.float64]:
    """(3,) float64; `RequestError` unless these are three numbers in 1..255."""
    found = np.asarray(light, dtype=np.float64)
    if found.shape != (3,) or not ((found >= 1) & (found <= 255)).all():
        raise RequestError(f"stain: light must be three numbers in 1..255, got {light!r:.60}")
    return found


def density_of(image: Array, light: Light = WHITE) -> NDArray[np.float64]:
    """Optical density of an RGB image.

    Args:
        image: (H, W, 3) uint8. 0, of which the logarithm doesn't exist, counts as 1.
        light: see `Light`.

    Returns:
        (H, W, 3) float64; negative where the image is brighter than the light.
    """
    pixels = rgb_bytes(image, "stain: an image")
    levels = np.log10(np.maximum(np.arange(256.0), 1.0))
    tables = np.log10(checked_light(light))[:, None] - levels
    return np.stack([tables[c][pixels[:, :, c]] for c in range(3)], axis=2)


def light_through(density: Array, light: Light = WHITE) -> NDArray[np.uint8]:
    """The RGB image of an optical density: the inverse of `density_of`, rounded to levels.

    Args:
        density: (H, W, 3).
        light: see `Light`.
    """
    seen = np.multiply(density, -np.log(10.0), dtype=np.float64)
    np.exp(seen, out=seen)
    seen *= checked_light(light)
    return np.asarray(np.clip(np.rint(seen), 0, 255), np.uint8)


def background_light(image: Array, least: float = 0.01) -> tuple[float, float, float]:
    """The light of the empty slide: the median of pixels brighter than 200 in each channel.

    Args:
        image: (H, W, 3) uint8.
        least: share of the image that must be that bright; else it shows no empty slide, and
            the light is taken for white.
    """
    pixels = rgb_bytes(image, "stain: an image").reshape(-1, 3)
    empty = pixels[pixels.min(axis=1) > 200]
    if len(empty) < max(1.0, least * len(pixels)):
        return WHITE
    red, green, blue = (float(v) for v in np.median(empty, axis=0))
    return red, green, blue
