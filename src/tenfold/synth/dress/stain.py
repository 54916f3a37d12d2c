"""Two stains on a slide, haematoxylin and eosin: from amounts to colours and back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.samples.sample import Array
from tenfold.synth.dress.density import WHITE, checked_light, density_of, light_through

HAEMATOXYLIN = (0.65, 0.70, 0.29)
EOSIN = (0.07, 0.99, 0.11)
"""Optical density in red, green and blue, as measured by Ruifrok & Johnston (2001)."""


@dataclass(frozen=True, eq=False)
class Stain:
    """How a slide was stained and lit.

    An amount of 1 is the slide's strongest staining, apart from outliers (its 99th percentile).

    Attributes:
        vectors: (2, 3) float64, haematoxylin's and eosin's optical density in red, green and
            blue; brought to length 1.
        depth: (2,) float64, length of the optical density at an amount of 1.
        light: (3,) float64, red, green and blue of the empty slide, 1 to 255.
    """

    vectors: NDArray[np.float64] = field(default_factory=lambda: np.array([HAEMATOXYLIN, EOSIN]))
    depth: NDArray[np.float64] = field(default_factory=lambda: np.array([1.1, 0.6]))
    light: NDArray[np.float64] = field(default_factory=lambda: np.array(WHITE))

    def __post_init__(self) -> None:
        vectors = np.asarray(self.vectors, dtype=np.float64)
        depth = np.asarray(self.depth, dtype=np.float64)
        if vectors.shape != (2, 3) or not np.isfinite(vectors).all() or (vectors < 0).any():
            raise RequestError("stain: vectors must be two of three numbers, none below 0")
        lengths = np.sqrt((vectors**2).sum(axis=1))
        if not lengths.all():
            raise RequestError("stain: a vector of length 0 colours nothing")
        vectors = vectors / lengths[:, None]
        if degrees_between(vectors[0], vectors[1]) < 1:
            raise RequestError("stain: the two vectors are alike, so that amounts can't be told")
        if depth.shape != (2,) or not ((depth > 0) & (depth < 10)).all():
            raise RequestError(
                f"stain: depth must be two numbers above 0 and below 10, got {depth}"
            )
        object.__setattr__(self, "vectors", vectors)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "light", checked_light(self.light))

    def paint(self, amounts: Array) -> NDArray[np.uint8]:
        """The slide as it looks.

        Args:
            amounts: (H, W, 2), of haematoxylin and eosin, 1 at the strongest; less than 0 is 0.

        Returns:
            (H, W, 3) uint8, RGB.

        Raises:
            RequestError: another shape, or amounts that aren't finite.
        """
        found = np.asarray(amounts)
        if found.ndim != 3 or found.shape[2] != 2 or not found.size:
            raise RequestError(f"stain: amounts must be (H, W, 2), got {found.shape}")
        if not np.isfinite(found).all():
            raise RequestError("stain: amounts hold NaN or infinite values")
        blue, pink = (np.maximum(found[:, :, k], 0).astype(np.float64) for k in range(2))
        full = self.vectors * self.depth[:, None]
        density = np.empty((*found.shape[:2], 3))
        for channel in range(3):
            density[:, :, channel] = blue * full[0, channel] + pink * full[1, channel]
        return light_through(density, self.light)

    def amounts(self, image: Array) -> NDArray[np.float32]:
        """How much of each stain a slide holds: the least squares of its optical density.

        Args:
            image: (H, W, 3) uint8, RGB.

        Returns:
            (H, W, 2) float32, haematoxylin and eosin, 1 at this stain's strongest; at least 0.
        """
        density = density_of(image, self.light)
        full = self.vectors * self.depth[:, None]
        a, b, d = ((full[i] * full[k]).sum() for i, k in ((0, 0), (0, 1), (1, 1)))
        gram = np.array([[d, -b], [-b, a]]) / (a * d - b * b)
        solve = [gram[k, 0] * full[0] + gram[k, 1] * full[1] for k in range(2)]
        found = np.empty((*density.shape[:2], 2), np.float32)
        for k, row in enumerate(solve):
            found[:, :, k] = sum(density[:, :, c] * row[c] for c in range(3))
        return np.maximum(found, 0, out=found)

    def restained(self, image: Array, other: Stain) -> NDArray[np.uint8]:
        """A slide of this stain as it would look with another: same amounts, other colours.

        Args:
            image: (H, W, 3) uint8, RGB.
            other: usually the estimate of another slide or laboratory.
        """
        return other.paint(self.amounts(image))


def degrees_between(one: Array, other: Array) -> float:
    """Angle of two vectors, in degrees."""
    lengths = np.sqrt((one**2).sum() * (other**2).sum())
    return float(np.degrees(np.arccos(np.clip((one * other).sum() / lengths, -1, 1))))
