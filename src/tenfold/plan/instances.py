"""Labelled objects at the end of a journey: geometry and label moved, or dropped, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenfold.plan import shapes
from tenfold.plan.journey import Cover, Journey
from tenfold.plan.map import Map
from tenfold.rng import pixel_generator
from tenfold.samples.outline import area, bounds, mask_bounds
from tenfold.samples.sample import Instance, Points

_BENT = 8.0  # longest edge (px) between outline points that a bent map moves
_PROBES = 4096  # mask pixels looked at to see which share of an object stays in view of a bend
_JITTER = pixel_generator(0).random(_PROBES)  # a fixed stride could fall on whole columns
_WHOLE = 1 - 1e-6  # shares above this count as all
_NOTHING = 1e-9  # areas (px²) and shares below this count as none


@dataclass(frozen=True, slots=True)
class Keep:
    """When an instance is kept: see `Recipe.min_area`, `min_visibility`, `keypoint_pairs`."""

    min_area: float
    min_visibility: float
    keypoint_pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened to annotations: cut by the edge, and dropped."""

    clipped: int = 0
    dropped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.clipped + other.clipped, self.dropped + other.dropped)


@dataclass(frozen=True, slots=True)
class _Outline:
    """An outline after the journey: all of it, and what stayed in view of every frame."""

    whole: Points
    seen: Points


@dataclass(frozen=True, slots=True)
class _Arrived:
    """An instance's geometry after the journey."""

    instance: Instance
    mask: Cover | None
    polygons: list[_Outline]
    oriented: _Outline | None
    box: _Outline | None


@dataclass(frozen=True, slots=True)
class _Fate:
    """How much of an object there is to see: px², and shares of the whole."""

    area: float
    in_view: float
    visible: float  # in view and not covered

    def too_little(self, keep: Keep) -> bool:
        """Whether the object goes."""
        return self.area < max(keep.min_area, _NOTHING) or self.visible < max(
            keep.min_visibility, _NOTHING
        )


def move_instances(
    instances: Sequence[Instance], journey: Journey, keep: Keep
) -> tuple[tuple[Instance, ...], Counts]:
    """Take instances of the original picture to where they are now, and drop those unseen.

    Boxes come from the instance's mask or polygons where it has any, else from the outline of the
    old box, cut where it left the picture: the tightest box that is sure to hold the object.
    An object's visible share is measured on the most exact geometry that it has: mask, polygons,
    oriented box, box.

    Args:
        instances: as they were before the journey.
        journey: of their picture.
        keep: thresholds.
    """
    kept = []
    clipped = dropped = 0
    for arrived in _arrive(instances, journey):
        fate = _fate(arrived, journey)
        if fate is not None and fate.too_little(keep):
            dropped += 1
            continue
        clipped += fate is not None and fate.in_view < _WHOLE
        kept.append(_moved(arrived, journey, keep))
    return tuple(kept), Counts(clipped, dropped)


def _arrive(instances: Sequence[Instance], journey: Journey) -> list[_Arrived]:
    """The instances' outlines (in one go) and masks after the journey."""
    outlines: list[Points] = []
    for instance in instances:
        outlines += instance.polygons
        outlines += [] if instance.oriented is None else [instance.oriented]
        outlines += [] if instance.box is None else [shapes.corners(instance.box)]
    followed = iter(_follow(outlines, journey))
    return [
        _Arrived(
            instance,
            None if instance.mask is None else journey.carry(instance.mask),
            [next(followed) for _ in instance.polygons],
            None if instance.oriented is None else next(followed),
            None if instance.box is None else next(followed),
        )
        for instance in instances
    ]


def _follow(outlines: list[Points], journey: Journey) -> list[_Outline]:
    whole, seen = list(outlines), list(outlines)
    for through in journey.passes:
        cut = [k for k, (a, b) in enumerate(zip(whole, seen, strict=True)) if a is not b]
        pushed = _push_together([*whole, *(seen[k] for k in cut)], through)
        whole = pushed[: len(whole)]
        seen = list(whole)
        for k, outline in zip(cut, pushed[len(whole) :], strict=True):
            seen[k] = outline
        seen = [shapes.clip(outline, *through.target) for outline in seen]
    return [_Outline(a, b) for a, b in zip(whole, seen, strict=True)]


def _push_together(outlines: list[Points], through: Map) -> list[Points]:
    """Move many outlines in one call."""
    if not outlines:
        return []
    if not through.straight:
        outlines = [shapes.densify(outline, _BENT) for outline in outlines]
    moved = through.push(np.concatenate(outlines))
    return np.split(moved, np.cumsum([len(p) for p in outlines])[:-1])


def _fate(arrived: _Arrived, journey: Journey) -> _Fate | None:
    """What is left of an object; None if it has no extent, or if nothing happened to it."""
    if arrived.mask is not None and arrived.instance.mask is not None:
        size = float(np.count_nonzero(arrived.mask))
        in_view = _share_in_view(arrived.instance.mask, journey)
        hidden = 0.0
        if journey.covered is not None:
            hidden = np.count_nonzero(arrived.mask & journey.covered) / max(size, 1)
    else:
        outlines = arrived.polygons or [o for o in (arrived.oriented, arrived.box) if o][:1]
        if not outlines:
            return None
        size, whole = sum(area(o.seen) for o in outlines), sum(area(o.whole) for o in outlines)
        in_view = size / whole if whole > 0 else 0.0
        hidden = _covered_share([o.seen for o in outlines], journey.covered)
    if not journey.passes and hidden == 0:
        return None
    return _Fate(size * (1 - hidden), in_view, in_view * (1 - hidden))


def _covered_share(outlines: Sequence[Points], covered: Cover | None) -> float:
    """Which share of the pixels within outlines is covered."""
    outlines = [p for p in outlines if len(p)]
    if covered is None or not outlines:
        return 0.0
    height, width = covered.shape
    x0, y0, x1, y1 = bounds(outlines)
    left, top = min(max(int(x0), 0), width - 1), min(max(int(y0), 0), height - 1)
    right, bottom = min(int(np.ceil(x1)), width), min(int(np.ceil(y1)), height)
    window = (left, top, max(right, left + 1), max(bottom, top + 1))
    part = covered[top : window[3], left : window[2]]
    if not part.any():
        return 0.0
    inside = np.zeros(part.shape, dtype=bool)
    for outline in outlines:
        inside |= shapes.raster(outline, window)
    if not inside.any():  # smaller than a pixel
        return float(part.mean())
    return float(part[inside].mean())


def _share_in_view(mask: Cover, journey: Journey) -> float:
    """Which share of a mask's pixels is in view of every frame."""
    extent = mask_bounds(mask)
    if extent is None:
        return 0.0
    if journey.shows_all(shapes.corners(extent)):
        return 1.0
    places = np.flatnonzero(mask)
    if len(places) > _PROBES and not journey.whole.affine:
        places = places[((np.arange(_PROBES) + _JITTER) * (len(places) / _PROBES)).astype(np.intp)]
    rows, columns = np.divmod(places, mask.shape[1])
    _, stayed = journey.follow(np.stack([columns, rows], axis=1) + 0.5)
    return float(stayed.mean())


def _moved(arrived: _Arrived, journey: Journey, keep: Keep) -> Instance:
    """The instance with its geometry as it is now."""
    instance = arrived.instance
    changes: dict[str, object] = {}
    if instance.keypoints is not None:
        changes["keypoints"] = move_keypoints(instance.keypoints, journey, keep.keypoint_pairs)
    if not journey.passes:
        return instance.replace(**changes)
    extent: Points | None = None
    if arrived.mask is not None:
        changes["mask"] = arrived.mask
        extent = mask_bounds(arrived.mask)
    if arrived.polygons:
        parts = [o.seen for o in arrived.polygons if area(o.seen) > 0]
        if not journey.whole.straight:
            parts = [shapes.simplify(p) for p in parts]
        changes["polygons"] = tuple(parts)
        if extent is None and parts:
            extent = bounds(parts)
    if instance.oriented is not None and arrived.oriented is not None:
        oriented = _oriented(instance.oriented, arrived.oriented, journey)
        changes["oriented"] = oriented
        if extent is None and oriented is not None:
            extent = bounds([arrived.oriented.seen])
    if arrived.box is not None:
        seen = arrived.box.seen
        if extent is None:
            extent = bounds([seen]) if len(seen) else np.zeros(4)
        changes["box"] = extent
    return instance.replace(**changes)


def _oriented(corners: Points, moved: _Outline, journey: Journey) -> Points | None:
    """An oriented box after the journey; None if none of it is in view."""
    visible = area(moved.seen)
    if visible <= 0:
        return None
    rigid = visible >= _WHOLE * area(moved.whole) and len(moved.whole) == 4
    if rigid and shapes.is_exact_rectangle(moved.whole):
        return moved.whole
    return shapes.oriented_box(moved.seen, heading=journey.whole.push(corners))


def move_keypoints(keypoints: Points, journey: Journey, pairs: Sequence[tuple[int, int]]) -> Points:
    """(K, 3) keypoints after a journey.

    Pairs trade places in a reflection; v = 0 for those out of view, 1 for those covered.
    """
    moved = keypoints.copy()
    labelled = np.flatnonzero(keypoints[:, 2] > 0)
    moved[labelled, :2], stayed = journey.follow(keypoints[labelled, :2])
    moved[labelled[~stayed], 2] = 0
    if journey.covered is not None:
        height, width = journey.covered.shape
        visible = np.flatnonzero(moved[:, 2] == 2)
        columns = np.clip(moved[visible, 0].astype(np.intp), 0, width - 1)
        rows = np.clip(moved[visible, 1].astype(np.intp), 0, height - 1)
        moved[visible[journey.covered[rows, columns]], 2] = 1
    if journey.passes and journey.whole.reflects:
        moved = swap_rows(moved, pairs)
    return moved


def swap_rows(rows: Points, pairs: Sequence[tuple[int, int]]) -> Points:
    """Rows with each pair's two trading places."""
    swapped = rows.copy()
    for left, right in pairs:
        if max(left, right) < len(rows):
            swapped[[left, right]] = rows[[right, left]]
    return swapped
