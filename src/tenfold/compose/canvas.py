"""A sample that objects are put on, one over the other, and what becomes of its labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.compose.blending import blended
from tenfold.compose.covering import uncovered
from tenfold.compose.cutting import Region, Window, extent, region_of, within
from tenfold.compose.parents import VOC_MOST, VOC_OBJECTS, Parent
from tenfold.compose.placing import Matrix, Placed, moved, placed
from tenfold.declare.compose import ComposeUse
from tenfold.declare.recipe import Recipe
from tenfold.plan.fields import swap_values
from tenfold.plan.instances import Counts, Keep, swap_rows
from tenfold.plan.map import project
from tenfold.plan.shapes import corners
from tenfold.samples.outline import bounds, mask_bounds
from tenfold.samples.sample import Array, Instance, Points, Sample


@dataclass(eq=False)
class _Footprint:
    """What an object covers: a window's pixels that are still seen, and how many there were."""

    window: Window
    seen: Region
    whole: int


class Canvas:
    """A sample on its way to a composed one.

    Args:
        sample: what objects are put on, see `as_objects`; never changed.
        recipe: for interpolation and pairs.
        use: the recipe's `compose`.
        keep: when objects that are hidden are dropped.
    """

    def __init__(self, sample: Sample, recipe: Recipe, use: ComposeUse, keep: Keep) -> None:
        self.sample, self.recipe, self.use, self.keep = sample, recipe, use, keep
        self.image = sample.image.copy()
        self.masks = {name: mask.copy() for name, mask in sample.masks.items()}
        self._layers: list[tuple[Placed, tuple[Instance, ...]]] = []
        self._footprints = [f for i in sample.instances if (f := self._footprint(i)) is not None]
        numbers = [i.extra["voc_object"] + 1 for i in sample.instances if "voc_object" in i.extra]
        objects = self.masks.get(VOC_OBJECTS, np.zeros((1, 1), np.uint8))
        numbers += np.unique(objects[objects <= VOC_MOST]).tolist()
        self._next = max(numbers, default=0)

    @property
    def margin(self) -> int:
        """Pixels beyond an object that its edge reaches."""
        if self.use.blend == "poisson":
            return 1
        return self.use.feather if self.use.blend == "feather" else 0

    def takes(self, parent: Parent, files: frozenset[int] | None) -> bool:
        """Whether objects of another sample can be put here: same channels, dtype, label images.

        Args:
            parent: of the object.
            files: numbers of the COCO files that name this picture; None in other layouts.
        """
        here, there = self.sample, parent.sample
        same = (
            here.image.shape[2] == there.image.shape[2]
            and here.image.dtype == there.image.dtype
            and here.alpha == there.alpha
            and here.value_range == there.value_range
        )
        if files is not None:
            own = {i.extra.get("coco_file") for i in there.instances}
            same = same and own <= {*files, None}
        return same and all(
            name in there.masks
            and there.masks[name].shape[2:] == mask.shape[2:]
            and np.can_cast(there.masks[name].dtype, mask.dtype)
            for name, mask in here.masks.items()
        )

    def place(self, parent: Parent, number: int, matrix: Matrix) -> Placed:
        """An object of a parent, where a pose takes it."""
        size = self.sample.height, self.sample.width
        return placed(parent.cutout(number), matrix, *size, self.margin)

    def fits(self, place: Placed) -> bool:
        """Whether an object may lie there, by what it would hide."""
        count = int(np.count_nonzero(place.region))
        if not count:
            return False
        union = np.zeros_like(place.region)
        for footprint in self._footprints:
            mine, theirs = _common(place.window, footprint.window)
            if mine is None or theirs is None:
                continue
            both = place.region[mine] & footprint.seen[theirs]
            hidden = int(np.count_nonzero(both))
            if not hidden:
                continue
            union[mine] |= both
            seen = int(np.count_nonzero(footprint.seen)) - hidden
            if 1 - seen / footprint.whole > self.use.overlap:
                return False
        over = int(np.count_nonzero(union))
        return over <= self.use.overlap * count

    def paste(self, parent: Parent, number: int, place: Placed) -> None:
        """Put an object over everything that is here."""
        cutout = parent.cutout(number)
        x0, y0, x1, y1 = place.window
        here = slice(y0, y1), slice(x0, x1)
        scale = math.sqrt(abs(float(np.linalg.det(place.matrix[:2, :2]))))
        margin = math.ceil(self.margin / scale) + 2
        above = moved(parent.sample.image, cutout, place, self.recipe.interpolation, margin)
        self.image[here] = blended(
            self.image[here], above, place.region, self.use.blend, self.use.feather
        )
        numbers = [number, *parent.twins(number)]
        instances = tuple(self._moved(parent, k, place) for k in numbers)
        for name, mask in self.masks.items():
            if name == VOC_OBJECTS and "voc_object" in parent.sample.instances[number].extra:
                mask[here][place.region] = self._next + 1 if self._next < VOC_MOST else 255
                continue
            mask[here][place.region] = self._values(parent, name, number, place)[place.region]
        self._next += 1
        self._layers.append((place, instances))
        for footprint in self._footprints:
            mine, theirs = _common(place.window, footprint.window)
            if mine is not None and theirs is not None:
                footprint.seen[theirs] &= ~place.region[mine]
        count = int(np.count_nonzero(place.region))
        self._footprints.append(_Footprint(place.window, place.region.copy(), count))

    def result(self) -> tuple[Sample, Counts]:
        """The composed sample, and how many objects were hidden too much to stay."""
        cover = np.zeros((self.sample.height, self.sample.width), dtype=bool)
        counts = Counts()
        pasted: list[Instance] = []
        for place, instances in reversed(self._layers):
            seen, told = uncovered(instances, cover, self.keep) if pasted else (instances, Counts())
            counts += told
            pasted[:0] = seen
            x0, y0, x1, y1 = place.window
            cover[y0:y1, x0:x1] |= place.region
        below = self.sample.instances
        if self._layers:
            below, told = uncovered(below, cover, self.keep)
            counts += told
        encoding = self.sample.encoding
        if VOC_OBJECTS in self.masks:
            encoding = {**encoding, "voc_objects": min(self._next, VOC_MOST)}
        made = self.sample.replace(
            image=self.image, masks=self.masks, instances=(*below, *pasted), encoding=encoding
        )
        return made, counts

    def _moved(self, parent: Parent, number: int, place: Placed) -> Instance:
        """An object's label in its new place."""
        instance, matrix = parent.sample.instances[number], place.matrix
        changes: dict[str, Any] = {}
        box: Points | None = place.box
        if instance.oriented is not None:
            changes["oriented"] = project(matrix, instance.oriented)
            box = bounds([changes["oriented"]])
        if instance.polygons:
            changes["polygons"] = tuple(project(matrix, p) for p in instance.polygons)
            box = bounds(changes["polygons"])
        if instance.mask is not None:
            mask = np.zeros((self.sample.height, self.sample.width), dtype=bool)
            x0, y0, x1, y1 = place.window
            mask[y0:y1, x0:x1] = place.region
            changes["mask"], box = mask, mask_bounds(mask)
        if instance.box is not None:
            changes["box"] = box
        if instance.keypoints is not None:
            changes["keypoints"] = self._keypoints(instance.keypoints, matrix)
        extra = dict(instance.extra)
        if "id" in extra:  # of an annotation: the object is another one now
            extra["id"] = f"composed {len(self._layers)}"
        if "voc_object" in extra:
            extra["voc_object"] = self._next
        return instance.replace(**changes, extra=extra)

    def _keypoints(self, keypoints: Points, matrix: Matrix) -> Points:
        points = keypoints.copy()
        labelled = points[:, 2] > 0
        points[labelled, :2] = project(matrix, points[labelled, :2])
        size = np.array([self.sample.width, self.sample.height])
        outside = ((points[:, :2] < 0) | (points[:, :2] > size)).any(axis=1)
        points[labelled & outside, 2] = 0
        if np.linalg.det(matrix[:2, :2]) < 0:
            points = swap_rows(points, self.keep.keypoint_pairs)
        return points

    def _values(self, parent: Parent, name: str, number: int, place: Placed) -> Array:
        """A label image of the parent as the window shows it."""
        mask = parent.sample.masks[name]
        flat = mask[:, :, None] if mask.ndim == 2 else mask
        values = moved(flat, parent.cutout(number), place, "nearest", 0)
        if np.linalg.det(place.matrix[:2, :2]) < 0 and self.recipe.mask_pairs:
            values = swap_values(values, self.recipe.mask_pairs)
        return values[:, :, 0] if mask.ndim == 2 else values

    def _footprint(self, instance: Instance) -> _Footprint | None:
        box = extent(instance)
        if box is None or "voc_part_of" in instance.extra:
            return None
        x0, y0, x1, y1 = window = within(box, self.sample.height, self.sample.width)
        if instance.mask is not None:
            seen = instance.mask[y0:y1, x0:x1].copy()
        else:
            outlines = instance.polygons or (
                (corners(box) if instance.oriented is None else instance.oriented),
            )
            seen = region_of(tuple(outlines), window)
        count = int(np.count_nonzero(seen))
        return _Footprint(window, seen, count) if count else None


def _common(one: Window, other: Window) -> tuple[Any, Any]:
    """The pixels that two windows share, as slices of either; None, None if there are none."""
    x0, y0 = max(one[0], other[0]), max(one[1], other[1])
    x1, y1 = min(one[2], other[2]), min(one[3], other[3])
    if x0 >= x1 or y0 >= y1:
        return None, None
    return tuple((slice(y0 - w[1], y1 - w[1]), slice(x0 - w[0], x1 - w[0])) for w in (one, other))  # type: ignore[return-value]
