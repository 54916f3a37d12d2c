"""Files that are whole or absent."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from tenfold.errors import OutputError

TEMPORARY = ".part"
"""Suffix of a file being written; left over only by a kill, and swept away by `--resume`."""


def write_bytes(path: Path, data: bytes | memoryview) -> str:
    """Write a file under a temporary name, then rename it; parents are made.

    Returns:
        SHA-256 of the content, hex.

    Raises:
        OutputError: the disk is full, the folder is gone...
    """
    return write_chunks(path, [data])


def write_chunks(path: Path, chunks: Iterable[bytes | memoryview]) -> str:
    """Like `write_bytes`, for content that comes in pieces."""
    # Never the same name twice: a killed run's last worker, or another machine, may be writing too.
    temporary = path.with_name(f".{secrets.token_hex(16)}{TEMPORARY}")
    digest = hashlib.sha256()
    try:
        try:
            handle = open(temporary, "wb")  # noqa: SIM115
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = open(temporary, "wb")  # noqa: SIM115
        with handle:
            for chunk in chunks:
                digest.update(chunk)
                handle.write(chunk)
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


def write_new(path: Path, data: bytes) -> bool:
    """Write a file, whole, unless there is one already.

    Returns:
        False if there is one, which stays as it is.

    Raises:
        OutputError: the disk is full, the folder is gone...
    """
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
