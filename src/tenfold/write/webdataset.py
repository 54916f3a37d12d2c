"""WebDataset shards, written: tars that depend on nothing but their samples.

Times, owners and ids are 0, modes 0644, names as they are; long or non-ASCII names have a pax
header. A sample's files follow each other.
"""

from __future__ import annotations

import json
import tarfile
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tenfold.errors import OutputError, RequestError, SampleError
from tenfold.places import Place
from tenfold.samples.codec import SUFFIXES, encode_mask, mask_format
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.sources import objects as marked_objects
from tenfold.samples.sources.packed import CLASSES, image_suffix, mask_names
from tenfold.samples.sources.webdataset import WebDatasetSource
from tenfold.samples.sources.webdataset_fields import (
    fields_of,
    image_field,
    is_json,
    is_text,
    mask_fields,
)
from tenfold.samples.tar import members
from tenfold.write.atomic import write_bytes
from tenfold.write.carried import Classes, annotation_of, carried
from tenfold.write.images import image_bytes
from tenfold.write.packed import Fields, PackedWriter
from tenfold.write.writer import Line, WriteOptions, Written


class _TarWriter(PackedWriter):
    """Shards `train-000017.tar`; a sample's files are named `key.field`."""

    layout = "webdataset"

    def file_name(self, split: str, number: int, count: int) -> str:
        """`train-000017.tar`."""
        return f"{split}-{number:06d}.tar"

    def packed(self, rows: Iterator[tuple[str, Fields]]) -> Iterator[bytes]:
        """The tar's content."""
        total = 0
        for key, fields in rows:
            for name, data in fields:
                head = _header(f"{key}.{name}", len(data))
                padding = -len(data) % tarfile.BLOCKSIZE
                yield head
                yield data
                yield bytes(padding)
                total += len(head) + len(data) + padding
        end = 2 * tarfile.BLOCKSIZE
        yield bytes(end + -(total + end) % tarfile.RECORDSIZE)

    def loose(self, key: str, fields: Fields) -> Mapping[str, bytes]:
        """The sample's files by their names."""
        return {f"{key}.{name}": data for name, data in fields}

    def stored_hash(self, file: str, key: str, number: int) -> str:
        """See `PackedWriter.stored_hash`."""
        start = f"{key}."
        found = [
            (member.name[len(start) :], content())
            for member, content in members(self.destination / file)
            if member.name.startswith(start) and "/" not in member.name[len(start) :]
        ]
        if not found:
            raise SampleError(f"{file} has no sample {key}")
        return self.fields_hash(found)

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Write the names of the classes, where labels are their numbers."""
        text = self.class_file()
        if text is None:
            return {}
        return {CLASSES: write_bytes(self.destination / CLASSES, text)}

    @abstractmethod
    def class_file(self) -> bytes | None:
        """Content of the file of class names; None where there is none."""


class WebDatasetWriter(_TarWriter):
    """Writes a WebDataset's samples with the fields that they have.

    Originals are byte for byte. Copies have the image, the masks, the objects in `json` moved with
    it, and fields of text as they are; what nobody can move is left out.
    """

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        if not isinstance(source, WebDatasetSource):
            raise RequestError(f"the webdataset writer needs such a source, got {source.layout}")
        super().__init__(source, destination, options)
        self._shards = source

    def copy(self, item: Item) -> Written:
        """All fields as they are."""
        names = fields_of(item)
        return self.hold(item, 0, [(n, self._shards.field(item, n)) for n in names])

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The fields, those that move moved."""
        names = fields_of(item)
        image, masks = image_field(names), mask_names(mask_fields(names))
        documents = self._shards.documents(item)
        fields: list[tuple[str, bytes]] = []
        for name in names:
            if name == image:
                suffix = self.copy_suffix(name.rpartition(".")[2])
                fields.append((_ending(name, suffix), image_bytes("", sample, self.options)))
            elif name in masks:
                encoding = sample.encoding.get("masks", {}).get(masks[name], {})
                known = SUFFIXES[mask_format(encoding)]
                own = name.rpartition(".")[2]
                suffix = own if f".{own.lower()}" in known else known[0][1:]
                data = encode_mask(sample.masks[masks[name]], encoding)
                fields.append((_ending(name, suffix), data))
            elif is_json(name):
                moved = _moved(documents[name], name, sample)
                raw = self._shards.field(item, name)
                same = moved == documents[name]
                fields.append((name, raw if same else json.dumps(moved).encode()))
            elif is_text(name):
                fields.append((name, self._shards.field(item, name)))
        return self.hold(item, copy, fields)

    def class_file(self) -> bytes | None:
        """The source's own."""
        path = self._shards.folder / CLASSES
        try:
            return path.read_bytes() if path.is_file() else None
        except OSError as error:
            raise OutputError(f"can't read {path} again: {error.strerror}; put it back") from error


class WebDatasetExport(_TarWriter):
    """Writes any source's samples as WebDataset.

    Fields: the image (`jpg`, `png`...), the class in `cls` as a number (names in `classes.txt`),
    masks in `mask.png`, objects in `json` with the image's `width` and `height`.
    """

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        super().__init__(source, destination, options)
        labels = {item.label for item in source.items if item.label is not None}
        self._classes = Classes(labels, source.info.classes)

    def copy(self, item: Item) -> Written:
        """The image's file as it is, and what belongs to it."""
        return self._put(item, 0, None)

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The image, encoded like its parent, and what belongs to it."""
        return self._put(item, copy, sample)

    def _put(self, item: Item, copy: int, sample: Sample | None) -> Written:
        one = carried(self.source, item, copy, sample, self.options)
        fields = [(one.suffix, one.image)]
        number = self._classes.number(one.label)
        if number is not None:
            fields.append(("cls", str(number).encode()))
        if one.objects is not None and one.size is not None:
            height, width = one.size
            document = {"width": width, "height": height, "objects": one.objects}
            fields.append(("json", json.dumps(document).encode()))
        for name, (data, suffix) in sorted(one.masks.items()):
            fields.append((f"mask.{suffix}" if name == "mask" else f"{name}.mask.{suffix}", data))
        return self.hold(item, copy, fields)

    def class_file(self) -> bytes | None:
        """The names of the classes."""
        if not self._classes.names:
            return None
        lines = (" ".join(name.splitlines()) for name in self._classes.names)
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o644, 0
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _ending(field: str, suffix: str) -> str:
    """The field's name with another suffix."""
    head, dot, _ = field.rpartition(".")
    return head + dot + suffix if image_suffix(field) else field


def _moved(document: Any, field: str, sample: Sample) -> Any:
    """A JSON document with the objects where they are now, and the image's size."""
    old = marked_objects.annotations_in(document)
    if old:
        new = [a for a in old if not marked_objects.marks(a)]
        new += [
            annotation_of(i, sample.height, sample.width)
            for i in sample.instances
            if i.extra.get("field") == field
        ]
        document = marked_objects.with_annotations(document, new)
    if isinstance(document, Mapping):
        size = {"width": sample.width, "height": sample.height}
        if all(isinstance(document.get(key), int) for key in size):
            document = {**document, **size}
    return document
