"""Labelled objects between a person's own containers and `Instance`s, both ways.

Boxes, oriented boxes, outlines, masks, keypoints and labels of one object become one record, so
that they move, and go, together.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, SampleError
from tenfold.samples.sample import Instance, Points
from tenfold.targets import take_mask

BoxFormat = Literal["pascal_voc", "coco", "yolo"]
BOX_FORMATS: tuple[BoxFormat, ...] = ("pascal_voc", "coco", "yolo")

_GEOMETRY = ("bboxes", "oriented_bboxes", "polygons", "instance_masks")
_VISIBLE = 2.0

Give = Callable[[Sequence[Instance], tuple[int, int]], Any]
"""Turns the instances that are left, and the picture's (height, width), into a target."""


@dataclass(frozen=True, slots=True)
class Objects:
    """What a call said of objects.

    Attributes:
        instances: one an object, `extra["row"]` its place; then one for the picture's own
            keypoints, without a row.
        boxed: there are objects with an extent.
        pointed: there are keypoints.
        givers: for each target that came, what makes it again from instances.
    """

    instances: tuple[Instance, ...]
    boxed: bool
    pointed: bool
    givers: Mapping[str, Give]

    def give(self, moved: Sequence[Instance], size: tuple[int, int]) -> dict[str, Any]:
        """The targets of the instances that are left."""
        objects = [i for i in moved if "row" in i.extra]
        picture = [i for i in moved if "row" not in i.extra]
        return {
            name: give(picture if name.startswith("picture ") else objects, size)
            for name, give in self.givers.items()
        }


NOTHING = Objects((), False, False, {})


def take_objects(
    targets: Mapping[str, Any], size: tuple[int, int], box_format: BoxFormat
) -> Objects:
    """Objects from what a person passed.

    Args:
        targets: any of `bboxes` (N rows, see `Pipeline`), `oriented_bboxes` ((N, 4, 2) or
            (N, 8)), `polygons` (N lists of outlines), `instance_masks` ((N, H, W)), `keypoints`
            ((K, 2) or (K, 3) of the picture, (N, K, 2) or (N, K, 3) of the objects), `labels`.
        size: (height, width) of the image.
        box_format: of `bboxes`.

    Raises:
        RequestError: a target of another form, or of another number of objects.
        SampleError: keypoints that aren't numbers.
    """
    fields: dict[str, list[dict[str, Any]]] = {}
    givers: dict[str, Give] = {}
    if "bboxes" in targets:
        fields["bboxes"], givers["bboxes"] = _boxes(targets["bboxes"], size, box_format)
    if "oriented_bboxes" in targets:
        fields["oriented_bboxes"], givers["oriented_bboxes"] = _oriented(targets["oriented_bboxes"])
    if "polygons" in targets:
        fields["polygons"], givers["polygons"] = _polygons(targets["polygons"])
    if "instance_masks" in targets:
        value = targets["instance_masks"]
        fields["instance_masks"], givers["instance_masks"] = _masks(value, size)
    whole: tuple[Instance, ...] = ()
    if "keypoints" in targets:
        rows, restore = take_rows(targets["keypoints"], "keypoints", (2, 3))
        if not np.isfinite(rows).all():
            raise SampleError(
                "keypoints: some are not numbers; give missing points any place and visibility 0"
            )
        columns = rows.shape[-1]
        if columns == 2:
            rows = np.concatenate([rows, np.full((*rows.shape[:-1], 1), _VISIBLE)], axis=-1)
        prefix = "" if rows.ndim == 3 else "picture "
        points = _stacked("keypoints", rows.shape[1:], picture=rows.ndim == 2)
        givers[f"{prefix}keypoints"] = lambda i, _: restore(points(i)[..., :columns])
        if columns == 2:
            givers[f"{prefix}keypoints_visible"] = lambda i, _: like(
                points(i)[..., 2] == _VISIBLE, targets["keypoints"]
            )
        if rows.ndim == 3:
            fields["keypoints"] = [{"keypoints": row} for row in rows]
        else:
            whole = (Instance(keypoints=rows),)
    instances = _joined(fields, targets.get("labels"))
    if "labels" in targets:
        labels = targets["labels"]
        if fields:
            givers["labels"] = lambda i, _: pick(labels, [o.extra["row"] for o in i])
        else:
            givers["labels"] = lambda *_: copy.copy(labels)
    if fields:
        givers["kept"] = lambda i, _: np.array([o.extra["row"] for o in i], dtype=np.int64)
    boxed = any(name in fields for name in _GEOMETRY)
    return Objects((*instances, *whole), boxed, "keypoints" in targets, givers)


def _joined(fields: Mapping[str, list[dict[str, Any]]], labels: Any) -> list[Instance]:
    """One instance an object, of all that is known of it."""
    if not fields:
        return []
    numbers = {name: len(rows) for name, rows in fields.items()}
    if labels is not None:
        if isinstance(labels, str | bytes) or not hasattr(labels, "__len__"):
            raise RequestError(f"labels: must be one an object, in a list or array, got {labels!r}")
        numbers["labels"] = len(labels)
    if len(set(numbers.values())) > 1:
        found = ", ".join(f"{n} {name}" for name, n in numbers.items())
        raise RequestError(f"each object needs one entry in each target, got {found}")
    count = next(iter(numbers.values()))
    instances = []
    for row in range(count):
        # The label is for messages only: labels go through untouched, by row.
        said = f"row {row}" if labels is None else f"row {row}, label {labels[row]}"
        known = {k: v for rows in fields.values() for k, v in rows[row].items()}
        instances.append(Instance(label=said, extra={"row": row}, **known))
    return instances


def _boxes(
    value: Any, size: tuple[int, int], box_format: BoxFormat
) -> tuple[list[dict[str, Any]], Give]:
    rows, restore = take_rows(value, "bboxes", (4,))

    def give(instances: Sequence[Instance], now: tuple[int, int]) -> Any:
        boxes = np.array([i.box for i in instances], dtype=np.float64).reshape(-1, 4)
        return restore(boxes_out(boxes, box_format, *now))

    return [{"box": box} for box in boxes_in(rows, box_format, *size)], give


def _oriented(value: Any) -> tuple[list[dict[str, Any]], Give]:
    rows, restore = take_rows(value, "oriented_bboxes", (8, 2))
    flat = rows.ndim == 2
    if rows.shape[1:] not in ((8,), (4, 2)):
        raise RequestError(
            "oriented_bboxes: must be (N, 4, 2) corners in order round the box, or (N, 8), "
            f"got shape {rows.shape}"
        )
    corners = _stacked("oriented", (4, 2))

    def give(instances: Sequence[Instance], now: tuple[int, int]) -> Any:
        moved = corners(instances)
        return restore(moved.reshape(-1, 8) if flat else moved)

    return [{"oriented": row} for row in rows.reshape(-1, 4, 2)], give


def _polygons(value: Any) -> tuple[list[dict[str, Any]], Give]:
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__len__"):
        raise RequestError(f"polygons: must be one list of outlines an object, got {value!r:.60}")
    taken = []
    fields: list[dict[str, Any]] = []
    for row, outlines in enumerate(value):
        single = _is_outline(outlines)
        parts = [_outline(o, f"polygons[{row}]") for o in ([outlines] if single else outlines)]
        taken.append((outlines, single))
        fields.append({"polygons": tuple(points for points, _ in parts)})

    def give(instances: Sequence[Instance], now: tuple[int, int]) -> Any:
        moved = []
        for instance in instances:
            outlines, single = taken[instance.extra["row"]]
            template = outlines if single else next(iter(outlines), None)
            parts = [like(_as_flat(p, template), template) for p in instance.polygons]
            if single:
                moved.append(parts[0] if parts else like(np.zeros((0, 2)), template))
            else:
                moved.append(parts)
        return tuple(moved) if isinstance(value, tuple) else moved

    return fields, give


def _is_outline(value: Any) -> bool:
    """A person may give the only outline of an object as it is: rows of x, y."""
    if not hasattr(value, "__len__"):
        raise RequestError(f"polygons: must be one list of outlines an object, got {value!r:.60}")
    return len(value) > 2 and all(np.shape(row) == (2,) for row in value)


def _outline(value: Any, name: str) -> tuple[Points, bool]:
    points = _numbers(value, name)
    flat = points.ndim == 1
    if flat and points.size % 2 == 0:
        points = points.reshape(-1, 2)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise RequestError(
            f"{name}: an outline is (K, 2) points, K at least 3, or a flat list x0, y0, x1, y1..., "
            f"got shape {points.shape}"
        )
    return points, flat


def _as_flat(points: Points, template: Any) -> Points:
    """As the outline came: rows of x, y, or one flat list."""
    return points.reshape(-1) if np.ndim(template[0]) == 0 else points


def _masks(value: Any, size: tuple[int, int]) -> tuple[list[dict[str, Any]], Give]:
    if not hasattr(value, "__len__") or (hasattr(value, "ndim") and value.ndim != 3):
        raise RequestError(
            f"instance_masks: must be (N, {size[0]}, {size[1]}), one mask an object, got "
            f"{f'shape {tuple(value.shape)}' if hasattr(value, 'shape') else repr(value)[:60]}"
        )
    pictures = [
        take_mask(mask, f"instance_masks[{i}]", size, None) for i, mask in enumerate(value)
    ]
    fields = []
    for i, picture in enumerate(pictures):
        if picture.array.shape[2] != 1:
            raise RequestError(
                f"instance_masks[{i}]: must be ({size[0]}, {size[1]}), "
                f"got shape {picture.array.shape}"
            )
        fields.append({"mask": picture.array[:, :, 0] != 0})

    def one(instance: Instance) -> Any:
        picture = pictures[instance.extra["row"]]
        assert instance.mask is not None
        drawn = picture.array.max()  # 1, 255 or the object's own number
        return picture.restore((instance.mask[:, :, None] * drawn).astype(picture.array.dtype))

    def give(instances: Sequence[Instance], now: tuple[int, int]) -> Any:
        moved = [one(instance) for instance in instances]
        if _is_tensor(value):
            torch = sys.modules["torch"]
            return torch.stack(moved) if moved else value.new_zeros((0, *now))
        if isinstance(value, np.ndarray):
            return np.stack(moved) if moved else np.zeros((0, *now), value.dtype)
        return tuple(moved) if isinstance(value, tuple) else moved

    return fields, give


def _stacked(
    field: str, shape: tuple[int, ...], picture: bool = False
) -> Callable[[Sequence[Instance]], Points]:
    """What gathers one field of all instances; the picture's own is not one of many."""

    def gather(instances: Sequence[Instance]) -> Points:
        values = [getattr(i, field) for i in instances]
        if picture:
            return np.array(values[0], dtype=np.float64)
        return np.array(values, dtype=np.float64).reshape(-1, *_with_visibility(field, shape))

    return gather


def _with_visibility(field: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:-1], 3) if field == "keypoints" else shape


def take_rows(
    value: Any, name: str, columns: tuple[int, ...]
) -> tuple[Points, Callable[[NDArray[Any]], Any]]:
    """Rows of numbers, (N, columns) or (N, K, columns), from lists, an array or a tensor.

    Returns:
        float64 rows that share no memory with `value`, and what turns such rows back into the
        form that came in.

    Raises:
        RequestError: not numbers, ragged, or of another number of columns.
    """
    rows = _numbers(value, name)
    if rows.size == 0 and (rows.ndim < 2 or rows.shape[-1] not in columns):
        rows = rows.reshape(0, columns[0])
    if rows.ndim not in (2, 3) or rows.shape[-1] not in columns:
        wanted = " or ".join(str(c) for c in columns)
        cure = "; pass what stands beside the numbers as labels=" if rows.ndim == 2 else ""
        raise RequestError(
            f"{name}: must be rows of {wanted} numbers, got shape {rows.shape}{cure}"
        )
    return rows, lambda moved: like(moved, value)


def _numbers(value: Any, name: str) -> Points:
    try:
        return np.array(value.detach().cpu() if _is_tensor(value) else value, dtype=np.float64)
    except (TypeError, ValueError):
        raise RequestError(
            f"{name}: must be rows of numbers, all equally long, got {value!r:.80}; "
            "pass classes as labels="
        ) from None


def like(rows: NDArray[Any], original: Any) -> Any:
    """Rows in the container, and if it was a floating one the dtype, of `original`."""
    if _is_tensor(original):
        torch = sys.modules["torch"]
        moved = torch.from_numpy(np.ascontiguousarray(rows))
        if rows.dtype == bool:
            return moved.to(original.device)
        dtype = original.dtype if original.dtype.is_floating_point else torch.float32
        return moved.to(original.device, dtype, copy=True)
    if isinstance(original, np.ndarray):
        if rows.dtype == bool:
            return rows.copy()
        return rows.astype(original.dtype if original.dtype.kind == "f" else np.float64)
    if not isinstance(original, list | tuple):
        return rows.copy()
    if rows.ndim == 1:
        return _container(original, rows.tolist())
    if not original or np.ndim(original[0]) == 0:
        return _container(original, [_container((), row.tolist()) for row in rows])
    return _container(original, [like(row, original[0]) for row in rows])


def _container(original: Sequence[Any], values: list[Any]) -> Any:
    """Values in a container of the kind of `original`."""
    if isinstance(original, tuple) and hasattr(original, "_make"):
        return original._make(values) if len(values) == len(original) else tuple(values)
    return tuple(values) if isinstance(original, tuple) else values


def pick(labels: Any, rows: list[int]) -> Any:
    """The chosen labels in the container in which they came."""
    if isinstance(labels, list | tuple):
        return _container(labels, [labels[i] for i in rows])
    if hasattr(labels, "iloc"):  # pandas counts rows so
        return labels.iloc[rows]
    if _is_tensor(labels):
        return labels[sys.modules["torch"].tensor(rows, dtype=sys.modules["torch"].long)]
    return labels[np.array(rows, dtype=np.intp)]


def boxes_in(rows: Points, box_format: BoxFormat, height: int, width: int) -> Points:
    """Boxes as x0, y0, x1, y1 in pixels, from (N, 4) of a format."""
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


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")  # who passes a tensor has imported torch
    return torch is not None and isinstance(value, torch.Tensor)
