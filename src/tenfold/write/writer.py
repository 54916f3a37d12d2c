"""The contract of a writer: the same layout as the source, one shard at a time.

Workers call `copy` and `write`; every file is whole or absent (`tenfold.write.atomic`). What a
layout keeps in one file for the whole dataset (COCO's JSON, a CSV, an array) goes into each
line's `record` and is put together by `finish`, in the main process, in manifest order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tenfold.samples.sample import Sample
from tenfold.samples.source import Item, Source

STATE = ".tenfold"
"""Folder in the destination that holds unfinished work; gone when the dataset is whole."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How outputs are named and encoded.

    Attributes:
        template: name of a copy without extension; fields {stem}, {copy} (1, 2, ...), {ext}
            (of the parent, without dot).
        format: file format of the copies' images ("png", "jpg", "tiff", "webp", "bmp"), or None
            for the parent's own.
        quality: JPEG and WebP quality, 1 to 100.
    """

    template: str = "{stem}_aug_{copy:04d}"
    format: str | None = None
    quality: int = 95


@dataclass(frozen=True, slots=True)
class Written:
    """One output sample.

    Attributes:
        file: its main file relative to the destination, forward slashes (or `data.npz#17`; the
            array writer numbers rows in manifest order and may leave the number to `finish`).
        files: SHA-256 (hex) of every file written for it, by relative path.
        record: what `finish` needs of it, JSON-able, or None.
    """

    file: str
    files: Mapping[str, str]
    record: Any = None


@dataclass(frozen=True, slots=True)
class Line:
    """A committed output as `finish` sees it."""

    item: str
    split: str | None
    copy: int
    written: Written = field(repr=False)


class Writer(ABC):
    """Writes one layout. Picklable; holds no open files.

    Class variables:
        layout: of the source that it mirrors.
        by_stem: readers find an image's annotation by its name without suffix, so that two
            images of one stem in a folder would share one.
    """

    layout: ClassVar[str]
    by_stem: ClassVar[bool] = False

    def __init__(self, source: Source, destination: Path, options: WriteOptions) -> None:
        self.source, self.destination, self.options = source, destination, options

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

    @abstractmethod
    def end_shard(self, shard: int) -> None:
        """All of a shard's samples have been handed over: flush what was held back."""

    @abstractmethod
    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Write what belongs to the dataset as a whole; SHA-256 by relative path.

        Called once all shards are committed, perhaps again after an interruption: it must give
        the same bytes each time. `lines` come in manifest order and may be iterated once.
        """
