"""Gaussian numbers for every pixel, quickly.

Sixteen random bits choose one of 65,536 equally likely slices of the normal distribution, and a
table holds each slice's mean. In the outermost slices, where they are wide, the value is drawn
within the slice, so that the tails go on as far as they should.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_SLICES = 65536
_TAIL = 8  # slices at each end that are drawn within


def normal_field(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Independent standard normal numbers, float32, of that shape."""
    count = int(np.prod(shape))
    words: NDArray[np.uint64] = generator.bit_generator.random_raw((count + 3) // 4)
    bits = words.view(np.uint16)[:count]
    out = np.take(_table(), bits)
    # Turned by _TAIL, both ends of the distribution are the lowest numbers.
    ends = np.flatnonzero((bits + np.uint16(_TAIL)) < 2 * _TAIL)
    if ends.size:
        share = (bits[ends] + generator.random(ends.size)) / _SLICES
        share = np.clip(share, 1e-12, 1 - 1e-12)
        out[ends] = [_NORMAL.inv_cdf(p) for p in share.tolist()]
    return out.reshape(shape)


_NORMAL = NormalDist()


@cache
def _table() -> NDArray[np.float32]:
    """Mean of each slice: (pdf(a) - pdf(b)) / (cdf(b) - cdf(a))."""
    edges = [_NORMAL.inv_cdf(i / _SLICES) for i in range(1, _SLICES)]
    density = np.zeros(_SLICES + 1)
    density[1:-1] = [_NORMAL.pdf(edge) for edge in edges]
    table = ((density[:-1] - density[1:]) * _SLICES).astype(np.float32)
    table.setflags(write=False)
    return table
