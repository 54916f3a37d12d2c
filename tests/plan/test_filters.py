"""Convolution, kernels and filters against scipy, Pillow and hand-made truths."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from tenfold.ops.kernel_shapes import (
    disk_kernel,
    gaussian_factors,
    motion_kernel,
    sharpness_kernel,
)
from tenfold.ops.steps import Convolution, Filter
from tenfold.plan.kernels.convolve import apply_convolution
from tenfold.plan.kernels.filters import apply_filter
from tenfold.plan.kernels.pointwise import apply_pixels
from tenfold.samples.sample import Array

TOPS = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}


def noisy(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Array:
    values = np.random.default_rng(seed).random(shape) * TOPS[dtype]
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", TOPS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 6, 3), (4, 3, 5), (30, 41, 3), (19, 23, 6)])
def test_convolution_against_scipy(dtype: str, shape: tuple[int, ...]) -> None:
    """True convolution, mirrored without the edge pixel, kernels larger than the image too."""
    random = np.random.default_rng(1)
    image = noisy(shape, dtype)
    kernel = random.random((5, 13)).astype(np.float32)
    kernel /= kernel.sum()
    factors = random.random((2, 9)).astype(np.float32)
    factors /= factors.sum(axis=1, keepdims=True)
    for step, full in (
        (Convolution(kernel), kernel),
        (Convolution(factors, separable=True), np.outer(factors[1], factors[0])),
    ):
        out = apply_convolution(image, step, (0, TOPS[dtype]))
        expected = ndimage.convolve(image.astype(float), full[:, :, None].astype(float),
                                    mode="mirror")  # fmt: skip
        tolerance = {"uint8": 0.502, "uint16": 0.6, "float32": 1e-5}[dtype]
        assert out.shape == image.shape
        assert np.abs(out - expected).max() <= tolerance


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.7])
def test_gaussian_against_scipy(sigma: float) -> None:
    image = noisy((40, 30, 3), "float32")
    factors = gaussian_factors(sigma)
    out = apply_convolution(image, Convolution(factors, separable=True), (0, 1))
    for radius, tolerance in ((factors.shape[1] // 2, 1e-6), (int(np.ceil(8 * sigma)), 0.5 / 255)):
        expected = ndimage.gaussian_filter(
            image.astype(float), (sigma, sigma, 0), mode="mirror", radius=radius
        )
        assert np.abs(out - expected).max() < tolerance


def test_flat_pictures_stay_flat() -> None:
    kernels = [
        Convolution(gaussian_factors(1.3), separable=True),
        Convolution(motion_kernel(7.3, 31)),
        Convolution(disk_kernel(3.2)),
        Convolution(sharpness_kernel(1.8)),
    ]
    for value in (0, 1, 128, 254, 255):
        image = np.full((12, 9, 3), value, np.uint8)
        for step in kernels:
            assert np.array_equal(apply_convolution(image, step, (0, 255)), image)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 137])
@pytest.mark.parametrize("length", [0.5, 3, 8.4])
def test_motion_kernel_moments(length: float, angle: float) -> None:
    """Centred; the variance along the way is that of an even movement, length²/12."""
    kernel = motion_kernel(length, angle).astype(float)
    rows, columns = kernel.shape
    y, x = np.mgrid[0:rows, 0:columns]
    x, y = x - columns // 2, -(y - rows // 2)
    along = x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))
    across = -x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle))
    assert rows % 2 == columns % 2 == 1
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert (kernel * along).sum() == pytest.approx(0, abs=1e-6)
    # Bilinear interpolation adds at most 1/4 px² along each axis, at 45 degrees half of each.
    assert -0.02 <= (kernel * along**2).sum() - length**2 / 12 <= 0.27
    assert (kernel * across**2).sum() <= 0.27


@pytest.mark.parametrize("radius", [0.8, 2.0, 5.5])
def test_disk_kernel(radius: float) -> None:
    """Even inside; area and variance (r²/2 in two axes, plus the pixels' own 1/6) of a disk."""
    kernel = disk_kernel(radius).astype(float)
    assert 1 / kernel.max() == pytest.approx(np.pi * radius**2, rel=0.05 if radius > 1 else 1.2)
    y, x = np.mgrid[0 : len(kernel), 0 : len(kernel)] - len(kernel) // 2
    variance = (kernel * (x**2 + y**2)).sum()
    assert variance == pytest.approx(radius**2 / 2 + 1 / 6, abs=0.1)
    assert np.array_equal(kernel, kernel.T)


def test_sharpness_is_a_blend() -> None:
    image = noisy((20, 20, 1), "float32") * 0.5 + 0.25
    smooth = apply_convolution(image, Convolution(sharpness_kernel(0)), (0, 1))
    sharp = apply_convolution(image, Convolution(sharpness_kernel(1.5)), (-9, 9))
    assert np.abs(sharp - (smooth + 1.5 * (image - smooth))).max() < 1e-5


@pytest.mark.parametrize("dtype", TOPS)
@pytest.mark.parametrize("radius", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 70, 2), (75, 18, 3), (20, 9, 5)])
def test_median_against_scipy(dtype: str, radius: int, shape: tuple[int, ...]) -> None:
    image = noisy(shape, dtype)
    size = 2 * radius + 1
    out = apply_filter(image, "median", (float(radius),), (0, TOPS[dtype]))
    assert np.array_equal(out, ndimage.median_filter(image, (size, size, 1), mode="nearest"))


def test_clahe() -> None:
    """Grey images as OpenCV's; colour differences stay; finer levels are kept."""
    grey = ndimage.gaussian_filter(noisy((64, 72), "float32"), 3)
    grey = ((grey - grey.min()) / np.ptp(grey) * 120 + 60).astype(np.uint8)
    expected = cv2.createCLAHE(2.5, (4, 4)).apply(grey)
    out = apply_filter(grey[:, :, None], "clahe", (2.5, 4.0), (0, 255))
    assert np.array_equal(out[:, :, 0], expected)

    rgb = np.stack([grey, grey + 20, grey - 30], axis=2)
    out = apply_filter(rgb, "clahe", (2.5, 4.0), (0, 255)).astype(int)
    inside = (out.min(axis=2) > 0) & (out.max(axis=2) < 255)
    assert inside.mean() > 0.6
    assert (out[..., 1] - out[..., 0])[inside].tolist() == [20] * inside.sum()

    deep = apply_filter(grey[:, :, None].astype(np.uint16) * 257 + 40, "clahe", (2.5, 4.0),
                        (0, 65535))  # fmt: skip
    assert np.abs(deep[:, :, 0] - np.clip(expected * 257.0 + 40, 0, 65535)).max() <= 1


def test_jpeg_is_a_jpeg() -> None:
    """As near to the picture as Pillow's file of the same quality and sampling."""
    y, x = np.mgrid[0:61, 0:83]
    image = np.stack([x * 3 % 256, y * 4 % 256, (x + y) % 256], axis=2).astype(np.uint8)
    for quality, halved in ((30, 1), (75, 1), (75, 0), (95, 0)):
        out = apply_filter(image, "jpeg", (float(quality), float(halved)), (0, 255))
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=2 if halved else 0)
        theirs = np.asarray(Image.open(buffer)).astype(float)
        error = np.sqrt(np.mean((out - image.astype(float)) ** 2))
        reference = np.sqrt(np.mean((theirs - image) ** 2))
        assert error == pytest.approx(reference, rel=0.25)  # DCTs of different accuracy


def test_jpeg_leaves_256_levels_of_deeper_pictures() -> None:
    image = noisy((33, 20, 3), "uint8")
    out = apply_filter(image, "jpeg", (80.0, 1.0), (0, 255))
    deep = apply_filter(image.astype(np.uint16) * 257, "jpeg", (80.0, 1.0), (0, 65535))
    assert np.array_equal(deep, out.astype(np.uint16) * 257)
    real = apply_filter((image / np.float32(255)) * 10 - 5, "jpeg", (80.0, 1.0), (-5, 5))
    assert np.abs(real - (out / 25.5 - 5)).max() < 1e-4


@pytest.mark.parametrize("dtype", TOPS)
def test_downscale_averages_and_does_not_alias(dtype: str) -> None:
    checks = np.indices((32, 32)).sum(axis=0) % 2
    image = (checks[:, :, None].repeat(6, axis=2) * TOPS[dtype]).astype(dtype)
    out = apply_filter(image, "downscale", (2.0,), (0, TOPS[dtype]))
    assert np.abs(out - TOPS[dtype] / 2).max() <= 0.5
    # Mean brightness is kept.
    some = noisy((30, 40, 3), dtype)
    less = apply_filter(some, "downscale", (2.0,), (0, TOPS[dtype]))
    assert abs(less.mean(dtype=float) - some.mean(dtype=float)) < 0.01 * TOPS[dtype]
    assert less.std() < 0.7 * some.std()
    assert apply_filter(some, "downscale", (1.0,), (0, TOPS[dtype])) is some


def test_hue_filter_goes_through_the_door() -> None:
    red = np.array([[[255, 0, 0]]], np.uint8)
    out = apply_pixels(red, [Filter("hsv_hue", (120.0,))], False, (0, 255))
    assert out.tolist() == [[[0, 255, 0]]]
