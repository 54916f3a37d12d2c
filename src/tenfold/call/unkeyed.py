"""Which copy a call without a key makes: numbers distinct in every process, worker and epoch."""

from __future__ import annotations

import itertools
import os
import secrets
import sys
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.declare.recipe import Recipe
from tenfold.plan.drawing import Drawing
from tenfold.rng import Key, draws_of_words

AHEAD = 256
"""Copies drawn together: drawing many costs hardly more than drawing one."""


class Calls:
    """What calls without a key draw.

    Where it was made, the calls simply count: the n-th is `numbered(seed, n)`. In a torch
    worker the numbers are joined with the worker's seed, which torch draws anew for each epoch
    from its own generator; in any other process (forked, or sent there) with random bits. So
    no two of them ever repeat each other.

    Safe in threads and through fork; a copy sent through pickle counts anew, with random bits.

    Args:
        seed: of the pipeline.
        recipe: what is drawn for.
    """

    _drawn: tuple[int, Drawing] | None

    def __init__(self, seed: int, recipe: Recipe) -> None:
        self._seed, self._recipe = seed, recipe
        self._begin(_here(), "")

    def next(self) -> tuple[Drawing, int]:
        """What the next call draws: a drawing, and which of its copies."""
        self._arrive()
        # Each statement below is one step for other threads; two that find no drawing make two
        # equal ones.
        number, k = divmod(next(self._count), AHEAD)
        drawn = self._drawn
        if drawn is None or drawn[0] != number:
            first = number * AHEAD
            drawn = number, self._draw(np.arange(first, first + AHEAD))
            self._drawn = drawn
        return drawn[1], k

    def many(self, count: int) -> Drawing:
        """What the next `count` calls draw, together."""
        self._arrive()
        numbers = np.array([next(self._count) for _ in range(count)], dtype=np.uint64)
        return self._draw(numbers)

    def _arrive(self) -> None:
        here = _here()
        if here != self._place:
            self._begin(here, _word(here))

    def _begin(self, place: tuple[int, int | None], word: str) -> None:
        self._place, self._word, self._count = place, word, itertools.count()
        self._drawn = None

    def _draw(self, numbers: NDArray[Any]) -> Drawing:
        key = numbered(self._seed, 0, self._word)
        words = np.tile(np.array(key.words(), dtype=np.uint32), (len(numbers), 1))
        names = self._recipe.op_names()
        drawn = draws_of_words(words, numbers.astype(np.uint32), names)
        return Drawing.from_draws(self._recipe, drawn, len(numbers))

    def __getstate__(self) -> dict[str, Any]:
        return {"_seed": self._seed, "_recipe": self._recipe}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin((-1, None), "")


def numbered(seed: int, number: int, word: str = "") -> Key:
    """The key of a call that has a number; any whole number.

    Args:
        seed: of the pipeline.
        number: of the call.
        word: of the process, "" in the one that made the pipeline.
    """
    if 0 <= number < 2**32:
        return Key(seed, f"{word}#", number)
    return Key(seed, f"{word}#{number}", 0)


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
