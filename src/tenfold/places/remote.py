"""A file or a folder behind a URL, by fsspec: the part of `pathlib.Path` that tenfold uses."""

from __future__ import annotations

import errno
import io
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from tenfold.errors import PlaceError, RequestError, TenfoldError
from tenfold.places import transfer
from tenfold.places.address import Address
from tenfold.places.stores import WHOLE, cure, filesystem, unreachable
from tenfold.places.tree import Tree

if TYPE_CHECKING:
    from types import SimpleNamespace

_HTTP_SIGNS = "/:@!$&'()*+,;=~[]"
_IN_MEMORY = 1 << 26
"""Larger files are opened by way of a temporary file."""


class Remote(Address):
    """A file or a folder behind a URL. Immutable, picklable, compared and sorted by its URL.

    An object store has no folders: one is there as long as something lies in it.

    Attributes:
        url: without a slash at the end, as a person wrote it.
        frozen: not empty if it is taken as it was when it was `listed`, and its contents may be
            remembered; then a name for that moment.

    Methods raise `FileNotFoundError` and its kin as `Path` does, and `PlaceError` where the store
    can't be reached, or refuses.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self.url, self.frozen)  # without the listing: workers only read

    # What is there.

    @property
    def _fs(self) -> Any:
        return filesystem(f"{self.protocol}://{self._rest.split('/')[0]}{self._chain}", os.getpid())

    @property
    def _path(self) -> str:
        rest = quote(self._rest, safe=_HTTP_SIGNS) if self._quoted else self._rest
        return str(self._fs._strip_protocol(f"{self.protocol}://{rest}"))

    @property
    def _quoted(self) -> bool:
        """Names are written with %20 and the like, other than anywhere else."""
        return self.protocol in ("http", "https") and "?" not in self._rest

    def listed(self) -> Remote:
        """See `tenfold.places.listed`."""
        if self._tree is not None:
            return self
        with self._reaching("list"):
            base = self._path.rstrip("/")
            found = self._fs.find(base, detail=True) or {base: self._info()}
        files = (
            (unquote(inside) if self._quoted else inside, about.get("size"))
            for name, about in found.items()
            if about.get("type", "file") == "file" and not name.endswith("/")
            for inside in [name[len(base) :].removeprefix("/")]
        )
        tree = Tree(self._rest, files)
        return Remote(self.url, frozen=secrets.token_hex(8), tree=tree)

    def _kind(self) -> str | None:
        """What it is ("file", "directory"), or None if it isn't there."""
        if self._tree is not None:
            return self._tree.kind(self._rest)
        try:
            return str(self._info()["type"])
        except FileNotFoundError:
            return None

    def as_posix(self) -> str:
        """Its URL."""
        return self.url

    def _info(self) -> dict[str, Any]:
        with self._reaching("look up"):
            found: dict[str, Any] = self._fs.info(self._path)
        return found

    def exists(self) -> bool:
        """It is there."""
        return self._kind() is not None

    def is_file(self) -> bool:
        """It is there, and a file."""
        return self._kind() == "file"

    def is_dir(self) -> bool:
        """It is there, and a folder."""
        return self._kind() == "directory"

    def is_symlink(self) -> bool:
        """There are no links."""
        return False

    def stat(self) -> SimpleNamespace:
        """`st_size`: its bytes."""
        from types import SimpleNamespace

        return SimpleNamespace(st_size=self._size())

    def _size(self) -> int:
        read = transfer.take((self.frozen, self.url)) if self.frozen and not self._tree else None
        return self._stated_size() if read is None else len(read)

    def _stated_size(self) -> int:
        """Its bytes as the store says."""
        size = None if self._tree is None else self._tree.size(self._rest)
        if size is None:
            size = self._info().get("size")
        return len(self._read()) if size is None else int(size)

    def names(self) -> list[tuple[str, bool]]:
        """What lies directly in it, sorted: names, and whether they are folders."""
        if self._tree is not None:
            return self._tree.names(self._rest)
        with self._reaching("list"):
            base = self._path.rstrip("/")
            found = {
                about["name"][len(base) :].strip("/"): about["type"] == "directory"
                for about in self._fs.ls(base, detail=True)
            }
        return sorted((name, is_dir) for name, is_dir in found.items() if name)

    def iterdir(self) -> Iterator[Remote]:
        """What lies directly in it."""
        return iter([self / name for name, _ in self.names()])

    def files(self) -> Iterator[str]:
        """All files below it: their paths relative to it, sorted."""
        try:
            tree = self.listed()._tree
        except FileNotFoundError:
            return iter(())
        assert tree is not None
        return tree.below(self._rest)

    # Reading.

    def read_bytes(self) -> bytes:
        """Its content."""
        found = transfer.take((self.frozen, self.url)) if self.frozen else None
        if found is None:
            found = self._read()
            if self.frozen:
                transfer.keep((self.frozen, self.url), found)
        return found

    def read_text(self, encoding: str = "utf-8") -> str:
        """Its content, decoded."""
        return self.read_bytes().decode(encoding)

    def fetch(self) -> None:
        """Begin to read it in the background, if it is frozen and not large."""
        if self.frozen:
            transfer.fetch((self.frozen, self.url), self._read_small)

    def _read_small(self) -> bytes | None:
        # not `_size`: that would wait for what is being fetched, which is this
        return self._read() if self._stated_size() <= _IN_MEMORY else None

    def piece(self, start: int, stop: int) -> bytes:
        """See `tenfold.places.piece`."""
        size = self._size()
        if size <= _IN_MEMORY:
            return self.read_bytes()[start:stop]
        with self._reaching("read"):
            return bytes(self._fs.cat_file(self._path, start=start, end=min(stop, size)))

    def _read(self) -> bytes:
        with self._reaching("read"):
            return bytes(self._fs.cat_file(self._path))

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Its content as a file to read from, anywhere in it."""
        if mode != "rb":
            raise ValueError(f"mode must be 'rb', got {mode!r}")
        if self._size() <= _IN_MEMORY:
            return io.BytesIO(self.read_bytes())
        handle = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
        try:
            with self._reaching("read"), self._fs.open(self._path, "rb") as remote:
                while block := remote.read(1 << 24):
                    handle.write(block)
        except BaseException:
            handle.close()
            raise
        handle.seek(0)
        return handle

    def local_copy(self) -> Path:
        """See `tenfold.places.local_copy`."""
        with self._reaching("look up"):
            version = self._fs.ukey(self._path)
        return transfer.local_copy(f"{self.url} {version}", self.name, self._download)

    def _download(self, path: Path) -> None:
        with self._reaching("read"):
            self._fs.get_file(self._path, str(path))

    # Writing. Each is one PUT: the object is whole or absent.

    def check_writable(self) -> None:
        """Raise `RequestError` if files here could be seen half-written."""
        if self.protocol.lower() not in WHOLE or self._chain:
            raise RequestError(
                f"{self} can't be written to: over {self.protocol}:// a file may be left "
                "half-written; give a local folder, or an object store (s3://, gs://, az://)"
            )

    def mkdir(self, parents: bool = True, exist_ok: bool = True) -> None:
        """Nothing: a folder is there once something lies in it."""

    def write_bytes(self, data: bytes | memoryview) -> None:
        """Put a file there."""
        with self._reaching("write"):
            self._fs.pipe_file(self._path, bytes(data))

    def create(self, data: bytes) -> bool:
        """Put a file there unless there is one: False then."""
        try:
            with self._reaching("write"):
                self._fs.pipe_file(self._path, data, mode="create")
        except FileExistsError:
            return False
        return True

    def upload(self, handle: IO[bytes]) -> None:
        """Put the content of a temporary file there."""
        size = handle.tell()
        handle.seek(0)
        if size <= _IN_MEMORY:
            self.write_bytes(handle.read())
            return
        with tempfile.NamedTemporaryFile() as named, self._reaching("write"):
            shutil.copyfileobj(handle, named, 1 << 24)
            named.flush()
            self._fs.put_file(named.name, self._path)

    def touch(self) -> None:
        """Put an empty file there."""
        self.write_bytes(b"")

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the file."""
        try:
            with self._reaching("delete"):
                self._fs.rm_file(self._path)
        except FileNotFoundError:
            if not missing_ok:
                raise

    def remove_tree(self) -> None:
        """Delete all files below it."""
        below = Remote(self.url)
        transfer.each((below / name for name in below.files()), lambda f: f.unlink(missing_ok=True))

    @contextmanager
    def _reaching(self, what: str) -> Iterator[None]:
        """Errors as `Path` raises them where it is about this file; `PlaceError` otherwise."""
        try:
            yield
        except (TenfoldError, MemoryError, FileExistsError):
            raise
        except Exception as error:
            told = " ".join(str(error).split()) or type(error).__name__
            if "bucket does not exist" in told:
                raise PlaceError(f"can't {what} {self}: the bucket doesn't exist") from error
            for kind, number in _PATH_ERRORS.items():
                if isinstance(error, kind) and not unreachable(error.__cause__):
                    raise kind(number, os.strerror(number), self.url) from error
            raise PlaceError(f"can't {what} {self}: {told}{cure(error)}") from error


_PATH_ERRORS: dict[type[OSError], int] = {
    FileNotFoundError: errno.ENOENT,
    IsADirectoryError: errno.EISDIR,
    NotADirectoryError: errno.ENOTDIR,
}


def _unpacked(url: str, frozen: str) -> Remote:
    return Remote(url, frozen=frozen)


def open_remote(url: str) -> Remote:
    """A `Remote` for what a person wrote; see `tenfold.places.place_of`."""
    first, sep, chain = url.partition("::")
    protocol, _, rest = first.partition("://")
    place = Remote(f"{protocol.lower()}://{rest.strip('/')}{sep}{chain}")
    if "cache" in place.protocol:
        raise RequestError(f"{url}: leave out {protocol}::; what is read twice is kept anyway")
    if not rest.strip("/") and not chain:
        raise RequestError(f"{url} names no bucket or host; give {protocol}://BUCKET/FOLDER")
    assert place._fs  # a missing package is told now
    return place._with(unquote(place._rest)) if place._quoted else place
