"""A whole picture, made small, pasted into the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tenfold.mixing.batches import Array
from tenfold.mixing.blends import place, shrink
from tenfold.mixing.mixer import Mixer, Numbers
from tenfold.mixing.pasting import paste
from tenfold.params import Range, Ranged, param, specs


@dataclass(frozen=True)
class ResizeMix(Mixer):
    """One picture, made small, somewhere in the other: its object is there, whatever is cut off.

    (Qin et al., "ResizeMix: mixing data with preserved object information and true labels",
    2020, arXiv 2012.11101.) The label's weights are the shares of pixels.

    Args:
        scale: sides of the small picture as shares of the whole ones; the paper's 0.1 to 0.8,
            uniform.
    """

    name: ClassVar[str] = "resizemix"

    scale: Ranged = param(Range(0.1, 0.8), "range", "of the small picture", within=(0.01, 1))

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """How small, and where."""
        first, second = pictures
        u = numbers.uniforms
        scale = float(specs(type(self))["scale"].draw(self.scale, np.asarray(u[0])))
        height, width = (max(1, round(scale * side)) for side in first.shape[:2])
        top, left = place(u[1], height, first.shape[0]), place(u[2], width, first.shape[1])
        small = shrink(second, height, width)
        return paste(first, small, (top, top + height), (left, left + width))
