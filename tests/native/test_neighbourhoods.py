"""Convolution, medians, noise and fills as compiled: the same bytes at every level, and right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from tenfold.native.library import ffi, lib, load
from tenfold.ops.kernel_shapes import (
    disk_kernel,
    gaussian_factors,
    motion_kernel,
    sharpness_kernel,
)
from tenfold.ops.steps import Convolution, Fill
from tenfold.plan.kernels.convolve import apply_convolution
from tenfold.plan.kernels.fill import apply_fill
from tenfold.plan.kernels.filters import apply_filter
from tenfold.samples.sample import Array

TOPS = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
ENDINGS = {"uint8": "u8", "uint16": "u16", "float32": "f32"}
SHAPES = [(1, 1), (1, 7), (6, 1), (2, 3), (5, 4), (7, 7), (9, 22), (33, 70)]
KERNELS = {
    "motion": motion_kernel(5, 30),
    "long": motion_kernel(11, 77),
    "disk": disk_kernel(2.5),
    "sharper": sharpness_kernel(1.4),
    "much sharper": sharpness_kernel(4.0),
    "softer": sharpness_kernel(0.3),
    "emboss": np.array([[-0.7, 0, 0], [0, 1, 0], [0, 0, 0.7]], np.float32),
}


def levels() -> list[Any]:
    """Libraries of every level that this machine runs, the lowest first."""
    here = lib.tenfold_level()
    return [load(f"v{level}") for level in range(2, here + 1)] if here else [lib]


def pointer(array: Array) -> Any:
    kind = {"B": "uint8_t[]", "H": "uint16_t[]", "f": "float[]", "l": "int64_t[]"}
    return ffi.from_buffer(kind[array.dtype.char], array)


def made(shape: tuple[int, ...], dtype: str, extreme: bool = False) -> Array:
    values = np.random.default_rng(sum(shape)).random(shape)
    return ((values > 0.5 if extreme else values) * TOPS[dtype]).astype(dtype)


@pytest.mark.parametrize("dtype", TOPS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_every_level_gives_the_same_bytes(dtype: str, channels: int) -> None:
    end, top = ENDINGS[dtype], TOPS[dtype]
    whole = top if dtype == "float32" else int(top)
    for height, width in SHAPES:
        image = made((height, width, channels), dtype)
        scratch = np.empty(80 * ((width + 16) * channels + 64), np.float32)
        room = scratch.view(dtype)
        pixels, values = height * width, image.size
        calls: list[tuple[str, tuple[Any, ...]]] = []
        for shared in (0, 1):
            calls.append(("normal_noise", (pixels, channels, shared, 5, 0.1 * top, 0.0, 0, whole)))
            calls.append(("normal_noise", (pixels, channels, shared, 5, 0.0, 0.2, 0, whole)))
            hit = (pixels, channels, shared, 5, 2**31, 2**30, 0 * whole, whole)
            calls.append(("salt_and_pepper", hit))
            calls.append(("shot_noise", (values, 5, 60.0, shared, 0, whole)))
            calls.append(("sensor_noise", (values, 5, 0.01, 0.001, shared, 0, whole)))
        for sigma in (0.4, 1.0, 2.2, 4.0):
            factors = gaussian_factors(sigma)
            size = factors.shape[1]
            calls.append(
                (
                    "separable",
                    (height, width, channels, pointer(factors), size, 0, top, pointer(scratch)),
                )
            )
        for kernel in KERNELS.values():
            shape = (height, width, channels, pointer(kernel), *kernel.shape)
            calls.append(("correlate", (*shape, 0, top, pointer(scratch))))
        for radius in (1, 2):
            calls.append(("median", (height, width, channels, radius, pointer(room))))
        for name, numbers in calls:
            outs = []
            for library in levels():
                out = np.empty_like(image)
                getattr(library, f"{name}_{end}")(pointer(image), *numbers, pointer(out))
                outs.append(out)
            for out in outs[1:]:
                assert np.array_equal(out, outs[0]), (name, height, width)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("extreme", [False, True])
def test_bytes_are_rounded_exactly_but_for_little(channels: int, extreme: bool) -> None:
    """Against float64. Sixteen-bit sums cost 0.01 to 0.03 of a level."""
    for height, width in SHAPES:
        image = made((height, width, channels), "uint8", extreme)
        for sigma in (0.4, 0.7, 1.0, 1.5, 2.0, 2.6, 5.0):
            factors = gaussian_factors(sigma)
            exact = factors.astype(float) / factors.sum(axis=1, keepdims=True)
            step = Convolution(factors, separable=True)
            check(image, step, np.outer(exact[1], exact[0]), 0.515)
        for kernel in KERNELS.values():
            check(image, Convolution(kernel), kernel, 0.53)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
def test_deeper_images(dtype: str, shape: tuple[int, int]) -> None:
    image = made((*shape, 3), dtype)
    tolerance = {"uint16": 0.52, "float32": 2e-6}[dtype]
    for kernel in KERNELS.values():
        check(image, Convolution(kernel), kernel, tolerance)
    factors = gaussian_factors(1.7)
    step = Convolution(factors, separable=True)
    check(image, step, np.outer(factors[1], factors[0]).astype(float), tolerance)


def check(image: Array, step: Convolution, kernel: Array, tolerance: float) -> None:
    top = TOPS[image.dtype.name]
    out = apply_convolution(image, step, (0, top))
    expected = ndimage.convolve(
        image.astype(float), kernel[:, :, None].astype(float), mode="mirror"
    )
    assert out.dtype == image.dtype
    assert np.abs(out - np.clip(expected, 0, top)).max() <= tolerance


@pytest.mark.parametrize("function", ["blur", "sharpen"])
def test_results_are_clipped_to_the_range(function: str) -> None:
    step = (
        Convolution(gaussian_factors(0.8), separable=True)
        if function == "blur"
        else Convolution(sharpness_kernel(2.0))
    )
    for dtype in ("uint8", "uint16", "float32"):
        image = made((20, 31, 3), dtype)
        low, high = (round(TOPS[dtype] * share) for share in (0.4, 0.6))
        bounds = (0.4, 0.6) if dtype == "float32" else (float(low), float(high))
        out = apply_convolution(image, step, bounds)
        free = apply_convolution(image, step, (0.0, TOPS[dtype]))
        assert np.array_equal(out, np.clip(free, *np.array(bounds, dtype)))


@pytest.mark.parametrize("dtype", TOPS)
@pytest.mark.parametrize("radius", [1, 2])
def test_median_of_few_levels(dtype: str, radius: int) -> None:
    """Many equal values, which random ones hardly have."""
    few = np.floor(made((61, 45, 3), "float32") * 3) / 2
    image = (few * TOPS[dtype]).astype(dtype)
    size = 2 * radius + 1
    out = apply_filter(image, "median", (float(radius),), (0, TOPS[dtype]))
    assert np.array_equal(out, ndimage.median_filter(image, (size, size, 1), mode="nearest"))


@pytest.mark.parametrize("dtype", TOPS)
@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("kind", ["constant", "mean", "background", "noise"])
def test_fills_cover_their_rectangles_and_nothing_else(
    dtype: str, channels: int, kind: str
) -> None:
    image = made((40, 51, channels), dtype)
    rectangles = np.array([[0, 0, 7, 9], [50, 39, 51, 40], [20, 5, 51, 30]], np.int64)
    fill = Fill(rectangles, kind, value=0.25, seed=3)
    out = apply_fill(image, fill, (0, TOPS[dtype]))
    inside = np.zeros((40, 51), bool)
    for x0, y0, x1, y1 in rectangles.tolist():
        inside[y0:y1, x0:x1] = True
    assert np.array_equal(out[~inside], image[~inside])
    covered = out[inside]
    if kind == "noise":
        unit = covered.astype(float) / TOPS[dtype]
        assert unit.mean() == pytest.approx(0.5, abs=5 / np.sqrt(12 * unit.size))
        assert unit.std() == pytest.approx(np.sqrt(1 / 12), rel=0.08)
        assert len(np.unique(covered)) > 0.5 * min(covered.size, 256)
        again = apply_fill(image, Fill(rectangles, kind, seed=4), (0, TOPS[dtype]))
        assert (again[inside] != covered).mean() > 0.9
    else:
        assert (covered == covered[0]).all()
    nothing = Fill(np.empty((0, 4), np.int64), kind)
    assert np.array_equal(apply_fill(image, nothing, (0, TOPS[dtype])), image)


def test_noise_of_whole_numbers_reaches_both_ends() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    fill = Fill(np.array([[0, 0, 300, 200]], np.int64), "noise", seed=1)
    counts = np.bincount(apply_fill(image, fill, (0, 255)).ravel(), minlength=256)
    expected = image.size / 256
    assert (((counts - expected) ** 2) / expected).sum() < 256 + 5 * np.sqrt(2 * 256)
    narrow = apply_fill(image.astype(np.uint16), fill, (1000.0, 1003.0))
    assert np.unique(narrow).tolist() == [1000, 1001, 1002, 1003]
