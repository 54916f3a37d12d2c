"""Presets say what an expert of their field would sign."""

from __future__ import annotations

import re

import pytest

from tenfold.declare.parse import dump_recipe, load_recipe
from tenfold.declare.presets import PRESETS, preset, preset_text
from tenfold.errors import RequestError
from tenfold.ops.catalogue import OPS
from tenfold.ops.geometry import Reflection, Rotation

FIELDS = ("natural", "document", "medical", "microscopy", "satellite")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset(name: str) -> None:
    recipe = preset(name)
    assert recipe.name == name
    assert len(recipe.assumes) > 60
    assert load_recipe(dump_recipe(recipe)) == recipe
    rows = preset_text(name).splitlines()
    items = [i for i, row in enumerate(rows) if row.startswith("  - ")]
    assert len(items) == len(recipe.ops)  # one a line, as `recipe init` needs it
    for i in items:
        assert rows[i - 1].startswith("  # "), f"{rows[i]} has no reason"


def _op(name: str, op: str) -> object:
    return preset(name).op_named(op)


def test_medical_keeps_left_and_right_and_colour() -> None:
    names = preset("medical").op_names()
    assert "reflection" not in names
    assert not [n for n in names if OPS[n].family in ("colour", "occlusion")]
    rotation = _op("medical", "rotation")
    assert isinstance(rotation, Rotation)
    assert rotation.degrees.high <= 10
    assert preset("medical").border.mode == "background"


@pytest.mark.parametrize("name", ["microscopy", "satellite"])
def test_d4_is_exact(name: str) -> None:
    reflection = _op(name, "reflection")
    assert isinstance(reflection, Reflection)
    assert reflection.exact
    assert reflection.axes == ("horizontal", "vertical", "transpose")


def test_each_field() -> None:
    assert "shot_noise" in preset("microscopy").op_names()
    satellite = preset("satellite")
    assert "perspective" not in satellite.op_names()
    assert satellite.border.mode in ("reflect", "crop")
    assert not [op for op in satellite.ops if OPS[op.name].family == "colour"]  # multispectral
    document = preset("document")
    assert "reflection" not in document.op_names()
    assert document.border.mode == "background"
    assert isinstance(_op("document", "rotation"), Rotation)
    natural = _op("natural", "reflection")
    assert isinstance(natural, Reflection)
    assert natural.axes == ("horizontal",)
    assert {"crop", "hue", "saturation", "contrast"} <= set(preset("natural").op_names())


@pytest.mark.parametrize(
    ("wrong", "ours"),
    [("medcal", "medical"), ("Natural", "natural"), ("imagenet", "natural"), ("xray", "medical"),
     ("TrivialAugment", "trivial"), ("zzz", "known: natural")],
)  # fmt: skip
def test_unknown_presets(wrong: str, ours: str) -> None:
    with pytest.raises(RequestError, match=re.escape(ours)):
        preset(wrong)


def test_no_preset_reaches_outside_its_folder() -> None:
    for name in ("../recipe", "natural.yaml", "", "/etc/passwd"):
        with pytest.raises(RequestError, match="unknown preset"):
            preset_text(name)
