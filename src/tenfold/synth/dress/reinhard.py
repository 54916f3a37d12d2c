"""Colours moved to another image's mean and spread.

Reinhard et al., "Color transfer between images" (2001): in l alpha beta (Ruderman et al. 1998),
logarithms of cone responses turned so that natural images' channels don't correlate, each channel
is shifted and scaled on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.samples.sample import Array
from tenfold.synth.dress.reading import FLAT, rgb_bytes, several

_CONES = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
_TURN = np.diag(1 / np.sqrt([3.0, 6.0, 2.0])) @ np.array([[1.0, 1, 1], [1, 1, -2], [1, -1, 0]])
_BACK = np.linalg.inv(_CONES), np.linalg.inv(_TURN)


def lab_of(image: Array) -> NDArray[np.float64]:
    """(H, W, 3) float64 l alpha beta of an RGB image of uint8; black counts as half a level."""
    unit = np.maximum(rgb_bytes(image, "colours: an image"), 0.5) / 255
    return _mixed(np.log10(_mixed(unit, _CONES)), _TURN)


def rgb_of(lab: Array) -> NDArray[np.uint8]:
    """The inverse of `lab_of`, clipped and rounded to levels."""
    cones = np.exp(_mixed(lab, _BACK[1]) * np.log(10.0))
    return np.clip(np.rint(_mixed(cones, _BACK[0]) * 255), 0, 255).astype(np.uint8)


def _mixed(image: Array, matrix: Array) -> NDArray[np.float64]:
    # Sums in a fixed order, unlike a matrix product's.
    out = np.empty(image.shape)
    for channel, (a, b, c) in enumerate(matrix):
        out[..., channel] = image[..., 0] * a + image[..., 1] * b + image[..., 2] * c
    return out


@dataclass(frozen=True, slots=True)
class Colours:
    """Mean and spread of colours in l alpha beta.

    Attributes:
        mean: of each channel.
        spread: standard deviation of each channel.
    """

    mean: tuple[float, ...]
    spread: tuple[float, ...]

    @classmethod
    def of(cls, images: Sequence[Array] | Array) -> Colours:
        """Colours of one or several images, (H, W, 3) uint8, all pixels alike.

        Raises:
            RequestError: no images, or another shape or dtype.
        """
        lab = np.concatenate([lab_of(i).reshape(-1, 3) for i in several(images, "colours")])
        return cls(_rounded(lab.mean(axis=0)), _rounded(lab.std(axis=0)))

    def give(self, image: Array) -> NDArray[np.uint8]:
        """`image`, (H, W, 3) uint8, in these colours: its channels' means and spreads are moved.

        Raises:
            RequestError: the image is of one colour, so that it has no spread.
        """
        return rgb_of(self.moved(lab_of(image)))

    def moved(self, lab: Array) -> NDArray[np.float64]:
        """`give`, from and to l alpha beta: the means and spreads are exactly these."""
        mean, spread = lab.mean(axis=(0, 1)), lab.std(axis=(0, 1))
        if spread[0] < FLAT / 10:
            raise RequestError("colours: the image is of one colour; its spread can't be moved")
        scale = np.divide(self.spread, spread, out=np.ones(3), where=spread > 1e-9)
        moved: NDArray[np.float64] = (lab - mean) * scale + self.mean
        return moved


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(v), 9) for v in values)
