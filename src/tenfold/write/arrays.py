"""NumPy arrays, written: rows gathered by shards, then streamed into one `.npz` file.

While the job runs, every shard's rows wait in a part under the state folder, so that a resumed
run has them. `finish` writes each array piece by piece: originals and copies in manifest order, a
group (split) at a time. Arrays that have nothing to do with rows pass through as they are. What
the file holds, its order and whether it is compressed is as in the source.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tenfold.errors import OutputError, RequestError, SampleError
from tenfold.long_list import kept
from tenfold.places import Place, local_copy
from tenfold.places import names as file_names
from tenfold.samples.npz import (
    Member,
    load_member,
    npy_header,
    npz_chunks,
    raw_member,
    read_members,
)
from tenfold.samples.sample import Array, Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.sources.arrays import ArraysSource, row_hash
from tenfold.write.atomic import write_chunks
from tenfold.write.names import copy_stem
from tenfold.write.writer import STATE, Line, WriteOptions, Writer, Written

PARTS = "parts"
_NAMES = "names"
_BLOCK = 1 << 22
"""Bytes of rows gathered before they are written."""
_OPEN = 16
"""Parts kept open at a time."""

_Place = tuple[int, int, int]  # group, part, row in it


class ArraysWriter(Writer):
    """Writes `name.npz`.

    A row's name, in `Written.file` and the manifest, is its parent's id, for copies with the
    template applied to the number: `name.npz#000017`, `name.npz#000017_aug_0001`. `Written.files`
    is empty; `record["sha256"]` is `row_hash` of the row. The rows of a group are numbered in the
    order of the lines of that group; `read_row` reads one.
    """

    layout = "arrays"

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        if not isinstance(source, ArraysSource):
            raise RequestError(f"the arrays writer needs an arrays source, got {source.layout}")
        if options.format is not None:
            raise RequestError(
                f"format {options.format!r} is for image files; arrays stay in their .npz file"
            )
        super().__init__(source, destination, options)
        self._arrays = source
        self._held: dict[int, list[tuple[str, dict[str, Array]]]] = {}

    def target(self, item: Item, copy: int) -> str:
        """The row's name."""
        if copy == 0:
            return item.id
        head, joint, row = item.id.rpartition("/" if "/" in item.id.rpartition("#")[2] else "#")
        return head + joint + copy_stem(row, "npz", copy, self.options)

    def copy(self, item: Item) -> Written:
        """The row as it is."""
        return self._hold(item, 0, self._arrays.row(item))

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The sample's image and mask; all else as in its parent's row."""
        group, row = self._arrays.group(item), self._arrays.row(item)
        image = sample.image
        if group.channels_first:
            image = np.moveaxis(image, -1, 0)
        row[group.images] = _like(image, row[group.images], group.images)
        if group.masks is not None:
            row[group.masks] = _like(sample.masks["mask"], row[group.masks], group.masks)
        return self._hold(item, copy, row)

    def _hold(self, item: Item, copy: int, row: dict[str, Array]) -> Written:
        name = self.target(item, copy)
        # a copy, for rows of a mapped file would keep its pages
        row = {key: np.array(value) for key, value in row.items()}
        self._held.setdefault(item.extra["group"], []).append((name, row))
        return Written(name, {}, {"sha256": row_hash(row)})

    def end_shard(self, shard: int) -> None:
        """Write the rows held back as the shard's part."""
        held, self._held = self._held, {}
        members: list[tuple[str, bool, Callable[[], Iterable[bytes | memoryview]]]] = []
        for number in sorted(held):
            rows = held[number]
            columns = {_NAMES: np.array([name for name, _ in rows])}
            for i, key in enumerate(self._arrays.groups[number].keys):
                columns[str(i)] = np.stack([row[key] for _, row in rows])
            for key, column in columns.items():
                members.append((f"{number}/{key}", False, _whole(column)))
        write_chunks(self._part(shard), npz_chunks(members))

    def _part(self, shard: int) -> Place:
        return self.destination / STATE / PARTS / f"{shard:08d}.npz"

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Stream all rows that the lines name into the file."""
        parts = _Parts(self.destination / STATE / PARTS)
        placed = kept(parts.places(line.written.file for line in lines))
        group_of = {
            key: (number, i)
            for number, group in enumerate(self._arrays.groups)
            for i, key in enumerate(group.keys)
        }
        members: list[tuple[str, bool, Callable[[], Iterable[bytes | memoryview]]]] = []
        for member in self._arrays.members:
            content: Callable[[], Iterable[bytes | memoryview]]
            if member.name in group_of:
                number, column = group_of[member.name]
                content = _Rows(parts, number, column, member, placed)
            else:
                content = _Passed(self._arrays.file, member.name)
            members.append((member.name, member.compressed, content))
        name = self._arrays.file.name
        return {name: write_chunks(self.destination / name, npz_chunks(members))}


def read_row(destination: Place, source: ArraysSource, group: int, row: int) -> dict[str, Array]:
    """One row of a finished file, as `row_hash` takes it.

    Args:
        destination: the dataset's folder.
        source: the original dataset.
        group: number of the group (`Item.extra["group"]`).
        row: how many lines of the manifest stand before it in the same group.

    Raises:
        SampleError: there is no such row, or the file is damaged.
    """
    path = destination / source.file.name
    try:
        members = {m.name: m for m in read_members(path)}
        return {key: load_member(path, members[key])[row, ...] for key in source.groups[group].keys}
    except (RequestError, KeyError, IndexError) as error:
        raise SampleError(f"{path} has no row {row} of group {group}: {error}") from None


def _like(array: Array, parent: Array, key: str) -> Array:
    """`array` in the dtype and shape of its parent's row."""
    if array.ndim == parent.ndim + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    elif array.ndim == parent.ndim - 1 and parent.shape[-1] == 1:
        array = array[..., None]
    if array.shape != parent.shape:
        raise SampleError(
            f"rows of '{key}' have shape {parent.shape}, this one would have {array.shape}; "
            "leave out what changes the size, or save the images as files"
        )
    cast = array.astype(parent.dtype)
    if array.dtype.kind in "ui" and not np.array_equal(cast, array):
        raise SampleError(
            f"'{key}' is {parent.dtype}, which can't hold the value {array.max()}; save it as "
            "uint8 or uint16, or leave out ignore_value"
        )
    return cast


def _whole(array: Array) -> Callable[[], Iterable[bytes | memoryview]]:
    return lambda: [npy_header(array.dtype, array.shape), array.tobytes()]


class _Passed:
    """The content of an array that isn't by rows."""

    def __init__(self, file: Place, name: str) -> None:
        self.file, self.name = file, name

    def __call__(self) -> Iterator[bytes]:
        return raw_member(self.file, self.name)


class _Rows:
    """The content of an array by rows, gathered from the parts."""

    def __init__(
        self, parts: _Parts, group: int, column: int, like: Member, places: Sequence[_Place]
    ) -> None:
        self.parts, self.group, self.column = parts, group, f"{group}/{column}"
        self.like, self.places = like, places

    def __call__(self) -> Iterator[bytes]:
        row_shape = self.like.shape[1:]
        count = sum(group == self.group for group, _, _ in self.places)
        yield npy_header(self.like.dtype, (count, *row_shape))
        size = max(int(np.prod(row_shape, dtype=np.int64)) * self.like.dtype.itemsize, 1)
        own = (place for place in self.places if place[0] == self.group)
        for part, run in itertools.groupby(own, key=lambda place: place[1]):
            rows = [row for _, _, row in run]
            content = self.parts.column(part, self.column)
            step = max(_BLOCK // size, 1)
            for i in range(0, len(rows), step):
                # stacking made the bytes' order native; the file keeps its own
                yield content[rows[i : i + step]].astype(self.like.dtype, copy=False).tobytes()


class _Parts:
    """The parts of a job, a few of them open at a time."""

    def __init__(self, folder: Place) -> None:
        self.folder = folder
        self._open: dict[int, _Part] = {}

    def places(self, names: Iterable[str]) -> Iterator[_Place]:
        """Where the rows of these names are; they come part by part, as a manifest has them.

        Raises:
            OutputError: one isn't there.
        """
        numbers = iter(self._numbers())
        part, rows = -1, dict[str, tuple[int, int]]()
        for name in names:
            while name not in rows:
                if (part := next(numbers, -1)) < 0:
                    raise OutputError(
                        f"row {name} is missing from the parts; start again with --overwrite"
                    )
                rows = self._part(part).rows()
            group, row = rows[name]
            yield group, part, row

    def _numbers(self) -> Sequence[int]:
        found = (n for n in file_names(self.folder) if n.endswith(".npz") and n[0] != ".")
        return array("q", sorted(int(name[:-4]) for name in found))

    def column(self, part: int, name: str) -> Array:
        """One array of a part, mapped."""
        return self._part(part).column(name)

    def _part(self, number: int) -> _Part:
        if number not in self._open:
            while len(self._open) >= _OPEN:
                self._open.pop(next(iter(self._open)))
            self._open[number] = _Part(local_copy(self.folder / f"{number:08d}.npz"))
        return self._open[number]


class _Part:
    """One part, its arrays mapped as they are asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members = {m.name: m for m in read_members(path)}
        self._columns: dict[str, Array] = {}

    def column(self, name: str) -> Array:
        if name not in self._columns:
            self._columns[name] = load_member(self._path, self._members[name])
        return self._columns[name]

    def rows(self) -> dict[str, tuple[int, int]]:
        """Group and row by name."""
        found = {}
        for member in self._members:
            group, _, key = member.partition("/")
            if key == _NAMES:
                for row, name in enumerate(self.column(member).tolist()):
                    found[name] = int(group), row
        return found
