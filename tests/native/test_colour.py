"""Matrices and hue in one pass: every level against float64 NumPy and against every other level."""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from tenfold.native.library import ffi, lib, load
from tenfold.ops.colour_science import hue_matrix, light_gains, saturation_matrix
from tenfold.ops.steps import ChannelMatrix, Curve, Filter, PixelStep
from tenfold.plan.kernels.colour import Colours, apply_colours, own_matrix, sixths
from tenfold.plan.kernels.native import pointer
from tenfold.plan.kernels.pointwise import apply_pixels, counted_passes
from tenfold.samples.sample import Array

HERE = lib.tenfold_level()
LEVELS = [load(f"v{n}") for n in (2, 3, 4) if n <= HERE] or [load("any")]
SIZES = (1, 2, 3, 7, 63, 64, 65, 255, 256, 257, 1000)
Floats = NDArray[np.float64]
STRONG = saturation_matrix(1.7)
SHIFTED = np.column_stack([hue_matrix(70)[:, :3], [0.1, -0.05, 0.02]])


def colours(pixels: int, seed: int = 0) -> Array:
    """Greys, two equal channels, black and white among random ones."""
    rgb = np.random.default_rng(seed).integers(0, 256, (pixels, 3), dtype=np.uint8)
    rgb[::5, 1] = rgb[::5, 0]
    rgb[::7, 2] = rgb[::7, 0]
    rgb[::11] = 255
    rgb[::13] = 0
    return rgb


def mixed(x: Floats, matrix: Floats | None, low: float, high: float) -> Floats:
    if matrix is None:
        return x
    unit = (x - low) / (high - low) @ matrix[:, :3].T + matrix[:, 3]
    clipped: Floats = low + (high - low) * np.clip(unit, 0, 1)
    return clipped


def turned(x: Floats, degrees: float) -> Floats:
    """Smith's hexcone as it is written in textbooks."""
    most, least = x.max(axis=1), x.min(axis=1)
    chroma = most - least
    safe = np.where(chroma > 0, chroma, 1)
    r, g, b = x.T
    hue = np.where(most == r, (g - b) / safe, np.where(most == g, 2 + (b - r) / safe,
                                                       4 + (r - g) / safe))  # fmt: skip
    out = []
    for n in (5, 3, 1):
        k = (n + hue + degrees / 60) % 6
        out.append(most - chroma * np.clip(np.minimum(k, 4 - k), 0, 1))
    return np.stack(out, axis=1)


def run_u8(library: Any, rgb: Array, parts: dict[str, Any], low: int = 0, high: int = 255) -> Array:
    out = np.zeros_like(rgb)
    library.colour_u8(pointer(rgb), len(rgb), *arguments(parts, low, high), pointer(out))
    return out


def arguments(parts: dict[str, Any], low: int, high: int) -> list[Any]:
    """As `colour_u8` takes them between the image and the result."""
    out: list[Any] = []
    for name in ("before", "first", "turn", "second", "after"):
        value = parts.get(name)
        if name == "turn":
            out.append(0.0 if value is None else sixths(value))
        elif name in ("first", "second"):
            out.append(ffi.NULL if value is None else pointer(own_matrix(value, (low, high))))
        else:
            out += [ffi.NULL, 0] if value is None else [pointer(value), len(value)]
    out[5:5] = [low, high]
    return out


TABLES = np.random.default_rng(2).integers(0, 256, (3, 256), dtype=np.uint8)
GREY = saturation_matrix(0)
COMBINATIONS = [
    {"before": before, "first": first, "turn": turn, "second": second, "after": after}
    for before, first, turn, second, after in itertools.product(
        (None, TABLES[:1], TABLES), (None, STRONG, GREY), (None, -20.0, 200.0), (None, SHIFTED),
        (None, TABLES[:1], TABLES),
    )
]  # fmt: skip


@pytest.mark.parametrize("pixels", SIZES)
def test_every_level_gives_the_same(pixels: int) -> None:
    rgb = colours(pixels, seed=pixels)
    for parts in COMBINATIONS:
        for low, high in ((0, 255), (16, 235)):
            found = [run_u8(library, rgb, parts, low, high) for library in LEVELS]
            for other in found[1:]:
                assert np.array_equal(other, found[0])


@pytest.mark.parametrize("degrees", [None, 0.0, -0.7, 18.0, 60.0, 89.0, 120.0, -170.0, 359.9])
@pytest.mark.parametrize(("low", "high"), [(0, 255), (16, 235)])
def test_bytes_against_float64(degrees: float | None, low: int, high: int) -> None:
    rgb = colours(5000)
    inside = np.clip(rgb, low, high).astype(np.float64)
    for first, second in itertools.product((None, STRONG, SHIFTED), (None, STRONG)):
        x = mixed(inside, first, low, high)
        x = x if degrees is None else turned(x, degrees)
        x = mixed(x, second, low, high)
        out = run_u8(LEVELS[0], rgb, {"first": first, "turn": degrees, "second": second}, low, high)
        gain = 1 if second is None else np.abs(second[:, :3]).sum(axis=1).max()
        steps = sum(part is not None for part in (first, degrees, second))
        tolerance = 0.501 if steps < 2 and degrees is None else 0.505 + 0.02 * gain
        assert np.abs(out - x).max() <= tolerance
        assert np.abs(out - x).mean() < 0.26  # rounding alone: 0.25


@pytest.mark.parametrize("degrees", [None, 30.0, -100.0])
@pytest.mark.parametrize("pixels", [1, 5, 1000])
def test_deeper_images_against_float64(degrees: float | None, pixels: int) -> None:
    unit = colours(pixels) / 255.0
    turn = 0.0 if degrees is None else sixths(degrees)
    for dtype, low, high in (
        ("uint16", 0.0, 65535.0), ("uint16", 0.0, 4095.0), ("float32", -100.0, 300.0),
    ):  # fmt: skip
        image = (low + (high - low) * unit).astype(dtype)
        first, second = (own_matrix(m, (low, high)) for m in (STRONG, SHIFTED))
        x = mixed(image.astype(np.float64), STRONG, low, high)
        x = mixed(x if degrees is None else turned(x, degrees), SHIFTED, low, high)
        found = []
        for library in LEVELS:
            out = np.empty_like(image)
            run = library.colour_u16 if dtype == "uint16" else library.colour_f32
            run(
                pointer(image), pixels, pointer(first), turn, pointer(second), low, high,
                pointer(out),
            )  # fmt: skip
            found.append(out)
        assert np.abs(found[0] - x).max() <= (0.55 if dtype == "uint16" else 1e-3)
        for other in found[1:]:
            assert np.array_equal(other, found[0])


@pytest.mark.parametrize("pixels", [1, 255, 256, 1000])
def test_straight_to_planes_is_colour_and_then_normalise(pixels: int) -> None:
    rgb = colours(pixels)
    scale, offset = np.array([[0.017, 0.02, 0.011], [-2.1, -1.8, 0.3]], np.float32)
    for parts in COMBINATIONS[::7]:
        for library in LEVELS:
            plain = run_u8(library, rgb, parts)
            expected = (plain.astype(np.float32) * scale + offset).T
            out = np.empty((3, pixels), np.float32)
            library.colour_planes_u8(
                pointer(rgb), pixels, *arguments(parts, 0, 255), pointer(scale), pointer(offset),
                pointer(out),
            )  # fmt: skip
            assert np.array_equal(out, expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("pixels", SIZES)
def test_normalising(dtype: str, channels: int, pixels: int) -> None:
    random = np.random.default_rng(pixels)
    image = (random.random((pixels, channels)) * 255).astype(dtype)
    scale, offset = random.normal(0, 1, (2, channels)).astype(np.float32)
    expected = image.astype(np.float32) * scale + offset
    for library in LEVELS:
        run = getattr(library, {"uint8": "normalise_u8", "uint16": "normalise_u16",
                                "float32": "normalise_f32"}[dtype])  # fmt: skip
        for planar in (0, 1):
            out = np.zeros((pixels, channels), np.float32)
            run(
                pointer(image), pixels, channels, pointer(scale), pointer(offset), planar,
                pointer(out),
            )  # fmt: skip
            found = out.reshape(channels, pixels).T if planar else out
            assert np.array_equal(found, expected)


@pytest.mark.parametrize("channels", [1, 2, 4, 7])
def test_matrices_of_any_size(channels: int) -> None:
    random = np.random.default_rng(channels)
    matrix = random.normal(0, 0.5, (channels, channels + 1)).astype(np.float32)
    for dtype, top in (("uint8", 255), ("uint16", 65535), ("float32", 1)):
        image = (random.random((301, channels)) * top).astype(dtype)
        exact = np.clip(image @ matrix[:, :-1].astype(float).T + matrix[:, -1], 0, top)
        found = []
        for library in LEVELS:
            run = getattr(library, {"uint8": "matrix_u8", "uint16": "matrix_u16",
                                    "float32": "matrix_f32"}[dtype])  # fmt: skip
            out = np.empty_like(image)
            run(pointer(image), 301, channels, pointer(matrix), 0, top, pointer(out))
            found.append(out)
            assert np.array_equal(found[0], out)
        tolerance = {"uint8": 0.501, "uint16": 0.52, "float32": 1e-5}[dtype]
        assert np.abs(found[0] - exact).max() <= tolerance


def test_a_fused_pass_is_its_steps_but_for_roundings() -> None:
    image = colours(3000).reshape(50, 60, 3)
    steps: list[PixelStep] = [
        Curve("shift", (0.05,)), Curve("contrast_mean", (1.1,)), ChannelMatrix(STRONG),
        Filter("hsv_hue", (18.0,)), Curve("light_gain", (0.0, *light_gains(4000, 6500))),
    ]  # fmt: skip
    ((one, count),) = counted_passes(steps)
    assert isinstance(one, Colours)
    assert count == len(steps)
    by_step = image
    for step in steps[:2], steps[2:3], steps[3:4], steps[4:]:
        by_step = apply_pixels(by_step, step, False, (0, 255))
    fused = apply_pixels(image, steps, False, (0, 255)).astype(int)
    assert np.abs(fused - by_step).max() <= 3  # roundings, amplified by saturation and gain
    assert np.abs(fused - by_step).mean() < 0.25
    real = apply_pixels(image.astype(np.float32), steps, False, (0, 255))
    assert np.abs(fused - real).mean() < np.abs(by_step - real).mean()


def test_grey() -> None:
    rgb = colours(5000)
    exact = rgb @ GREY[:, :3].T
    for library in LEVELS:
        out = run_u8(library, rgb, {"first": GREY})
        assert np.abs(out - exact).max() <= 0.512
        assert (out == out[:, :1]).all()
        greys = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
        assert np.array_equal(run_u8(library, greys, {"first": GREY}), greys)


def test_what_measures_the_result_waits_for_it() -> None:
    """A measured curve after a matrix sees the picture that the matrix made."""
    image = colours(3000).reshape(50, 60, 3)
    steps: list[PixelStep] = [
        ChannelMatrix(saturation_matrix(0)),
        Curve("invert"),
        Curve("equalize"),
    ]
    assert [count for _, count in counted_passes(steps)] == [1, 2]
    grey = apply_pixels(image, steps[:1], False, (0, 255))
    expected = apply_pixels(grey, steps[1:], False, (0, 255))
    assert np.array_equal(apply_pixels(image, steps, False, (0, 255)), expected)


def test_alpha_and_views_go_through_fused_passes() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 8), dtype=np.uint8)[::-1, ::2, 2:6]
    steps: list[PixelStep] = [Curve("invert"), ChannelMatrix(STRONG), Filter("hsv_hue", (50.0,))]
    out = apply_pixels(image, steps, True, (0, 255))
    ((one, _),) = counted_passes(steps)
    assert isinstance(one, Colours)
    assert np.array_equal(out[:, :, 3], image[:, :, 3])
    assert np.array_equal(out[:, :, :3], apply_colours(image[:, :, :3], one, (0, 255)))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 40), (64, 72), (61, 83), (200, 144)])
@pytest.mark.parametrize("tiles", [1, 4, 8])
def test_clahe(height: int, width: int, tiles: int) -> None:
    """OpenCV's numbers, where it doesn't pad a side that its tiles divide."""
    noise = np.random.default_rng(1).random((height, width))
    plane = np.rint(ndimage.gaussian_filter(noise, 2) * 255).astype(np.uint8)
    down, across = min(tiles, height), min(tiles, width)
    found = []
    for library in LEVELS:
        maps = np.empty(256 * (down * across + 4 * (across + 1)), np.uint8)
        out = np.empty_like(plane)
        library.clahe_plane(
            pointer(plane), height, width, 2.5, down, across, pointer(maps), pointer(out)
        )
        found.append(out)
        assert np.array_equal(out, found[0])
    if (height % down == 0) == (width % across == 0):
        assert np.array_equal(found[0], cv2.createCLAHE(2.5, (across, down)).apply(plane))


def test_luma_and_what_follows_it() -> None:
    rgb = colours(1000)
    exact = rgb @ np.array([0.299, 0.587, 0.114])
    for library in LEVELS:
        luma = np.empty(1000, np.uint8)
        library.luma_u8(pointer(rgb), 1000, pointer(luma))
        assert np.abs(luma - exact).max() <= 0.512
        after = np.random.default_rng(0).integers(0, 256, 1000, dtype=np.uint8)
        out = np.empty_like(rgb)
        library.follow_luma_u8(pointer(rgb), 1000, pointer(luma), pointer(after), pointer(out))
        by = after.astype(int) - luma
        assert np.array_equal(out, np.clip(rgb + by[:, None], 0, 255))
