"""Labelled objects between a person's own containers and `Instance`s, both ways.

Boxes, oriented boxes, outlines, masks, keypoints and labels of one object become one record, so
that they move, and go, together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tenfold.call.containers import duplicate, is_tensor, like, numbers, pick, take_rows
from tenfold.call.targets import take_mask
from tenfold.errors import RequestError, SampleError
from tenfold.samples.sample import Instance, Points

BoxFormat = Literal["pascal_voc", "coco", "yolo"]
BOX_FORMATS: tuple[BoxFormat, ...] = ("pascal_voc", "coco", "yolo")

_VISIBLE = 2.0
_SHARES_FROM = 4  # sides in pixels; in smaller pictures a box of one pixel is nothing strange
_GEOMETRY = ("bboxes", "oriented_bboxes", "polygons", "instance_masks")

Size = tuple[int, int]
Fields = list[dict[str, Any]]
"""For each object, some of an `Instance`'s attributes."""
Give = Callable[[Sequence[Instance], Size], Any]
"""Makes a target again from the objects that are left; also told the picture's height, width."""


@dataclass(frozen=True, slots=True)
class Objects:
    """What a call said of objects and keypoints.

    Attributes:
        instances: one an object, with `extra["row"]`, its place in the targets; then, without a
            row, one for keypoints that belong to the picture.
        boxed: there are objects with an extent.
        pointed: there are keypoints.
        givers: for each target that came, what makes it again.
        points: makes the targets `keypoints` and `keypoints_visible` from (..., 3) rows.
    """

    instances: tuple[Instance, ...] = ()
    boxed: bool = False
    pointed: bool = False
    givers: Mapping[str, Give] | None = None
    points: Callable[[Points], dict[str, Any]] | None = None

    def give(self, moved: Sequence[Instance], size: Size) -> dict[str, Any]:
        """The targets of the instances that are left."""
        objects = [i for i in moved if "row" in i.extra]
        out = {name: give(objects, size) for name, give in (self.givers or {}).items()}
        if self.points is not None:
            whole = [i.keypoints for i in moved if "row" not in i.extra]
            out |= self.points(
                np.array(whole[0] if whole else [i.keypoints for i in objects], dtype=np.float64)
            )
        return out


def take_objects(targets: Mapping[str, Any], size: Size, box_format: BoxFormat) -> Objects:
    """Objects and keypoints from what a person passed.

    Args:
        targets: any of `bboxes` (N rows in `box_format`), `oriented_bboxes` ((N, 4, 2) or
            (N, 8)), `polygons` (N lists of outlines), `instance_masks` ((N, H, W)), `keypoints`
            ((K, 2) or (K, 3) of the picture, (N, K, 2) or (N, K, 3) of the objects), `labels`.
        size: (height, width) of the image.
        box_format: see `boxes_in`.

    Raises:
        RequestError: a target of another form, or of another number of objects.
        SampleError: keypoints that aren't finite numbers.
    """
    fields: dict[str, Fields] = {}
    givers: dict[str, Give] = {}
    for name in _GEOMETRY:
        if name in targets:
            fields[name], givers[name] = _geometry(name, targets[name], size, box_format)
    whole: tuple[Instance, ...] = ()
    points = None
    if "keypoints" in targets:
        rows, points = _keypoints(targets["keypoints"])
        if rows.ndim == 3:
            fields["keypoints"] = [{"keypoints": row} for row in rows]
        else:
            whole = (Instance(label="the picture", keypoints=rows),)
    instances = _joined(fields, targets.get("labels")) if fields else []
    if fields:
        givers["kept"] = lambda objects, _: np.array(_rows(objects), dtype=np.int64)
    if "labels" in targets:
        labels = targets["labels"]
        givers["labels"] = lambda objects, _: (
            pick(labels, _rows(objects)) if fields else duplicate(labels)
        )
    boxed = any(name in fields for name in _GEOMETRY)
    return Objects((*instances, *whole), boxed, points is not None, givers, points)


def _geometry(name: str, value: Any, size: Size, box_format: BoxFormat) -> tuple[Fields, Give]:
    if name == "bboxes":
        return _boxes(value, size, box_format)
    if name == "oriented_bboxes":
        return _oriented(value)
    return _polygons(value) if name == "polygons" else _masks(value, size)


def _rows(objects: Sequence[Instance]) -> list[int]:
    return [i.extra["row"] for i in objects]


def _joined(fields: Mapping[str, Fields], labels: Any) -> list[Instance]:
    """One instance an object, of all that is known of it."""
    counts = {name: len(rows) for name, rows in fields.items()}
    if labels is not None:
        if isinstance(labels, str | bytes) or not hasattr(labels, "__len__"):
            raise RequestError(f"labels: must be a list or array, one an object, got {labels!r}")
        counts["labels"] = len(labels)
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise RequestError(f"each object needs one entry in each of its targets, got {found}")
    instances = []
    for row, parts in enumerate(zip(*fields.values(), strict=True)):
        # Labels go through untouched, by row; this one is for messages.
        said = f"row {row}"
        if isinstance(labels, list | tuple | np.ndarray):
            said += f", {labels[row]}"
        known = {name: value for part in parts for name, value in part.items()}
        instances.append(Instance(label=said, extra={"row": row}, **known))
    return instances


def _boxes(value: Any, size: Size, box_format: BoxFormat) -> tuple[Fields, Give]:
    rows, restore = take_rows(value, "bboxes", (4,))
    if rows.ndim != 2:
        raise RequestError(f"bboxes: must be (N, 4), got shape {rows.shape}; pass one image's")

    if box_format != "yolo" and max(size) > _SHARES_FROM and _look_like_shares(rows):
        raise RequestError(
            f"bboxes: these look like shares of the size, got {rows[0].tolist()} for a "
            f"{size[1]}x{size[0]} image, and {box_format} is in pixels; "
            "Pipeline(..., bbox_format='yolo') takes centre and size as shares, "
            "or multiply by width and height"
        )

    def give(objects: Sequence[Instance], now: Size) -> Any:
        boxes = np.array([i.box for i in objects], dtype=np.float64).reshape(-1, 4)
        return restore(boxes_out(boxes, box_format, *now))

    return [{"box": box} for box in boxes_in(rows, box_format, *size)], give


def _look_like_shares(rows: Points) -> bool:
    """Whether every number that is one lies in -1..1; boxes of nothing but 0 say nothing."""
    said = rows[np.isfinite(rows)]
    return bool(said.any() and (np.abs(said) <= 1).all())


def _oriented(value: Any) -> tuple[Fields, Give]:
    rows, restore = take_rows(value, "oriented_bboxes", (8, 2))
    shape = rows.shape[1:]
    if rows.size and shape not in ((8,), (4, 2)):
        raise RequestError(
            "oriented_bboxes: must be (N, 4, 2) corners in order round the box, or (N, 8), "
            f"got shape {rows.shape}"
        )

    def give(objects: Sequence[Instance], _: Size) -> Any:
        corners = np.array([i.oriented for i in objects], dtype=np.float64)
        return restore(corners.reshape(-1, *shape))

    return [{"oriented": corners} for corners in rows.reshape(-1, 4, 2)], give


def _polygons(value: Any) -> tuple[Fields, Give]:
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__len__"):
        raise RequestError(f"polygons: must be one list of outlines an object, got {value!r:.60}")
    fields: Fields = []
    templates: list[tuple[Any, bool]] = []  # an outline of the object; it came without a list
    for row, outlines in enumerate(value):
        single = _is_outline(outlines, row)
        parts = [outlines] if single else list(outlines)
        fields.append({"polygons": tuple(_outline(part, f"polygons[{row}]") for part in parts)})
        templates.append((parts[0] if parts else [], single))

    def give(objects: Sequence[Instance], _: Size) -> Any:
        moved = []
        for instance in objects:
            template, single = templates[instance.extra["row"]]
            flat = len(template) > 0 and np.ndim(template[0]) == 0
            parts = [like(p.reshape(-1) if flat else p, template) for p in instance.polygons]
            if single:
                parts = parts[0] if parts else like(np.zeros((0, 2)), template)
            moved.append(parts)
        return tuple(moved) if isinstance(value, tuple) else moved

    return fields, give


def _is_outline(value: Any, row: int) -> bool:
    """A person may give the one outline of an object as it is, rows of x, y, without a list."""
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__len__"):
        raise RequestError(f"polygons[{row}]: must be a list of outlines, got {value!r:.60}")
    return len(value) > 0 and all(np.shape(point) == (2,) for point in value)


def _outline(value: Any, name: str) -> Points:
    points = numbers(value, name)
    if points.ndim == 1 and points.size % 2 == 0:
        points = points.reshape(-1, 2)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise RequestError(
            f"{name}: an outline is (K, 2) points, at least 3 of them, or a flat list "
            f"x0, y0, x1, y1..., got shape {points.shape}"
        )
    return points


def _masks(value: Any, size: Size) -> tuple[Fields, Give]:
    stacked = isinstance(value, np.ndarray) or is_tensor(value)
    if not isinstance(value, list | tuple) and not (stacked and value.ndim == 3):
        got = f"shape {tuple(value.shape)}" if stacked else type(value).__name__
        raise RequestError(
            f"instance_masks: must be (N, {size[0]}, {size[1]}), one mask an object, got {got}"
        )
    pictures = [take_mask(m, f"instance_masks[{i}]", size, None) for i, m in enumerate(value)]
    for i, picture in enumerate(pictures):
        if picture.array.shape[2] != 1:
            raise RequestError(
                f"instance_masks[{i}]: must have one value a pixel, "
                f"got {picture.array.shape[2]} channels"
            )

    def one(instance: Instance) -> Any:
        picture = pictures[instance.extra["row"]]
        assert instance.mask is not None
        ink = picture.array.max()  # 1, 255, or the object's own number
        return picture.restore(np.where(instance.mask, ink, 0).astype(ink.dtype)[:, :, None])

    def give(objects: Sequence[Instance], now: Size) -> Any:
        moved = [one(instance) for instance in objects]
        if isinstance(value, np.ndarray):
            return np.stack(moved) if moved else np.zeros((0, *now), value.dtype)
        if is_tensor(value):
            empty = value.new_zeros((len(moved), *now))
            for i, mask in enumerate(moved):
                empty[i] = mask
            return empty
        return tuple(moved) if isinstance(value, tuple) else moved

    return [{"mask": p.array[:, :, 0] != 0} for p in pictures], give


def _keypoints(value: Any) -> tuple[Points, Callable[[Points], dict[str, Any]]]:
    rows, restore = take_rows(value, "keypoints", (2, 3))
    if not np.isfinite(rows).all():
        raise SampleError(
            "keypoints: some are not finite numbers; give missing points any place and visibility 0"
        )
    columns = rows.shape[-1]
    if columns == 2:
        rows = np.concatenate([rows, np.full((*rows.shape[:-1], 1), _VISIBLE)], axis=-1)
    each = rows.shape[1:]

    def give(moved: Points) -> dict[str, Any]:
        moved = moved.reshape(-1, *each)
        out = {"keypoints": restore(moved[..., :columns])}
        if columns == 2:
            out["keypoints_visible"] = like(moved[..., 2] == _VISIBLE, value)
        return out

    return rows, give


def boxes_in(rows: Points, box_format: BoxFormat, height: int, width: int) -> Points:
    """Boxes as x0, y0, x1, y1 in pixels.

    Args:
        rows: (N, 4) in `box_format`.
        box_format: `pascal_voc` (x0, y0, x1, y1 in pixels), `coco` (x0, y0, width, height in
            pixels) or `yolo` (x centre, y centre, width, height as shares of the picture's).
        height, width: of the picture, pixels.
    """
    if box_format == "pascal_voc":
        return rows
    if box_format == "coco":
        return np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1)
    scale = np.array([width, height], dtype=np.float64)
    centre, half = rows[:, :2] * scale, rows[:, 2:] * scale / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def boxes_out(boxes: Points, box_format: BoxFormat, height: int, width: int) -> Points:
    """The inverse of `boxes_in`."""
    if box_format == "pascal_voc":
        return boxes
    if box_format == "coco":
        return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    scale = np.array([width, height] * 2, dtype=np.float64)
    centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    return np.concatenate([centre, size], axis=1) / scale
