"""The results of a batch as one array, written to by several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tenfold.call.finish import Place
from tenfold.errors import RequestError
from tenfold.samples.sample import Array

Empty = Callable[[tuple[int, ...], np.dtype[Any]], Array]
"""Makes an array of a shape and dtype, whatever it holds: `numpy.empty`."""


class Stack:
    """An array (N, ...) that is made when its first row is known.

    Args:
        count: N.
        empty: makes the array.

    Attributes:
        array: what is there so far; None before the first row.
    """

    def __init__(self, count: int, empty: Empty = np.empty) -> None:
        self._count, self._empty = count, empty
        self._lock = threading.Lock()
        self.array: Array | None = None

    def row(self, k: int) -> Place:
        """Gives row k to write to.

        Raises:
            RequestError: when called, if the rows are of several shapes or dtypes.
        """
        return partial(self._row, k)

    def fill(self, first: int, rows: Array) -> None:
        """Write rows from `first` on.

        Raises:
            RequestError: the rows are of several shapes or dtypes.
        """
        self._row(first, rows.shape[1:], rows.dtype)
        assert self.array is not None
        self.array[first : first + len(rows)] = rows

    def _row(self, k: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        array = self.array
        if array is None:
            with self._lock:
                array = self.array
                if array is None:
                    array = self.array = self._empty((self._count, *shape), dtype)
        if array.shape[1:] != shape:
            raise RequestError(
                f"images come out in different sizes, {_said(array.shape[1:])} and "
                f"{_said(shape)}, and a batch has one; put Crop(height=224, width=224) into the "
                "recipe, or give images of one size and a recipe without quarter turns"
            )
        if array.dtype != dtype:
            raise RequestError(
                f"images are of several dtypes, {array.dtype} and {dtype}, and a batch has one; "
                "normalize= makes all of them float32"
            )
        out: Array = array[k]
        return out


def _said(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
