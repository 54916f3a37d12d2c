"""What the reference works on: a picture, the rules for it, and errors put in on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rules:
    """How borders and opacity are treated; the words are those of a recipe."""

    border: str = "reflect"
    value: float = 0.0
    interpolation: str = "linear"
    ignore: int = 0
    alpha: bool = False


@dataclass(frozen=True)
class Wobble:
    """Errors put in on purpose, to learn how far allowed ones get: roundings, ties, places.

    Attributes:
        levels: added to the values after every step, in units of white; the sign by `seed`.
        pixels: the same for places that are looked at.
        seed: +1 and -1: this sign everywhere; 2 and -2: away from the middle and towards it;
            others: signs at random. Below 0 a float that many pixels share is ranked above them.
    """

    levels: float = 0.0
    pixels: float = 0.0
    seed: int = 1

    def signs(self, values: Floats) -> Floats:
        """One for each value."""
        if abs(self.seed) == 1:
            return np.full(values.shape, float(self.seed))
        if abs(self.seed) == 2:
            return np.sign((values - np.median(values)) * self.seed)
        return np.random.default_rng(abs(self.seed)).choice([-1.0, 1.0], values.shape)


NO_WOBBLE = Wobble()


@dataclass(frozen=True, eq=False)
class Picture:
    """What the executor holds.

    Attributes:
        values: (H, W, C) float64 in the image's own units, not rounded.
        dtype: of the image.
        value_range: black and white.
        mask: (H, W) labels, or None.
        known: (H, W) false where a step looked beyond the frame that the step before it left.
    """

    values: Floats
    dtype: np.dtype[Any]
    value_range: tuple[float, float]
    mask: NDArray[Any] | None = None
    known: NDArray[np.bool_] = field(default_factory=lambda: np.ones((0, 0), dtype=bool))

    @classmethod
    def of(cls, image: NDArray[Any], value_range: tuple[float, float], mask: Any = None) -> Picture:
        """Of an image (H, W, C)."""
        known = np.ones(image.shape[:2], dtype=bool)
        return cls(image.astype(np.float64), image.dtype, value_range, mask, known)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.values.shape[0], self.values.shape[1]

    def stored(self) -> NDArray[Any]:
        """The image as a file would hold it."""
        if self.dtype.kind == "f":
            return self.values.astype(self.dtype)
        info = np.iinfo(self.dtype)
        stored: NDArray[Any] = np.clip(np.rint(self.values), info.min, info.max).astype(self.dtype)
        return stored

    def wobbled(self, wobble: Wobble) -> Picture:
        """With every value a little wrong."""
        if not wobble.levels:
            return self
        low, high = self.value_range
        wrong = wobble.signs(self.values) * wobble.levels * (high - low)
        return replace(self, values=self.values + wrong)
