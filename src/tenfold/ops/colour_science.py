"""Numbers about colour: blackbody light, luma, and the matrices made of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LUMA_601 = np.array([0.299, 0.587, 0.114])
"""Luma of R, G, B in ITU-R BT.601; what Pillow and torchvision call grey."""
LUMA_SVG = np.array([0.213, 0.715, 0.072])
"""Luma of R, G, B in SVG's and CSS's filter effects (BT.709, rounded)."""
LUMA_709 = np.array([0.2126, 0.7152, 0.0722])
"""Luminance of linear sRGB's R, G, B (ITU-R BT.709)."""
_XYZ_TO_SRGB = np.array(
    [
        [3.2406, -1.5372, -0.4986],
        [-0.9689, 1.8758, 0.0415],
        [0.0557, -0.2040, 1.0570],
    ]
)  # IEC 61966-2-1


def planckian_xy(kelvin: float) -> tuple[float, float]:
    """CIE 1931 chromaticity of a blackbody, 1667 to 25,000 K (Kim et al., US patent 7024034)."""
    t = 1000.0 / kelvin
    if kelvin <= 4000:
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
    else:
        x = -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390
    if kelvin <= 2222:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif kelvin <= 4000:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    return x, y


def blackbody_rgb(kelvin: float) -> NDArray[np.float64]:
    """Linear sRGB (3,) of a blackbody's light at unit luminance; positive above 1905 K."""
    x, y = planckian_xy(kelvin)
    rgb: NDArray[np.float64] = _XYZ_TO_SRGB @ np.array([x / y, 1.0, (1 - x - y) / y])
    return rgb


def light_gains(kelvin: float, reference: float) -> tuple[float, float, float]:
    """Factors on linear R, G, B when the light turns from `reference` to `kelvin`.

    Each channel scales by the ratio of the two lights (von Kries adaptation in sRGB); grey keeps
    its luminance.
    """
    gains = blackbody_rgb(kelvin) / blackbody_rgb(reference)
    red, green, blue = (gains / (LUMA_709 @ gains)).tolist()
    return red, green, blue


def saturation_matrix(factor: float) -> NDArray[np.float64]:
    """(3, 4): blend of the picture with its BT.601 luma; 0 is grey, 1 the picture itself."""
    grey = np.tile(LUMA_601, (3, 1))
    return np.column_stack([factor * np.eye(3) + (1 - factor) * grey, np.zeros(3)])


def hue_matrix(degrees: float) -> NDArray[np.float64]:
    """(3, 4): hue rotation that keeps luma (W3C Filter Effects 1, hueRotate)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    grey = np.tile(LUMA_SVG, (3, 1))
    turn = np.array(
        [
            [-LUMA_SVG[0], -LUMA_SVG[1], 1 - LUMA_SVG[2]],
            [0.143, 0.140, -0.283],
            [-(1 - LUMA_SVG[0]), LUMA_SVG[1], LUMA_SVG[2]],
        ]
    )
    return np.column_stack([grey + cos * (np.eye(3) - grey) + sin * turn, np.zeros(3)])


def permutation_matrix(order: NDArray[np.int64]) -> NDArray[np.float64]:
    """(C, C + 1): output channel i is input channel order[i]."""
    count = len(order)
    return np.column_stack([np.eye(count)[order], np.zeros(count)])
