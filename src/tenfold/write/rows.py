"""Rows of Parquet files, written: the same bytes for the same rows and version of pyarrow.

Row groups hold up to 100 rows, or as many as 32 MiB hold, without dictionaries and statistics.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tenfold.errors import RequestError, SampleError
from tenfold.samples.row_groups import RowReader, opened, pyarrow
from tenfold.samples.source import Item
from tenfold.samples.sources.packed import image_suffix
from tenfold.samples.sources.parquet_columns import file_bytes, file_path
from tenfold.write.packed import Fields, PackedWriter
from tenfold.write.writer import Written

_ROWS, _BYTES = 100, 1 << 25
_ROW = "row"


class RowWriter(PackedWriter):
    """Files `train-00017-of-00064.parquet`; what is held of an output is its row.

    Attributes:
        schema: of all files, a `pyarrow.Schema`.
        compression: of all columns.
    """

    layout = "parquet"
    libraries = ("pyarrow",)
    compression = "snappy"
    schema: Any

    def file_name(self, split: str, number: int, count: int) -> str:
        """`train-00017-of-00064.parquet`."""
        return f"{split}-{number:05d}-of-{count:05d}.parquet"

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {**state, "schema": self.schema.serialize().to_pybytes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        arrow, _ = pyarrow()
        schema = arrow.ipc.read_schema(arrow.py_buffer(state["schema"]))
        self.__dict__.update({**state, "schema": schema})

    def hold_row(self, item: Item, copy: int, row: Any) -> Written:
        """Keep a row, a `pyarrow.Table`."""
        batch = row.combine_chunks().to_batches()[0]
        return self.hold(item, copy, [(_ROW, batch.serialize().to_pybytes())])

    def packed(self, rows: Iterator[tuple[str, Fields]]) -> Iterator[bytes]:
        """The file's content."""
        arrow, parquet = pyarrow()
        sink = _Sink()
        with parquet.ParquetWriter(
            sink, self.schema, compression=self.compression, use_dictionary=False,
            write_statistics=False,
        ) as writer:  # fmt: skip
            pending: list[Any] = []
            size = 0
            for _, fields in rows:
                pending.append(self._row(fields))
                size += len(fields[0][1])
                if len(pending) >= _ROWS or size >= _BYTES:
                    writer.write_table(_joined(arrow, pending), row_group_size=_ROWS)
                    pending, size = [], 0
                    yield sink.taken()
            if pending:
                writer.write_table(_joined(arrow, pending), row_group_size=_ROWS)
                yield sink.taken()
        yield sink.taken()

    def _row(self, fields: Fields) -> Any:
        arrow, _ = pyarrow()
        batch = arrow.ipc.read_record_batch(arrow.py_buffer(fields[0][1]), self.schema)
        return arrow.Table.from_batches([batch])

    def fields_hash(self, fields: Fields) -> str:
        """SHA-256 (hex) of a row's values."""
        return row_hash(self._row(fields))

    def stored_hash(self, file: str, key: str, number: int) -> str:
        """See `PackedWriter.stored_hash`."""
        path = self.destination / file
        try:
            with opened(path) as found:
                ends = [found.metadata.row_group(g).num_rows for g in range(found.num_row_groups)]
        except RequestError as error:
            raise SampleError(str(error)) from None
        group = 0
        while group < len(ends) and number >= ends[group]:
            number, group = number - ends[group], group + 1
        if group == len(ends):
            raise SampleError(f"{file} has no row for {key}")
        reader = RowReader()
        try:
            return row_hash(reader.row(path, group, number))
        finally:
            reader.close()

    def loose(self, key: str, fields: Fields) -> Mapping[str, bytes]:
        """The row's files, each as a file."""
        files = {}
        for column, cell in self._row(fields).to_pylist()[0].items():
            data = file_bytes(cell)
            if data is not None:
                suffix = image_suffix(file_path(cell) or "") or "bin"
                files[f"{key}.{column}.{suffix}"] = data
        return files


def row_hash(row: Any) -> str:
    """SHA-256 (hex) of the values of a `pyarrow.Table` of one row."""
    text = json.dumps(row.to_pylist()[0], default=_told, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _told(value: Any) -> str:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else repr(value)


def _joined(arrow: Any, rows: list[Any]) -> Any:
    return arrow.concat_tables(rows).combine_chunks()


class _Sink(io.RawIOBase):
    """Takes what is written to it, until it is taken away."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        chunk = bytes(data)
        self._chunks.append(chunk)
        self._at += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        return self._at

    def taken(self) -> bytes:
        found, self._chunks = b"".join(self._chunks), []
        return found
