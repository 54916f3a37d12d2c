"""What was done to a copy, in words that a person reads at a glance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tenfold.evaluate.names import readable
from tenfold.ops.policy import SPACES

_FINEST = 8  # decimals; beyond them powers of ten are easier to read

MIRRORED = {"horizontal": "left-right", "vertical": "top-bottom", "transpose": "transposed"}
"""The axes of `reflection`, as a person sees them."""


def generator_in_words(line: Mapping[str, Any]) -> str:
    """`vae interpolation (model)`: the generator that made a copy; "" if none did.

    Args:
        line: from a manifest.
    """
    made = line.get("generator")
    if not made:
        return ""
    model = str(made["model"]).rstrip("/").rsplit("/", 1)[-1]
    return f"{made['kind']} {made['method']} ({model})"


def in_words(
    op: str,
    drawn: Mapping[str, Any],
    units: Mapping[str, str],
    neutrals: Mapping[str, float] | None = None,
) -> str:
    """`rotation 3.2 degrees`: an op and the numbers drawn for it; "" if they change nothing.

    Where `units` knows parameters of the op, only those are told (the rest are positions and
    the like); otherwise all numbers and words are, except seeds. Values that change nothing are
    left out.

    Args:
        op: its distinct name in the recipe.
        drawn: from a manifest line.
        units: "op.parameter" -> unit.
        neutrals: "op.parameter" -> the value that changes nothing.
    """
    if is_reflection(op) and any(axis in drawn for axis in MIRRORED):
        return _mirrored(drawn)
    known = [p for p in drawn if f"{op}.{p}" in units or is_choice(p)]
    parts = []
    idle = False
    for name in known or [p for p in drawn if p != "seed"]:
        value = drawn[name]
        if isinstance(value, bool) or value is None or not isinstance(value, (int, float, str)):
            continue
        neutral = _neutral_choice(name) if is_choice(name) else (neutrals or {}).get(f"{op}.{name}")
        if neutral is not None and value == neutral:
            idle = True
            continue
        told = value if isinstance(value, str) else rounded(value)
        measure = f"{told} {units.get(f'{op}.{name}', '')}".strip()
        if is_choice(name) and _has_no_strength(name):
            measure = ""
        bare = len(known) == 1 and not is_choice(name)
        parts.append(measure if bare else f"{parameter_title(name)} {measure}".strip())
    if idle and not parts:
        return ""
    title = op.replace("_", " ")
    return readable(f"{title} {', '.join(parts)}".strip())


def rounded(value: float) -> str:
    """A number with about three digits and without powers of ten: 12.3, 0.05, 0.0012."""
    if float(value).is_integer() or not math.isfinite(value):
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.3g}"
    magnitude = math.floor(math.log10(abs(value)))
    if -magnitude >= _FINEST:
        return f"{value:.2g}"
    decimals = max(0, 2 - magnitude) if magnitude >= 0 else max(2, 1 - magnitude)
    return f"{value:,.{decimals}f}" if abs(value) < 1e15 else f"{value:.3g}"


def is_reflection(op: str) -> bool:
    """Whether a distinct name (`reflection#2`) is the reflection's."""
    return op.partition("#")[0] == "reflection"


def is_choice(parameter: str) -> bool:
    """Whether it is an op that a policy chose, written as `1.rotation`, and its value."""
    return parameter[:1].isdigit() and "." in parameter


def parameter_title(parameter: str) -> str:
    """A drawn parameter's name for people."""
    name = parameter.split(".", 1)[1] if is_choice(parameter) else parameter
    return name.replace("_", " ")


def _mirrored(drawn: Mapping[str, Any]) -> str:
    """`mirrored left-right and top-bottom, transposed`."""
    sides = [MIRRORED[axis] for axis in ("horizontal", "vertical") if drawn.get(axis)]
    done = [f"mirrored {' and '.join(sides)}"] if sides else []
    return ", ".join([*done, *(["transposed"] if drawn.get("transpose") else [])])


def _neutral_choice(choice: str) -> float | None:
    """The value at which an op chosen by a policy does nothing; None if it always acts.

    Level 0 of an op is its identity, in both spaces.
    """
    member = SPACES["wide"].get(choice.partition(".")[2])
    if member is None or (member.op is not None and _has_no_strength(choice)):
        return None
    return member.weakest


def _has_no_strength(choice: str) -> bool:
    """Whether a policy's op is done or not, at no strength (equalize)."""
    member = SPACES["wide"].get(choice.partition(".")[2])
    return member is not None and member.weakest == member.strongest
