"""Slides are never stained alike: a stain drawn for each image."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tenfold.synth.dress.stain import Stain
from tenfold.synth.synthesiser import Span, check_span, drawn, generator_of

PART = 0x57A1
"""The part of an individual's randomness that is its staining; see `generator_of`."""


@dataclass(frozen=True, eq=False)
class Staining:
    """What stains to expect.

    Attributes:
        base: the stain that all are near to; the default or what `estimate_stain` found.
        turn: degrees by which each vector turns, into a direction of its own.
        haematoxylin: factor on its depth.
        eosin: factor on its depth.
        light: factor on the light.
        tint: degrees by which the light's colour turns.
    """

    base: Stain = field(default_factory=Stain)
    turn: Span | float = (0.0, 5.0)
    haematoxylin: Span | float = (0.75, 1.25)
    eosin: Span | float = (0.7, 1.3)
    light: Span | float = (0.9, 0.98)
    tint: Span | float = (0.0, 1.0)

    def __post_init__(self) -> None:
        for name, low, high, unit in (
            ("turn", 0, 20, "degrees"),
            ("haematoxylin", 0.1, 4, ""),
            ("eosin", 0.1, 4, ""),
            ("light", 0.1, 1, ""),
            ("tint", 0, 10, "degrees"),
        ):
            check_span("staining", name, getattr(self, name), low, high, unit=unit)

    def draw(self, seed: int) -> Stain:
        """The stain of the individual of this seed, a pure function of the settings and it."""
        random = generator_of(seed, PART)
        vectors = np.stack(
            [_turned(v, drawn(self.turn, random), random) for v in self.base.vectors]
        )
        depth = self.base.depth * [drawn(s, random) for s in (self.haematoxylin, self.eosin)]
        light = self.base.light * drawn(self.light, random)
        light = _turned(light, drawn(self.tint, random), random)
        return Stain(np.maximum(vectors, 0), depth, np.clip(light, 1, 255))


def _turned(
    vector: NDArray[np.float64], degrees: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """`vector` turned by an angle into a random direction; its length stays."""
    away = random.standard_normal(3)
    length = np.sqrt((vector**2).sum())
    along = vector / length
    away -= (away * along).sum() * along
    away /= np.sqrt((away**2).sum())
    angle = np.radians(degrees)
    turned: NDArray[np.float64] = length * (np.cos(angle) * along + np.sin(angle) * away)
    return turned
