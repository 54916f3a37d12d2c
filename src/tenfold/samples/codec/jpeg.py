"""JPEG (ITU-T T.81): strict decoding, and encoding with the source's own chroma subsampling."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field

import numpy as np
import simplejpeg
from PIL.JpegImagePlugin import JpegImageFile

from tenfold.errors import SampleError
from tenfold.native.room import room
from tenfold.samples.codec.exif import orientation_of
from tenfold.samples.codec.raw import Raw, check_size, damaged
from tenfold.samples.sample import Array

MAX_SIDE = 65_535
SUBSAMPLINGS = ("444", "422", "420", "440", "411")
_SHRINKABLE = ("444", "420", "Gray")
_ICC = b"ICC_PROFILE\0"
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_SCAN, _END = 0xDA, 0xD9


@dataclass
class Header:
    """What stands before the first scan."""

    width: int = 0
    height: int = 0
    components: int = 0
    precision: int = 8
    orientation: int = 1
    profile: dict[int, bytes] = field(default_factory=dict)


def read_header(data: bytes) -> Header:
    """Walk the marker segments up to the first scan.

    Raises:
        SampleError: the segments are broken or end too early.
    """
    header = Header()
    at = 2
    try:
        while True:
            if data[at] != 0xFF:
                raise damaged("JPEG", f"no marker at byte {at}")
            while data[at] == 0xFF:
                at += 1
            marker = data[at]
            at += 1
            if marker in _BARE:
                continue
            if marker in (_SCAN, _END):
                break
            (length,) = struct.unpack_from(">H", data, at)
            _segment(header, marker, data[at + 2 : at + length])
            at += length
    except (IndexError, struct.error):
        raise damaged("JPEG", "it ends inside the header") from None
    if not header.components:
        raise damaged("JPEG", "it has no frame header")
    return header


def _segment(header: Header, marker: int, body: bytes) -> None:
    if marker in _FRAMES:
        header.precision, header.height, header.width, header.components = struct.unpack_from(
            ">BHHB", body
        )
    elif marker == 0xE1 and body.startswith(b"Exif\0\0"):
        header.orientation = orientation_of(body)
    elif marker == 0xE2 and body.startswith(_ICC):
        header.profile[body[len(_ICC)]] = body[len(_ICC) + 2 :]


def decode(data: bytes, max_pixels: int, shrink: int = 1) -> Raw:
    """Decode a JPEG to (H, W, 1) grey or (H, W, 3) RGB uint8; CMYK is converted to RGB.

    Args:
        data: the file.
        max_pixels: limit on width times height, as stored.
        shrink: 1, 2, 4 or 8: how much smaller it comes, sides rounded up. CMYK comes whole, so do
            images with colours that are stored coarser in one direction only (libjpeg would skip
            colours instead of averaging them), and turned images whose sides aren't multiples
            (they would be shifted).

    Raises:
        SampleError: too large, cut off, damaged, or not 8-bit.
    """
    header = read_header(data)
    check_size(header.width, header.height, max_pixels)
    if header.precision != 8:
        raise SampleError(
            f"a JPEG of {header.precision} bits isn't supported; save it as 16-bit PNG or TIFF"
        )
    encoding: dict[str, object] = {"format": "jpg"}
    try:
        *_, space, subsampling = simplejpeg.decode_jpeg_header(data)
        if space in ("CMYK", "YCCK"):
            simplejpeg.decode_jpeg(data, "CMYK")  # strict: Pillow would let broken data through
            return Raw(_with_pillow(data), False, encoding, header.orientation)
        array = _decoded(data, header, space == "Gray", _smaller(header, subsampling, shrink))
    except ValueError as error:
        raise damaged("JPEG", error) from None
    if array.shape[:2] != (header.height, header.width):
        encoding["shrunk"] = shrink
    if subsampling in SUBSAMPLINGS:
        encoding["subsampling"] = subsampling
    if header.profile:
        encoding["icc"] = b"".join(header.profile[i] for i in sorted(header.profile))
    return Raw(array, False, encoding, header.orientation)


def _decoded(data: bytes, header: Header, grey: bool, smaller: dict[str, int]) -> Array:
    space = "GRAY" if grey else "RGB"
    if smaller:
        return np.asarray(simplejpeg.decode_jpeg(data, space, **smaller))
    out = room((header.height, header.width, 1 if grey else 3), np.uint8)
    simplejpeg.decode_jpeg(data, space, buffer=out)
    return out


def _smaller(header: Header, subsampling: str, shrink: int) -> dict[str, int]:
    """What simplejpeg is told for 1/shrink of the size, sides rounded up."""
    uneven = header.height % shrink or header.width % shrink
    if shrink == 1 or subsampling not in _SHRINKABLE or (uneven and header.orientation > 1):
        return {}
    return {
        "min_height": -(-header.height // shrink),
        "min_width": -(-header.width // shrink),
        "min_factor": shrink,
    }


def _with_pillow(data: bytes) -> Array:
    # Pillow knows that Adobe writes CMYK upside down.
    try:
        with JpegImageFile(io.BytesIO(data)) as image:
            return np.array(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged("JPEG", error) from None


def encode(image: Array, quality: int, subsampling: str, icc: bytes | None) -> bytes:
    """Encode (H, W, 1) or (H, W, 3) uint8.

    Args:
        image: grey or RGB.
        quality: 1 to 100.
        subsampling: one of `SUBSAMPLINGS`.
        icc: colour profile to embed, or None.
    """
    grey = image.shape[2] == 1
    data: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(image),
        quality,
        "GRAY" if grey else "RGB",
        "Gray" if grey else subsampling,
    )
    if not icc:
        return data
    # the profile goes in pieces after the JFIF segment (ICC.1:2010, annex B.4)
    (length,) = struct.unpack_from(">H", data, 4)
    after = 4 + length
    size = 65_519
    pieces = [icc[i : i + size] for i in range(0, len(icc), size)]
    segments = b"".join(
        struct.pack(">BBH", 0xFF, 0xE2, len(piece) + 16) + _ICC + bytes([i, len(pieces)]) + piece
        for i, piece in enumerate(pieces, 1)
    )
    return data[:after] + segments + data[after:]
