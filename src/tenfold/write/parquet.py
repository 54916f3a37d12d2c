"""Parquet with the images in it, written so that the datasets library reads it.

The bytes depend on the rows and on the version of pyarrow, which stands in each file and in the
job's identity.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from tenfold.errors import RequestError, SampleError
from tenfold.places import Place
from tenfold.samples.codec import SUFFIXES, encode_mask, mask_format
from tenfold.samples.row_groups import pyarrow
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.sources.objects import ORIENTED
from tenfold.samples.sources.packed import is_mask, mask_names
from tenfold.samples.sources.parquet import ParquetSource
from tenfold.samples.sources.parquet_columns import HUGGINGFACE, cell_of, object_of, with_file
from tenfold.samples.sources.webdataset import WebDatasetSource
from tenfold.samples.sources.webdataset_fields import fields_of, mask_fields
from tenfold.write.carried import Classes, annotation_of, carried
from tenfold.write.images import image_bytes
from tenfold.write.rows import RowWriter
from tenfold.write.writer import WriteOptions, Written


class ParquetWriter(RowWriter):
    """Writes rows with the columns, notes and compression of the source's.

    A copy's row is its parent's with the image, masks and objects moved; other columns of images
    are empty in it.
    """

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        if not isinstance(source, ParquetSource):
            raise RequestError(f"the parquet writer needs a parquet source, got {source.layout}")
        super().__init__(source, destination, options)
        self._rows, self.schema, self.compression = source, source.schema(), source.compression()

    def copy(self, item: Item) -> Written:
        """The row as it is."""
        return self.hold_row(item, 0, self._rows.row(item).cast(self.schema))

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The row, what moves moved."""
        columns = self._rows.columns
        row = self._rows.row(item).cast(self.schema)
        stem = self.key(item, copy).rpartition("/")[2]

        def renamed(path: str, suffix: str | None = None) -> str:
            name = PurePosixPath(path)
            suffix = self.copy_suffix(name.suffix[1:]) if suffix is None else suffix
            return (name.parent / (f"{stem}.{suffix}" if suffix else stem)).as_posix()

        image = row[columns.image][0].as_py()
        data = image_bytes("", sample, self.options)
        changed = {columns.image: with_file(image, data, renamed)}
        for column, name in mask_names(columns.masks).items():
            encoding = sample.encoding.get("masks", {}).get(name, {})
            suffix = SUFFIXES[mask_format(encoding)][0][1:]
            data = encode_mask(sample.masks[name], encoding)
            cell = row[column][0].as_py()
            changed[column] = with_file(cell, data, partial(renamed, suffix=suffix))
        if columns.objects is not None and row[columns.objects][0].is_valid:
            told = [annotation_of(i, sample.height, sample.width) for i in sample.instances]
            changed[columns.objects] = cell_of([object_of(a, columns) for a in told], columns)
        changed |= dict.fromkeys(columns.pictures)
        return self.hold_row(item, copy, _with_values(row, changed))


class ParquetExport(RowWriter):
    """Writes any source's samples as Parquet.

    Columns: `image`; `label`, a `ClassLabel` where classes have names; `mask` (or one column a
    mask, `object_mask`...); `objects`, lists of `bbox` [x, y, width, height], `category`,
    `segmentation` (polygons) or `rle` (COCO's counts), `oriented` (corners), and `keypoints`
    [x, y, visibility, ...], all in pixels.
    """

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        super().__init__(source, destination, options)
        items, classes = source.items, source.info.classes
        labels = {i.label for i in items if i.label is not None}
        self._labels = Classes(labels, classes)
        self._categories = Classes({label for i in items for label in i.labels}, classes)
        self._masks = _mask_columns(source)
        arrow, _ = pyarrow()
        self.schema = self._schema(arrow, bool(labels))

    def _schema(self, arrow: Any, labelled: bool) -> Any:
        file = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
        numbers = arrow.list_(arrow.float64())
        fields, features = [("image", file)], {"image": _feature("Image")}
        if labelled:
            fields.append(("label", arrow.int64()))
            features["label"] = _class_feature(self._labels)
        for name in self._masks.values():
            fields.append((name, file))
            features[name] = _feature("Image")
        info = self.source.info
        if info.has_boxes or info.has_keypoints:
            kinds = {
                "bbox": (numbers, _list(_value("float64"))),
                "category": (arrow.int64(), _class_feature(self._categories)),
                "segmentation": (arrow.list_(numbers), _list(_list(_value("float64")))),
                "rle": (arrow.string(), _value("string")),
                ORIENTED: (numbers, _list(_value("float64"))),
            }
            if info.has_keypoints:
                kinds["keypoints"] = (numbers, _list(_value("float64")))
            objects = arrow.struct([(k, arrow.list_(kind)) for k, (kind, _) in kinds.items()])
            fields.append(("objects", objects))
            features["objects"] = {k: _list(feature) for k, (_, feature) in kinds.items()}
        notes = json.dumps({"info": {"features": features}})
        return arrow.schema(fields, metadata={HUGGINGFACE: notes.encode()})

    def copy(self, item: Item) -> Written:
        """The image's file as it is, and what belongs to it."""
        return self._put(item, 0, None)

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The image, encoded like its parent, and what belongs to it."""
        return self._put(item, copy, sample)

    def _put(self, item: Item, copy: int, sample: Sample | None) -> Written:
        one = carried(self.source, item, copy, sample, self.options)
        key = self.key(item, copy)
        row: dict[str, Any] = {"image": {"bytes": one.image, "path": f"{key}.{one.suffix}"}}
        if "label" in self.schema.names:
            row["label"] = self._labels.number(one.label)
        for name, (data, suffix) in one.masks.items():
            row[self._masks[name]] = {"bytes": data, "path": f"{key}_{name}.{suffix}"}
        if "objects" in self.schema.names:
            row["objects"] = self._objects(one.objects or [])
        arrow, _ = pyarrow()
        return self.hold_row(item, copy, arrow.Table.from_pylist([row], schema=self.schema))

    def _objects(self, objects: list[dict[str, Any]]) -> dict[str, list[Any]]:
        kind = self.schema.field("objects").type
        rows = []
        for one in objects:
            segmentation = one.get("segmentation")
            runs = segmentation["counts"] if isinstance(segmentation, Mapping) else None
            known = {"category": self._categories.number(one["category"]), "rle": runs}
            rows.append({**one, **known, "segmentation": None if runs else segmentation})
        names = [kind.field(i).name for i in range(kind.num_fields)]
        return {name: [row.get(name) for row in rows] for name in names}


def _with_values(row: Any, changed: Mapping[str, Any]) -> Any:
    """A row with other values in some columns."""
    arrow, _ = pyarrow()
    for name, value in changed.items():
        field = row.schema.field(name)
        try:
            cell = arrow.array([_fitted(value, field.type, arrow)], type=field.type)
        except (arrow.ArrowException, TypeError, ValueError) as error:
            raise SampleError(f"column '{name}' can't hold what moved: {error}") from None
        row = row.set_column(row.schema.get_field_index(name), field, cell)
    return row


def _fitted(value: Any, kind: Any, arrow: Any) -> Any:
    """Numbers rounded where the column holds whole ones."""
    if isinstance(value, float) and arrow.types.is_integer(kind):
        return round(value)
    if isinstance(value, list):
        return [_fitted(v, kind.value_type, arrow) for v in value]
    if isinstance(value, dict) and arrow.types.is_struct(kind):
        return {k: _fitted(v, kind.field(k).type, arrow) for k, v in value.items()}
    return value


def _mask_columns(source: Source) -> dict[str, str]:
    """The column of each mask of the samples."""
    if not source.info.has_masks:
        return {}
    names: dict[str, None] = {}
    for item in source.items:
        if isinstance(source, WebDatasetSource):
            names |= dict.fromkeys(mask_names(mask_fields(fields_of(item))).values())
        elif isinstance(source, ParquetSource):
            names |= dict.fromkeys(mask_names(source.columns.masks).values())
        else:
            names |= dict.fromkeys(item.extra.get("masks", ("mask",)))
    return {name: name if is_mask(name) else f"{name}_mask" for name in sorted(names)}


def _feature(kind: str, **more: Any) -> dict[str, Any]:
    """A note of the datasets library on a column."""
    return {**more, "_type": kind}


def _value(dtype: str) -> dict[str, Any]:
    return _feature("Value", dtype=dtype)


def _list(of: Any) -> dict[str, Any]:
    return _feature("Sequence", feature=of)  # as all versions of the library know it


def _class_feature(classes: Classes) -> dict[str, Any]:
    return _feature("ClassLabel", names=list(classes.names)) if classes.names else _value("int64")
