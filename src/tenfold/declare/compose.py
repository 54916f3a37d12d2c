"""The recipe's key `compose`: copies that get objects cut out of other samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tenfold.declare.generators import SettingPartError
from tenfold.errors import RequestError, did_you_mean
from tenfold.params import Spec

MAX_OBJECTS = 1000

_ALIASES = {
    "probability": "share", "p": "share", "proportion": "share", "number": "objects",
    "count": "objects", "n": "objects", "n_objects": "objects", "scaling": "scale",
    "size": "scale", "rotate": "rotation", "degrees": "rotation", "angle": "rotation",
    "collision": "overlap", "max_overlap": "overlap", "iou": "overlap", "blending": "blend",
    "edge": "feather", "softness": "feather", "balance": "rare_first", "background": "backgrounds",
    "inpaint": "backgrounds", "boxes": "cut", "mask": "cut", "invariances": "transforms",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ComposeUse:
    """How copies are composed.

    Attributes:
        share: of the copies, composed; which ones is drawn by (seed, sample, copy).
        objects: least and greatest number of objects that a copy gets, equally likely.
        scale: least and greatest factor of an object's size, log-uniform.
        rotation: objects are turned by at most so many degrees, either way.
        overlap: greatest share of an object that may be hidden by others put on top of it, and of
            a new one that may lie over others.
        blend: `feather`, soft edges; `poisson`, the colours shifted smoothly so that they fit at
            the object's edge (Perez, Gangnet & Blake 2003); `none`, hard edges.
        feather: half the width of a soft edge, px.
        cut: how objects are cut that are known by their boxes alone: `ellipse`, the one inscribed
            in the box; `contrast`, what differs in colour from what surrounds it within the box
            (that ellipse, where nothing does clearly); `box`, the whole rectangle.
        rare_first: classes are drawn so that the result's objects come near balance; without it as
            often as they occur.
        backgrounds: `set`, the originals with their objects; `inpainted`, without them.
        transforms: the recipe's invariances are applied to what is composed, too.
    """

    share: float = 0.5
    objects: tuple[int, int] = (1, 4)
    scale: tuple[float, float] = (0.8, 1.25)
    rotation: float = 180.0
    overlap: float = 0.2
    blend: Literal["feather", "poisson", "none"] = "feather"
    feather: int = 2
    cut: Literal["ellipse", "contrast", "box"] = "ellipse"
    rare_first: bool = True
    backgrounds: Literal["set", "inpainted"] = "set"
    transforms: bool = True

    def plain(self, full: bool = False) -> dict[str, Any]:
        """In plain types; with `full` what is at its default too."""
        fields = dataclasses.fields(self)
        values = {f.name: getattr(self, f.name) for f in fields}
        kept = {f.name for f in fields if full or values[f.name] != f.default}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items() if k in kept}

    @property
    def expected(self) -> float:
        """Objects that a composed copy gets, in the mean."""
        return sum(self.objects) / 2


_KEYS = tuple(f.name for f in dataclasses.fields(ComposeUse))
_SPECS = {
    "share": Spec("number", "", within=(0, 1)),
    "rotation": Spec("number", "", within=(0, 180), unit="degrees"),
    "overlap": Spec("number", "", within=(0, 1)),
    "blend": Spec("choice", "", options=("feather", "poisson", "none")),
    "feather": Spec("integer", "", within=(0, 32), unit="px"),
    "cut": Spec("choice", "", options=("ellipse", "contrast", "box")),
    "rare_first": Spec("flag", ""),
    "backgrounds": Spec("choice", "", options=("set", "inpainted")),
    "transforms": Spec("flag", ""),
}
_ENDS = {
    "objects": Spec("integer", "", within=(1, MAX_OBJECTS)),
    "scale": Spec("number", "", within=(0.05, 20)),
}
_DOCS = {
    "share": "of the copies",
    "objects": "how many a copy gets; two numbers are a range",
    "scale": "factor of their size; two numbers are a range",
    "rotation": "turned by at most so many degrees",
    "overlap": "share of an object that may be hidden",
    "blend": "how edges meet",
    "feather": "half the width of a soft edge, px",
    "cut": "how objects are cut that have a box alone",
    "rare_first": "classes come near balance",
    "backgrounds": "the originals as they are, or without their objects",
    "transforms": "the invariances are applied to what is composed, too",
}


def _schema() -> dict[str, Any]:
    properties: dict[str, Any] = {}
    plain = ComposeUse().plain(full=True)
    for key in _KEYS:
        value: dict[str, Any]
        if key in _ENDS:
            low, high = _ENDS[key].within
            kind = "integer" if _ENDS[key].kind == "integer" else "number"
            number = {"type": kind, "minimum": low, "maximum": high}
            pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
            value = {"anyOf": [number, pair]}
        else:
            spec = _SPECS[key]
            low, high = spec.within
            kinds: dict[str, dict[str, Any]] = {
                "choice": {"enum": list(spec.options)},
                "flag": {"type": "boolean"},
                "number": {"type": "number", "minimum": low, "maximum": high},
                "integer": {"type": "integer", "minimum": low, "maximum": high},
            }
            value = kinds[spec.kind]
        properties[key] = {**value, "default": plain[key], "description": _DOCS[key]}
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}


SCHEMA: dict[str, Any] = _schema()
"""JSON Schema of the key's value."""


def check_compose(value: object) -> ComposeUse | None:
    """What `Recipe.compose` holds, from plain data; None is no composing.

    Raises:
        SettingPartError: with the path to what doesn't fit, and the cure.
    """
    if value is None:
        return None
    if isinstance(value, ComposeUse):
        value = value.plain()
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise RequestError(f"must be a mapping; write {{share: {value:g}}}")
    if not isinstance(value, Mapping):
        raise RequestError(f"must be a mapping such as {{share: 0.5}}, got {value!r:.60}")
    checked: dict[str, Any] = {}
    for key, given in value.items():
        if key not in _KEYS:
            raise SettingPartError(f"unknown key {key!r}{_meant(str(key))}", key)
        try:
            checked[key] = _value(key, given)
        except RequestError as error:
            told = str(error).removeprefix(": ")
            raise SettingPartError(f"{key}: {told}", key) from None
    return ComposeUse(**checked)


def _meant(key: str) -> str:
    if (ours := _ALIASES.get(key.lower())) is not None:
        return f"; did you mean '{ours}'?"
    return did_you_mean(key, _KEYS) or f"; known: {', '.join(_KEYS)}"


def _value(key: str, given: object) -> Any:
    try:
        if key not in _ENDS:
            return _SPECS[key].coerce("", given)
        if not isinstance(given, Sequence) or isinstance(given, str):
            end = _ENDS[key].coerce("", given)
            return end, end
        if len(given) != 2:
            raise RequestError(f"must be a number or [low, high], got {list(given)!r:.60}")
        low, high = (_ENDS[key].coerce("", end) for end in given)
    except OverflowError:
        raise RequestError(f"must be a usable number, got {given!r:.40}") from None
    if low > high:
        raise RequestError(f"[{low:g}, {high:g}] is upside down; did you mean [{high:g}, {low:g}]?")
    return low, high
