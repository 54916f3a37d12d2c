"""The samples that objects are cut out of, read when they are needed, some of them kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from tenfold.compose.cutting import Cutout, cut_out, extent, has_shape
from tenfold.compose.emptying import Emptied
from tenfold.declare.compose import ComposeUse
from tenfold.declare.recipe import Recipe
from tenfold.errors import SampleError, machines_fault
from tenfold.samples.sample import Array, Instance, Label, Points, Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.validate import clean

KEPT_BYTES = 128 << 20
"""Of samples that are kept in memory to be cut again; so never more than 32,768 of them."""

VOC_OBJECTS = "object"
"""VOC's label image whose values number the objects, in the order of the annotation."""

VOC_MOST = 254
"""Objects that it can number: 255 is VOC's "ignore"."""

_PARENT_BYTES = 4 << 10
_INSTANCE_BYTES, _CUTOUT_BYTES = 2 << 10, 4 << 10
_LEAST_SIDE = 3.0
_LEAST_PIXELS = 9
_MOST_COMPONENTS = 2000


class Parent:
    """A sample with the objects that can be cut out of it.

    Attributes:
        item: where it came from.
        sample: cleaned; where its layout has label images and no objects, the connected parts of
            one value each are its instances.
        usable: class -> numbers of its instances that can be cut out.
        size: bytes that it holds when all of them were, about.
    """

    def __init__(self, item: Item, sample: Sample, use: ComposeUse) -> None:
        self.item, self.sample, self.use = item, sample, use
        self.usable: dict[Label, list[int]] = {}
        extents = [extent(instance) for instance in sample.instances]
        for number, instance in enumerate(sample.instances):
            if instance.label is not None and self._fit(number, extents):
                self.usable.setdefault(instance.label, []).append(number)
        self._cut: dict[int, Cutout] = {}
        self.size = self._size(extents)

    def cutout(self, number: int) -> Cutout:
        """Of one of its instances."""
        if number not in self._cut:
            self._cut[number] = cut_out(self._shaped(number), self.sample.image, self.use.cut)
        return self._cut[number]

    def twins(self, number: int) -> list[int]:
        """Other instances that tell of the same object (COCO's files of keypoints and outlines)."""
        key = self.sample.instances[number].extra.get("id")
        if key is None:
            return []
        others = enumerate(self.sample.instances)
        return [k for k, i in others if k != number and i.extra.get("id") == key]

    def _size(self, extents: Sequence[Points | None]) -> int:
        arrays: list[Array] = [self.sample.image, *self.sample.masks.values()]
        arrays += [i.mask for i in self.sample.instances if i.mask is not None]
        boxes = [extents[number] for numbers in self.usable.values() for number in numbers]
        cutouts = sum(_CUTOUT_BYTES + int(np.prod(b[2:] - b[:2])) for b in boxes if b is not None)
        labels = _PARENT_BYTES + _INSTANCE_BYTES * len(extents)
        return sum(array.nbytes for array in arrays) + labels + cutouts

    def _shaped(self, number: int) -> Instance:
        """An instance; with its mask, where VOC's image of numbered objects has one."""
        instance, objects = self.sample.instances[number], self.sample.masks.get(VOC_OBJECTS)
        if objects is None or objects.ndim != 2 or "voc_object" not in instance.extra:
            return instance
        number = instance.extra["voc_object"] + 1
        mask = objects == number
        return instance.replace(mask=mask) if number <= VOC_MOST and mask.any() else instance

    def _fit(self, number: int, extents: Sequence[Points | None]) -> bool:
        instance, box = self.sample.instances[number], extents[number]
        if box is None or instance.extra.get("iscrowd"):
            return False
        if (box[2:] - box[:2]).min() < _LEAST_SIDE or _at_edge(box, self.sample):
            return False
        if has_shape(self._shaped(number)):
            return True
        own = float(np.prod(box[2:] - box[:2]))
        same = {number, *self.twins(number)}
        covered = (
            _shared(box, other)
            for k, other in enumerate(extents)
            if k not in same
            and other is not None
            and self.sample.instances[k].extra.get("voc_part_of") is None
        )
        return all(shared <= self.use.overlap * own for shared in covered)


class Parents:
    """The samples that objects are cut out of; workers read their own.

    Args:
        source, recipe: of the job.
        use: the recipe's.
    """

    def __init__(self, source: Source, recipe: Recipe, use: ComposeUse) -> None:
        self.source, self.recipe, self.use = source, recipe, use
        self._kept: OrderedDict[str, Parent | None] = OrderedDict()
        self._held = 0
        self.emptied: tuple[Sample, Emptied] | None = None
        """The last background whose objects were taken out: its copies follow each other."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Parents, (self.source, self.recipe, self.use)

    @property
    def by_masks(self) -> bool:
        """Whether the parts of label images are the objects: the dataset knows no others."""
        info = self.source.info
        return info.has_masks and not (info.has_boxes or info.has_keypoints)

    def with_objects(self, sample: Sample) -> Sample:
        """The sample, with the parts of its label image as objects where they are the objects.

        Raises:
            SampleError: see `as_objects`.
        """
        return as_objects(sample, self.recipe.ignore_value) if self.by_masks else sample

    def get(self, item: Item) -> Parent | None:
        """A sample to cut out of; None if it can't be read (it is quarantined when its turn comes).

        Raises:
            SampleError: by the fault of the machine, see `machines_fault`.
        """
        if item.id in self._kept:
            self._kept.move_to_end(item.id)
            return self._kept[item.id]
        found: Parent | None = None
        try:
            sample, _, _ = clean(
                self.source.read(item), self.recipe.invalid, value_range=self.recipe.value_range
            )
            found = Parent(item, self.with_objects(sample), self.use)
        except SampleError as error:
            if machines_fault(error) is not None:
                raise
        self._kept[item.id] = found
        self._held += _size_of(found)
        while len(self._kept) > 1 and self._held > KEPT_BYTES:
            self._held -= _size_of(self._kept.popitem(last=False)[1])
        return found


def _size_of(parent: Parent | None) -> int:
    return _PARENT_BYTES if parent is None else parent.size


def as_objects(sample: Sample, ignore_value: int | None) -> Sample:
    """The sample; where it has a label image and no objects, with that image's parts as such.

    Only for datasets that know no other objects (`Parents.by_masks`).

    Each connected part (of eight neighbours) of one value other than 0 and the ignore value is an
    instance whose class is the value.

    Raises:
        SampleError: the label image holds colours, or thousands of parts.
    """
    if sample.instances or not sample.masks:
        return sample
    mask = main_mask(sample)
    if mask.ndim != 2:
        raise SampleError(
            "compose: the mask holds colours; convert it to one number a class, or remove "
            "'compose' from the recipe"
        )
    found: list[Instance] = []
    for value in np.unique(mask).tolist():
        if value in (0, ignore_value):
            continue
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            (mask == value).astype(np.uint8), connectivity=8
        )
        for number in range(1, count):
            if stats[number, cv2.CC_STAT_AREA] < _LEAST_PIXELS:
                continue
            if len(found) == _MOST_COMPONENTS:
                raise SampleError(
                    f"compose: the mask has more than {_MOST_COMPONENTS} parts; it looks like "
                    "noise, or not like objects: remove 'compose' from the recipe"
                )
            found.append(Instance(value, mask=labels == number))
    return sample.replace(instances=tuple(found))


def main_mask(sample: Sample) -> Array:
    """The label image whose parts count as objects."""
    return sample.masks["mask"] if "mask" in sample.masks else next(iter(sample.masks.values()))


def _at_edge(box: Points, sample: Sample) -> bool:
    """Whether an object reaches the picture's edge, where some of it may be missing."""
    low, high = box[:2].min(), np.array([sample.width, sample.height]) - box[2:]
    return bool(low < 1 or high.min() < 1)


def _shared(one: Points, other: Points) -> float:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return float(np.prod(np.maximum(sides, 0)))
