"""What lies below a folder, listed once and looked up in memory."""

from __future__ import annotations


class Tree:
    """Files and folders below a place.

    Args:
        base: path of the place; all paths given to the methods begin with it.
    """

    def __init__(self, base: str) -> None:
        self._base = base
        self._folders: dict[str, dict[str, bool]] = {}
        self._sizes: dict[str, int | None] = {}

    def add(self, name: str, size: int | None) -> None:
        """A file: its path relative to the base ("" if the place itself is the file)."""
        self._sizes[name] = size
        is_dir = False
        while name:
            above, _, last = name.rpartition("/")
            seen = self._folders.setdefault(above, {})
            known = last in seen
            seen[last] = seen.get(last, False) or is_dir
            if known and is_dir:
                return
            name, is_dir = above, True

    def _relative(self, path: str) -> str | None:
        if path == self._base:
            return ""
        start = self._base + "/" if self._base else ""
        return path[len(start) :] if path.startswith(start) else None

    def kind(self, path: str) -> str | None:
        """What it is ("file", "directory"), or None if it isn't there."""
        name = self._relative(path)
        if name in self._folders:
            return "directory"
        return "file" if name in self._sizes else None

    def size(self, path: str) -> int | None:
        """A file's bytes; None if they aren't known, or it isn't there."""
        name = self._relative(path)
        return None if name is None else self._sizes.get(name)

    def names(self, path: str) -> list[tuple[str, bool]]:
        """What lies directly in a folder, sorted: names, and whether they are folders."""
        name = self._relative(path)
        found = {} if name is None else self._folders.get(name, {})
        return sorted(found.items())

    def below(self, path: str) -> dict[str, int | None]:
        """All files below a folder: paths relative to it, sorted, with their sizes."""
        name = self._relative(path)
        if name is None:
            return {}
        start = name + "/" if name else ""
        return {
            file[len(start) :]: size
            for file, size in sorted(self._sizes.items())
            if file.startswith(start) and file
        }
