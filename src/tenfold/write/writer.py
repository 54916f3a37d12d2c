"""The contract of a writer: the same layout as the source, one shard at a time.

Workers call `copy` and `write`; every file is whole or absent (`tenfold.write.atomic`). What a
layout keeps in one file for the whole dataset (COCO's JSON, a CSV, an array) goes into each
line's `record` and is put together by `finish`, in the main process, in manifest order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tenfold.errors import OutputError
from tenfold.places import Place
from tenfold.samples.sample import Label, Sample
from tenfold.samples.source import Item, Source

STATE = ".tenfold"
"""Folder in the destination that holds unfinished work; gone when the dataset is whole."""

MAX_SHARD = 32
"""Most items in a shard, unless the person said how many: a kill costs at most that much work."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How outputs are named and encoded.

    Attributes:
        template: name of a copy without extension; fields {stem}, {copy} (1, 2, ...), {ext}
            (of the parent, without dot).
        format: file format of the copies' images ("png", "jpg", "tiff", "webp", "bmp"), or None
            for the parent's own.
        quality: JPEG and WebP quality, 1 to 100.
        to: the layout to write: "webdataset" or "parquet" (many samples in few files), or None
            for the source's own.
        per_file: with those layouts, how many of the source's samples share a file, each with all
            its copies; None leaves it to the number of samples.
    """

    template: str = "{stem}_aug_{copy:04d}"
    format: str | None = None
    quality: int = 95
    to: str | None = None
    per_file: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """One output sample.

    Attributes:
        file: its main file relative to the destination, forward slashes (or `data.npz#17`; the
            array writer numbers rows in manifest order and may leave the number to `finish`).
        files: SHA-256 (hex) of every file written for it, by relative path.
        record: what `finish` needs of it, JSON-able, or None.
        labels: classes of its objects, one entry an object, where the item can't tell them; None
            where it does.
    """

    file: str
    files: Mapping[str, str]
    record: Any = None
    labels: tuple[Label, ...] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A committed output as `finish` sees it."""

    item: str
    split: str | None
    copy: int
    written: Written = field(repr=False)


def with_items(lines: Iterable[Line], items: Iterable[Item]) -> Iterator[tuple[Line, Item]]:
    """Lines in manifest order, each with its item; the items are a source's, in their order."""
    rest = iter(items)
    item = next(rest, None)
    for line in lines:
        while item is not None and item.id != line.item:
            item = next(rest, None)
        if item is None:
            raise OutputError(f"{line.item} is no longer in the source; start with --overwrite")
        yield line, item


class Writer(ABC):
    """Writes one layout. Picklable; holds no open files.

    Class variables:
        layout: of the source that it mirrors.
        by_stem: readers find an image's annotation by its name without suffix, so that two
            images of one stem in a folder would share one.
        named_rows: outputs have names that must be told apart, even where they aren't files.
        libraries: (as pip names them) on whose versions the bytes depend, beside the usual ones.
    """

    layout: ClassVar[str]
    by_stem: ClassVar[bool] = False
    named_rows: ClassVar[bool] = False
    libraries: ClassVar[tuple[str, ...]] = ()

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        self.source, self.destination, self.options = source, destination, options

    @property
    def shard_size(self) -> int:
        """Items in a shard; depends on the number of items alone, and on what the person said."""
        return self.options.per_file or max(1, min(MAX_SHARD, len(self.source.items) // 64))

    @abstractmethod
    def target(self, item: Item, copy: int) -> str:
        """The main output file for a copy (0: the original), without writing; see `Written.file`.

        Distinct (item, copy) must give distinct targets; the engine checks before it starts.
        """

    @abstractmethod
    def copy(self, item: Item) -> Written:
        """Put the original there, byte for byte where it is a file of its own.

        Raises:
            SampleError: the original is gone or unreadable, or its name can't be held by the
                layout (a newline in a line-based list...).
            OutputError: the destination can't be written.
        """

    @abstractmethod
    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """Encode and write copy number `copy` (1, 2, ...) of an item. Raises like `copy`."""

    def begin_shard(self, shard: int) -> None:  # noqa: B027 (most hold nothing back)
        """A shard's samples will be handed over: forget what is left of one that was abandoned."""

    def take_back(self, item: Item) -> None:  # noqa: B027 (files are removed by the engine)
        """An item of this shard is quarantined: forget what was held back of it."""

    @abstractmethod
    def end_shard(self, shard: int) -> Mapping[str, str] | None:
        """All of a shard's samples have been handed over: flush what was held back.

        Returns:
            SHA-256 (hex) by path of the files that belong to the shard as a whole.
        """

    @abstractmethod
    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Write what belongs to the dataset as a whole; SHA-256 by relative path.

        Called once all shards are committed, perhaps again after an interruption: it must give
        the same bytes each time. `lines` come in manifest order and may be iterated once.
        """
