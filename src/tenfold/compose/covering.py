"""What is left of objects under those put on top of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenfold.compose.cutting import Region, region_of, within
from tenfold.plan.instances import Counts, Keep, move_instances
from tenfold.plan.journey import Journey
from tenfold.plan.shapes import corners
from tenfold.samples.outline import area, bounds, mask_bounds
from tenfold.samples.sample import Instance, Points


def uncovered(
    instances: Sequence[Instance], cover: Region, keep: Keep
) -> tuple[tuple[Instance, ...], Counts]:
    """Objects as they are seen when something lies over them.

    Which are dropped, and what happens to keypoints, is decided as for any occlusion
    (`move_instances`). Of those that stay, masks and outlines keep what is seen, and so do boxes:
    that of the mask, of the outlines, or of what is seen of the box itself. An outline that
    would get a hole keeps it filled. Oriented boxes stay whole.

    Args:
        instances: in one picture.
        cover: (H, W) bool, what lies over them.
        keep: thresholds.
    """
    kept: list[Instance] = []
    counts = Counts()
    journey = Journey(covered=cover)
    for instance in instances:
        left, told = move_instances([instance], journey, keep)
        # Half hidden is not cut by the frame.
        counts += Counts(0, told.dropped)
        kept += [_seen(one, cover) for one in left]
    return tuple(kept), counts


def _seen(instance: Instance, cover: Region) -> Instance:
    if instance.mask is not None:
        mask = instance.mask & ~cover
        box = mask_bounds(mask)
        return instance.replace(mask=mask, box=instance.box if box is None else box)
    if instance.polygons:
        return _outlined(instance, cover)
    if instance.oriented is None and instance.box is not None:
        return instance.replace(box=_boxed(instance.box, cover))
    return instance


def _outlined(instance: Instance, cover: Region) -> Instance:
    parts: list[Points] = []
    changed = False
    for polygon in instance.polygons:
        x0, y0, x1, y1 = window = within(bounds([polygon]), *cover.shape)
        hidden = cover[y0:y1, x0:x1]
        whole = region_of((polygon,), window)
        if not (whole & hidden).any():
            parts.append(polygon)
            continue
        changed = True
        parts += [p + np.array([x0, y0], dtype=np.float64) for p in traced(whole & ~hidden)]
    if not changed or not parts:
        return instance
    box = None if instance.box is None else bounds(parts)
    return instance.replace(polygons=tuple(parts), box=box)


def _boxed(box: Points, cover: Region) -> Points:
    """A box less the rows and columns at its sides that are wholly covered."""
    x0, y0, x1, y1 = window = within(box, *cover.shape)
    whole = region_of((corners(box),), window)
    before, after = mask_bounds(whole), mask_bounds(whole & ~cover[y0:y1, x0:x1])
    if before is None or after is None:
        return box
    return box + (after - before)


def traced(region: Region) -> list[Points]:
    """Outlines of a region along its pixels' edges, each (K, 2); holes are filled.

    Pixels that touch at a corner only belong to outlines of their own. The outlines enclose
    exactly the region's pixels and its holes.
    """
    wide = np.pad(region, 1)
    inside = wide[1:-1, 1:-1]
    following: dict[tuple[int, int], list[tuple[int, int]]] = {}
    # Each pixel's edge towards outside, walked with the region at its right hand.
    for other, start, end in (
        (wide[:-2, 1:-1], (0, 0), (1, 0)),
        (wide[1:-1, 2:], (1, 0), (1, 1)),
        (wide[2:, 1:-1], (1, 1), (0, 1)),
        (wide[1:-1, :-2], (0, 1), (0, 0)),
    ):
        for y, x in np.argwhere(inside & ~other).tolist():
            following.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    loops = []
    while following:
        here = first = next(iter(following))
        came = (0, 0)
        loop: list[tuple[int, int]] = []
        while here in following:
            ways = following[here]
            # At a corner of four pixels, two of them in: turn right and stay with one's pixel.
            right = (here[0] - came[1], here[1] + came[0])
            there = ways.pop(ways.index(right) if len(ways) > 1 and right in ways else 0)
            if not ways:
                del following[here]
            step = (there[0] - here[0], there[1] - here[1])
            if step != came:
                loop.append(here)
            here, came = there, step
            if here == first:
                break
        if len(loop) > 1 and _between(loop[-1], loop[0], loop[1]):
            loop = loop[1:]
        loops.append(np.array(loop, dtype=np.float64))
    return [loop for loop in loops if _turns_right(loop) and area(loop) > 0]


def _between(before: tuple[int, int], point: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether a point lies on a straight line between two others."""
    return (point[0] == before[0] == after[0]) or (point[1] == before[1] == after[1])


def _turns_right(loop: Points) -> bool:
    """Round a region and not round a hole in it (y runs down)."""
    x, y = loop.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) > 0
