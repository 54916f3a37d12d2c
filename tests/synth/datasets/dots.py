"""A person's own simulator: the one of docs/synth.md, with labels that arithmetic can check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tenfold.errors import RequestError
from tenfold.samples.sample import Instance
from tenfold.synth.synthesiser import Simulated, Span, Synthesiser, drawn, generator_of


@dataclass(frozen=True)
class Dots(Synthesiser):
    """Bright squares on a dark ground, apart from each other.

    Attributes:
        size: side of the picture, pixels; a multiple of 16.
        share: of the places that hold a square.
        side: of the squares, 2 to 12 pixels.
        burst: individuals that can't be made: those whose seed is a multiple of it.
    """

    size: int = 64
    share: float = 0.5
    side: Span | float = (4.0, 12.0)
    burst: int = 0

    kind: ClassVar[str] = "dots"
    classes: ClassVar[tuple[str, ...]] = ("small", "large")
    legend: ClassVar[Mapping[str, Mapping[int, str]]] = {
        "semantic": {0: "ground", 1: "small", 2: "large"}
    }

    def __post_init__(self) -> None:
        if self.size % 16:
            raise RequestError(f"dots: size must be a multiple of 16, got {self.size}")

    def make(self, seed: int) -> Simulated:
        """A picture (size, size, 1) uint8."""
        if self.burst and seed % self.burst == 0:
            raise RequestError(f"seed {seed} bursts")
        random = generator_of(seed)
        image = np.full((self.size, self.size, 1), 40, np.uint8)
        semantic = np.zeros(image.shape[:2], np.uint8)
        number = semantic.astype(np.uint16)
        found: list[Instance] = []
        for y in range(2, self.size, 16):
            for x in range(2, self.size, 16):
                side = round(drawn(self.side, random))
                if random.random() >= self.share:
                    continue
                large = side > 8
                rows, columns = slice(y, y + side), slice(x, x + side)
                image[rows, columns] = 200
                semantic[rows, columns] = 1 + large
                number[rows, columns] = len(found) + 1
                corners = np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]])
                found.append(
                    Instance(
                        self.classes[large], np.array([x, y, x + side, y + side], float),
                        polygons=(corners.astype(float),),
                    )
                )  # fmt: skip
        return Simulated(
            image, {"semantic": semantic, "instance": number}, tuple(found),
            {"squares": len(found)}, {".txt": f"{len(found)} squares\n".encode()},
        )  # fmt: skip
