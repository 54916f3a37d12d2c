"""Many images in one call."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenfold.call.stack import Stack
from tenfold.call.together import group_of, joined, turns
from tenfold.errors import RequestError
from tenfold.native.room import room
from tenfold.samples.sample import Array

if TYPE_CHECKING:
    from tenfold.call.pipeline import Name, Pipeline


def run_batch(
    pipeline: Pipeline, images: Any, keys: Sequence[Name] | None, threads: int
) -> NDArray[Any]:
    """See `tenfold.call.pipeline.Pipeline.batch`."""
    rasters, flat = _rasters(images)
    count = len(rasters)
    if keys is not None and len(keys) != count:
        raise RequestError(f"keys: are {len(keys)}, the images {count}; give one an image")
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise RequestError(f"threads: must be a whole number from 1, got {threads!r}")
    drawing = pipeline.drawing(keys, count)
    stack = Stack(count, room)
    group = group_of(rasters)
    drawn = turns(dict(enumerate(rasters)), drawing) if group == 1 else {}

    def make(first: int) -> None:
        some = rasters[first : first + group]
        if group > 1 and pipeline.render_many(joined(some), drawing, first, stack, first):
            return
        for k, image in enumerate(some, first):
            pipeline.render(image, *drawn.get(k, (drawing, k)), stack.row(k))

    make(0)  # prepares the copies of the first kind
    rest = range(group, count, group)

    def share(part: int) -> None:
        for first in rest[part::threads]:
            make(first)

    if threads == 1:
        share(0)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(share, part) for part in range(threads)]:
                done.result()
    assert stack.array is not None
    return stack.array[..., 0] if flat and pipeline.layout == "same" else stack.array


def _rasters(images: Any) -> tuple[Sequence[Array], bool]:
    """(H, W, C) arrays, and whether they came without channels."""
    if isinstance(images, np.ndarray):
        if images.ndim not in (3, 4):
            raise RequestError(
                f"images: must be (N, H, W, C) or (N, H, W), got shape {images.shape}"
            )
        rasters: Sequence[Array] = list(images if images.ndim == 4 else images[..., None])
        flat = images.ndim == 3
    else:
        if not isinstance(images, Sequence) or isinstance(images, str | bytes):
            raise RequestError(
                "images: must be an array (N, H, W, C) or a sequence of arrays (H, W, C), "
                f"got {type(images).__name__}"
            )
        for image in images:
            if not isinstance(image, np.ndarray) or image.ndim not in (2, 3):
                raise RequestError(
                    f"images: must be arrays (H, W, C) or (H, W), got {type(image).__name__}"
                )
        if len({image.ndim for image in images}) > 1:
            raise RequestError(
                "images: some have channels, some not; give all of them as (H, W, C)"
            )
        flat = bool(images) and images[0].ndim == 2
        rasters = [image[..., None] for image in images] if flat else images
    if not len(rasters):
        raise RequestError("images: are none; give at least one")
    return rasters, flat
