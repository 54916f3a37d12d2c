"""What is refused and warned of when a recipe meets data that it doesn't fit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tenfold.declare.fit import Misfits, misfits, range_warnings, reflection_warnings
from tenfold.declare.names import partners
from tenfold.declare.parse import load_recipe
from tenfold.declare.presets import preset
from tenfold.declare.survey import Facts
from tenfold.declare.whites import Values
from tenfold.samples.sources import open_source

DIM = Facts(
    "ct", "folder", 90, 16, (64, 64), (64, 64), channels=(1,), dtypes=("uint16",), grey=True,
    values=Values(0, 3, 1900, 2263),
)  # fmt: skip


def recipe(*lines: str, settings: str = "") -> object:
    items = "\n".join(f"  - {line}" for line in lines)
    return load_recipe(f"version: 1\n{settings}\ninvariances:\n{items}\n")


def in_range(facts: Facts, *lines: str, settings: str = "") -> Misfits:
    return range_warnings(facts, recipe(*lines, settings=settings))  # type: ignore[arg-type]


def mirrored(facts: Facts, *lines: str, settings: str = "") -> Misfits:
    return reflection_warnings(facts, recipe(*lines, settings=settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["medical", "microscopy", "satellite", "natural", "trivial"])
def test_presets_refuse_twelve_bits_in_sixteen(name: str) -> None:
    (text,) = range_warnings(DIM, preset(name)).refusals
    assert "use only 3.5 % of uint16 (0..2263 of 65535)" in text
    assert "add value_range: [0, 4095] to the recipe" in text


def test_what_depends_on_white() -> None:
    for line in ("gamma", "brightness", "exposure", "gaussian_noise", "contrast: {pivot: mid}"):
        assert in_range(DIM, line).refusals, line
    for line in ("rotation", "contrast", "exposure: {linear: true}", "gaussian_blur", "erase"):
        assert in_range(DIM, line) == Misfits(), line
    for said in ("value_range: [0, 4095]", "value_range: [0, 65535]"):
        assert in_range(DIM, "gamma", settings=said) == Misfits()


def test_data_that_use_their_dtype() -> None:
    for values in ((0, 100, 60000, 65535), (0, 100, 17000, 20000)):
        full = dataclasses.replace(DIM, values=Values(*values))
        assert in_range(full, "gamma") == Misfits()
    eight = dataclasses.replace(DIM, dtypes=("uint8",), values=Values(0, 0, 9, 10))
    assert in_range(eight, "gamma") == Misfits()
    assert in_range(dataclasses.replace(DIM, values=None), "gamma") == Misfits()


def test_a_range_given_wrongly() -> None:
    (text,) = in_range(DIM, "gamma", settings="value_range: [-1000, 3000]").refusals
    assert "reaches beyond uint16 (0..65535)" in text
    (text,) = in_range(DIM, "gamma", settings="value_range: [0, 1000]").warnings
    assert "go from 0 to 2263" in text


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (("left", "right"), [("left", "right")]),
        (("LeftHand", "RightHand", "none"), [("LeftHand", "RightHand")]),
        (("hand_l", "hand_r"), [("hand_l", "hand_r")]),
        (("l/eye", "r/eye"), [("l/eye", "r/eye")]),
        (("links_abbiegen", "rechts_abbiegen"), [("links_abbiegen", "rechts_abbiegen")]),
        (("左手", "右手"), [("左手", "右手")]),
        (("turn left", "turn right", "go"), [("turn left", "turn right")]),
        (("cw", "ccw"), [("cw", "ccw")]),
        (("right whale", "blue whale"), []),
        (("bright", "blight"), []),
    ],
)
def test_partners(names: tuple[str, ...], pairs: list[tuple[str, str]]) -> None:
    assert list(partners(names)) == pairs
    facts = dataclasses.replace(DIM, classes=names)
    found = mirrored(facts, "reflection")
    assert bool(found.refusals) == bool(pairs)
    for a, b in pairs:
        assert f"{a} and {b}" in found.refusals[0]
        assert "remove reflection" in found.refusals[0]
    assert mirrored(facts, "rotation") == Misfits()
    assert mirrored(facts, "reflection: {probability: 0}") == Misfits()
    upside_down = mirrored(facts, "reflection: vertical")
    assert not upside_down.refusals


def test_letters_l_and_r_are_no_sides() -> None:
    letters = dataclasses.replace(DIM, classes=tuple("abcdefghijklmnopqr"))
    assert letters.partners() == ()
    assert letters.handed() == ()


def test_one_side_alone_is_a_warning() -> None:
    whales = dataclasses.replace(DIM, classes=("right whale", "blue whale"))
    (text,) = mirrored(whales, "reflection").warnings
    assert "right whale" in text


def test_masks_with_several_values() -> None:
    organs = dataclasses.replace(DIM, has_masks=True, mask_values=(1, 2, 3))
    (text,) = mirrored(organs, "reflection").warnings
    assert "values 1, 2, 3" in text
    assert "mask_pairs: []" in text
    for said in ("mask_pairs: []", "mask_pairs: [[1, 2]]"):
        assert mirrored(organs, "reflection", settings=said) == Misfits()
    for values in ((), (255,), tuple(range(1, 500))):
        one = dataclasses.replace(organs, mask_values=values)
        assert mirrored(one, "reflection") == Misfits()


def test_from_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for name in ("hand_l", "hand_r"):
        (tmp_path / name).mkdir()
        for i in range(3):
            tifffile.imwrite(
                tmp_path / name / f"{i}.tif", rng.integers(0, 4000, (32, 32), dtype=np.uint16)
            )
    found = misfits(open_source(tmp_path), preset("natural"))
    assert len(found.refusals) == 2
    assert "value_range: [0, 4095]" in found.refusals[0]
    assert "hand_l and hand_r" in found.refusals[1]
    broken = tmp_path / "broken"
    (broken / "a").mkdir(parents=True)
    (broken / "a" / "x.png").write_bytes(b"no picture")
    assert misfits(open_source(broken), preset("natural")) == Misfits()
