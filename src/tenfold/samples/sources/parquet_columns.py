"""What the columns of a Parquet file of images mean, after the conventions of Hugging Face.

Images are structs of `bytes` and `path` (`datasets.Image`), or plain binary. Names of classes are
in the schema's metadata, under "huggingface".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.errors import RequestError, did_you_mean
from tenfold.samples.sources.flat import LABEL_COLUMNS, SPLIT_COLUMNS
from tenfold.samples.sources.objects import LABELS
from tenfold.samples.sources.packed import is_mask

HUGGINGFACE = b"huggingface"
IMAGES = ("image", "img", "jpg", "png", "picture", "photo", "pixel_values")
OBJECTS = ("objects", "annotations", "instances")
BOXES = ("bbox", "bboxes", "boxes")
_LABELS = (*LABELS, "categories", "labels", "classes")
_POINTS, _OUTLINES, _RLE = "keypoints", "segmentation", "rle"


@dataclass(frozen=True)
class Columns:
    """What the columns mean.

    Attributes:
        names: all of them, in order.
        image: name of the column of images.
        masks: of columns of label images.
        pictures: of other columns of images, which nobody can move.
        label, split, objects: of such columns, or None.
        label_names: of the label's classes; empty where it is no number of a class.
        object_names: likewise for the objects' categories.
        by_field: the objects' column is a struct of lists, not a list of structs.
        keys: names of the objects' fields.
    """

    names: tuple[str, ...]
    image: str
    masks: tuple[str, ...]
    pictures: tuple[str, ...]
    label: str | None
    split: str | None
    objects: str | None
    label_names: tuple[str, ...]
    object_names: tuple[str, ...]
    by_field: bool
    keys: tuple[str, ...]

    @property
    def box(self) -> str | None:
        """The objects' field of boxes."""
        return next((k for k in BOXES if k in self.keys), None)

    @property
    def category(self) -> str | None:
        """The objects' field of classes."""
        return next((k for k in _LABELS if k in self.keys), None)

    @property
    def has_keypoints(self) -> bool:
        """The objects have keypoints."""
        return _POINTS in self.keys


def columns_of(schema: Any, arrow: Any, label_column: str | None, where: object) -> Columns:
    """Find out what the columns mean.

    Args:
        schema: a `pyarrow.Schema`.
        arrow: the module `pyarrow`.
        label_column: name of the column of labels, where it can't be told.
        where: the file, for messages.

    Raises:
        RequestError: there is no column of images, or no such column of labels.
    """
    features = features_of(schema)
    pictures = [f.name for f in schema if holds_files(f.type, arrow)]
    masks = [p for p in pictures if is_mask(p)]
    images = [p for p in pictures if p not in masks]
    image = next((i for i in IMAGES if i in images), images[0] if len(images) == 1 else None)
    if image is None:
        raise RequestError(
            f"{where} has no column of images that can be told ({', '.join(schema.names)}); "
            "name it 'image', a struct of bytes and path as the datasets library writes it"
        )
    scalars = [
        f.name for f in schema
        if not arrow.types.is_nested(f.type) and f.name not in pictures
    ]  # fmt: skip
    split = next((s for s in SPLIT_COLUMNS if s in scalars), None)
    if label_column is not None and label_column not in scalars:
        raise RequestError(
            f"--label-column: {where} has no column '{label_column}' of labels among "
            f"{', '.join(scalars) or 'none'}{did_you_mean(label_column, scalars)}"
        )
    classes = [s for s in scalars if names_in(features.get(s))]
    label = label_column or next(
        (s for s in (*LABEL_COLUMNS, *classes) if s in scalars and s != split), None
    )
    objects = next((o for o in OBJECTS if _is_objects(schema, o, arrow)), None)
    by_field = False
    keys: tuple[str, ...] = ()
    if objects is not None:
        kind = schema.field(objects).type
        by_field = arrow.types.is_struct(kind)
        inner = kind if by_field else kind.value_type
        keys = tuple(inner.field(i).name for i in range(inner.num_fields))
    names = {key: names_in(_within(features.get(objects or ""), key)) for key in keys}
    return Columns(
        tuple(schema.names), image, tuple(masks), tuple(i for i in images if i != image),
        label, split, objects, names_in(features.get(label or "")),
        next((names[k] for k in _LABELS if names.get(k)), ()), by_field, keys,
    )  # fmt: skip


def holds_files(kind: Any, arrow: Any) -> bool:
    """Whether a type is that of image files: binary, or a struct with a field `bytes`."""
    types = arrow.types
    if types.is_struct(kind):
        at = kind.get_field_index("bytes")
        return at >= 0 and holds_files(kind.field(at).type, arrow)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def features_of(schema: Any) -> Mapping[str, Any]:
    """What the datasets library notes of the columns; empty where it noted nothing."""
    try:
        found = json.loads((schema.metadata or {})[HUGGINGFACE])["info"]["features"]
    except (KeyError, ValueError, TypeError):
        return {}
    return found if isinstance(found, Mapping) else {}


def names_in(feature: Any) -> tuple[str, ...]:
    """Names of the classes that a feature (or what it is a list of) stands for."""
    if isinstance(feature, Mapping):
        if feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list):
            return tuple(str(n) for n in feature["names"])
        return names_in(feature.get("feature"))
    if isinstance(feature, list) and len(feature) == 1:
        return names_in(feature[0])
    return ()


def _within(feature: Any, key: str) -> Any:
    """The feature of one field of a struct, a list of structs or a struct of lists."""
    if isinstance(feature, list) and len(feature) == 1:
        return _within(feature[0], key)
    if isinstance(feature, Mapping):
        if "_type" in feature and "feature" in feature:
            return _within(feature["feature"], key)
        return feature.get(key)
    return None


def _is_objects(schema: Any, name: str, arrow: Any) -> bool:
    if name not in schema.names:
        return False
    kind = schema.field(name).type
    if arrow.types.is_list(kind) or arrow.types.is_large_list(kind):
        kind = kind.value_type
    if not arrow.types.is_struct(kind):
        return False
    return any(kind.get_field_index(key) >= 0 for key in (*BOXES, _POINTS, _OUTLINES))


def objects_in(value: Any, columns: Columns) -> list[dict[str, Any]]:
    """A cell of the objects' column as one mapping an object, keys as the column has them.

    Raises:
        ValueError: the lists of a struct have different lengths.
    """
    if value is None:
        return []
    if not columns.by_field:
        return [dict(one) for one in value if one is not None]
    lists = {k: v for k, v in value.items() if v is not None}
    if len({len(v) for v in lists.values()}) > 1:
        told = ", ".join(f"{k} {len(v)}" for k, v in lists.items())
        raise ValueError(f"the lists in '{columns.objects}' have different lengths ({told})")
    count = len(next(iter(lists.values()), ()))
    return [{k: v[i] for k, v in lists.items()} for i in range(count)]


def cell_of(objects: Sequence[Mapping[str, Any]], columns: Columns) -> Any:
    """The inverse of `objects_in`."""
    if columns.by_field:
        return {key: [one.get(key) for one in objects] for key in columns.keys}
    return [{key: one.get(key) for key in columns.keys} for one in objects]


def annotation_of(one: Mapping[str, Any], columns: Columns, size: tuple[int, int]) -> Any:
    """An object as a COCO annotation.

    Args:
        one: from `objects_in`.
        columns: of the file.
        size: height and width of the image.
    """
    box, category = columns.box, columns.category
    out = {k: v for k, v in one.items() if k not in (box, category, _RLE) and v is not None}
    if box is not None and one.get(box) is not None:
        out["bbox"] = list(one[box])
    if category is not None and one.get(category) is not None:
        out["category"] = named(one[category], columns.object_names)
    if one.get(_RLE):
        out["segmentation"] = {"size": list(size), "counts": one[_RLE]}
    return out


def object_of(annotation: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """The inverse of `annotation_of`."""
    out = {k: v for k, v in annotation.items() if k in columns.keys}
    segmentation = out.pop(_OUTLINES, None)
    if isinstance(segmentation, Mapping):
        out[_RLE] = segmentation["counts"]
    elif segmentation is not None:
        out[_OUTLINES] = segmentation
    if columns.box is not None:
        out[columns.box] = annotation.get("bbox")
    if columns.category is not None:
        label = annotation.get("category")
        names = columns.object_names
        out[columns.category] = names.index(label) if label in names else label
    return out


def named(value: Any, names: Sequence[str]) -> Any:
    """The class's name where the value is its number."""
    known = isinstance(value, int) and 0 <= value < len(names)
    return names[value] if known else value


def file_bytes(cell: Any) -> bytes | None:
    """The file in a cell of a column of images; None if there is none."""
    data = cell.get("bytes") if isinstance(cell, Mapping) else cell
    return data if isinstance(data, bytes) else None


def file_path(cell: Any) -> str | None:
    """The file's name that a cell tells."""
    path = cell.get("path") if isinstance(cell, Mapping) else None
    return path if isinstance(path, str) and path else None


def with_file(cell: Any, data: bytes, rename: Callable[[str], str]) -> Any:
    """A cell with another file, and its name changed by `rename`."""
    if not isinstance(cell, Mapping):
        return data
    path = file_path(cell)
    return {**cell, "bytes": data, "path": None if path is None else rename(path)}


def same_columns(schemas: Iterable[Any]) -> bool:
    """Whether all schemas have the same columns of the same types."""
    first = None
    for schema in schemas:
        bare = schema.remove_metadata()
        if first is not None and not bare.equals(first):
            return False
        first = bare
    return True
