"""What lies below a folder, listed once and looked up: a sorted list of its files."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import itemgetter

from tenfold.long_list import kept_sorted

_AFTER_SLASH = chr(ord("/") + 1)


class Tree:
    """Files and folders below a place.

    Args:
        base: path of the place; all paths given to the methods begin with it.
        files: path relative to the base ("" if the place itself is the file), and bytes.
    """

    def __init__(self, base: str, files: Iterable[tuple[str, int | None]]) -> None:
        self._base = base
        self._files = kept_sorted(files, key=itemgetter(0))

    def _relative(self, path: str) -> str | None:
        if path == self._base:
            return ""
        start = self._base + "/" if self._base else ""
        return path[len(start) :] if path.startswith(start) else None

    def _at(self, name: str) -> int:
        """The number of the first file of this name, or that comes after it."""
        return bisect_left(self._files, name, key=itemgetter(0))

    def _from(self, start: str, at: int | None = None) -> Iterator[tuple[str, int | None]]:
        """The files whose names begin so; from a number, if one is given."""
        for number in range(self._at(start) if at is None else at, len(self._files)):
            if not self._files[number][0].startswith(start):
                return
            yield self._files[number]

    def kind(self, path: str) -> str | None:
        """What it is ("file", "directory"), or None if it isn't there."""
        name = self._relative(path)
        if name is None:
            return None
        below = next((f for f, _ in self._from(_start(name)) if f), None)
        if below is not None:
            return "directory"
        return None if self._file(name) is None else "file"

    def _file(self, name: str) -> tuple[str, int | None] | None:
        at = self._at(name)
        found = self._files[at] if at < len(self._files) else None
        return found if found is not None and found[0] == name else None

    def size(self, path: str) -> int | None:
        """A file's bytes; None if they aren't known, or it isn't there."""
        name = self._relative(path)
        found = None if name is None else self._file(name)
        return None if found is None else found[1]

    def names(self, path: str) -> list[tuple[str, bool]]:
        """What lies directly in a folder, sorted: names, and whether they are folders."""
        name = self._relative(path)
        if name is None:
            return []
        start, found, at = _start(name), dict[str, bool](), None
        while (file := next(self._from(start, at), None)) is not None:
            child, is_folder, _ = file[0][len(start) :].partition("/")
            if file[0]:
                found[child] = found.get(child, False) or bool(is_folder)
            # on with what comes after it, and after all that lies in it
            at = self._at(start + child + _AFTER_SLASH) if is_folder else self._at(file[0]) + 1
        return sorted(found.items())

    def below(self, path: str) -> Iterator[str]:
        """All files below a folder: paths relative to it, sorted."""
        name = self._relative(path)
        if name is None:
            return iter(())
        start = _start(name)
        return (file[len(start) :] for file, _ in self._from(start) if file)


def _start(name: str) -> str:
    """How the paths of all that lies in a folder begin."""
    return name + "/" if name else ""
