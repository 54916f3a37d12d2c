"""Images that show how real ones look: read from a folder, or checked as they are given."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, SampleError
from tenfold.places import Remote, entries, place_of
from tenfold.samples.codec import decode_image
from tenfold.samples.sample import Array
from tenfold.samples.source import MAX_PIXELS
from tenfold.samples.walk import is_image

FLAT = 1.0 / 255
"""Standard deviation, of black to white, below which an image shows nothing to learn from."""


def read_images(folder: str | os.PathLike[str] | Remote, most: int = 16) -> list[Array]:
    """The images that lie directly in a folder, in the order of their names.

    Args:
        folder: a folder, or its URL.
        most: no more than these many are read: those at equal steps through the sorted names.

    Returns:
        Each (H, W, 1) or (H, W, 3), uint8, uint16 or float32; without opacity. Where all of them
        are grey, those saved as RGB have one channel too.

    Raises:
        RequestError: no such folder, no images in it, or one that can't be read.
    """
    place = place_of(folder)
    try:
        names = [e.name for e in entries(place) if e.is_file and is_image(e.name)]
    except OSError as error:
        raise RequestError(
            f"style: the folder {place} can't be read ({error.strerror or error})"
        ) from None
    if not names:
        raise RequestError(
            f"style: no images in {place}; give a folder that holds a few real images "
            "(PNG, JPEG, TIFF, WebP or BMP), not folders of them"
        )
    step = -(-len(names) // most)
    found = []
    for name in names[::step]:
        try:
            decoded = decode_image(place / name, MAX_PIXELS)
        except SampleError as error:
            raise RequestError(
                f"style: {name} can't be read ({error}); remove it from {place}"
            ) from None
        found.append(decoded.image[:, :, :-1] if decoded.alpha else decoded.image)
    return [image[:, :, :1] for image in found] if all(map(_is_grey, found)) else found


def _is_grey(image: Array) -> bool:
    return image.shape[2] == 1 or bool((image == image[:, :, :1]).all())


def checked(image: Array, what: str) -> Array:
    """`image` as (H, W, C) with C 1 or 3.

    Raises:
        RequestError: another shape or dtype, an empty one, or values that aren't finite.
    """
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3) or not array.size:
        raise RequestError(
            f"{what} must be (H, W) or (H, W, 1) grey or (H, W, 3) RGB, got shape {image.shape}"
        )
    if array.dtype not in (np.uint8, np.uint16, np.float32):
        raise RequestError(f"{what} must be uint8, uint16 or float32, got {array.dtype}")
    if array.dtype == np.float32 and not np.isfinite(array).all():
        raise RequestError(f"{what} has NaN or infinite values")
    return array


def rgb_bytes(image: Array, what: str) -> NDArray[np.uint8]:
    """`image` if it is (H, W, 3) uint8; else `RequestError`: stains are light through colours."""
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[2] != 3 or not array.size or array.dtype != np.uint8:
        raise RequestError(
            f"{what} must be (H, W, 3) RGB of uint8, got {array.dtype} of shape {array.shape}"
        )
    return array


def several(images: Sequence[Array] | Array, what: str) -> list[Array]:
    """A list of images from a list or a single one; `RequestError` if there are none."""
    found = [images] if isinstance(images, np.ndarray) else list(images)
    if not found:
        raise RequestError(f"{what}: give at least one image")
    return found
