"""Image and mask files out: dtype and channels as they are, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from tenfold.errors import RequestError, SampleError, did_you_mean
from tenfold.samples.codec import jpeg, png, tiff
from tenfold.samples.sample import Array

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "jpg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "tiff": (".tif", ".tiff"),
    "webp": (".webp",),
    "bmp": (".bmp", ".dib"),
}
"""File suffixes (lower case) of each format; the first one is written where there is a choice."""

FORMATS = tuple(SUFFIXES)
_ALIASES = {"jpeg": "jpg", "tif": "tiff"}
_IGNORED_COLOUR = bytes((224, 224, 192))
"""Colour of mask values that a palette lacks: Pascal VOC's for "ignore"."""


def format_named(name: str) -> str:
    """The format of that name ("JPEG" and ".jpg" are "jpg").

    Raises:
        RequestError: there is none.
    """
    plain = name.lower().lstrip(".")
    plain = _ALIASES.get(plain, plain)
    if plain not in FORMATS:
        hint = did_you_mean(plain, FORMATS)
        raise RequestError(f"format must be one of {', '.join(FORMATS)}, got {name!r}{hint}")
    return plain


def format_problem(dtype: np.dtype[Any], channels: int, alpha: bool, format: str) -> str | None:  # noqa: A002
    """Why a format can't hold such images, with the cure; None if it can."""
    name, dtype = format_named(format), np.dtype(dtype)
    if dtype not in (np.uint8, np.uint16, np.float32):
        return f"images of {dtype} can't be written; {tiff.cure_for(dtype)}"
    if name == "tiff":
        return None
    deep = (np.uint8, np.uint16) if name == "png" else (np.uint8,)
    if dtype not in deep:
        cure = "png or tiff" if dtype == np.uint16 else "tiff"
        return f"{name} can't hold {dtype} images; use format {cure}"
    if name == "png":
        if channels > 4:
            return f"png can't hold {channels} channels; use format tiff"
        if (channels in (2, 4)) != alpha:
            return f"png's channel {channels} would be opacity, which this one isn't; use tiff"
        return None
    if alpha and name != "webp":
        return f"{name} can't hold opacity; use format png, or remove the alpha channel"
    if name == "webp" and channels - alpha != 3:
        return f"webp always holds colours, the image has {channels} channel(s); use format png"
    if channels - alpha not in (1, 3):
        return f"{name} can't hold {channels} channels; use format tiff"
    return None


def check_format(dtype: np.dtype[Any], channels: int, alpha: bool, format: str) -> None:  # noqa: A002
    """Refuse a format that can't hold such images.

    Args:
        dtype: of the images.
        channels: all of them, opacity included.
        alpha: the last channel is opacity.
        format: a name that `format_named` knows.

    Raises:
        RequestError: with the cure.
    """
    problem = format_problem(dtype, channels, alpha, format)
    if problem:
        raise RequestError(f"format: {problem}")


def encode_image(
    image: Array,
    format: str,  # noqa: A002
    encoding: Mapping[str, Any],
    quality: int = 95,
    alpha: bool = False,
) -> bytes:
    """Encode an image, keeping its dtype and channels.

    Args:
        image: (H, W, C) uint8, uint16 or float32; RGB order.
        format: "jpg", "png", "tiff", "webp" or "bmp".
        encoding: of the file it comes from (`DecodedImage.encoding`), or {}.
        quality: of JPEG and lossy WebP, 1 to 100.
        alpha: the last channel is opacity.

    Returns:
        The file's bytes, the same for the same arguments (and library versions).

    Raises:
        SampleError: the format can't hold it.
    """
    name = format_named(format)
    problem = format_problem(image.dtype, image.shape[2], alpha, name)
    if problem:
        raise SampleError(problem)
    same = encoding.get("format") == name
    if max(image.shape[:2]) > {"jpg": jpeg.MAX_SIDE, "webp": 16_383}.get(name, 1 << 31):
        raise SampleError(
            f"{image.shape[1]}x{image.shape[0]} pixels are too many for {name}; use png or tiff"
        )
    if name == "jpg":
        return jpeg.encode(image, quality, encoding.get("subsampling", "420"), encoding.get("icc"))
    if name == "png":
        return png.encode(image, icc=encoding.get("icc"))
    if name == "tiff":
        return tiff.encode(image, dict(encoding) if same else {"icc": encoding.get("icc")}, alpha)
    if name == "webp":
        return _pillow(
            image, "WEBP", lossless=bool(encoding.get("lossless")), quality=quality, exact=True,
            icc_profile=encoding.get("icc"),
        )  # fmt: skip
    return _pillow(image, "BMP")


def encode_mask(mask: Array, encoding: Mapping[str, Any]) -> bytes:
    """Encode a label image, always lossless, as its file was: palette, bits, TIFF...

    A mask that came as JPEG becomes PNG. Values that a palette or few bits can't hold (an ignore
    value, say) widen the palette or the bits, never change.

    Args:
        mask: (H, W) or (H, W, K) integers.
        encoding: of the file it comes from (`DecodedMask.encoding`), or {}.

    Raises:
        SampleError: no format of its kind can hold its values.
    """
    array = mask if mask.ndim == 3 else mask[..., None]
    if array.dtype == bool:
        array = array.astype(np.uint8)
    if mask_format(encoding) == "tiff":
        return tiff.encode(array, {**encoding, "mask": True}, bool(encoding.get("alpha")))
    if array.dtype not in (np.uint8, np.uint16):
        top = int(array.max(initial=0))
        if array.dtype.kind not in "ui" or int(array.min(initial=0)) < 0 or top > 65_535:
            raise SampleError(
                f"a {array.dtype} mask with values up to {top} doesn't fit a PNG; use TIFF masks"
            )
        array = array.astype(np.uint8 if top <= 255 else np.uint16)
    if array.shape[2] > 4:
        raise SampleError(f"a mask of {array.shape[2]} layers doesn't fit a PNG; use TIFF masks")
    if mask_format(encoding) == "webp" and array.dtype == np.uint8 and array.shape[2] in (3, 4):
        return _pillow(array, "WEBP", lossless=True, exact=True)
    if mask_format(encoding) == "bmp" and array.dtype == np.uint8 and array.shape[2] in (1, 3):
        return _bmp_mask(array, encoding)
    return _png_mask(array, encoding)


def mask_format(encoding: Mapping[str, Any]) -> str:
    """The format in which a mask is written back: its own, PNG for a JPEG or an unknown one."""
    name = str(encoding.get("format", "png"))
    return "png" if name == "jpg" else name


def _png_mask(array: Array, encoding: Mapping[str, Any]) -> bytes:
    bits = int(encoding.get("bits", 8))
    palette, clear = encoding.get("palette"), encoding.get("transparency")
    if array.dtype != np.uint8 or array.shape[2] > 1:
        return png.encode(array)
    top = int(array.max(initial=0))
    if palette is None:
        return png.encode(array, bits=1 if bits == 1 and top <= 1 else 8)
    if top >= 1 << min(bits, 8):
        bits = 8
    missing = top + 1 - len(palette) // 3
    palette = palette + _IGNORED_COLOUR * max(missing, 0)
    return png.encode(array, bits=bits, palette=palette, transparency=clear)


def _bmp_mask(array: Array, encoding: Mapping[str, Any]) -> bytes:
    if array.shape[2] == 3:
        return _pillow(array, "BMP")
    top = int(array.max(initial=0))
    if encoding.get("bits") == 1 and top <= 1:
        return _save(Image.fromarray(array[..., 0].astype(bool)), "BMP")
    palette = encoding.get("palette")
    if palette is None:
        return _pillow(array, "BMP")
    image = Image.fromarray(np.ascontiguousarray(array[..., 0]), "L")
    image.putpalette(palette + _IGNORED_COLOUR * max(top + 1 - len(palette) // 3, 0))
    return _save(image, "BMP")


def _pillow(image: Array, kind: str, **options: Any) -> bytes:
    flat = image[..., 0] if image.shape[2] == 1 else image
    return _save(Image.fromarray(np.ascontiguousarray(flat)), kind, **options)


def _save(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **{k: v for k, v in options.items() if v is not None})
    return out.getvalue()
