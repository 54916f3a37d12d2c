"""The recipe's key `generators`: which fitted models make some of the copies, and how."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.errors import RequestError, did_you_mean
from tenfold.params import Spec

METRICS = ("euclidean", "standardised", "cosine", "mahalanobis")
MAX_STRENGTH = 1000.0
MAX_GENERATORS = 100
_ROUNDING = 1e-9  # ten shares of 0.1 are a little more than 1

_ALIASES = {
    "folder": "model", "path": "model", "name": "model", "alteration": "method",
    "kind": "method", "k": "neighbours", "neighbors": "neighbours", "lambda": "strength",
    "gamma": "strength", "magnitude": "strength", "proportion": "share", "probability": "share",
    "weight": "share", "distance": "metric", "invariances": "transforms", "transform": "transforms",
}  # fmt: skip


class SettingPartError(RequestError):
    """What is wrong with a part of a setting's value; `path` leads to it from the setting."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class GeneratorUse:
    """How a recipe uses a fitted model.

    Attributes:
        model: its folder as a person wrote it, relative to the recipe's file or to the working
            directory.
        method: one of what the generator offers; None is its default.
        strength: how far copies go from their original, in the method's own unit; a pair is the
            range from which each copy draws its own; None is the method's default.
        neighbours: K nearest of its class from which a sample's partners are drawn.
        metric: in which they are near, see `tenfold.learned.generator.Variation`.
        share: of the copies, made by it; which ones is drawn by (seed, sample, copy).
        transforms: the recipe's invariances are applied to what it makes, too.
        resize: images of another size than the model's are brought to it, and back.
    """

    model: str
    method: str | None = None
    strength: float | tuple[float, float] | None = None
    neighbours: int = 10
    metric: str = "euclidean"
    share: float = 0.5
    transforms: bool = True
    resize: bool = False

    def plain(self, full: bool = False) -> dict[str, Any]:
        """In plain types; with `full` what is at its default too."""
        fields = dataclasses.fields(self)
        values = {f.name: getattr(self, f.name) for f in fields}
        kept = {f.name for f in fields if full or values[f.name] != f.default}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items() if k in kept}


_KEYS = tuple(f.name for f in dataclasses.fields(GeneratorUse))
_SPECS = {
    "neighbours": Spec("integer", "", within=(1, 10_000)),
    "share": Spec("number", "", within=(0, 1)),
    "transforms": Spec("flag", ""),
    "resize": Spec("flag", ""),
}
_DEFAULTS = {f.name: f.default for f in dataclasses.fields(GeneratorUse)}

SCHEMA: dict[str, Any] = {
    "type": ["array", "null"],
    "maxItems": MAX_GENERATORS,
    "items": {
        "type": "object",
        "required": ["model"],
        "additionalProperties": False,
        "properties": {
            "model": {
                "type": "string", "minLength": 1,
                "description": "folder of a fitted model, relative to this file",
            },
            "method": {
                "anyOf": [{"type": "null"}, {"type": "string", "minLength": 1}],
                "description": "what the generator offers: interpolation, noise...",
            },
            "strength": {
                "anyOf": [
                    {"type": "null"},
                    {"type": "number", "minimum": 0, "maximum": MAX_STRENGTH},
                    {
                        "type": "array",
                        "items": {
                            "type": "number", "minimum": 0, "maximum": MAX_STRENGTH,
                        },
                        "minItems": 2,
                        "maxItems": 2,
                    },
                ],
                "description": "how far copies go, in the method's unit; two numbers are a range",
            },
            "neighbours": {
                "type": "integer", "minimum": 1, "maximum": 10_000, "default": 10,
                "description": "partners are drawn from so many nearest of the class",
            },
            "metric": {"enum": list(METRICS), "default": "euclidean"},
            "share": {
                "type": "number", "minimum": 0, "maximum": 1, "default": 0.5,
                "description": "of the copies",
            },
            "transforms": {
                "type": "boolean", "default": True,
                "description": "the invariances are applied to what it makes, too",
            },
            "resize": {
                "type": "boolean", "default": False,
                "description": "images of another size are brought to the model's, and back",
            },
        },
    },
}  # fmt: skip
"""JSON Schema of the key's value."""


def check_generators(value: object) -> tuple[GeneratorUse, ...]:
    """What `Recipe.generators` holds, from plain data.

    Raises:
        SettingPartError: with the path to what doesn't fit, and the cure.
    """
    if value is None or (isinstance(value, Sequence) and not value):
        return ()
    if isinstance(value, Mapping):
        raise RequestError("must be a list; put a dash before its first key: '- model: FOLDER'")
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise RequestError(f"must be a list such as '- model: FOLDER', got {value!r:.60}")
    if len(value) > MAX_GENERATORS:
        raise RequestError(f"may be at most {MAX_GENERATORS}, got {len(value)}")
    uses = tuple(_use(entry, place) for place, entry in enumerate(value))
    total = math.fsum(use.share for use in uses)
    if total > 1 + _ROUNDING:
        raise SettingPartError(
            f"the shares sum to {total:g}, and there is only 1 to share; what is left of 1 are "
            "transforms of the originals",
            len(uses) - 1,
            "share",
        )
    return uses


def _use(entry: object, place: int) -> GeneratorUse:
    if isinstance(entry, GeneratorUse):
        entry = entry.plain()
    if isinstance(entry, str):
        raise SettingPartError(f"write '- model: {entry}'", place)
    if not isinstance(entry, Mapping):
        raise SettingPartError(f"must be a mapping with a model, got {entry!r:.60}", place)
    for key in entry:
        if key not in _KEYS:
            raise SettingPartError(f"unknown key {key!r}{_meant(str(key))}", place, key)
    if "model" not in entry:
        raise SettingPartError("has no model; write 'model: FOLDER' (made by `tenfold fit`)", place)
    checked: dict[str, Any] = {}
    for key, given in entry.items():
        if given is None and key != "model" and _DEFAULTS[key] is None:
            continue
        try:
            checked[key] = _value(key, given)
        except RequestError as error:
            told = str(error).removeprefix(": ")
            raise SettingPartError(f"{key}: {told}", place, key) from None
    return GeneratorUse(**checked)


def _meant(key: str) -> str:
    if (ours := _ALIASES.get(key.lower())) is not None:
        return f"; did you mean '{ours}'?"
    return did_you_mean(key, _KEYS) or f"; known: {', '.join(_KEYS)}"


def _value(key: str, given: object) -> Any:
    if key in _SPECS:
        try:
            return _SPECS[key].coerce("", given)
        except OverflowError:
            raise RequestError(f"must be a usable number, got {given!r:.40}") from None
    if key == "strength":
        return _strength(given)
    if not isinstance(given, str) or not given.strip() or len(given) > 2000:
        raise RequestError(f"must be a word, got {given!r:.60}")
    if key == "metric" and given not in METRICS:
        told = did_you_mean(given, METRICS) or f"; known: {', '.join(METRICS)}"
        raise RequestError(f"no metric {given!r}{told}")
    return given


def _strength(given: object) -> float | tuple[float, float]:
    if isinstance(given, Sequence) and not isinstance(given, str):
        if len(given) != 2:
            raise RequestError(f"must be a number or [low, high], got {list(given)!r:.60}")
        low, high = (_number(end) for end in given)
        if low > high:
            raise RequestError(
                f"[{low:g}, {high:g}] is upside down; did you mean [{high:g}, {low:g}]?"
            )
        return low, high
    return _number(given)


def _number(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise RequestError(f"must be a number or [low, high], got {given!r:.60}")
    if not 0 <= given <= MAX_STRENGTH:
        raise RequestError(f"must be within 0..{MAX_STRENGTH:g}, got {given!r:.60}")
    return float(given)
