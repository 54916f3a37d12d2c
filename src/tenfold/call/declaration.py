"""What a pipeline is declared by: a recipe, its file, its text, a preset's name, or ops."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tenfold.call.targets import OPTIONS
from tenfold.declare.aliases import KEY_ALIASES, hint
from tenfold.declare.parse import load_recipe, recipe_from_plain
from tenfold.declare.presets import PRESETS, preset
from tenfold.declare.recipe import Recipe
from tenfold.declare.settings import SETTINGS
from tenfold.errors import RequestError
from tenfold.ops.op import Op

Declaration = Recipe | str | Path | Mapping[str, Any] | Op | Sequence[Op]

_SETTING_ALIASES = {
    **{theirs: ours for theirs, ours in KEY_ALIASES.items() if ours in SETTINGS},
    "bbox_params": "bbox_format", "box_format": "bbox_format", "format": "bbox_format",
    "random_state": "seed", "rng": "seed",
}  # fmt: skip


def as_recipe(declaration: Declaration) -> Recipe:
    """The recipe that a person declared in one of many ways; `RequestError` if it is none."""
    if isinstance(declaration, Recipe):
        return declaration
    if isinstance(declaration, Mapping):
        return recipe_from_plain(declaration)
    if isinstance(declaration, str) and (declaration in PRESETS or _is_word(declaration)):
        return preset(declaration)
    if isinstance(declaration, str | Path):
        return load_recipe(declaration)
    ops = (declaration,) if isinstance(declaration, Op) else declaration
    if not isinstance(ops, Sequence):
        raise RequestError(_not_ops(ops))
    for op in ops:
        if not isinstance(op, Op):
            raise RequestError(_not_ops(op))
    return Recipe(tuple(ops))


def _is_word(text: str) -> bool:
    """A preset's name, perhaps misspelt, rather than a file's."""
    return text.isidentifier() and not Path(text).exists()


def _not_ops(found: object) -> str:
    made = f"{found.__name__}()" if isinstance(found, type) else "Rotation(degrees=10)"
    return (
        f"a pipeline is made of ops, got {found!r}; "
        f"pass op objects ({made}), a recipe file or a preset's name"
    )


def with_settings(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """A recipe with attributes of its own overridden; `RequestError` for unknown ones."""
    for name in settings:
        if name not in SETTINGS:
            ours = (*OPTIONS, *SETTINGS)
            cure = hint(name, ours, _SETTING_ALIASES) or f"; known: {', '.join(ours)}"
            raise RequestError(f"unknown setting '{name}'{cure}")
    return dataclasses.replace(recipe, **settings) if settings else recipe
