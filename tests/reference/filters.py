"""Filters, convolutions and fills, by other libraries where there is one, else written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from scipy import ndimage

from reference.colours import turn_hue
from reference.curves import LUMA
from tenfold.ops.steps import Convolution

Floats = NDArray[np.float64]


def convolve(values: Floats, step: Convolution) -> Floats:
    """Convolved, mirrored about the edge pixel's centre."""
    kernel = step.kernel.astype(np.float64)
    if step.separable:
        across = ndimage.convolve1d(values, kernel[0], axis=1, mode="mirror")
        return cast("Floats", ndimage.convolve1d(across, kernel[1], axis=0, mode="mirror"))
    return cast("Floats", ndimage.convolve(values, kernel[:, :, None], mode="mirror"))


def median(values: Floats, radius: float) -> Floats:
    size = 2 * int(radius) + 1
    return cast("Floats", ndimage.median_filter(values, (size, size, 1), mode="nearest"))


def clahe(values: Floats, limit: float, tiles: float) -> Floats:
    """Of three channels the luma is equalised and all move with it; else each on its own.

    By OpenCV, on planes mirrored up to whole tiles: left to itself it makes a side that has whole
    tiles longer, too, where the other one has not.
    """
    height, width, channels = values.shape
    down, across = min(int(tiles), height), min(int(tiles), width)
    tool = cv2.createCLAHE(limit, (across, down))
    planes = (values @ LUMA)[:, :, None] if channels == 3 else values
    levels = np.rint(planes * 255).astype(np.uint8)
    padded = np.pad(levels, ((0, -height % down), (0, -width % across), (0, 0)), mode="reflect")
    mapped = [tool.apply(np.ascontiguousarray(p)) for p in np.moveaxis(padded, 2, 0)]
    moved = np.stack(mapped, axis=2)[:height, :width] - levels.astype(np.float64)
    return cast("Floats", values + moved / 255)


def jpeg(values: Floats, quality: float, halved: float) -> Floats:
    """Through a file and back: one RGB file, or a grey one for each channel."""
    levels = np.rint(values * 255).astype(np.uint8)
    if levels.shape[2] == 3:
        return _through_file(levels, int(quality), "RGB", "420" if halved else "444")
    planes = [levels[:, :, k : k + 1] for k in range(levels.shape[2])]
    return np.concatenate([_through_file(p, int(quality), "GRAY", "Gray") for p in planes], axis=2)


def _through_file(levels: NDArray[np.uint8], quality: int, colours: str, chroma: str) -> Floats:
    coded = simplejpeg.encode_jpeg(
        np.ascontiguousarray(levels), quality, colours, colorsubsampling=chroma, fastdct=False
    )
    decoded = simplejpeg.decode_jpeg(coded, colours, fastdct=False, fastupsample=False)
    return cast("Floats", decoded / 255.0)


def downscale(values: Floats, factor: float) -> Floats:
    """Exact area means down, linear interpolation up."""
    height, width = values.shape[:2]
    down, across = (_there_and_back(n, max(1, round(n / factor))) for n in (height, width))
    return np.asarray(np.einsum("ij,jkc,lk->ilc", down, values, across, optimize=True))


def _there_and_back(length: int, small: int) -> Floats:
    """(length, length) what each pixel becomes, along one axis."""
    edges = np.arange(small + 1) * length / small
    pixel = np.arange(length)
    overlap = np.clip(
        np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel), 0, None
    )
    means = overlap / overlap.sum(axis=1, keepdims=True)
    position = np.clip((pixel + 0.5) * small / length - 0.5, 0, small - 1)
    tents = np.clip(1 - np.abs(position[:, None] - np.arange(small)), 0, None)
    return np.asarray(tents @ means)


def hsv_hue(values: Floats, degrees: float) -> Floats:
    return turn_hue(values, degrees)


FILTERS: dict[str, Callable[..., Floats]] = {
    "median": median, "clahe": clahe, "jpeg": jpeg, "downscale": downscale, "hsv_hue": hsv_hue,
}  # fmt: skip
ON_BYTES = ("clahe", "jpeg")
"""Filters that act on levels."""


def rim_median(picture: NDArray[Any]) -> NDArray[Any]:
    """(C,) the lower median of the outermost pixels of (H, W, C)."""
    inner = np.zeros(picture.shape[:2], dtype=bool)
    inner[1:-1, 1:-1] = True
    rim = np.sort(picture[~inner], axis=0)
    return cast("NDArray[Any]", rim[(len(rim) - 1) // 2])
