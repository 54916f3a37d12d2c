"""JPEGs decoded smaller: the truth is the mean of squares of the picture that is decoded whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from pictures import LIMIT, pillow, put
from PIL import Image

from tenfold.errors import SampleError
from tenfold.samples.codec import decode_image, jpeg_size, shrink_for
from tenfold.samples.codec.decode import image_of
from tenfold.samples.sample import Array


def scene(height: int, width: int) -> Array:
    """Waves of many lengths with some noise, as in a photograph."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    rng = np.random.default_rng(1)
    planes = [
        sum(
            np.sin(y * rng.uniform(0, 0.3) + x * rng.uniform(0, 0.3) + rng.uniform(0, 6))
            for _ in range(6)
        )
        for _ in range(3)
    ]
    image = 128 + 20 * np.stack(planes, axis=-1) + rng.normal(0, 4, (height, width, 3))
    return image.clip(0, 255).astype(np.uint8)


def means(image: Array, side: int) -> Array:
    height, width = image.shape[0] // side, image.shape[1] // side
    cut = image[: height * side, : width * side].astype(np.float64)
    result: Array = cut.reshape(height, side, width, side, -1).mean(axis=(1, 3))
    return result


def psnr(a: Any, b: Any) -> float:
    return float(10 * np.log10(255**2 / np.mean((np.asarray(a, float) - b) ** 2)))


@pytest.mark.parametrize("shrink", [2, 4, 8])
@pytest.mark.parametrize("subsampling", ["444", "420"])
@pytest.mark.parametrize("size", [(240, 320), (241, 319)])
def test_each_pixel_is_the_mean_of_a_square(
    shrink: int, subsampling: str, size: tuple[int, int]
) -> None:
    data = simplejpeg.encode_jpeg(scene(*size), 92, "RGB", subsampling)
    found = image_of(data, LIMIT, shrink)
    assert found.image.shape[:2] == (-(-size[0] // shrink), -(-size[1] // shrink))
    assert found.encoding["shrunk"] == shrink
    truth = means(image_of(data, LIMIT).image, shrink)
    here = found.image[: truth.shape[0], : truth.shape[1]]
    assert psnr(here, truth) > 44
    # a picture that is one source pixel off is told from this one
    moved = means(np.roll(image_of(data, LIMIT).image, 1, axis=1), shrink)
    assert psnr(here, moved) < psnr(here, truth) - 6 / shrink


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_images_stay_aligned(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    for size in ((96, 128), (97, 127)):
        data = pillow(Image.fromarray(scene(*size)), "JPEG", quality=95, subsampling=0, exif=exif)
        path = put(tmp_path, data)
        whole = decode_image(path, LIMIT)
        assert jpeg_size(data) == whole.image.shape[:2]
        found = decode_image(path, LIMIT, shrink=4)
        if orientation > 1 and size == (97, 127):
            assert np.array_equal(found.image, whole.image)
            assert "shrunk" not in found.encoding
            continue
        truth = means(whole.image, 4)
        here = found.image[: truth.shape[0], : truth.shape[1]]
        assert psnr(here, truth) > 44


def test_grey_cmyk_and_other_formats() -> None:
    image = Image.fromarray(scene(64, 80))
    grey = image_of(pillow(image.convert("L"), "JPEG"), LIMIT, 8)
    assert grey.image.shape == (8, 10, 1)
    assert image_of(pillow(image.convert("CMYK"), "JPEG"), LIMIT, 8).image.shape == (64, 80, 3)
    png = pillow(image, "PNG")
    assert image_of(png, LIMIT, 8).image.shape == (64, 80, 3)
    assert jpeg_size(png) is None


@pytest.mark.parametrize("subsampling", ["422", "440", "411"])
def test_colours_stored_coarser_one_way_would_not_be_averaged(subsampling: str) -> None:
    data = simplejpeg.encode_jpeg(scene(64, 80), 92, "RGB", subsampling)
    assert image_of(data, LIMIT, 4).image.shape == (64, 80, 3)


def test_a_tiny_jpeg() -> None:
    data = pillow(Image.fromarray(scene(1, 3)), "JPEG")
    assert image_of(data, LIMIT, 8).image.shape == (1, 1, 3)


def test_damage_is_found_at_any_size() -> None:
    data = pillow(Image.fromarray(scene(64, 80)), "JPEG")
    with pytest.raises(SampleError, match="truncated"):
        image_of(data[: len(data) // 2], LIMIT, 8)
    with pytest.raises(SampleError, match="header"):
        jpeg_size(data[:30])


def test_shrink_for_a_scale() -> None:
    scales = [0.3, 1, 1.99, 2, 3.9, 4, 7.9, 8, 100]
    assert [shrink_for(scale) for scale in scales] == [1, 1, 1, 2, 2, 4, 4, 8, 8]
