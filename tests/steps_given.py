"""Plans that take given steps, drawn or not: for tests of what steps do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.ops.op import Op
from tenfold.ops.steps import Drawn, Fill, Step, Steps
from tenfold.plan.plan import Outcome, Plan
from tenfold.rng import Key
from tenfold.samples.sample import Sample, Schema
from tenfold.samples.source import DatasetInfo


def op_of(*steps: Step) -> Op:
    """An op that always lowers to these steps."""

    @dataclass(frozen=True, kw_only=True)
    class Given(Op):
        """Steps of a test."""

        name: ClassVar[str] = "given"
        family: ClassVar[str] = "geometry"
        moves: ClassVar[bool] = True

        def lower(self, drawn: Drawn, schema: Schema) -> Steps:
            return steps

    return Given()


def run(sample: Sample, *steps: Step, **recipe: Any) -> Outcome:
    """A sample through steps, with settings of the recipe."""
    info = DatasetInfo(has_boxes=bool(sample.instances), has_masks=bool(sample.masks))
    settings: dict[str, Any] = {"keypoint_pairs": (), "min_visibility": 0, "min_area": 0} | recipe
    plan = Plan(Recipe((op_of(*steps),), **settings), info)
    return plan.run(sample, plan.draw([Key(0, sample.id, 1)])[0])


def cover(*rectangles: tuple[int, int, int, int], ignore_masks: bool = False) -> Fill:
    """Rectangles (x0, y0, x1, y1) covered with black."""
    return Fill(np.array(rectangles, dtype=np.int64), "constant", 0.0, 0, ignore_masks)
