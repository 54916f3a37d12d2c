"""Instances of a label image: exact outlines of thousands of cells without a mask each.

An outline runs along the edges of pixels, so it encloses exactly the pixels of its region: its area
by the shoelace formula is their number, and filling it gives them back. Parts that touch at a
corner only have an outline each. A region with holes is one outline with a bridge without width to
each hole, walked in both directions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.native.library import ffi, lib
from tenfold.samples.sample import Instance, Points


def outlines(labels: NDArray[Any]) -> dict[int, tuple[Points, ...]]:
    """The outlines of each label but 0.

    Args:
        labels: (H, W) of an integer dtype that fits into int32.

    Returns:
        By label, in rising order: outlines (K, 2) float64 of its parts, x and y of corners,
        clockwise on the screen.
    """
    return _outlined(*_traced(labels))


def _outlined(corners: Points, loops: NDArray[np.int64]) -> dict[int, tuple[Points, ...]]:
    order = np.argsort(loops[:, 0], kind="stable")
    ends = np.append(loops[1:, 1], len(corners))
    found: dict[int, list[Points]] = {}
    holes: list[tuple[int, Points]] = []
    for label, start, end, area in zip(
        loops[order, 0].tolist(), loops[order, 1].tolist(), ends[order].tolist(),
        loops[order, 2].tolist(), strict=True,
    ):  # fmt: skip
        if area > 0:
            found.setdefault(label, []).append(corners[start:end])
        else:
            holes.append((label, corners[start:end]))
    for label, hole in holes:
        parts = found[label]
        which = _holder(parts, hole)
        parts[which] = _bridged(parts[which], hole)
    return {label: tuple(parts) for label, parts in found.items()}


def instances(
    labels: NDArray[Any],
    names: Sequence[str] | Mapping[int, str],
    extras: Mapping[int, Mapping[str, Any]] | None = None,
) -> tuple[Instance, ...]:
    """One instance for each label but 0, in rising order, with outlines and box.

    Args:
        labels: (H, W).
        names: each label's class.
        extras: what else is known of a label.
    """
    made = []
    corners, loops = _traced(labels)
    boxes = _boxes(corners, loops)
    for (label, parts), box in zip(_outlined(corners, loops).items(), boxes, strict=True):
        extra = {} if extras is None else dict(extras.get(label, {}))
        made.append(Instance(label=names[label], box=box, polygons=parts, extra=extra))
    return tuple(made)


def _boxes(corners: Points, loops: NDArray[np.int64]) -> Points:
    """(labels, 4) the box round all loops of each label, labels rising."""
    if not len(loops):
        return np.zeros((0, 4))
    order = np.argsort(loops[:, 0], kind="stable")
    first = np.flatnonzero(np.diff(loops[order, 0], prepend=0))
    low = np.minimum.reduceat(corners, loops[:, 1])[order]
    high = np.maximum.reduceat(corners, loops[:, 1])[order]
    return np.concatenate(
        [np.minimum.reduceat(low, first), np.maximum.reduceat(high, first)], axis=1
    )


def _traced(labels: NDArray[Any]) -> tuple[Points, NDArray[np.int64]]:
    """Corners (N, 2) float64 of all loops, and loops (M, 3): label, first corner, twice area."""
    labels = np.ascontiguousarray(labels, np.int32)
    height, width = labels.shape
    seen = np.empty((height, width), np.uint8)
    counts = np.empty(2, np.int64)
    pointer = ffi.from_buffer
    source, mark = pointer("int32_t[]", labels), pointer("uint8_t[]", seen)
    count = pointer("int64_t[]", counts)
    lib.tenfold_outlines(source, height, width, mark, ffi.NULL, ffi.NULL, count)
    loops = np.empty((int(counts[0]), 3), np.int64)
    corners = np.empty((int(counts[1]), 2), np.int32)
    if len(loops):
        lib.tenfold_outlines(source, height, width, mark, pointer("int32_t[]", corners),
                             pointer("int64_t[]", loops), count)  # fmt: skip
    return corners.astype(np.float64), loops


def _holder(parts: list[Points], hole: Points) -> int:
    """Which of the outlines holds a hole: the one round a point just left of its first corner."""
    if len(parts) == 1:
        return 0
    # The hole's topmost edge has its region above: half a pixel up lies within the part.
    top = np.flatnonzero(hole[:, 1] == hole[:, 1].min())[:2]
    x, y = float(hole[top, 0].mean()), float(hole[top[0], 1]) - 0.5
    for number, part in enumerate(parts):
        ax, ay = part.T
        bx, by = np.roll(ax, -1), np.roll(ay, -1)
        crosses = (ax == bx) & (ax > x) & ((ay > y) != (by > y))
        if np.count_nonzero(crosses) % 2:
            return number
    raise AssertionError("a hole without a region")


def _bridged(outer: Points, hole: Points) -> Points:
    """One outline of both, by a bridge between their nearest corners."""
    gaps = ((outer[:, None, :] - hole[None, :, :]) ** 2).sum(axis=2)
    i, j = np.unravel_index(int(gaps.argmin()), gaps.shape)
    loop = np.roll(hole, -int(j), axis=0)
    return np.concatenate([outer[: i + 1], loop, loop[:1], outer[i:]])
