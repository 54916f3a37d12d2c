"""Files on their way: several at a time, as a store answers late but many at once."""

from __future__ import annotations

import atexit
import hashlib
import os
import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

WINDOW = 16
"""Files under way at a time."""

_KEPT_FILES, _KEPT_BYTES = 256, 1 << 27
_WAITING_BYTES = 1 << 28
_EACH = 1024
_T = TypeVar("_T")


@lru_cache(maxsize=1)
def _pool_of(_process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WINDOW, thread_name_prefix="tenfold-transfer")


def _pool() -> ThreadPoolExecutor:
    return _pool_of(os.getpid())  # a forked process has none of the threads


# Reading: what was read lately, or is being read, of places that don't change.

_Key = tuple[str, str]
_lock = threading.Lock()
_kept: OrderedDict[tuple[int, str, str], Future[bytes | None]] = OrderedDict()


def fetch(key: _Key, load: Callable[[], bytes | None]) -> None:
    """Begin to load a file, unless that was begun already; None from `load` if it shouldn't be."""
    with _lock:
        if (os.getpid(), *key) not in _kept:
            _kept[os.getpid(), *key] = _pool().submit(load)
            _forget()


def keep(key: _Key, data: bytes) -> None:
    """Remember a file's content for a while."""
    future: Future[bytes | None] = Future()
    future.set_result(data)
    with _lock:
        _kept[os.getpid(), *key] = future
        _forget()


def take(key: _Key) -> bytes | None:
    """A file's content if it is remembered or on its way; None if it must be loaded."""
    with _lock:
        future = _kept.get((os.getpid(), *key))
        if future is None:
            return None
        _kept.move_to_end((os.getpid(), *key))
    try:
        found = future.result()
    except Exception:  # whoever loads it now will be told why
        found = None
    if found is None:
        with _lock:
            _kept.pop((os.getpid(), *key), None)
    return found


def _forget() -> None:
    """Drop what was used least lately."""
    done = [(k, f) for k, f in _kept.items() if f.done() and f.exception() is None]
    total, number = sum(len(f.result() or b"") for _, f in done), len(_kept)
    for key, future in done:
        if number <= _KEPT_FILES and total <= _KEPT_BYTES:
            return
        del _kept[key]
        total, number = total - len(future.result() or b""), number - 1


# Writing.


class Uploads:
    """Files that are being written in the background."""

    def __init__(self) -> None:
        self._pending: deque[tuple[int, Future[None]]] = deque()
        self._bytes = 0

    def add(self, size: int, write: Callable[[], None]) -> None:
        """Begin a write; waits for earlier ones while there is too much under way.

        Raises:
            Exception: what an earlier write ended with.
        """
        while len(self._pending) >= 2 * WINDOW or (self._pending and self._bytes > _WAITING_BYTES):
            self._await_first()
        self._pending.append((size, _pool().submit(write)))
        self._bytes += size

    def settle(self) -> None:
        """Wait until all is written; raises what a write ended with."""
        while self._pending:
            self._await_first()

    def abandon(self) -> None:
        """Wait until nothing is under way any more, whatever came of it."""
        while self._pending:
            with suppress(Exception):
                self._await_first()

    def _await_first(self) -> None:
        size, future = self._pending.popleft()
        self._bytes -= size
        future.result()


uploads = Uploads()
"""Those of this process."""


def each(things: Iterable[_T], do: Callable[[_T], object]) -> None:
    """Do something with each thing, several at a time; raises what the first to fail raised."""
    rest = iter(things)
    while some := list(islice(rest, _EACH)):
        for future in [_pool().submit(do, thing) for thing in some]:
            future.result()


# Files that must be local for a while.

_COPIES = "TENFOLD_COPIES"


def _folder() -> Path:
    """Where copies lie; worker processes share their parent's."""
    if _COPIES not in os.environ or not Path(os.environ[_COPIES]).is_dir():
        folder, owner = tempfile.mkdtemp(prefix="tenfold-copies-"), os.getpid()
        os.environ[_COPIES] = folder
        atexit.register(_remove, folder, owner)
    return Path(os.environ[_COPIES])


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # and not in a process forked from it
        shutil.rmtree(folder, ignore_errors=True)


def local_copy(version: str, name: str, download: Callable[[Path], None]) -> Path:
    """A copy of a file in a temporary folder, made once.

    Args:
        version: a name of the file as it is now.
        name: of the copy.
        download: puts the content into a file.
    """
    folder = _folder() / hashlib.sha256(version.encode()).hexdigest()[:16]
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        whole = folder / f"{secrets.token_hex(8)}.part"
        download(whole)
        whole.replace(path)
    return path
