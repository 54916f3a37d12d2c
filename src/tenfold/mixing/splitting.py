"""Pictures cut along lines and put together (Summers & Dinneen, WACV 2019, arXiv 1805.11272).

All shares of lengths are uniform in (0, 1), and cuts fall between pixels; see
`tenfold.mixing.blends.cut`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tenfold.mixing.batches import Array
from tenfold.mixing.blends import Mask, between_class, by_mask, by_weights, cut
from tenfold.mixing.mixer import Mixer, Numbers
from tenfold.params import param


def _upper(height: int, u: float) -> Mask:
    """(H, 1, 1), true in the upper part, a share u of the rows."""
    return (np.arange(height) < cut(u, height))[:, None, None]


def _left(width: int, u: float) -> Mask:
    """(1, W, 1), true in the left part, a share u of the columns."""
    return (np.arange(width) < cut(u, width))[None, :, None]


@dataclass(frozen=True)
class VerticalConcat(Mixer):
    """The upper part of one picture above the lower part of the other."""

    name: ClassVar[str] = "vertical_concat"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """One horizontal cut."""
        return by_mask(_upper(len(pictures[0]), numbers.uniforms[0]), *pictures)


@dataclass(frozen=True)
class HorizontalConcat(Mixer):
    """The left part of one picture beside the right part of the other."""

    name: ClassVar[str] = "horizontal_concat"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """One vertical cut."""
        return by_mask(_left(pictures[0].shape[1], numbers.uniforms[0]), *pictures)


@dataclass(frozen=True)
class MixedConcat(Mixer):
    """Four parts: upper left and lower right of one picture, the other two of the other."""

    name: ClassVar[str] = "mixed_concat"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """One cut each way."""
        height, width = pictures[0].shape[:2]
        mask = _upper(height, numbers.uniforms[0]) == _left(width, numbers.uniforms[1])
        return by_mask(mask, *pictures)


@dataclass(frozen=True)
class Random2x2(Mixer):
    """Four parts, each from either picture.

    Args:
        margin: the cuts stay this share of the height and width away from the edges; the
            authors' code has a quarter.
    """

    name: ClassVar[str] = "random_2x2"

    margin: float = param(0.25, "number", "of cuts from the edges", within=(0, 0.5))

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """A part is of the first picture with a probability that is drawn as well."""
        height, width = pictures[0].shape[:2]
        u = numbers.uniforms
        upper, left = (self.margin + (1 - 2 * self.margin) * v for v in u[:2])
        first = (u[3:7] < u[2]).reshape(2, 2)
        row = (~_upper(height, upper)).astype(np.intp)
        column = (~_left(width, left)).astype(np.intp)
        return by_mask(first[row, column], *pictures)


@dataclass(frozen=True)
class VHMixup(Mixer):
    """Mixup of a vertical and a horizontal concatenation of the two pictures.

    The upper left is of one picture, the lower right of the other, and the two parts between
    are mixed with weights that add up to 1. The best of the paper's methods.
    """

    name: ClassVar[str] = "vh_mixup"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """One cut each way and one weight."""
        height, width = pictures[0].shape[:2]
        u = numbers.uniforms
        upper, left, weight = _upper(height, u[0]), _left(width, u[1]), float(u[2])
        weights = np.where(upper, np.float32(weight), 0) + np.where(left, np.float32(1 - weight), 0)
        share = weight * float(upper.mean()) + (1 - weight) * float(left.mean())
        mixed = by_weights(np.minimum(weights, 1).astype(np.float32), *pictures)
        return mixed, (share, 1 - share)


@dataclass(frozen=True)
class VHBCPlus(Mixer):
    """BC+ of a vertical and a horizontal concatenation of the two pictures."""

    name: ClassVar[str] = "vh_bc_plus"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """One cut each way and one weight."""
        height, width = pictures[0].shape[:2]
        u = numbers.uniforms
        weight = float(u[2])
        above, (upper, _) = by_mask(_upper(height, u[0]), *pictures)
        beside, (left, _) = by_mask(_left(width, u[1]), *pictures)
        share = weight * upper + (1 - weight) * left
        return between_class(weight, above, beside), (share, 1 - share)
