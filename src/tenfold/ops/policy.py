"""Policies: ops drawn at random from a space, instead of a declaration of each.

TrivialAugment: S. Müller & F. Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data
Augmentation", ICCV 2021, arXiv 2103.10158 (one op a copy, any strength).
RandAugment: E. Cubuk, B. Zoph, J. Shlens & Q. Le, "RandAugment: Practical automated data
augmentation with a reduced search space", CVPR Workshops 2020, arXiv 1909.13719 (n ops at
strength m).

The spaces are those of torchvision's transforms/autoaugment.py at commit 0352a47
(`TrivialAugmentWide._augmentation_space`, `RandAugment._augmentation_space`), 31 strengths. The
authors' own code (automl/trivialaugment, aug_lib.py) has the same ends but truncates more values
to whole numbers, and spaces the enhancers' factors evenly from 0.01 to 2. Ours differs from
torchvision in four ways: shears are about the centre;
shifts aren't rounded to pixels; they never exceed half the side, since an image moved out of its
frame has lost its label (with the wide space that concerns sides below 64 pixels); and borders
are the recipe's.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from tenfold.ops.colour import Posterize, Saturation, Solarize
from tenfold.ops.contrast import Autocontrast, Contrast, Equalize
from tenfold.ops.geometry import Rotation, Shear, Translation
from tenfold.ops.luminosity import Exposure
from tenfold.ops.op import Op
from tenfold.ops.sharpness import Sharpness
from tenfold.ops.steps import Drawn, Steps
from tenfold.params import Range, Ranged, param
from tenfold.samples.sample import Schema

STRENGTHS = 30
"""The strongest level; levels are 0 to 30."""

FARTHEST = 0.5
"""Longest shift, in units of the side."""


@dataclass(frozen=True, slots=True)
class Member:
    """One op of a space.

    Attributes:
        op: what it lowers through; None for the identity.
        weakest, strongest: its value at level 0 and at level 30, linear in between.
        to_drawn: the value as the op's own drawn numbers, for images of a schema.
        signed: the value is negated in half of the copies.
        whole: the value is rounded to a whole number.
    """

    op: Op | None
    weakest: float = 0.0
    strongest: float = 0.0
    to_drawn: Callable[[float, Schema], Drawn] = lambda _value, _schema: {}
    signed: bool = False
    whole: bool = False

    def value(self, level: float, negative: bool) -> float:
        """The value at a level (0 to 30)."""
        value = self.weakest + (self.strongest - self.weakest) * level / STRENGTHS
        if self.whole:
            value = float(round(value))
        return -value if negative and self.signed and value else value


_AT = 1e-6
"""Pillow solarises values at the threshold too, so at threshold 0 all; `solarize` those above."""


def _shift(pixels: float, side: int) -> float:
    return max(-FARTHEST, min(FARTHEST, pixels / side))


def _degrees(slope: float) -> float:
    return math.degrees(math.atan(slope))


def _space(
    *, shear: float, translation: float, in_pixels: bool, rotation: float, factor: float, bits: int
) -> dict[str, Member]:
    """The fourteen ops; the identity is one of them.

    Args:
        shear: slope, the tangent of the angle.
        translation: pixels if `in_pixels`, else of the side.
        in_pixels: see `translation`.
        rotation: degrees.
        factor: farthest distance of brightness, colour, contrast and sharpness factors from 1.
        bits: least number of bits kept by posterize.
    """

    def sided(value: float, side: int) -> float:
        return _shift(value if in_pixels else value * side, side)

    return {
        "identity": Member(None),
        "shear_x": Member(
            Shear(), 0, shear, lambda v, _: {"x": _degrees(v), "y": 0.0}, signed=True
        ),
        "shear_y": Member(
            Shear(), 0, shear, lambda v, _: {"x": 0.0, "y": _degrees(v)}, signed=True
        ),
        "translation_x": Member(
            Translation(), 0, translation,
            lambda v, s: {"x": sided(v, s.width), "y": 0.0}, signed=True,
        ),
        "translation_y": Member(
            Translation(), 0, translation,
            lambda v, s: {"x": 0.0, "y": sided(v, s.height)}, signed=True,
        ),
        "rotation": Member(Rotation(), 0, rotation, lambda v, _: {"degrees": v}, signed=True),
        # Pillow's and torchvision's brightness multiplies the values as they are stored.
        "brightness": Member(
            Exposure(linear=True), 0, factor,
            lambda v, _: {"stops": math.log2(1 + v)}, signed=True,
        ),
        "saturation": Member(
            Saturation(), 0, factor, lambda v, _: {"factor": 1 + v}, signed=True
        ),
        "contrast": Member(Contrast(), 0, factor, lambda v, _: {"factor": 1 + v}, signed=True),
        "sharpness": Member(Sharpness(), 0, factor, lambda v, _: {"factor": 1 + v}, signed=True),
        "posterize": Member(Posterize(), 8, bits, lambda v, _: {"bits": v}, whole=True),
        "solarize": Member(Solarize(), 1, 0, lambda v, _: {"threshold": v - _AT}),
        "autocontrast": Member(Autocontrast(), to_drawn=lambda _v, _s: {"cutoff": 0.0}),
        "equalize": Member(Equalize()),
    }  # fmt: skip


SPACES: dict[str, dict[str, Member]] = {
    "wide": _space(shear=0.99, translation=32, in_pixels=True, rotation=135, factor=0.99, bits=2),
    "standard": _space(
        shear=0.3, translation=150 / 331, in_pixels=False, rotation=30, factor=0.9, bits=4
    ),
}
"""The spaces by name: TrivialAugment's wide one, and RandAugment's."""

_NAMES = tuple(SPACES["wide"])


@dataclass(frozen=True, kw_only=True)
class Policy(Op):
    """What all policies share: the space that they draw from.

    What a copy drew is written with the names of the ops drawn and their values (degrees,
    pixels or shares of the side, slopes, factors less 1, bits, thresholds), in order:
    `{"1.rotation": -31.5}`.
    """

    family: ClassVar[str] = "policy"
    moves: ClassVar[bool] = True

    space: str = param("wide", "choice", "how strong the ops may be", options=tuple(SPACES))
    without: tuple[str, ...] | None = param(
        None, "choices", "ops to leave out, since they change the label or the annotations",
        options=_NAMES[1:], optional=True,
    )  # fmt: skip

    def members(self) -> tuple[str, ...]:
        """Names of the ops that may be drawn, the identity first."""
        return tuple(name for name in SPACES[self.space] if name not in (self.without or ()))

    @abstractmethod
    def in_words(self) -> str:
        """What may happen to a copy, for a person; one line."""

    @abstractmethod
    def choices(self, drawn: Drawn) -> list[tuple[float, float, float]]:
        """For each op to be drawn: the uniforms of choice and sign, and the level."""

    def settle(self, drawn: Drawn) -> Drawn:
        """The uniforms of choice and sign become names and values."""
        members = self.members()
        found = {}
        for i, (choice, sign, level) in enumerate(self.choices(drawn), 1):
            name = members[min(int(choice * len(members)), len(members) - 1)]
            found[f"{i}.{name}"] = SPACES[self.space][name].value(level, sign < 0.5)
        return found

    def lower(self, drawn: Drawn, schema: Schema) -> Steps:
        """The steps of the ops drawn, one after the other."""
        steps: Steps = ()
        for key in sorted(drawn):  # there are at most 7, so that "1." to "7." sort in order
            member = SPACES[self.space][key.partition(".")[2]]
            if member.op is not None:
                steps += member.op.steps(member.to_drawn(drawn[key], schema), schema)
        return steps


@dataclass(frozen=True, kw_only=True)
class TrivialAugment(Policy):
    """One op of the space at any strength (TrivialAugment, Müller & Hutter 2021)."""

    name: ClassVar[str] = "trivial"
    main: ClassVar[str] = "level"
    extra: ClassVar[tuple[str, ...]] = ("choice", "sign")

    level: Ranged = param(
        Range(0, STRENGTHS), "range", "strength", within=(0, STRENGTHS), integral=True
    )

    def in_words(self) -> str:
        """One of them."""
        return f"one of {', '.join(self.members())} at {_strengths(self.level)}"

    def choices(self, drawn: Drawn) -> list[tuple[float, float, float]]:
        """One."""
        return [(drawn["choice"], drawn["sign"], drawn["level"])]


def _strengths(level: Range) -> str:
    if level.low == level.high:
        return f"strength {level.low:g}"
    return f"strengths {level.low:g}..{level.high:g}"


MOST = 7
"""Most ops that RandAugment may draw for a copy: two uniforms each, beside the magnitude's."""


@dataclass(frozen=True, kw_only=True)
class RandAugment(Policy):
    """Some ops of the space, all at one strength (RandAugment, Cubuk et al. 2020)."""

    name: ClassVar[str] = "rand"
    main: ClassVar[str] = "magnitude"
    extra: ClassVar[tuple[str, ...]] = tuple(
        f"{what}_{i}" for i in range(1, MOST + 1) for what in ("choice", "sign")
    )

    space: str = param("standard", "choice", "how strong the ops may be", options=tuple(SPACES))
    operations: int = param(2, "integer", "how many ops a copy gets", within=(1, MOST))
    magnitude: Ranged = param(
        Range(9, 9), "range", "strength of all of them", within=(0, STRENGTHS), integral=True
    )

    def in_words(self) -> str:
        """Some of them."""
        some = f"{self.operations} times one" if self.operations > 1 else "one"
        return f"{some} of {', '.join(self.members())} at {_strengths(self.magnitude)}"

    def choices(self, drawn: Drawn) -> list[tuple[float, float, float]]:
        """As many as `operations`; the same op may come twice."""
        return [
            (drawn[f"choice_{i}"], drawn[f"sign_{i}"], drawn["magnitude"])
            for i in range(1, self.operations + 1)
        ]
