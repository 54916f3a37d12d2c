"""The curve that gives decodings the grey levels of real images.

A decoder that is unsure where an edge lies answers with grey. The curve is the histogram
specification (Gonzalez & Woods, "Digital image processing") of the training examples' decodings
on the training examples: it rises throughout, so that it moves no edge, and turns a soft slope
into one as steep as the real images have.
"""

from __future__ import annotations

import numpy as np

from tenfold.learned.examples import Array

_POINTS = 257  # of the curve, at equal distances from 0 to 1
_MOST = 4_000_000  # values a channel that quantiles are taken from


def tone_curve(decoded: Array, real: Array) -> Array:
    """The curve for each channel.

    Args:
        decoded: (N, H, W, C) from 0 to 1.
        real: (N, H, W, C) from 0 to 1.

    Returns:
        (C, 257) float32, never falling: the grey level that each of the levels 0, 1/256, ... 1
        of a decoding becomes.
    """
    levels = np.linspace(0, 1, _POINTS)
    curves = []
    for channel in range(decoded.shape[-1]):
        before, after = (
            np.sort(images[..., channel].ravel()[:: 1 + images[..., 0].size // _MOST])
            for images in (decoded, real)
        )
        ranks = np.searchsorted(before, levels, side="left") + np.searchsorted(
            before, levels, side="right"
        )
        curves.append(np.quantile(after, ranks / (2 * len(before))))
    return np.stack(curves).astype(np.float32)


def toned(images: Array, curves: Array) -> Array:
    """Images (N, H, W, C) from 0 to 1 with each channel's grey levels through its curve."""
    levels = np.linspace(0, 1, _POINTS)
    out = np.empty_like(images)
    for channel, curve in enumerate(curves):
        out[..., channel] = np.interp(images[..., channel], levels, curve)
    return out
