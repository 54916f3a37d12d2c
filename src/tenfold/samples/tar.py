"""Tar files at random: where each member lies, found once; members read alone.

A listing reads the headers and nothing else; a worker keeps one file open at a time.
"""

from __future__ import annotations

import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

from tenfold.errors import SampleError
from tenfold.places import Place


class Member(NamedTuple):
    """A file in a tar: its name, and where in the tar its content is (bytes)."""

    name: str
    offset: int
    size: int


def members(path: Place) -> Iterator[tuple[Member, Callable[[], bytes]]]:
    """The regular files of a tar, in order, each with a function that reads it.

    The function must be called before the next one is asked for. Folders, links and devices are
    passed over.

    Raises:
        SampleError: the tar is damaged, compressed, or can't be read; those before were whole.
    """
    try:
        with path.open("rb") as handle:
            start = handle.read(6)
            if start[:2] == b"\x1f\x8b" or start[:3] == b"BZh" or start == b"\xfd7zXZ\0":
                raise SampleError("a compressed tar can't be read at random; unpack it (gunzip)")
            handle.seek(0, os.SEEK_END)
            end = handle.tell()
            handle.seek(0)
            if end == 0:
                raise SampleError("the file is empty; copy it again from its origin")
            yield from _walk(handle, end)
    except tarfile.TarError as error:
        raise SampleError(f"not a tar, or a damaged one: {error}; copy it again") from None
    except OSError as error:
        raise SampleError(f"can't be read: {error.strerror or error}") from error


def _walk(handle: IO[bytes], end: int) -> Iterator[tuple[Member, Callable[[], bytes]]]:
    with tarfile.open(fileobj=handle, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
        while (info := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # kept for each member otherwise
            if not info.isreg() or info.issparse():
                continue
            member = Member(info.name, info.offset_data, info.size)
            if member.offset + member.size > end:
                raise SampleError("the tar ends in the middle of a file; copy it again")

            def content(member: Member = member) -> bytes:
                handle.seek(member.offset)
                return handle.read(member.size)

            yield member, content


class OpenFile:
    """Reads pieces of files, keeping the last one open. Picklable; safe with threads and forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: tuple[int, Place, IO[bytes]] | None = None

    def __del__(self) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[OpenFile], tuple[()]]:
        return OpenFile, ()

    def read(self, path: Place, offset: int, size: int) -> bytes:
        """`size` bytes from `offset`.

        Raises:
            SampleError: it isn't there, or ends before.
        """
        with self._lock:
            try:
                if self._open is None or self._open[:2] != (os.getpid(), path):
                    self.close()
                    self._open = (os.getpid(), path, path.open("rb"))
                handle = self._open[2]
                handle.seek(offset)
                data = handle.read(size)
            except OSError as error:
                why = error.strerror or error
                raise SampleError(f"{path.name} can't be read: {why}") from error
        if len(data) != size:
            raise SampleError(f"{path.name} ends too early; was it changed since it was listed?")
        return data

    def close(self) -> None:
        """Close the file that is open, if one is."""
        if self._open is not None and self._open[0] == os.getpid():
            self._open[2].close()
        self._open = None
