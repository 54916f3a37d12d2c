"""Between a person's own containers (NumPy, torch, PIL, lists) and a `Sample`, both ways."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tenfold.errors import RequestError
from tenfold.samples.sample import DTYPES, Array, Points

BoxFormat = Literal["pascal_voc", "coco", "yolo"]
BOX_FORMATS: tuple[BoxFormat, ...] = ("pascal_voc", "coco", "yolo")


@dataclass(frozen=True)
class Picture:
    """A raster taken in, and how to give one back in the same form.

    Attributes:
        array: (H, W, C).
        restore: turns an (H, W, C) array into the form that came in.
    """

    array: Array
    restore: Callable[[Array], Any]


def take_picture(value: Any, name: str) -> Picture:
    """An image or mask from what a person passed.

    NumPy: (H, W) or (H, W, C). torch: (C, H, W) or (H, W). PIL: any mode with 8 or 16 bits.

    Raises:
        RequestError: another type or shape, with the cure.
    """
    if isinstance(value, np.ndarray):
        if value.ndim == 2:
            return Picture(value[:, :, None], lambda a: a[:, :, 0])
        if value.ndim == 3:
            return Picture(value, lambda a: a)
        raise RequestError(
            f"{name}: an array must be (H, W) or (H, W, C), got shape {value.shape}; "
            "pass one image at a time"
        )
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _take_tensor(value, name, torch)
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(value, pillow.Image):
        return _take_pillow(value, name, pillow)
    raise RequestError(
        f"{name}: must be a NumPy array (H, W, C), a torch tensor (C, H, W) or a PIL image, "
        f"got {type(value).__name__}"
    )


def _take_tensor(value: Any, name: str, torch: Any) -> Picture:
    device = value.device
    array = value.detach().cpu().numpy()
    if array.ndim == 2:
        return Picture(
            array[:, :, None],
            lambda a: torch.from_numpy(np.ascontiguousarray(a[:, :, 0])).to(device),
        )
    if array.ndim == 3:

        def restore(a: Array) -> Any:
            return torch.from_numpy(np.ascontiguousarray(a.transpose(2, 0, 1))).to(device)

        return Picture(array.transpose(1, 2, 0), restore)
    raise RequestError(
        f"{name}: a tensor must be (C, H, W) or (H, W), got shape {tuple(array.shape)}; "
        "pass one image at a time"
    )


def _take_pillow(value: Any, name: str, pillow: Any) -> Picture:
    mode = value.mode
    if mode not in ("L", "RGB", "RGBA", "LA", "P", "I;16", "F"):
        raise RequestError(
            f"{name}: a PIL image of mode '{mode}' isn't supported; convert('RGB') it first"
        )
    array = np.asarray(value)
    palette = value.getpalette() if mode == "P" else None

    def restore(a: Array) -> Any:
        flat = a[:, :, 0] if a.shape[2] == 1 else a
        image = pillow.fromarray(np.ascontiguousarray(flat))
        if palette is not None:
            image = image.convert("L") if image.mode != "L" else image
            image.putpalette(palette)
        return image

    return Picture(array[:, :, None] if array.ndim == 2 else array, restore)


def check_image(array: Array) -> None:
    """`RequestError` unless the dtype is one that tenfold moves without loss."""
    if array.dtype not in DTYPES:
        cure = {
            "float64": "astype('float32')", "int64": "astype('uint8') or astype('uint16')",
            "bool": "pass it as mask=, or astype('uint8') * 255",
        }.get(array.dtype.name, "astype('float32')")  # fmt: skip
        raise RequestError(
            f"image: dtype must be uint8, uint16 or float32, got {array.dtype}; {cure}"
        )


def take_rows(
    value: Any, columns: tuple[int, ...], name: str
) -> tuple[Points, Callable[[Points], Any]]:
    """Rows of numbers (boxes, keypoints) from a list, an array or a tensor.

    Returns:
        (N, columns) float64, and what turns such rows back into the form that came in.
    """
    torch = sys.modules.get("torch")
    tensor = torch is not None and isinstance(value, torch.Tensor)
    try:
        rows = np.asarray(value.detach().cpu().numpy() if tensor else value, dtype=np.float64)
    except (TypeError, ValueError):
        raise RequestError(f"{name}: must be rows of numbers, got {value!r}") from None
    if rows.size == 0:
        rows = rows.reshape(0, columns[0] if rows.ndim < 2 else rows.shape[1])
    if rows.ndim != 2 or rows.shape[1] not in columns:
        wanted = " or ".join(str(c) for c in columns)
        raise RequestError(f"{name}: must be N rows of {wanted} numbers, got shape {rows.shape}")

    def restore(moved: Points) -> Any:
        if tensor:
            dtype = value.dtype if value.dtype.is_floating_point else torch.float32  # type: ignore[union-attr]
            return torch.from_numpy(moved).to(value.device, dtype)  # type: ignore[union-attr]
        if isinstance(value, np.ndarray):
            return moved.astype(value.dtype if value.dtype.kind == "f" else np.float64)
        kind = type(value[0]) if len(value) and isinstance(value[0], list | tuple) else list
        return [kind(row) for row in moved.tolist()]

    return rows, restore


def boxes_in(rows: Points, box_format: BoxFormat, height: int, width: int) -> Points:
    """Boxes as x0, y0, x1, y1 in pixels."""
    if box_format == "pascal_voc":
        return rows.copy()
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


def same_length(values: Sequence[Any], count: int, name: str) -> Sequence[Any]:
    """`RequestError` unless there is one value a box."""
    if len(values) != count:
        raise RequestError(f"{name}: {len(values)} given for {count} boxes; give one a box")
    return values
