"""What every library gets: pictures made up from a formula, the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Inputs:
    """The pictures of one run.

    Attributes:
        photos: (side, side, 3) uint8, each in memory of its own.
        scans: (70, 70, 1) uint8.
    """

    photos: Sequence[Image]
    scans: Sequence[Image]

    @cached_property
    def batches_of_scans(self) -> list[list[Image]]:
        """The scans in batches of 300, or fewer if there are fewer."""
        size = min(300, len(self.scans))
        return [list(self.scans[i : i + size]) for i in range(0, len(self.scans) - size + 1, size)]


def made_up(photos: int, scans: int, side: int = 512) -> Inputs:
    """Shapes, shading and fine grain; from dark to bright, with edges and texture."""
    rng = np.random.default_rng(0)
    return Inputs(
        [_photo(rng, side) for _ in range(photos)],
        [_scan(rng) for _ in range(scans)],
    )


def _photo(rng: np.random.Generator, side: int) -> Image:
    slope = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    image = np.empty((side, side, 3), np.float32)
    image[:] = rng.uniform(50, 200, 3)
    image += (slope[:, None] * np.float32(rng.uniform(-80, 80)))[..., None]
    image += (slope[None, :] * np.float32(rng.uniform(-80, 80)))[..., None]
    for _ in range(16):
        centre = (int(rng.integers(side)), int(rng.integers(side)))
        axes = (int(rng.integers(side // 50, side // 4)), int(rng.integers(side // 50, side // 4)))
        colour = rng.uniform(5, 250, 3).tolist()
        cv2.ellipse(image, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, 16)
    grain = rng.standard_normal((side, side, 3), dtype=np.float32)
    image += 16 * cv2.GaussianBlur(grain, (0, 0), 0.8)
    return np.clip(image, 0, 255).astype(np.uint8)


def _scan(rng: np.random.Generator) -> Image:
    """Dark strokes on light paper."""
    paper = np.full((70, 70), rng.uniform(200, 250), np.float32)
    for _ in range(4):
        ends = rng.integers(8, 62, 4).tolist()
        ink = float(rng.uniform(0, 60))
        cv2.line(paper, (ends[0], ends[1]), (ends[2], ends[3]), ink, 3, cv2.LINE_AA)
    paper += rng.standard_normal((70, 70), dtype=np.float32) * 4
    return np.clip(paper, 0, 255).astype(np.uint8)[..., None]
