"""COCO datasets: images beside JSON files of boxes, polygons, masks and keypoints.

Boxes and polygons are in continuous pixel coordinates already. Keypoints are pixel indices, so
0.5 is added on the way in and taken off on the way out (as detectron2 does, `load_coco_json` in
`detectron2/data/datasets/coco.py`).

Several files may speak of the same image (instances, keypoints, captions): the image is one
item, and each file gets its own annotations back. Annotations without geometry (captions)
describe the whole picture and are kept as they are. An image that files put in different splits
counts as test, else val: it must not be augmented. Images that no file names are no samples, but
are noted (`DatasetInfo.notes`).

Python's `json` reads and writes NaN and Infinity, which JSON doesn't have. In coordinates they
are for the recipe to judge (`invalid`); in any other key of an annotation they couldn't be given to
a copy, and the image is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from tenfold.errors import RequestError, SampleError
from tenfold.long_list import kept
from tenfold.places import Place
from tenfold.samples import outline, rle
from tenfold.samples.sample import Instance, Label, Points, Sample
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.samples.sources import coco_files
from tenfold.samples.sources.coco_files import CocoFile
from tenfold.samples.upright import decode_sized, sample_of
from tenfold.samples.walk import (
    LAYERS,
    SIMULATION,
    canonical_split,
    is_image,
    list_files,
    safe_join,
    unnamed,
)

GEOMETRY = ("bbox", "segmentation", "keypoints")
_DERIVED = (*GEOMETRY, "num_keypoints", "area", "image_id")
_HELD_BACK = {"test": 2, "val": 1, "train": 0}


@dataclass
class _Found:
    """An image while the files are being listed."""

    entries: list[list[Any]] = field(default_factory=list)
    labels: dict[Any, Label] = field(default_factory=dict)
    split: str | None = None


class CocoSource(Source):
    """A COCO dataset.

    Attributes:
        files: its JSON files.
        next_image, next_annotation: ids above all that occur.

    `Item.extra["entries"]` holds, for each file that names the image, its number in `files`, the
    image's entry and its annotations, the latter two as JSON.
    """

    layout = "coco"

    def __init__(
        self,
        root: Place,
        *,
        items: Sequence[Item],
        info: DatasetInfo,
        problems: Sequence[Quarantined],
        max_pixels: int,
        files: Sequence[CocoFile],
        next_ids: tuple[int, int],
    ) -> None:
        self.root, self.items, self.info, self.problems = root, items, info, problems
        self.max_pixels, self.files = max_pixels, files
        self.next_image, self.next_annotation = next_ids

    @classmethod
    def detect(cls, root: Place) -> bool:
        """Whether there is a JSON file with COCO's keys where such files lie."""
        return root.is_dir() and bool(coco_files.find(root))

    @classmethod
    def open(cls, root: Place, max_pixels: int = MAX_PIXELS) -> CocoSource:
        """Parse the files and find the images."""
        root = root.absolute()
        paths = coco_files.find(root)
        if not paths:
            raise RequestError(
                f"{root} has no COCO file: put the JSON into annotations/, the folder itself, or "
                "each split's folder"
            )
        listing = _Listing(root)
        for path in paths:
            listing.add(path)
        items = kept(listing.items())
        with_keypoints = [names for file in listing.files for _, names in file.keypoints]
        info = DatasetInfo(
            classes=tuple(dict.fromkeys(n for f in listing.files for _, n in f.categories)),
            has_boxes=listing.has_boxes,
            has_keypoints=listing.has_keypoints,
            keypoint_pairs=coco_files.keypoint_pairs(with_keypoints[0])
            if len(set(with_keypoints)) == 1
            else None,
            notes=listing.notes(),
        )
        return cls(
            root,
            items=items,
            info=info,
            problems=listing.problems,
            max_pixels=max_pixels,
            files=listing.files,
            next_ids=(listing.last_image + 1, listing.last_annotation + 1),
        )

    def read(self, item: Item) -> Sample:
        """Read the image and its annotations."""
        sizes = [json.loads(image) for _, image, _ in item.extra["entries"]]
        decoded = decode_sized(
            self.root / item.files[0],
            self.max_pixels,
            [(image.get("width"), image.get("height")) for image in sizes],
            self.files[item.extra["entries"][0][0]].path,
        )
        height, width = decoded.image.shape[:2]
        instances: list[Instance] = []
        for number, _, text in item.extra["entries"]:
            file = self.files[number]
            for annotation in json.loads(text):
                if has_geometry(annotation):
                    try:
                        instances.append(_instance(annotation, number, file, height, width))
                    except SampleError as error:
                        raise SampleError(
                            f"{file.path}, annotation {annotation.get('id')!r}: {error}"
                        ) from None
        return sample_of(item.id, decoded, instances=tuple(instances))


def has_geometry(annotation: Mapping[str, Any]) -> bool:
    """Whether an annotation marks something in the picture (a caption doesn't)."""
    return any(annotation.get(key) for key in GEOMETRY)


class _Listing:
    """All files' images, found and joined with their annotations."""

    def __init__(self, root: Place) -> None:
        self.root = root
        self.files: list[CocoFile] = []
        self.names: list[dict[Any, str]] = []
        self.problems: list[Quarantined] = []
        self.found: dict[str, _Found] = {}
        self.bad: set[str] = set()
        self.named: set[str] = set()
        self.has_boxes = self.has_keypoints = False
        self.last_image = self.last_annotation = 0

    def add(self, path: Place) -> None:
        """Parse one file and join its annotations to its images."""
        file, images, annotations = coco_files.load(path, self.root)
        number = len(self.files)
        self.files.append(file)
        folders = coco_files.image_folders(file, self.root)
        self.names.append(dict(file.categories))
        by_image: dict[Any, list[Any]] = {}
        for entry in images:
            id_ = entry.get("id") if isinstance(entry, Mapping) else None
            if isinstance(id_, (int, str)) and id_ not in by_image:
                by_image[id_] = []
        for annotation in annotations:
            self._file_annotation(file, annotation, by_image)
        seen: set[Any] = set()
        for entry in images:
            name = entry.get("file_name") if isinstance(entry, Mapping) else None
            relative = self._locate(name, folders) if isinstance(name, str) and name else None
            if relative is not None:
                self.named.add(relative)
            problem = self._image_problem(entry, seen)
            if problem is not None:
                self._problem(file, f"image {_shown(entry)}", problem)
                continue
            id_ = entry["id"]
            seen.add(id_)
            if isinstance(id_, int):
                self.last_image = max(self.last_image, id_)
            if relative is None:
                self._problem(
                    file,
                    f"image {_shown(entry)}",
                    "the image is missing, or its name leads out of the folder; put it "
                    "beside the annotations or take the entry out",
                )
                continue
            self._join(number, relative, entry, by_image[id_])

    def items(self) -> Iterator[Item]:
        """What was found, sorted."""
        return (
            Item(
                relative,
                split=found.split,
                labels=tuple(found.labels.values()),
                files=(relative, *dict.fromkeys(self.files[e[0]].path for e in found.entries)),
                extra={"entries": tuple(tuple(e) for e in found.entries)},
            )
            for relative, found in sorted(self.found.items())
            if relative not in self.bad
        )

    def notes(self) -> tuple[str, ...]:
        """What is left out though nothing is wrong with it."""
        files = list_files(self.root).files
        masks = ("masks/", f"{LAYERS}/") if SIMULATION in files else ()
        listed = (f for f in files if is_image(f) and f not in self.named)
        return tuple(unnamed((f for f in listed if not f.startswith(masks)), "no COCO file"))

    def _file_annotation(
        self, file: CocoFile, annotation: Any, by_image: dict[Any, list[Any]]
    ) -> None:
        if not isinstance(annotation, Mapping):
            self._problem(file, "annotation", f"expected a mapping, got {annotation!r:.80}")
            return
        id_, image = annotation.get("id"), annotation.get("image_id")
        if isinstance(id_, int):
            self.last_annotation = max(self.last_annotation, id_)
        if not isinstance(image, (int, str)) or image not in by_image:
            self._problem(
                file,
                f"annotation {id_!r}",
                f"it names the image {image!r}, which the file doesn't list; "
                "add the image or take the annotation out",
            )
            return
        by_image[image].append(annotation)

    def _image_problem(self, entry: Any, seen: set[Any]) -> str | None:
        if not isinstance(entry, Mapping):
            return f"expected a mapping, got {entry!r:.80}"
        if not isinstance(entry.get("id"), (int, str)):
            return "it has no id; give it a number of its own"
        if entry["id"] in seen:
            return f"another image has the id {entry['id']!r} too; give each its own"
        if not isinstance(entry.get("file_name"), str) or not entry["file_name"]:
            return "it has no file_name"
        return None

    def _locate(self, name: str, folders: list[str]) -> str | None:
        for spelling in dict.fromkeys((name, name.replace("\\", "/"))):
            for i, folder in enumerate(folders):
                relative = safe_join(self.root, f"{folder}/{spelling}" if folder else spelling)
                if relative is not None and (self.root / relative).is_file():
                    folders.insert(0, folders.pop(i))
                    return relative
        return None

    def _join(
        self,
        number: int,
        relative: str,
        entry: Mapping[str, Any],
        annotations: list[Any],
    ) -> None:
        file, found = self.files[number], self.found.setdefault(relative, _Found())
        if any(e[0] == number for e in found.entries):
            self._problem(file, f"image {_shown(entry)}", "the file lists this image twice")
            return
        found.entries.append([number, json.dumps(entry), json.dumps(annotations)])
        for annotation in annotations:
            key = coco_files.not_json(annotation, leave=_DERIVED)
            if key is not None:
                self.bad.add(relative)
                self._problem(
                    file,
                    relative,
                    f"annotation {annotation.get('id')!r} has a value at '{key}' that JSON can't "
                    "hold (NaN or infinite); write null or leave the key out",
                )
                return
        split = file.split or _split_of(relative)
        if found.split is None or _HELD_BACK.get(split or "", -1) > _HELD_BACK.get(found.split, 0):
            found.split = split
        for i, annotation in enumerate(annotations):
            category = annotation.get("category_id")
            if has_geometry(annotation):
                if not isinstance(category, (int, str)) or category not in self.names[number]:
                    self.bad.add(relative)
                    self._problem(
                        file,
                        relative,
                        f"annotation {annotation.get('id')!r} names the category {category!r}, "
                        "which the file doesn't list; add it to 'categories'",
                    )
                    return
                self.has_boxes = True
                self.has_keypoints |= bool(annotation.get("keypoints"))
                key = annotation.get("id")
                found.labels[key if isinstance(key, (int, str)) else (number, i)] = self.names[
                    number
                ][category]

    def _problem(self, file: CocoFile, what: str, reason: str) -> None:
        known = what in self.found
        self.problems.append(
            Quarantined(what if known else f"{file.path}: {what}", f"{file.path}: {reason}")
        )


def _shown(entry: Any) -> str:
    name = entry.get("file_name") if isinstance(entry, Mapping) else None
    return repr(name if name is not None else entry)[:120]


def _split_of(relative: str) -> str | None:
    """The split that a folder of the image's path names."""
    parts = PurePosixPath(relative).parts[:-1]
    return next((s for s in map(canonical_split, parts) if s), None)


def _instance(
    annotation: Mapping[str, Any], number: int, file: CocoFile, height: int, width: int
) -> Instance:
    """An annotation as an instance; `extra` keeps every other key, and where it came from."""
    category = annotation["category_id"]
    names = dict(file.keypoints).get(category)
    found = instance_of(
        annotation, file.name(category), height, width, None if names is None else len(names)
    )
    return found.replace(extra={**found.extra, "coco_file": number})


def instance_of(
    annotation: Mapping[str, Any],
    label: Label | None,
    height: int,
    width: int,
    points: int | None = None,
) -> Instance:
    """An object's geometry as COCO writes it.

    Args:
        annotation: `bbox` [x, y, width, height], `segmentation` (polygons or RLE) and `keypoints`
            [x, y, visibility, ...], in pixels; all of them optional.
        label: of the object.
        height, width: of the image, pixels.
        points: number of keypoints; None takes what is there.

    Returns:
        The instance; `extra` keeps every other key, and under `coco_form` how the segmentation
        was written.

    Raises:
        SampleError: something isn't as COCO writes it.
    """
    extra = {k: v for k, v in annotation.items() if k not in _DERIVED}
    polygons: tuple[Points, ...] = ()
    mask = None
    segmentation = annotation.get("segmentation")
    if isinstance(segmentation, Mapping):
        mask = rle.decode(segmentation, height, width)
        compressed = isinstance(segmentation["counts"], (str, bytes))
        extra["coco_form"] = "compressed" if compressed else "runs"
    elif isinstance(segmentation, list):
        parts = segmentation
        if parts and all(isinstance(p, (int, float)) for p in parts):
            parts = [parts]  # one polygon, not wrapped in a list
        outlines = [_polygon(p) for p in parts]
        # pycocotools takes a "polygon" of two points for a box; it encloses nothing
        polygons = tuple(p for p in outlines if len(p) > 2)
        extra["coco_form"] = "polygons"
    elif segmentation is not None:
        raise SampleError(
            f"the segmentation must be polygons or RLE, got {type(segmentation).__name__}"
        )
    return Instance(
        label=label,
        box=_box(annotation.get("bbox"), polygons, mask),
        polygons=polygons,
        mask=mask,
        keypoints=_keypoints(annotation.get("keypoints"), points),
        extra=extra,
    )


def _numbers(value: object, what: str) -> Points:
    if not isinstance(value, list) or not all(
        isinstance(v, (int, float)) and not isinstance(v, bool) for v in value
    ):
        raise SampleError(f"the {what} must be a list of numbers, got {value!r:.80}")
    try:
        return np.array(value, dtype=np.float64)
    except OverflowError:
        raise SampleError(f"the {what} has a number beyond all bounds") from None


def _polygon(part: object) -> Points:
    numbers = _numbers(part, "polygon")
    if len(numbers) % 2:
        raise SampleError(f"a polygon has {len(numbers)} numbers; it needs x and y for each point")
    return numbers.reshape(-1, 2)


def _box(value: object, polygons: Sequence[Points], mask: Any) -> Points | None:
    if value:
        numbers = _numbers(value, "bbox")
        if len(numbers) != 4:
            raise SampleError(f"the bbox must be [x, y, width, height], got {len(numbers)} numbers")
        x, y, w, h = numbers
        return np.array([x, y, x + w, y + h])
    if polygons:
        return outline.bounds(polygons)
    return None if mask is None else outline.mask_bounds(mask)


def _keypoints(value: object, count: int | None) -> Points | None:
    if not value:
        return None
    numbers = _numbers(value, "keypoints")
    if len(numbers) % 3 or (count is not None and len(numbers) != 3 * count):
        need = f"{3 * count}" if count is not None else "a multiple of three"
        raise SampleError(f"the keypoints are {len(numbers)} numbers, expected {need} (x, y, v)")
    points = numbers.reshape(-1, 3)
    points[points[:, 2] > 0, :2] += 0.5
    return points
