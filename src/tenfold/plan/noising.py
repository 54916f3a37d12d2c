"""Normal noise for many copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.native.library import ffi, lib
from tenfold.native.room import room
from tenfold.ops.steps import Noise
from tenfold.plan.kernels.native import ENDINGS, POINTERS, bounds, kernels, pointer
from tenfold.plan.kernels.values import ValueRange
from tenfold.plan.passes import Flags
from tenfold.samples.sample import Array

SERVED = ("gaussian", "multiplicative")
"""Noises that this pass serves; the others take so much longer that nothing is won."""

_KERNELS = kernels("normal_noise")
_MANY = {char: getattr(lib, f"normal_noise_{end}_many") for char, end in ENDINGS.items()}
_TYPES = (np.uint8, np.int64, np.float32, np.float32)


class NoisePass:
    """Additive or multiplicative normal noise.

    Args:
        step: stacked; its function is one of `SERVED`.
        count: N.
    """

    def __init__(self, step: Noise, count: int) -> None:
        std, shared = (np.broadcast_to(p, (count,)) for p in step.parameters)
        self._std, self._shared = std, (shared != 0).tolist()
        self._seeds = np.broadcast_to(step.seed, (count,)).tolist()
        self._adds = step.function == "gaussian"
        self._numbers: dict[Any, list[tuple[Any, ...]]] = {}
        self._columns: dict[ValueRange, tuple[Any, ...]] = {}

    def run(self, image: Array, k: int, value_range: ValueRange) -> Array:
        """See `tenfold.plan.passes.Pass`."""
        char = image.dtype.char
        numbers = self._numbers.get((value_range, char))
        if numbers is None:
            numbers = self._numbers[value_range, char] = self._made(image, value_range)
        height, width, channels = image.shape
        out = room(image.shape, image.dtype)
        kind = POINTERS[char]
        _KERNELS[char](
            ffi.from_buffer(kind, image), height * width, channels, *numbers[k],
            ffi.from_buffer(kind, out),
        )  # fmt: skip
        return out

    def run_many(self, images: Array, first: int, acts: Flags, value_range: ValueRange) -> Array:
        """See `tenfold.plan.passes.Pass`."""
        columns = self._columns.get(value_range)
        if columns is None:
            made = self._shared, self._seeds, *self._strengths(value_range)
            columns = self._columns[value_range] = tuple(map(_column, made, _TYPES))
        count, height, width, channels = images.shape
        out = room(images.shape, images.dtype)
        _MANY[images.dtype.char](
            count, pointer(images), height * width, channels, *(c + first for c in columns),
            *bounds(images, value_range), pointer(acts), pointer(out),
        )  # fmt: skip
        return out

    def _strengths(self, value_range: ValueRange) -> tuple[Array, Array]:
        """Spread and slope of each copy."""
        spread = self._std * (value_range[1] - value_range[0])
        nothing = np.zeros_like(spread)
        return (spread, nothing) if self._adds else (nothing, self._std)

    def _made(self, image: Array, value_range: ValueRange) -> list[tuple[Any, ...]]:
        """For each copy: shared, seed, spread, slope, black, white."""
        limits = bounds(image, value_range)
        strengths = (numbers.tolist() for numbers in self._strengths(value_range))
        each = zip(self._shared, self._seeds, *strengths, strict=True)
        return [(*one, *limits) for one in each]


def _column(values: Any, dtype: Any) -> Any:
    """Pointer to the numbers of all copies."""
    return pointer(np.ascontiguousarray(values, dtype))
