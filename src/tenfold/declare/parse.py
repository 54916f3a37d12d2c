"""Recipes from text, files and plain data, and back: checked, with the line and the cure."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from tenfold.declare import yaml_text
from tenfold.declare.aliases import (
    KEY_ALIASES,
    NO_INVARIANCES,
    OP_ALIASES,
    hint,
    snake,
)
from tenfold.declare.generators import SettingPartError
from tenfold.declare.recipe import VERSION, Recipe
from tenfold.declare.settings import SETTINGS
from tenfold.declare.written import written
from tenfold.declare.yaml_text import Flow, Lines
from tenfold.errors import RecipeError, RequestError
from tenfold.ops.catalogue import OPS
from tenfold.ops.op import Op
from tenfold.ops.parameter_names import parameter_cure
from tenfold.params import Range, Spec, specs

_KEYS = ("version", *SETTINGS, "invariances")
_RANGE_KEYS = {"low", "high", "distribution"}


def load_recipe(path_or_text: str | os.PathLike[str]) -> Recipe:
    """A recipe from a file, or from text.

    Args:
        path_or_text: a path to a YAML or JSON file; or a string of more than one line, or one
            that begins with `{`, which is the recipe itself.

    Raises:
        RecipeError: no such file, not YAML, or not a recipe that this tenfold can use; with the
            line, the value and the cure.
    """
    if isinstance(path_or_text, str) and _is_text(path_or_text):
        data, lines = yaml_text.read(path_or_text)
        return recipe_from_plain(data, lines)
    path = Path(path_or_text)
    file = os.fsencode(path).decode("utf-8", "backslashreplace")
    data, lines = yaml_text.read(_text_of(path, file), file)
    recipe = recipe_from_plain(data, lines, file)
    return dataclasses.replace(recipe, folder=path.absolute().parent)


def recipe_from_plain(data: object, lines: Lines | None = None, file: str | None = None) -> Recipe:
    """A recipe from plain data (what YAML, JSON or `Recipe.plain` give).

    Args:
        data: a mapping with `version` and `invariances`.
        lines: 1-based line of each value by its path, for messages.
        file: name of the file, for messages.

    Raises:
        RecipeError: it isn't a recipe that this tenfold can use.
    """
    return _Parser(lines or {}, file).recipe(data)


def dump_recipe(recipe: Recipe, full: bool = False) -> str:
    """The recipe as YAML; `load_recipe` gives an equal recipe back.

    Args:
        recipe: any.
        full: write every setting and every parameter, those at their defaults too; else only what
            differs from them. Both are the same recipe, with the same hash.
    """
    plain = _in_full(recipe) if full else recipe.plain()
    if "border" in plain:
        border = plain["border"]
        plain["border"] = Flow(border) if border["value"] else border["mode"]
    if "generators" in plain:
        plain["generators"] = [Flow(use) for use in plain["generators"]]
    if plain.get("compose") is not None:
        plain["compose"] = Flow(plain["compose"])
    plain["invariances"] = [
        {name: Flow(parameters)} if parameters else name
        for item in plain["invariances"]
        for name, parameters in item.items()
    ]
    return yaml_text.dump(plain)


def _in_full(recipe: Recipe) -> dict[str, Any]:
    """Like `Recipe.plain`, with nothing left out."""
    plain: dict[str, Any] = {"version": VERSION}
    for key in SETTINGS:
        value = getattr(recipe, key)
        plain[key] = [*map(_unfixed, value)] if isinstance(value, tuple) else value
    plain["border"] = {"mode": recipe.border.mode, "value": recipe.border.value}
    plain["generators"] = [use.plain(full=True) for use in recipe.generators]
    plain["compose"] = None if recipe.compose is None else recipe.compose.plain(full=True)
    plain["invariances"] = [
        {
            op.name: {
                key: _unfixed(getattr(op, key))
                for key in specs(type(op))
                if key != "exact" or op.group
            }
        }
        for op in recipe.ops
    ]
    return plain


def _unfixed(value: Any) -> Any:
    """A parameter in plain types."""
    if isinstance(value, Range):
        return value.plain()
    return list(value) if isinstance(value, tuple) else value


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, object]]:
    return isinstance(value, Mapping)


def _is_text(given: str) -> bool:
    return "\n" in given or given.lstrip("\ufeff \t").startswith("{") or ": " in given


def _text_of(path: Path, file: str) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(4 * yaml_text.MAX_BYTES + 1)
    except FileNotFoundError:
        from tenfold.declare.presets import PRESETS

        cure = f"known presets: {', '.join(PRESETS)}"
        near = hint(path.name, PRESETS)
        if file in PRESETS:
            cure = f"'{file}' is a preset: ask for it with --preset {file}, or preset('{file}')"
        elif near and path.parent == Path():
            cure = f"for a preset use --preset{near}"
        raise RecipeError(f"there is no such recipe file; {cure}", None, file or "''") from None
    except IsADirectoryError:
        raise RecipeError(
            "is a folder; give the recipe file in it, such as recipe.yaml", None, file
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RecipeError(f"can't be read: {reason}", None, file) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RecipeError("is not UTF-8 text; save it as UTF-8", line, file) from None


def _inside(error: RequestError) -> tuple[str | int, ...]:
    """For settings that are mappings or lists: the part of them that the error is about."""
    if isinstance(error, SettingPartError):
        return error.path
    return tuple(k for k in ("mode", "value") if str(error).startswith(f"{k}:"))


class _Parser:
    """Plain data to a recipe; knows where each value stands."""

    def __init__(self, lines: Lines, file: str | None) -> None:
        self.lines, self.file = lines, file

    def fail(self, message: str, *path: str | int) -> RecipeError:
        """An error at the nearest line that is known."""
        where = path
        while where and where not in self.lines:
            where = where[:-1]
        line = self.lines.get(where) if where else None
        return RecipeError(message, line, self.file or (None if line else "recipe"))

    def recipe(self, data: object) -> Recipe:
        if data is None:
            raise self.fail("is empty; begin with 'version: 1' and 'invariances:'")
        if isinstance(data, list):
            raise self.fail("must be a mapping, got a list; put the list under 'invariances:'")
        if not isinstance(data, Mapping):
            raise self.fail(f"must be a mapping, got {data!r:.60}; begin with 'version: 1'")
        self.version(data)
        for key in data:
            if key not in _KEYS:
                raise self.unknown_key(key)
        settings = {}
        for key, setting in SETTINGS.items():
            if key in data:
                try:
                    settings[key] = setting.check(data[key])
                except RequestError as error:
                    raise self.fail(f"{key}: {error}", key, *_inside(error)) from None
        if "invariances" not in data:
            raise self.fail("has no invariances; add 'invariances:' and a list of what may change")
        items = data["invariances"]
        others = "compose" in data or "generators" in data  # as in all that tenfold writes
        ops = () if others and items == [] else self.ops(items)
        return Recipe(ops=ops, **settings)

    def version(self, data: Mapping[Any, Any]) -> None:
        if "version" not in data:
            raise self.fail(f"has no version; add 'version: {VERSION}' as the first line")
        version = data["version"]
        if isinstance(version, bool) or not isinstance(version, int):
            raise self.fail(
                f"version must be a whole number, got {version!r}; write 'version: {VERSION}'",
                "version",
            )
        if version > VERSION:
            raise self.fail(
                f"version {version} needs a newer tenfold (this one reads version {VERSION}); "
                "upgrade with: pip install --upgrade tenfold",
                "version",
            )
        if version < 1:
            raise self.fail(
                f"version {version} never existed; did you mean 'version: {VERSION}'?", "version"
            )

    def unknown_key(self, key: object) -> RecipeError:
        word = str(key)
        if word in OPS:
            cure = f"; put it in the list: 'invariances:' and below it '- {word}: ...'"
        elif snake(word) in OP_ALIASES and snake(word) not in KEY_ALIASES:
            cure = f"; under 'invariances:' it is called '{OP_ALIASES[snake(word)]}'"
        else:
            cure = hint(word, _KEYS, KEY_ALIASES)
        cure = cure or f"; known: {', '.join(_KEYS)}"
        return self.fail(f"unknown key {word!r}{cure}", word)

    def ops(self, items: object) -> tuple[Op, ...]:
        top = ("invariances",)
        if items is None or (isinstance(items, list | tuple | Mapping | str) and not items):
            raise self.fail(
                "invariances is empty; list what may change without changing the label, "
                "such as '- rotation: 15'",
                *top,
            )
        if isinstance(items, str):
            return (self.op(items, None, top),)
        if isinstance(items, Mapping):  # one name each and an order: nothing to guess
            return tuple(self.op(name, value, (*top, name)) for name, value in items.items())
        if not isinstance(items, list | tuple):
            raise self.fail(f"invariances must be a list, got {items!r:.60}", *top)
        return tuple(self.item(item, (*top, i)) for i, item in enumerate(items))

    def item(self, item: object, path: yaml_text.Path) -> Op:
        if isinstance(item, str):
            return self.op(item, None, path)
        if not isinstance(item, Mapping) or not item:
            raise self.fail(
                f"an invariance is written '- name' or '- name: value', got {item!r:.60}", *path
            )
        if len(item) == 1:
            ((name, value),) = item.items()
            return self.op(name, value, (*path, name))
        names = [str(key) for key in item]
        known = [name for name in names if name in OPS]
        others = [name for name in names if name not in OPS]
        if len(known) == 1:
            inner = ", ".join(f"{other}: ..." for other in others)
            cure = f"parameters belong inside: '- {known[0]}: {{{inner}}}'"
        elif known:
            cure = "give each invariance a dash of its own"
        elif any(key in ("name", "type", "op") for key in names):
            said = next(str(item[key]) for key in names if key in ("name", "type", "op"))
            cure = f"write the name first: '- {said}: {{parameter: value}}'"
        else:
            cure = "write '- name: {parameter: value}'"
        raise self.fail(f"one list item holds several keys ({', '.join(names)}); {cure}", *path)

    def op(self, name: object, value: object, path: yaml_text.Path) -> Op:
        cls = OPS.get(name) if isinstance(name, str) else None
        if cls is None:
            instead = NO_INVARIANCES.get(snake(str(name)))
            if instead is not None:
                raise self.fail(f"{str(name)!r} {instead}", *path)
            cure = hint(str(name), OPS, OP_ALIASES) or f"; known: {', '.join(OPS)}"
            raise self.fail(f"unknown invariance {str(name)!r}{cure}", *path)
        known = specs(cls)
        given = self.parameters(cls, value, path)
        checked = {}
        for key, plain in given.items():
            where = (*path, key)
            if key not in known:
                raise self.fail(self.unknown_parameter(cls, str(key), known), *where)
            try:
                checked[key] = known[key].coerce(f"{cls.name}: {key}", plain)
            except RequestError as error:
                inner = [k for k in plain if repr(k) in str(error)] if _is_mapping(plain) else []
                told = written(cls, str(key), known[key], plain) or str(error)
                raise self.fail(told, *where, *inner[:1]) from None
            except (OverflowError, TypeError, ValueError):
                raise self.fail(
                    f"{cls.name}: {key}: {plain!r:.60} can't be used as a value", *where
                ) from None
        try:
            return cls(**checked)
        except RequestError as error:
            raise self.fail(str(error), *path) from None

    def parameters(
        self, cls: type[Op], value: object, path: yaml_text.Path
    ) -> Mapping[Any, object]:
        """The parameters by name, whichever way they were written."""
        known, main = specs(cls), cls.main
        if value is None:
            return {}
        if isinstance(value, Mapping):
            if main and known[main].kind == "range" and value and set(value) <= _RANGE_KEYS:
                return {main: value}
            return value
        if isinstance(value, bool) and not (main and known[main].kind == "flag"):
            cure = f"write '- {cls.name}' alone" if value else "remove the line to leave it out"
            raise self.fail(f"{cls.name}: {str(value).lower()} says nothing here; {cure}", *path)
        if not main:
            names = ", ".join(f"{n}: ..." for n in known if n not in ("probability", "exact"))
            raise self.fail(
                f"{cls.name}: has no main parameter for the value {value!r:.60}; write "
                f"'- {cls.name}: {{{names or 'probability: ...'}}}'",
                *path,
            )
        return {main: value}

    def unknown_parameter(self, cls: type[Op], key: str, known: Mapping[str, Spec]) -> str:
        cure = parameter_cure(snake(key), known, cls.main)
        return f"{cls.name}: unknown parameter {key!r}{cure}"
