"""YOLO datasets: images, label files beside them under `labels`, and data.yaml.

An image's label file is where Ultralytics looks for it: the last folder `images` of its path
becomes `labels`, the suffix `.txt`; without such a folder it lies beside the image. An image
without one is a sample without instances, and its copies have no file either, unless they are
composed and have objects.

Rows of eight coordinates are outlines of four points or oriented boxes. They are oriented boxes
if data.yaml says `task: obb`, or, where it says no task, if every row of the dataset has eight
coordinates which are corners of a rectangle (within one pixel or 2 % of the diagonal; checked in
up to 32 images spread over the dataset, of which only the header is read).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from tenfold.errors import RequestError, SampleError
from tenfold.long_list import kept
from tenfold.places import Place, entries, read_ahead
from tenfold.samples import outline
from tenfold.samples.codec import decode_image
from tenfold.samples.codec.exif import orientation_of
from tenfold.samples.sample import Instance, Label, Sample
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.samples.sources import yolo_config, yolo_rows
from tenfold.samples.sources.yolo_config import YoloConfig
from tenfold.samples.sources.yolo_paths import PathList, label_path, read_list, resolve
from tenfold.samples.upright import sample_of
from tenfold.samples.walk import canonical_split, is_image, list_files, unsupported

_CHECKED = 32
_NOT_LABELS = ("classes.txt",)


class YoloSource(Source):
    """A YOLO dataset.

    Attributes:
        config: what data.yaml says.
        lists: text files of image paths that data.yaml names as splits.
        oriented: rows of eight coordinates are oriented boxes.

    `Item.extra["label"]` is the path of the label file, or None if there is none.
    """

    layout = "yolo"

    def __init__(
        self,
        root: Place,
        *,
        items: Sequence[Item],
        info: DatasetInfo,
        problems: Sequence[Quarantined],
        max_pixels: int,
        config: YoloConfig,
        lists: Sequence[PathList],
        oriented: bool,
    ) -> None:
        self.root, self.items, self.info, self.problems = root, items, info, problems
        self.max_pixels, self.config, self.lists = max_pixels, config, lists
        self.oriented = oriented

    @classmethod
    def detect(cls, root: Place) -> bool:
        """Whether a YAML file names classes and splits, or `labels` beside `images` has texts."""
        if not root.is_dir():
            return False
        if yolo_config.names_splits(root):
            return True
        try:
            folders = [root, *sorted(p for p in root.iterdir() if p.is_dir())]
            return any((f / "images").is_dir() and _has_text(f / "labels") for f in folders)
        except OSError:
            return False

    @classmethod
    def open(cls, root: Place, max_pixels: int = MAX_PIXELS) -> YoloSource:
        """Read data.yaml, find images and labels, and count the labels' classes."""
        root = root.absolute()
        config = yolo_config.load(root)
        listing = _Listing(root, config)
        items = kept(listing.items())
        if not items and not listing.problems:
            raise RequestError(
                f"{root} has no images for YOLO: they lie in images/ (with labels/ beside it), or "
                "where data.yaml says"
            )
        oriented = listing.oriented()
        found = sorted({str(label) for item in items for label in item.labels})
        info = DatasetInfo(
            classes=config.names or tuple(found),
            has_boxes=bool(found),
            has_keypoints=config.keypoints is not None and bool(found),
            keypoint_pairs=config.keypoint_pairs,
            notes=listing.notes,
        )
        return cls(
            root,
            items=items,
            info=info,
            problems=listing.problems,
            max_pixels=max_pixels,
            config=config,
            lists=listing.lists,
            oriented=oriented,
        )

    def read(self, item: Item) -> Sample:
        """Read the image and its label file."""
        decoded = decode_image(self.root / item.files[0], self.max_pixels)
        height, width = decoded.image.shape[:2]
        instances: list[Instance] = []
        label = item.extra["label"]
        if label is not None:
            for line, values in yolo_rows.split_rows(_text(self.root / label, label)):
                try:
                    instances.append(
                        yolo_rows.instance_of(values, self.config, self.oriented, height, width)
                    )
                except SampleError as error:
                    raise SampleError(f"{label}, line {line}: {error}") from None
        return sample_of(item.id, decoded, instances=tuple(instances))


@dataclass(frozen=True, slots=True)
class _Counted:
    """What listing keeps of a label file."""

    labels: tuple[Label, ...]
    rows: tuple[tuple[str, ...], ...]


class _Listing:
    """Images, their splits and label files."""

    def __init__(self, root: Place, config: YoloConfig) -> None:
        self.root, self.config = root, config
        listing = list_files(root)
        self.problems = [*listing.problems, *unsupported(listing.files)]
        self.images = [f for f in listing.files if is_image(f)]
        self.texts = {f for f in listing.files if f.endswith(".txt")}
        self.lists: list[PathList] = []
        self.named: dict[str, set[str]] = {}
        self.only_outlines, self.any_rows = True, False
        self.to_check: list[tuple[str, tuple[tuple[str, ...], ...]]] = []
        known = set(self.images)
        for split, value in config.split_values():
            where = resolve(root, config.data.get("path"), value)
            if where is None:
                if split != "test":  # exporters name a test set even when there is none
                    self.problems.append(
                        Quarantined(
                            f"{config.path}: {split}",
                            f"{config.path} says {split} is at {value!r}, which is not in the "
                            "folder; correct the path",
                        )
                    )
            elif where.endswith(".txt"):
                self._list(split, where, known)
            else:
                inside = "" if where == "." else where + "/"
                for image in self.images:
                    if image.startswith(inside):
                        self.named.setdefault(image, set()).add(split)
        self.splits, self.notes = self._splits()

    def _splits(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """The split of each image that data.yaml names, and what is odd about that.

        Of several the most held back counts, so that nothing that measures is multiplied; unless
        nothing would be left to train on (sets so small that val is train, as in coco128).
        """
        held = list(dict.fromkeys(yolo_config.SPLITS.values()))
        splits = {image: min(named, key=held.index) for image, named in self.named.items()}
        trained = [image for image, named in self.named.items() if "train" in named]
        if not trained or "train" in splits.values():
            return splits, ()
        others = set().union(*(self.named[image] for image in trained)) - {"train"}
        by = " and ".join(sorted(others, reverse=True))
        splits |= dict.fromkeys(trained, "train")
        count = f"{len(trained):,} image{'' if len(trained) == 1 else 's'}"
        return splits, (
            f"{self.config.path} names the same {count} for train and {by}: they count as train, "
            "and nothing is held back to measure on",
        )

    def items(self) -> list[Item]:
        """All samples, sorted."""
        items: list[Item] = []
        owners: dict[str, str] = {}
        for image in read_ahead(self.root, self.images, self._text_of):
            label = label_path(image)
            declared = image in self.splits
            if (
                not declared
                and "images" not in PurePosixPath(image).parts
                and (label not in self.texts)
            ):
                continue
            if label in owners:
                self.problems.append(
                    Quarantined(
                        image,
                        f"{owners[label]} has the same name, so {label} could belong to either; "
                        "rename one",
                    )
                )
                continue
            owners[label] = image
            split = self.splits.get(image) or _split_of(image)
            labels: tuple[Label, ...] = ()
            found = label if label in self.texts else None
            if found is not None:
                labels = self._count(image, found)
            files = (image,) if found is None else (image, found)
            items.append(Item(image, split, None, labels, files, {"label": found}))
        lists = {one.path for one in self.lists}
        for text in sorted(self.texts - set(owners) - lists):
            path = PurePosixPath(text)
            if "labels" in path.parts[:-1] and path.name not in _NOT_LABELS:
                self.problems.append(
                    Quarantined(text, "a label file without an image; add the image or remove it")
                )
        return items

    def _text_of(self, image: str) -> list[str]:
        label = label_path(image)
        return [label] if label in self.texts else []

    def oriented(self) -> bool:
        """Whether rows of eight coordinates are oriented boxes; see the module."""
        if self.config.oriented is not None:
            return self.config.oriented
        if self.config.keypoints is not None or not (self.any_rows and self.only_outlines):
            return False
        step = max(1, len(self.to_check) // _CHECKED)
        return all(self._rectangles(*one) for one in self.to_check[::step][:_CHECKED])

    def _list(self, split: str, path: str, known: set[str]) -> None:
        found = read_list(self.root, path, known)
        self.lists.append(found)
        for line, image in found.rows:
            if image is None:
                self.problems.append(
                    Quarantined(
                        f"{path}: {line}", f"{path} names {line!r}, which is not in the folder"
                    )
                )
            else:
                self.named.setdefault(image, set()).add(split)

    def _count(self, image: str, label: str) -> tuple[Label, ...]:
        """Classes of a label file's rows; bad rows are left to `read`, which names them."""
        try:
            rows = yolo_rows.split_rows(_text(self.root / label, label))
        except SampleError:
            return ()
        labels: list[Label] = []
        for _, values in rows:
            try:
                labels.append(yolo_rows.label_of(values[0], self.config)[1])
            except SampleError:
                continue
            self.any_rows = True
            self.only_outlines &= len(values) == yolo_rows.OUTLINE_VALUES + 1
        if rows and self.only_outlines:
            self.to_check.append((image, tuple(tuple(values) for _, values in rows)))
        return tuple(labels)

    def _rectangles(self, image: str, rows: Iterable[tuple[str, ...]]) -> bool:
        size = _size_of(self.root / image)
        if size is None:
            return True
        for values in rows:
            try:
                corners = np.array([float(v) for v in values[1:]]).reshape(4, 2) * size
            except ValueError:
                continue
            if not outline.is_rectangle(corners):
                return False
        return True


def _has_text(folder: Place) -> bool:
    """Whether a folder, or one in it, has a text file."""
    if not folder.is_dir():
        return False
    places = [folder, *sorted(p for p in folder.iterdir() if p.is_dir())]
    return any(e.name.endswith(".txt") for place in places for e in entries(place))


def _text(path: Place, shown: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SampleError(f"can't read {shown}: {error.strerror}; check permissions") from error
    except UnicodeDecodeError:
        raise SampleError(f"{shown} is not a text file; export it again") from None


def _split_of(image: str) -> str | None:
    """`images/train/x.jpg`, `train/images/x.jpg` -> `train`."""
    parts = PurePosixPath(image).parts[:-1]
    return next((s for s in map(canonical_split, parts) if s), None)


def _size_of(path: Place) -> tuple[int, int] | None:
    """Upright width and height, from the header; None if that can't be read."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with path.open("rb") as handle, Image.open(handle) as image:
                width, height = image.size
                turned = orientation_of(image.info.get("exif", b"")) >= 5
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return (height, width) if turned else (width, height)
