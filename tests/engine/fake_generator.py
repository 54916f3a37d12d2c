"""A generator without anything learned, in a few lines of NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned import store
from tenfold.learned.examples import Array, Label
from tenfold.learned.generator import Generator, Variation

store.KINDS["fake"] = "engine.fake_generator:Fake"


def lightened(value: Array, label: int, seed: int, strength: float) -> Array:
    """What the fake makes of an image: lighter by a share that its seed says, marked by class."""
    share = strength * np.random.default_rng(seed).random(dtype=np.float32)
    out = value + (1 - value) * np.float32(share)
    out[0, 0] = label / 10
    return out


class Fake(Generator):
    """Lightens images."""

    kind: ClassVar[str] = "fake"
    methods: ClassVar[tuple[str, ...]] = ("lighten", "reconstruction")

    def __init__(self, shape: tuple[int, ...], classes: tuple[Label, ...], salt: int = 0) -> None:
        self.shape, self.classes, self.salt = shape, classes, salt

    def encode(self, values: Array, labels: Array) -> Array:
        return values.reshape(len(values), -1)

    def decode(self, latents: Array, labels: Array) -> Array:
        return latents.reshape(len(latents), *self.shape)

    def sample(self, labels: Array, seeds: Array) -> Array:
        return np.zeros((len(labels), *self.shape), np.float32)

    def vary(self, values: Array, labels: Array, seeds: Array, variation: Variation) -> Array:
        assert values.dtype == np.float32
        assert values.shape == (1, *self.shape), "the engine makes one copy at a time"
        assert 0 <= values.min() <= values.max() <= 1
        if variation.method == "reconstruction":
            return values.copy()
        if np.max(variation.strength or 0) > 3:
            raise RequestError("lighten: strength must be at most 3")
        strength = 1.0 if variation.strength is None else float(np.max(variation.strength))
        return lightened(values[0], int(labels[0]), int(seeds[0]), strength)[None]

    def state(self) -> tuple[Mapping[str, Array], Mapping[str, Any]]:
        told = {"shape": list(self.shape), "classes": list(self.classes), "salt": self.salt}
        return {"nothing": np.zeros(1, np.float32)}, told

    @classmethod
    def restore(cls, arrays: Mapping[str, Array], told: Mapping[str, Any]) -> Self:
        return cls(tuple(told["shape"]), tuple(told["classes"]), told["salt"])


def fake_model(
    folder: Path, shape: tuple[int, ...], classes: tuple[Label, ...], salt: int = 0
) -> Path:
    """A saved fake."""
    store.save(Fake(shape, classes, salt), folder)
    return folder
