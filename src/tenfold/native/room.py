"""Room for results: memory whose last user has let go is used again.

A fresh array of some hundred kilobytes costs the system as much time as a simple pass over its
pixels (its pages are cleared one by one), and is cold in the cache. So each thread keeps the last
few pieces of memory that it gave out, and gives one out again once nobody can see it: no array, no
view, no tensor. What is given out is a new array each time, a view of memory that nobody else
knows; whoever makes a view of that array keeps the array alive, since NumPy takes for a view's
`base` the first array of another type than its own, and memory is of one. A weak reference then
tells when it is gone. Counts of references wouldn't: what they count differs between interpreters.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

_LEAST = 1 << 16  # bytes; smaller arrays cost little
_MOST = 1 << 23  # bytes; larger ones would keep too much
_ALL = 1 << 24  # bytes of arrays of one shape that are kept, as far as these allow it:
_FEWEST, _MANY = 4, 16  # pieces
_FORMS = 4  # shapes


class _Memory(np.ndarray[Any, Any]):
    """What arrays are given out as views of."""


_Given = tuple[_Memory, ReferenceType[NDArray[Any]]]


class Room:
    """Gives out arrays, and their memory again once nobody sees them; for one thread.

    Args:
        least, most: bytes of an array between which its memory is kept.
        pieces: how many are kept for arrays of so many bytes.
    """

    def __init__(self, least: int, most: int, pieces: Callable[[int], int]) -> None:
        self._least, self._most, self._pieces = least, most, pieces
        # By shape and dtype: memory, and the last array that was it.
        self._forms: OrderedDict[Any, deque[_Given]] = OrderedDict()

    def __call__(self, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """An array of that shape and dtype with any content, in C order; as `np.empty`."""
        given = self._forms.get((shape, dtype))
        if given is None:
            fresh: NDArray[Any] = np.empty(shape, dtype)
            if not self._least <= fresh.nbytes <= self._most:
                return fresh
            given = self._forms[shape, dtype] = deque(maxlen=self._pieces(fresh.nbytes))
            if len(self._forms) > _FORMS:
                self._forms.popitem(last=False)
        # Taken out while it is looked at: a signal's handler may come by here meanwhile.
        for _ in range(len(given)):
            memory, last = given.popleft()
            if last() is None:
                break
            given.append((memory, last))
        else:
            memory = _Memory(shape, dtype)
        array = memory.view(np.ndarray)
        given.append((memory, ref(array)))
        return array


def _some(size: int) -> int:
    """A few images may be read before the first of them is made."""
    return max(_FEWEST, min(_ALL // size, _MANY))


class _Own(threading.local):
    """Each thread's."""

    def __init__(self) -> None:
        self.room = Room(_LEAST, _MOST, _some)


_own = _Own()


def room(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """An array of that shape and dtype with any content, from this thread's room."""
    return _own.room(shape, dtype)


def large_room(pieces: int) -> Room:
    """A room for arrays of any size, of which it keeps so many.

    For whoever needs the like again and again, and gives the room up when that is over.
    """
    return Room(_LEAST, sys.maxsize, lambda _: pieces)
