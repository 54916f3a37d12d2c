"""A folder, file or URL as a dataset for training, in any layout that tenfold reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, SampleError, did_you_mean
from tenfold.places import Place, place_of
from tenfold.samples.codec import image_bytes, image_of, jpeg_size, shrink_for
from tenfold.samples.outline import bounds, mask_bounds
from tenfold.samples.sample import Instance, Label, Points, Sample
from tenfold.samples.source import MAX_PIXELS, Item
from tenfold.samples.sources import open_source


class SourceDataset:
    """The samples of one split, read when they are asked for.

    Args:
        path: the dataset, of any layout that `tenfold augment` reads; a folder, a file, a URL.
        split: which part. All samples where the dataset has no splits (with `split="train"`).
        layout: name of the layout, where it can't be told.
        label_column: the column of labels in a table, where it can't be told.
        polygons: give the objects' outlines too, from which boxes are made anew when they move.
        least_side: decode JPEGs of labelled folders at 1/2, 1/4 or 1/8 of their size, as long as
            the shorter side keeps so many pixels: two to three times as fast. Crops smaller than
            the picture have less detail then.
        max_pixels: images with more pixels are refused unread.

    Items are one of

    - the image (H, W, C), where nothing is known of it;
    - (image, number of the class), where that is all there is;
    - else a dict: `image`; `mask` (H, W), or `masks`, a list by their names; `bboxes` (N, 4)
      float32 x0, y0, x1, y1 in pixels with `labels` (N,) int64, the numbers of their classes (-1
      for none); `polygons`, N lists of outlines; `keypoints` (N, K, 3) float32 x, y, visibility;
      `label`, the number of the image's class.

    Any number of threads and processes may read at once.

    Attributes:
        classes: names of the classes; numbers count them.
        ids: of the samples, in order.
        targets: what the items hold, for `Loader` and `AugmentedDataset`.
        bbox_format: of `bboxes`.
        keypoint_pairs: which keypoints trade places in a reflection, where the dataset says so,
            for `Pipeline(keypoint_pairs=...)`; else None.
        value_range: black and white of float images, where the dataset has one for all, for
            `Pipeline(value_range=...)`; else None.
        problems: what can't be used, as (id, reason).

    Raises:
        RequestError: nothing there that can be read, no such split, or classes of some samples
            only.
        SampleError: from an item, one that can't be read; it names the sample.
    """

    bbox_format = "pascal_voc"

    def __init__(
        self,
        path: str | os.PathLike[str] | Place,
        split: str = "train",
        *,
        layout: str | None = None,
        label_column: str | None = None,
        polygons: bool = False,
        least_side: int | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self._source = open_source(place_of(path), layout, max_pixels, label_column=label_column)
        info, splits = self._source.info, self._source.splits()
        if split not in splits and (splits or split != "train"):
            known = f"has the splits {', '.join(splits)}" if splits else "has no splits"
            raise RequestError(
                f"no split '{split}': the dataset {known}{did_you_mean(split, splits)}"
            )
        self._items = [i for i in self._source.items if not splits or i.split == split]
        self.classes = tuple(info.classes)
        self.ids = [item.id for item in self._items]
        self.value_range, self.keypoint_pairs = info.value_range, info.keypoint_pairs
        self.problems = [(p.id, p.reason) for p in self._source.problems]
        self._numbers = {name: number for number, name in enumerate(self.classes)}
        self._labelled = _all_labelled(self._items)
        self._boxed, self._pointed = info.has_boxes, info.has_keypoints
        self._masked, self._outlined = info.has_masks, polygons
        plain = not (self._boxed or self._pointed or self._masked)
        self._least = least_side
        self._files = plain and self._source.layout in ("folder", "csv")
        if least_side is not None and not self._files:
            raise RequestError(
                "least_side: is for labelled folders of images; masks and coordinates count the "
                "pixels of the whole image"
            )
        self._plain = plain
        self.targets: Any = None
        if plain:
            self.targets = ("image", None) if self._labelled else "image"

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        """One sample, as the class says."""
        item = self._items[index]
        try:
            if not self._plain:
                return self._all_of(self._source.read(item), item)
            image = self._image(item) if self._files else self._source.read(item).image
        except SampleError as error:
            raise SampleError(f"{item.id}: {error}") from error
        return (image, self._number(item.label)) if self._labelled else image

    def __iter__(self) -> Iterator[Any]:
        """All samples in order."""
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        root, layout = self._source.root, self._source.layout
        return f"SourceDataset({str(root)!r}, {len(self)} items, {layout})"

    def _image(self, item: Item) -> NDArray[Any]:
        """Of a sample that is an image file and nothing else."""
        most, shrink = self._source.max_pixels, 1
        data = image_bytes(self._source.root / item.files[0], most)
        if self._least is not None and (size := jpeg_size(data)) is not None:
            shrink = shrink_for(min(size) / self._least)
        return image_of(data, most, shrink).image

    def _all_of(self, sample: Sample, item: Item) -> dict[str, Any]:
        out: dict[str, Any] = {"image": sample.image}
        if self._masked:
            found = [sample.masks[name] for name in sorted(sample.masks)]
            out |= {"mask": found[0]} if len(found) == 1 else {"masks": found}
        if self._boxed or self._pointed:
            objects = [(i, box) for i in sample.instances if (box := _box(i)) is not None]
            boxes = [box for _, box in objects]
            out["bboxes"] = np.array(boxes, dtype=np.float32).reshape(-1, 4)
            labels = [self._number(i.label) for i, _ in objects]
            out["labels"] = np.array(labels, dtype=np.int64)
            if self._outlined:
                out["polygons"] = [
                    [outline.astype(np.float32) for outline in i.polygons] for i, _ in objects
                ]
            if self._pointed:
                out["keypoints"] = _keypoints([i for i, _ in objects])
        if self._labelled:
            out["label"] = self._number(item.label)
        return out

    def _number(self, label: Label | None) -> int:
        if label is None:
            return -1
        number = self._numbers.get(str(label))
        if number is None and isinstance(label, int) and 0 <= label < len(self.classes):
            return label
        if number is None:
            raise SampleError(f"its class {label!r} is none of {', '.join(self.classes)}")
        return number


def _all_labelled(items: list[Item]) -> bool:
    """Whether samples have classes: all or none."""
    without = [item.id for item in items if item.label is None]
    if without and len(without) < len(items):
        raise RequestError(
            f"{len(without)} of {len(items)} samples have no class ({without[0]}); "
            "give them one, or move them away"
        )
    return not without


def _box(instance: Instance) -> Points | None:
    """The object's box; where the layout has none, round its mask, outlines or corners."""
    if instance.box is not None:
        return instance.box
    if instance.mask is not None:
        return mask_bounds(instance.mask)
    if instance.polygons:
        return bounds(instance.polygons)
    return None if instance.oriented is None else bounds([instance.oriented])


def _keypoints(instances: list[Instance]) -> NDArray[np.float32]:
    """(N, K, 3); not labelled where an object has none, or fewer than another."""
    most = max((len(i.keypoints) for i in instances if i.keypoints is not None), default=0)
    rows = np.zeros((len(instances), most, 3), dtype=np.float32)
    for row, instance in zip(rows, instances, strict=True):
        if instance.keypoints is not None:
            row[: len(instance.keypoints)] = instance.keypoints
    return rows
