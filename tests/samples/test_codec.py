"""Image and mask files against Pillow, tifffile and OpenCV as independent readers and writers."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tenfold.errors import RequestError, SampleError
from tenfold.samples.codec import (
    check_format,
    decode_image,
    decode_mask,
    encode_image,
    encode_mask,
    format_named,
)
from tenfold.samples.codec.exif import orientation_of, upright
from tenfold.samples.sample import Array

LIMIT = 10_000_000


def noise(*shape: int, dtype: Any = np.uint8) -> Array:
    rng = np.random.default_rng(3)
    if dtype == np.float32:
        return rng.normal(size=shape).astype(np.float32)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(height: int = 40, width: int = 56) -> Array:
    y, x = np.mgrid[:height, :width]
    return np.stack([4 * x, 5 * y, 3 * (x + y) // 2], axis=-1).astype(np.uint8)


def pillow(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def put(tmp_path: Path, data: bytes, name: str = "x") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def tiff(array: Array, **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, array, **options)
    return out.getvalue()


# ---- what comes in -------------------------------------------------------------------------


def test_jpeg_is_decoded_as_opencv_does(tmp_path: Path) -> None:
    data = pillow(Image.fromarray(smooth()), "JPEG", quality=90, subsampling=1)
    found = decode_image(put(tmp_path, data), LIMIT)
    theirs: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    theirs = theirs[..., ::-1]
    assert np.abs(found.image.astype(int) - theirs).max() <= 2
    assert found.encoding == {"format": "jpg", "subsampling": "422"}
    assert not found.alpha


def test_grey_and_cmyk_jpegs(tmp_path: Path) -> None:
    grey = pillow(Image.fromarray(smooth()[..., 0]), "JPEG", quality=95)
    assert decode_image(put(tmp_path, grey), LIMIT).image.shape == (40, 56, 1)
    cmyk = pillow(Image.fromarray(smooth()).convert("CMYK"), "JPEG", quality=98)
    found = decode_image(put(tmp_path, cmyk), LIMIT)
    assert np.abs(found.image.astype(int) - smooth()).mean() < 4
    with pytest.raises(SampleError, match="truncated"):
        decode_image(put(tmp_path, cmyk[: len(cmyk) // 2]), LIMIT)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P"])
def test_eight_bit_png(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(smooth()).convert(mode)
    found = decode_image(put(tmp_path, pillow(image, "PNG")), LIMIT)
    plain = {"1": "L", "P": "RGB"}.get(mode, mode)
    truth = np.array(image.convert(plain))
    assert np.array_equal(np.squeeze(found.image), truth)
    assert found.alpha == (mode in ("LA", "RGBA"))


def test_palette_with_transparency_becomes_rgba(tmp_path: Path) -> None:
    image = Image.fromarray(smooth()).convert("P")
    found = decode_image(put(tmp_path, pillow(image, "PNG", transparency=b"\x10\x80")), LIMIT)
    assert found.image.shape[2] == 4
    assert found.alpha


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bit_png_written_by_opencv(tmp_path: Path, channels: int) -> None:
    image = noise(20, 30, channels, dtype=np.uint16)
    bgr = image if channels == 1 else image[..., [2, 1, 0, 3][:channels]]
    data = cv2.imencode(".png", bgr)[1].tobytes()
    found = decode_image(put(tmp_path, data), LIMIT)
    assert found.image.dtype == np.uint16
    assert np.array_equal(found.image, image)
    assert found.alpha == (channels == 4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(
    ("shape", "options", "axes"),
    [
        ((20, 30), {"photometric": "minisblack"}, "YX"),
        ((20, 30, 3), {"photometric": "rgb"}, "YXS"),
        ((3, 20, 30), {"photometric": "rgb", "planarconfig": "separate"}, "SYX"),
        ((20, 30, 7), {"photometric": "minisblack", "planarconfig": "contig"}, "YXS"),
        ((5, 20, 30), {"photometric": "minisblack", "metadata": {"axes": "CYX"}}, "CYX"),
        ((6, 20, 30), {"photometric": "minisblack", "imagej": True}, "ZYX"),
        ((4, 20, 30), {"photometric": "minisblack", "metadata": None}, "QYX"),
    ],
)
def test_tiff_axes_dtypes_and_channels_survive(
    tmp_path: Path, dtype: Any, shape: tuple[int, ...], options: dict[str, Any], axes: str
) -> None:
    image = noise(*shape, dtype=dtype)
    path = put(tmp_path, tiff(image, **options))
    found = decode_image(path, LIMIT)
    last = image if axes[-1] == "S" or len(shape) == 2 else np.moveaxis(image, 0, -1)
    assert np.array_equal(np.squeeze(found.image), last)
    assert found.image.dtype == dtype
    data = encode_image(found.image, "tiff", found.encoding, alpha=found.alpha)
    with tifffile.TiffFile(io.BytesIO(data)) as back:
        assert np.array_equal(back.asarray(), image)
        if axes not in ("QYX", "ZYX"):
            assert back.series[0].axes == axes
        assert "DateTime" not in back.pages[0].tags  # type: ignore[union-attr]
        assert "Software" not in back.pages[0].tags  # type: ignore[union-attr]
    again = decode_image(put(tmp_path, data), LIMIT)
    assert np.array_equal(again.image, found.image)
    assert again.encoding["axes"] == found.encoding["axes"]


@pytest.mark.parametrize("photometric", ["rgb", "minisblack"])
def test_tiff_alpha(tmp_path: Path, photometric: str) -> None:
    image = noise(20, 30, 4 if photometric == "rgb" else 2)
    path = put(tmp_path, tiff(image, photometric=photometric, extrasamples=["unassalpha"],
                              planarconfig="contig"))  # fmt: skip
    found = decode_image(path, LIMIT)
    assert found.alpha
    again = decode_image(
        put(tmp_path, encode_image(found.image, "tiff", found.encoding, alpha=True)), LIMIT
    )
    assert again.alpha
    assert np.array_equal(again.image, image)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "jpeg", "tiff_adobe_deflate"])
def test_tiff_codecs_of_other_writers(tmp_path: Path, compression: str) -> None:
    data = pillow(Image.fromarray(smooth()), "TIFF", compression=compression)
    found = decode_image(put(tmp_path, data), LIMIT)
    difference = np.abs(found.image.astype(int) - smooth())
    assert difference.mean() < (5 if compression == "jpeg" else 1e-9)
    assert encode_image(found.image, "tiff", found.encoding)


@pytest.mark.parametrize("channels", [1, 3])
def test_lzw_tiff_of_sixteen_bits(tmp_path: Path, channels: int) -> None:
    image = noise(20, 30, channels, dtype=np.uint16)
    options = [cv2.IMWRITE_TIFF_COMPRESSION, 5]
    data = cv2.imencode(".tiff", image[..., ::-1], options)[1].tobytes()
    assert np.array_equal(decode_image(put(tmp_path, data), LIMIT).image, image)


def test_tiff_white_is_zero_and_palette(tmp_path: Path) -> None:
    grey = smooth()[..., 0]
    found = decode_image(put(tmp_path, tiff(grey, photometric="miniswhite")), LIMIT)
    assert np.array_equal(found.image[..., 0], 255 - grey)
    with Image.open(io.BytesIO(encode_image(found.image, "tiff", found.encoding))) as back:
        assert np.array_equal(np.array(back.convert("L")), 255 - grey)
    indexed = pillow(Image.fromarray(smooth()).convert("P"), "TIFF")
    with Image.open(io.BytesIO(indexed)) as theirs:
        truth = np.array(theirs.convert("RGB"))
    assert np.array_equal(decode_image(put(tmp_path, indexed), LIMIT).image, truth)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp(tmp_path: Path, lossless: bool, mode: str) -> None:
    image = Image.fromarray(np.dstack([smooth(), smooth()[..., 0]])).convert(mode)
    found = decode_image(put(tmp_path, pillow(image, "WEBP", lossless=lossless, quality=90, exact=True)), LIMIT)
    assert found.encoding["lossless"] == lossless
    assert np.abs(found.image.astype(int) - np.array(image)).mean() < (1e-9 if lossless else 4)
    again = decode_image(
        put(tmp_path, encode_image(found.image, "webp", found.encoding, alpha=found.alpha)), LIMIT
    )
    assert again.encoding["lossless"] == lossless
    if lossless:
        assert np.array_equal(again.image, found.image)


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_bmp(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(smooth()).convert(mode)
    found = decode_image(put(tmp_path, pillow(image, "BMP")), LIMIT)
    assert np.array_equal(np.squeeze(found.image), np.array(image.convert("RGB" if mode == "RGB"
                                                                          else "L")))  # fmt: skip
    again = decode_image(put(tmp_path, encode_image(found.image, "bmp", found.encoding)), LIMIT)
    assert np.array_equal(again.image, found.image)


def turned(kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    options: dict[str, Any] = {"exif": exif}
    if kind in ("JPEG", "WEBP"):
        options["quality"] = 95
    if kind == "WEBP":
        options["lossless"] = True
    if kind == "TIFF":
        options = {"tiffinfo": {274: orientation}}
    return pillow(Image.fromarray(smooth()), kind, **options)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_as_pillow_honours_it(tmp_path: Path, kind: str, orientation: int) -> None:
    from PIL import ImageOps

    data = turned(kind, orientation)
    with Image.open(io.BytesIO(data)) as image:
        truth = np.array(ImageOps.exif_transpose(image))
    found = decode_image(put(tmp_path, data), LIMIT)
    assert found.image.shape == truth.shape
    assert np.abs(found.image.astype(int) - truth).max() <= (2 if kind == "JPEG" else 0)
    if orientation == 1:
        assert "orientation" not in found.encoding
    else:
        assert found.encoding["orientation"] == orientation
        assert found.encoding["raw_size"] == [56, 40]


def test_copies_of_a_turned_photo_are_upright(tmp_path: Path) -> None:
    found = decode_image(put(tmp_path, turned("JPEG", 6)), LIMIT)
    again = decode_image(put(tmp_path, encode_image(found.image, "jpg", found.encoding)), LIMIT)
    assert again.image.shape == found.image.shape
    assert "orientation" not in again.encoding


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_exif_block_has_an_orientation(block: bytes) -> None:
    assert 1 <= orientation_of(block) <= 8
    assert 1 <= orientation_of(b"Exif\0\0II*\0" + block) <= 8


@given(st.integers(1, 8))
def test_upright_keeps_every_pixel(orientation: int) -> None:
    image = noise(3, 5, 2)
    assert np.array_equal(np.sort(upright(image, orientation).ravel()), np.sort(image.ravel()))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("to", ["jpg", "png", "webp", "tiff"])
def test_colour_profile_is_kept(tmp_path: Path, kind: str, to: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = pillow(Image.fromarray(smooth()), kind, icc_profile=profile)
    found = decode_image(put(tmp_path, data), LIMIT)
    with Image.open(io.BytesIO(encode_image(found.image, to, found.encoding))) as back:
        back.load()
        assert back.info["icc_profile"] == profile


# ---- bad input -----------------------------------------------------------------------------

WHOLE: dict[str, bytes] = {
    "jpg": pillow(Image.fromarray(smooth()), "JPEG"),
    "png": pillow(Image.fromarray(smooth()), "PNG"),
    "png16": cv2.imencode(".png", noise(40, 56, 3, dtype=np.uint16))[1].tobytes(),
    "webp": pillow(Image.fromarray(smooth()), "WEBP"),
    "bmp": pillow(Image.fromarray(smooth()), "BMP"),
    "tiff": tiff(smooth(), photometric="rgb", compression="zlib"),
    "tiff16": tiff(noise(40, 56, dtype=np.uint16)),
    "tiff-lzw": pillow(Image.fromarray(smooth()), "TIFF", compression="tiff_lzw"),
}


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

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
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


# ---- what goes out -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 40)])
def test_png_out_is_read_by_opencv_and_pillow(
    tmp_path: Path, dtype: Any, channels: int, size: tuple[int, int]
) -> None:
    image = noise(*size, channels, dtype=dtype)
    alpha = channels in (2, 4)
    data = encode_image(image, "png", {}, alpha=alpha)
    with Image.open(io.BytesIO(data)) as theirs:
        assert theirs.size == size[::-1]
        if dtype == np.uint8:
            assert np.array_equal(np.array(theirs).reshape(image.shape), image)
    if channels != 2:
        array: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        order = [2, 1, 0, 3][:channels] if channels > 1 else [0]
        assert np.array_equal(array.reshape(image.shape)[..., order], image)
    found = decode_image(put(tmp_path, data), LIMIT)
    assert np.array_equal(found.image, image)
    assert found.alpha == alpha


@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
def test_jpeg_keeps_subsampling_and_is_near(tmp_path: Path, subsampling: str) -> None:
    data = encode_image(smooth(), "jpg", {"subsampling": subsampling}, quality=95)
    found = decode_image(put(tmp_path, data), LIMIT)
    assert found.encoding["subsampling"] == subsampling
    assert np.abs(found.image.astype(int) - smooth()).mean() < 2
    assert encode_image(smooth(), "jpg", {}) == encode_image(smooth(), "jpg", {"format": "png"})


@pytest.mark.parametrize(
    ("dtype", "channels", "alpha", "name", "cure"),
    [
        (np.uint16, 3, False, "jpg", "png or tiff"),
        (np.float32, 1, False, "png", "tiff"),
        (np.uint8, 5, False, "png", "tiff"),
        (np.uint8, 4, False, "png", "tiff"),
        (np.uint8, 4, True, "jpg", "png"),
        (np.uint8, 4, True, "bmp", "png"),
        (np.uint8, 1, False, "webp", "png"),
        (np.uint8, 2, False, "jpg", "tiff"),
        (np.float64, 1, False, "tiff", "float32"),
    ],
)
def test_a_format_that_cannot_hold_it(
    dtype: Any, channels: int, alpha: bool, name: str, cure: str
) -> None:
    with pytest.raises(RequestError, match=cure):
        check_format(np.dtype(dtype), channels, alpha, name)
    with pytest.raises(SampleError, match=cure):
        encode_image(np.zeros((4, 4, channels), dtype), name, {}, alpha=alpha)


@pytest.mark.parametrize("name", ["jpg", "png", "tiff", "webp", "bmp"])
def test_checked_formats_do_hold_it(tmp_path: Path, name: str) -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        for channels in (1, 2, 3, 4, 5):
            for alpha in (False, True)[: 1 if channels == 1 else 2]:
                try:
                    check_format(np.dtype(dtype), channels, alpha, name)
                except RequestError:
                    continue
                image = noise(9, 8, channels, dtype=dtype)
                data = encode_image(image, name, {"lossless": True}, alpha=alpha)
                found = decode_image(put(tmp_path, data), LIMIT)
                assert found.image.shape == image.shape
                assert found.image.dtype == dtype
                assert found.encoding["format"] == name
                if channels != 1:
                    assert found.alpha == alpha
                if name != "jpg":
                    assert np.array_equal(found.image, image)


def test_format_names() -> None:
    assert format_named("JPEG") == "jpg"
    assert format_named(".tif") == "tiff"
    with pytest.raises(RequestError, match=r"got 'pgn'; did you mean 'png'\?"):
        format_named("pgn")


def test_too_wide_for_jpeg() -> None:
    with pytest.raises(SampleError, match="too many for jpg"):
        encode_image(np.zeros((1, 70_000, 1), np.uint8), "jpg", {})


# ---- masks ---------------------------------------------------------------------------------


def palette_mask(colours: int, bits: int | None = None) -> tuple[Array, bytes]:
    indices = (noise(21, 30).astype(int) % colours).astype(np.uint8)
    image = Image.fromarray(indices, "L").convert("L")
    image.putpalette(noise(colours * 3).tobytes())
    return indices, pillow(image, "PNG", **({"bits": bits} if bits else {}))


@pytest.mark.parametrize(("colours", "bits"), [(2, 1), (4, 2), (16, 4), (21, 8), (256, 8)])
def test_palette_mask_keeps_indices_palette_and_bits(
    tmp_path: Path, colours: int, bits: int
) -> None:
    indices, data = palette_mask(colours)
    found = decode_mask(put(tmp_path, data), LIMIT)
    assert np.array_equal(found.mask, indices)
    assert found.encoding["bits"] == bits
    out = encode_mask(found.mask, found.encoding)
    with Image.open(io.BytesIO(data)) as first, Image.open(io.BytesIO(out)) as second:
        assert second.mode == "P"
        assert np.array_equal(np.array(second), indices)
        assert second.getpalette() == first.getpalette()
        assert np.array_equal(np.array(second.convert("RGB")), np.array(first.convert("RGB")))
    assert out[24] == bits


def test_ignore_value_widens_palette_and_bits(tmp_path: Path) -> None:
    indices, data = palette_mask(4)
    found = decode_mask(put(tmp_path, data), LIMIT)
    ignored = indices.copy()
    ignored[0] = 255
    again = decode_mask(put(tmp_path, encode_mask(ignored, found.encoding)), LIMIT)
    assert np.array_equal(again.mask, ignored)
    assert again.encoding["palette"].startswith(found.encoding["palette"])


def test_one_bit_mask(tmp_path: Path) -> None:
    truth = noise(21, 30) > 127
    for kind in ("PNG", "BMP", "TIFF"):
        found = decode_mask(put(tmp_path, pillow(Image.fromarray(truth), kind)), LIMIT)
        assert np.array_equal(found.mask, truth.astype(np.uint8))
        with Image.open(io.BytesIO(encode_mask(found.mask, found.encoding))) as back:
            assert back.mode == "1"
            assert np.array_equal(np.array(back), truth)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(21, 30), (21, 30, 3)])
@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_grey_deep_and_coloured_masks(
    tmp_path: Path, dtype: Any, shape: tuple[int, ...], kind: str
) -> None:
    truth = noise(*shape, dtype=dtype)
    if kind == "png":
        data = cv2.imencode(".png", truth[..., ::-1] if truth.ndim == 3 else truth)[1].tobytes()
    else:
        data = tiff(truth, photometric="rgb" if truth.ndim == 3 else "minisblack")
    found = decode_mask(put(tmp_path, data), LIMIT)
    assert found.mask.dtype == dtype
    assert np.array_equal(found.mask, truth)
    out = encode_mask(found.mask, found.encoding)
    assert out[:4] == (b"\x89PNG" if kind == "png" else b"II*\0")
    assert np.array_equal(decode_mask(put(tmp_path, out), LIMIT).mask, truth)


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int16])
def test_instance_ids_in_tiff(tmp_path: Path, dtype: Any) -> None:
    truth = np.arange(600, dtype=dtype).reshape(20, 30) * 50
    found = decode_mask(put(tmp_path, tiff(truth, photometric="minisblack")), LIMIT)
    assert np.array_equal(found.mask, truth)
    back = tifffile.imread(io.BytesIO(encode_mask(found.mask, found.encoding)))
    assert back.dtype == dtype
    assert np.array_equal(back, truth)


def test_white_is_zero_tiff_mask_keeps_its_values(tmp_path: Path) -> None:
    truth = noise(20, 30)
    found = decode_mask(put(tmp_path, tiff(truth, photometric="miniswhite")), LIMIT)
    assert np.array_equal(found.mask, truth)
    data = encode_mask(found.mask, found.encoding)
    assert np.array_equal(tifffile.imread(io.BytesIO(data)), truth)


def test_palette_tiff_mask(tmp_path: Path) -> None:
    colormap = noise(3, 256, dtype=np.uint16)
    truth = noise(20, 30)
    data = tiff(truth, photometric="palette", colormap=colormap)
    found = decode_mask(put(tmp_path, data), LIMIT)
    assert np.array_equal(found.mask, truth)
    with tifffile.TiffFile(io.BytesIO(encode_mask(found.mask, found.encoding))) as back:
        assert np.array_equal(back.asarray(), truth)
        page: Any = back.pages[0]
        assert np.array_equal(page.colormap, colormap)


def test_jpeg_mask_becomes_png_and_webp_stays_lossless(tmp_path: Path) -> None:
    found = decode_mask(put(tmp_path, WHOLE["jpg"]), LIMIT)
    out = encode_mask(found.mask, found.encoding)
    assert out.startswith(b"\x89PNG")
    assert np.array_equal(decode_mask(put(tmp_path, out), LIMIT).mask, found.mask)
    webp = decode_mask(put(tmp_path, WHOLE["webp"]), LIMIT)
    back = decode_mask(put(tmp_path, encode_mask(webp.mask, webp.encoding)), LIMIT)
    assert np.array_equal(back.mask, webp.mask)
    assert back.encoding["format"] == "webp"


def test_mask_that_fits_no_png() -> None:
    with pytest.raises(SampleError, match="TIFF"):
        encode_mask(np.full((4, 4), 70_000, np.int32), {"format": "png"})
    with pytest.raises(SampleError, match="whole numbers"):
        raise_on_float_mask()


def raise_on_float_mask() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        decode_mask(put(Path(folder), tiff(np.zeros((20, 30), np.float32))), LIMIT)


def test_real_files(shared_data: Path) -> None:
    for name in ("blood-cells-voc/JPEGImages", "em-membrane/image", "cifar10-folders/test/bird"):
        path = sorted((shared_data / name).iterdir())[0]
        with Image.open(path) as theirs:
            truth = np.array(theirs)
        found = decode_image(path, LIMIT).image
        assert np.abs(np.squeeze(found).astype(int) - truth).max() <= 2
