"""Feature vectors in units of each feature's own spread; images stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from tenfold.learned.examples import Array, Examples


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """(values - centre) / spread, feature by feature.

    Attributes:
        centre: (D,) float32, the mean; () for images.
        spread: (D,) float32, the standard deviation, 1 where it is 0; () for images.
    """

    centre: Array
    spread: Array

    @classmethod
    def of(cls, examples: Examples) -> Self:
        """The scale of these examples."""
        if examples.values.ndim == 4:
            return cls(np.zeros((), np.float32), np.ones((), np.float32))
        values = examples.values.astype(np.float64)
        spread = values.std(axis=0)
        spread[spread == 0] = 1
        return cls(values.mean(axis=0).astype(np.float32), spread.astype(np.float32))

    def inward(self, values: Array) -> Array:
        """Into units of the spread."""
        return (values - self.centre) / self.spread if self.centre.ndim else values

    def outward(self, values: Array) -> Array:
        """Back into the features' own units."""
        return values * self.spread + self.centre if self.centre.ndim else values

    def examples(self, examples: Examples) -> Examples:
        """Examples with their values inward."""
        if not self.centre.ndim:
            return examples
        values = self.inward(examples.values)
        return Examples(values, examples.labels, examples.classes, examples.ids)
