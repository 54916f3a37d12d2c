"""Charts of a study as inline SVG; the page's style sheet colours them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from tenfold.evaluate.charts import drawn_rows, row_name, svg

_WIDTH, _HEIGHT = 430.0, 210.0
_LEFT, _RIGHT, _TOP, _BASE = 38.0, 420.0, 10.0, 182.0


@dataclass(frozen=True, slots=True)
class Curve:
    """One arm's curve.

    Attributes:
        name: for the tool tips.
        colour: number of its colour, 0 to 7.
        points: (x, y, low, high), x rising; y in percent.
    """

    name: str
    colour: int
    points: tuple[tuple[float, float, float, float], ...]


def lines(curves: Sequence[Curve], *, name: str, log: bool = False) -> Markup:
    """Curves with their bands over a common axis.

    Args:
        curves: at least one point in all.
        name: what is shown, for people who hear the page.
        log: a logarithmic horizontal axis.
    """
    xs = sorted({p[0] for c in curves for p in c.points})
    low = min(p[2] for c in curves for p in c.points)
    high = max(p[3] for c in curves for p in c.points)
    step = _step(high - low)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step

    def place(x: float) -> float:
        first, last, at = (math.log(v + (not log) * 0) if log else v for v in (xs[0], xs[-1], x))
        return (
            _LEFT
            + 8
            + (_RIGHT - _LEFT - 16) * ((at - first) / (last - first) if last > first else 0.5)
        )

    def level(y: float) -> float:
        return _BASE - (_BASE - _TOP) * (y - low) / (high - low)

    parts = []
    for k in range(round((high - low) / step) + 1):
        y = low + k * step
        parts.append(f'<path class="axis" d="M{_LEFT},{level(y):.1f}H{_RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{level(y) + 4:.1f}" text-anchor="end">{y:g}</text>')
    for x in _apart(xs, place):
        parts.append(f'<text x="{place(x):.1f}" y="{_BASE + 16}" text-anchor="middle">{x:g}</text>')
    for curve in curves:
        spots = [(place(x), level(y), level(a), level(b)) for x, y, a, b in curve.points]
        band = [f"{x:.1f},{b:.1f}" for x, _, _, b in spots]
        band += [f"{x:.1f},{a:.1f}" for x, _, a, _ in reversed(spots)]
        parts.append(f'<polygon class="b{curve.colour}" points="{" ".join(band)}"/>')
    for curve in curves:
        path = "L".join(f"{place(x):.1f},{level(y):.1f}" for x, y, _, _ in curve.points)
        parts.append(f'<path class="l{curve.colour}" d="M{path}"/>')
        for x, y, a, b in curve.points:
            tip = escape(f"{curve.name}, {x:g}: {y:.1f} % ({a:.1f} to {b:.1f})")
            parts.append(
                f'<circle class="p{curve.colour}" cx="{place(x):.1f}" cy="{level(y):.1f}" r="3.2">'
                f"<title>{tip}</title></circle>"
            )
    return svg(parts, name=name, width=_WIDTH, height=_HEIGHT)


def class_bars(names: Sequence[str], gains: Sequence[float], *, name: str) -> Markup:
    """Points gained by each class, the worst first; the 12 worst and the 8 best of many."""
    order = drawn_rows(sorted(range(len(gains)), key=lambda k: gains[k]))
    reach = max(5.0, *(abs(gains[k]) for k in order))
    middle, unit = (_LEFT + 60 + _RIGHT) / 2, (_RIGHT - _LEFT - 130) / 2 / reach
    parts = []
    for row, k in enumerate(order):
        y, gain = 8 + 17 * row, gains[k]
        start = middle + min(0.0, gain) * unit
        tone = "down" if gain < 0 else "up"
        parts.append(
            f'<rect class="{tone}" x="{start:.1f}" y="{y}" width="{abs(gain) * unit:.1f}" '
            f'height="11" rx="2"/>'
        )
        parts.append(row_name(names[k], y + 10))
        side = 4 if gain >= 0 else -4
        parts.append(
            f'<text x="{middle + gain * unit + side:.1f}" y="{y + 10}" '
            f'text-anchor="{"start" if gain >= 0 else "end"}">{gain:+.1f}</text>'
        )
    height = 14 + 17 * len(order)
    parts.append(f'<path class="zero" d="M{middle:.1f},2V{height - 6}"/>')
    return svg(parts, name=name, width=_WIDTH, height=height)


def _step(span: float) -> float:
    """Between grid lines: 1, 2 or 5 times a power of ten, four to eight of them."""
    wanted = max(span, 1e-9) / 5
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(power * k for k in (1, 2, 5, 10) if power * k >= wanted)


def _apart(xs: Sequence[float], place: object) -> list[float]:
    """Those whose labels don't touch."""
    shown: list[float] = []
    for x in xs:
        if not shown or place(x) - place(shown[-1]) > 24:  # type: ignore[operator]
            shown.append(x)
    return shown
