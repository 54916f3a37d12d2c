"""Matrices, hue and white balance against colorsys, Pillow and published numbers."""

from __future__ import annotations

import colorsys
import itertools

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from tenfold.ops.colour_science import (
    blackbody_rgb,
    hue_matrix,
    light_gains,
    planckian_xy,
    saturation_matrix,
)
from tenfold.ops.steps import ChannelMatrix
from tenfold.plan.kernels.colour import Colours, apply_matrix, rotate_hue
from tenfold.plan.kernels.pointwise import apply_pixels, passes

CUBE = np.array(list(itertools.product(range(0, 256, 51), repeat=3)), np.uint8).reshape(12, 18, 3)
BYTE = (0.0, 255.0)


@pytest.mark.parametrize("degrees", [-170, -33.3, 10, 90, 180])
def test_hue_against_colorsys(degrees: float) -> None:
    expected = []
    for r, g, b in (CUBE / 255).reshape(-1, 3):
        h, s, v = colorsys.rgb_to_hsv(r, g, b)
        expected.append(colorsys.hsv_to_rgb((h + degrees / 360) % 1, s, v))
    exact = np.array(expected).reshape(CUBE.shape)
    assert np.abs(rotate_hue(CUBE, degrees, BYTE) - exact * 255).max() <= 0.5 + 1e-3
    deep = rotate_hue(CUBE.astype(np.uint16) * 257, degrees, (0, 65535))
    assert np.abs(deep - exact * 65535).max() <= 1
    real = rotate_hue((CUBE / 255 * 4 - 1).astype(np.float32), degrees, (-1, 3))
    assert np.abs(real - (exact * 4 - 1)).max() < 1e-4


def test_saturation_against_pillow() -> None:
    for factor in (0.0, 0.5, 1.6):
        reference = np.asarray(ImageEnhance.Color(Image.fromarray(CUBE)).enhance(factor))
        out = apply_matrix(CUBE, saturation_matrix(factor), BYTE)
        assert np.abs(out.astype(int) - reference.astype(int)).max() <= 1


def test_hue_matrix_is_the_one_of_the_standard() -> None:
    """The matrix as printed in W3C Filter Effects 1, 9.6."""
    cos, sin = np.cos(0.7), np.sin(0.7)
    printed = (
        np.array([[0.213, 0.715, 0.072]] * 3)
        + cos * np.array([[0.787, -0.715, -0.072], [-0.213, 0.285, -0.072],
                          [-0.213, -0.715, 0.928]])
        + sin * np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283],
                          [-0.787, 0.715, 0.072]])
    )  # fmt: skip
    matrix = hue_matrix(np.degrees(0.7))
    assert np.allclose(matrix[:, :3], printed)
    assert np.allclose(hue_matrix(0)[:, :3], np.eye(3))
    assert np.allclose(matrix[:, :3].sum(axis=1), 1)  # grey stays grey


@pytest.mark.parametrize(
    ("kelvin", "x", "y"),
    [(2000, 0.5267, 0.4133), (2856, 0.4476, 0.4074), (5000, 0.3451, 0.3516),
     (6500, 0.3135, 0.3237), (10000, 0.2807, 0.2884)],
)  # fmt: skip
def test_planckian_locus(kelvin: float, x: float, y: float) -> None:
    """Chromaticities of blackbodies as tabulated (Wyszecki & Stiles; 2856 K is illuminant A)."""
    assert planckian_xy(kelvin) == pytest.approx((x, y), abs=1e-3)


def test_warm_light_is_red_and_keeps_the_luminance_of_grey() -> None:
    warm, cool = light_gains(4000, 6500), light_gains(10000, 6500)
    assert warm[0] > warm[1] > warm[2]
    assert cool[0] < cool[1] < cool[2]
    for gains in (warm, cool, light_gains(2000, 6500)):
        assert np.dot(gains, [0.2126, 0.7152, 0.0722]) == pytest.approx(1)
        assert min(gains) > 0
    assert light_gains(6500, 6500) == pytest.approx((1, 1, 1))
    assert min(blackbody_rgb(2000)) > 0


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 9])
def test_matrix_against_plain_arithmetic(channels: int) -> None:
    random = np.random.default_rng(channels)
    matrix = random.normal(0, 0.6, (channels, channels + 1))
    for dtype, (low, high) in (
        ("uint8", (0, 255)), ("uint16", (0, 65535)), ("float32", (-5, 20)),
    ):  # fmt: skip
        unit = random.integers(0, 256, (6, 7, channels)) / 255
        image = (low + (high - low) * unit).astype(dtype)
        unit = (image.astype(float) - low) / (high - low)
        expected = np.clip(unit @ matrix[:, :-1].T + matrix[:, -1], 0, 1) * (high - low) + low
        out = apply_matrix(image, matrix, (low, high))
        tolerance = {"uint8": 0.8, "uint16": 0.51, "float32": 1e-4}[dtype]
        assert np.abs(out - expected).max() <= tolerance
        identity = np.eye(channels, channels + 1)
        assert np.array_equal(apply_matrix(image, identity, (low, high)), image)


def test_matrices_fuse_only_where_nothing_would_be_clipped() -> None:
    pale, strong = saturation_matrix(0.4), saturation_matrix(2.5)
    for first, second, kind in ((pale, strong, ChannelMatrix), (strong, pale, Colours)):
        steps = [ChannelMatrix(first), ChannelMatrix(second)]
        (fused,) = passes(steps)
        assert isinstance(fused, kind)
        # In floats a fused run equals the two steps.
        real = (CUBE / 255).astype(np.float32)
        once = apply_pixels(real, steps, False, (0, 1))
        one, two = ([step] for step in steps)
        twice = apply_pixels(apply_pixels(real, one, False, (0, 1)), two, False, (0, 1))
        assert np.abs(once - twice).max() < 1e-5
