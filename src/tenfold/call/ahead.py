"""Work done ahead by threads, its results in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

_NAME = "tenfold-loader"


class Task(Protocol):
    """Something made in parts."""

    @property
    def parts(self) -> int:
        """How many, from 1."""

    def run(self, part: int, stopped: Callable[[], bool]) -> None:
        """Do a part; give up soon where `stopped()`."""


T = TypeVar("T", bound=Task)


def ahead(tasks: Iterable[T], threads: int, most: int) -> Iterator[T]:
    """Tasks in order, each when it is done.

    The threads end with the iterator: after the last task, when it is closed (as `break` in a
    loop closes it), or with the first error, which is raised where the task was due.

    Args:
        tasks: taken up as there is room for them.
        threads: that share their parts; 0 does them in this thread, when they are asked for.
        most: tasks that are done, or being done, while one is in use.
    """
    if not threads:
        for task in tasks:
            for part in range(task.parts):
                task.run(part, _never)
            yield task
        return
    stop = threading.Event()
    pool = ThreadPoolExecutor(threads, _NAME)
    begun: deque[tuple[T, list[Future[Any]]]] = deque()
    try:
        for task in tasks:
            parts = [pool.submit(task.run, part, stop.is_set) for part in range(task.parts)]
            begun.append((task, parts))
            if len(begun) > most:
                yield _done(begun.popleft())
        while begun:
            yield _done(begun.popleft())
    finally:
        stop.set()
        # An iterator that was merely forgotten may be closed by the garbage collector in one of
        # its own threads, which can't wait for itself.
        ours = threading.current_thread().name.startswith(_NAME)
        pool.shutdown(wait=not ours, cancel_futures=True)


def _done(begun: tuple[T, list[Future[Any]]]) -> T:
    task, parts = begun
    for part in parts:
        part.result()
    return task


def _never() -> bool:
    return False
