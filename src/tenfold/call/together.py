"""Images of one shape and dtype, made ready together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenfold.call.containers import is_pillow, is_tensor
from tenfold.native.room import room
from tenfold.plan.drawing import Drawing
from tenfold.samples.sample import Array

_SMALL = 1 << 15
"""Bytes of an image up to which calling the kernels takes a good part of the time."""
_TOGETHER = 1 << 18
"""Bytes of images that go through the passes together: results of one are in the cache for the
next."""

Turn = tuple[Drawing, int]
"""A drawing, and which of its copies."""


def turns(images: Mapping[int, Any], drawing: Drawing) -> dict[int, Turn]:
    """Where the copy of each image is drawn: copies of one kind of images share a drawing.

    `Pipeline.render` lowers all copies of a drawing at once for the kind of image that it gets;
    so where there are several kinds, each has a drawing of its own. An image without its like is
    left alone. The result is the same.

    Args:
        images: number of the copy in the drawing -> image, in any container.
        drawing: what was drawn, for these images and perhaps for others.
    """
    kinds: dict[Any, list[int]] = {}
    for k, image in images.items():
        kinds.setdefault(_kind(image), []).append(k)
    found: dict[int, Turn] = {}
    for rows in kinds.values():
        if len(rows) == drawing.count or (len(kinds) == 1 and len(rows) > 1):
            found.update((k, (drawing, k)) for k in rows)  # and more like these may follow
        else:
            part = drawing.some(rows)
            found.update((k, (part, row)) for row, k in enumerate(rows))
    return found


def _kind(image: Any) -> Any:
    """Equal for images that look the same to a recipe."""
    if isinstance(image, np.ndarray):
        return image.shape, image.dtype
    if is_pillow(image):
        return image.size, image.mode
    if is_tensor(image):
        return image.shape, image.dtype
    return None


def group_of(images: Sequence[Any]) -> int:
    """How many images are made in one call of each kernel; 1 if they differ, or are large."""
    first = images[0]
    kind = _kind(first) if isinstance(first, np.ndarray) and first.ndim == 3 else None
    if kind is None or first.nbytes > _SMALL or any(_kind(image) != kind for image in images):
        return 1
    return max(1, _TOGETHER // max(int(first.nbytes), 1))


def joined(images: Sequence[Array]) -> Array:
    """(n, H, W, C) of n images (H, W, C) of one shape and dtype."""
    height, width, channels = images[0].shape
    out = room((len(images) * height, width, channels), images[0].dtype)
    return np.concatenate(images, out=out).reshape(len(images), height, width, channels)
