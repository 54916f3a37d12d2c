"""Small charts as inline SVG; the page's style sheet colours them, so they follow its theme."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _BASE = 240.0, 76.0, 60.0
_FIRST, _LAST = 12, 8  # rows that are drawn of many


def svg(parts: Sequence[str], *, name: str, width: float, height: float) -> Markup:
    """A picture of its elements.

    Args:
        parts: SVG elements; text in them is escaped.
        name: what is shown, for people who hear the page.
        width, height: its coordinates end there.
    """
    head = f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(name)}">'
    return Markup(head + "".join(parts) + "</svg>")


def drawn_rows(order: Sequence[int]) -> list[int]:
    """All rows of a chart; of more than 20 the first 12 and the last 8."""
    if len(order) <= _FIRST + _LAST:
        return list(order)
    return [*order[:_FIRST], *order[-_LAST:]]


def row_name(name: str, y: float) -> str:
    """The name at a row's left end, 14 letters at most; `y` of its base line."""
    label = name if len(name) <= 14 else name[:13] + "…"
    return f'<text class="name" x="0" y="{y}">{escape(label)}</text>'


def number(value: float) -> str:
    """A number as a person writes it: 1,234 or 0.0312 or 1.2e-05."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.3g}"


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    name: str,
    unit: str = "",
    ends: tuple[float, float] | None = None,
) -> Markup:
    """A histogram with its two ends and its highest count written on it.

    Args:
        edges: (K + 1) rising numbers.
        counts: (K) numbers of values.
        name: what is shown, for people who hear the page.
        unit: of the values, for the tool tips.
        ends: numbers written at the two ends, by default the outer edges.
    """
    top = max([*counts, 1])
    step = _WIDTH / len(counts)
    gap = min(1.0, step * 0.12)
    bars = []
    for i, count in enumerate(counts):
        if count == 0:
            continue
        height = max(1.0, (_BASE - 12) * count / top)
        if edges[i + 1] - edges[i] == 1 and not float(edges[i]).is_integer():
            span = number(edges[i] + 0.5)
        else:
            span = f"{number(edges[i])} to {number(edges[i + 1])}"
        tip = escape(f"{span}{' ' + unit if unit else ''}: {count:,}")
        bars.append(
            f'<rect x="{i * step + gap / 2:.2f}" y="{_BASE - height:.2f}" '
            f'width="{step - gap:.2f}" height="{height:.2f}"><title>{tip}</title></rect>'
        )
    low, high = ends or (edges[0], edges[-1])
    label = escape(f"Histogram of {name}, {number(low)} to {number(high)}")
    middle = ""
    if low < 0 < high:
        x = _WIDTH * (0 - low) / (high - low)
        if 40 < x < _WIDTH - 40:
            middle = f'<text x="{x:.1f}" y="{_HEIGHT - 3}" text-anchor="middle">0</text>'
    return Markup(
        f'<svg class="histogram" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
        f'aria-label="{label}"><text x="0" y="9">{top:,}</text>{"".join(bars)}'
        f'<path d="M0 {_BASE:g}H{_WIDTH:g}"/>'
        f'<text x="0" y="{_HEIGHT - 3}">{number(low)}</text>{middle}'
        f'<text x="{_WIDTH:g}" y="{_HEIGHT - 3}" text-anchor="end">{number(high)}</text></svg>'
    )


def bar(value: float, longest: float, kind: str = "after") -> Markup:
    """A horizontal bar that fills its cell in proportion; `kind` picks the colour."""
    share = 100 * value / longest if longest else 0.0
    return Markup(
        f'<svg class="bar {escape(kind)}" aria-hidden="true">'
        f'<rect width="{share:.2f}%" height="100%"/></svg>'
    )
