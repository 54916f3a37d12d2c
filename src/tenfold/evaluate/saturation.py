"""Whether copies lost values: pixels gone black or white that were neither in the original."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tenfold.evaluate.display import display_window
from tenfold.samples.sample import Sample

MORE = 0.2
"""How many more of a copy's pixels, as a share, may be black or white than of its original's."""

_FEW = 10  # one in so many copies is chance
_AT_END, _NEAR_END = 0.005, 0.04  # of the span of the original's values


def saturation_note(
    rows: Iterable[tuple[Sample, Sequence[Sample]]], more: float = MORE
) -> str | None:
    """A sentence for people if intensities were driven out of range, else None.

    A pixel counts if all its channels but opacity are at black, or all at white. In originals
    those near black or white count too, so that a dark background that becomes darker is no
    loss. Where copies have `valid`, only pixels that show the original picture count: a black
    border isn't a loss either.

    Args:
        rows: originals, each with some of its copies; looked at one after the other.
        more: see `MORE`.

    Returns:
        None also where fewer than one in ten of the copies lost that much.
    """
    shown = lost = 0
    for original, copies in rows:
        low, high = display_window(original)  # of 12-bit data in 16-bit files, where the data is
        span = high - low
        before = _share(original, low + _NEAR_END * span, high - _NEAR_END * span)
        black, white = original.value_range
        for copy in copies:
            shown += 1
            after = _share(copy, black + _AT_END * span, white - _AT_END * span)
            lost += after - before > more
    if lost == 0 or _FEW * lost < shown:
        return None
    return (
        f"In {lost} of {shown} shown copies, over {100 * more:.0f} % of the pixels have turned "
        "black or white: the ranges may be too wide for this data. See "
        "value_range in docs/recipes.md."
    )


def _share(sample: Sample, black: float, white: float) -> float:
    """Share of the pixels with all channels at or below `black`, or at or above `white`."""
    opaque = not sample.alpha or sample.image.shape[2] == 1
    colours = sample.image if opaque else sample.image[..., :-1]
    pixels = np.all(colours <= black, axis=2) | np.all(colours >= white, axis=2)
    if sample.valid is not None:
        pixels = pixels[sample.valid]
    return float(pixels.mean()) if pixels.size else 0.0
