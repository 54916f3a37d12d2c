"""A rectangle of one picture pasted into the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tenfold.mixing.batches import Array
from tenfold.mixing.blends import beta, place
from tenfold.mixing.mixer import Mixer, Numbers
from tenfold.params import param

Span = tuple[int, int]
"""Start and end along one axis, pixels."""


def paste(
    first: Array, patch: Array, rows: Span, columns: Span
) -> tuple[Array, tuple[float, float]]:
    """A copy of `first` with `patch` in a rectangle, and both shares of the pixels."""
    height, width = first.shape[:2]
    mixed = first.copy()
    mixed[slice(*rows), slice(*columns)] = patch
    share = (rows[1] - rows[0]) * (columns[1] - columns[0]) / (height * width)
    return mixed, (1 - share, share)


def _about(u: float, length: int, whole: int) -> Span:
    """A stretch whose centre is equally likely at every pixel, as far as it lies inside."""
    start = int(u * whole) - length // 2
    return max(start, 0), min(start + length, whole)


def _interval(u: float, v: float, whole: int) -> Span:
    """A stretch that begins at any pixel, and ends anywhere from there on."""
    start = int(u * whole)
    return start, start + int(v * (whole - start + 1))


def _elsewhere(u: float, span: Span, whole: int) -> slice:
    """A stretch of the same length at another place."""
    length = span[1] - span[0]
    start = place(u, length, whole)
    return slice(start, start + length)


@dataclass(frozen=True)
class CutMix(Mixer):
    """A rectangle of one picture in the same place of the other.

    Sides W sqrt(1 - l) and H sqrt(1 - l) with l ~ Beta(alpha, alpha), centre uniform; what
    sticks out is cut off, and the label's weights are the shares of pixels that come out (Yun
    et al., "CutMix: regularization strategy to train strong classifiers with localizable
    features", ICCV 2019, equations 1 and 2).

    Args:
        alpha: 1, the paper's, makes all areas equally likely.
    """

    name: ClassVar[str] = "cutmix"

    alpha: float = param(1.0, "number", "of the Beta distribution", within=(1e-3, 1e3))

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """One rectangle, of the picture's own proportions."""
        first, second = pictures
        height, width = first.shape[:2]
        u = numbers.uniforms
        side = math.sqrt(1 - beta(self.alpha, u[0], u[1]))
        rows = _about(u[2], int(height * side), height)
        columns = _about(u[3], int(width * side), width)
        return paste(first, second[slice(*rows), slice(*columns)], rows, columns)


@dataclass(frozen=True)
class RandomSquare(Mixer):
    """A square of one picture at another place in the other.

    Its centre is uniform, and what sticks out is cut off (Summers & Dinneen, WACV 2019, arXiv
    1805.11272, random square).

    Args:
        side: of the square, as a share of the picture's shorter side; the authors' code has 16
            of 32 pixels.
    """

    name: ClassVar[str] = "random_square"

    side: float = param(0.5, "number", "share of the shorter side", within=(0, 1))

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """Where the square goes, and where it comes from."""
        first, second = pictures
        height, width = first.shape[:2]
        u = numbers.uniforms
        length = max(1, round(self.side * min(height, width)))
        rows, columns = _about(u[0], length, height), _about(u[1], length, width)
        patch = second[_elsewhere(u[2], rows, height), _elsewhere(u[3], columns, width)]
        return paste(first, patch, rows, columns)


@dataclass(frozen=True)
class RandomRowInterval(Mixer):
    """Some adjacent rows of one picture at another height in the other.

    (Summers & Dinneen, WACV 2019, arXiv 1805.11272, random row interval.)
    """

    name: ClassVar[str] = "random_row_interval"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """Where the rows go, and where they come from."""
        first, second = pictures
        height, width = first.shape[:2]
        u = numbers.uniforms
        rows = _interval(u[0], u[1], height)
        return paste(first, second[_elsewhere(u[2], rows, height)], rows, (0, width))


@dataclass(frozen=True)
class RandomColumnInterval(Mixer):
    """Some adjacent columns of one picture at another place across the other.

    (Summers & Dinneen, WACV 2019, arXiv 1805.11272, random column interval.)
    """

    name: ClassVar[str] = "random_column_interval"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """Where the columns go, and where they come from."""
        first, second = pictures
        height, width = first.shape[:2]
        u = numbers.uniforms
        columns = _interval(u[0], u[1], width)
        return paste(first, second[:, _elsewhere(u[2], columns, width)], (0, height), columns)
