"""Pascal VOC datasets: JPEGImages, Annotations, ImageSets, and perhaps segmentations.

Boxes are whole pixels counted from 1, both ends included (VOC2012 development kit, section
"Annotation"): xmin = 1, xmax = 10 are the columns from x = 0 to x = 10.

- `part` elements (a person's head, hands, feet) become instances of their own without a label,
  so that they move; the writer puts them back into their object, or leaves them out with it.
- An object's `point` is a keypoint.
- `SegmentationClass` and `SegmentationObject` are the sample's masks "class" and "object".
- An image without an annotation file is a sample without instances, and its copies have no
  file either, unless they are composed and have objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from tenfold.errors import RequestError, SampleError
from tenfold.long_list import kept
from tenfold.places import Place, read_ahead
from tenfold.samples.codec import decode_mask
from tenfold.samples.sample import Instance, Points, Sample
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.samples.sources import voc_files
from tenfold.samples.sources.voc_files import ImageList
from tenfold.samples.upright import decode_sized, sample_of
from tenfold.samples.walk import is_image, list_files, safe_join, unsupported

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

IMAGES, ANNOTATIONS = "JPEGImages", "Annotations"
MASKS = {"class": "SegmentationClass", "object": "SegmentationObject"}
_UNMOVABLE = ("polygon", "robndbox", "mask", "segm")
_AT_BORDER = 1.0


class VocSource(Source):
    """A Pascal VOC dataset.

    Attributes:
        lists: the lists of ImageSets.

    `Item.extra` has `xml` (path of the annotation, or None) and `masks` (paths by mask name).
    """

    layout = "voc"

    def __init__(
        self,
        root: Place,
        *,
        items: Sequence[Item],
        info: DatasetInfo,
        problems: Sequence[Quarantined],
        max_pixels: int,
        lists: Sequence[ImageList],
    ) -> None:
        self.root, self.items, self.info, self.problems = root, items, info, problems
        self.max_pixels, self.lists = max_pixels, lists

    @classmethod
    def detect(cls, root: Place) -> bool:
        """Whether there are the folders JPEGImages and Annotations."""
        return (root / IMAGES).is_dir() and (root / ANNOTATIONS).is_dir()

    @classmethod
    def open(cls, root: Place, max_pixels: int = MAX_PIXELS) -> VocSource:
        """Find the images, and read all annotations and lists."""
        root = root.absolute()
        if not cls.detect(root):
            raise RequestError(
                f"{root} is no Pascal VOC dataset: it needs the folders {IMAGES} and {ANNOTATIONS}"
            )
        listing = list_files(root)
        in_images = [f for f in listing.files if PurePosixPath(f).parent.as_posix() == IMAGES]
        images = [f for f in in_images if is_image(f)]
        problems = [*listing.problems, *unsupported(in_images)]
        xmls = _by_stem(listing.files, ANNOTATIONS, ".xml")
        owner: dict[str, str] = {}
        taken: dict[str, str] = {}
        for image in images:
            stem = PurePosixPath(image).stem
            if stem in taken:
                problems.append(
                    Quarantined(
                        image,
                        f"{taken[stem]} has the same name, so {ANNOTATIONS}/{stem}.xml could "
                        "belong to either; rename one",
                    )
                )
                continue
            taken[stem] = image
        lists = voc_files.read_lists(root, frozenset(taken))
        splits = voc_files.split_of_stems(lists)
        masks = {name: _by_stem(listing.files, folder, ".png") for name, folder in MASKS.items()}
        orphans = [stem for stem in xmls if stem not in taken]
        for stem in orphans:
            problem = _adopt(root, xmls[stem], taken, xmls, owner)
            if problem:
                problems.append(Quarantined(xmls[stem], problem))
        items: list[Item] = []
        classes: dict[str, None] = {}
        has_points = False
        xml_of = {stem: xmls.get(stem) or owner.get(stem) for stem in taken}
        for stem in read_ahead(root, list(taken), lambda s: filter(None, [xml_of[s]])):
            image, xml = taken[stem], xml_of[stem]
            labels: tuple[str, ...] = ()
            if xml is not None:
                try:
                    tree = voc_files.parse_xml(root / xml)
                    objects = tree.findall("object")
                    labels = tuple(_name(o, i) for i, o in enumerate(objects))
                except SampleError as error:
                    problems.append(Quarantined(image, str(error)))
                    continue
                has_points |= any(o.find("point") is not None for o in objects)
            classes.update(dict.fromkeys(labels))
            own = {name: paths[stem] for name, paths in masks.items() if stem in paths}
            files = (image, *([xml] if xml else []), *own.values())
            extra = {"xml": xml, "masks": own}
            items.append(Item(image, splits.get(stem), None, labels, files, extra))
        for stem in dict.fromkeys(s for one in lists for s, _ in one.rows if s not in taken):
            where = next(one.path for one in lists if any(stem == s for s, _ in one.rows))
            problems.append(
                Quarantined(
                    f"{where}: {stem}", f"{where} lists '{stem}', which {IMAGES} doesn't have"
                )
            )
        info = DatasetInfo(
            classes=tuple(sorted(classes)),
            has_masks=any("masks" in i.extra and i.extra["masks"] for i in items),
            has_boxes=bool(classes),
            has_keypoints=has_points,
            keypoint_pairs=() if has_points else None,
        )
        items.sort(key=lambda item: item.id)
        return cls(
            root, items=kept(items), info=info, problems=problems, max_pixels=max_pixels,
            lists=lists,
        )  # fmt: skip

    def read(self, item: Item) -> Sample:
        """Read the image, its objects and its masks."""
        xml = item.extra["xml"]
        tree = None if xml is None else voc_files.parse_xml(self.root / xml)
        size = None if tree is None else voc_files.image_size(tree)
        decoded = decode_sized(
            self.root / item.files[0], self.max_pixels, [size] if size else [], str(xml)
        )
        masks, encodings = {}, {}
        for name, path in item.extra["masks"].items():
            try:
                mask = decode_mask(self.root / path, self.max_pixels)
            except SampleError as error:
                raise SampleError(f"{path}: {error}") from error
            masks[name], encodings[name] = mask.mask, mask.encoding
        instances: list[Instance] = []
        for number, element in enumerate(tree.findall("object") if tree is not None else []):
            try:
                instances += _instances(element, number, decoded.image.shape[:2])
            except SampleError as error:
                raise SampleError(f"{xml}: object {number + 1}: {error}") from None
        return sample_of(
            item.id,
            decoded,
            instances=tuple(instances),
            masks=masks,
            encoding={"masks": encodings} if encodings else {},
        )


def touches_border(box: Points, height: int, width: int) -> bool:
    """Whether a box comes within less than a pixel of the picture's border."""
    near = _AT_BORDER
    x0, y0, x1, y1 = box
    return bool(x0 < near or y0 < near or x1 > width - near or y1 > height - near)


def _by_stem(files: Sequence[str], folder: str, suffix: str) -> dict[str, str]:
    """The files with a suffix that lie directly in a folder, by stem."""
    paths = map(PurePosixPath, files)
    return {p.stem: str(p) for p in paths if p.parent.as_posix() == folder and p.suffix == suffix}


def _adopt(
    root: Place, xml: str, taken: Mapping[str, str], xmls: Mapping[str, str], owner: dict[str, str]
) -> str | None:
    """Give an annotation whose stem no image has to the image that it names.

    Returns:
        Why that can't be, or None.
    """
    try:
        name = voc_files.parse_xml(root / xml).findtext("filename", "").strip()
    except SampleError as error:
        return str(error)
    relative = safe_join(root, f"{IMAGES}/{name}") if name else None
    if relative is None or PurePosixPath(relative).parent.as_posix() != IMAGES:
        return f"it names the image {name!r}, which is not in {IMAGES}; correct <filename>"
    stem = PurePosixPath(relative).stem
    if taken.get(stem) != relative:
        return f"its image {relative} is missing; put it there or take the annotation out"
    if stem in xmls or stem in owner:
        return f"its image {relative} has another annotation; take one out"
    owner[stem] = xml
    return None


def _name(element: Element, number: int) -> str:
    name = (element.findtext("name") or "").strip()
    if not name:
        raise SampleError(f"object {number + 1} has no <name>")
    return name


def _instances(element: Element, number: int, size: tuple[int, ...]) -> list[Instance]:
    """An object, and its parts."""
    for tag in _UNMOVABLE:
        if element.find(tag) is not None:
            raise SampleError(
                f"it has a <{tag}>, which is not part of VOC and can't be moved; take it out, or "
                "export as COCO or YOLO"
            )
    box = _box(element)
    extra: dict[str, Any] = {
        "voc_object": number,
        "voc_at_border": touches_border(box, *size[:2]),
        "voc_xml": ElementTree.tostring(element, encoding="unicode").strip(),
    }
    for flag in ("difficult", "truncated"):
        text = (element.findtext(flag) or "").strip()
        if text in ("0", "1"):
            extra[flag] = int(text)
    point = element.find("point")
    keypoints = None
    if point is not None:
        x, y = (_number(point, tag) - 0.5 for tag in ("x", "y"))
        keypoints = np.array([[x, y, 2.0]])
    found = [Instance(_name(element, number), box, keypoints=keypoints, extra=extra)]
    for index, part in enumerate(element.findall("part")):
        about = {"voc_part_of": number, "voc_part": index}
        found.append(Instance(None, _box(part), extra=about))
    return found


def _box(element: Element) -> Points:
    frame = element.find("bndbox")
    if frame is None:
        raise SampleError("it has no <bndbox>")
    x0, y0, x1, y1 = (_number(frame, tag) for tag in ("xmin", "ymin", "xmax", "ymax"))
    return np.array([x0 - 1, y0 - 1, x1, y1])


def _number(element: Element, tag: str) -> float:
    text = element.findtext(tag)
    try:
        return float(text or "")
    except ValueError:
        raise SampleError(f"<{tag}> must be a number, got {text!r}") from None
