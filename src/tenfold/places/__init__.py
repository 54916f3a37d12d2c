"""Where files are: in a local folder, or behind a URL (`s3://bucket/photos`).

A `Place` is a file or a folder: a `pathlib.Path` where it is local, and a `Remote` otherwise, which
has the part of `Path` that tenfold uses (`/`, `name`, `is_dir`, `iterdir`, `open`, `read_bytes`,
`stat().st_size`...). Code that takes a `Place` and keeps to that part works for both. What a path
of the file system can do and an object can't is done by functions:

    entries(folder)         instead of `os.scandir`
    relative(file, folder)  instead of `Path.relative_to`
    remove_tree(folder)     instead of `shutil.rmtree`
    local_copy(file)        a file that a library wants to open by its name
    piece(file, 0, 100)     some bytes of a file that may be large
    read_ahead(root, ...)   files that will be read soon, fetched several at a time
    tenfold.write.atomic    to write: whole or absent, in either kind of place
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from tenfold.errors import PlaceError, RequestError
from tenfold.places.remote import Remote, open_remote
from tenfold.places.transfer import WINDOW

Place: TypeAlias = Path | Remote
"""A file or a folder."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+(://|::)")
_TYPO = re.compile(r"(s3|gs|gcs|az|abfs|memory|https?|file):", re.IGNORECASE)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies in a folder. A link is neither a folder nor a file."""

    name: str
    is_dir: bool
    is_file: bool


def place_of(where: str | os.PathLike[str] | Remote) -> Place:
    """What a person wrote, as a place: a URL, or a path. Nothing is looked up.

    `file://` URLs are paths.

    Raises:
        RequestError: an unknown protocol, a URL without a bucket, or a slip such as `s3:/bucket`.
        MissingExtraError: the package for this protocol isn't installed.
    """
    if isinstance(where, Remote):
        return where
    text = os.fspath(where)
    if not _URL.match(text):
        if (slip := _TYPO.match(text)) and not Path(text.split("/")[0]).exists():
            rest = text[slip.end() :].lstrip("/")
            raise RequestError(
                f"{text} looks like a URL; did you mean {slip[1].lower()}://{rest}? "
                f"(For a folder of that name: ./{text})"
            )
        return Path(where)
    protocol, _, rest = text.partition("://")
    if protocol.lower() in ("file", "local"):
        return Path(rest)
    return open_remote(text)


def entries(folder: Place) -> list[Entry]:
    """What lies directly in a folder, sorted by name.

    Raises:
        OSError: it isn't there, or can't be read.
    """
    if isinstance(folder, Remote):
        return [Entry(name, is_dir, not is_dir) for name, is_dir in folder.names()]
    with os.scandir(folder) as found:
        told = [
            Entry(e.name, e.is_dir(follow_symlinks=False), e.is_file(follow_symlinks=False))
            for e in found
        ]
    return sorted(told, key=lambda e: e.name)


def names(folder: Place) -> Iterator[str]:
    """Names of what lies directly in a folder, which may be a great deal, in no order.

    Raises:
        OSError: it isn't there, or can't be read.
    """
    if isinstance(folder, Remote):
        yield from (name for name, _ in folder.names())
        return
    with os.scandir(folder) as found:
        yield from (entry.name for entry in found)


@contextmanager
def nothing_written_yet() -> Iterator[None]:
    """Where a place that can't be reached makes a request that can't be met, no broken run."""
    try:
        yield
    except PlaceError as error:
        raise RequestError(str(error)) from error


def relative(place: Place, folder: Place) -> str | None:
    """The path from a folder to what lies in it ("." for the folder itself); None if it doesn't."""
    if isinstance(place, Remote):
        return place.below(folder) if isinstance(folder, Remote) else None
    if isinstance(folder, Remote):
        return None
    return place.relative_to(folder).as_posix() if place.is_relative_to(folder) else None


def remove_tree(folder: Place, *, ignore_errors: bool = False) -> None:
    """Delete a folder with all that is in it."""
    if isinstance(folder, Remote):
        folder.remove_tree()
    else:
        shutil.rmtree(folder, ignore_errors=ignore_errors)


def local_copy(file: Place) -> Path:
    """A local file with the content of `file`: itself, or a copy that goes when the process ends.

    Raises:
        OSError: it isn't there, or can't be read.
    """
    return file.local_copy() if isinstance(file, Remote) else file


def read_ahead(
    root: Place, things: Sequence[_T], files_of: Callable[[_T], Iterable[str]]
) -> Iterator[_T]:
    """The things in order, while the files of the next ones are fetched in the background.

    Without effect where `root` is local, or isn't `listed`.

    Args:
        root: the dataset's folder.
        things: what is read one after the other (items, names...).
        files_of: the paths of each, relative to the root.
    """
    ahead = 0
    for number, thing in enumerate(things):
        while isinstance(root, Remote) and ahead < min(number + WINDOW, len(things)):
            for name in files_of(things[ahead]):
                (root / name).fetch()
            ahead += 1
        yield thing


def piece(file: Place, start: int, stop: int) -> bytes:
    """The bytes `start` to `stop` of a file, or as many of them as it has.

    Raises:
        OSError: it isn't there, or can't be read.
    """
    if isinstance(file, Remote):
        return file.piece(start, stop)
    with file.open("rb") as handle:
        handle.seek(start)
        return handle.read(stop - start)


def listed(root: Place) -> Place:
    """The place as it is now: what lies in a remote one is listed once, here, and kept.

    From then on questions about it (`is_dir`, `iterdir`, sizes) cost nothing, and contents may be
    taken from memory. For sources, which don't change while they are worked on.

    Raises:
        PlaceError: it can't be listed.
    """
    return root.listed() if isinstance(root, Remote) else root


__all__ = [
    "Entry",
    "Place",
    "Remote",
    "entries",
    "listed",
    "local_copy",
    "names",
    "nothing_written_yet",
    "piece",
    "place_of",
    "read_ahead",
    "relative",
    "remove_tree",
]
