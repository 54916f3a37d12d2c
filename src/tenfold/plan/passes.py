"""Passes over the pixels for many copies: what `tenfold.plan.block` makes of stacked steps.

Each pass holds the numbers of N copies and applies those of copy k to an image. Preparing is done
once for all copies, so that `run` does hardly more than call a kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tenfold.ops.steps import PixelStep
from tenfold.plan.kernels.pointwise import apply_pixels
from tenfold.plan.kernels.values import ValueRange
from tenfold.samples.sample import Array

Flags = NDArray[np.bool_]


class Pass(Protocol):
    """One pass over the pixels, ready for N copies."""

    def run(self, image: Array, k: int, value_range: ValueRange) -> Array:
        """Apply it to an image (H, W, C), as for copy k; a new array."""
        ...

    def run_many(self, images: Array, first: int, acts: Flags, value_range: ValueRange) -> Array:
        """Apply it to images (n, H, W, C), as for copies `first` on, where it acts; a new array.

        The result is that of `run`; one call of a kernel for all of them is quicker where they are
        small, and lets other threads run.

        Args:
            images: contiguous.
            first: the first image's copy.
            acts: (n,) contiguous; the other images are copied.
            value_range: black and white.
        """
        ...


def one_by_one(one: Pass, images: Array, first: int, acts: Flags, value_range: ValueRange) -> Array:
    """`Pass.run_many` for a pass without a quicker way."""
    return np.stack([
        one.run(image, first + n, value_range) if acts[n] else image
        for n, image in enumerate(images)
    ])  # fmt: skip


class StackedPass:
    """Steps that keep pixels in place, stacked.

    Args:
        steps: in order, each with the (N,) copies in which it acts.
    """

    def __init__(self, steps: Sequence[tuple[PixelStep, Flags]]) -> None:
        self._steps = [(step, acts.tolist()) for step, acts in steps]

    def run(self, image: Array, k: int, value_range: ValueRange) -> Array:
        """See `Pass`."""
        rows = [step.row(k) for step, acts in self._steps if acts[k]]
        return apply_pixels(image, rows, False, value_range)

    def run_many(self, images: Array, first: int, acts: Flags, value_range: ValueRange) -> Array:
        """See `Pass`."""
        return one_by_one(self, images, first, acts, value_range)


class RowsPass:
    """Steps that were lowered copy by copy.

    Args:
        rows: the steps of each copy.
    """

    def __init__(self, rows: Sequence[Sequence[PixelStep]]) -> None:
        self._rows = rows

    def run(self, image: Array, k: int, value_range: ValueRange) -> Array:
        """See `Pass`."""
        return apply_pixels(image, self._rows[k], False, value_range)

    def run_many(self, images: Array, first: int, acts: Flags, value_range: ValueRange) -> Array:
        """See `Pass`."""
        return one_by_one(self, images, first, acts, value_range)
