"""Images with a table of labels beside them: CSV, TSV or Parquet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, takewhile
from pathlib import PurePosixPath
from typing import Any, ClassVar

from tenfold.errors import MissingExtraError, RequestError, did_you_mean
from tenfold.long_list import holds, kept, kept_sorted, without
from tenfold.places import Place
from tenfold.samples.codec import decode_image
from tenfold.samples.sample import Label, Sample
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.samples.tables import SUFFIXES, Table, read_table
from tenfold.samples.upright import sample_of
from tenfold.samples.walk import (
    Listing,
    canonical_split,
    is_image,
    list_files,
    safe_join,
    unnamed,
)

FILE_COLUMNS = (
    "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "image_name",
    "image_file", "img", "img_path", "path", "name", "image_id", "id",
)  # fmt: skip
LABEL_COLUMNS = (
    "label", "labels", "class", "class_name", "classname", "category", "target", "diagnosis", "y",
    "dx", "finding", "findings", "finding_labels", "grade", "level", "species", "breed", "type",
)  # fmt: skip
SPLIT_COLUMNS = ("split", "subset", "set", "partition")
_TRIED = 50
"""Rows looked at to tell which column names the files."""
_Pair = tuple[str, str]


@dataclass(frozen=True)
class LabelTable:
    """A table and what its columns mean.

    Attributes:
        name: path relative to the root.
        table: all of it.
        file, label, split: numbers of the columns; None where there is none.
        from_name: the split that the table's own name tells (`train.csv`), or None.
    """

    name: str
    table: Table
    file: int
    label: int | None
    split: int | None
    from_name: str | None


@dataclass(frozen=True, eq=False)
class FlatSource(Source):
    """Images named by the rows of a table at the dataset's top.

    A row names its image by its path, its name, or its name without suffix (`id`). Several tables
    are taken where their names are splits (`train.csv`, `test.csv`); the split may also be a
    column. The labels' column is the one that was named, else the first of `LABEL_COLUMNS`, else
    the only one left; where there is none, the images are unlabelled. That is noted
    (`DatasetInfo.notes`), as are images that no row names, which are not part of the dataset.
    Other columns are kept, and repeated for copies. `Item.extra` has the table's number and the
    row.
    """

    layout: ClassVar[str] = "csv"

    root: Place
    items: Sequence[Item]
    info: DatasetInfo
    tables: tuple[LabelTable, ...]
    problems: tuple[Quarantined, ...] = field(default=())
    max_pixels: int = MAX_PIXELS
    label_column: str | None = None

    @classmethod
    def detect(cls, root: Place) -> bool:
        """A table at the top names images that are there."""
        if not root.is_dir():
            return False
        listing = list_files(root)
        if not any(is_image(f) for f in listing.files):
            return False
        finder = _Finder(root, listing)
        for name in _table_files(listing):
            try:
                if _understood(root, name, finder, None) is not None:
                    return True
            except MissingExtraError:
                if _plausible(name):
                    return True
            except RequestError:  # a table of something else, or a broken one: `open` will say
                if _plausible(name):
                    return True
        return False

    @classmethod
    def open(
        cls, root: Place, max_pixels: int = MAX_PIXELS, label_column: str | None = None
    ) -> FlatSource:
        """Read the tables and find the images; no pixels are read.

        Args:
            root, max_pixels: see `Source.open`.
            label_column: name of the column of labels, where it can't be told.

        Raises:
            RequestError: no such column, no usable table; with the cure.
        """
        root = root.absolute()
        if not root.is_dir():
            raise RequestError(f"{root} is not a folder; give the folder of images and table")
        listing = list_files(root)
        finder = _Finder(root, listing)
        tables = _choose(root, _table_files(listing), finder, label_column)
        problems = list(listing.problems)
        finder.unsure.clear()  # tables were tried with it
        rows = (_list_rows(n, table, finder, problems) for n, table in enumerate(tables))
        ordered = kept_sorted(chain.from_iterable(rows), key=lambda item: item.id)
        items = kept(_first_of_each(ordered, tables, problems))
        classes = tuple(sorted({str(i.label) for i in items if i.label is not None}))
        return cls(
            root,
            items,
            DatasetInfo(classes, notes=_notes(tables, items, finder)),
            tables,
            tuple(sorted(problems, key=lambda p: p.id)),
            max_pixels,
            label_column,
        )

    def read(self, item: Item) -> Sample:
        """Decode the image."""
        decoded = decode_image(self.root / item.files[0], self.max_pixels)
        return sample_of(item.id, decoded, label=item.label)


class _Finder:
    """Which image a cell means; `unsure` are those that a row may have meant and doesn't get."""

    def __init__(self, root: Place, listing: Listing) -> None:
        self.root, self.files = root, listing.files
        self.unsure: set[str] = set()

    def images(self) -> Iterator[str]:
        """All images, sorted."""
        return filter(is_image, self.files)

    @cached_property
    def _by_name(self) -> Sequence[_Pair]:
        """Names, with and without suffix, and the images that have them."""
        named = ((n, f) for f in self.images() for n in {PurePosixPath(f).name, _stem(f)})
        return kept_sorted(named, key=tuple)

    def _named(self, name: str) -> list[str]:
        """The images of a name; if there are none, those that have it before their suffix."""
        start = bisect_left(self._by_name, (name, ""))
        found = list(takewhile(lambda pair: pair[0] == name, _from(self._by_name, start)))
        return [f for _, f in found if PurePosixPath(f).name == name] or [f for _, f in found]

    def find(self, cell: str, split: str | None) -> tuple[str | None, str]:
        """The image's path, or None and why there is none."""
        relative = safe_join(self.root, cell.replace("\\", "/"))
        if relative is None:
            return None, f"'{cell}' isn't a path inside the dataset; name a file in it"
        if is_image(relative) and holds(self.files, relative):
            return relative, ""
        named = self._named(PurePosixPath(relative).name)
        fits = [f for f in named if f.endswith("/" + relative) or _without_suffix(f, relative)]
        if len(fits) > 1 and split is not None:
            fits = [f for f in fits if split in map(canonical_split, f.split("/")[:-1])] or fits
        if len(fits) == 1:
            return fits[0], ""
        if fits:
            self.unsure.update(fits)
            return None, f"it could be {' or '.join(fits[:3])}; give the path in the table"
        return None, "its image is missing; put it there or take the row out"


def _stem(file: str) -> str:
    return PurePosixPath(file).stem


def _from(pairs: Sequence[_Pair], start: int) -> Iterator[_Pair]:
    return (pairs[i] for i in range(start, len(pairs)))


def _without_suffix(file: str, relative: str) -> bool:
    bare = PurePosixPath(file).with_suffix("").as_posix()
    return bare == relative or bare.endswith("/" + relative)


def _table_files(listing: Listing) -> list[str]:
    return [
        f for f in listing.files if "/" not in f and PurePosixPath(f).suffix.lower() in SUFFIXES
    ]


def _plausible(name: str) -> bool:
    """Whether a table that can't be read has the name of a table of labels."""
    stem = PurePosixPath(name).stem.lower()
    return canonical_split(stem) is not None or stem in (
        "labels", "label", "metadata", "data", "annotations", "dataset", "classes", "images",
    )  # fmt: skip


def _understood(
    root: Place, name: str, finder: _Finder, label_column: str | None
) -> LabelTable | None:
    """The table with its columns, or None if it doesn't name images that are there."""
    split = canonical_split(PurePosixPath(name).stem)

    def is_header(cells: Sequence[str]) -> bool:
        return not any(is_image(c) for c in cells)

    table = read_table(root / name, is_header)
    lower = [_plain(c) for c in table.columns]
    headed = table.dialect is None or table.dialect.header
    order = _ordered(lower, FILE_COLUMNS) if headed else list(range(len(lower)))
    scores = {
        i: sum(finder.find(str(row[i]), split)[0] is not None for row in table.rows[:_TRIED])
        for i in order
    }
    best = max(order, key=lambda i: scores[i], default=None)
    if best is None or not scores[best]:
        return None
    others = [i for i in range(len(lower)) if i != best]
    in_split = next((i for i in _ordered(lower, SPLIT_COLUMNS) if i in others), None)
    others = [i for i in others if i != in_split]
    if label_column is not None:
        label = next((i for i in others if table.columns[i] == label_column), None)
        if label is None:
            label = next((i for i in others if lower[i] == _plain(label_column)), None)
    else:
        label = next((i for i in _ordered(lower, LABEL_COLUMNS) if i in others), None)
        if label is None and len(others) == 1:
            label = others[0]
    return LabelTable(name, table, best, label, in_split, split)


def _plain(column: str) -> str:
    """`Finding Labels` -> `finding_labels`."""
    return column.strip().lower().replace(" ", "_").replace("-", "_")


def _ordered(columns: Sequence[str], wanted: Iterable[str]) -> list[int]:
    return [columns.index(w) for w in wanted if w in columns]


def _choose(
    root: Place, names: Sequence[str], finder: _Finder, label_column: str | None
) -> tuple[LabelTable, ...]:
    found = [t for n in names if (t := _understood(root, n, finder, label_column)) is not None]
    if len(found) > 1:
        found = [t for t in found if t.from_name is not None] or found
        if any(t.from_name is None for t in found):
            listed = ", ".join(t.name for t in found)
            raise RequestError(
                f"{root} has several tables of labels ({listed}); keep one, or name them "
                "train.csv, val.csv and test.csv"
            )
    if not found:
        expected = ", ".join(FILE_COLUMNS[:4])
        raise RequestError(
            f"{root} has no table whose rows name its images ({', '.join(names) or 'no table'}); "
            f"it needs a column such as {expected} and one such as label"
        )
    if label_column is not None and all(t.label is None for t in found):
        where = " and ".join(t.name for t in found)
        columns = list(dict.fromkeys(c for t in found for c in _others(t)))
        raise RequestError(
            f"--label-column: {where} has no column '{label_column}' of labels among "
            f"{', '.join(columns) or 'none'}{did_you_mean(label_column, columns)}"
        )
    return tuple(found)


def _others(one: LabelTable) -> list[str]:
    """The columns that tell neither files nor splits."""
    return [c for i, c in enumerate(one.table.columns) if i not in (one.file, one.split)]


def _list_rows(
    number: int,
    one: LabelTable,
    finder: _Finder,
    problems: list[Quarantined],
) -> Iterator[Item]:
    """The items of a table; rows that can't be used are put to the problems."""
    for row, cells in enumerate(one.table.rows):
        where = f"{one.name}, row {row + 1}"
        split, reason = _split_of(one, cells)
        cell = "" if cells[one.file] is None else str(cells[one.file])
        file, why = finder.find(cell, split)
        if reason and file is not None:
            finder.unsure.add(file)
            file = None
        reason = reason or why
        if file is None:
            problems.append(Quarantined(f"{where}: {cell}", reason))
        else:
            label = None if one.label is None else _label(cells[one.label])
            extra = {"table": number, "row": row}
            yield Item(file, split, label, files=(file,), extra=extra)


def _first_of_each(
    items: Iterable[Item], tables: Sequence[LabelTable], problems: list[Quarantined]
) -> Iterator[Item]:
    """One item an image; further rows of it are put to the problems."""
    before = None
    for item in items:
        if item.id != before:
            before = item.id
            yield item
        else:
            one, row = tables[item.extra["table"]], item.extra["row"]
            what = f"{one.name}, row {row + 1}: {one.table.rows[row][one.file]}"
            problems.append(Quarantined(what, "its image has another row; keep one"))


def _notes(tables: Sequence[LabelTable], items: Iterable[Item], finder: _Finder) -> tuple[str, ...]:
    notes = []
    columns = list(dict.fromkeys(c for t in tables for c in _others(t)))
    if columns and all(t.label is None for t in tables):
        notes.append(f"no label column among {', '.join(columns)}; name one with --label-column")
    names = " or ".join(t.name for t in tables)
    left = without(finder.images(), (item.id for item in items))
    notes += unnamed((f for f in left if f not in finder.unsure), f"no row of {names}")
    return tuple(notes)


def _split_of(one: LabelTable, cells: Sequence[Any]) -> tuple[str | None, str]:
    if one.split is None:
        return one.from_name, ""
    split = canonical_split(str(cells[one.split]))
    if split is None:
        return None, f"its split is {cells[one.split]!r}; use train, val or test"
    return split, ""


def _label(value: Any) -> Label | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return str(value)
