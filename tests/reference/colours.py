"""Channels mixed: matrices, and the hue of HSV turned as the standard library would."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mix(values: Floats, matrix: Floats) -> Floats:
    """matrix @ (channels, 1) for every pixel."""
    return np.asarray(values @ matrix[:, :-1].T + matrix[:, -1])


def turn_hue(values: Floats, degrees: float) -> Floats:
    """`colorsys.rgb_to_hsv`, the hue turned, `colorsys.hsv_to_rgb`; all pixels at once."""
    most, least = values.max(axis=2), values.min(axis=2)
    span = most - least
    r, g, b = np.moveaxis(values, 2, 0)
    safe = np.where(span > 0, span, 1)
    sixth = np.select(
        [span == 0, r == most, g == most],
        [0, (g - b) / safe, 2 + (b - r) / safe],
        4 + (r - g) / safe,
    )
    sixth = (sixth + degrees / 60) % 6
    # Each channel is a trapezoid over the circle: full for a third, empty for a third.
    channels = [
        most - span * np.clip(np.minimum(k, 4 - k), 0, 1)
        for k in ((sixth + shift) % 6 for shift in (5, 3, 1))
    ]
    return np.stack(channels, axis=2)
