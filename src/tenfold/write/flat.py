"""Images with a table of labels, written: copies beside their parents, in files and in rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from tenfold.errors import RequestError
from tenfold.long_list import kept
from tenfold.places import Place
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.sources.flat import FlatSource, LabelTable
from tenfold.samples.tables import csv_chunks, parquet_bytes
from tenfold.write.atomic import write_bytes, write_chunks
from tenfold.write.images import copy_files, image_bytes, write_files
from tenfold.write.names import target_of
from tenfold.write.writer import Line, WriteOptions, Writer, Written


class FlatWriter(Writer):
    """Writes images and their tables.

    A copy's row is its parent's with another file: in the parent's manner, be that a path, a name
    or a name without suffix. Rows come in manifest order.
    """

    layout = "csv"

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        if not isinstance(source, FlatSource):
            raise RequestError(f"the csv writer needs a csv source, got {source.layout}")
        super().__init__(source, destination, options)
        self._flat = source

    def target(self, item: Item, copy: int) -> str:
        """The image's path."""
        return target_of(item.files[0], copy, self.options)

    def copy(self, item: Item) -> Written:
        """The image, byte for byte."""
        file = item.files[0]
        digests = copy_files(self.source.root, self.destination, [file])
        return Written(file, digests, self._record(item))

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The image, encoded like its parent."""
        target = self.target(item, copy)
        files = {target: image_bytes(target, sample, self.options)}
        return Written(target, write_files(self.destination, files), self._record(item))

    def _record(self, item: Item) -> dict[str, Any]:
        return {"table": item.extra["table"], "row": item.extra["row"]}

    def end_shard(self, shard: int) -> None:
        """Nothing is held back."""

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Write the tables."""
        rows = kept(self._rows(lines))
        written = {}
        for number, one in enumerate(self._flat.tables):
            own = ((row, cell) for table, row, cell in rows if table == number)
            target = self.destination / one.name
            if one.table.dialect is None:
                written[one.name] = write_bytes(target, parquet_bytes(one.table, own, one.file))
            else:
                written[one.name] = write_chunks(target, csv_chunks(one.table, _cells(one, own)))
        return written

    def _rows(self, lines: Iterable[Line]) -> Iterator[tuple[int, int, str]]:
        """For each output: its table, its parent's row, and what its file cell says."""
        for line in lines:
            table, row = line.written.record["table"], line.written.record["row"]
            one = self._flat.tables[table]
            parent = str(one.table.rows[row][one.file])
            cell = parent if line.copy == 0 else renamed(parent, line.item, line.written.file)
            yield table, row, cell


def renamed(cell: str, parent: str, file: str) -> str:
    """How a table that calls `parent` by `cell` calls another file in the same folder.

    Args:
        cell: a path, a name, or either without suffix.
        parent: the file that it means, relative to the dataset.
        file: another one.
    """
    folder = cell[: max(cell.rfind("/"), cell.rfind("\\")) + 1]
    last, name = cell[len(folder) :], PurePosixPath(file)
    with_suffix = last == PurePosixPath(parent).name
    return folder + (name.name if with_suffix else name.stem)


def _cells(one: LabelTable, rows: Iterable[tuple[int, str]]) -> Iterator[list[Any]]:
    for number, cell in rows:
        cells = list(one.table.rows[number])
        cells[one.file] = cell
        yield cells
