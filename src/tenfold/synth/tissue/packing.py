"""Cells of mixed sizes packed into a picture: sites whose power diagram they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.synth.tissue.plane import Floats

_TRIES = 24
_LINKS = np.array([0.22, 0.24, 0.2, 0.14, 0.1, 0.06, 0.04])
"""Shares of cells of one disc, two in a row, and so on."""


@dataclass(frozen=True, eq=False)
class Packing:
    """Discs; the region of a cell is the union of its discs' regions.

    Attributes:
        at: (N, 2) float64 x, y, pixels.
        radii: (N,) pixels.
        owners: (N,) int64, the cell of each disc, from 0.
        drift: (N, 2) how far a disc moves for each pixel of depth: the slope of its walls.
    """

    at: Floats
    radii: Floats
    owners: NDArray[np.int64]
    drift: Floats


def packed(
    random: np.random.Generator,
    height: int,
    width: int,
    diameters: Sequence[float],
    slenderness: float,
    slope: float,
) -> Packing:
    """Cells for a picture and a margin round it.

    Large ones first, each goes where of some random places it overlaps least with those there.

    Args:
        random: where the numbers come from.
        height, width: pixels.
        diameters: quantiles, evenly spaced, of the diameters of discs of the cells' areas.
        slenderness: 0 for round cells; 1 for as many rows of discs as in neural tissue.
        slope: standard deviation of the drift.
    """
    quantiles = np.asarray(diameters, dtype=np.float64)
    margin = float(min(quantiles[-1], max(height, width) / 4)) / 2
    area = (height + 2 * margin) * (width + 2 * margin)
    sizes = []
    left = area
    while left > 0:
        drawn = np.interp(random.uniform(), np.linspace(0, 1, len(quantiles)), quantiles)
        sizes.append(float(drawn) / 2)
        left -= np.pi * sizes[-1] ** 2
    sizes.sort(reverse=True)
    share = _LINKS.copy()
    share[1:] *= slenderness
    share[0] += 1 - share.sum()
    grain = random.uniform(0, np.pi)  # most long cells lie along it
    at, radii = np.zeros((4 * len(sizes) + 8, 2)), np.zeros(4 * len(sizes) + 8)
    owners, drift = np.zeros(len(at), np.int64), np.zeros((len(at), 2))
    count = 0
    common = random.normal(0, slope / 2, 2)
    for number, size in enumerate(sizes):
        links = int(np.searchsorted(np.cumsum(share), random.uniform())) + 1
        links = min(links, len(share))
        disc = size / np.sqrt(1 + 0.72 * (links - 1))
        angle = grain + random.normal(0, 0.5, _TRIES)
        bend = random.normal(0, 0.3, _TRIES)
        places = random.uniform([-margin, -margin], [width + margin, height + margin], (_TRIES, 2))
        steps = np.arange(links) - (links - 1) / 2
        turned = angle[:, None] + bend[:, None] * steps
        chain = np.stack([np.cos(turned), np.sin(turned)], axis=2) * (1.15 * disc)
        chain = np.cumsum(chain, axis=1)
        chain += places[:, None] - chain.mean(axis=1, keepdims=True)
        best = 0
        if count:
            near = np.abs(at[:count, None] - places[None]).max(axis=2)
            cost = np.zeros(_TRIES)
            reach = radii[:count, None] + disc * (links + 1)
            for k in range(_TRIES):
                some = np.flatnonzero(near[:, k] < reach[:, 0])
                dx = chain[k, :, None, 0] - at[some, 0]
                dy = chain[k, :, None, 1] - at[some, 1]
                over = radii[some] + disc - np.sqrt(dx * dx + dy * dy)
                lesser = np.minimum(radii[some], disc)
                cost[k] = (np.clip(over / lesser, 0, 2) ** 2).sum() / links
            best = int(np.argmin(cost.round(9)))
        if count + links > len(at):
            break
        at[count : count + links] = chain[best]
        radii[count : count + links] = disc
        owners[count : count + links] = number
        drift[count : count + links] = common + random.normal(0, slope, 2)
        count += links
    return Packing(at[:count], radii[:count], owners[:count], drift[:count])
