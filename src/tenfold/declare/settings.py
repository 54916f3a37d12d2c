"""A recipe's own settings (all but its ops): what values fit, checked in one place.

Like an op's parameters, each setting is declared once; the parser, the JSON Schema and the
reference page read it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.declare.aliases import BORDER_ALIASES, INTERPOLATION_ALIASES, hint
from tenfold.declare.compose import SCHEMA as COMPOSE_SCHEMA
from tenfold.declare.compose import check_compose
from tenfold.declare.generators import SCHEMA as GENERATORS_SCHEMA
from tenfold.declare.generators import check_generators
from tenfold.declare.recipe import BORDER_MODES, Border
from tenfold.errors import RequestError
from tenfold.params import Spec

MAX_TEXT = 2000
"""Longest name or assumption."""

MAX_VALUE = 2**32 - 1
"""Greatest mask value."""

MAX_LEVEL = 1e30
"""Greatest size of an image's black or white: far from where float32 ends."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a recipe.

    Attributes:
        doc: one line.
        check: turns a plain value into what `Recipe` holds; `RequestError` if it doesn't fit.
        schema: JSON Schema of the plain value.
        example: how it is written.
    """

    doc: str
    check: Callable[[object], Any]
    schema: dict[str, Any]
    example: str


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RequestError(f"must be a text, got {value!r}; put it in quotes")
    if len(value) > MAX_TEXT:
        raise RequestError(f"must be at most {MAX_TEXT} characters long, got {len(value)}")
    return value


def _choice(options: tuple[str, ...], aliases: dict[str, str]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in options:
            meant = hint(str(value), options, aliases) if isinstance(value, str) else ""
            raise RequestError(f"must be one of {', '.join(options)}, got {value!r}{meant}")
        return value

    return check


def _spec(spec: Spec) -> Callable[[object], Any]:
    def check(value: object) -> Any:
        try:
            return spec.coerce("", value)
        except OverflowError:
            raise RequestError(f"must be a usable number, got {value!r:.40}...") from None
        except RequestError as error:
            raise RequestError(str(error).removeprefix(": ")) from None

    return check


_MODE = _choice(BORDER_MODES, BORDER_ALIASES)
_VALUE = _spec(Spec("number", "", within=(0, 1)))
_LEVEL = _spec(Spec("number", "", within=(-MAX_LEVEL, MAX_LEVEL)))


def _border(value: object) -> Border:
    if isinstance(value, Border):  # from Python: a value beside another mode is just unused
        fill = value.value if value.mode == "constant" else 0.0
        value = {"mode": value.mode, "value": fill}
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise RequestError(
            f"must be a mode, got {value!r}; did you mean {{mode: constant, value: {value}}}?"
        )
    if not isinstance(value, Mapping):
        return Border(mode=_MODE(value))  # type: ignore[arg-type]
    for key in value:
        if key not in ("mode", "value"):
            meant = hint(str(key), ("mode", "value"), {"fill": "value", "type": "mode"})
            raise RequestError(f"unknown key {key!r} in a border{meant or '; it has mode, value'}")
    if "mode" not in value:
        raise RequestError("has no mode; write {mode: constant, value: 0.5}")
    try:
        mode = _MODE(value["mode"])
    except RequestError as error:
        raise RequestError(f"mode: {error}") from None
    try:
        fill = _VALUE(value.get("value", 0.0))
    except RequestError as error:
        raise RequestError(f"value: {error}") from None
    if fill != 0 and mode != "constant":
        raise RequestError(
            f"value {fill:g} has no meaning for mode {mode}; "
            f"write mode: constant, or remove the value"
        )
    return Border(mode=mode, value=fill)  # type: ignore[arg-type]


def _pairs(what: str) -> Callable[[object], tuple[tuple[int, int], ...]]:
    def check(value: object) -> tuple[tuple[int, int], ...]:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise RequestError(f"must be a list of pairs [[left, right], ...], got {value!r}")
        seen: set[int] = set()
        pairs = []
        for pair in value:
            if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
                raise RequestError(f"must be pairs [left, right], got {pair!r}")
            for i in pair:
                if isinstance(i, bool) or not isinstance(i, int) or not 0 <= i <= MAX_VALUE:
                    raise RequestError(f"{what} must be whole numbers from 0, got {i!r}")
                if i in seen:
                    raise RequestError(f"{what} {i} stands in two places; it has one partner")
                seen.add(i)
            pairs.append((int(pair[0]), int(pair[1])))
        return tuple(pairs)

    return check


def _levels(value: object) -> tuple[float, float]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise RequestError(f"must be two numbers [black, white], got {value!r}")
    low, high = (_LEVEL(level) for level in value)
    if low == high:
        raise RequestError(f"[{low:g}, {high:g}] is empty; black and white must differ")
    if low > high:
        raise RequestError(f"[{low:g}, {high:g}] is upside down; did you mean [{high:g}, {low:g}]?")
    return low, high


def _optional(check: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else check(value)


_PAIR_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "array",
        "prefixItems": [{"type": "integer", "minimum": 0, "maximum": MAX_VALUE}] * 2,
        "minItems": 2,
        "maxItems": 2,
    },
}

_LEVEL_SCHEMA: dict[str, Any] = {
    "type": "number", "minimum": -MAX_LEVEL, "maximum": MAX_LEVEL,
}  # fmt: skip

SETTINGS: dict[str, Setting] = {
    "name": Setting(
        "what you call the recipe", _text, {"type": "string", "maxLength": MAX_TEXT}, "my-cells"
    ),
    "assumes": Setting(
        "one or two sentences: when this recipe is right",
        _text,
        {"type": "string", "maxLength": MAX_TEXT},
        "round cells without a top or bottom",
    ),
    "border": Setting(
        "what a picture shows where geometry looks beyond its edge",
        _border,
        {
            "anyOf": [
                {"enum": list(BORDER_MODES)},
                {
                    "type": "object",
                    "properties": {
                        "mode": {"enum": list(BORDER_MODES)},
                        "value": {"type": "number", "minimum": 0, "maximum": 1},
                    },
                    "required": ["mode"],
                    "additionalProperties": False,
                    "if": {"properties": {"mode": {"const": "constant"}}},
                    "else": {"properties": {"value": {"const": 0}}},
                },
            ]
        },
        "{mode: constant, value: 0.5}",
    ),
    "interpolation": Setting(
        "how images are resampled under geometry (masks are always nearest)",
        _choice(("linear", "nearest", "cubic"), INTERPOLATION_ALIASES),
        {"enum": ["linear", "nearest", "cubic"]},
        "cubic",
    ),
    "ignore_value": Setting(
        "mask value for pixels that show no original picture; without it they get 0",
        _optional(_spec(Spec("integer", "", within=(0, MAX_VALUE)))),
        {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 0, "maximum": MAX_VALUE}]},
        "255",
    ),
    "validity": Setting(
        "also write which pixels show the original picture",
        _spec(Spec("flag", "")),
        {"type": "boolean"},
        "true",
    ),
    "min_area": Setting(
        "objects with a smaller visible area (px²) are dropped",
        _spec(Spec("number", "", within=(0, 1e12))),
        {"type": "number", "minimum": 0, "maximum": 1e12},
        "16",
    ),
    "min_visibility": Setting(
        "objects of which a smaller share stays visible are dropped",
        _spec(Spec("number", "", within=(0, 1))),
        {"type": "number", "minimum": 0, "maximum": 1},
        "0.3",
    ),
    "invalid": Setting(
        "objects and keypoints that come in outside the image, boxes inverted or NaN",
        _choice(("clip", "drop", "raise"), {"error": "raise", "ignore": "drop", "fix": "clip"}),
        {"enum": ["clip", "drop", "raise"]},
        "drop",
    ),
    "keypoint_pairs": Setting(
        "numbers of the left and right keypoints that trade places in a reflection "
        "([] if there are none)",
        _optional(_pairs("keypoints")),
        {"anyOf": [{"type": "null"}, _PAIR_SCHEMA]},
        "[[1, 2], [3, 4]]",
    ),
    "mask_pairs": Setting(
        "mask values that trade places in a reflection (left and right kidney; [] if none do)",
        _optional(_pairs("mask values")),
        {"anyOf": [{"type": "null"}, _PAIR_SCHEMA]},
        "[[1, 2]]",
    ),
    "value_range": Setting(
        "black and white of the values: [-1000, 3000] for CT in Hounsfield units, [0, 4095] for "
        "12 bits in 16; without it all that integers can hold, and what floats show. Changes of "
        "intensity clip to it",
        _optional(_levels),
        {
            "anyOf": [
                {"type": "null"},
                {
                    "type": "array",
                    "prefixItems": [_LEVEL_SCHEMA] * 2,
                    "minItems": 2,
                    "maxItems": 2,
                },
            ]
        },
        "[0, 4095]",
    ),
    "generators": Setting(
        "fitted models that make a share of the copies ([learned variety](learned.md))",
        check_generators,
        GENERATORS_SCHEMA,
        "[{model: model/, share: 0.5}]",
    ),
    "compose": Setting(
        "a share of the copies get objects cut out of other samples ([composing](compose.md))",
        check_compose,
        COMPOSE_SCHEMA,
        "{share: 0.5, objects: [1, 4]}",
    ),
}
"""Every key of a recipe but `version` and `invariances`, in the order in which it is written."""
