"""Lists for a JSON file that may not fit into memory, gathered on disk."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tenfold.places import Place, Remote

_CHUNK = 1 << 20


def _local(folder: Place) -> Path | None:
    """Where temporary files of some size may lie: beside the result, if that is on a disk."""
    return None if isinstance(folder, Remote) else folder


class Spool:
    """A list of JSON values on disk, for lists that may not fit into memory.

    Args:
        stack: ends it.
        folder: where it lies, if that is on a disk.
        between: what parts the values.
    """

    def __init__(self, stack: contextlib.ExitStack, folder: Place, between: bytes = b",\n") -> None:
        self._between = between
        handle: IO[bytes] = tempfile.TemporaryFile(dir=_local(folder))  # noqa: SIM115
        self.handle = stack.enter_context(handle)
        self.empty = True

    def add(self, text: str) -> None:
        """Append a value, as JSON."""
        self.handle.write(text.encode() if self.empty else self._between + text.encode())
        self.empty = False

    def chunks(self) -> Iterator[bytes]:
        """All of them, in pieces."""
        self.handle.seek(0)
        while data := self.handle.read(_CHUNK):
            yield data


def document(head: str, images: Spool, annotations: Spool) -> Iterator[bytes]:
    """A whole COCO file, in pieces.

    Args:
        head: the JSON object of everything but images and annotations.
        images, annotations: the entries.
    """
    head = head[:-1]
    yield (head + (", " if len(head) > 1 else "")).encode()
    yield b'"images": [\n'
    yield from images.chunks()
    yield b'\n], "annotations": [\n'
    yield from annotations.chunks()
    yield b"\n]}\n"
