"""Objects in JSON beside an image: a list of annotations as COCO writes them.

An annotation is a mapping with `bbox` [x, y, width, height], `segmentation` (polygons or RLE) or
`keypoints` [x, y, visibility, ...], in pixels, and the class under one of `LABELS`. The document is
such a list, or a mapping that has one under one of `LISTS`, or is an annotation itself. Oriented
boxes are eight numbers, x and y of the corners, under `oriented`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenfold.errors import SampleError
from tenfold.samples.sample import Instance, Label
from tenfold.samples.sources.coco import instance_of

LISTS = ("objects", "annotations", "instances")
LABELS = ("category", "category_name", "label", "class", "name", "category_id")
ORIENTED = "oriented"
_GEOMETRY = ("bbox", "segmentation", "keypoints", ORIENTED)

Annotation = Mapping[str, Any]


def annotations_in(document: Any) -> list[Any]:
    """The annotations of a parsed document, also those without geometry; none if it has none."""
    if isinstance(document, list):
        return document if any(map(marks, document)) else []
    if isinstance(document, Mapping):
        if (key := _list_key(document)) is not None:
            return list(document[key])
        if marks(document):
            return [document]
    return []


def with_annotations(document: Any, annotations: Sequence[Annotation]) -> Any:
    """The document with other annotations in the place of its own.

    Raises:
        SampleError: it can hold one only, and there isn't exactly one.
    """
    if isinstance(document, list):
        return list(annotations)
    if (key := _list_key(document)) is not None:
        return {**document, key: list(annotations)}
    if len(annotations) != 1:
        raise SampleError(
            "its JSON has a place for one object, which moved out of the picture; "
            "write objects as a list under 'objects'"
        )
    return {**document, **annotations[0]}


def _list_key(document: Mapping[str, Any]) -> str | None:
    return next((k for k in LISTS if isinstance(document.get(k), list)), None)


def marks(annotation: Any) -> bool:
    """Whether it is a mapping that marks something in the picture."""
    return isinstance(annotation, Mapping) and any(
        isinstance(annotation.get(key), (list, Mapping)) and annotation[key] for key in _GEOMETRY
    )


def label_of(annotation: Annotation) -> Label | None:
    """The class of an object, a name or a number."""
    for key in LABELS:
        value = annotation.get(key)
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return value
    return None


def instance(annotation: Annotation, height: int, width: int, **extra: Any) -> Instance:
    """An annotation as an instance; `extra` keeps its other keys, and what is given here.

    Raises:
        SampleError: something in it can't be used.
    """
    found = instance_of(annotation, label_of(annotation), height, width)
    kept = {k: v for k, v in found.extra.items() if k != ORIENTED}
    found = found.replace(extra={**kept, **extra})
    corners = annotation.get(ORIENTED)
    if not corners:
        return found
    try:
        points = np.array(corners, dtype=np.float64).reshape(4, 2)
    except (TypeError, ValueError):
        raise SampleError(f"'{ORIENTED}' must be eight numbers, got {corners!r:.80}") from None
    return found.replace(oriented=points)


def parsed(data: bytes) -> Any:
    """A JSON file's content.

    Raises:
        SampleError: it isn't JSON.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SampleError(f"not JSON: {error}") from None
