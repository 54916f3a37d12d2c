"""What a plan tells of itself: what may happen, not what one draw happened to do."""

from __future__ import annotations

import pytest

from tenfold.declare.presets import PRESETS, preset
from tenfold.declare.recipe import Recipe
from tenfold.ops import (
    Brightness,
    ChannelShuffle,
    Crop,
    Gamma,
    GaussianBlur,
    GaussianNoise,
    Grayscale,
    Invert,
    Op,
    RandAugment,
    Reflection,
    Rotation,
    Saturation,
    Translation,
    TrivialAugment,
)
from tenfold.plan.explain import explain
from tenfold.plan.plan import Plan
from tenfold.samples.sample import Schema

RGB = Schema(64, 96, 3)
WIDE = (
    "identity, shear_x, shear_y, translation_x, translation_y, rotation, brightness, saturation, "
    "contrast, sharpness, posterize, solarize, autocontrast, equalize"
)


def told(*ops: Op, schema: Schema = RGB) -> list[str]:
    return explain(Plan(Recipe(ops, keypoint_pairs=())), schema)


def test_the_passes() -> None:
    lines = told(Rotation(), Translation(), Brightness(), Gamma(), GaussianNoise())
    assert [line.split("[")[1] for line in lines] == [
        "rotation, translation]", "brightness, gamma]", "gaussian_noise]",
    ]  # fmt: skip
    assert lines[0].startswith("1. geometry: one resampling, linear, border reflect")
    assert lines[1].startswith("2. one table of 2 curves: shift, power")


@pytest.mark.parametrize(
    ("op", "what"),
    [
        (Invert(exact=True), "one table of 1 curve: invert"),
        (ChannelShuffle(exact=True), "one 3x4 matrix"),
        (Reflection(exact=True), "geometry"),
    ],
)
def test_what_may_be_the_identity_is_still_told(op: Op, what: str) -> None:
    """Half of the copies of an exact inversion stay as they are: that says nothing of the op."""
    (line,) = told(op)
    assert line.startswith(f"1. {what}")
    (line,) = explain(Plan(Recipe((op, op), keypoint_pairs=())), RGB)[-1:]
    assert f"{op.name}#2]" in line


def test_a_policy_tells_what_may_happen() -> None:
    assert told(TrivialAugment()) == [
        f"1. one of {WIDE} at strengths 0..30 (policy trivial)  [trivial]"
    ]
    assert told(RandAugment(operations=3)) == [
        f"1. 3 times one of {WIDE} at strength 9 (policy rand)  [rand]"
    ]
    without = TrivialAugment(level=(5, 10), without=("rotation", "equalize"))
    fewer = WIDE.replace(", rotation", "").replace(", equalize", "")
    assert told(without) == [f"1. one of {fewer} at strengths 5..10 (policy trivial)  [trivial]"]


def test_a_policy_stands_in_its_place() -> None:
    lines = told(Rotation(), TrivialAugment(), Translation(), Crop(), Brightness())
    assert [line.split("  [")[1] for line in lines] == [
        "rotation]", "trivial]", "translation, crop]", "brightness]",
    ]  # fmt: skip
    assert [line[:2] for line in lines] == ["1.", "2.", "3.", "4."]


def test_every_boundary_is_explained() -> None:
    ops = (Rotation(), Brightness(), GaussianBlur(sigma=1), GaussianNoise(), Crop(), Invert())
    first, *others = told(*ops)
    assert "apart" not in first
    whys = [line.partition("; apart: ")[2].partition("  [")[0] for line in others]
    assert whys == [
        "values change once the pass before is done with them",
        "it mixes neighbours",
        "it is drawn for the pixels as they are by then",
        "what came before would look different after the move",
        "values change once the pass before is done with them",
    ]


def test_what_has_nothing_to_do_is_named() -> None:
    grey = Schema(64, 96, 1)
    lines = told(Saturation(), Brightness(), Grayscale(), schema=grey)
    assert len(lines) == 2
    assert lines[-1] == "-- nothing to do on such images: saturation, grayscale"
    everything = TrivialAugment(without=tuple(WIDE.split(", ")[1:]))
    assert told(everything) == ["-- nothing to do on such images: trivial"]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_told_the_same_each_time(name: str) -> None:
    plan = Plan(preset(name))
    lines = explain(plan, RGB)
    assert lines == explain(plan, RGB)
    assert not any(line.startswith("--") for line in lines)
    named = {word for line in lines for word in line.split("  [")[1].rstrip("]").split(", ")}
    assert named == set(plan.recipe.op_names())
