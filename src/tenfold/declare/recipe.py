"""A recipe: what may change without changing the label, and how borders and targets are treated."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tenfold.declare.compose import ComposeUse
from tenfold.declare.generators import GeneratorUse
from tenfold.errors import RecipeError, RequestError, did_you_mean
from tenfold.ops.op import Op

VERSION = 1
"""Version of the recipe format that this tenfold writes and reads."""

BorderMode = Literal["auto", "reflect", "edge", "wrap", "constant", "background", "crop"]
BORDER_MODES: tuple[BorderMode, ...] = (
    "auto", "reflect", "edge", "wrap", "constant", "background", "crop",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Border:
    """What a picture shows where a geometric op looks beyond its edge.

    Attributes:
        mode: `reflect` (mirrored, the edge pixel not repeated), `edge` (the edge pixel goes on),
            `wrap` (periodic data only), `constant` (`value`), `background` (each channel's median
            over the image's outermost pixels), `crop` (zoom in about the centre until no border
            shows: the largest safe crop), or `auto`. For samples with boxes or keypoints that is
            `background` where the outermost pixels are of one tone and `crop` where they aren't,
            since a mirrored object has no label; else `reflect`.
        value: for `constant`, in units of the value range (0 black, 1 white).
    """

    mode: BorderMode = "auto"
    value: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """A declaration, checked.

    Attributes:
        ops: the invariances in the order in which they are applied.
        name: of the preset or the person's choice.
        assumes: one or two sentences: when this recipe is right.
        border: see `Border`.
        interpolation: of images under geometry; masks are always nearest.
        ignore_value: mask value for pixels that show no original picture (constant, background
            borders) and, where an op says so, under occlusions; None keeps 0.
        validity: also write which pixels show the original picture.
        min_area: instances with a smaller visible area (px²) are dropped.
        min_visibility: instances of which a smaller share stays visible are dropped.
        invalid: what happens to objects that come in outside the image, inverted or NaN, and to
            labelled keypoints outside: `clip` (to the image; dropped if nothing is left), `drop`,
            or `raise` (the sample is quarantined); see `tenfold.samples.validate.clean`.
        keypoint_pairs: index pairs of left and right keypoints; None: as the dataset says.
        mask_pairs: mask values that trade places in a reflection (left and right kidney); none
            do if it is empty or None, which means that nobody said.
        value_range: black and white of the images' values, (-1000, 3000) for CT in Hounsfield
            units, (0, 4095) for 12 bits in uint16; images whose dtype can't hold both keep their
            own. None: as the dataset says, which for integers is all that the dtype holds. Values
            beyond it may come in and survive geometry; what changes intensities clips to it.
        generators: fitted models that make a share of the copies; the rest are the invariances
            applied to the original.
        compose: a share of the copies get objects cut out of other samples; None: none do.
        folder: of the recipe's file, where its models are looked for first; no part of what the
            recipe says, nor of its hash.
    """

    ops: tuple[Op, ...]
    name: str = "custom"
    assumes: str = ""
    border: Border = Border()
    interpolation: Literal["linear", "nearest", "cubic"] = "linear"
    ignore_value: int | None = None
    validity: bool = False
    min_area: float = 1.0
    min_visibility: float = 0.1
    invalid: Literal["clip", "drop", "raise"] = "clip"
    keypoint_pairs: tuple[tuple[int, int], ...] | None = None
    mask_pairs: tuple[tuple[int, int], ...] | None = None
    value_range: tuple[float, float] | None = None
    generators: tuple[GeneratorUse, ...] = ()
    compose: ComposeUse | None = None
    folder: Path | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        from tenfold.declare.settings import SETTINGS

        for key, setting in SETTINGS.items():
            try:
                object.__setattr__(self, key, setting.check(getattr(self, key)))
            except RequestError as error:
                raise RecipeError(f"{key}: {error}") from None
        object.__setattr__(self, "ops", tuple(self.ops))

    def op_names(self) -> tuple[str, ...]:
        """A distinct name for each op: its own, then `name#2`, `name#3` for repetitions."""
        seen: dict[str, int] = {}
        names = []
        for op in self.ops:
            seen[op.name] = seen.get(op.name, 0) + 1
            count = seen[op.name]
            names.append(op.name if count == 1 else f"{op.name}#{count}")
        return tuple(names)

    def op_named(self, name: str) -> Op:
        """The op with that distinct name."""
        try:
            return self.ops[self.op_names().index(name)]
        except ValueError:
            hint = did_you_mean(name, self.op_names())
            raise RecipeError(f"the recipe has no op '{name}'{hint}") from None

    def plain(self) -> dict[str, Any]:
        """The recipe in plain types, settings that differ from the default only; lossless."""
        out: dict[str, Any] = {"version": VERSION}
        for f in dataclasses.fields(self):
            if f.name in {"ops", "folder"}:
                continue
            value = getattr(self, f.name)
            if value == f.default:
                continue
            if isinstance(value, Border):
                value = {"mode": value.mode, "value": value.value}
            elif f.name.endswith("_pairs"):
                value = [list(pair) for pair in value]
            elif f.name == "generators":
                value = [use.plain() for use in value]
            elif isinstance(value, ComposeUse):
                value = value.plain()
            elif f.name == "value_range":
                value = list(value)
            out[f.name] = value
        out["invariances"] = [{op.name: op.plain()} for op in self.ops]
        return out

    def hash(self) -> str:
        """SHA-256 (hex) of the canonical form: equal recipes have equal hashes."""
        text = json.dumps(_canonical(self.plain()), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Plain data with one spelling a number: 15 and 15.0 are equal, and so are 0 and -0.0."""
    if isinstance(value, dict):
        return {k: _canonical(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_canonical(v) for v in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) + 0.0
    return value
