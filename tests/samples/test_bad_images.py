"""Files that are no images, or broken, or too much: refused with a reason and a cure, silently."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import LIMIT, WHOLE, noise, pillow, put, smooth, tiff
from PIL import Image

from tenfold.errors import SampleError
from tenfold.samples.codec import (
    decode_image,
    decode_mask,
)


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("decode", [decode_image, decode_mask])
def test_a_file_cut_anywhere_is_refused_or_whole(
    tmp_path: Path, kind: str, decode: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    data = WHOLE[kind]
    whole = decode(put(tmp_path, data), LIMIT)
    pixels = whole.image if decode is decode_image else whole.mask
    refused = 0
    cuts = sorted({*np.linspace(1, len(data) - 1, 60).astype(int).tolist(), len(data) - 2})
    for cut in cuts:
        try:
            part = decode(put(tmp_path, data[:cut]), LIMIT)
        except SampleError:
            refused += 1
        else:  # nothing but trailing metadata was lost
            assert np.array_equal(part.image if decode is decode_image else part.mask, pixels)
    assert refused >= len(cuts) - 2
    assert capfd.readouterr() == ("", "")


# libtiff, which reads LZW, tells of broken codes on stderr; they are refused all the same.
@pytest.mark.parametrize("kind", sorted({*WHOLE} - {"tiff-lzw"}))
def test_flipped_bytes_never_crash_nor_print(
    tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(7)
    for _ in range(40):
        data = bytearray(WHOLE[kind])
        for at in rng.integers(0, len(data), 3):
            data[at] ^= int(rng.integers(1, 256))
        with contextlib.suppress(SampleError):
            decode_image(put(tmp_path, bytes(data)), 100_000)
    assert capfd.readouterr() == ("", "")


def test_broken_lzw_is_refused(tmp_path: Path) -> None:
    data = bytearray(WHOLE["tiff-lzw"])
    data[200:1000] = bytes(800)
    with pytest.raises(SampleError, match="damaged"):
        decode_image(put(tmp_path, bytes(data)), LIMIT)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"hello, I am no image", "not an image"),
        (b"GIF89a\x01\x00\x01\x00", "not an image"),
        (b"\xff\xd8\xff\xd9", "frame header"),
        (b"BM", "BMP"),
        (b"II*\0", "TIFF"),
        (b"RIFF\x04\0\0\0WEBP", "WebP"),
    ],
)
def test_no_image_is_said_so(tmp_path: Path, content: bytes, says: str) -> None:
    for decode in (decode_image, decode_mask):
        with pytest.raises(SampleError, match=says):
            decode(put(tmp_path, content), LIMIT)


def bomb_png(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(width + 1) * min(height, 100))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_decompression_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match=r"100000x100000 pixels is over the limit.*max_pixels"):
        decode_image(put(tmp_path, bomb_png(100_000, 100_000)), 178_956_970)
    with pytest.raises(SampleError, match="truncated or damaged"):
        decode_image(put(tmp_path, bomb_png(10_000, 10_000)), 178_956_970)


@pytest.mark.parametrize("kind", WHOLE)
def test_the_limit_on_pixels_is_settable(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, WHOLE[kind])
    assert decode_image(path, 40 * 56).image.shape[:2] == (40, 56)
    with pytest.raises(SampleError, match="over the limit of 2239 pixels"):
        decode_image(path, 40 * 56 - 1)


def test_a_limit_above_pillows_own_is_not_warned_about(tmp_path: Path) -> None:
    image = Image.new("1", (10_000, 9_000))
    found = decode_mask(put(tmp_path, pillow(image, "PNG")), 100_000_000)
    assert found.mask.shape == (9_000, 10_000)


def test_unreadable_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="No such file"):
        decode_image(tmp_path / "gone.png", LIMIT)
    with pytest.raises(SampleError, match="directory"):
        decode_image(tmp_path, LIMIT)
    path = put(tmp_path, WHOLE["png"])
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(SampleError, match="permission"):
        decode_image(path, LIMIT)


def test_permission_error_names_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, WHOLE["png"])

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SampleError, match=r"Permission denied.*check"):
        decode_image(path, LIMIT)


@pytest.mark.parametrize(
    ("dtype", "cure"),
    [
        (np.float64, "float32"),
        (np.float16, "float32"),
        (np.int16, "add 32768"),
        (np.uint32, "uint16 or float32"),
        (np.int8, "add 128"),
    ],
)
def test_unsupported_dtypes_name_the_cure(tmp_path: Path, dtype: Any, cure: str) -> None:
    path = put(tmp_path, tiff(np.zeros((20, 30), dtype), photometric="minisblack"))
    with pytest.raises(SampleError, match=f"{np.dtype(dtype).name}.*{cure}"):
        decode_image(path, LIMIT)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_in_float_images(tmp_path: Path, value: float) -> None:
    image = np.zeros((20, 30), np.float32)
    image[3, 4] = value
    with pytest.raises(SampleError, match="NaN"):
        decode_image(put(tmp_path, tiff(image)), LIMIT)


def test_stacks_with_more_axes_and_animations_are_refused(tmp_path: Path) -> None:
    volume = tiff(noise(2, 3, 20, 30), photometric="minisblack", metadata={"axes": "ZCYX"})
    with pytest.raises(SampleError, match=r"axes ZCYX.*split"):
        decode_image(put(tmp_path, volume), LIMIT)
    frames = [Image.fromarray(smooth()), Image.fromarray(255 - smooth())]
    for kind in ("WEBP", "PNG"):
        film = pillow(frames[0], kind, save_all=True, append_images=frames[1:])
        with pytest.raises(SampleError, match="animated"):
            decode_image(put(tmp_path, film), LIMIT)
