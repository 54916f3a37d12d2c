"""What was found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from tenfold.calibrate.axes import Axis
from tenfold.calibrate.findings import Calibration, ClassLimit, Fall, Found, Gain
from tenfold.calibrate.limits import Side
from tenfold.ops.catalogue import OPS
from tenfold.params import specs

SHOWN = 4
_STRONG = 0.8


def number(value: float) -> str:
    """Three digits, with a true minus sign."""
    short = float(f"{value:.3g}")
    return (f"{short:,.0f}" if abs(short) >= 1000 else f"{short:g}").replace("-", "−")


def points(share: float, *, signed: bool = False) -> str:
    """A share of 1 in points."""
    if abs(share) < 5e-4:
        return "0.0"
    return (f"{100 * share:+.1f}" if signed else f"{100 * share:.1f}").replace("-", "−")


def unit_of(found: Found, axis: Axis) -> str:
    """Of the axis' parameter."""
    unit = specs(OPS[found.name])[axis.parameter].unit
    return "" if unit == "times" else unit


def limit_in_words(found: Found, axis: Axis, side: Side) -> str:
    """Where a side's limit is."""
    limit, unit = side.limit, unit_of(found, axis)
    unit = f" {unit}" if unit else ""
    value, *ends = (
        axis.value(side.sign * m) for m in (limit.magnitude, limit.low, limit.high)
    )  # fmt: skip
    if limit.beyond:
        return f"not reached by {number(value)}{unit}"
    low, high = sorted(ends)
    return f"{number(value)}{unit} ({number(low)} to {number(high)})"


def range_in_words(found: Found) -> str:
    """What the recipe says of it, empty if it leaves it out."""
    if found.free:
        return "any angle"
    said = []
    reach = found.reach(found.helpful) if found.ops() else {}
    for parameter in reach:
        drawn = getattr(found.measured.within(reach), parameter)
        name = f"{parameter} " if len(found.sides) > 1 else ""
        unit = unit_of(found, found.axis(parameter))
        said.append(f"{name}{number(drawn.low)} to {number(drawn.high)} {unit}".strip())
    said += [turn.name for turn in found.turns if turn.holds == "yes" and found.ops()]
    return ", ".join(said)


def classes_in_words(found: Found, parameter: str, names: tuple[str, ...]) -> str:
    """Which classes suffer first and last, from the side where they do sooner."""
    axis, order = found.axis(parameter), found.class_limits(parameter)

    def listed_(some: list[ClassLimit]) -> str:
        return ", ".join(f"{names[one.number]} ({_reached(axis, one)})" for one in some)

    if len(order) <= 2 * SHOWN:
        return listed_(order)
    return f"first {listed_(order[:SHOWN])}; last {listed_(order[-SHOWN:])}"


def _reached(axis: Axis, one: ClassLimit) -> str:
    beyond = " and beyond" if one.limit.beyond else ""
    return number(axis.value(one.sign * one.limit.magnitude)) + beyond


def fall_in_words(fall: Fall) -> str:
    """How much fewer labels are read."""
    return f"{points(fall.mean)} points fewer ({points(fall.low)} to {points(fall.high)})"


def gain_in_words(gain: Gain) -> str:
    """What training with copies brought."""
    e = gain.estimate
    what = "helps" if e.low > 0 else "harms" if e.high < 0 else "no clear difference"
    return f"{points(e.mean, signed=True)} points ({points(e.low)} to {points(e.high)}): {what}"


def training_in_words(found: Found) -> str:
    """Up to where training on it helps."""
    if not found.gains:
        return ""
    clear = [g for g in found.gains if g.estimate.low > 0]
    if not clear:
        if found.helpful == 1:
            return "training on it makes no clear difference"
        least = min(g.factor for g in found.gains if g.estimate.high < 0)
        return f"training on it harms from {number(least)} times the limits on"
    best = max(clear, key=lambda g: g.estimate.mean)
    where = f" at {number(best.factor)} times the limits" if found.reach() else ""
    less = f", less beyond {number(found.helpful)}" if found.helpful < 1 else ""
    gained = points(best.estimate.mean, signed=True)
    return f"training on it helps, {gained} points{where}{less}"


def warning(found: Calibration) -> str:
    """That the classifiers are weak, if they are."""
    reached = sum(found.accuracy) / len(found.accuracy)
    if reached >= _STRONG:
        return ""
    return (
        f"these classifiers read {100 * reached:.0f} % of unchanged samples only: they lose what "
        "they hardly read to the slightest change, and limits come out too small; give more "
        "samples a class, or a stronger classifier (--classifiers cnn)"
    )


def verdicts(found: Calibration) -> Iterator[str]:
    """A line for each invariance."""
    for one in found.found:
        kept = range_in_words(one)
        training = training_in_words(one)
        parts = [f"{one.name}: {kept or 'left out, ' + one.why_not}"]
        for parameter in one.sides:
            order = one.class_limits(parameter)
            first, last = (found.classes[order[k].number] for k in (0, -1))
            name = f" along {parameter}" if len(one.sides) > 1 else ""
            parts.append(f"class '{first}' suffers first{name}, '{last}' last")
        parts += [training] if training else []
        yield "; ".join(parts)
        for turn in one.turns:
            who = _who(found, turn.of_classes)
            yield f"  {turn.name}: {turn.holds}, {fall_in_words(turn.fall)}{who}"
    for name in found.unmeasured:
        yield f"{name}: not measured, the time was too short"


def _who(found: Calibration, falls: tuple[Fall, ...]) -> str:
    said = []
    for verdict in ("yes", "no"):
        names = [
            n for n, f in zip(found.classes, falls, strict=True)
            if f.holds(found.epsilon) == verdict
        ]  # fmt: skip
        if names:
            said.append(f"{verdict} for {listed(names)}")
    return f"; {', '.join(said)}" if said else ""


def listed(names: list[str]) -> str:
    """Some names, the rest counted."""
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"


def whole_in_words(found: Calibration) -> str:
    """What all invariances do together."""
    if found.whole is None:
        return "no invariance holds, so there is no recipe"
    said = f"all together: {fall_in_words(found.whole)}"
    if found.together < 1:
        said += (
            f"; {number(found.together)} of every range keeps it within "
            f"{100 * found.epsilon:g} points"
        )
        said += " (as written)" if found.about["together"] else " (--together writes those)"
    return said
