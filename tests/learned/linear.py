"""A generator whose decodings can be worked out in one's head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tenfold.learned.examples import Examples
from tenfold.learned.generator import Generator, Variation
from tenfold.learned.latent import METHODS, Reference, alter

Array = NDArray[Any]


class Linear(Generator):
    """Latents are the first L values; decoding puts them back, the rest is the class's share."""

    kind: ClassVar[str] = "linear"
    methods: ClassVar[tuple[str, ...]] = METHODS

    def __init__(self, examples: Examples, latent: int, conditional: bool = False) -> None:
        self.shape, self.classes = examples.shape, examples.classes
        self.latent, self.conditional = latent, conditional
        latents = self.encode(examples.values, examples.labels)
        self.reference = Reference(latents, examples.labels, len(examples.classes))

    def encode(self, values: Array, labels: Array) -> Array:
        return np.asarray(values.reshape(len(values), -1)[:, : self.latent])

    def decode(self, latents: Array, labels: Array) -> Array:
        flat = np.zeros((len(latents), int(np.prod(self.shape))), np.float32)
        if self.conditional:
            flat += (labels[:, None] + 1) / (len(self.classes) + 1)
        flat[:, : self.latent] = latents
        return flat.reshape(-1, *self.shape)

    def sample(self, labels: Array, seeds: Array) -> Array:
        raise NotImplementedError

    def vary(self, values: Array, labels: Array, seeds: Array, variation: Variation) -> Array:
        latents = self.encode(values, labels)
        return self.decode(alter(latents, labels, seeds, self.reference, variation), labels)

    def state(self) -> tuple[Mapping[str, Array], Mapping[str, Any]]:
        return {}, {}

    @classmethod
    def restore(cls, arrays: Mapping[str, Array], told: Mapping[str, Any]) -> Self:
        raise NotImplementedError
