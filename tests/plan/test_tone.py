"""Curves against Pillow, and fused tables against curve-by-curve floats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from reference.curves import CURVES as DEFINED
from reference.curves import to_light, to_srgb
from tenfold.ops.steps import Curve
from tenfold.plan.kernels.tone import CURVES, apply_curves, curve_table
from tenfold.samples.sample import Array

BYTE = (0.0, 255.0)


def photo(seed: int = 0, channels: int = 3) -> Array:
    """A smooth picture whose histogram is far from even."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:40, 0:50] / 49.0
    waves = [np.sin(3 * x + k) * np.cos(2 * y - k) + 0.1 * random.random(x.shape)
             for k in range(channels)]  # fmt: skip
    values = np.stack(waves, axis=2)
    values = (values - values.min()) / np.ptp(values)
    image: Array = np.rint(values**1.5 * 200 + 20).astype(np.uint8)
    return image


def pil(image: Array) -> Image.Image:
    return Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)


def test_every_curve_has_a_definition_in_numpy() -> None:
    assert set(DEFINED) | {"contrast_about", "stretch"} == set(CURVES)


def off(a: Array, b: Array) -> int:
    return int(np.abs(a.astype(int) - b.reshape(a.shape).astype(int)).max())


@pytest.mark.parametrize("channels", [1, 3])
def test_against_pillow(channels: int) -> None:
    image = np.tile(photo(channels=channels), (10, 10, 1))  # large: Pillow divides integers
    for curve, reference, tolerance in [
        (Curve("invert"), ImageOps.invert(pil(image)), 0),
        (Curve("solarize", (127.5 / 255,)), ImageOps.solarize(pil(image), 128), 0),
        (Curve("posterize", (3.0,)), ImageOps.posterize(pil(image), 3), 0),
        (Curve("posterize", (8.0,)), ImageOps.posterize(pil(image), 8), 0),
        (Curve("equalize"), ImageOps.equalize(pil(image)), 1),
        (Curve("autocontrast", (0.0, 0.0)), ImageOps.autocontrast(pil(image)), 1),
        (Curve("autocontrast", (0.03, 0.0)), ImageOps.autocontrast(pil(image), cutoff=3), 1),
        (Curve("contrast_mean", (1.4,)), ImageEnhance.Contrast(pil(image)).enhance(1.4), 1),
        (Curve("contrast_mean", (0.5,)), ImageEnhance.Contrast(pil(image)).enhance(0.5), 1),
    ]:
        assert off(apply_curves(image, [curve], BYTE), np.asarray(reference)) <= tolerance, curve


def test_equalize_by_its_definition() -> None:
    """The share of strictly darker pixels, the brightest value to white."""
    for image in (photo(3), photo(3).astype(np.uint16) * 131 + 7):
        top = 255 if image.dtype == np.uint8 else 65535
        out = apply_curves(image, [Curve("equalize")], (0, float(top)))
        for channel in range(3):
            plane = image[:, :, channel]
            darker = np.searchsorted(np.sort(plane.ravel()), plane)
            brightest = np.searchsorted(np.sort(plane.ravel()), plane.max())
            assert np.array_equal(out[:, :, channel], np.rint(darker / brightest * top))


def test_equalize_floats() -> None:
    image = (np.random.default_rng(0).random((60, 50, 2)) ** 3).astype(np.float32)
    out = apply_curves(image, [Curve("equalize")], (0, 1))
    for channel in range(2):
        ranks = np.argsort(np.argsort(image[:, :, channel].ravel())) / (3000 - 1)
        assert np.abs(out[:, :, channel].ravel() - ranks).max() < 0.02


def test_joint_autocontrast_keeps_the_order_of_channels() -> None:
    image = np.array([[[10, 60, 110], [20, 70, 90]]], np.uint8)
    out = apply_curves(image, [Curve("autocontrast", (0.0, 1.0))], BYTE)
    assert np.abs(out - (image - 10.0) * 2.55).max() <= 0.5 + 1e-9


def test_flat_pictures_stay() -> None:
    for dtype, value, top in (("uint8", 77, 255), ("uint16", 777, 65535), ("float32", 0.3, 1)):
        image = np.full((4, 5, 3), value, dtype)
        for curve in (Curve("equalize"), Curve("autocontrast", (0.0, 0.0))):
            assert np.array_equal(apply_curves(image, [curve], (0, top)), image)


def test_srgb_transfer_function() -> None:
    """Published pairs of IEC 61966-2-1, there and back with a factor between."""
    lit = 0.21404114  # of 0.5
    image = np.array([[[0.5], [0.0], [1.0]]], np.float32)
    out = apply_curves(image, [Curve("light_gain", (0.0, 0.18 / lit))], (0, 1))
    assert out[0, 0, 0] == pytest.approx(0.46135612, abs=1e-6)  # of 0.18
    assert out[0, 1, 0] == 0
    assert out[0, 2, 0] == pytest.approx(to_srgb(np.array(0.18 / lit)), abs=1e-6)
    for dtype, top in ((np.uint8, 255), (np.uint16, 65535)):
        every: Array = np.arange(top + 1, dtype=dtype).reshape(1, -1, 1)
        same = apply_curves(every, [Curve("light_gain", (0.0, 1.0))], (0, top))
        assert np.array_equal(same, every)


def test_a_stop_doubles_the_light() -> None:
    image = np.array([[[50, 100, 128]]], np.uint8)
    out = apply_curves(image, [Curve("light_gain", (0.0, 2.0))], BYTE)
    doubled = to_light(image / 255) * 2
    assert np.array_equal(out, np.rint(to_srgb(doubled) * 255))


def test_gains_of_each_channel() -> None:
    image = np.full((2, 2, 3), 100, np.uint8)
    out = apply_curves(image, [Curve("light_gain", (1.0, 0.5, 1.0, 2.0))], BYTE)
    assert out[0, 0].tolist() == [50, 100, 200]


curves = st.one_of(
    st.builds(lambda a: Curve("shift", (a,)), st.floats(-0.4, 0.4)),
    st.builds(lambda a: Curve("power", (a,)), st.floats(0.4, 2.5)),
    st.builds(lambda a: Curve("light_gain", (0.0, a)), st.floats(0.5, 2)),
    st.builds(lambda a: Curve("light_gain", (0.0, a, 1.0, 1 / a)), st.floats(0.7, 1.4)),
    st.builds(lambda a: Curve("contrast_mid", (a,)), st.floats(0.02, 2)),
    st.builds(lambda a: Curve("contrast_mean", (a,)), st.floats(0.02, 2)),
    st.just(Curve("autocontrast", (0.01, 0.0))),
    st.just(Curve("invert")),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(curves, min_size=1, max_size=4), st.integers(0, 5))
def test_one_table_is_the_curves_in_floats(run: list[Curve], seed: int) -> None:
    """Within one level of evaluating every curve on float64 pixels and rounding at the end."""
    image = photo(seed)
    values = image / 255.0
    for curve in run:
        values = np.clip(DEFINED[curve.function](values, *curve.parameters), 0, 1)
    expected = values * 255
    out = apply_curves(image, run, BYTE).astype(float)
    assert np.abs(out - expected).max() <= 0.5 + 1e-6
    deep = apply_curves(image.astype(np.uint16) * 257, run, (0, 65535)).astype(float)
    assert np.abs(deep - expected * 257).max() <= 0.5 + 1e-3
    real = apply_curves((image / 255).astype(np.float32), run, (0, 1)).astype(float)
    assert np.abs(real * 255 - expected).max() < 0.02


def test_a_picture_without_contrast_is_not_stretched_to_noise() -> None:
    flat = np.full((4, 4, 1), 0.3, np.float32)
    flat[0, 0] += 1e-6
    assert np.array_equal(apply_curves(flat, [Curve("autocontrast", (0.0, 0.0))], (0, 1)), flat)


def test_steps_before_a_jump_are_rounded() -> None:
    """What equalize ranks are the levels that a step-by-step run would have seen."""
    image = photo(2)
    run = [Curve("power", (2.2,)), Curve("equalize")]
    one_by_one = image
    for curve in run:
        one_by_one = apply_curves(one_by_one, [curve], BYTE)
    assert np.array_equal(apply_curves(image, run, BYTE), one_by_one)


def test_identity_is_exact_and_shares_one_table() -> None:
    for dtype in (np.uint8, np.uint16):
        top = int(np.iinfo(dtype).max)
        image = np.arange(top + 1, dtype=dtype).reshape(16, -1, 1).repeat(3, axis=2)
        run = [Curve("shift", (0.0,)), Curve("power", (1.0,)), Curve("contrast_mean", (1.0,))]
        assert np.array_equal(apply_curves(image, run, (0, top)), image)
        assert curve_table(image, run, (0, top)).shape == (1, top + 1)


def test_float_pictures_use_their_own_range() -> None:
    image = np.array([[[-1000.0], [0.0], [1000.0]]], np.float32)
    out = apply_curves(image, [Curve("invert")], (-1000, 1000))
    assert out.ravel().tolist() == [1000, 0, -1000]
