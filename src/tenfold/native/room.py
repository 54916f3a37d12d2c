"""Room for results: arrays whose last user has let go are used again.

A fresh array of some hundred kilobytes costs the system as much time as a simple pass over its
pixels (its pages are cleared one by one), and is cold in the cache. So each thread keeps the last
few that it gave out, and gives one out again once nothing else refers to it: no view, no tensor, no
list. That is what reference counts tell; where the interpreter has none that could be trusted
(without its global lock), every array is a fresh one.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEAST = 1 << 16  # bytes; smaller arrays cost little
_MOST = 1 << 23  # bytes; larger ones would keep too much
_EACH = 4  # arrays of one shape that are kept
_FORMS = 4  # shapes
_UNUSED = 3  # references: the list's, the loop's, and the question's

_TRUSTED = getattr(sys, "_is_gil_enabled", lambda: True)() and hasattr(sys, "getrefcount")


class _Kept(threading.local):
    """What this thread gave out, by shape and dtype."""

    def __init__(self) -> None:
        self.forms: OrderedDict[Any, list[NDArray[Any]]] = OrderedDict()


_kept = _Kept()


def room(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """An array of that shape and dtype with any content, in C order; as `np.empty`."""
    forms = _kept.forms
    arrays = forms.get((shape, dtype))
    if arrays is None:
        fresh: NDArray[Any] = np.empty(shape, dtype)
        if _TRUSTED and _LEAST <= fresh.nbytes <= _MOST:
            forms[shape, dtype] = [fresh]
            if len(forms) > _FORMS:
                forms.popitem(last=False)
        return fresh
    for array in arrays:
        if sys.getrefcount(array) == _UNUSED:
            return array
    fresh = np.empty(shape, dtype)
    arrays.append(fresh)
    if len(arrays) > _EACH:
        del arrays[0]
    return fresh
