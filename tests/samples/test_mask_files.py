"""Label images: indices, palettes and bits survive."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from pictures import LIMIT, WHOLE, noise, pillow, put, tiff
from PIL import Image

from tenfold.errors import SampleError
from tenfold.samples.codec import (
    decode_mask,
    encode_mask,
)
from tenfold.samples.sample import Array


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
