"""Parts of the picture covered: one rectangle, several, or a grid of them."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tenfold.ops.op import Op
from tenfold.ops.steps import Drawn, Fill, Steps
from tenfold.params import Range, Ranged, param
from tenfold.rng import derived_seed, pixel_generator
from tenfold.samples.sample import Schema


@dataclass(frozen=True, kw_only=True)
class Occlusion(Op, ABC):
    """What all occlusions share: what is shown in place of the picture."""

    family: ClassVar[str] = "occlusion"
    seeded: ClassVar[bool] = True

    fill: str = param(
        "mean", "choice",
        "a constant, the image's mean, its background (median of the outermost pixels), or noise",
        options=("constant", "mean", "background", "noise"),
    )  # fmt: skip
    value: float = param(
        0.0, "number", "for a constant: 0 black, 1 white", within=(0, 1), unit="of white"
    )
    ignore_masks: bool = param(
        False, "flag", "masks get the recipe's ignore value where the picture is covered"
    )

    def covered(self, rectangles: Sequence[tuple[int, int, int, int]], drawn: Drawn) -> Steps:
        """The step that covers these rectangles (x0, y0, x1, y1), empty ones left out.

        The noise has a stream of its own: the op's seed itself may have drawn the rectangles.
        """
        some = [r for r in rectangles if r[0] < r[2] and r[1] < r[3]]
        if not some:
            return ()
        return (
            Fill(
                np.array(some, dtype=np.int64),
                self.fill,
                self.value,
                derived_seed(drawn["seed"]),
                self.ignore_masks,
            ),
        )


def _placed(position: float, length: int, whole: int) -> tuple[int, int]:
    """Start and end of a stretch whose every place inside is equally likely."""
    start = min(int(position * (whole - length + 1)), whole - length)
    return start, start + length


@dataclass(frozen=True, kw_only=True)
class Erase(Occlusion):
    """One rectangle covered (random erasing, Zhong et al. 2020)."""

    name: ClassVar[str] = "erase"
    main: ClassVar[str] = "area"
    extra: ClassVar[tuple[str, ...]] = ("x", "y")

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))
    area: Ranged = param(
        Range(0.02, 0.15), "range", "area of the rectangle",
        within=(0, 1), unit="of the image", neutral=0.0,
    )  # fmt: skip
    aspect: Ranged = param(
        Range(0.4, 2.5, "loguniform"), "range", "width by height", within=(0.01, 100)
    )

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """One rectangle, cut to the image's size where it would be longer."""
        if drawn["area"] == 0:
            return ()
        pixels = drawn["area"] * schema.height * schema.width
        width = min(schema.width, max(1, round(math.sqrt(pixels * drawn["aspect"]))))
        height = min(schema.height, max(1, round(math.sqrt(pixels / drawn["aspect"]))))
        x0, x1 = _placed(drawn["x"], width, schema.width)
        y0, y1 = _placed(drawn["y"], height, schema.height)
        return self.covered([(x0, y0, x1, y1)], drawn)


@dataclass(frozen=True, kw_only=True)
class CoarseDropout(Occlusion):
    """Several small squares covered (DeVries & Taylor 2017, cutout, with more than one hole)."""

    name: ClassVar[str] = "coarse_dropout"
    main: ClassVar[str] = "holes"

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))
    holes: Ranged = param(
        Range(2, 8), "range", "how many squares", within=(0, 1000), integral=True, neutral=0.0
    )
    size: Ranged = param(
        Range(0.04, 0.12), "range", "side of a square",
        within=(0, 1), unit="of the shorter side", neutral=0.0,
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """Squares at places drawn from the seed; they may overlap."""
        shorter = min(schema.height, schema.width)
        side = min(shorter, max(1, round(drawn["size"] * shorter))) if drawn["size"] else 0
        places = pixel_generator(drawn["seed"]).random((int(drawn["holes"]), 2)).tolist()
        rectangles = []
        for x, y in places:
            x0, x1 = _placed(x, side, schema.width)
            y0, y1 = _placed(y, side, schema.height)
            rectangles.append((x0, y0, x1, y1))
        return self.covered(rectangles, drawn)


@dataclass(frozen=True, kw_only=True)
class GridDropout(Occlusion):
    """A regular grid of squares covered (GridMask, Chen et al. 2020)."""

    name: ClassVar[str] = "grid_dropout"
    main: ClassVar[str] = "ratio"
    extra: ClassVar[tuple[str, ...]] = ("x", "y")

    probability: float = param(0.5, "number", "chance that a copy gets this", within=(0, 1))
    ratio: Ranged = param(
        Range(0.2, 0.4), "range", "side of a square by the grid's spacing",
        within=(0, 1), neutral=0.0,
    )  # fmt: skip
    spacing: Ranged = param(
        Range(0.15, 0.35), "range", "distance from one square to the next",
        within=(0.01, 1), unit="of the shorter side",
    )  # fmt: skip

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """Squares of one grid, shifted by a part of its spacing."""
        if drawn["ratio"] == 0:
            return ()
        spacing = max(2, round(drawn["spacing"] * min(schema.height, schema.width)))
        side = min(spacing, max(1, round(drawn["ratio"] * spacing)))
        columns = _stretches(drawn["x"], spacing, side, schema.width)
        rows = _stretches(drawn["y"], spacing, side, schema.height)
        return self.covered([(x0, y0, x1, y1) for y0, y1 in rows for x0, x1 in columns], drawn)


def _stretches(shift: float, spacing: int, side: int, whole: int) -> list[tuple[int, int]]:
    first = int(shift * spacing) - spacing
    starts = range(first, whole, spacing)
    return [(max(0, s), min(whole, s + side)) for s in starts]
