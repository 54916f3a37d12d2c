"""Files that are whole or absent."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

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
    # The name holds the process's number: a killed run's last worker may still be writing.
    word = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:32]
    temporary = path.with_name(f".{os.getpid()}-{word}{TEMPORARY}")
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
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise OutputError(
            f"can't write {path}: {error.strerror or error}; make room or check the folder"
        ) from error
    return digest.hexdigest()
