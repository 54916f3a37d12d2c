"""Files that are whole or absent."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from tenfold.errors import OutputError, SampleError
from tenfold.places import Place, Remote
from tenfold.places.transfer import uploads

TEMPORARY = ".part"
"""Suffix of a file being written; left over only by a kill, and swept away by `--resume`."""

_IN_MEMORY = 1 << 26
_PIECE = 1 << 14  # bytes that are worth a call of the system
# Python's own file objects take as long as the system to make a small file.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NEW |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def write_bytes(path: Place, data: bytes | memoryview) -> str:
    """Write a file under a temporary name, then rename it; parents are made.

    In a store one PUT does it.

    Returns:
        SHA-256 of the content, hex.

    Raises:
        OutputError: the disk is full, the folder is gone...
    """
    return write_chunks(path, [data])


def write_chunks(path: Place, chunks: Iterable[bytes | memoryview]) -> str:
    """Like `write_bytes`, for content that comes in pieces."""
    if isinstance(path, Remote):
        return _put(path, chunks)
    # Never the same name twice: a killed run's last worker, or another machine, may be writing too.
    temporary = path.with_name(f".{secrets.token_hex(16)}{TEMPORARY}")
    digest = hashlib.sha256()
    try:
        try:
            handle = os.open(temporary, _NEW, 0o666)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(temporary, _NEW, 0o666)
        try:
            for piece in _pieces(chunks):
                digest.update(piece)
                _write(handle, piece)
        finally:
            os.close(handle)
        temporary.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if not isinstance(error, OSError):
            raise
        raise OutputError(
            f"can't write {path}: {error.strerror or error}; make room or check the folder"
        ) from error
    return digest.hexdigest()


def _pieces(chunks: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview | bytearray]:
    """The same bytes, in few pieces."""
    held = bytearray()
    for chunk in chunks:
        if not held and len(chunk) >= _PIECE:
            yield chunk
            continue
        held += chunk
        if len(held) >= _PIECE:
            yield held
            held = bytearray()
    if held:
        yield held


def _write(handle: int, piece: bytes | memoryview | bytearray) -> None:
    """All of it: the system may take less at a time."""
    rest = memoryview(piece).cast("B")
    while rest:
        rest = rest[os.write(handle, rest) :]


def _put(place: Remote, chunks: Iterable[bytes | memoryview]) -> str:
    """A store's object appears at the end of its upload; gathered on disk if it is large."""
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as handle:
        for chunk in chunks:
            digest.update(chunk)
            handle.write(chunk)
        place.upload(handle)
    return digest.hexdigest()


def write_soon(path: Place, data: bytes) -> str:
    """Like `write_bytes`; in a store the file may be there only after `settle`.

    An error may be raised by a later call, or by `settle`.

    Raises:
        OutputError: the place can't be written to.
        SampleError: a store can't hold the name.
    """
    if not isinstance(path, Remote):
        return write_bytes(path, data)
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise SampleError("a store can't hold a name that is not UTF-8; rename the file") from None
    uploads.add(len(data), lambda: path.write_bytes(data))
    return hashlib.sha256(data).hexdigest()


@contextmanager
def background_writes() -> Iterator[None]:
    """Nothing that was begun in here by `write_soon` is under way behind it, even on an error."""
    try:
        yield
    finally:
        uploads.abandon()


def settle() -> None:
    """Wait until all that this process began to write is there.

    Raises:
        OutputError: something couldn't be written.
    """
    uploads.settle()


def write_new(path: Place, data: bytes) -> bool:
    """Write a file, whole, unless there is one already.

    Returns:
        False if there is one, which stays as it is.

    Raises:
        OutputError: the disk is full, the folder is gone...
    """
    if isinstance(path, Remote):
        return path.create(data)
    whole = path.with_name(f"{path.name}-{secrets.token_hex(8)}")
    write_bytes(whole, data)
    try:
        os.link(whole, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without links: two runs that start at once may both win
        if path.exists():
            return False
        whole.replace(path)
        return True
    finally:
        whole.unlink(missing_ok=True)
    return True


def lock(handle: IO[bytes]) -> None:
    """Wait for, and take, the lock of an open file; it goes when the file is closed.

    On systems without `flock` this does nothing.
    """
    try:
        import fcntl
    except ImportError:
        return
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(handle, fcntl.LOCK_EX)
