"""Pascal VOC datasets, written: images, annotations and masks one by one, lists at the end.

A copy's annotation is its parent's with another file name and size, without the (now wrong)
`path`, and with the objects that are left. Boxes are rounded to whole pixels. `truncated` becomes
1 where a box came to touch the picture's border that did not touch it before; all else that an
object says stays. In the mask "object", whose values number the objects in the order of the
annotation, the values follow the new order, and what is left of a dropped object becomes 255
(VOC's "ignore").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
from defusedxml import ElementTree as SafeTree

from tenfold.errors import RequestError, SampleError
from tenfold.places import Place
from tenfold.samples.codec import encode_mask
from tenfold.samples.sample import Array, Instance, Points, Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.sources import voc_files
from tenfold.samples.sources.voc import ANNOTATIONS, MASKS, VocSource, touches_border
from tenfold.samples.sources.voc_files import COPY_FOLDERS, ImageList
from tenfold.write.atomic import write_bytes
from tenfold.write.images import copy_files, image_bytes, write_files
from tenfold.write.names import target_of
from tenfold.write.writer import Line, WriteOptions, Writer, Written

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

IGNORE = 255
_FLAGS = ("-1", "0", "1")
Stems = dict[str, list[tuple[str, Mapping[str, int] | None]]]


class VocWriter(Writer):
    """Writes Pascal VOC datasets."""

    layout = "voc"
    by_stem = True

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        if not isinstance(source, VocSource):
            raise RequestError(f"the VOC writer needs a VOC source, got {source.layout}")
        super().__init__(source, destination, options)
        self.lists = tuple(source.lists)

    def target(self, item: Item, copy: int) -> str:
        """The image's path in JPEGImages."""
        return target_of(item.files[0], copy, self.options)

    def copy(self, item: Item) -> Written:
        """The image, its annotation and its masks, byte for byte."""
        _check_name(item.id, in_xml=False)
        return Written(item.files[0], copy_files(self.source.root, self.destination, item.files))

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The image, an annotation if the parent has one or there are objects, and the masks."""
        target = self.target(item, copy)
        xml = item.extra["xml"]
        annotated = xml is not None or bool(sample.instances)
        _check_name(target, in_xml=annotated)
        stem = PurePosixPath(target).stem
        files = {target: image_bytes(target, sample, self.options)}
        masks = dict(sample.masks)
        if annotated:
            new = ElementTree.Element("annotation")
            parent = new if xml is None else voc_files.parse_xml(self.source.root / xml)
            # A composed copy has more objects in its mask than its parent.
            count = max(len(parent.findall("object")), sample.encoding.get("voc_objects", 0))
            tree = annotation_of(parent, sample, PurePosixPath(target).name)
            files[f"{ANNOTATIONS}/{stem}.xml"] = _text(tree)
            if "object" in masks:
                masks["object"] = _renumbered(masks["object"], sample.instances, count)
        for name, mask in masks.items():
            folder = MASKS.get(name)
            if folder is not None:
                encoding = sample.encoding.get("masks", {}).get(name, {})
                files[f"{folder}/{stem}.png"] = encode_mask(mask, encoding)
        digests = write_files(self.destination, files)
        return Written(target, digests, {"classes": _states(sample.instances)})

    def end_shard(self, shard: int) -> None:
        """Nothing is held back."""

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Write the lists of ImageSets, copies beside their parents.

        In a list with flags (`aeroplane_train.txt`: 1 the class is there, 0 only difficult
        objects of it, -1 none) a copy's flag falls where objects were lost.
        """
        if not self.lists:
            return {}
        stems: Stems = {}
        for line in lines:
            record = line.written.record
            states = None if line.copy == 0 or record is None else record["classes"]
            parent = PurePosixPath(line.item).stem
            stems.setdefault(parent, []).append((PurePosixPath(line.written.file).stem, states))
        return {
            one.path: write_bytes(
                self.destination / one.path,
                _list_text(one, stems).encode("utf-8", "surrogateescape"),
            )
            for one in self.lists
        }


def annotation_of(parent: Element, sample: Sample, filename: str) -> Element:
    """A copy's annotation.

    Args:
        parent: the root element of its parent's, or an empty one; changed and returned.
        sample: the copy, with instances as `VocSource.read` makes them.
        filename: of the copy's image.
    """
    for tag in ("object", "path"):
        for element in parent.findall(tag):
            parent.remove(element)
    _set(parent, "filename", filename)
    size = parent.find("size")
    if size is None:
        size = ElementTree.SubElement(parent, "size")
    channels = sample.image.shape[2]
    for tag, value in (("width", sample.width), ("height", sample.height), ("depth", channels)):
        _set(size, tag, str(value))
    parts: dict[int, list[Instance]] = {}
    for instance in sample.instances:
        if "voc_part_of" in instance.extra:
            parts.setdefault(instance.extra["voc_part_of"], []).append(instance)
    for instance in sample.instances:
        if "voc_part_of" not in instance.extra:
            own = parts.get(instance.extra.get("voc_object", -1), [])
            parent.append(_object(instance, own, sample.height, sample.width))
    return parent


def _object(instance: Instance, parts: list[Instance], height: int, width: int) -> Element:
    if instance.box is None:
        raise SampleError(f"VOC needs a box for each object; '{instance.label}' has none")
    text = instance.extra.get("voc_xml")
    element: Element = SafeTree.fromstring(text) if text else ElementTree.Element("object")
    _set(element, "name", str(instance.label))
    at_border = touches_border(instance.box, height, width)
    if at_border and not instance.extra.get("voc_at_border", False):
        _set(element, "truncated", "1")
    _set_box(element, instance.box, height, width)
    point = element.find("point")
    if point is not None and instance.keypoints is not None:
        x, y, visible = instance.keypoints[0]
        if visible > 0:
            _set(point, "x", str(int(np.clip(round(x + 0.5), 1, width))))
            _set(point, "y", str(int(np.clip(round(y + 0.5), 1, height))))
        else:
            element.remove(point)
    kept = {part.extra["voc_part"]: part for part in parts}
    for index, part in enumerate(element.findall("part")):
        moved = kept.get(index)
        if moved is None or moved.box is None:
            element.remove(part)
        else:
            _set_box(part, moved.box, height, width)
    return element


def _set_box(element: Element, box: Points, height: int, width: int) -> None:
    """Whole pixels from 1, both ends included, at least one pixel, within the picture."""
    frame = element.find("bndbox")
    if frame is None:
        frame = ElementTree.SubElement(element, "bndbox")
    for low, high, start, end, limit in (
        ("xmin", "xmax", box[0], box[2], width),
        ("ymin", "ymax", box[1], box[3], height),
    ):
        first = min(max(round(float(start)) + 1, 1), limit)
        last = min(max(round(float(end)), first), limit)
        _set(frame, low, str(first))
        _set(frame, high, str(last))


def _set(element: Element, tag: str, text: str) -> None:
    child = element.find(tag)
    if child is None:
        child = ElementTree.SubElement(element, tag)
    child.text = text


def _text(tree: Element) -> bytes:
    ElementTree.indent(tree, "\t")
    return ElementTree.tostring(tree, encoding="unicode").encode() + b"\n"


def _renumbered(mask: Array, instances: Iterable[Instance], count: int) -> Array:
    """The object mask with its values in the new order of `count` objects.

    A mask whose values are no numbers of objects (other than 0 and 255) is left alone. Objects
    from the 255th on have no number there: what is seen of them is 255, too.
    """
    if mask.ndim != 2 or not set(np.unique(mask).tolist()) <= {*range(count + 1), IGNORE}:
        return mask
    order = [i.extra["voc_object"] for i in instances if "voc_object" in i.extra]
    table = np.full(max(count, IGNORE) + 1, IGNORE, dtype=mask.dtype)
    table[0] = 0
    for position, number in enumerate(order):
        if max(position, number) + 1 < IGNORE:
            table[number + 1] = position + 1
    return np.asarray(table[mask])


def _states(instances: Iterable[Instance]) -> dict[str, int]:
    """For each class that is there: 1, or 0 if all its objects are difficult."""
    states: dict[str, int] = {}
    for instance in instances:
        if "voc_part_of" not in instance.extra:
            state = 0 if instance.extra.get("difficult") else 1
            name = str(instance.label)
            states[name] = max(state, states.get(name, 0))
    return states


def _list_text(one: ImageList, stems: Stems) -> str:
    class_name = one.name.rpartition("_")[0]
    rows = []
    for parent, rest in one.rows:
        for stem, states in stems.get(parent, []):
            flag = rest
            if states is not None:
                if one.folder not in COPY_FOLDERS:
                    continue
                if rest in _FLAGS:
                    flag = str(min(int(rest), states.get(class_name, -1)))
            rows.append(f"{stem} {flag:>2}" if flag else stem)
    return "".join(f"{row}\n" for row in rows)


def _check_name(path: str, in_xml: bool) -> None:
    name = PurePosixPath(path).name
    if any(ord(c) < 32 for c in name):
        raise SampleError(
            "VOC's lists can't hold a file name with a line break or another control character; "
            "rename the file"
        )
    if in_xml:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            raise SampleError(
                "VOC's XML can't hold a file name that is not UTF-8; rename the file"
            ) from None
