"""PNG (W3C Portable Network Graphics, third edition): strict decoding and fast encoding.

The file is checked as a whole (every chunk's CRC, the closing chunk, the inflated size) before
its pixels are decoded, so that the decoders never see broken data: they would warn on stderr, or
return a picture that is grey from some row on.
"""

from __future__ import annotations

import io
import struct
import threading
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from tenfold.errors import SampleError
from tenfold.native.library import ffi, lib
from tenfold.samples.codec.exif import orientation_of
from tenfold.samples.codec.raw import Raw, check_size, damaged
from tenfold.samples.sample import Array

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
_COLOUR_TYPE = {1: GREY, 2: GREY_ALPHA, 3: RGB, 4: RGB_ALPHA}
_PROFILE_LIMIT = 1 << 24
_thread = threading.local()
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip
"""Interlace passes: first column, first row, step right, step down."""


@dataclass
class Chunks:
    """A checked file's header and the chunks that matter."""

    width: int
    height: int
    bits: int
    colour: int
    interlaced: bool
    pixels: list[memoryview] = field(default_factory=list)
    other: dict[bytes, bytes] = field(default_factory=dict)

    def inflated(self) -> int:
        """Bytes of the pixel data once inflated: rows with one filter byte each."""
        bits = self.bits * _CHANNELS[self.colour]

        def rows(width: int, height: int) -> int:
            return height * (1 + (width * bits + 7) // 8) if width and height else 0

        if not self.interlaced:
            return rows(self.width, self.height)
        return sum(
            rows((self.width - x + dx - 1) // dx, (self.height - y + dy - 1) // dy)
            for x, y, dx, dy in _ADAM7
        )


def read_chunks(data: bytes, max_pixels: int) -> Chunks:
    """Check the header's size, then every chunk.

    Raises:
        SampleError: too large, cut off, damaged or animated.
    """
    view = memoryview(data)
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise damaged("PNG", "it ends inside the header")
    width, height, bits, colour, *_, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    check_size(width, height, max_pixels)
    if colour not in _CHANNELS or bits not in (1, 2, 4, 8, 16):
        raise damaged("PNG", f"colour type {colour} of {bits} bits")
    found = Chunks(width, height, bits, colour, interlace == 1)
    at = len(SIGNATURE)
    while True:
        if at + 12 > len(data):
            raise damaged("PNG", "its end is missing")
        (length,) = struct.unpack_from(">I", data, at)
        name = data[at + 4 : at + 8]
        end = at + 8 + length
        if end + 4 > len(data):
            raise damaged("PNG", f"it ends inside chunk {name.decode('latin1')!r}")
        if zlib.crc32(view[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise damaged("PNG", f"checksum of chunk {name.decode('latin1')!r}")
        if name == b"IEND":
            return found
        if name == b"acTL":
            raise SampleError("an animated PNG holds several images; save each as its own file")
        if name == b"IDAT":
            found.pixels.append(view[at + 8 : end])
        elif name in (b"PLTE", b"tRNS", b"eXIf", b"iCCP"):
            found.other[name] = data[at + 8 : end]
        at = end + 4


def decode(data: bytes, max_pixels: int, mask: bool) -> Raw:
    """Decode to (H, W, C) uint8 or uint16.

    Args:
        data: the file.
        max_pixels: limit on width times height.
        mask: keep palette indices and one-bit values instead of turning them into colours.
    """
    chunks = read_chunks(data, max_pixels)
    encoding: dict[str, Any] = {"format": "png", "bits": chunks.bits}
    if b"iCCP" in chunks.other and not mask:
        profile = _profile(chunks.other[b"iCCP"])
        if profile:
            encoding["icc"] = profile
    orientation = orientation_of(chunks.other.get(b"eXIf", b""))
    _check_stream(chunks)
    if chunks.bits == 16:
        array, alpha = _sixteen_bits(data, chunks)
        return Raw(array, alpha, encoding, orientation)
    try:
        with PngImageFile(io.BytesIO(data)) as image:
            image.load()
            if mask and chunks.colour == PALETTE:
                encoding["palette"] = chunks.other.get(b"PLTE", b"")
                encoding["transparency"] = chunks.other.get(b"tRNS")
                return Raw(np.array(image)[..., None], False, encoding, orientation)
            if mask and chunks.colour == GREY and chunks.bits == 1:
                return Raw(np.array(image).astype(np.uint8)[..., None], False, encoding,
                           orientation)  # fmt: skip
            array = colours(image)
    except (OSError, SyntaxError, ValueError, zlib.error, EOFError) as error:
        raise damaged("PNG", error) from None
    return Raw(array, array.shape[2] in (2, 4), encoding, orientation)


def _profile(body: bytes) -> bytes | None:
    """The colour profile in an iCCP chunk; None if it is broken (the pixels stand without)."""
    _, _, rest = body.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(rest[1:], _PROFILE_LIMIT)
    except zlib.error:
        return None
    return profile if inflater.eof else None


def colours(image: Image.Image) -> Array:
    """A Pillow image as (H, W, C) uint8: L, LA, RGB or RGBA; palettes and bits resolved."""
    clear = "transparency" in image.info
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode == "P":
        image = image.convert("RGBA" if clear else "RGB")
    elif image.mode == "L" and clear:
        image = image.convert("LA")
    elif image.mode == "RGB" and clear:
        image = image.convert("RGBA")
    elif image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("RGB")
    array = np.array(image)
    return array[..., None] if array.ndim == 2 else array


def _check_stream(chunks: Chunks) -> None:
    """Inflate the pixels to see that all are there.

    Pillow takes a stream that ends early as it is, the rest black, and OpenCV writes to stderr.
    """
    need = chunks.inflated()
    inflater = zlib.decompressobj()
    got = 0
    try:
        for piece in chunks.pixels:
            if got <= need:
                got += len(inflater.decompress(piece, need + 1 - got))
    except zlib.error as error:
        raise damaged("PNG", error) from None
    if got != need:
        raise damaged("PNG", f"{got} bytes of pixels instead of {need}")


def _sixteen_bits(data: bytes, chunks: Chunks) -> tuple[Array, bool]:
    # Pillow would cut 16-bit colour to 8 bits.
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16:
        raise damaged("PNG", "its 16-bit pixels can't be decoded")
    if array.ndim == 2:
        array = array[..., None]
    if chunks.colour == GREY_ALPHA:
        array = array[..., [0, -1]]
    elif array.shape[2] >= 3:
        array = array[..., [2, 1, 0, 3][: array.shape[2]]]
    return np.ascontiguousarray(array), array.shape[2] in (2, 4)


def encode(
    array: Array,
    *,
    bits: int = 8,
    palette: bytes | None = None,
    transparency: bytes | None = None,
    icc: bytes | None = None,
) -> bytes:
    """Encode losslessly; pixels become the same bytes on every machine, whatever its zlib.

    Each row gets the filter whose residuals are smallest (W3C PNG, section 12.7), the stream is
    deflated in blocks with codes of their own, with matches where they pay (`native/png_*.c`).

    Args:
        array: (H, W, C) uint8 or uint16, C 1 to 4 (2 and 4: with opacity); with `bits` below 8,
            (H, W, 1) values below 2**bits.
        bits: of a sample; 16 for uint16.
        palette: RGB triples; the values are then indices into it.
        transparency: content of the tRNS chunk that goes with the palette.
        icc: colour profile to embed.

    Raises:
        SampleError: the file could be larger than 2 GiB.
    """
    height, width, channels = array.shape
    deep = array.dtype == np.uint16
    if deep:
        bits = 16
    colour = PALETTE if palette is not None else _COLOUR_TYPE[channels]
    head = _header(width, height, bits, colour)
    if icc:
        head += _profile_chunk(icc)
    if palette is not None:
        head += _chunk(b"PLTE", palette)
        if transparency:
            head += _chunk(b"tRNS", transparency)
    row = (width * channels * bits + 7) // 8
    bound = len(head) + lib.png_bound(height, row)
    if bound > 1 << 31:
        raise SampleError(f"{width}x{height} pixels are too many for png; use tiff")
    rows = np.ascontiguousarray(array) if bits >= 8 else _packed(array, bits)
    step = channels * rows.itemsize if bits >= 8 else 1
    out = np.empty(bound, np.uint8)
    size = lib.png_encode(
        ffi.from_buffer("uint8_t[]", rows), height, row, step, deep, head, len(head),
        ffi.from_buffer("uint8_t[]", out), ffi.from_buffer("uint8_t[]", _work_space(row)),
    )  # fmt: skip
    return out[:size].tobytes()


def _work_space(row: int) -> Array:
    """The encoder's memory for rows of so many bytes, one for each thread."""
    size = lib.png_work_size(row)
    space: Array | None = getattr(_thread, "space", None)
    if space is None or space.size < size:
        space = _thread.space = np.empty(size, np.uint8)
    return space


@lru_cache(64)
def _header(width: int, height: int, bits: int, colour: int) -> bytes:
    fields = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", fields)


@lru_cache(16)
def _profile_chunk(icc: bytes) -> bytes:
    return _chunk(b"iCCP", b"profile\0\0" + zlib.compress(icc))


def _packed(array: Array, bits: int) -> Array:
    """Values smaller than a byte, the first one in the highest bits."""
    height, width = array.shape[:2]
    per_byte = 8 // bits
    padded = np.zeros((height, -(-width // per_byte) * per_byte), np.uint8)
    padded[:, :width] = array[..., 0]
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    parts = padded.reshape(height, -1, per_byte) << shifts
    packed: Array = np.bitwise_or.reduce(parts, axis=2).astype(np.uint8)
    return packed


def _chunk(name: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(body, zlib.crc32(name))
    return b"".join([struct.pack(">I", len(body)), name, body, struct.pack(">I", crc)])
