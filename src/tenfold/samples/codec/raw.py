"""What every format's decoder hands back, and the checks that they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tenfold.errors import SampleError
from tenfold.samples.sample import Array

BYTES_PER_PIXEL = 64
"""An image may need this many bytes for each pixel of the limit (16 float channels, say)."""


@dataclass(frozen=True, eq=False)
class Raw:
    """An image as its file stores it, before EXIF orientation.

    Attributes:
        array: (H, W, C), RGB order.
        alpha: the last channel is opacity.
        encoding: plain data (bytes for colour profiles) with which the encoder writes its like.
        orientation: EXIF orientation, 1 (upright) to 8.
    """

    array: Array
    alpha: bool = False
    encoding: dict[str, Any] = field(default_factory=dict)
    orientation: int = 1


def check_size(width: int, height: int, max_pixels: int, bytes_per_pixel: int = 4) -> None:
    """Refuse an empty image or one with more pixels than the limit; call it before decoding.

    Raises:
        SampleError: with the cure.
    """
    if width <= 0 or height <= 0:
        raise SampleError(f"the header says {width}x{height} pixels: the file is damaged")
    if width * height > max_pixels or (
        width * height * bytes_per_pixel > max_pixels * BYTES_PER_PIXEL
    ):
        size = f"{width}x{height} pixels"
        if width * height <= max_pixels:
            size += f" of {bytes_per_pixel} bytes"
        raise SampleError(
            f"{size} is over the limit of {max_pixels} pixels (a decompression bomb?); "
            "raise max_pixels if the image is genuine"
        )


def damaged(kind: str, detail: object) -> SampleError:
    """The error for a file whose content is cut off or broken."""
    return SampleError(
        f"the {kind} file is truncated or damaged ({detail}); copy it again from its origin"
    )
