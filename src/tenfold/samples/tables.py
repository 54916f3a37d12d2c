"""Tables of labels, CSV or Parquet: read, and written again with other rows in the same form."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any

from tenfold.errors import MissingExtraError, RequestError
from tenfold.long_list import kept
from tenfold.places import Place, local_copy

SUFFIXES = (".csv", ".tsv", ".parquet")
_DELIMITERS = ",;\t|"
_BATCH = 1 << 16
_ROWS = 4096
_IsHeader = Callable[[Sequence[str]], bool]


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is spelled.

    Attributes:
        delimiter: between cells.
        newline: at the end of a row.
        bom: it starts with a byte order mark, as Excel writes it.
        header: its first row names the columns.
        quote_all: every cell is in quotes.
    """

    delimiter: str = ","
    newline: str = "\n"
    bom: bool = False
    header: bool = True
    quote_all: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        path: of its file.
        columns: their names; "0", "1"... for a CSV without header.
        rows: cells by row; texts for CSV, Python values for Parquet.
        dialect: for CSV, else None.
    """

    path: Place
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    dialect: Dialect | None


def read_table(path: Place, is_header: _IsHeader | None = None) -> Table:
    """Read a table.

    Args:
        path: a `.csv`, `.tsv` or `.parquet` file.
        is_header: told the first row of a CSV, says whether it names the columns; None: it does.

    Raises:
        RequestError: it can't be read; with the line where there is one.
        MissingExtraError: Parquet without pyarrow.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return _read_parquet(path)
        with path.open("rb") as file:
            bom = file.read(3) == b"\xef\xbb\xbf"
            file.seek(3 if bom else 0)
            with io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="") as text:
                return _read_csv(path, text, bom, is_header)
    except OSError as error:
        raise RequestError(f"{path} can't be read: {error.strerror or error}") from None


def _read_csv(path: Place, text: IO[str], bom: bool, is_header: _IsHeader | None) -> Table:
    endings: set[str] = set()

    def lines() -> Iterator[str]:
        for line in text:
            if "\0" in line:
                raise RequestError(
                    f"{path} is not a text table (it has NUL bytes); save it as UTF-8 CSV"
                )
            endings.add(line[-2:])
            yield line

    told = lines()
    line = next(told, "")
    first = line.rstrip("\r\n")
    counts = {d: first.count(d) for d in _DELIMITERS}
    delimiter = max(counts, key=lambda d: counts[d]) if any(counts.values()) else ","
    reader = csv.reader(chain([line], told), delimiter=delimiter, strict=True)

    def cells_of_rows() -> Iterator[tuple[str, ...]]:
        width = 0
        for cells in reader:
            width = width or len(cells)
            if cells and len(cells) != width:
                raise RequestError(
                    f"{path}, line {reader.line_num}: {len(cells)} cells, the first row has "
                    f"{width}; put cells that contain {delimiter!r} in quotes"
                )
            if cells:
                yield tuple(cells)

    rows = cells_of_rows()
    header, top = True, tuple[str, ...]()
    try:
        if (row := next(rows, None)) is not None:
            top, header = row, is_header is None or is_header(row)
        below = kept(rows if header else chain([top], rows))
    except csv.Error as error:
        raise RequestError(f"{path}, line {reader.line_num}: {error}; correct the quotes") from None
    newline = "\r\n" if "\r\n" in endings else "\n"
    quotes = _all_quoted(first, top, delimiter)
    columns = top if header else tuple(str(i) for i in range(len(top)))
    return Table(path, columns, below, Dialect(delimiter, newline, bom, header, quotes))


def _all_quoted(line: str, cells: Sequence[str], delimiter: str) -> bool:
    return bool(cells) and line == delimiter.join('"' + c.replace('"', '""') + '"' for c in cells)


def csv_chunks(table: Table, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A CSV file with the table's columns and dialect, and other rows."""
    dialect = table.dialect or Dialect()
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=dialect.delimiter,
        lineterminator=dialect.newline,
        quoting=csv.QUOTE_ALL if dialect.quote_all else csv.QUOTE_MINIMAL,
    )
    if dialect.bom:
        yield b"\xef\xbb\xbf"
    if dialect.header:
        writer.writerow(table.columns)
    for row in rows:
        writer.writerow(row)
        if out.tell() > 1 << 20:
            yield out.getvalue().encode("utf-8", "surrogateescape")
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode("utf-8", "surrogateescape")


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("reading Parquet tables", "parquet") from None
    return pyarrow, pyarrow.parquet


def _read_parquet(path: Place) -> Table:
    arrow, parquet = _pyarrow()
    try:
        with parquet.ParquetFile(local_copy(path)) as file:
            names = tuple(file.schema_arrow.names)
            parts = file.iter_batches(_ROWS) if names else ()
            columns = ([column.to_pylist() for column in part.columns] for part in parts)
            rows = kept(chain.from_iterable(zip(*part, strict=True) for part in columns))
    except (arrow.ArrowException, ValueError) as error:
        raise RequestError(f"{path} is damaged or not Parquet: {error}") from None
    return Table(path, names, rows, None)


def parquet_bytes(table: Table, rows: Iterable[tuple[int, str]], column: int) -> bytes:
    """A Parquet file with the table's schema, metadata and compression, and rows taken from it.

    Args:
        table: as read.
        rows: number of the row to repeat, and what its file cell says.
        column: the file cell's column.
    """
    arrow, parquet = _pyarrow()
    source = parquet.read_table(local_copy(table.path))
    schema = source.schema
    compression = _compression(parquet, table.path)
    out = io.BytesIO()
    with parquet.ParquetWriter(out, schema, compression=compression) as writer:
        pending: list[tuple[int, str]] = []

        def flush() -> None:
            if pending:
                part = source.take([i for i, _ in pending])
                cells = arrow.array([cell for _, cell in pending], schema.field(column).type)
                part = part.set_column(column, schema.field(column), cells)
                writer.write_table(part.cast(schema))
                pending.clear()

        for row in rows:
            pending.append(row)
            if len(pending) >= _BATCH:
                flush()
        flush()
    return out.getvalue()


def _compression(parquet: Any, path: Place) -> str:
    meta = parquet.read_metadata(local_copy(path))
    if meta.num_row_groups and meta.num_columns:
        return str(meta.row_group(0).column(0).compression).replace("UNCOMPRESSED", "none").lower()
    return "snappy"
