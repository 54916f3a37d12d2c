"""Many images in one call."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
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
    one = pipeline.render(rasters[0], drawing, 0)
    out = np.empty((count, *one.shape), one.dtype)
    out[0] = one

    def rest(start: int) -> None:
        for k in range(start, count, threads):
            made = pipeline.render(rasters[k], drawing, k)
            if made.shape != one.shape:
                raise RequestError(
                    "images: come out in different sizes, and a batch has one; give square "
                    "images, or a recipe without quarter turns and transposing"
                )
            out[k] = made

    if threads == 1:
        rest(1)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(rest, 1 + start) for start in range(threads)]:
                done.result()
    if flat and pipeline.layout == "same":
        return out[..., 0]
    return out


def _rasters(images: Any) -> tuple[Sequence[Array], bool]:
    """(H, W, C) arrays of one shape and dtype, and whether they came without channels."""
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
        forms = {(image.shape, image.dtype) for image in images}
        if len(forms) > 1:
            raise RequestError(
                "images: a batch has one shape and dtype, these have "
                + ", ".join(sorted(f"{shape} {dtype}" for shape, dtype in forms)[:3])
            )
        flat = bool(images) and images[0].ndim == 2
        rasters = [image[..., None] for image in images] if flat else images
    if not len(rasters):
        raise RequestError("images: are none; give at least one")
    return rasters, flat
