"""Which copy a call without a key makes: numbers distinct in every process, worker and epoch."""

from __future__ import annotations

import os
import secrets
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import cv2

from tenfold.plan.plan import History
from tenfold.rng import Key

_AHEAD = 32  # histories drawn in one call: drawing many costs hardly more than drawing one

Draw = Callable[[Sequence[Key]], list[History]]


class Calls:
    """Histories for calls without a key.

    Where it was made, the calls simply count: the n-th is `Key(seed, f"#{n}", 0)`. In a torch
    worker the numbers are joined with the worker's seed, which torch draws anew for each epoch
    from its own generator; in any other process (forked, or sent there) with random bits. So
    no two of them ever repeat each other.

    Safe in threads and through fork; a copy sent through pickle counts anew, with random bits.

    Args:
        seed: of the pipeline.
        draw: a plan's `draw`.
    """

    def __init__(self, seed: int, draw: Draw) -> None:
        self._seed, self._draw = seed, draw
        self._begin(_here(), "")

    def next(self) -> History:
        """What the next call draws."""
        here = _here()
        if here != self._place:  # before any lock: after a fork, nobody would open it
            self._begin(here, _word(here))
        try:
            return self._ready.popleft()
        except IndexError:
            return self._refilled()

    def _begin(self, place: tuple[int, int | None], word: str) -> None:
        self._place, self._word, self._count = place, word, 0
        self._ready: deque[History] = deque()
        self._lock = threading.Lock()

    def _refilled(self) -> History:
        with self._lock:
            if self._ready:  # another thread was here first
                return self._ready.popleft()
            first = self._count
            self._count += _AHEAD
            keys = [Key(self._seed, f"{self._word}#{first + i}", 0) for i in range(_AHEAD)]
            mine, *others = self._draw(keys)
            self._ready.extend(others)
            return mine

    def __getstate__(self) -> dict[str, Any]:
        return {"_seed": self._seed, "_draw": self._draw}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin((-1, None), "")


def torch_worker() -> int | None:
    """The seed of the torch worker that this process is, or None.

    Another one in each worker and, as workers start anew, in each epoch.
    """
    torch_data = sys.modules.get("torch.utils.data")
    info = torch_data.get_worker_info() if torch_data is not None else None
    return None if info is None else int(info.seed)


def one_thread_in_workers() -> None:
    """OpenCV on one thread in a torch worker, as torch itself there: processes do the sharing."""
    if torch_worker() is not None and cv2.getNumThreads() > 1:
        # 0 is "no threads at all". 1 would first wait for the end of the threads that OpenCV
        # had before a fork, and those aren't there any more: it would wait for ever.
        cv2.setNumThreads(0)


def _here() -> tuple[int, int | None]:
    return os.getpid(), torch_worker()


def _word(place: tuple[int, int | None]) -> str:
    one_thread_in_workers()
    return f"worker {place[1]} " if place[1] is not None else f"{secrets.token_hex(8)} "
