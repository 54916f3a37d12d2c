"""Checked parameters: what an op may be told, declared once.

An op is a frozen dataclass; each field carries a `Spec` that says what values fit. From it come
the checks, the recipe's JSON Schema, the reference page, and how a value is drawn.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, did_you_mean

Distribution = Literal["uniform", "normal", "loguniform", "triangular"]
DISTRIBUTIONS: tuple[Distribution, ...] = ("uniform", "normal", "loguniform", "triangular")
_NORMAL = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])
_TAIL = NormalDist().cdf(-2.0)


@dataclass(frozen=True, slots=True)
class Range:
    """An interval to draw from.

    Args:
        low: the least value.
        high: the greatest value, at least `low`.
        distribution: `uniform`; `loguniform` (equal chances for equal factors; `low` > 0);
            `normal` (centred on the middle, standard deviation a quarter of the width,
            truncated at the ends, two standard deviations out); `triangular` (peak in the middle).
            For whole numbers see `whole`.
    """

    low: float
    high: float
    distribution: Distribution = "uniform"

    def __post_init__(self) -> None:
        for end in (self.low, self.high):
            if isinstance(end, bool) or not isinstance(end, (int, float)):
                raise RequestError(f"a range needs two numbers, got {end!r}")
            if not math.isfinite(end):
                raise RequestError(f"a range needs finite numbers, got {end!r}")
        if self.low > self.high:
            raise RequestError(
                f"range [{self.low:g}, {self.high:g}] is upside down; "
                f"did you mean [{self.high:g}, {self.low:g}]?"
            )
        if self.distribution not in DISTRIBUTIONS:
            hint = did_you_mean(str(self.distribution), DISTRIBUTIONS)
            raise RequestError(
                f"distribution must be one of {', '.join(DISTRIBUTIONS)}, "
                f"got {self.distribution!r}{hint}"
            )
        if self.distribution == "loguniform" and self.low <= 0:
            raise RequestError(
                f"a loguniform range must be positive, got [{self.low:g}, {self.high:g}]"
            )

    def sample(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn uniforms in (0, 1) into values, by the inverse of the distribution function."""
        low, width = self.low, self.high - self.low
        if self.distribution == "loguniform":
            return np.asarray(low * (self.high / low) ** u)
        if self.distribution == "normal":
            z = _NORMAL(_TAIL + u * (1 - 2 * _TAIL))
            return np.asarray(low + width * (z + 2) / 4)
        if self.distribution == "triangular":
            t = np.where(u < 0.5, np.sqrt(u / 2), 1 - np.sqrt((1 - u) / 2))
            return low + width * t
        return low + width * u

    def whole(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn uniforms in (0, 1) into whole numbers of a range whose ends are whole numbers.

        Each number k stands for k - 1/2 to k + 1/2: the distribution is stretched to half a number
        beyond each end, and its values are rounded, so that the ends get their full share. Uniform
        gives all numbers the same chance; loguniform gives k the chance log((k + 1/2) / (k - 1/2)),
        nearly in proportion to 1 / k (`low` is at least 1 then, since it is positive).
        """
        wide = Range(self.low - 0.5, self.high + 0.5, self.distribution)
        return np.clip(np.floor(wide.sample(u) + 0.5), self.low, self.high)

    def plain(self) -> Any:
        """The shortest plain form: `[low, high]`, or a mapping when not uniform."""
        if self.distribution == "uniform":
            return [self.low, self.high]
        return {"low": self.low, "high": self.high, "distribution": self.distribution}


RangeLike = Range | float | tuple[float, float] | Sequence[float] | Mapping[str, Any]
"""What a `range` parameter takes; it is held as a `Range`."""

if TYPE_CHECKING:
    # What type checkers see of a field: what may be passed, and what is then held.
    class Ranged:
        """A `range` parameter: takes `RangeLike`, holds a `Range`."""

        @overload
        def __get__(self, instance: None, owner: type) -> Ranged: ...
        @overload
        def __get__(self, instance: object, owner: type) -> Range: ...
        def __get__(self, instance: object, owner: type) -> Ranged | Range: ...
        def __set__(self, instance: object, value: RangeLike) -> None: ...

    class OptionalRanged:
        """An optional `range` parameter: takes `RangeLike` or None, holds a `Range` or None."""

        @overload
        def __get__(self, instance: None, owner: type) -> OptionalRanged: ...
        @overload
        def __get__(self, instance: object, owner: type) -> Range | None: ...
        def __get__(self, instance: object, owner: type) -> OptionalRanged | Range | None: ...
        def __set__(self, instance: object, value: RangeLike | None) -> None: ...

    class Chosen:
        """A `choices` parameter: takes one option or several, holds a tuple."""

        @overload
        def __get__(self, instance: None, owner: type) -> Chosen: ...
        @overload
        def __get__(self, instance: object, owner: type) -> tuple[str, ...]: ...
        def __get__(self, instance: object, owner: type) -> Chosen | tuple[str, ...]: ...
        def __set__(self, instance: object, value: str | Sequence[str]) -> None: ...
else:
    Ranged, OptionalRanged, Chosen = Range, Range | None, tuple[str, ...]

SpecKind = Literal["range", "number", "integer", "flag", "choice", "choices", "numbers"]


@dataclass(frozen=True, slots=True)
class Spec:
    """What values a parameter takes.

    Attributes:
        kind: `range` (drawn for each copy), or a fixed `number`, `integer`, `flag`, `choice`
            (one of `options`), `choices` (some of `options`), `numbers` (a list of numbers).
        doc: one line, with the unit.
        within: least and greatest allowed value, both included.
        unit: of the numbers ("degrees", "px", "fraction of the width", "stops"...).
        neutral: the value that changes nothing. A single number given for a range then means
            neutral ± that number if `symmetric`, else exactly that number.
        symmetric: see `neutral`.
        integral: a range whose values are whole numbers.
        options: for `choice` and `choices`.
        optional: None is allowed.
        like: of an optional range: the range that it takes from another parameter when it is None,
            drawn on its own. The name of that parameter, or "" if None means none.
    """

    kind: SpecKind
    doc: str
    within: tuple[float, float] = (-math.inf, math.inf)
    unit: str = ""
    neutral: float | None = None
    symmetric: bool = False
    integral: bool = False
    options: tuple[str, ...] = ()
    optional: bool = False
    like: str = ""

    def coerce(self, name: str, value: object) -> Any:
        """`value` as this parameter holds it; `RequestError` if it doesn't fit."""
        if value is None and self.optional:
            return None
        try:
            return _COERCE[self.kind](self, value)
        except RequestError as error:
            raise RequestError(f"{name}: {error}") from None

    def _inside(self, value: float) -> float:
        low, high = self.within
        if not low <= value <= high:
            near = min(max(value, low), high)
            unit = f" {self.unit}" if self.unit else ""
            raise RequestError(
                f"must be within {low:g}..{high:g}{unit}, got {value:g}; did you mean {near:g}?"
            )
        return value

    def _number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise RequestError(f"must be a number, got {value!r}")
        if not math.isfinite(value):
            raise RequestError(f"must be finite, got {value!r}")
        return float(self._inside(value))

    def _integer(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise RequestError(f"must be a whole number, got {value!r}")
        return int(self._inside(value))

    def _flag(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise RequestError(f"must be true or false, got {value!r}")
        return value

    def _choice(self, value: object) -> str:
        if value not in self.options:
            hint = did_you_mean(str(value), self.options)
            raise RequestError(f"must be one of {', '.join(self.options)}, got {value!r}{hint}")
        return str(value)

    def _choices(self, value: object) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, Sequence) or not listed:
            raise RequestError(f"must be some of {', '.join(self.options)}, got {value!r}")
        chosen = {self._choice(v) for v in listed}
        return tuple(o for o in self.options if o in chosen)

    def _numbers(self, value: object) -> tuple[float, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise RequestError(f"must be a list of numbers, got {value!r}")
        return tuple(self._number(v) for v in value)

    def _range(self, value: object) -> Range:
        if isinstance(value, Range):
            found = value
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if self.symmetric and self.neutral is not None:
                found = Range(self.neutral - abs(value), self.neutral + abs(value))
            else:
                found = Range(value, value)
        elif isinstance(value, Mapping):
            unknown = [k for k in value if k not in ("low", "high", "distribution")]
            if unknown:
                hint = did_you_mean(str(unknown[0]), ("low", "high", "distribution"))
                raise RequestError(f"unknown key {unknown[0]!r} in a range{hint}")
            if "low" not in value or "high" not in value:
                raise RequestError(f"a range needs low and high, got {dict(value)!r}")
            found = Range(**value)
        elif isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
            found = Range(value[0], value[1])
        else:
            raise RequestError(f"must be [low, high] or {{low, high, distribution}}, got {value!r}")
        self._inside(found.low)
        self._inside(found.high)
        if self.integral and not (float(found.low).is_integer() and float(found.high).is_integer()):
            raise RequestError(f"must be whole numbers, got [{found.low:g}, {found.high:g}]")
        return found

    def draw(self, value: Range, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of a `range` parameter for uniforms `u`; whole numbers if `integral`."""
        return value.whole(u) if self.integral else value.sample(u)


_COERCE = {
    "range": Spec._range,
    "number": Spec._number,
    "integer": Spec._integer,
    "flag": Spec._flag,
    "choice": Spec._choice,
    "choices": Spec._choices,
    "numbers": Spec._numbers,
}


def param(default: object, kind: SpecKind, doc: str, **spec: Any) -> Any:
    """A dataclass field that carries its `Spec`; the default is checked like any other value."""
    return dataclasses.field(default=default, metadata={"spec": Spec(kind, doc, **spec)})


def specs(cls: type) -> dict[str, Spec]:
    """The parameters of an op class, by name, in the order declared."""
    return {f.name: f.metadata["spec"] for f in dataclasses.fields(cls) if "spec" in f.metadata}
