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

import threading
from collections import OrderedDict, deque
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

_LEAST = 1 << 16  # bytes; smaller arrays cost little
_MOST = 1 << 23  # bytes; larger ones would keep too much
_EACH = 4  # pieces for arrays of one shape that are kept
_FORMS = 4  # shapes


class _Memory(np.ndarray[Any, Any]):
    """What arrays are given out as views of."""


_Given = tuple[_Memory, ReferenceType[NDArray[Any]]]


class _Kept(threading.local):
    """What this thread gave out, by shape and dtype: memory, and the last array that was it."""

    def __init__(self) -> None:
        self.forms: OrderedDict[Any, deque[_Given]] = OrderedDict()


_kept = _Kept()


def room(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """An array of that shape and dtype with any content, in C order; as `np.empty`."""
    forms = _kept.forms
    given = forms.get((shape, dtype))
    if given is None:
        fresh: NDArray[Any] = np.empty(shape, dtype)
        if not _LEAST <= fresh.nbytes <= _MOST:
            return fresh
        given = forms[shape, dtype] = deque(maxlen=_EACH)
        if len(forms) > _FORMS:
            forms.popitem(last=False)
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
