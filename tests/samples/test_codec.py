"""Image files in and out; Pillow, tifffile and OpenCV are the independent readers and writers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import LIMIT, noise, pillow, put, smooth, tiff
from PIL import Image, ImageCms

from tenfold.errors import RequestError, SampleError
from tenfold.samples.codec import (
    check_format,
    decode_image,
    encode_image,
    format_named,
)
from tenfold.samples.codec.exif import orientation_of, upright


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
    found = decode_image(
        put(tmp_path, pillow(image, "WEBP", lossless=lossless, quality=90, exact=True)), LIMIT
    )
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


def test_real_files(shared_data: Path) -> None:
    for name in ("blood-cells-voc/JPEGImages", "em-membrane/image", "cifar10-folders/test/bird"):
        path = sorted((shared_data / name).iterdir())[0]
        with Image.open(path) as theirs:
            truth = np.array(theirs)
        found = decode_image(path, LIMIT).image
        assert np.abs(np.squeeze(found).astype(int) - truth).max() <= 2
