"""Image and mask files in: strict, within a limit on pixels, whatever the file is called.

The format is told from the content. A file is either decoded whole or refused with a
`SampleError` that says why: decoders never warn, print, or return a picture cut off half way.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.WebPImagePlugin import WebPImageFile

from tenfold.errors import SampleError
from tenfold.places import Place
from tenfold.samples.codec import jpeg, png, tiff
from tenfold.samples.codec.exif import orientation_of, upright
from tenfold.samples.codec.raw import BYTES_PER_PIXEL, Raw, check_size, damaged
from tenfold.samples.sample import Array

_EXACT = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_SPARE = 1 << 26
"""Bytes that a file may have beyond the pixels' limit (metadata)."""


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """An image file's content, upright.

    Attributes:
        image: (H, W, C) uint8, uint16 or float32; RGB order.
        alpha: the last channel is opacity.
        encoding: how the file held it: "format" ("jpg", "png", "tiff", "webp", "bmp"), and what
            `encode_image` needs to write its like (JPEG subsampling, TIFF axes, profile...). Where
            EXIF turned it, "orientation" (2 to 8) and "raw_size" ([width, height] as stored).
            "shrunk" where it was decoded smaller.
    """

    image: Array
    alpha: bool
    encoding: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class DecodedMask:
    """A label image, upright.

    Attributes:
        mask: (H, W), or (H, W, K) where labels are colours; uint8, uint16 or another integer
            dtype (TIFF). Palette indices stay indices; one-bit files hold 0 and 1.
        encoding: as in `DecodedImage`, with "palette" or "colormap" where there is one.
    """

    mask: Array
    encoding: Mapping[str, Any]


def decode_image(path: Place, max_pixels: int, shrink: int = 1) -> DecodedImage:
    """Read an image file.

    Args:
        path: the file; its content tells the format, not its name.
        max_pixels: limit on width times height, checked before pixels are decoded.
        shrink: see `shrink_for`; never for an image whose annotations are in its pixels.

    Raises:
        SampleError: unreadable, empty, truncated, not an image, too large, of a dtype that
            isn't supported, or with NaN or infinite values.
    """
    return image_of(image_bytes(path, max_pixels), max_pixels, shrink)


def decode_mask(path: Place, max_pixels: int) -> DecodedMask:
    """Read a label image: indices, bits and colours as they are stored. Raises like an image."""
    return mask_of(image_bytes(path, max_pixels), max_pixels)


def image_of(data: bytes, max_pixels: int, shrink: int = 1) -> DecodedImage:
    """Like `decode_image`, for a file's content."""
    raw = _decode(data, max_pixels, mask=False, shrink=shrink)
    if raw.array.dtype.kind == "f" and not np.isfinite(raw.array).all():
        raise SampleError(
            "the image has NaN or infinite values; replace them (by 0 or the median, say)"
        )
    return DecodedImage(*_turned(raw)[:2], raw.encoding)


def mask_of(data: bytes, max_pixels: int) -> DecodedMask:
    """Like `decode_mask`, for a file's content."""
    raw = _decode(data, max_pixels, mask=True)
    mask = _turned(raw)[0]
    raw.encoding["mask"] = True
    raw.encoding["alpha"] = raw.alpha
    return DecodedMask(mask[..., 0] if mask.shape[2] == 1 else mask, raw.encoding)


def _turned(raw: Raw) -> tuple[Array, bool]:
    if raw.orientation == 1:
        return raw.array, raw.alpha
    raw.encoding["orientation"] = raw.orientation
    raw.encoding["raw_size"] = [raw.array.shape[1], raw.array.shape[0]]
    return upright(raw.array, raw.orientation), raw.alpha


def shrink_for(scale: float) -> int:
    """How much smaller a JPEG may be decoded when only a smaller picture is wanted.

    A JPEG decoded at 1/2, 1/4 or 1/8 of its size takes about a half to a third of the time. Each
    pixel is nearly the mean of a square of `shrink` by `shrink` source pixels (PSNR against exact
    means of 44 dB or more on photographs; coloured edges of JPEGs that store colours at half the
    resolution differ more, as these are averaged without being enlarged first). So coordinates
    are exactly the source's divided by `shrink`; a last row or column may reach beyond the source.
    `encoding["shrunk"]` says that it was done; JPEGs that can't be, and other formats, come whole.

    Args:
        scale: how many source pixels a pixel of the wanted picture spans at least, in any
            direction and anywhere in it.

    Returns:
        1, 2, 4 or 8, at most `scale` (1 for less than 2): what `decode_image` takes.
    """
    return next((shrink for shrink in (8, 4, 2) if scale >= shrink), 1)


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Height and width of a JPEG, upright, from its header; None for other formats.

    Raises:
        SampleError: the header is broken.
    """
    if not data.startswith(b"\xff\xd8"):
        return None
    header = jpeg.read_header(data)
    height, width = header.height, header.width
    return (height, width) if header.orientation < 5 else (width, height)


def _decode(data: bytes, max_pixels: int, mask: bool, shrink: int = 1) -> Raw:
    if not data:
        raise SampleError("the file is empty; copy it again from its origin")
    if data.startswith(b"\xff\xd8"):
        return jpeg.decode(data, max_pixels, shrink)
    if data.startswith(png.SIGNATURE):
        return png.decode(data, max_pixels, mask)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return tiff.decode(data, max_pixels, mask)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data, max_pixels)
    if data.startswith(b"BM"):
        return _bmp(data, max_pixels, mask)
    start = data[:12].decode("latin1")
    raise SampleError(
        f"not an image that tenfold reads (it starts with {start!r}); "
        "save it as JPEG, PNG, TIFF, WebP or BMP"
    )


def image_bytes(path: Place, max_pixels: int) -> bytes:
    """An image file's content, which isn't read if it is too long to be an image.

    Raises:
        SampleError: as `decode_image`, of the file.
    """
    try:
        return _content(path, max_pixels * BYTES_PER_PIXEL + _SPARE)
    except OSError as error:
        raise SampleError(
            f"can't be read: {error.strerror or error}; check that it exists and its permissions"
        ) from error
    except ValueError as error:
        raise SampleError(f"can't be read: {error}; rename it") from None


def _content(path: Place, most: int) -> bytes:
    if not isinstance(path, Path):
        _check_length(path.stat().st_size, most)
        return path.read_bytes()
    # `Path.stat` and `Path.read_bytes` would take more time than decoding a small image.
    handle = os.open(path, os.O_RDONLY | _EXACT)
    try:
        size = os.fstat(handle).st_size
        _check_length(size, most)
        data = os.read(handle, size + 1)
        while len(data) != size and (more := os.read(handle, size + 1)):  # read in pieces
            data += more
    finally:
        os.close(handle)
    return data


def _check_length(size: int, most: int) -> None:
    if size > most:
        pixels = (most - _SPARE) // BYTES_PER_PIXEL
        raise SampleError(
            f"a file of {size} bytes can't be an image of up to {pixels} pixels; "
            "raise max_pixels if it is genuine"
        )


def _webp(data: bytes, max_pixels: int) -> Raw:
    try:
        with WebPImageFile(io.BytesIO(data)) as image:
            check_size(*image.size, max_pixels)
            if getattr(image, "n_frames", 1) > 1:
                raise SampleError("an animated WebP holds several images; save each as its own")
            exif, icc = image.info.get("exif", b""), image.info.get("icc_profile")
            image.load()
            array = png.colours(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged("WebP", error) from None
    encoding: dict[str, Any] = {"format": "webp", "lossless": _is_lossless(data)}
    if icc:
        encoding["icc"] = icc
    return Raw(array, array.shape[2] == 4, encoding, orientation_of(exif))


def _is_lossless(data: bytes) -> bool:
    """Whether the pixels are in a VP8L chunk (RFC 9649, section 2.6)."""
    at = 12
    while at + 8 <= len(data):
        name = data[at : at + 4]
        if name in (b"VP8L", b"VP8 "):
            return name == b"VP8L"
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return False


def _bmp(data: bytes, max_pixels: int, mask: bool) -> Raw:
    encoding: dict[str, Any] = {"format": "bmp", "bits": 8}
    try:
        with BmpImageFile(io.BytesIO(data)) as image:
            check_size(*image.size, max_pixels)
            image.load()
            if image.mode == "1":
                encoding["bits"] = 1
            if mask and image.mode in ("1", "P"):
                if image.mode == "P":
                    encoding["palette"] = bytes(image.getpalette() or b"")
                return Raw(np.array(image).astype(np.uint8)[..., None], False, encoding)
            array = png.colours(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged("BMP", error) from None
    return Raw(array, array.shape[2] == 4, encoding)
