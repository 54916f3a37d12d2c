"""A bank of random convolutions, each of a few taps.

The distribution of patches is told by the distributions of its projections (Cramér & Wold 1936);
a projection of every patch is a convolution. Sparse projections do as well as full ones (Li,
Hastie & Church, "Very sparse random projections", KDD 2006) and cost a few sums of shifted planes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.synth.dress.pyramid import Planes

REACH = 3
"""Pixels that a filter looks to each side."""

_TAPS = (2, 2, 3, 4, 6, 8)  # numbers of taps, by turns
_MOST = max(_TAPS)
_AROUND = [
    (row, column)
    for row in range(-REACH, REACH + 1)
    for column in range(-REACH, REACH + 1)
    if row * row + column * column <= REACH * REACH + 1
]


@dataclass(frozen=True, eq=False)
class Bank:
    """Filters.

    Attributes:
        taps: (F, K, 3) int8: row and column beside the pixel, and channel.
        weights: (F, K) float32, each filter of length 1; 0 where it has fewer taps.

    The first filters are the channels themselves. All others compare pixels: their weights sum to
    0 in each channel.
    """

    taps: NDArray[np.int8]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.weights)

    def respond(self, number: int, padded: Planes) -> NDArray[np.float32]:
        """(H, W): the filter's response to `padded`."""
        out: NDArray[np.float32] | None = None
        for weight, window in self._windows(number, padded):
            part = window * weight
            out = part if out is None else np.add(out, part, out=out)
        assert out is not None
        return out

    def give_back(self, number: int, change: NDArray[np.float32], padded: Planes) -> None:
        """Add to `padded` what changes the response by `change`: the adjoint of `respond`."""
        for weight, window in self._windows(number, padded):
            np.add(window, change * weight, out=window)

    def _windows(self, number: int, padded: Planes) -> list[tuple[np.float32, Planes]]:
        height, width = (side - 2 * REACH for side in padded.shape[1:])
        found = []
        for (row, column, channel), weight in zip(
            self.taps[number].tolist(), self.weights[number], strict=True
        ):
            if weight:
                top, left = REACH + row, REACH + column
                window = padded[channel, top : top + height, left : left + width]
                found.append((weight, window))
        return found


def padded_of(planes: Planes) -> Planes:
    """`planes` with `REACH` pixels more to each side, mirrored."""
    ends = ((0, 0), (REACH, REACH), (REACH, REACH))
    return np.pad(planes, ends, mode="symmetric")


def random_bank(channels: int, count: int, seed: int = 0) -> Bank:
    """`count` filters for planes of so many channels."""
    random = np.random.Generator(np.random.Philox(key=[seed, channels]))
    taps = np.zeros((count, _MOST, 3), np.int8)
    weights = np.zeros((count, _MOST), np.float32)
    weights[range(channels), 0] = 1
    taps[range(channels), 0, 2] = range(channels)
    for number in range(channels, count):
        many = _TAPS[number % len(_TAPS)]
        spots = random.permutation(len(_AROUND))[:many]
        drawn = random.standard_normal(many)
        mixed = many > 3 and bool(random.random() < 0.5)
        parts = np.arange(many) % 2 if mixed else np.zeros(many, int)
        for part in (0, 1):
            drawn[parts == part] -= drawn[parts == part].mean() if (parts == part).any() else 0
        weights[number, :many] = _unit(drawn)
        taps[number, :many, :2] = [_AROUND[s] for s in spots]
        taps[number, :many, 2] = random.integers(channels, size=2)[parts]
    return Bank(taps, weights)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vector / np.sqrt((vector**2).sum())
    return unit
