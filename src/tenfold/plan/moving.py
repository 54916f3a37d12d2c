"""The geometric pass for many copies: maps fused together, pixels resampled one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.native.library import ffi, lib
from tenfold.native.room import room
from tenfold.ops.steps import Displacement, GeometricStep, Warp
from tenfold.plan.fields import border_mode, image_fringe
from tenfold.plan.kernels.native import bytes_of, pointer
from tenfold.plan.kernels.values import ValueRange
from tenfold.plan.map import Map, safe_crop
from tenfold.plan.opacity import resample_picture
from tenfold.plan.passes import Flags, one_by_one
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
        self._beyond: dict[ValueRange, Any] = {}
        if self._mode != "crop" and not any(bends[:-1]) and schema.dtype.kind != "f":
            mode = "constant" if self._mode == "background" else self._mode
            self._maps = _Maps(steps, size, self.target, schema, recipe, mode)

    def run(self, image: Array, k: int, value_range: ValueRange) -> Array:
        """See `tenfold.plan.passes.Pass`."""
        if self._maps is not None:
            return self._maps.resampled(image, k, self._constant(image, value_range))
        through = Map.of([step.row(k) for step, acts in self._steps if acts[k]], self._size)
        if self._mode == "crop":
            through = safe_crop(through)
        fringe = self._fringe(image, value_range)
        return resample_picture(
            image, False, value_range, through, self._recipe.interpolation, fringe
        )

    def run_many(self, images: Array, first: int, acts: Flags, value_range: ValueRange) -> Array:
        """See `tenfold.plan.passes.Pass`."""
        if self._maps is None or self._mode == "background":
            return one_by_one(self, images, first, acts, value_range)
        beyond = self._constant(images[0], value_range)
        return self._maps.all_resampled(images, first, acts, beyond)

    def _constant(self, image: Array, value_range: ValueRange) -> Any:
        """Pointer to a pixel of a constant border."""
        beyond = self._beyond.get(value_range)
        if beyond is None:
            values = self._fringe(image, value_range).values
            beyond = ffi.from_buffer(as_values(values, image.dtype))
            if self._mode != "background":  # which is another one for each image
                self._beyond[value_range] = beyond
        return beyond

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
        whole = np.empty((count, 3, 3))
        whole[:] = np.eye(3)
        shape: tuple[int, ...] = (0, 0)
        bends, self._controls = np.zeros(count, np.bool_), ffi.NULL
        for step, acts in steps:
            each = np.ascontiguousarray(acts)
            if isinstance(step, Warp):
                matrices = np.ascontiguousarray(np.broadcast_to(step.matrix, (count, 3, 3)))
                lib.tenfold_follow(count, pointer(matrices), pointer(each), pointer(whole))
            else:
                bends, shape = each, step.control.shape[1:3]
                self._controls = pointer(np.ascontiguousarray(step.control))
        pulls = np.empty((count, 3, 3))
        lib.tenfold_inverses(count, pointer(whole), pointer(pulls))
        self._matrices = pointer(pulls)
        self._bends, self._bent_ones = bends.tolist(), pointer(bends)
        self._shape, self._dtype = (*target, schema.channels), schema.dtype
        codes = TYPES[schema.dtype.char], *target, INTERPOLATIONS[recipe.interpolation]
        head = (*size, schema.channels, *codes, BORDERS[mode])
        self._sizes = pointer(np.array([*head, *shape], np.int64))
        self._stride = 2 * shape[0] * shape[1]
        rooms = np.empty(count, np.int64)
        lib.tenfold_resample_scratches(
            count, self._sizes, self._matrices, self._controls, self._bent_ones, pointer(rooms)
        )
        self._rooms: list[int] = rooms.tolist()

    def resampled(self, image: Array, k: int, beyond: Any) -> Array:
        """An image through the map of copy k."""
        out = room(self._shape, self._dtype)
        lib.tenfold_resample(
            ffi.from_buffer(image), ffi.from_buffer(out), self._sizes, self._matrices + 9 * k,
            self._controls + self._stride * k if self._bends[k] else ffi.NULL,
            beyond, _scratch(self._rooms[k]),
        )  # fmt: skip
        return out

    def all_resampled(self, images: Array, first: int, acts: Flags, beyond: Any) -> Array:
        """Images through the maps of copies `first` on, where they act."""
        count = len(images)
        out = room((count, *self._shape), self._dtype)
        most = max(self._rooms[first : first + count])
        lib.tenfold_resample_many(
            count, bytes_of(images), bytes_of(out), self._sizes, self._matrices + 9 * first,
            self._controls + self._stride * first if self._stride else ffi.NULL,
            self._bent_ones + first, pointer(acts), beyond, _scratch(most),
        )  # fmt: skip
        return out


def _scratch(size: int) -> Any:
    return ffi.from_buffer(room((size,), _BYTE)) if size else ffi.NULL
