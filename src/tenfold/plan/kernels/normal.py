"""Gaussian numbers for every pixel, quickly; `native/random.c` says how they are made."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tenfold.native.library import ffi, lib
from tenfold.plan.kernels.native import pointer

_STREAM = 0  # of a seed's streams that for normal noise


def normal_field(seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Independent standard normal numbers, float32, of that shape.

    Number i (in C order) is a pure function of (seed, i): Philox4x32-7 and the method of Box and
    Muller, out to 6.5 standard deviations. Neighbouring seeds have nothing in common.

    Args:
        seed: 0 to 2**53 - 1.
        shape: of the result.
    """
    out = np.empty(shape, np.float32)
    lib.pixel_normals(ffi.new("int64_t *", seed), 1, _STREAM, 0, math.prod(shape), pointer(out))
    return out
