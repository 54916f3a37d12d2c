"""The URL of a file or a folder, taken apart and put together as pathlib does with paths."""

from __future__ import annotations

import posixpath
from functools import total_ordering
from typing import Self

from tenfold.places.tree import Tree


@total_ordering
class Address:
    """Where something is; see `tenfold.places.remote.Remote` for its attributes."""

    def __init__(self, url: str, *, frozen: str = "", tree: Tree | None = None) -> None:
        self.url, self.frozen, self._tree = url, frozen, tree
        first, sep, self._chain = url.partition("::")
        self._chain = sep + self._chain
        self.protocol, _, self._rest = first.partition("://")

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __hash__(self) -> int:
        return hash(self.url)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self.url == other.url

    def __lt__(self, other: Address) -> bool:
        return self.url < other.url

    # Names, as in pathlib.

    def _with(self, rest: str) -> Self:
        url = f"{self.protocol}://{rest}{self._chain}"
        return type(self)(url, frozen=self.frozen, tree=self._tree)

    def __truediv__(self, name: str) -> Self:
        name = "/".join(part for part in str(name).split("/") if part not in ("", "."))
        return self._with(f"{self._rest}/{name}".lstrip("/")) if name else self

    def joinpath(self, *names: str) -> Self:
        """Several names, one below the other."""
        return self / "/".join(names)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return posixpath.basename(self._rest)

    @property
    def suffix(self) -> str:
        """`.png`; empty if the name has none."""
        return posixpath.splitext(self.name)[1]

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return posixpath.splitext(self.name)[0]

    @property
    def parent(self) -> Self:
        """The folder that it lies in; a bucket's is the bucket itself."""
        above = posixpath.dirname(self._rest)
        return self._with(above) if above else self

    @property
    def parents(self) -> tuple[Self, ...]:
        """The folders above it, from the nearest one."""
        found: list[Self] = []
        above = self.parent
        while above != (found[-1] if found else self):
            found.append(above)
            above = above.parent
        return tuple(found)

    def with_name(self, name: str) -> Self:
        """Another name in the same folder."""
        return self.parent / name

    def below(self, folder: Address) -> str | None:
        """See `tenfold.places.relative`."""
        start = folder._rest + "/" if folder._rest else ""
        if self.url == folder.url:
            return "."
        return self._rest[len(start) :] if self._rest.startswith(start) else None

    def absolute(self) -> Self:
        """Itself."""
        return self

    def resolve(self) -> Self:
        """Itself: there are no links."""
        return self
