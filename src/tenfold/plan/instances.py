"""Labelled objects through a map, and behind occlusions: geometry and label move, or go, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.plan import shapes
from tenfold.plan.map import Map
from tenfold.plan.resample import Fringe, resample
from tenfold.samples.sample import Instance, Points

_STRAIGHT, _BENT = 1e9, 8.0  # longest edge (px) between outline points that are moved
_PROBES = 4096  # mask pixels looked at to see which share of the object stays in view
_NOTHING_BEYOND = Fringe("constant", np.zeros(1))
_WHOLE = 1 - 1e-6  # shares above this count as all


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
class _Moved:
    """An instance after the move: what is visible, its area, and its share of the whole."""

    instance: Instance
    area: float | None  # None: the instance has no extent (keypoints or a label only)
    share: float


def move_instances(
    instances: Sequence[Instance], through: Map, keep: Keep
) -> tuple[tuple[Instance, ...], Counts]:
    """Move instances through a map and drop those no longer in view.

    Boxes come from the instance's mask or polygons where it has any, else from the corners of
    the old box (its edges too, where the map bends them), which is the tightest box that is sure
    to hold the object.
    """
    edge = _STRAIGHT if through.straight else _BENT
    outlines = [_outlines(instance, edge) for instance in instances]
    pushed = iter(_push_together([p for group in outlines for p in group], through))
    kept = []
    clipped = dropped = 0
    for instance, group in zip(instances, outlines, strict=True):
        moved = _move(instance, [next(pushed) for _ in group], through, keep)
        if moved.area is not None and (
            moved.area < max(keep.min_area, 1e-9) or moved.share < keep.min_visibility
        ):
            dropped += 1
            continue
        clipped += moved.share < _WHOLE
        kept.append(moved.instance)
    return tuple(kept), Counts(clipped, dropped)


def _outlines(instance: Instance, edge: float) -> list[Points]:
    """All closed outlines of an instance, ready to be moved: polygons, oriented box, box."""
    found = list(instance.polygons)
    if instance.oriented is not None:
        found.append(instance.oriented)
    if instance.box is not None:
        found.append(shapes.corners(instance.box))
    return [shapes.densify(outline, edge) for outline in found]


def _push_together(outlines: list[Points], through: Map) -> list[Points]:
    """Move many outlines in one call."""
    if not outlines:
        return []
    moved = through.push(np.concatenate(outlines))
    return np.split(moved, np.cumsum([len(p) for p in outlines])[:-1])


def _move(instance: Instance, outlines: list[Points], through: Map, keep: Keep) -> _Moved:
    """One instance, given its outlines (as `_outlines` lists them) after the move."""
    height, width = through.target
    changes: dict[str, object] = {}
    measures: list[tuple[float, float]] = []  # (visible area, share), the most exact one first
    extent: Points | None = None

    if instance.mask is not None:
        mask = _move_mask(instance.mask, through)
        changes["mask"] = mask
        measures.append((float(mask.sum()), _share_in_view(instance.mask, through)))
        extent = shapes.mask_bounds(mask)
    if instance.polygons:
        count = len(instance.polygons)
        whole, outlines = outlines[:count], outlines[count:]
        parts = [shapes.clip(p, height, width) for p in whole]
        measures.append(_measure(parts, whole))
        parts = [p for p in parts if shapes.area(p) > 0]
        if not through.straight:
            parts = [shapes.simplify(p) for p in parts]
        changes["polygons"] = tuple(parts)
        if extent is None and parts:
            extent = shapes.bounds(np.concatenate(parts))
    if instance.oriented is not None:
        outline, *outlines = outlines
        part = shapes.clip(outline, height, width)
        area, share = _measure([part], [outline])
        measures.append((area, share))
        changes["oriented"] = None  # unless some of it is in view
        if area > 0:
            rigid = share >= _WHOLE and len(outline) == 4 and _is_rectangle(outline)
            changes["oriented"] = outline if rigid else shapes.oriented_box(part)
            if extent is None:
                extent = shapes.bounds(part)
    if instance.box is not None:
        loose = shapes.bounds(outlines[0])
        clipped = _clip_box(loose, height, width)
        total = shapes.box_area(loose)
        measures.append((shapes.box_area(clipped), shapes.box_area(clipped) / max(total, 1e-12)))
        changes["box"] = clipped if extent is None else extent
    if instance.keypoints is not None:
        changes["keypoints"] = move_keypoints(instance.keypoints, through, keep.keypoint_pairs)
    if not measures:
        return _Moved(instance.replace(**changes), None, 1.0)
    area, share = measures[0]
    return _Moved(instance.replace(**changes), area, share)


def _measure(parts: Sequence[Points], whole: Sequence[Points]) -> tuple[float, float]:
    """Area of what is in view, and the share of all that it is."""
    visible, total = sum(map(shapes.area, parts)), sum(map(shapes.area, whole))
    return visible, visible / total if total > 0 else 0.0


def move_keypoints(keypoints: Points, through: Map, pairs: Sequence[tuple[int, int]]) -> Points:
    """(K, 3) keypoints through a map; pairs trade places in a reflection; v = 0 out of view."""
    moved = keypoints.copy()
    labelled = keypoints[:, 2] > 0
    moved[labelled, :2] = through.push(keypoints[labelled, :2])
    height, width = through.target
    x, y = moved[:, 0], moved[:, 1]
    moved[~((x >= 0) & (x <= width) & (y >= 0) & (y <= height)), 2] = 0
    if through.reflects:
        moved = swap_rows(moved, pairs)
    return moved


def swap_rows(rows: Points, pairs: Sequence[tuple[int, int]]) -> Points:
    """Rows with each pair's two trading places."""
    swapped = rows.copy()
    for left, right in pairs:
        if max(left, right) < len(rows):
            swapped[[left, right]] = rows[[right, left]]
    return swapped


def hide_instances(
    instances: Sequence[Instance], covered: NDArray[np.bool_], keep: Keep
) -> tuple[tuple[Instance, ...], Counts]:
    """Occlude: keypoints under the cover become hidden (v = 1), objects mostly under it go.

    Boxes and masks keep their extent, as an annotator would draw them; what counts is the share
    of the object's pixels that stays uncovered (`min_visibility`).

    Args:
        instances: what the picture shows.
        covered: (H, W), true under the cover.
        keep: thresholds.
    """
    kept = []
    dropped = 0
    for instance in instances:
        if _covered_share(instance, covered) > 1 - max(keep.min_visibility, 1e-9):
            dropped += 1
            continue
        if instance.keypoints is None:
            kept.append(instance)
            continue
        keypoints = instance.keypoints.copy()
        x = np.clip(keypoints[:, 0].astype(int), 0, covered.shape[1] - 1)
        y = np.clip(keypoints[:, 1].astype(int), 0, covered.shape[0] - 1)
        keypoints[(keypoints[:, 2] == 2) & covered[y, x], 2] = 1
        kept.append(instance.replace(keypoints=keypoints))
    return tuple(kept), Counts(dropped=dropped)


def _covered_share(instance: Instance, covered: NDArray[np.bool_]) -> float:
    if instance.mask is not None:
        total = int(instance.mask.sum())
        return float((instance.mask & covered).sum() / total) if total else 0.0
    box = instance.box
    if box is None:
        outlines = instance.polygons or (
            (instance.oriented,) if instance.oriented is not None else ()
        )
        if not outlines:
            return 0.0
        box = shapes.bounds(np.concatenate(outlines))
    x0, y0 = np.floor(box[:2]).astype(int)
    x1, y1 = np.ceil(box[2:]).astype(int)
    part = covered[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    return float(part.mean()) if part.size else 0.0


def _move_mask(mask: NDArray[np.bool_], through: Map) -> NDArray[np.bool_]:
    raster = mask.astype(np.uint8)[:, :, None]
    return resample(raster, through, "nearest", _NOTHING_BEYOND)[:, :, 0].astype(bool)


def _share_in_view(mask: NDArray[np.bool_], through: Map) -> float:
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return 0.0
    stride = max(1, len(rows) // _PROBES)
    points = np.stack([columns[::stride], rows[::stride]], axis=1).astype(np.float64) + 0.5
    x, y = through.push(points).T
    height, width = through.target
    return float(((x >= 0) & (x <= width) & (y >= 0) & (y <= height)).mean())


def _is_rectangle(outline: Points) -> bool:
    sides = np.roll(outline, -1, axis=0) - outline
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    cosines = np.einsum("ij,ij->i", sides, np.roll(sides, -1, axis=0))
    return bool((np.abs(cosines) <= 1e-3 * lengths * np.roll(lengths, -1)).all())


def _clip_box(box: Points, height: int, width: int) -> Points:
    return np.clip(box, 0, [width, height, width, height])
