"""Normal noise for many copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.native.room import room
from tenfold.ops.steps import Noise
from tenfold.plan.kernels.native import bounds, kernels, pointer
from tenfold.plan.kernels.values import ValueRange
from tenfold.samples.sample import Array

SERVED = ("gaussian", "multiplicative")
"""Noises that this pass serves; the others take so much longer that nothing is won."""

_KERNELS = kernels("normal_noise")


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

    def run(self, image: Array, k: int, value_range: ValueRange) -> Array:
        """See `tenfold.plan.passes.Pass`."""
        form = value_range, image.dtype
        numbers = self._numbers.get(form)
        if numbers is None:
            numbers = self._numbers[form] = self._made(image, value_range)
        height, width, channels = image.shape
        out = room(image.shape, image.dtype)
        _KERNELS[image.dtype.char](
            pointer(image), height * width, channels, *numbers[k], pointer(out)
        )
        return out

    def _made(self, image: Array, value_range: ValueRange) -> list[tuple[Any, ...]]:
        """For each copy: shared, seed, spread, slope, black, white."""
        spread = self._std * (value_range[1] - value_range[0])
        nothing = np.zeros_like(spread)
        both = (spread, nothing) if self._adds else (nothing, self._std)
        limits = bounds(image, value_range)
        each = zip(self._shared, self._seeds, *(n.tolist() for n in both), strict=True)
        return [(*one, *limits) for one in each]
