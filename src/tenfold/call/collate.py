"""Items of a batch joined, each in the items' own shape: arrays where that is possible."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenfold.call.containers import is_pillow, is_tensor
from tenfold.call.items import Targets
from tenfold.errors import RequestError
from tenfold.samples.sample import Array

_AN_OBJECT = frozenset(
    {"bboxes", "oriented_bboxes", "polygons", "instance_masks", "keypoints", "labels", "masks"}
)
"""Targets of which each image has another number: they stay lists."""

_NUMBERS = (bool, int, float, np.number, np.bool_)


def joined(items: Sequence[Any], shape: Targets, images: Array, tensors: bool) -> Any:
    """A batch of items.

    Args:
        items: of one shape.
        shape: what they hold.
        images: (N, ...), which stands for the items' images.
        tensors: give torch tensors, which share the arrays' memory.

    Returns:
        The items' shape, in it: the images; masks, numbers and one-hot rows as arrays (N, ...);
        lists of N for what belongs to objects, and for texts.

    Raises:
        RequestError: items that can't be joined.
    """
    batch = _joined(items, shape, images, "item")
    return _as_tensors(batch) if tensors else batch


def _joined(parts: Sequence[Any], shape: Targets, images: Array, where: str) -> Any:
    if shape == "image":
        return images
    first = parts[0]
    if isinstance(shape, Mapping):
        for part in parts:
            if part.keys() != first.keys():
                raise RequestError(
                    f"{where}: has {', '.join(map(str, first))} in one item and "
                    f"{', '.join(map(str, part))} in another; give all items the same entries"
                )
        return {
            name: _joined(
                [part[name] for part in parts], shape.get(name), images, f"{where}[{name!r}]"
            )
            for name in first
        }
    if isinstance(shape, Sequence) and not isinstance(shape, str):
        joined = [
            _joined([part[i] for part in parts], one, images, f"{where}[{i}]")
            for i, one in enumerate(shape)
        ]
        if isinstance(first, tuple):
            return type(first)._make(joined) if hasattr(first, "_make") else tuple(joined)
        return joined
    if shape in _AN_OBJECT:
        return list(parts)
    return _values(parts, where)


def _values(parts: Sequence[Any], where: str) -> Any:
    """One array, or a list of what can't be one."""
    kinds = {_kind(part) for part in parts}
    if len(kinds) > 1:
        raise RequestError(
            f"{where}: is {' in some items and '.join(sorted(kinds))} in others; "
            "give all items labels of one kind"
        )
    (kind,) = kinds
    if kind == "a number":
        return np.array(parts)
    if kind != "an array":
        return list(parts)
    arrays = [
        part.detach().cpu().numpy() if is_tensor(part) else np.asarray(part) for part in parts
    ]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        said = " and ".join(
            "x".join(map(str, shape)) or "one number" for shape in sorted(shapes)[:2]
        )
        cure = (
            "put Crop(height=224, width=224) into the recipe"
            if arrays[0].ndim > 1
            else "make rows equally long, or give texts or tuples, which stay as they are"
        )
        raise RequestError(f"{where}: is {said}, and a batch has one shape; {cure}")
    return np.stack(arrays)


def _kind(part: Any) -> str:
    if isinstance(part, _NUMBERS):
        return "a number"
    if isinstance(part, np.ndarray) or is_tensor(part) or is_pillow(part):
        return "an array"
    return "None" if part is None else f"a {type(part).__name__}"


def _as_tensors(batch: Any) -> Any:
    if isinstance(batch, np.ndarray):
        return sys.modules["torch"].from_numpy(batch)
    if isinstance(batch, dict):
        return {name: _as_tensors(part) for name, part in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_make"):
        return batch._make(map(_as_tensors, batch))
    if isinstance(batch, list | tuple):
        return type(batch)(map(_as_tensors, batch))
    return batch
