"""COCO datasets, written: images now, the JSON files at the end.

An original's entry and annotations are written as they were. A copy's image entry is its
parent's with a new id, name and size, and without the addresses of the parent's picture; its
annotations are made from its instances, coordinates rounded to a ten-thousandth of a pixel, and
have new ids above all that occur, in manifest order. Annotations of one object in several files
(instances and keypoints) share their new id as they shared the old one.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from tenfold.errors import OutputError, RequestError, SampleError
from tenfold.places import Place
from tenfold.samples import outline, rle
from tenfold.samples.sample import Instance, Points, Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.sources.coco import CocoSource, has_geometry
from tenfold.samples.sources.coco_files import CocoFile
from tenfold.write.atomic import write_chunks
from tenfold.write.images import copy_files, image_bytes, write_files
from tenfold.write.names import target_of
from tenfold.write.spool import Spool, document
from tenfold.write.writer import Line, WriteOptions, Writer, Written, with_items

DECIMALS = 4
_ADDRESSES = ("coco_url", "flickr_url", "url")
_CHUNK = 1 << 20


class CocoWriter(Writer):
    """Writes COCO datasets in the arrangement of folders and files of the source."""

    layout = "coco"

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        if not isinstance(source, CocoSource):
            raise RequestError(f"the COCO writer needs a COCO source, got {source.layout}")
        super().__init__(source, destination, options)
        self.files, self.next_ids = source.files, (source.next_image, source.next_annotation)

    def target(self, item: Item, copy: int) -> str:
        """The image's path, named by the template beside its parent's."""
        return target_of(item.files[0], copy, self.options)

    def copy(self, item: Item) -> Written:
        """The image byte for byte; its annotations follow in `finish`."""
        target = self.target(item, 0)
        return Written(target, copy_files(self.source.root, self.destination, [target]))

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The image; its size and annotations go into the record."""
        target = self.target(item, copy)
        try:
            target.encode("utf-8")
        except UnicodeEncodeError:
            raise SampleError("JSON can't hold the file's name: it is not UTF-8") from None
        annotations: dict[str, list[Any]] = {}
        for number, _, text in item.extra["entries"]:
            whole = [a for a in json.loads(text) if not has_geometry(a)]
            annotations[str(number)] = whole
        for instance in sample.instances:
            number = instance.extra.get("coco_file", item.extra["entries"][0][0])
            file = self.files[number]
            annotations[str(number)].append(
                annotation_of(instance, file, sample.height, sample.width)
            )
        files = {target: image_bytes(target, sample, self.options)}
        record = {"size": [sample.width, sample.height], "annotations": annotations}
        return Written(target, write_files(self.destination, files), record)

    def end_shard(self, shard: int) -> None:
        """Nothing is held back."""

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Write the JSON files."""
        next_image, next_annotation = self.next_ids
        try:
            self.destination.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as stack:
                spools = [
                    (Spool(stack, self.destination), Spool(stack, self.destination))
                    for _ in self.files
                ]
                for line, item in with_items(lines, self.source.items):
                    if line.copy == 0:
                        for number, image, text in item.extra["entries"]:
                            spools[number][0].add(image)
                            for annotation in json.loads(text):
                                spools[number][1].add(json.dumps(annotation))
                        continue
                    renewed: dict[Any, int] = {}
                    for number, image, _ in item.extra["entries"]:
                        entry = _renamed(json.loads(image), next_image, line)
                        spools[number][0].add(json.dumps(entry))
                        used: set[int] = set()
                        for annotation in line.written.record["annotations"][str(number)]:
                            old = annotation.get("id")
                            old = old if isinstance(old, (int, str)) else None
                            new = None if old is None else renewed.get(old)
                            if new is None or new in used:
                                new, next_annotation = next_annotation, next_annotation + 1
                                renewed[old] = new
                            used.add(new)
                            whole = {**annotation, "id": new, "image_id": next_image}
                            spools[number][1].add(json.dumps(whole))
                    next_image += 1
                return {
                    file.path: write_chunks(
                        self.destination / file.path, document(file.head, images, annotations)
                    )
                    for file, (images, annotations) in zip(self.files, spools, strict=True)
                }
        except OSError as error:
            raise OutputError(
                f"can't write below {self.destination}: {error.strerror or error}; "
                "make room or check the folder"
            ) from error


def annotation_of(instance: Instance, file: CocoFile, height: int, width: int) -> dict[str, Any]:
    """An instance as a COCO annotation, `image_id` and new `id` still to come.

    The segmentation takes the form in which it came in. `area` is the mask's or the polygons'
    (parts summed), else the box's.
    """
    extra = instance.extra
    out = {k: v for k, v in extra.items() if k not in ("coco_file", "coco_form", "category_id")}
    category = extra.get("category_id")
    if category is None or file.name(category) != instance.label:
        category = file.category(instance.label)
    if category is None:
        raise SampleError(f"{file.path} has no category '{instance.label}'; add it to 'categories'")
    out["category_id"] = category
    return {**out, **geometry_of(instance, height, width)}


def geometry_of(instance: Instance, height: int, width: int) -> dict[str, Any]:
    """The keys of an annotation that tell where an instance is.

    Args:
        instance: its `extra["coco_form"]` is how the segmentation was written where it came from.
        height, width: of the image, pixels.
    """
    out: dict[str, Any] = {}
    form = instance.extra.get("coco_form")
    area = 0.0
    if instance.mask is not None and (form != "polygons" or not instance.polygons):
        out["segmentation"] = rle.encode(instance.mask, compressed=form != "runs")
        area = float(np.count_nonzero(instance.mask))
    elif instance.polygons:
        out["segmentation"] = [_rounded(p.reshape(-1)) for p in instance.polygons]
        area = sum(outline.area(p) for p in instance.polygons)
    elif form is not None:
        out["segmentation"] = []
    if instance.box is not None:
        x0, y0, x1, y1 = (round(float(v), DECIMALS) for v in instance.box)
        out["bbox"] = [x0, y0, round(x1 - x0, DECIMALS), round(y1 - y0, DECIMALS)]
        if instance.mask is None and not instance.polygons:
            area = out["bbox"][2] * out["bbox"][3]
    out["area"] = round(area, DECIMALS)
    if instance.keypoints is not None:
        out["keypoints"] = _keypoints(instance.keypoints, height, width)
        out["num_keypoints"] = int(np.count_nonzero(instance.keypoints[:, 2] > 0))
    return out


def _keypoints(points: Points, height: int, width: int) -> list[float]:
    """Pixel indices within the picture; zeros for what is not labelled or out of it."""
    shown = points[:, 2] > 0
    indices = np.clip(points[:, :2] - 0.5, 0, [width - 1, height - 1])
    flat = np.column_stack([np.where(shown[:, None], indices, 0), np.where(shown, points[:, 2], 0)])
    return _rounded(flat.reshape(-1))


def _rounded(values: Points) -> list[float]:
    """Rounded, whole numbers as such."""
    return [int(v) if v.is_integer() else v for v in np.round(values, DECIMALS).tolist()]


def _renamed(entry: Mapping[str, Any], id_: int, line: Line) -> dict[str, Any]:
    """A copy's image entry: the parent's with what differs."""
    out = {k: v for k, v in entry.items() if k not in _ADDRESSES}
    width, height = line.written.record["size"]
    name = str(entry["file_name"])
    separator = "\\" if "\\" in name and "/" not in name else "/"
    folder, found, _ = name.rpartition(separator)
    out["file_name"] = folder + found + PurePosixPath(line.written.file).name
    return {**out, "id": id_, "width": width, "height": height}
