"""What a calibration found, and what follows from it for a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenfold.calibrate.axes import HALF, MIRRORS, QUARTERS, Axis, Measured
from tenfold.calibrate.limits import Limit, Side
from tenfold.ops.catalogue import OPS
from tenfold.ops.geometry import Reflection, Rotation
from tenfold.ops.op import Op
from tenfold.study.statistics import Estimate

_LEAST = 0.005
"""A range shorter than this share of what was tried is none."""


@dataclass(frozen=True, slots=True)
class Fall:
    """By how much preservation fell, 0 to 1, with its 95 % interval."""

    mean: float
    low: float
    high: float

    def holds(self, epsilon: float) -> str:
        """Whether a label survives: "yes", "no", or "can't tell" with so few samples."""
        if self.high <= epsilon:
            return "yes"
        return "no" if self.low > epsilon else "can't tell"


@dataclass(frozen=True)
class Turned:
    """What was measured of something that a copy has or hasn't.

    Attributes:
        name: for people.
        fall: of all samples.
        of_classes: of each class.
        holds: see `Fall.holds`; "no" too where it doesn't hold for some class.
    """

    name: str
    fall: Fall
    of_classes: tuple[Fall, ...]
    holds: str


@dataclass(frozen=True)
class Gain:
    """What training with copies brings.

    Attributes:
        factor: the copies' range by that of the label-preserving limits.
        estimate: of the difference in accuracy on unchanged samples, 0 to 1.
        of_judges: the difference for each kind of classifier.
    """

    factor: float
    estimate: Estimate
    of_judges: tuple[float, ...]


@dataclass(frozen=True)
class ClassLimit:
    """A class with the limit of its weaker side.

    Attributes:
        number: of the class.
        sign: of the side.
        limit: there.
    """

    number: int
    sign: int
    limit: Limit

    def share(self) -> float:
        """Of what was tried."""
        return self.limit.magnitude / self.limit.largest


@dataclass
class Found:
    """An invariance after its measurement.

    Attributes:
        measured: how.
        sides: of each axis that was measured.
        turns: what was measured of those.
        gains: of training, the smallest range first; empty where it wasn't tried.
    """

    measured: Measured
    sides: dict[str, list[Side]] = field(default_factory=dict)
    turns: list[Turned] = field(default_factory=list)
    gains: list[Gain] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the op."""
        return self.measured.op

    def axis(self, parameter: str) -> Axis:
        """The axis of that parameter."""
        return next(a for a in self.measured.axes if a.parameter == parameter)

    def reach(self, factor: float = 1.0) -> dict[str, tuple[float, float]]:
        """Magnitudes, low and high with their signs, of each axis.

        The lower ends of the limits' intervals times the factor, at most what was tried; axes on
        which labels survive nothing worth the name are left out.
        """
        found = {}
        for parameter, sides in self.sides.items():
            ends = [0.0, 0.0]
            for side in sides:
                limit = side.limit
                if limit.low >= _LEAST * limit.largest:
                    ends[side.sign > 0] = side.sign * min(factor * limit.low, limit.largest)
            if any(ends):
                found[parameter] = (ends[0], ends[1])
        return found

    @property
    def helpful(self) -> float:
        """The factor up to which training still helps, 1 at most.

        Where some gain is clear: the largest with a gain that may be as large as the largest clear
        one. Where none is: the largest below the smallest that clearly harms; 0 where all do.
        """
        clear = [g.estimate.mean for g in self.gains if g.estimate.low > 0]
        if clear:
            as_good = [
                g.factor
                for g in self.gains
                if g.estimate.mean > 0 and g.estimate.high >= max(clear)
            ]
            return min(1.0, max(as_good))
        harmful = [g.factor for g in self.gains if g.estimate.high < 0]
        if not harmful:
            return 1.0
        below = [g.factor for g in self.gains if g.factor < min(harmful)]
        return min(1.0, max(below, default=0.0))

    def ops(self, factor: float | None = None) -> list[Op]:
        """What goes into the recipe, empty if the invariance doesn't hold.

        Args:
            factor: of the label-preserving limits; None takes `helpful`.
        """
        factor = self.helpful if factor is None else factor
        if factor <= 0:
            return []
        reach, found = self.reach(factor), []
        if self.free:
            return [Rotation(degrees=180, exact=True)]
        if reach:
            found.append(self.measured.within(reach))
        return [*found, *self._turning()]

    @property
    def free(self) -> bool:
        """Any angle is as good."""
        sides = self.sides.get("degrees", []) if self.name == "rotation" else []
        return bool(sides) and all(side.limit.low >= side.limit.largest for side in sides)

    def _turning(self) -> list[Op]:
        yes = {turn.name for turn in self.turns if turn.holds == "yes"}
        if self.name == "rotation":
            if HALF not in yes:
                return []
            angle = 90 if yes.issuperset(QUARTERS) else 180
            return [Rotation(degrees=180, multiples_of=angle)]
        if self.name == "reflection":
            axes = tuple(axis for axis, turn in MIRRORS.items() if turn.name in yes)
            return [Reflection(axes=axes)] if axes else []
        return [OPS[self.name]()] if yes else []

    def class_limits(self, parameter: str) -> list[ClassLimit]:
        """Each class with the limit of its weaker side, the least first."""
        weakest = [
            min(
                (
                    ClassLimit(number, side.sign, side.class_limits[number])
                    for side in self.sides[parameter]
                ),
                key=ClassLimit.share,
            )
            for number in range(len(self.sides[parameter][0].class_limits))
        ]
        return sorted(weakest, key=ClassLimit.share)

    @property
    def why_not(self) -> str:
        """Why it is left out of the recipe; empty if it isn't."""
        if self.ops():
            return ""
        if (self.reach() or self._turning()) and self.helpful == 0:
            return "training on it harms"
        if self.sides:
            return "labels suffer from the smallest magnitudes on"
        said = {turn.holds for turn in self.turns}
        if said == {"no"}:
            return "labels don't survive it"
        few = "there are too few samples to tell"
        return few if "no" not in said else f"labels don't survive it, or {few}"


@dataclass(frozen=True)
class Calibration:
    """All that was found.

    Attributes:
        epsilon: how much preservation may fall, 0 to 1.
        found: the invariances, in the recipe's order.
        unmeasured: names of those for which the time was too short.
        accuracy: (J,) of unchanged samples by each kind of classifier.
        judges: their names.
        classes: names of the classes.
        counts: samples of each class.
        groups: how many groups of samples there are.
        whole: how much preservation falls under all measured ranges at once; None without any.
        together: the factor of all ranges at which that is within `epsilon`, 1 at most.
        shrunk: how much it falls at that factor.
        recipe: the `Recipe`.
        about: other settings, for the page and JSON.
    """

    epsilon: float
    found: list[Found]
    unmeasured: list[str]
    accuracy: tuple[float, ...]
    judges: tuple[str, ...]
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    groups: int
    whole: Fall | None
    together: float
    shrunk: Fall | None
    recipe: Any
    about: Mapping[str, Any]
