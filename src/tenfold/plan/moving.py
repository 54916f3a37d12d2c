"""The geometric pass for many copies: maps fused together, pixels resampled one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.ops.steps import GeometricStep, Warp
from tenfold.plan.fields import border_mode, image_fringe
from tenfold.plan.kernels.values import ValueRange
from tenfold.plan.map import Map, safe_crop
from tenfold.plan.opacity import resample_picture
from tenfold.plan.passes import Flags
from tenfold.samples.sample import Array, Schema


class GeometryPass:
    """Geometric steps as one resampling.

    Args:
        steps: stacked, in order, each with the (N,) copies in which it acts.
        size: (height, width) of the images.
        recipe: its border and sampling.
        schema: of the images.

    Attributes:
        target: (height, width) of the result, the same for all copies.
    """

    def __init__(
        self,
        steps: Sequence[tuple[GeometricStep, Flags]],
        size: tuple[int, int],
        recipe: Recipe,
        schema: Schema,
    ) -> None:
        self._steps = [(step, acts.tolist()) for step, acts in steps]
        self._size, self._recipe = size, recipe
        self._mode = border_mode(recipe, schema)
        self.target = size
        for step, _ in steps:
            if isinstance(step, Warp):
                self.target = int(np.max(step.height)), int(np.max(step.width))

    def run(self, image: Array, k: int, value_range: ValueRange) -> Array:
        """See `tenfold.plan.passes.Pass`."""
        through = Map.of([step.row(k) for step, acts in self._steps if acts[k]], self._size)
        if self._mode == "crop":
            through = safe_crop(through)
        picture = image, False, value_range
        fringe = image_fringe(self._mode, self._recipe.border.value, *picture)
        return resample_picture(*picture, through, self._recipe.interpolation, fringe)
