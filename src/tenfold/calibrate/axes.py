"""Which parameter of an invariance is its magnitude, where it starts, and how far it is tried."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenfold.declare.aliases import OP_ALIASES, hint
from tenfold.errors import RequestError
from tenfold.ops.catalogue import OPS
from tenfold.ops.op import Op
from tenfold.params import Range, specs


@dataclass(frozen=True)
class Axis:
    """One parameter along which an invariance grows.

    A magnitude `s` is a distance from the value that changes nothing: `start` + s, or, of a factor
    (`log`), `start` times exp(s). Distances to the negative side are negative.

    Attributes:
        parameter: of the op.
        down, up: the largest magnitudes tried to either side; 0 where there is no such side.
        start: the value that changes nothing.
        log: the parameter is a factor.
        of_side: `down` and `up` are fractions of the images' shorter side, the parameter pixels.
    """

    parameter: str
    down: float
    up: float
    start: float = 0.0
    log: bool = False
    of_side: bool = False

    def value(self, magnitude: float) -> float:
        """Of the parameter, for a magnitude with its sign."""
        return self.start * math.exp(magnitude) if self.log else self.start + magnitude

    def sides(self, shorter: int) -> list[tuple[int, float]]:
        """Signs and largest magnitudes, for images whose shorter side has so many pixels."""
        unit = shorter if self.of_side else 1
        return [(s, reach * unit) for s, reach in ((-1, self.down), (1, self.up)) if reach]


@dataclass(frozen=True)
class Turn:
    """An invariance that a copy has or hasn't: a mirror, half a turn, the negative.

    Attributes:
        name: for people.
        given: parameters of the op that do exactly this to every image.
        square: only square images keep their size.
    """

    name: str
    given: Mapping[str, Any]
    square: bool = False


@dataclass(frozen=True)
class Measured:
    """How an invariance is measured.

    Attributes:
        op: its name.
        axes: its magnitudes, each measured alone.
        turns: what it does or doesn't.
        fixed: parameters that are held, in measuring and in the recipe.
        rgb: it does nothing to images that aren't RGB.
        standard: it is measured where nothing else is asked for.
    """

    op: str
    axes: tuple[Axis, ...] = ()
    turns: tuple[Turn, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    rgb: bool = False
    standard: bool = False

    def exactly(self, axis: Axis, magnitude: float) -> Op:
        """The op that changes every image by exactly that magnitude, with its sign, on one axis."""
        still = {a.parameter: _range(a.start, a.start) for a in self.axes}
        value = _allowed(self.op, axis.parameter, axis.value(magnitude))
        given = {**self.fixed, **still, axis.parameter: _range(value, value), "probability": 1.0}
        return OPS[self.op](**given)

    def within(self, reach: Mapping[str, tuple[float, float]], **given: Any) -> Op:
        """The op whose parameters are drawn from these magnitudes, low and high with their sign."""
        ranges = {}
        for axis in self.axes:
            low, high = (
                _allowed(self.op, axis.parameter, _short(axis.value(m)))
                for m in reach.get(axis.parameter, (0.0, 0.0))
            )
            even = not axis.log or low == high
            ranges[axis.parameter] = Range(low, high, "uniform" if even else "loguniform")
        return OPS[self.op](**{**self.fixed, **ranges, **given})

    def turned(self, turn: Turn) -> Op:
        """The op that does this to every image."""
        return OPS[self.op](**{**turn.given, "probability": 1.0})


def _range(low: float, high: float) -> Range:
    return Range(low, high)


def _short(value: float) -> float:
    """Three digits: a range is not known better."""
    return float(f"{value:.3g}")


def _allowed(op: str, parameter: str, value: float) -> float:
    """The nearest value that the parameter takes."""
    spec = specs(OPS[op])[parameter]
    low, high = spec.within
    value = min(max(value, low), high)
    return float(round(value)) if spec.integral else value


_HALF = Turn("half a turn", {"degrees": Range(180, 180), "multiples_of": 180})
_LEFT = Turn("a quarter turn left", {"degrees": Range(90, 90), "multiples_of": 90}, square=True)
_RIGHT = Turn("a quarter turn right", {"degrees": Range(-90, -90), "multiples_of": 90}, square=True)
HALF, QUARTERS = _HALF.name, (_LEFT.name, _RIGHT.name)
MIRRORS = {axis: Turn(f"mirrored, {axis}", {"axes": axis}) for axis in ("horizontal", "vertical")}

TABLE: tuple[Measured, ...] = (
    Measured(
        "rotation", (Axis("degrees", 180, 180),), (_HALF, _LEFT, _RIGHT), standard=True,
    ),
    Measured("reflection", turns=tuple(MIRRORS.values()), standard=True),
    Measured("translation", (Axis("x", 0.5, 0.5), Axis("y", 0.5, 0.5)), standard=True),
    Measured("scaling", (Axis("factor", math.log(3), math.log(3), 1.0, True),), standard=True),
    Measured("shear", (Axis("x", 50, 50),), standard=True),
    Measured("perspective", (Axis("strength", 0, 0.24),)),
    Measured("crop", (Axis("area", 0.9, 0, 1.0),), fixed={"aspect": Range(1, 1)}),
    Measured("elastic", (Axis("amplitude", 0, 0.022),), standard=True),
    Measured("grid_distortion", (Axis("amplitude", 0, 0.45),)),
    Measured("brightness", (Axis("shift", 0.8, 0.8),), standard=True),
    Measured("exposure", (Axis("stops", 4, 4),)),
    Measured("gamma", (Axis("gamma", math.log(6), math.log(6), 1.0, True),), standard=True),
    Measured("contrast", (Axis("factor", math.log(8), math.log(8), 1.0, True),), standard=True),
    Measured("saturation", (Axis("factor", 1, 3, 1.0),), rgb=True, standard=True),
    Measured("hue", (Axis("degrees", 180, 180),), rgb=True, standard=True),
    Measured(
        "temperature", (Axis("kelvin", math.log(3), math.log(3.5), 6500.0, True),), rgb=True
    ),
    Measured("grayscale", turns=(Turn("without colours", {}),), rgb=True),
    Measured("invert", turns=(Turn("the negative", {}),)),
    Measured("sharpness", (Axis("factor", 1, 9, 1.0),)),
    Measured("gaussian_blur", (Axis("sigma", 0, 0.2, of_side=True),), standard=True),
    Measured("motion_blur", (Axis("length", 0, 0.5, of_side=True),)),
    Measured("defocus", (Axis("radius", 0, 0.3, of_side=True),)),
    Measured("downscale", (Axis("factor", 0, math.log(16), 1.0, True),)),
    Measured("gaussian_noise", (Axis("std", 0, 0.6),), standard=True),
    Measured("multiplicative_noise", (Axis("std", 0, 1.5),)),
    Measured(
        "salt_and_pepper", (Axis("fraction", 0, 0.6),)
    ),
    Measured("blue_noise", (Axis("std", 0, 0.6),)),
    Measured("jpeg", (Axis("quality", 99, 0, 100.0),)),
    Measured("erase", (Axis("area", 0, 0.7),), standard=True),
    Measured("grid_dropout", (Axis("ratio", 0, 0.9),)),
)  # fmt: skip
"""What can be measured, in the order in which a recipe applies it."""

BY_NAME = {m.op: m for m in TABLE}


def chosen(words: Sequence[str] | None, shape: tuple[int, ...]) -> list[Measured]:
    """The invariances that are asked for, in the order of the table.

    Args:
        words: their names; None takes the standard ones, the word "all" every one. Those that do
            nothing to such images are left out of both.
        shape: (height, width, channels) of the images.

    Raises:
        RequestError: no such invariance, none that has a magnitude, or one for other images.
    """
    rgb = shape[2] == 3
    if words is None or list(words) == ["all"]:
        return [m for m in TABLE if (m.standard or words is not None) and (rgb or not m.rgb)]
    for word in words:
        if word not in BY_NAME:
            if word in OPS:
                raise RequestError(
                    f"invariance '{word}' has no magnitude to measure; "
                    f"there are {', '.join(BY_NAME)}"
                )
            cure = hint(word, BY_NAME, OP_ALIASES)
            raise RequestError(f"no invariance '{word}'{cure}; there are {', '.join(BY_NAME)}")
        if BY_NAME[word].rgb and not rgb:
            raise RequestError(
                f"invariance '{word}' is of colours, and these images have {shape[2]} "
                f"{'channel' if shape[2] == 1 else 'channels'}; leave it out"
            )
    return [m for m in TABLE if m.op in words]
