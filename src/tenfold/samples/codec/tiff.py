"""TIFF (Adobe TIFF 6.0): any axis order, 1 to N channels, uint8, uint16 and float32."""

from __future__ import annotations

import io
import logging
import math
import warnings
from typing import Any

import cv2
import numpy as np
import tifffile
from PIL.TiffImagePlugin import TiffImageFile

from tenfold.errors import SampleError
from tenfold.samples.codec import png
from tenfold.samples.codec.raw import Raw, check_size, damaged
from tenfold.samples.sample import DTYPES, Array

# tifffile reports oddities through logging, which prints them when nobody listens.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_CURES = {
    "float64": "convert it to float32",
    "float16": "convert it to float32",
    "int8": "add 128 and save it as uint8",
    "int16": "add 32768 and save it as uint16, or save it as float32",
    "uint32": "save it as uint16 or float32",
    "int32": "save it as uint16 or float32",
}
_WHITE, _BLACK, _RGB, _PALETTE, _SEPARATED, _YCBCR = 0, 1, 2, 3, 5, 6


def cure_for(dtype: np.dtype[Any]) -> str:
    """What to do with an image of a dtype that isn't supported."""
    return _CURES.get(dtype.name, "convert it to uint8, uint16 or float32")


def decode(data: bytes, max_pixels: int, mask: bool) -> Raw:
    """Decode to (H, W, C).

    A third axis of any name (samples, channels, pages) becomes the channels. Masks keep any
    integer dtype, palette indices and bits.

    Raises:
        SampleError: too large, cut off, damaged, of another dtype, or with more axes.
    """
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            return _decode_first(tiff, data, max_pixels, mask)
    except SampleError:
        raise
    except Exception as error:  # damaged files make tifffile fail in any way there is
        raise damaged("TIFF", f"{type(error).__name__}: {error}") from None


def _decode_first(tiff: tifffile.TiffFile, data: bytes, max_pixels: int, mask: bool) -> Raw:
    if not tiff.series:
        raise damaged("TIFF", "it holds no image")
    series = tiff.series[0]
    if any(not other.keyframe.is_reduced for other in tiff.series[1:]):
        raise SampleError("the TIFF holds several images of different shape; split it into files")
    page: Any = series.keyframe
    axes, shape = series.axes, series.shape
    third = [i for i, axis in enumerate(axes) if axis not in "YX"]
    if "Y" not in axes or "X" not in axes or len(third) > 1:
        size = "x".join(map(str, shape))
        raise SampleError(
            f"a TIFF with axes {axes} ({size}) is more than an image with channels; "
            "split it into one file a plane"
        )
    height, width = shape[axes.index("Y")], shape[axes.index("X")]
    values = math.prod(shape) // max(height * width, 1)
    check_size(width, height, max_pixels, values * series.dtype.itemsize)
    _check_segments(series, len(data))
    photometric = int(page.photometric)
    _check_dtype(series.dtype, mask, photometric)
    stored = _pixels(series, page, data, photometric)
    if stored is None:
        return Raw(*_with_pillow(data), _orientation(page))
    array = np.moveaxis(stored, third[0], -1) if third else stored
    array = np.transpose(array, (1, 0, 2)[: array.ndim]) if axes.index("X") < axes.index(
        "Y") else array  # fmt: skip
    array = array[..., None] if array.ndim == 2 else array
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    bits = int(page.bitspersample)
    encoding: dict[str, Any] = {
        "format": "tiff",
        "axes": axes,
        "photometric": photometric,
        "bits": bits,
        "extrasamples": [int(kind) for kind in page.extrasamples],
    }
    if page.iccprofile is not None and not mask:
        encoding["icc"] = bytes(page.iccprofile)
    array = _meaning(array, page, photometric, mask, encoding)
    extras = encoding["extrasamples"]
    alpha = bool(extras) and extras[-1] in (1, 2) and array.shape[2] > 1
    return Raw(array, alpha, encoding, _orientation(page))


def _orientation(page: Any) -> int:
    tag = page.tags.get(274)
    value = int(tag.value) if tag is not None else 1
    return value if 1 <= value <= 8 else 1


def _check_segments(series: Any, size: int) -> None:
    for page in series.pages:
        if page is None:
            raise damaged("TIFF", "a page is missing")
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
            if count == 0 or offset + count > size:
                raise damaged("TIFF", "pixels are missing")


def _check_dtype(dtype: np.dtype[Any], mask: bool, photometric: int) -> None:
    if mask and dtype.kind not in "uib":
        raise SampleError(f"a mask holds whole numbers, this TIFF holds {dtype}; save it as uint16")
    if not mask and dtype.kind != "b" and dtype not in DTYPES:
        raise SampleError(f"images of {dtype} aren't supported; {cure_for(dtype)}")
    if photometric not in (_WHITE, _BLACK, _RGB, _PALETTE, _SEPARATED, _YCBCR):
        raise SampleError(
            f"a TIFF of colour space {tifffile.PHOTOMETRIC(photometric).name} isn't supported; "
            "save it as RGB"
        )


def _pixels(series: Any, page: Any, data: bytes, photometric: int) -> Array | None:
    """The stored values; None where only Pillow can tell (CMYK, JPEG inside TIFF, LZW...)."""
    eight = series.dtype == np.uint8 and len(series.pages) == 1
    if photometric in (_SEPARATED, _YCBCR) or int(page.bitspersample) in (2, 4):
        if not eight:
            raise SampleError("a CMYK or YCbCr TIFF must have 8 bits; save it as RGB")
        return None
    try:
        stored: Array = series.asarray(maxworkers=1)
        return stored
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
    if eight:
        return None
    axes = series.axes
    if axes in ("YX", "YXS") and series.dtype in DTYPES and len(series.pages) == 1:
        found: Array | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if found is not None and found.shape == series.shape and found.dtype == series.dtype:
            return found if axes == "YX" else found[..., [2, 1, 0, 3][: found.shape[2]]]
    raise SampleError(
        f"the TIFF is compressed with {page.compression.name}, which can't be read for "
        f"{series.dtype} and axes {axes}; save it with deflate or uncompressed"
    )


def _meaning(
    array: Array, page: Any, photometric: int, mask: bool, encoding: dict[str, Any]
) -> Array:
    """Stored values as colours for images; masks keep theirs."""
    if mask:
        if photometric == _PALETTE:
            encoding["colormap"] = np.asarray(page.colormap).tolist()
        return array.astype(np.uint8) if array.dtype == bool else array
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    if photometric == _PALETTE:
        table = np.asarray(page.colormap)
        encoding.update(photometric=_RGB, axes="YXS", extrasamples=[], bits=8)
        colours = (table >> 8 if table.max() > 255 else table).astype(np.uint8)
        return np.ascontiguousarray(colours.T[array[..., 0]])
    if photometric == _WHITE and array.dtype.kind == "u":
        return np.invert(array)
    return array


def _with_pillow(data: bytes) -> tuple[Array, bool, dict[str, Any]]:
    with warnings.catch_warnings():  # Pillow warns of odd tags; the pixels decide here
        warnings.simplefilter("error")
        try:
            with TiffImageFile(io.BytesIO(data)) as image:
                image.load()
                array = png.colours(image)
        except (OSError, SyntaxError, ValueError, Warning) as error:
            raise damaged("TIFF", error) from None
    alpha = array.shape[2] in (2, 4)
    rgb = array.shape[2] >= 3
    encoding = {
        "format": "tiff",
        "axes": "YXS" if array.shape[2] > 1 else "YX",
        "photometric": _RGB if rgb else _BLACK,
        "bits": 8,
        "extrasamples": [2] if alpha else [],
    }
    return array, alpha, encoding


def encode(array: Array, encoding: dict[str, Any], alpha: bool) -> bytes:
    """Encode losslessly (deflate), in the source's axis order; no dates, no software tag.

    Args:
        array: (H, W, C), any integer dtype or float32.
        encoding: of a decoded TIFF, or without "axes" for images that come from elsewhere.
        alpha: the last channel is opacity.
    """
    channels = array.shape[2]
    axes = encoding.get("axes") or ("YX" if channels == 1 else "YXS")
    colours = channels - alpha
    photometric = encoding.get("photometric", _RGB if colours == 3 else _BLACK)
    if photometric == _RGB and colours < 3:
        photometric = _BLACK
    colormap = encoding.get("colormap")
    if photometric == _PALETTE and (colormap is None or array.dtype != np.uint8):
        photometric = _BLACK
    if photometric == _WHITE and array.dtype.kind == "u" and "colormap" not in encoding:
        array = array if encoding.get("mask") else np.invert(array)
    samples = channels - (3 if photometric == _RGB else 1)
    extras = [0] * samples
    if alpha and samples:
        source = encoding.get("extrasamples") or [2]
        extras[-1] = source[-1] if source[-1] in (1, 2) else 2
    third = axes.replace("Y", "").replace("X", "")
    options: dict[str, Any] = {"metadata": None}
    if not third:
        stored = array[..., 0] if channels == 1 else array
        third = "" if channels == 1 else "S"
    elif axes.endswith("S"):
        stored = array
    else:
        stored = np.moveaxis(array, -1, 0)
    if third == "S" and channels > 1:
        options["planarconfig"] = "contig" if not axes.startswith("S") else "separate"
        options["extrasamples"] = extras
    elif third:
        options["metadata"] = {"axes": f"{third}YX"}
        photometric = _BLACK
    elif third == "" and photometric == _PALETTE:
        options["colormap"] = np.asarray(colormap, np.uint16)
    if encoding.get("icc"):
        options["iccprofile"] = encoding["icc"]
    bilevel = encoding.get("bits") == 1 and encoding.get("mask") and array.max(initial=0) <= 1
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(
            np.ascontiguousarray(stored, dtype=bool if bilevel else None),
            photometric=photometric,
            compression="zlib",
            compressionargs={"level": 1},
            software=False,
            maxworkers=1,
            **options,
        )
    return out.getvalue()
