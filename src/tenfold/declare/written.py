"""Messages about a value as a person wrote it, before it became a range."""

from __future__ import annotations

import math

from tenfold.ops.op import Op
from tenfold.params import Spec


def written(cls: type[Op], key: str, spec: Spec, value: object) -> str | None:
    """What is wrong with a value for a range; None if the parameter's own message says it.

    A single number for a range that has a value which changes nothing in its middle means that
    value plus and minus the number, and the parameter can speak of its ends only.

    Args:
        cls: the op.
        key, spec: the parameter.
        value: as it stands in the recipe; known not to fit.
    """
    if spec.kind != "range":
        return None
    name = f"{cls.name}: {key}"
    if isinstance(value, str):
        return (
            f"{name}: must be a number, [low, high] or {{low, high, distribution}}, got {value!r}"
        )
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    low, high = spec.within
    unit = f" {spec.unit}" if spec.unit else ""
    must = f"must be within {low:g}..{high:g}{unit}, got {value:g}"
    if cls.name == "crop" and value > high:
        size = f"{{height: {value:g}, width: {value:g}}}"
        return f"{name}: {must}; for a size in pixels write crop: {size}"
    if spec.unit.endswith("of white") and abs(value) > high:
        return f"{name}: {must}; 1 is white, and {value:g} of 255 is {value / 255:.3g}"
    if spec.neutral is None or not spec.symmetric:
        return None
    if spec.neutral == 0:
        return f"{name}: {must}; did you mean {min(abs(value), high):g}?"
    ends = spec.neutral - abs(value), spec.neutral + abs(value)
    text = (
        f"{name}: {value:g} means {spec.neutral:g} ± {abs(value):g}, that is {ends[0]:.4g} to "
        f"{ends[1]:.4g}, and must be within {low:g}..{high:g}{unit}"
    )
    top = min(abs(value), high)
    if top <= spec.neutral:
        return text
    return f"{text}; did you mean [{max(spec.neutral**2 / top, low):.2g}, {top:g}]?"
