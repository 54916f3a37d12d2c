"""A recipe survives load and save without loss, whatever it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from recipes import any_op, ops_of, recipes

from tenfold.declare import yaml_text
from tenfold.declare.parse import dump_recipe, load_recipe, recipe_from_plain
from tenfold.declare.recipe import Border, Recipe
from tenfold.declare.settings import SETTINGS
from tenfold.ops.catalogue import OPS
from tenfold.ops.geometry import Reflection, Rotation
from tenfold.params import Range, specs


@settings(max_examples=60, deadline=None)
@given(recipes())
def test_yaml_and_plain_data_keep_everything(recipe: Recipe) -> None:
    again = load_recipe(dump_recipe(recipe))
    assert again == recipe
    assert again.hash() == recipe.hash()
    assert recipe_from_plain(recipe.plain()) == recipe


@settings(max_examples=60, deadline=None)
@given(recipes())
def test_in_full_it_is_the_same_recipe(recipe: Recipe) -> None:
    text = dump_recipe(recipe, full=True)
    again = load_recipe(text)
    assert again == recipe
    assert again.hash() == recipe.hash()
    data, _ = yaml_text.read(text)
    assert isinstance(data, dict)
    assert set(data) == {"version", *SETTINGS, "invariances"}
    for item, op in zip(data["invariances"], recipe.ops, strict=True):
        assert {*item[op.name], "exact"} == {*specs(type(op)), "exact"}


def test_in_full_nothing_is_bare() -> None:
    text = dump_recipe(Recipe(ops=(Reflection(),)), full=True)
    assert "  - reflection: {probability: 0.5, exact: false, axes: [horizontal]}\n" in text
    assert "border: auto\n" in text
    assert "min_visibility: 0.1\n" in text
    assert "mask_pairs: null\n" in text


@settings(max_examples=40, deadline=None)
@given(recipes())
def test_json_keeps_everything(recipe: Recipe) -> None:
    for text in (json.dumps(recipe.plain()), json.dumps(recipe.plain(), indent="\t")):
        assert load_recipe(text) == recipe


@settings(max_examples=30, deadline=None)
@given(recipes())
def test_other_yaml_readers_see_the_same_data(recipe: Recipe) -> None:
    """PyYAML's own YAML 1.1 loader is the independent reader."""
    text = dump_recipe(recipe)
    theirs = yaml.safe_load(text)
    assert recipe_from_plain(theirs) == recipe


@pytest.mark.parametrize("name", list(OPS))
def test_every_op_alone(name: str) -> None:
    @settings(max_examples=12, deadline=None)
    @given(ops_of(OPS[name]))
    def check(op: object) -> None:
        recipe = Recipe(ops=(op,))  # type: ignore[arg-type]
        assert load_recipe(dump_recipe(recipe)) == recipe
        assert recipe_from_plain(json.loads(json.dumps(recipe.plain()))) == recipe

    check()


@given(st.lists(any_op(), min_size=1, max_size=3))
@settings(max_examples=20, deadline=None)
def test_saving_is_stable(ops: list[object]) -> None:
    text = dump_recipe(Recipe(ops=tuple(ops)))  # type: ignore[arg-type]
    assert dump_recipe(load_recipe(text)) == text


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029", "\r", "\n"])
def test_line_ends_of_all_kinds_survive(end: str) -> None:
    for text in (end, f"a{end}b", f" {end} ", f"a{end}{end}", f"{end}a"):
        recipe = Recipe(ops=(Rotation(),), assumes=text)
        assert load_recipe(dump_recipe(recipe)) == recipe
        assert yaml.safe_load(dump_recipe(recipe))["assumes"] == text


def test_files(tmp_path: Path) -> None:
    recipe = Recipe(ops=(Rotation(degrees=Range(-3, 9)),), name="ünïcode ☃ 😀")
    for name in ("r.yaml", "r.json", "r with space.yml"):
        path = tmp_path / name
        text = json.dumps(recipe.plain()) if name.endswith("json") else dump_recipe(recipe)
        path.write_text(text, encoding="utf-8")
        assert load_recipe(path) == recipe
        assert load_recipe(str(path)) == recipe
    path.write_bytes(b"\xef\xbb\xbf" + dump_recipe(recipe).replace("\n", "\r\n").encode())
    assert load_recipe(path) == recipe


def test_equal_recipes_have_equal_hashes() -> None:
    whole = Recipe(ops=(Rotation(degrees=Range(-7, 7)),), min_area=2)
    real = Recipe(ops=(Rotation(degrees=Range(-7.0, 7.0)),), min_area=2.0)
    short = load_recipe("version: 1\nmin_area: 2\ninvariances:\n- rotation: 7\n")
    assert whole == real == short
    assert whole.hash() == real.hash() == short.hash()
    other = Recipe(ops=(Rotation(degrees=Range(-7, 8)),), min_area=2)
    assert other.hash() != whole.hash()


def test_the_written_form_is_the_one_people_write() -> None:
    recipe = Recipe(
        ops=(Rotation(degrees=Range(-20, 10)), Rotation()),
        border=Border("constant", 0.5),
        keypoint_pairs=((1, 2),),
    )
    assert dump_recipe(recipe) == (
        "version: 1\n"
        "border: {mode: constant, value: 0.5}\n"
        "keypoint_pairs: [[1, 2]]\n"
        "invariances:\n"
        "  - rotation: {degrees: [-20, 10]}\n"
        "  - rotation\n"
    )
    assert "border: wrap\n" in dump_recipe(Recipe(ops=(Rotation(),), border=Border("wrap")))


def test_generators_keep_their_words_and_find_their_file(tmp_path: Path) -> None:
    text = (
        "version: 1\ngenerators:\n  - {model: ../model, strength: [0.3, 0.7]}\n"
        "  - {model: b, share: 0.25, transforms: false}\ninvariances:\n  - rotation: 10\n"
    )
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    recipe = load_recipe(path)
    first, second = recipe.generators
    assert (first.model, first.strength, first.share) == ("../model", (0.3, 0.7), 0.5)
    assert (second.share, second.transforms, second.method) == (0.25, False, None)
    assert recipe.folder == tmp_path
    assert load_recipe(text) == recipe
    assert load_recipe(text).hash() == recipe.hash()
    assert load_recipe(text.replace("0.25", "0.26")).hash() != recipe.hash()
    assert load_recipe(dump_recipe(recipe)) == recipe
    assert "folder" not in dump_recipe(recipe, full=True)
