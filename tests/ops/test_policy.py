"""TrivialAugment and RandAugment against the published spaces."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.ops.op import Op
from tenfold.ops.policy import MOST, SPACES, Policy, RandAugment, TrivialAugment
from tenfold.ops.steps import Convolution, Curve, Steps, Warp
from tenfold.params import Range
from tenfold.rng import Key, draws
from tenfold.samples.sample import Schema

RGB = Schema(height=200, width=300, channels=3)
GREY = Schema(height=200, width=300, channels=1)
LEVELS = 31


def _drawn(op: Op, count: int = 4000) -> list[dict[str, Any]]:
    keys = [Key(7, "s", copy) for copy in range(count)]
    found = op.draw(draws(keys, [op.name])[0])
    assert all(d is not None for d in found)
    return [d for d in found if d is not None]


def _published(wide: bool) -> dict[str, tuple[np.ndarray[Any, Any] | None, bool]]:
    """Values by level and whether signed, written out from torchvision's _augmentation_space."""
    shear, rotate, factor = (0.99, 135.0, 0.99) if wide else (0.3, 30.0, 0.9)
    move = 32.0 if wide else 150.0 / 331.0
    bits_lost = 6 if wide else 4
    posterize = 8 - np.round(np.arange(LEVELS) / ((LEVELS - 1) / bits_lost))
    signed = {
        "shear_x": shear, "shear_y": shear, "translation_x": move, "translation_y": move,
        "rotation": rotate, "brightness": factor, "saturation": factor, "contrast": factor,
        "sharpness": factor,
    }  # fmt: skip
    return {
        "identity": (None, False),
        **{name: (np.linspace(0, most, LEVELS), True) for name, most in signed.items()},
        "posterize": (posterize, False),
        "solarize": (np.linspace(255, 0, LEVELS) / 255, False),
        "autocontrast": (None, False),
        "equalize": (None, False),
    }


@pytest.mark.parametrize("space", ["wide", "standard"])
def test_the_spaces_are_the_published_ones(space: str) -> None:
    published = _published(space == "wide")
    assert list(SPACES[space]) == list(published)
    for name, (values, signed) in published.items():
        member = SPACES[space][name]
        assert member.signed == signed
        ours = [member.value(level, False) for level in range(LEVELS)]
        np.testing.assert_allclose(ours, np.zeros(LEVELS) if values is None else values, atol=1e-12)
        if signed:
            assert [member.value(level, True) for level in range(LEVELS)] == [-v for v in ours]


def test_trivial_draws_everything_equally_often() -> None:
    drawn = _drawn(TrivialAugment(), 14 * 400)
    counts: dict[str, int] = {}
    for d in drawn:
        (key,) = d
        assert key.startswith("1.")
        counts[key[2:]] = counts.get(key[2:], 0) + 1
    assert set(counts) == set(SPACES["wide"])
    # 400 expected each, standard deviation 19.3; chi-squared with 13 degrees of freedom
    chi2 = sum((n - 400) ** 2 / 400 for n in counts.values())
    assert chi2 < 34.5  # p = 0.001
    angles = [d["1.rotation"] for d in drawn if "1.rotation" in d]
    assert min(angles) < -120 < 120 < max(angles)
    assert {round(abs(a) / 4.5, 9) for a in angles} <= set(range(LEVELS))
    assert 0.4 < np.mean(np.array(angles) > 0) < 0.6


def test_rand_draws_n_at_magnitude_m() -> None:
    drawn = _drawn(RandAugment(operations=3, magnitude=Range(9, 9)))
    orders = set()
    for d in drawn:
        assert [key[:2] for key in d] == ["1.", "2.", "3."]
        orders.add(tuple(key[2:] for key in d))
        for key, value in d.items():
            member = SPACES["standard"][key[2:]]
            assert value in (member.value(9, False), member.value(9, True))
    assert any(len(set(order)) < 3 for order in orders)  # with replacement, as published
    assert len(orders) > 1000


@pytest.mark.parametrize("op", [TrivialAugment(), RandAugment(), RandAugment(operations=MOST)])
def test_steps_are_a_pure_function_of_what_is_written_down(op: Policy) -> None:
    for d in _drawn(op, 200):
        assert all(isinstance(v, float) and math.isfinite(v) for v in d.values())
        again = json.loads(json.dumps(d, sort_keys=True))
        assert repr(op.steps(again, RGB)) == repr(op.steps(d, RGB))
        shuffled = dict(reversed(d.items()))
        assert repr(op.steps(shuffled, RGB)) == repr(op.steps(d, RGB))


def _steps(name: str, value: float, schema: Schema = RGB, op: Policy | None = None) -> Steps:
    return (op or TrivialAugment()).steps({f"1.{name}": value}, schema)


def test_what_each_lowers_to() -> None:
    assert _steps("identity", 0.0) == ()
    (warp,) = _steps("rotation", 90.0)
    assert isinstance(warp, Warp)
    np.testing.assert_allclose(warp.matrix @ [150, 100, 1], [150, 100, 1], atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(warp.matrix[:2, :2]), 1)
    np.testing.assert_allclose(np.abs(warp.matrix[:2, :2]), [[0, 1], [1, 0]], atol=1e-12)
    (warp,) = _steps("shear_x", 0.99)
    assert isinstance(warp, Warp)
    assert abs(warp.matrix[0, 1]) == pytest.approx(0.99)
    assert warp.matrix[1, 0] == pytest.approx(0)
    (warp,) = _steps("shear_y", -0.5)
    assert isinstance(warp, Warp)
    assert abs(warp.matrix[1, 0]) == pytest.approx(0.5)
    (warp,) = _steps("translation_x", -32.0)
    assert isinstance(warp, Warp)
    np.testing.assert_allclose(warp.matrix, [[1, 0, -32], [0, 1, 0], [0, 0, 1]], atol=1e-9)
    (warp,) = _steps("translation_y", 0.1, op=RandAugment())
    assert isinstance(warp, Warp)
    np.testing.assert_allclose(warp.matrix[:2, 2], [0, 20], atol=1e-9)
    (curve,) = _steps("contrast", 0.5)
    assert isinstance(curve, Curve)
    assert curve.parameters == (1.5,)
    (convolution,) = _steps("sharpness", -0.99)
    assert isinstance(convolution, Convolution)
    assert convolution.kernel.sum() == pytest.approx(1, abs=1e-5)
    assert [type(s) for s in _steps("autocontrast", 0.0)] == [Curve]
    assert [type(s) for s in _steps("equalize", 0.0)] == [Curve]


def test_values_as_pillow_makes_them() -> None:
    """Brightness, contrast, saturation, solarize and posterize, pixel by pixel."""
    from PIL import Image, ImageEnhance, ImageOps

    from tenfold.plan.kernels.tone import apply_curves

    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    theirs = Image.fromarray(picture)
    schema = Schema(height=40, width=30, channels=3)
    values = picture.astype(np.float32) / 255

    def ours(name: str, value: float) -> Any:
        (step,) = _steps(name, value, schema)
        assert isinstance(step, Curve)
        return apply_curves(values, [step], (0, 1)) * 255.0

    for v in (-0.99, -0.4, 0.33, 0.99):
        expected = np.asarray(ImageEnhance.Brightness(theirs).enhance(1 + v), dtype=float)
        assert np.abs(ours("brightness", v) - expected).max() <= 1.0
    for threshold in (0.0, 0.5, 230 / 255, 1.0):
        bound = round(threshold * 255)
        expected = np.asarray(ImageOps.solarize(theirs, bound), dtype=float)
        assert np.abs(ours("solarize", threshold) - expected).max() < 0.01
    for bits in (2.0, 5.0, 8.0):
        expected = np.asarray(ImageOps.posterize(theirs, int(bits)), dtype=float)
        assert np.abs(ours("posterize", bits) - expected).max() < 0.01


def test_colour_on_grey_images_is_the_identity() -> None:
    for schema in (GREY, Schema(height=9, width=9, channels=5)):
        assert _steps("saturation", 0.9, schema) == ()
        for policy in (TrivialAugment(), RandAugment()):
            assert not list(policy.refusals(schema))
            for d in _drawn(policy, 100):
                policy.steps(d, schema)


def test_small_images_keep_half_of_themselves() -> None:
    for side in (1, 8, 32, 63, 64, 65, 224):
        (warp,) = _steps("translation_x", 32.0, Schema(height=side, width=side, channels=1))
        assert isinstance(warp, Warp)
        assert warp.matrix[0, 2] == pytest.approx(min(32, side / 2))


def test_leaving_ops_out() -> None:
    for op in (TrivialAugment(without=("rotation", "solarize")), RandAugment(without="rotation")):  # type: ignore[arg-type]
        names = {key[2:] for d in _drawn(op) for key in d}
        assert names == set(op.members())
        assert "rotation" not in names
    everything = tuple(SPACES["wide"])[1:]
    assert {k for d in _drawn(TrivialAugment(without=everything), 9) for k in d} == {"1.identity"}


def test_levels_can_be_less() -> None:
    drawn = _drawn(TrivialAugment(level=Range(0, 10)), 2000)
    angles = [abs(d["1.rotation"]) for d in drawn if "1.rotation" in d]
    assert max(angles) == pytest.approx(45)


def test_probability() -> None:
    op = RandAugment(probability=0.25)
    found = op.draw(draws([Key(1, "s", c) for c in range(2000)], ["rand"])[0])
    assert 0.2 < sum(d is not None for d in found) / len(found) < 0.3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operations": 8}, "within 1..7"),
        ({"magnitude": Range(9, 31)}, "within 0..30"),
        ({"magnitude": Range(9.5, 10)}, "whole numbers"),
        ({"space": "narrow"}, "must be one of wide, standard"),
        ({"without": ("rotate",)}, "did you mean 'rotation'"),
        ({"exact": True}, "can't be exact"),
    ],
)
def test_refusals(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        RandAugment(**arguments)
