"""The published schema is current, valid, and agrees with the parser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from recipes import recipes
from test_errors import BROKEN

from tenfold.declare import yaml_text
from tenfold.declare.json_schema import recipe_schema, schema_text, write_schema
from tenfold.declare.parse import dump_recipe, recipe_from_plain
from tenfold.declare.presets import PRESETS, preset_text
from tenfold.declare.recipe import Recipe
from tenfold.errors import RecipeError
from tenfold.ops.catalogue import OPS
from tenfold.params import specs

ROOT = Path(__file__).resolve().parents[2]
VALIDATOR = jsonschema.Draft202012Validator(recipe_schema())

BEYOND_SCHEMA = {
    # What a JSON Schema can't say: order of a range's ends, parameters taken together,
    # partners that occur twice, sums, NaN, and the form of the text itself.
    "upside down", "not a number", "pair twice", "loop", "tag on a mapping", "binary",
    "levels upside down", "levels empty", "strength upside down", "shares",
    "objects upside down",
}  # fmt: skip


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(recipe_schema())


def test_the_published_copy_is_current(tmp_path: Path) -> None:
    path = ROOT / "schema" / "recipe-v1.json"
    assert path.read_text(encoding="utf-8") == schema_text(), (
        "schema/recipe-v1.json is out of date; write it with: "
        "python -c 'from pathlib import Path; from tenfold.declare.json_schema import write_schema;"
        ' write_schema(Path("schema/recipe-v1.json"))\''
    )
    write_schema(tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == recipe_schema()


@settings(max_examples=40, deadline=None)
@given(recipes())
def test_it_accepts_valid_recipes(recipe: Recipe) -> None:
    VALIDATOR.validate(recipe.plain())
    VALIDATOR.validate(yaml_text.read(dump_recipe(recipe))[0])


@pytest.mark.parametrize("name", PRESETS)
def test_it_accepts_presets(name: str) -> None:
    VALIDATOR.validate(yaml_text.read(preset_text(name))[0])


@pytest.mark.parametrize("case", [c for c in BROKEN if c not in BEYOND_SCHEMA])
def test_it_rejects_what_the_parser_rejects(case: str) -> None:
    try:
        data, _ = yaml_text.read(str(BROKEN[case][0]))
    except RecipeError:
        return  # not YAML: the schema never sees it
    if case == "version real":
        return  # JSON Schema's numbers make no difference between 1 and 1.0
    assert not VALIDATOR.is_valid(data)


@pytest.mark.parametrize("name", list(OPS))
def test_the_limits_are_the_parser_s(name: str) -> None:
    """At and just beyond each end, schema and parser say the same."""
    for parameter, spec in specs(OPS[name]).items():
        if spec.kind not in ("range", "number", "integer"):
            continue
        for end in spec.within:
            for value in (end, end + 1, end - 1):
                plain: Any = int(value) if spec.kind == "integer" else value
                given_ = [plain, plain] if spec.kind == "range" else plain
                data = {"version": 1, "invariances": [{name: {parameter: given_}}]}
                inside = spec.within[0] <= value <= spec.within[1]
                assert VALIDATOR.is_valid(data) == inside, (name, parameter, value)
                try:
                    recipe_from_plain(data)
                    problem = ""
                except RecipeError as error:
                    problem = str(error)
                # Inside, only the other parameters can be in the way.
                assert ("must be within" in problem) == (not inside), (problem, data)


def test_every_parameter_is_described() -> None:
    defs = recipe_schema()["$defs"]
    for name, cls in OPS.items():
        properties = next(w for w in defs[name]["anyOf"] if w.get("type") == "object")["properties"]
        assert set(properties) == set(specs(cls))
        assert all(p["description"] for p in properties.values())
        defaults = {k: p["default"] for k, p in properties.items()}
        assert recipe_from_plain({"version": 1, "invariances": [{name: defaults}]}).ops == (cls(),)
