"""The recipe format as a JSON Schema, made from the same declarations that check a recipe.

Editors complete and check recipes with it: put this comment first in a YAML recipe, with the
path or address of `schema/recipe-v1.json`:

    # yaml-language-server: $schema=recipe-v1.json

A schema can't say everything: that a range isn't upside down, or that parameters fit each
other, only `load_recipe` knows.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from tenfold.declare.recipe import VERSION
from tenfold.declare.settings import SETTINGS
from tenfold.ops.catalogue import OPS
from tenfold.ops.op import Op
from tenfold.params import DISTRIBUTIONS, Range, Spec, specs

JsonSchema = dict[str, Any]


def recipe_schema() -> JsonSchema:
    """JSON Schema (draft 2020-12) of recipes; plain data, the same at every call."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tenfold:recipe-v{VERSION}",
        "title": f"tenfold recipe, version {VERSION}",
        "description": "What may change in an image without changing its label.",
        "type": "object",
        "required": ["version", "invariances"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": VERSION, "description": "of the recipe format"},
            **{key: {**s.schema, "description": s.doc} for key, s in SETTINGS.items()},
            "invariances": {
                "description": "what may change, in the order of application",
                "anyOf": [
                    {"type": "array", "items": {"$ref": "#/$defs/invariance"}},
                    {
                        "type": "object",
                        "minProperties": 1,
                        "additionalProperties": False,
                        "properties": {n: {"$ref": f"#/$defs/{n}"} for n in OPS},
                    },
                    {"$ref": "#/$defs/name"},
                ],
            },
        },
        "anyOf": [
            {"required": ["compose"]},
            {"required": ["generators"]},
            {"properties": {"invariances": {"minItems": 1}}},
        ],
        "$defs": {
            "name": {"enum": list(OPS), "description": "an invariance with its defaults"},
            "invariance": {
                "anyOf": [
                    {"$ref": "#/$defs/name"},
                    {
                        "type": "object",
                        "minProperties": 1,
                        "maxProperties": 1,
                        "additionalProperties": False,
                        "properties": {n: {"$ref": f"#/$defs/{n}"} for n in OPS},
                    },
                ]
            },
            **{name: _op(cls) for name, cls in OPS.items()},
        },
    }


def schema_text() -> str:
    """The schema as it is published: indented JSON with a final newline."""
    return json.dumps(recipe_schema(), indent=1, ensure_ascii=False) + "\n"


def write_schema(path: Path) -> None:
    """Write the schema to a file."""
    path.write_text(schema_text(), encoding="utf-8")


def default_of(cls: type[Op], name: str) -> Any:
    """The default of an op's parameter, in plain types."""
    field = next(f for f in dataclasses.fields(cls) if f.name == name)
    value = field.metadata["spec"].coerce(name, field.default)
    if isinstance(value, Range):
        return value.plain()
    return list(value) if isinstance(value, tuple) else value


def _op(cls: type[Op]) -> JsonSchema:
    known = specs(cls)
    parameters = {}
    for name, spec in known.items():
        value: JsonSchema = _value(spec)
        if name == "exact" and not cls.group:
            value = {"const": False}
        unit = f" ({spec.unit})" if spec.unit else ""
        parameters[name] = {
            **value,
            "description": spec.doc + unit,
            "default": default_of(cls, name),
        }
    ways: list[JsonSchema] = [
        {"type": "null"},
        {"type": "object", "properties": parameters, "additionalProperties": False},
    ]
    if cls.main:
        ways.append(_value(dataclasses.replace(known[cls.main], optional=False)))
    return {"description": cls.summary(), "anyOf": ways}


def _bounds(low: float, high: float) -> JsonSchema:
    bounds: JsonSchema = {}
    if math.isfinite(low):
        bounds["minimum"] = low
    if math.isfinite(high):
        bounds["maximum"] = high
    return bounds


def _value(spec: Spec) -> JsonSchema:
    if spec.optional:
        inner = dataclasses.replace(spec, optional=False)
        return {"anyOf": [{"type": "null"}, _value(inner)]}
    number: JsonSchema = {"type": "number", **_bounds(*spec.within)}
    if spec.kind == "range":
        return _range(spec, {**number, "multipleOf": 1} if spec.integral else number)
    if spec.kind == "choices":
        one: JsonSchema = {"enum": list(spec.options)}
        return {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}
    return {
        "number": number,
        "integer": {**number, "type": "integer"},
        "flag": {"type": "boolean"},
        "choice": {"enum": list(spec.options)},
        "numbers": {"type": "array", "items": number},
    }[spec.kind]


def _range(spec: Spec, number: JsonSchema) -> JsonSchema:
    single = number
    if spec.symmetric and spec.neutral is not None:
        # v means neutral ± |v|, so both ends must lie within.
        reach = min(spec.within[1] - spec.neutral, spec.neutral - spec.within[0])
        single = {**number, **_bounds(-reach, reach)}
    return {
        "anyOf": [
            single,
            {"type": "array", "prefixItems": [number, number], "minItems": 2, "maxItems": 2},
            {
                "type": "object",
                "properties": {
                    "low": number,
                    "high": number,
                    "distribution": {"enum": list(DISTRIBUTIONS)},
                },
                "required": ["low", "high"],
                "additionalProperties": False,
                "if": {
                    "properties": {"distribution": {"const": "loguniform"}},
                    "required": ["distribution"],
                },
                "then": {"properties": {"low": {"exclusiveMinimum": 0}}},
            },
        ]
    }
