"""Rasters between a person's own containers (NumPy, torch, PIL) and a `Sample`, both ways."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.call.containers import is_pillow, is_tensor
from tenfold.declare.aliases import hint
from tenfold.declare.settings import SETTINGS
from tenfold.errors import RequestError
from tenfold.samples.sample import DTYPES, Array

TARGETS = (
    "image", "mask", "masks", "bboxes", "oriented_bboxes", "polygons", "instance_masks",
    "keypoints", "labels",
)  # fmt: skip
"""What a pipeline takes and moves together."""

TARGET_ALIASES: dict[str, str] = {
    "img": "image", "images": "image", "x": "image", "picture": "image", "pixel_values": "image",
    "semantic_mask": "mask", "label_map": "mask", "annotation": "mask", "seg": "mask",
    "segmentation": "polygons", "segmentations": "polygons", "polygon": "polygons",
    "outlines": "polygons", "contours": "polygons",
    "box": "bboxes", "boxes": "bboxes", "bbox": "bboxes", "bounding_boxes": "bboxes",
    "bounding_box": "bboxes", "rects": "bboxes",
    "obb": "oriented_bboxes", "obbs": "oriented_bboxes", "rboxes": "oriented_bboxes",
    "rotated_boxes": "oriented_bboxes", "oriented_boxes": "oriented_bboxes",
    "instances": "instance_masks", "object_masks": "instance_masks",
    "points": "keypoints", "point": "keypoints", "landmarks": "keypoints", "kps": "keypoints",
    "joints": "keypoints",
    "label": "labels", "class_labels": "labels", "classes": "labels", "category_ids": "labels",
    "category_id": "labels", "bbox_labels": "labels", "y": "labels",
    "target": "mask', 'bboxes' or 'labels", "targets": "mask', 'bboxes' or 'labels",
}  # fmt: skip
"""What other tools call targets, so that a message can name ours; never accepted themselves."""

OPTIONS = ("seed", "bbox_format", "alpha", "normalize", "layout")
"""What a pipeline is told once, beside the settings of a recipe."""

PILLOW_IMAGES = ("L", "RGB", "RGBA", "LA", "I;16", "F")
PILLOW_MASKS = ("1", "L", "P", "RGB", "RGBA", "I;16", "I", "F")

_FEW, _THIN = (1, 3, 4), 8  # channels of a usual image; sides above this are no channel count
_EXACT = 2**53  # whole numbers up to here survive float64


@dataclass(frozen=True, slots=True)
class Picture:
    """A raster taken in, and how to give one back in the form in which it came.

    Attributes:
        array: (H, W, C); may share memory with what the person passed.
        restore: turns an (H, W, C) array of the same dtype into the form that came in.
        alpha: the last channel is opacity.
        flat: it came without an axis for channels.
        tensor: of a torch tensor, makes one of any array, on the same device; else None.
    """

    array: Array
    restore: Callable[[Array], Any]
    alpha: bool = False
    flat: bool = False
    tensor: Callable[[Array], Any] | None = None


def check_names(names: Iterable[str]) -> None:
    """`RequestError` for a target that a pipeline doesn't know, with the name that it has here."""
    for name in names:
        if name in OPTIONS or name in SETTINGS:
            raise RequestError(
                f"{name}: is no target but a setting; it goes to Pipeline(..., {name}=...)"
            )
        if name not in TARGETS:
            cure = hint(name, TARGETS, TARGET_ALIASES) or f"; known: {', '.join(TARGETS)}"
            raise RequestError(f"unknown target '{name}'{cure}")


def take_image(value: Any, alpha: bool | None = None) -> Picture:
    """An image from what a person passed.

    Args:
        value: NumPy (H, W) or (H, W, C), torch (C, H, W) or (H, W), of uint8, uint16 or float32;
            or PIL of one of the modes in `PILLOW_IMAGES`.
        alpha: whether the last channel is opacity. None: PIL says it by its mode; a uint8 array
            or tensor of four channels is taken for RGBA.

    Raises:
        RequestError: another type, shape or dtype, with the cure.
    """
    picture = _take(value, "image", PILLOW_IMAGES)
    array = picture.array
    if array.dtype not in DTYPES:
        raise RequestError(
            f"image: dtype must be uint8, uint16 or float32, got {array.dtype}; "
            f"{_dtype_cure(array.dtype, is_tensor(value))}"
        )
    if 0 in array.shape:
        raise RequestError(f"image: is empty, its shape is {tuple(value.shape)}")
    if alpha is None:
        rgba = array.shape[2] == 4 and array.dtype == np.uint8
        alpha = picture.alpha or (rgba and not is_pillow(value))
    if alpha and array.shape[2] == 1:
        raise RequestError("image: has one channel, which can't be opacity; remove alpha=True")
    return dataclasses.replace(picture, alpha=alpha) if alpha != picture.alpha else picture


def take_mask(value: Any, name: str, size: tuple[int, int], ignore_value: int | None) -> Picture:
    """A label image from what a person passed; its values are never mixed.

    Args:
        value: NumPy (H, W) or (H, W, K), torch (H, W) or (K, H, W), of any integer, boolean or
            floating dtype; or PIL of one of the modes in `PILLOW_MASKS`.
        name: for messages.
        size: (height, width) of the image.
        ignore_value: what the recipe writes where no picture shows; it must fit the dtype.

    Returns:
        The mask in a dtype that can be moved; `restore` gives the dtype that came in.

    Raises:
        RequestError: another type or shape, another size than the image's, or a dtype that can't
            hold `ignore_value`.
    """
    picture = _take(value, name, PILLOW_MASKS)
    array = picture.array
    if array.shape[:2] != size:
        raise RequestError(
            f"{name}: is {array.shape[1]}x{array.shape[0]}, the image {size[1]}x{size[0]}; "
            "a mask has the image's height and width"
        )
    if ignore_value is not None and not _holds(array.dtype, ignore_value):
        raise RequestError(
            f"{name}: is {array.dtype}, which can't hold the ignore_value {ignore_value}; "
            "astype('int32') it, or choose another ignore_value"
        )
    movable = _movable(array, name, ignore_value or 0)
    if movable is array:
        return picture
    dtype, give = array.dtype, picture.restore
    return Picture(movable, lambda moved: give(moved.astype(dtype)))


def as_owned(array: Array, original: Array) -> Array:
    """`array`, or a copy where it shares memory with `original`: results are nobody else's."""
    return array.copy() if np.may_share_memory(array, original) else array


def _take(value: Any, name: str, modes: tuple[str, ...]) -> Picture:
    if isinstance(value, np.ndarray):
        return _take_array(value, name)
    if is_tensor(value):
        return _take_tensor(value, name)
    if is_pillow(value):
        return _take_pillow(value, name, modes)
    cure = ""
    if isinstance(value, Mapping):
        cure = "; pass a dict's entries by name: pipeline(**sample)"
    elif isinstance(value, list | tuple):
        cure = "; pass one image at a time, or np.asarray(image) if it is one"
    raise RequestError(
        f"{name}: must be a NumPy array (H, W, C), a torch tensor (C, H, W) or a PIL image, "
        f"got {type(value).__name__}{cure}"
    )


def _take_array(value: Array, name: str) -> Picture:
    if value.ndim == 2:
        return Picture(value[:, :, None], lambda a: np.ascontiguousarray(a[:, :, 0]), flat=True)
    if value.ndim != 3:
        raise RequestError(
            f"{name}: an array must be (H, W) or (H, W, C), got shape {value.shape}{_batch(value)}"
        )
    first, *rest = value.shape
    if first in _FEW and min(rest) > _THIN:
        raise RequestError(
            f"{name}: an array must be (H, W, C), got shape {value.shape}, which looks like "
            "(C, H, W); pass array.transpose(1, 2, 0), or torch.from_numpy(array)"
        )
    return Picture(value, np.ascontiguousarray)


def _take_tensor(value: Any, name: str) -> Picture:
    torch = sys.modules["torch"]
    if value.ndim not in (2, 3):
        raise RequestError(
            f"{name}: a tensor must be (C, H, W) or (H, W), got shape {tuple(value.shape)}"
            f"{_batch(value)}"
        )
    *rest, last = value.shape
    if value.ndim == 3 and last in _FEW and min(rest) > _THIN:
        raise RequestError(
            f"{name}: a tensor must be (C, H, W), got shape {tuple(value.shape)}, which looks "
            "like (H, W, C); pass tensor.permute(2, 0, 1), or tensor.numpy()"
        )
    if value.dtype is torch.bfloat16:
        raise RequestError(f"{name}: is bfloat16, which NumPy doesn't know; pass tensor.float()")
    device = value.device
    array = value.detach().cpu().numpy()

    def tensor(moved: Array) -> Any:
        return torch.from_numpy(moved).to(device)

    if value.ndim == 2:
        return Picture(
            array[:, :, None],
            lambda a: tensor(np.ascontiguousarray(a[:, :, 0])),
            flat=True,
            tensor=tensor,
        )
    pixels_together = value.stride(0) == 1 and value.shape[0] > 1  # channels last in memory

    def restore(moved: Array) -> Any:
        if pixels_together:
            return tensor(np.ascontiguousarray(moved)).permute(2, 0, 1)
        return tensor(np.ascontiguousarray(moved.transpose(2, 0, 1)))

    return Picture(array.transpose(1, 2, 0), restore, tensor=tensor)


def _take_pillow(value: Any, name: str, modes: tuple[str, ...]) -> Picture:
    pillow = sys.modules["PIL.Image"]
    mode = value.mode
    if mode not in modes:
        why = "its numbers are places in a palette" if mode == "P" else f"not {', '.join(modes)}"
        cure = {"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "I": "I;16"}.get(mode, "RGB")
        raise RequestError(f"{name}: is a PIL image of mode '{mode}' ({why}); convert('{cure}') it")
    array = np.asarray(value)
    palette = value.getpalette() if mode == "P" else None

    def restore(moved: Array) -> Any:
        flat = moved[:, :, 0] if moved.shape[2] == 1 else moved
        image = pillow.fromarray(np.ascontiguousarray(flat))
        if palette is not None:
            image.putpalette(palette)
        return image

    alpha = mode in ("RGBA", "LA")
    flat = array.ndim == 2
    return Picture(array[:, :, None] if flat else array, restore, alpha, flat)


def _batch(value: Any) -> str:
    return "; pass one image at a time" if value.ndim == 4 else ""


def _dtype_cure(dtype: np.dtype[Any], tensor: bool) -> str:
    if dtype.newbyteorder("=") in DTYPES:
        return f"astype('{dtype.newbyteorder('=').name}') gives it this machine's byte order"
    if dtype.kind == "b":
        cast = "image.byte() * 255" if tensor else "image.astype('uint8') * 255"
        return f"pass {cast}, or mask= if it is a mask"
    if dtype.kind == "f":
        return "pass image.float()" if tensor else "pass image.astype('float32')"
    cast = "image.to(torch.uint8)" if tensor else "image.astype('uint8')"
    return f"pass {cast} if its values are 0..255, or uint16 for 0..65535, or float32"


def _holds(dtype: np.dtype[Any], value: int) -> bool:
    if dtype.kind == "b":
        return value <= 1
    if dtype.kind in "iu":
        return value <= np.iinfo(dtype).max
    return True


def _movable(array: Array, name: str, beyond: int) -> Array:
    """The mask in a dtype that OpenCV moves, every value exact."""
    dtype = array.dtype
    if dtype in (np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64):
        return array.astype(dtype.newbyteorder("="), copy=False)
    if dtype.kind == "b":
        return array.astype(np.uint8)
    if dtype == np.int8:
        return array.astype(np.int16)
    if dtype == np.float16:
        return array.astype(np.float32)
    if dtype.kind not in "iu":
        raise RequestError(f"{name}: must be of an integer, boolean or floating dtype, got {dtype}")
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    if max(high, beyond) <= np.iinfo(np.int32).max and low >= np.iinfo(np.int32).min:
        return array.astype(np.int32)
    if max(abs(low), high) > _EXACT:
        raise RequestError(f"{name}: values beyond 2**53 can't be moved, got {max(-low, high)}")
    return array.astype(np.float64)
