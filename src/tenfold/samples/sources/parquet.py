"""Parquet with the images in it, as Hugging Face's datasets library writes it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar

from tenfold.errors import MissingExtraError, RequestError, SampleError
from tenfold.long_list import kept_sorted
from tenfold.places import Place, listed
from tenfold.samples.codec import image_of, mask_of
from tenfold.samples.row_groups import RowReader, opened, pyarrow
from tenfold.samples.sample import Instance, Label, Sample
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.samples.sources import objects as marked_objects
from tenfold.samples.sources.packed import (
    holds_shards,
    image_suffix,
    mask_names,
    shards_at,
    split_of,
)
from tenfold.samples.sources.parquet_columns import (
    Columns,
    annotation_of,
    columns_of,
    file_bytes,
    file_path,
    holds_files,
    named,
    objects_in,
)
from tenfold.samples.upright import sample_of
from tenfold.samples.walk import canonical_split

SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class Shard:
    """A file.

    Attributes:
        file: path relative to the dataset.
        ends: for each row group, the number of rows up to its end.
        size: bytes.
    """

    file: str
    ends: tuple[int, ...]
    size: int


class ParquetSource(Source):
    """Parquet files in a folder, or one of them, all with the same columns.

    Columns are told by the notes of the datasets library in the schema, else by their types and
    names: an image (a struct of `bytes` and `path`, or binary), masks (such a column with `mask`,
    `label`, `annotation`... in its name), a label (a number, a `ClassLabel` or a text), a split,
    and objects: `bbox` [x, y, width, height] with `category`, and perhaps `keypoints` and
    `segmentation` as COCO has them. Splits are told by the files' names and folders, or by the
    column.

    Item ids are `train-00000-of-00010.parquet#000017`. `Item.extra` is the number of the file in
    `shards` and of the row in it, and the file's size.
    """

    layout: ClassVar[str] = "parquet"

    def __init__(
        self, root: Place, folder: Place, items: Sequence[Item], info: DatasetInfo,
        problems: tuple[Quarantined, ...], max_pixels: int, label_column: str | None,
        shards: tuple[Shard, ...], columns: Columns,
    ) -> None:  # fmt: skip
        self.root, self.folder, self.items, self.info = root, folder, items, info
        self.problems, self.max_pixels, self.label_column = problems, max_pixels, label_column
        self.shards, self.columns = shards, columns
        self._reader = RowReader()

    @classmethod
    def detect(cls, root: Place) -> bool:
        """There are Parquet files with images in them, and no images beside them."""
        if not holds_shards(root, SUFFIX):
            return False
        folder, found = shards_at(root, SUFFIX)
        try:
            arrow, _ = pyarrow()
            with opened(folder / found.files[0]) as file:
                return any(holds_files(f.type, arrow) for f in file.schema_arrow)
        except MissingExtraError:
            return True  # `open` will say what is missing
        except RequestError:
            return len(found.files) == 1 or found.files[0] == root.name

    @classmethod
    def open(
        cls, root: Place, max_pixels: int = MAX_PIXELS, label_column: str | None = None
    ) -> ParquetSource:
        """Read the schemas, and the columns of labels; no images are read.

        Args:
            root, max_pixels: see `Source.open`.
            label_column: name of the column of labels, where it can't be told.
        """
        root = listed(root.absolute())
        arrow, _ = pyarrow()
        folder, found = shards_at(root, SUFFIX)
        if not found.files:
            raise RequestError(f"{root} has no {SUFFIX} files; give the folder that has them")
        shards: list[Shard] = []
        problems = list(found.problems)
        schema, columns = None, None
        for file in found.files:
            with opened(folder / file) as opened_file:
                own = opened_file.schema_arrow
                if schema is None or columns is None:
                    schema, columns = own, columns_of(own, arrow, label_column, file)
                elif not own.remove_metadata().equals(schema.remove_metadata()):
                    raise RequestError(
                        f"{file} has other columns than {found.files[0]}; keep files of one "
                        "dataset in a folder"
                    )
                meta = opened_file.metadata
                rows = [meta.row_group(g).num_rows for g in range(meta.num_row_groups)]
                size = (folder / file).stat().st_size
                shards.append(Shard(file, tuple(accumulate(rows)), size))
        assert columns is not None
        listed_rows = _all_rows(folder, shards, columns, problems)
        items = kept_sorted(listed_rows, key=lambda i: i.id)
        return cls(
            root, folder, items, _info(items, columns), tuple(problems), max_pixels, label_column,
            tuple(shards), columns,
        )  # fmt: skip

    def row(self, item: Item) -> Any:
        """An item's row, as a `pyarrow.Table`. Raises `SampleError` if it can't be read."""
        shard, at = self.shards[item.extra["file"]], item.extra["row"]
        group = bisect_right(shard.ends, at)
        first = shard.ends[group - 1] if group else 0
        return self._reader.row(self.folder / shard.file, group, at - first)

    def schema(self) -> Any:
        """The columns and their types, and the notes of the datasets library."""
        with opened(self.folder / self.shards[0].file) as file:
            return file.schema_arrow

    def compression(self) -> str:
        """How the images' column is compressed ("snappy", "none"...)."""
        with opened(self.folder / self.shards[0].file) as file:
            for group in range(min(file.metadata.num_row_groups, 1)):
                about = file.metadata.row_group(group)
                for number in range(about.num_columns):
                    column = about.column(number)
                    if column.path_in_schema.split(".")[0] == self.columns.image:
                        return str(column.compression).replace("UNCOMPRESSED", "none").lower()
        return "snappy"

    def encoded(self, item: Item) -> tuple[bytes, str]:
        """The image's file as it is, and how it ends ("jpg")."""
        cell = self.row(item)[self.columns.image][0].as_py()
        data = _file(cell, self.columns.image)
        suffix = image_suffix(file_path(cell) or "")
        return data, suffix or str(image_of(data, self.max_pixels).encoding["format"])

    def read(self, item: Item) -> Sample:
        """Decode the image, its masks and its objects."""
        row, columns = self.row(item), self.columns
        decoded = image_of(_file(row[columns.image][0].as_py(), columns.image), self.max_pixels)
        masks, encodings = {}, {}
        for column, name in mask_names(columns.masks).items():
            try:
                mask = mask_of(_file(row[column][0].as_py(), column), self.max_pixels)
            except SampleError as error:
                raise SampleError(f"{column}: {error}") from error
            masks[name], encodings[name] = mask.mask, mask.encoding
        height, width = decoded.image.shape[:2]
        return sample_of(
            item.id, decoded, label=item.label, masks=masks,
            instances=self._instances(row, height, width),
            encoding={"masks": encodings} if encodings else {},
        )  # fmt: skip

    def _instances(self, row: Any, height: int, width: int) -> tuple[Instance, ...]:
        if self.columns.objects is None:
            return ()
        try:
            objects = objects_in(row[self.columns.objects][0].as_py(), self.columns)
        except ValueError as error:
            raise SampleError(str(error)) from None
        told = [annotation_of(one, self.columns, (height, width)) for one in objects]
        return tuple(marked_objects.instance(a, height, width) for a in told)


def _file(cell: Any, column: str) -> bytes:
    data = file_bytes(cell)
    if data is None:
        what = "only the name of a file" if file_path(cell) else "nothing"
        raise SampleError(f"column '{column}' holds {what}; embed the file's bytes")
    return data


def _all_rows(
    folder: Place, shards: list[Shard], columns: Columns, problems: list[Quarantined]
) -> Iterator[Item]:
    """The items of all files; those that can't be used are put to the problems."""
    for number, shard in enumerate(shards):
        with opened(folder / shard.file) as file:
            for item, odd in _rows(file, shard, number, columns):
                if odd is None:
                    yield item
                else:
                    problems.append(Quarantined(item.id, odd))


def _rows(
    file: Any, shard: Shard, number: int, columns: Columns
) -> Iterator[tuple[Item, str | None]]:
    """The items of a file, each with why it can't be used."""
    split = split_of(shard.file)
    wanted = [c for c in (columns.label, columns.split, columns.objects) if c is not None]
    digits = max(6, len(str(shard.ends[-1] if shard.ends else 0)))
    row = 0
    for count, cells in _cells(file, shard, wanted):
        for i in range(count):
            extra = {"file": number, "row": row, "bytes": shard.size}
            told = {name: values[i] for name, values in cells.items()}
            id_, row = f"{shard.file}#{row:0{digits}d}", row + 1
            own, odd = split, None
            if columns.split is not None:
                own = canonical_split(str(told[columns.split]))
                if own is None:
                    odd = f"its split is {told[columns.split]!r}; use train, val or test"
            label = _label(told.get(columns.label or ""), columns.label_names)
            labels: tuple[Label, ...] = ()
            if columns.objects is not None and columns.category is not None:
                try:
                    found = objects_in(told[columns.objects], columns)
                except ValueError as error:
                    found, odd = [], str(error)
                each = (_label(o.get(columns.category), columns.object_names) for o in found)
                labels = tuple(v for v in each if v is not None)
            yield Item(id_, own, label, labels, extra=extra), odd


def _cells(file: Any, shard: Shard, wanted: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbers of rows, with some columns' values."""
    if not wanted:
        yield shard.ends[-1] if shard.ends else 0, {}
        return
    for batch in file.iter_batches(4096, columns=wanted):
        yield batch.num_rows, {name: batch.column(name).to_pylist() for name in wanted}


def _label(value: Any, names: tuple[str, ...]) -> Label | None:
    if value is None or value == "" or (value == -1 and names):  # -1: none, as on the Hub
        return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return named(value, names) if isinstance(value, int) else str(value)


def _info(items: Sequence[Item], columns: Columns) -> DatasetInfo:
    names = dict.fromkeys((*columns.label_names, *columns.object_names))
    labels = {v for i in items for v in (i.label, *i.labels) if v is not None}
    rest = sorted(labels - set(names), key=lambda v: (isinstance(v, str), v))
    notes = [
        f"column '{name}' isn't given to copies: nobody says whether it moves with the picture"
        for name in columns.pictures
    ]
    return DatasetInfo(
        classes=(*names, *(str(v) for v in rest)),
        has_masks=bool(columns.masks),
        has_boxes=columns.objects is not None,
        has_keypoints=columns.has_keypoints,
        notes=tuple(notes),
    )
