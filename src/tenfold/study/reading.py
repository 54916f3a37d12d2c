"""A study's data: image datasets as `augment` reads them, or tables of features."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.examples import Examples, Label
from tenfold.learned.reading import examples_of
from tenfold.places import Place
from tenfold.samples.source import Source
from tenfold.samples.sources import open_source
from tenfold.study.splits import StudyData, group_numbers


def open_data(
    place: Place,
    *,
    group: str | None = None,
    size: tuple[int, int] | None = None,
    layout: str | None = None,
    label_column: str | None = None,
) -> StudyData:
    """What a path or URL holds: a table if it is a local .csv or .npz file, else images.

    Args:
        place: where.
        group: see `of_source`; of a table, the column.
        size: see `of_source`.
        layout: of images, where it can't be told.
        label_column: of a table of features, or of a table of images.

    Raises:
        RequestError: it can't be read.
    """
    if isinstance(place, Path) and place.is_file() and place.suffix.lower() in (".csv", ".npz"):
        return of_table(place, label_column=label_column, group_column=group)
    source = open_source(place, layout=layout, label_column=label_column)
    return of_source(source, group=group, size=size)


def of_source(
    source: Source, *, group: str | None = None, size: tuple[int, int] | None = None
) -> StudyData:
    """Labelled images; a split named test is the test part, all others are for training.

    Args:
        source: with one label an image.
        group: regular expression whose first group in an image's id names its group.
        size: (height, width) to which all are brought; None wants images of one size.

    Raises:
        RequestError: see `tenfold.learned.reading.examples_of` and `group_numbers`.
    """
    examples = examples_of(source, size=size)
    splits = {item.id: item.split for item in source.items}
    tested = np.array([splits[name] == "test" for name in examples.ids])
    groups = None if group is None else group_numbers(examples.ids, group)
    return StudyData(examples, groups, tested if 0 < tested.sum() < len(tested) else None)


def of_table(
    file: Path, *, label_column: str | None = None, group_column: str | None = None
) -> StudyData:
    """Feature vectors: a CSV file with a header, or an .npz with `X` (N, D) and `y` (N,).

    Each feature is brought to mean 0 and deviation 1 over all rows, labels unseen.

    Args:
        file: the table.
        label_column: of a CSV; its last by default.
        group_column: of a CSV; `groups` of an .npz is taken if it is there.

    Raises:
        RequestError: it can't be read as that.
    """
    if file.suffix.lower() == ".npz":
        values, labels, groups = _of_arrays(file)
    else:
        values, labels, groups = _of_csv(file, label_column, group_column)
    classes, numbers = np.unique(labels, return_inverse=True)
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    names: tuple[Label, ...] = tuple(c.item() if hasattr(c, "item") else c for c in classes)
    examples = Examples(values, numbers, names, tuple(f"row {k + 1}" for k in range(len(values))))
    return StudyData(
        examples, None if groups is None else np.unique(groups, return_inverse=True)[1]
    )


Columns = tuple[np.ndarray, np.ndarray, np.ndarray | None]


def _of_arrays(file: Path) -> Columns:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError) as error:
        raise RequestError(f"{file} can't be read: {error}") from None
    if not {"X", "y"} <= found.keys():
        raise RequestError(f"{file} needs arrays X (N, D) and y (N,), has {', '.join(found)}")
    values, labels = found["X"], found["y"]
    if values.ndim != 2 or labels.shape != (len(values),):
        raise RequestError(
            f"{file}: X must be (N, D) and y (N,), got {values.shape}, {labels.shape}"
        )
    return values.astype(np.float64), labels, found.get("groups")


def _of_csv(file: Path, label_column: str | None, group_column: str | None) -> Columns:
    try:
        with file.open(newline="", encoding="utf-8-sig") as handle:
            header, *rows = [row for row in csv.reader(handle) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise RequestError(f"{file} can't be read as a table with a header: {error}") from None
    label = label_column or header[-1]
    for name in (label, *([group_column] if group_column else [])):
        if name not in header:
            raise RequestError(f"{file} has no column '{name}'; it has {', '.join(header)}")
    features = [k for k, name in enumerate(header) if name not in (label, group_column)]
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise RequestError(
                f"{file}, line {number}: {len(row)} cells, the header has {len(header)}"
            )
    try:
        values = np.array([[float(row[k]) for k in features] for row in rows], np.float64)
    except ValueError as error:
        raise RequestError(
            f"{file}: features must be numbers ({error}); encode words first, or drop the column"
        ) from None
    labels = np.array([row[header.index(label)] for row in rows])
    groups = np.array([row[header.index(group_column)] for row in rows]) if group_column else None
    return values, labels, groups
