"""Numbers about colour: blackbody light, luma, and the matrices made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.ops.steps import Number

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


def planckian_xy(kelvin: Number) -> tuple[Number, Number]:
    """CIE 1931 chromaticity of a blackbody, 1667 to 25,000 K (Kim et al., US patent 7024034)."""
    t = 1000.0 / kelvin
    x = np.where(
        np.less_equal(kelvin, 4000),
        _cubic(t, -0.2661239, -0.2343589, 0.8776956, 0.179910),
        _cubic(t, -3.0258469, 2.1070379, 0.2226347, 0.240390),
    )
    y = np.select(
        [np.less_equal(kelvin, 2222), np.less_equal(kelvin, 4000)],
        [
            _cubic(x, -1.1063814, -1.34811020, 2.18555832, -0.20219683),
            _cubic(x, -0.9549476, -1.37418593, 2.09137015, -0.16748867),
        ],
        _cubic(x, 3.0817580, -5.87338670, 3.75112997, -0.37001483),
    )
    return x, y


def _cubic(t: Number, a: float, b: float, c: float, d: float) -> Number:
    return ((a * t + b) * t + c) * t + d


def blackbody_rgb(kelvin: Number) -> tuple[Number, Number, Number]:
    """Linear sRGB of a blackbody's light at unit luminance; positive above 1905 K."""
    x, y = planckian_xy(kelvin)
    light = x / y, 1.0, (1 - x - y) / y
    red, green, blue = (a * light[0] + b * light[1] + c * light[2] for a, b, c in _XYZ_TO_SRGB)
    return red, green, blue


def light_gains(kelvin: Number, reference: float) -> tuple[Number, Number, Number]:
    """Factors on linear R, G, B when the light turns from `reference` to `kelvin`.

    Each channel scales by the ratio of the two lights (von Kries adaptation in sRGB); grey keeps
    its luminance.
    """
    lights = zip(blackbody_rgb(kelvin), blackbody_rgb(reference), strict=True)
    red, green, blue = (new / old for new, old in lights)
    luminance = LUMA_709[0] * red + LUMA_709[1] * green + LUMA_709[2] * blue
    return red / luminance, green / luminance, blue / luminance


def saturation_matrix(factor: Number) -> NDArray[np.float64]:
    """(..., 3, 4): blend of the picture with its BT.601 luma; 0 is grey, 1 the picture itself."""
    own = np.asarray(factor, dtype=np.float64)[..., None, None]
    return _linear(own * np.eye(3) + (1 - own) * np.tile(LUMA_601, (3, 1)))


def _linear(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 3, 3) with a column of zeros to add."""
    return np.concatenate([matrix, np.zeros((*matrix.shape[:-1], 1))], axis=-1)


def hue_matrix(degrees: Number) -> NDArray[np.float64]:
    """(..., 3, 4): hue rotation that keeps luma (W3C Filter Effects 1, hueRotate)."""
    radians = np.radians(degrees)[..., None, None]
    cos, sin = np.cos(radians), np.sin(radians)
    grey = np.tile(LUMA_SVG, (3, 1))
    turn = np.array(
        [
            [-LUMA_SVG[0], -LUMA_SVG[1], 1 - LUMA_SVG[2]],
            [0.143, 0.140, -0.283],
            [-(1 - LUMA_SVG[0]), LUMA_SVG[1], LUMA_SVG[2]],
        ]
    )
    return _linear(grey + cos * (np.eye(3) - grey) + sin * turn)


def permutation_matrix(order: NDArray[np.int64]) -> NDArray[np.float64]:
    """(C, C + 1): output channel i is input channel order[i]."""
    count = len(order)
    return np.column_stack([np.eye(count)[order], np.zeros(count)])
