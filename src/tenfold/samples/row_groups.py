"""Parquet files at random: one row at a time, with bounded memory.

A process keeps one row group: unpacked where it is small, otherwise as a stream of batches that
goes on from the row read last (workers read rows in order), and starts again for an earlier one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from tenfold.errors import MissingExtraError, RequestError, SampleError
from tenfold.places import Place

SMALL = 1 << 28
"""Bytes of a row group (unpacked, all columns) that is kept as a whole."""
_BATCH = 16
"""Rows of a batch where it is streamed."""


def pyarrow() -> tuple[Any, Any]:
    """The modules `pyarrow` and `pyarrow.parquet`.

    Raises:
        MissingExtraError: it isn't installed.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("Parquet", "parquet") from None
    return arrow, parquet


@contextmanager
def opened(path: Place) -> Iterator[Any]:
    """A `pyarrow.parquet.ParquetFile`.

    Raises:
        RequestError: it isn't Parquet, or is damaged, also where that shows while it is read.
    """
    arrow, parquet = pyarrow()
    try:
        with path.open("rb") as handle:
            yield parquet.ParquetFile(handle)
    except (arrow.ArrowException, ValueError) as error:
        raise RequestError(f"{path} is damaged or not Parquet: {error}") from None
    except OSError as error:
        raise RequestError(f"{path} can't be read: {error.strerror or error}") from error


class RowReader:
    """Reads single rows. Picklable (without what it holds); safe with threads and forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: tuple[int, Place, IO[bytes], Any] | None = None
        self._group: _Group | None = None

    def __del__(self) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[RowReader], tuple[()]]:
        return RowReader, ()

    def row(self, path: Place, group: int, index: int) -> Any:
        """One row as a `pyarrow.Table`.

        Args:
            path: of the file.
            group: number of the row group.
            index: of the row in it.

        Raises:
            SampleError: it can't be read.
        """
        arrow, parquet = pyarrow()
        with self._lock:
            try:
                if self._open is None or self._open[:2] != (os.getpid(), path):
                    self.close()
                    handle = path.open("rb")
                    self._open = os.getpid(), path, handle, parquet.ParquetFile(handle)
                if self._group is None or self._group.number != group:
                    self._group = _Group(self._open[3], group)
                return self._group.row(index)
            except (arrow.ArrowException, ValueError, OSError, IndexError) as error:
                self.close()
                raise SampleError(
                    f"{path.name}, row group {group}: {error}; was the file changed, or damaged?"
                ) from error

    def close(self) -> None:
        """Let go of what is held."""
        if self._open is not None and self._open[0] == os.getpid():
            self._open[2].close()
        self._open = self._group = None


class _Group:
    """A row group, whole or as a stream."""

    def __init__(self, file: Any, number: int) -> None:
        self.file, self.number = file, number
        self._whole = None
        if file.metadata.row_group(number).total_byte_size <= SMALL:
            self._whole = file.read_row_group(number)
        self._batches: Iterator[Any] = iter(())
        self._first = 0
        self._batch: Any = None

    def row(self, index: int) -> Any:
        if self._whole is not None:
            if index >= self._whole.num_rows:
                raise IndexError(f"no row {index}")
            return self._whole.slice(index, 1)
        if self._batch is None or index < self._first:
            self._batches = self.file.iter_batches(_BATCH, row_groups=[self.number])
            self._first, self._batch = 0, next(self._batches)
        while index >= self._first + self._batch.num_rows:
            self._first += self._batch.num_rows
            self._batch = next(self._batches, None)
            if self._batch is None:
                raise IndexError(f"no row {index}")
        arrow, _ = pyarrow()
        return arrow.Table.from_batches([self._batch.slice(index - self._first, 1)])
