"""WebDataset: samples in tar shards, the files of a sample side by side under one name."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, ClassVar

from tenfold.errors import RequestError, SampleError
from tenfold.long_list import kept, kept_sorted
from tenfold.places import Place, listed
from tenfold.samples.codec import image_of, mask_of
from tenfold.samples.sample import Label, Sample
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.samples.sources import objects as marked_objects
from tenfold.samples.sources.packed import (
    class_names,
    holds_shards,
    image_suffix,
    mask_names,
    shards_at,
    split_of,
)
from tenfold.samples.sources.webdataset_fields import (
    LABEL_FIELDS,
    fields_of,
    image_field,
    image_problem,
    is_json,
    is_text,
    left_fields,
    mask_fields,
)
from tenfold.samples.tar import Member, OpenFile, members
from tenfold.samples.upright import as_stated, sample_of

SUFFIX = ".tar"
_JSON_LABELS = ("label", "class", "category", "cls")
_NAME = re.compile(r"((?:.*/)?[^./]+)\.([^/]+)", re.DOTALL)
_LONGEST_TEXT = 1 << 16
_LONGEST_CLASS = 64


@dataclass(eq=False)
class _Found:
    """A sample while the shards are being listed."""

    members: dict[str, Member] = field(default_factory=dict)
    told: dict[str, Label] = field(default_factory=dict)  # labels by where they are told
    labels: list[Label] = field(default_factory=list)
    problem: str | None = None


class WebDatasetSource(Source):
    """Tar shards in a folder, or one of them.

    The files of a sample share their name up to the first dot; the rest is the field (as
    webdataset's `base_plus_ext`). The image is the field that ends with an image suffix and isn't
    a mask; masks are those with `mask`, `seg`, `label`... in their name (`seg.png`). The class is
    in `cls`, else under `label` or `class` in `json`, else in `txt` where that tells few short
    texts apart (captions don't). Numbers become names where a file `classes.txt` lies beside the
    shards. Objects are in `json`: see `tenfold.samples.sources.objects`. Splits are told by
    the shards' names and folders.

    Item ids are `train-000000.tar#key`. `Item.extra["members"]` has each field with its offset
    and size in the tar.
    """

    layout: ClassVar[str] = "webdataset"

    def __init__(
        self, root: Place, folder: Place, items: Sequence[Item], info: DatasetInfo,
        problems: tuple[Quarantined, ...], max_pixels: int, label_column: str | None,
    ) -> None:  # fmt: skip
        self.root, self.folder, self.items, self.info = root, folder, items, info
        self.problems, self.max_pixels, self.label_column = problems, max_pixels, label_column
        self._file = OpenFile()

    @classmethod
    def detect(cls, root: Place) -> bool:
        """There are tar files, and no images beside them."""
        return holds_shards(root, SUFFIX)

    @classmethod
    def open(
        cls, root: Place, max_pixels: int = MAX_PIXELS, label_column: str | None = None
    ) -> WebDatasetSource:
        """Read the shards' headers and the small files of text; no pixels are read.

        Args:
            root, max_pixels: see `Source.open`.
            label_column: field, or key in `json`, of the labels, where it can't be told.
        """
        root = listed(root.absolute())
        folder, shards = shards_at(root, SUFFIX)
        if not shards.files:
            raise RequestError(f"{root} has no {SUFFIX} shards; give the folder that has them")
        listing = _Listing(folder, label_column, list(shards.problems))
        items = listing.items(shards.files)
        info = DatasetInfo(
            classes=_classes(items, listing.names),
            has_masks=listing.has_masks,
            has_boxes=listing.has_boxes,
            has_keypoints=listing.has_keypoints,
            notes=listing.notes(),
        )
        problems = tuple(sorted(listing.problems, key=lambda p: p.id))
        return cls(root, folder, items, info, problems, max_pixels, label_column)

    def field(self, item: Item, name: str) -> bytes:
        """The content of one of a sample's files. Raises `SampleError` if it can't be read."""
        offset, size = next((o, s) for n, o, s in item.extra["members"] if n == name)
        return self._file.read(self.folder / item.extra["tar"], offset, size)

    def encoded(self, item: Item) -> tuple[bytes, str]:
        """The image's file as it is, and how it ends ("jpg")."""
        name = image_field(fields_of(item))
        assert isinstance(name, str)
        return self.field(item, name), image_suffix(name) or name

    def read(self, item: Item) -> Sample:
        """Decode the image, its masks and its objects."""
        fields = fields_of(item)
        name = image_field(fields)
        assert isinstance(name, str)
        decoded = image_of(self.field(item, name), self.max_pixels)
        documents = self.documents(item)
        marked = {
            n: found for n, d in documents.items() if (found := marked_objects.annotations_in(d))
        }
        sizes = [
            (d.get("width"), d.get("height"))
            for n in marked
            if isinstance(d := documents[n], Mapping)
        ]
        decoded = as_stated(decoded, sizes, "its JSON")
        height, width = decoded.image.shape[:2]
        instances = tuple(
            marked_objects.instance(a, height, width, field=n)
            for n, each in marked.items()
            for a in each
            if marked_objects.marks(a)
        )
        masks, encodings = {}, {}
        for mask_field, mask_name in mask_names(mask_fields(fields)).items():
            try:
                mask = mask_of(self.field(item, mask_field), self.max_pixels)
            except SampleError as error:
                raise SampleError(f"{mask_field}: {error}") from error
            masks[mask_name], encodings[mask_name] = mask.mask, mask.encoding
        return sample_of(
            item.id, decoded, label=item.label, masks=masks, instances=instances,
            encoding={"masks": encodings} if encodings else {},
        )  # fmt: skip

    def documents(self, item: Item) -> dict[str, Any]:
        """What the JSON files of a sample hold, by field."""
        names = [name for name in fields_of(item) if is_json(name)]
        return {name: marked_objects.parsed(self.field(item, name)) for name in names}


class _Listing:
    """All shards' samples."""

    def __init__(
        self, folder: Place, label_column: str | None, problems: list[Quarantined]
    ) -> None:
        self.folder, self.column, self.problems = folder, label_column, problems
        self.names = class_names(folder)
        self.places: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.has_masks = self.has_boxes = self.has_keypoints = False

    def _samples(self, files: Sequence[str]) -> Iterator[tuple[str, str, _Found]]:
        """Shard, key and what was found of each sample; a shard's are in memory at a time."""
        for file in files:
            found: dict[str, _Found] = {}
            try:
                for member, content in members(self.folder / file):
                    self._member(found, member, content)
            except SampleError as error:
                self.problems.append(Quarantined(file, str(error)))
            for key, sample in found.items():
                self.places.update(sample.told.keys())
                yield file, key, sample

    def _member(
        self, found: dict[str, _Found], member: Member, content: Callable[[], bytes]
    ) -> None:
        name = member.name.removeprefix("./")
        split = _NAME.fullmatch(name)
        if split is None or posixpath.basename(name).startswith("__"):
            return  # as webdataset does: no field, or a note about the shard
        key, ext = split[1], split[2]
        sample = found.setdefault(key, _Found())
        if key.startswith("/") or ".." in key.split("/") or any(ord(c) < 32 for c in name):
            sample.problem = "its name can't be that of a file below a folder; rename it"
        if ext in sample.members:
            sample.problem = f"the shard has two files {name}; give each sample a name of its own"
        sample.members[ext] = member
        if not is_text(ext) or (member.size > _LONGEST_TEXT and not is_json(ext)):
            return
        try:
            self._text(sample, ext, content())
        except SampleError as error:
            sample.problem = f"{ext}: {error}"

    def _text(self, sample: _Found, ext: str, data: bytes) -> None:
        if not is_json(ext):
            text = data.decode("utf-8", "replace").strip()
            if ext in (*LABEL_FIELDS, self.column):
                sample.told[ext] = _label(text, self.names)
            elif text and "\n" not in text and len(text) <= _LONGEST_CLASS:
                sample.told[ext] = text
            return
        document = marked_objects.parsed(data)
        marked = [a for a in marked_objects.annotations_in(document) if marked_objects.marks(a)]
        for annotation in marked:
            self.has_boxes = True
            self.has_keypoints |= bool(annotation.get("keypoints"))
            label = marked_objects.label_of(annotation)
            if label is not None:
                sample.labels.append(label)
        if isinstance(document, Mapping) and not marked_objects.marks(document):
            for key in (*_JSON_LABELS, self.column):
                value = document.get(key)
                if isinstance(value, (str, int)) and not isinstance(value, bool):
                    sample.told[f"json.{key}"] = value
                    sample.told.setdefault("json", value)

    def items(self, files: Sequence[str]) -> Sequence[Item]:
        """What is in the shards, sorted."""
        found = kept(self._samples(files))
        return kept_sorted(self._items(found, self._label_field(found)), key=lambda i: i.id)

    def _items(self, found: Sequence[tuple[str, str, _Found]], where: str | None) -> Iterator[Item]:
        for file, key, sample in found:
            fields = tuple(sample.members)
            problem = sample.problem or image_problem(fields)
            if problem is not None:
                self.problems.append(Quarantined(f"{file}#{key}", problem))
                continue
            self.has_masks |= bool(mask_fields(fields))
            self.left.update(left_fields(fields))
            packed = tuple((n, m.offset, m.size) for n, m in sample.members.items())
            label = sample.told.get(where) if where else None
            extra = {"tar": file, "members": packed}
            yield Item(f"{file}#{key}", split_of(file), label, tuple(sample.labels), extra=extra)

    def _label_field(self, found: Sequence[tuple[str, str, _Found]]) -> str | None:
        """Where the labels are told."""
        if self.column is not None:
            for place in (self.column, f"json.{self.column}"):
                if self.places[place]:
                    return place
            raise RequestError(
                f"--label-column: no sample of {self.folder} has a field of text, or a key in "
                f"json, named '{self.column}'"
            )
        for place in (*LABEL_FIELDS, "json"):
            if self.places[place]:
                return place
        if not found or self.places["txt"] < len(found):
            return None
        told = kept_sorted((str(sample.told["txt"]) for _, _, sample in found), key=str)
        return "txt" if sum(1 for _ in groupby(told)) <= len(told) // 2 else None

    def notes(self) -> tuple[str, ...]:
        """What is left out though nothing is wrong with it."""
        return tuple(
            f"{count:,} files '{name}' aren't given to copies: nobody says whether they move with "
            "the picture"
            for name, count in sorted(self.left.items())
        )


def _label(text: str, names: tuple[str, ...]) -> Label:
    if not re.fullmatch(r"-?\d{1,18}", text):
        return text
    number = int(text)
    return names[number] if 0 <= number < len(names) else number


def _classes(items: Sequence[Item], names: tuple[str, ...]) -> tuple[str, ...]:
    labels = {v for i in items for v in (i.label, *i.labels) if v is not None}
    rest = sorted(labels - set(names), key=lambda v: (isinstance(v, str), v))
    return (*names, *(str(v) for v in rest))
