"""Lists that may be too long for memory: beyond some thousands of entries they lie on disk.

A dataset may have millions of samples, and a job goes through them in order. So what has an entry a
sample is made by `kept` or `kept_sorted`: a tuple where it is short, else a `LongList`, of which
little is in memory at a time. Pickled, a `LongList` is the name of its file: a worker process
of this machine reads the same file. For another machine see `files_of` and `found_by`.

The file is a temporary one (folder: `TMPDIR`) that only its owner can read, and goes with the
list, or with the process that made it.
"""

from __future__ import annotations

import heapq
import os
import pickle
import struct
import tempfile
import weakref
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar, TypeVar, overload

from tenfold.errors import OutputError, RequestError

IN_MEMORY = 4096
"""Entries of the longest list that stays in memory."""

_BLOCK = 64
"""Entries that are pickled, and read, together."""
_SLOTS = 16
"""Blocks remembered of a list that is not read from end to end."""
_FAN = 16
"""Sorted runs that are merged at a time."""

_T = TypeVar("_T")


class _File:
    """A list's file; the process that made it deletes it when no list needs it any more."""

    known: ClassVar[weakref.WeakValueDictionary[str, _File]] = weakref.WeakValueDictionary()

    def __init__(self, path: str) -> None:
        self.path = path

    @classmethod
    def new(cls) -> _File:
        handle, path = tempfile.mkstemp(prefix="tenfold-list-")
        os.close(handle)
        made = cls.known[path] = cls(path)
        weakref.finalize(made, _delete, path, os.getpid())
        return made


def _delete(path: str, owner: int) -> None:
    if os.getpid() == owner:  # and not in a process forked from it
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 (at the end of the process, pathlib may be gone)


@contextmanager
def in_temporary_files() -> Iterator[None]:
    """Errors in here are those of the folder for temporary files: a `RequestError` says so."""
    try:
        yield
    except OSError as error:
        raise RequestError(
            f"can't keep what was listed in {tempfile.gettempdir()}, the folder for temporary "
            f"files: {error.strerror or error}; make room, or name another one in the environment "
            "variable TMPDIR"
        ) from error


class LongList(Sequence[_T]):
    """A list on disk; entries may be anything that can be pickled, and must not be changed.

    Raises:
        RequestError: from the constructor: the folder for temporary files can't hold it.
        OutputError: from reading: the file is gone.
    """

    def __init__(self, things: Iterable[_T]) -> None:
        self._slots: list[tuple[int, list[_T]] | None] = [None] * _SLOTS
        iterator, starts, at, self._length = iter(things), array("Q"), 0, 0
        with in_temporary_files():
            self._file = _File.new()
            out = open(self._file.path, "wb")  # noqa: SIM115 (closed below)
        with out:
            while block := list(islice(iterator, _BLOCK)):
                data = pickle.dumps(block, pickle.HIGHEST_PROTOCOL)
                starts.append(at)
                at, self._length = at + len(data), self._length + len(block)
                with in_temporary_files():
                    out.write(data)
            starts.append(at)
            self._index = at
            with in_temporary_files():
                out.write(starts.tobytes())
                out.flush()

    def __reduce__(self) -> tuple[Any, ...]:
        if (pickled := _pickled.get()) is not None:
            pickled.append(Path(self._file.path))
        return _revived, (self._file.path, self._length, self._index)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...
    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(self._length)))
        number = index + self._length if index < 0 else index
        if not 0 <= number < self._length:
            raise IndexError(f"the list has {self._length} entries, no number {index}")
        return self._block(number // _BLOCK)[number % _BLOCK]

    def __iter__(self) -> Iterator[_T]:
        with self._opened() as file:
            for _ in range(0, self._length, _BLOCK):
                yield from pickle.load(file)

    def __repr__(self) -> str:
        return f"LongList({self._length} entries)"

    def _block(self, number: int) -> list[_T]:
        # No locks: a slot is replaced as a whole, and a thread that finds another's reads again.
        slot = self._slots[number % _SLOTS]
        if slot is not None and slot[0] == number:
            return slot[1]
        with self._opened() as file:
            file.seek(self._index + 8 * number)
            start, stop = struct.unpack("=2Q", file.read(16))
            file.seek(start)
            found: list[_T] = pickle.loads(file.read(stop - start))
        self._slots[number % _SLOTS] = number, found
        return found

    def _opened(self) -> Any:
        # Opened for each reading: nothing is shared by threads, or with a forked process.
        try:
            return open(self._file.path, "rb")
        except FileNotFoundError:
            raise OutputError(
                f"a list of the dataset's samples was in the temporary file {self._file.path}, "
                "which is gone: the process that made it has ended, or somebody removed the file; "
                "open the dataset again"
            ) from None


def kept(things: Iterable[_T]) -> Sequence[_T]:
    """The things in their order: a tuple, or a `LongList` if there are many."""
    if isinstance(things, (tuple, LongList)):
        return things
    iterator = iter(things)
    first = tuple(islice(iterator, IN_MEMORY + 1))
    return first if len(first) <= IN_MEMORY else LongList(chain(first, iterator))


def kept_sorted(things: Iterable[_T], key: Callable[[_T], Any]) -> Sequence[_T]:
    """The things as `sorted` orders them, in bounded memory; see `kept`."""
    iterator = iter(things)
    run = sorted(islice(iterator, IN_MEMORY), key=key)
    if len(run) < IN_MEMORY:
        return tuple(run)
    levels: list[list[LongList[_T]]] = [[]]
    while run:
        _add(levels, LongList(run), key)
        run = sorted(islice(iterator, IN_MEMORY), key=key)
    # What is merged more often came earlier: equal entries stay in their order.
    return kept(heapq.merge(*chain.from_iterable(reversed(levels)), key=key))


def _add(levels: list[list[LongList[_T]]], run: LongList[_T], key: Callable[[_T], Any]) -> None:
    """Put a sorted run to the others, of which each level has fewer than can be merged at once."""
    for level in levels:
        level.append(run)
        if len(level) < _FAN:
            return
        run = LongList(heapq.merge(*level, key=key))
        level.clear()
    levels.append([run])


def holds(ordered: Sequence[str], wanted: str) -> bool:
    """Whether a sorted list has an entry."""
    at = bisect_left(ordered, wanted)
    return at < len(ordered) and ordered[at] == wanted


def without(ordered: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    """The entries of a sorted list that aren't among others, which are sorted too."""
    rest = iter(others)
    other = next(rest, None)
    for entry in ordered:
        while other is not None and other < entry:
            other = next(rest, None)
        if other != entry:
            yield entry


# On the way to other machines.

_pickled: ContextVar[list[Path] | None] = ContextVar("_pickled", default=None)
_find: ContextVar[Callable[[str], Path] | None] = ContextVar("_find", default=None)


def _revived(path: str, length: int, index: int) -> LongList[Any]:
    revived: LongList[Any] = LongList.__new__(LongList)
    if (find := _find.get()) is not None:
        path = str(find(Path(path).name))
    revived._file = _File.known.get(path) or _File(path)
    revived._length, revived._index, revived._slots = length, index, [None] * _SLOTS
    return revived


@contextmanager
def files_of() -> Iterator[list[Path]]:
    """The files of all lists that are pickled in here, as they come; names are unique."""
    found: list[Path] = []
    token = _pickled.set(found)
    try:
        yield found
    finally:
        _pickled.reset(token)


@contextmanager
def found_by(find: Callable[[str], Path]) -> Iterator[None]:
    """Lists that are unpickled in here have their files where `find` says, told their names."""
    token = _find.set(find)
    try:
        yield
    finally:
        _find.reset(token)
