"""Many samples in few files: what a shard holds becomes one file for each split in it.

A shard's outputs wait in a temporary file without a name, so that memory stays bounded and a
sample that turns out unusable can be taken back. At the shard's end its files are written, whole or
absent; their hashes go into the shard's commit mark. Which items share a file, and the files'
names, depend on the list of items (and `WriteOptions.per_file`) alone.
"""

from __future__ import annotations

import hashlib
import tempfile
from abc import abstractmethod
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path, PurePosixPath
from typing import IO, Any

from tenfold.errors import OutputError
from tenfold.long_list import holds, kept, kept_sorted
from tenfold.places import Place
from tenfold.samples.codec import SUFFIXES, format_named
from tenfold.samples.source import Item, Source
from tenfold.samples.sources.packed import image_suffix
from tenfold.write.atomic import write_bytes, write_chunks
from tenfold.write.names import fitting
from tenfold.write.writer import Line, WriteOptions, Writer, Written

Fields = Sequence[tuple[str, bytes]]
"""What an output consists of: names and contents."""

_IN_MEMORY = 1 << 26
_NO_SPLIT = "data"


class PackedWriter(Writer):
    """Base of writers of shards.

    An output's name (`Written.file`) is `train-000017.tar#key`; the key is its parent's id without
    suffix, with the template applied for copies. Dots in it become `_`, as WebDataset ends a key
    at the first dot. `Written.files` is empty; `record["sha256"]` is `fields_hash`.
    """

    named_rows = True

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        super().__init__(source, destination, options)
        keys = kept_sorted((_plain_key(item).casefold() for item in source.items), key=str)
        self._twice = kept(key for key, same in groupby(keys) if len(list(islice(same, 2))) > 1)
        self._in_split = self._shards_of_splits()
        self._near = 0
        self._held: _Held | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_held": None}

    # What a layout says.

    @abstractmethod
    def file_name(self, split: str, number: int, count: int) -> str:
        """Name of a file: the split (or "data"), its number from 0, and of how many."""

    @abstractmethod
    def packed(self, rows: Iterator[tuple[str, Fields]]) -> Iterator[bytes]:
        """A file's content in pieces; `rows` are keys and what was held."""

    @abstractmethod
    def loose(self, key: str, fields: Fields) -> Mapping[str, bytes]:
        """One output as files of its own, for a replay that keeps it."""

    @abstractmethod
    def stored_hash(self, file: str, key: str, number: int) -> str:
        """`fields_hash` of an output in a finished dataset.

        Args:
            file: below the destination.
            key: of the output.
            number: of the output in the file, from 0.

        Raises:
            SampleError: it can't be read.
        """

    def fields_hash(self, fields: Fields) -> str:
        """SHA-256 (hex) of an output: names, sizes and contents."""
        digest = hashlib.sha256()
        for name, data in fields:
            digest.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
            digest.update(data)
        return digest.hexdigest()

    # Names.

    def _shards_of_splits(self) -> dict[str | None, array[int]]:
        """The numbers of the shards that have items of a split, rising."""
        found: dict[str | None, array[int]] = {}
        for number, item in enumerate(self.source.items):
            shards = found.setdefault(item.split, array("q"))
            if not shards or shards[-1] != number // self.shard_size:
                shards.append(number // self.shard_size)
        return found

    def _items_of(self, shard: int) -> range:
        first = shard * self.shard_size
        return range(first, min(first + self.shard_size, len(self.source.items)))

    def _shard_of(self, item: Item) -> int:
        items = self.source.items
        for near in (self._near, self._near + 1):  # items are mostly asked for in order
            numbers = self._items_of(near)
            if numbers and items[numbers[0]].id <= item.id <= items[numbers[-1]].id:
                break
        else:
            near = bisect_left(items, item.id, key=lambda i: i.id) // self.shard_size
        self._near = near
        return near

    def _file(self, shard: int, split: str | None) -> str:
        shards = self._in_split[split]
        return self.file_name(split or _NO_SPLIT, bisect_left(shards, shard), len(shards))

    def file_of(self, item: Item) -> str:
        """The file that an item's outputs go to."""
        return self._file(self._shard_of(item), item.split)

    def key(self, item: Item, copy: int) -> str:
        """An output's key."""
        key = _plain_key(item)
        if holds(self._twice, key.casefold()):
            key = _own_key(item, key)
        if copy == 0:
            return key
        folder, sep, stem = key.rpartition("/")
        ext = PurePosixPath(item.files[0]).suffix[1:] if item.files else ""
        return folder + sep + _clean(fitting(stem, ext, copy, self.options, ""))

    def target(self, item: Item, copy: int) -> str:
        """`train-000017.tar#key`."""
        return f"{self.file_of(item)}#{self.key(item, copy)}"

    def copy_suffix(self, suffix: str) -> str:
        """How a copy's image ends whose parent ends so: likewise, unless the format changes."""
        if self.options.format is None:
            return suffix
        known = SUFFIXES[format_named(self.options.format)]
        return suffix if f".{suffix.lower()}" in known else known[0][1:]

    # Work.

    def begin_shard(self, shard: int) -> None:
        """Forget what an abandoned shard left."""
        self._forget()
        self._held = _Held(self.destination)

    def hold(self, item: Item, copy: int, fields: Fields) -> Written:
        """Keep an output until the shard ends (or write it loose, where no shard was begun)."""
        key, target = self.key(item, copy), self.target(item, copy)
        if self._held is None:
            for name, data in self.loose(key, fields).items():
                write_bytes(self.destination / name, data)
        else:
            self._held.add(item.id, self.file_of(item), key, fields)
        return Written(target, {}, {"sha256": self.fields_hash(fields)})

    def take_back(self, item: Item) -> None:
        """Forget an item's outputs."""
        if self._held is not None:
            self._held.drop(item.id)

    def end_shard(self, shard: int) -> Mapping[str, str]:
        """Write the shard's files; SHA-256 by path."""
        assert self._held is not None, "begin_shard comes first"
        digests = {}
        try:
            items = self._items_of(shard)
            for split in dict.fromkeys(self.source.items[i].split for i in items):
                file = self._file(shard, split)
                rows = self._held.rows(file)
                digests[file] = write_chunks(self.destination / file, self.packed(rows))
        finally:
            self._forget()
        return digests

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """The shards' files are written already."""
        return {}

    def _forget(self) -> None:
        if self._held is not None:
            self._held.close()
        self._held = None


class _Held:
    """A shard's outputs: contents in a temporary file, where they lie in it in memory."""

    def __init__(self, destination: Place) -> None:
        # beside the outputs, where there is room for them
        folder = str(destination) if isinstance(destination, Path) else None
        handle = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (closed when the shard ends)
            _IN_MEMORY, dir=folder
        )
        self._handle: IO[bytes] = handle
        self._rows: list[tuple[str, str, str, list[tuple[str, int, int]]]] = []
        self._end = 0

    def add(self, item: str, file: str, key: str, fields: Fields) -> None:
        try:
            self._handle.seek(self._end)
            places = []
            for name, data in fields:
                self._handle.write(data)
                places.append((name, self._end, len(data)))
                self._end += len(data)
        except OSError as error:
            raise OutputError(
                f"can't hold a shard's samples in a temporary file: {error.strerror or error}; "
                "make room"
            ) from error
        self._rows.append((item, file, key, places))

    def drop(self, item: str) -> None:
        self._rows = [row for row in self._rows if row[0] != item]

    def rows(self, file: str) -> Iterator[tuple[str, Fields]]:
        for _, own, key, places in self._rows:
            if own == file:
                yield key, [(name, self._read(offset, size)) for name, offset, size in places]

    def _read(self, offset: int, size: int) -> bytes:
        self._handle.seek(offset)
        return self._handle.read(size)

    def close(self) -> None:
        self._handle.close()


def _plain_key(item: Item) -> str:
    """The item's id without what a file's name has beside: a suffix, or the shard before `#`."""
    name = item.id
    if not item.files:
        name = name.partition("#")[2] or name
    elif image_suffix(name):
        name = name[: name.rindex(".")]
    folder, sep, last = name.rpartition("/")
    return folder + sep + _clean(last)


def _own_key(item: Item, key: str) -> str:
    """A key for one of several items that would have the same."""
    shard, sep, _ = item.id.partition("#")
    if not item.files and sep:
        return f"{_clean(PurePosixPath(shard).with_suffix('').as_posix())}/{key}"
    return f"{key}-{hashlib.sha256(item.id.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def _clean(name: str) -> str:
    """Without dots and control characters, and never empty."""
    return "".join("_" if c == "." or ord(c) < 32 else c for c in name) or "_"
