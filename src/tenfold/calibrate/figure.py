"""Charts of a calibration as inline SVG; the page's style sheet colours them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from tenfold.calibrate.axes import Axis
from tenfold.calibrate.limits import Limit, Side
from tenfold.calibrate.words import number
from tenfold.evaluate.charts import drawn_rows, row_name, svg

_WIDTH, _HEIGHT = 430.0, 230.0
_LEFT, _RIGHT, _TOP, _BASE = 38.0, 420.0, 10.0, 202.0

Place = Callable[[float], float]


def preservation(
    axis: Axis, sides: Sequence[Side], reach: tuple[float, float], goal: float,
    classes: Sequence[tuple[str, int]], *, name: str,
) -> Markup:  # fmt: skip
    """How many labels are read along an axis, both sides in one picture.

    Args:
        axis: for the values under it.
        sides: what was measured.
        reach: the recipe's range, magnitudes with sign; (0, 0) if there is none.
        goal: the share to which preservation may fall.
        classes: names and numbers of those drawn alone, two at most.
        name: what is shown, for people who hear the page.
    """
    ends = {side.sign: side.limit.largest for side in sides}
    place, parts = _across(ends), []
    if reach[0] < reach[1]:
        x0, x1 = place(reach[0]), place(reach[1])
        parts.append(
            f'<rect class="kept" x="{x0:.1f}" y="{_TOP}" width="{x1 - x0:.1f}" '
            f'height="{_BASE - _TOP}"/>'
        )
    for y in (0, 25, 50, 75, 100):
        parts.append(f'<path class="axis" d="M{_LEFT},{_level(y / 100):.1f}H{_RIGHT}"/>')
        parts.append(
            f'<text x="{_LEFT - 6}" y="{_level(y / 100) + 4:.1f}" text-anchor="end">{y}</text>'
        )
    parts += _values(axis, ends, place)
    parts.append(f'<path class="goal" d="M{_LEFT},{_level(goal):.1f}H{_RIGHT}"/>')
    for side in sides:
        parts += _side(axis, side, place, classes)
    return svg(parts, name=name, width=_WIDTH, height=_HEIGHT)


def _side(
    axis: Axis, side: Side, place: Place, classes: Sequence[tuple[str, int]]
) -> list[str]:  # fmt: skip
    def at(magnitude: float) -> float:
        return place(side.sign * magnitude)

    spots = [at(m) for m in side.levels]
    band = [f"{x:.1f},{_level(v):.1f}" for x, v in zip(spots, side.high, strict=True)]
    band += [
        f"{x:.1f},{_level(v):.1f}" for x, v in zip(spots[::-1], side.low[::-1], strict=True)
    ]  # fmt: skip
    parts = [f'<polygon class="b1" points="{" ".join(band)}"/>']
    for k, (_, one) in enumerate(classes):
        parts.append(_line(f"thin l{2 + k}", spots, side.of_classes[one]))
    parts.append(_line("l1", [at(m) for m in side.curve[0]], side.curve[1]))
    for x, m, v in zip(spots, side.levels, side.shares, strict=True):
        tip = escape(f"{number(axis.value(side.sign * m))}: {100 * v:.1f} %")
        parts.append(
            f'<circle class="p1" cx="{x:.1f}" cy="{_level(v):.1f}" r="2.6">'
            f"<title>{tip}</title></circle>"
        )
    limit = side.limit
    if not limit.beyond:
        x0, x1 = sorted((at(limit.low), at(limit.high)))
        parts.append(
            f'<rect class="doubt" x="{x0:.1f}" y="{_TOP}" width="{max(1.0, x1 - x0):.1f}" '
            f'height="{_BASE - _TOP}"/>'
        )
        x = at(limit.magnitude)
        parts.append(f'<path class="limit" d="M{x:.1f},{_TOP}V{_BASE}"/>')
    return parts


def class_limits(
    axis: Axis, sides: Sequence[Side], names: Sequence[str], order: Sequence[int], *, name: str
) -> Markup:
    """Each class with its limits and their intervals, the least first.

    Args:
        axis, sides: what was measured.
        names: of all classes.
        order: numbers of the classes; of many the 12 first and the 8 last are drawn.
        name: what is shown, for people who hear the page.
    """
    chosen = drawn_rows(order)
    ends = {s.sign: max(*(c.high for c in s.class_limits), 1e-09) for s in sides}
    place, parts = _across(ends, 96.0), []
    height = 17.0 * len(chosen) + 8
    parts.append(f'<path class="zero" d="M{place(0):.1f},2V{height:.1f}"/>')
    for row, k in enumerate(chosen):
        y = 14 + 17 * row
        parts.append(row_name(names[k], y + 4))
        for side in sides:
            parts.append(_whisker(axis, side.sign, side.class_limits[k], place, y))
    parts += _values(axis, ends, place, height + 14)
    return svg(parts, name=name, width=_WIDTH, height=height + 24)


def _whisker(axis: Axis, sign: int, limit: Limit, place: Place, y: float) -> str:
    low, high, x = (place(sign * m) for m in (limit.low, limit.high, limit.magnitude))
    tip = escape(number(axis.value(sign * limit.magnitude)) + (" or more" if limit.beyond else ""))
    return (
        f'<path class="bar" d="M{place(0):.1f},{y}H{x:.1f}"/>'
        f'<path class="whisker" d="M{low:.1f},{y}H{high:.1f}"/>'
        f'<circle class="p1" cx="{x:.1f}" cy="{y}" r="3.4"><title>{tip}</title></circle>'
    )


def _across(ends: Mapping[int, float], left: float = _LEFT) -> Place:
    """Horizontal places of magnitudes with sign, up to the largest of each sign."""
    low, high = -ends.get(-1, 0.0), ends.get(1, 0.0)
    return lambda m: left + 8 + (_RIGHT - left - 16) * (m - low) / (high - low)


def _level(share: float) -> float:
    return _BASE - (_BASE - _TOP) * share


def _values(
    axis: Axis, ends: Mapping[int, float], place: Place, y: float = _BASE + 16
) -> list[str]:  # fmt: skip
    """The parameter's values under the chart."""
    shown = {0.0} | {sign * end * k for sign, end in ends.items() for k in (0.5, 1.0)}
    return [
        f'<text x="{place(m):.1f}" y="{y:g}" text-anchor="middle">{number(axis.value(m))}</text>'
        for m in sorted(shown)
    ]


def _line(kind: str, xs: Sequence[float], ys: Any) -> str:
    path = "L".join(f"{x:.1f},{_level(v):.1f}" for x, v in zip(xs, ys, strict=True))
    return f'<path class="{kind}" d="M{path}"/>'
