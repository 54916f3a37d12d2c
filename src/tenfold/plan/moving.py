"""The geometric pass for many copies: maps fused together, pixels resampled one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.native.library import ffi, lib
from tenfold.native.room import room
from tenfold.ops import matrices
from tenfold.ops.steps import Displacement, GeometricStep, Warp
from tenfold.plan.fields import border_mode, image_fringe
from tenfold.plan.kernels.native import pointer
from tenfold.plan.kernels.values import ValueRange
from tenfold.plan.map import Map, safe_crop
from tenfold.plan.opacity import resample_picture
from tenfold.plan.passes import Flags
from tenfold.plan.resample import BORDERS, INTERPOLATIONS, TYPES, Fringe, as_values
from tenfold.samples.sample import Array, Schema

_BYTE = np.dtype(np.uint8)


class GeometryPass:
    """Geometric steps as one resampling.

    Where they are matrices, and perhaps one displacement after them, as in nearly all recipes, the
    maps of all copies are made together. Other chains, safe crops and float images go the way of
    single copies.

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
        for step, acts in steps:
            if isinstance(step, Warp) and acts.any():
                acting = step.row(int(np.argmax(acts)))
                self.target = int(acting.height), int(acting.width)
        bends = [isinstance(step, Displacement) for step, _ in steps]
        self._maps = None
        self._beyond: dict[ValueRange, Array] = {}
        if self._mode != "crop" and not any(bends[:-1]) and schema.dtype.kind != "f":
            mode = "constant" if self._mode == "background" else self._mode
            self._maps = _Maps(steps, size, self.target, schema, recipe, mode)

    def run(self, image: Array, k: int, value_range: ValueRange) -> Array:
        """See `tenfold.plan.passes.Pass`."""
        if self._maps is not None:
            beyond = self._beyond.get(value_range)
            if beyond is None:
                beyond = as_values(self._fringe(image, value_range).values, image.dtype)
                if self._mode != "background":  # which is another one for each image
                    self._beyond[value_range] = beyond
            return self._maps.resampled(image, k, beyond)
        through = Map.of([step.row(k) for step, acts in self._steps if acts[k]], self._size)
        if self._mode == "crop":
            through = safe_crop(through)
        fringe = self._fringe(image, value_range)
        return resample_picture(
            image, False, value_range, through, self._recipe.interpolation, fringe
        )

    def _fringe(self, image: Array, value_range: ValueRange) -> Fringe:
        return image_fringe(self._mode, self._recipe.border.value, image, False, value_range)


class _Maps:
    """Matrices and perhaps a displacement, made one matrix and one grid for each copy."""

    def __init__(
        self,
        steps: Sequence[tuple[GeometricStep, Flags]],
        size: tuple[int, int],
        target: tuple[int, int],
        schema: Schema,
        recipe: Recipe,
        mode: str,
    ) -> None:
        count = len(steps[0][1])
        whole = np.broadcast_to(np.eye(3), (count, 3, 3))
        shape: tuple[int, ...] = (0, 0)
        self._bends = [False] * count
        for step, acts in steps:
            if isinstance(step, Warp):
                moved = matrices.product(step.matrix, whole)
                whole = np.where(acts[:, None, None], moved, whole)
            else:
                self._bends, shape = acts.tolist(), step.control.shape[1:3]
                self._controls = pointer(np.ascontiguousarray(step.control))
        self._matrices = pointer(np.ascontiguousarray(matrices.inverse(whole)))
        self._shape, self._dtype = (*target, schema.channels), schema.dtype
        codes = TYPES[schema.dtype.char], *target, INTERPOLATIONS[recipe.interpolation]
        head = (*size, schema.channels, *codes, BORDERS[mode])
        self._straight = pointer(np.array([*head, 0, 0], np.int64))
        self._bent = pointer(np.array([*head, *shape], np.int64))
        self._stride = 2 * shape[0] * shape[1]
        self._rooms = [lib.tenfold_resample_scratch(*self._map(k)) for k in range(count)]

    def resampled(self, image: Array, k: int, beyond: Array) -> Array:
        """An image through the map of copy k."""
        out = room(self._shape, self._dtype)
        size = self._rooms[k]
        scratch = ffi.from_buffer(room((size,), _BYTE)) if size else ffi.NULL
        lib.tenfold_resample(
            ffi.from_buffer(image), ffi.from_buffer(out), *self._map(k), ffi.from_buffer(beyond),
            scratch,
        )  # fmt: skip
        return out

    def _map(self, k: int) -> tuple[Any, Any, Any]:
        """Sizes, matrix and grid of copy k, as the kernel takes them."""
        matrix = self._matrices + 9 * k
        if self._bends[k]:
            return self._bent, matrix, self._controls + self._stride * k
        return self._straight, matrix, ffi.NULL
