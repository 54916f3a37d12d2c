"""Integers that use less than their dtype (12 bits in 16): white is where the recipe says."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold import Recipe
from tenfold.ops.catalogue import OPS
from tenfold.ops.colour import Invert
from tenfold.ops.geometry import Reflection
from tenfold.ops.luminosity import Brightness, Exposure, Gamma
from tenfold.ops.noise import SaltAndPepper, ShotNoise
from tenfold.ops.op import Op
from tenfold.ops.steps import Convolution, Curve
from tenfold.params import Range
from tenfold.plan.kernels.convolve import apply_convolution
from tenfold.plan.kernels.filters import apply_filter
from tenfold.plan.kernels.tone import apply_curves, curve_table
from tenfold.plan.plan import Plan
from tenfold.rng import Key
from tenfold.samples.sample import Array, Sample, value_range_of
from tenfold.samples.validate import clean

TWELVE = (0.0, 4095.0)
VALUES = np.arange(0, 4096, 7, dtype=np.uint16)[None, :, None]


def run(op: Op, image: Array, value_range: tuple[float, float] | None = TWELVE) -> Array:
    recipe = Recipe((op,), value_range=value_range)
    sample = Sample("s", image, value_range=value_range_of(image))
    sample, _, _ = clean(sample, "clip", value_range=recipe.value_range)
    plan = Plan(recipe)
    return plan.run(sample, plan.draw([Key(3, "s", 1)])[0]).sample.image


def test_invert_about_the_middle_of_the_range() -> None:
    out = run(Invert(probability=1), VALUES)
    assert out.dtype == np.uint16
    assert np.array_equal(out, 4095 - VALUES)


def test_brightness_is_a_share_of_the_range() -> None:
    out = run(Brightness(shift=Range(0.1, 0.1)), VALUES)
    expected = np.minimum(VALUES + 409.5, 4095)
    assert np.abs(out - expected).max() <= 0.5


def test_gamma_keeps_black_and_white() -> None:
    out = run(Gamma(gamma=2.0), np.array([[[0], [2048], [4095]]], np.uint16))
    assert out.ravel().tolist() == [0, round(4095 * (2048 / 4095) ** 2), 4095]


def test_photons_are_counted_at_white() -> None:
    """Poisson: at white the variance is white² / photons, at a quarter of it a quarter."""
    image = np.full((300, 300, 1), 1024, np.uint16)
    out = run(ShotNoise(photons=Range(5000, 5000), linear=True), image).astype(np.float64)
    assert out.mean() == pytest.approx(1024, abs=0.5)
    assert out.var() == pytest.approx(4095**2 * (1024 / 4095) / 5000, rel=0.03)


def test_linear_factors_scale_values() -> None:
    out = run(Exposure(stops=Range(-1, -1), linear=True), VALUES)
    assert np.abs(out - VALUES / 2).max() <= 0.5


def test_salt_is_white() -> None:
    out = run(SaltAndPepper(fraction=Range(1, 1), salt=Range(1, 1)), VALUES)
    assert set(out.ravel()) == {4095}


@pytest.mark.parametrize("name", [n for n, cls in OPS.items() if cls.family != "policy"])
def test_no_change_of_intensity_leaves_the_range(name: str) -> None:
    """Values above white come in: geometry and occlusion keep them, all else clips to white."""
    image = np.random.default_rng(1).integers(0, 6000, (24, 24, 3), dtype=np.uint16)
    image[8:16, 8:16] = 9000
    op = OPS[name](probability=1)
    out = run(op, image)
    keeps = op.moves or op.family in ("geometry", "deformation", "occlusion", "resolution")
    changed = not np.array_equal(out, image)
    if not keeps and changed and name not in ("channel_shuffle", "channel_dropout"):
        assert out.max() <= 4095, name
    if name == "reflection":
        assert out.max() == 9000


def test_geometry_leaves_values_above_white() -> None:
    image = np.array([[[0], [9000], [5]]], np.uint16)
    out = run(Reflection(probability=1), image)
    assert out.ravel().tolist() == [5, 9000, 0]


def test_eight_bit_ranges_have_no_shortcut() -> None:
    """Video levels: black 16 and white 235."""
    image = np.array([[[0], [16], [100], [235], [255]]], np.uint8)
    brighter = apply_curves(image, [Curve("light_gain", (0.0, 1.0))], (16, 235))
    assert brighter.ravel().tolist() == [16, 16, 100, 235, 235]
    blurred = apply_convolution(
        image, Convolution(np.ones((1, 1), np.float32), separable=False), (16, 235)
    )
    assert blurred.max() == 235
    assert apply_filter(image, "median", (1.0,), (16, 235)).max() <= 235


def test_the_whole_dtype_is_as_it_was() -> None:
    image = VALUES
    for curve in (Curve("power", (1.7,)), Curve("invert"), Curve("solarize", (0.5,))):
        whole = curve_table(image, [curve], (0.0, 65535.0))
        scaled = curve_table(image, [curve], (0.0, 4095.0))
        assert whole.shape == scaled.shape == (1, 65536)
        assert scaled[0, 4096:].tolist() == [scaled[0, 4095]] * (65536 - 4096)
        first = 65535 * {"power": 0, "invert": 1, "solarize": 0}[curve.function]
        assert whole[0, 0] == first


def test_a_range_that_the_dtype_cannot_hold_is_not_its_own() -> None:
    for image in (VALUES, VALUES.astype(np.uint8)):
        sample = Sample("s", image, value_range=value_range_of(image))
        for wrong in ((-1000.0, 3000.0), (0.0, 70000.0)):
            assert clean(sample, "clip", value_range=wrong)[0].value_range == sample.value_range
    assert clean(sample, "clip", value_range=TWELVE)[0].value_range == (0, 255)
