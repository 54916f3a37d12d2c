"""The tables of `docs/recipes.md`, made from the declarations that check a recipe."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

from tenfold.declare.json_schema import default_of
from tenfold.declare.presets import PRESETS, preset
from tenfold.declare.settings import SETTINGS
from tenfold.errors import RequestError
from tenfold.ops.catalogue import OPS
from tenfold.ops.op import Op
from tenfold.params import Spec, specs


def invariance_tables() -> str:
    """Markdown: for each family of ops a table of the ops and their parameters."""
    parts = []
    for family, classes in itertools.groupby(OPS.values(), key=lambda cls: cls.family):
        rows = [row for cls in classes for row in _op_rows(cls)]
        head = (
            "| invariance | parameter | values | default | meaning |",
            "| --- | --- | --- | --- | --- |",
        )
        parts.append("\n".join([f"### {family.capitalize()}", "", *head, *rows]))
    return "\n\n".join(parts)


def settings_table() -> str:
    """Markdown: the recipe's own keys."""
    rows = ["| key | meaning | example |", "| --- | --- | --- |"]
    rows += [f"| `{k}` | {s.doc} | `{k}: {s.example}` |" for k, s in SETTINGS.items()]
    return "\n".join(rows)


def preset_table() -> str:
    """Markdown: each preset, what it assumes and what it declares."""
    rows = ["| preset | assumes | invariances |", "| --- | --- | --- |"]
    for name in PRESETS:
        recipe = preset(name)
        rows.append(f"| `{name}` | {recipe.assumes} | {', '.join(recipe.op_names())} |")
    return "\n".join(rows)


SECTIONS = {
    "settings": settings_table,
    "invariances": invariance_tables,
    "presets": preset_table,
}
"""Generated parts by the name in their markers."""


def with_reference(page: str) -> str:
    """A Markdown page with its generated parts made anew.

    A generated part stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->`.

    Raises:
        RequestError: a marker is missing.
    """
    for name, make in SECTIONS.items():
        start, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        before, found, rest = page.partition(start)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise RequestError(f"the page has no '{start.strip()}' ... '{end}'; add both lines")
        page = f"{before}{start}\n{make()}\n\n{end}{after}"
    return page


def write_reference(path: Path) -> None:
    """Make the generated parts of a page anew, in place."""
    path.write_text(with_reference(path.read_text(encoding="utf-8")), encoding="utf-8")


def _op_rows(cls: type[Op]) -> list[str]:
    shown = {
        name: spec
        for name, spec in specs(cls).items()
        if name not in ("probability", "exact") or (name == "exact" and cls.group)
    }
    probability = default_of(cls, "probability")
    if probability != 1:
        shown["probability"] = specs(cls)["probability"]
    first = f"**`{cls.name}`** {cls.summary()}"
    if not shown:
        return [f"| {first} | | | | |"]
    last = ("exact", "probability")
    order = sorted(shown, key=lambda name: (name != cls.main, name in last))
    rows = []
    for i, name in enumerate(order):
        spec = shown[name]
        label = f"`{name}`" + (" (main)" if name == cls.main else "")
        cells = [first if i == 0 else "", label, _allowed(spec), _default(cls, name), spec.doc]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def _allowed(spec: Spec) -> str:
    unit = f" {spec.unit}" if spec.unit else ""
    if spec.kind == "flag":
        return "true, false"
    if spec.kind in ("choice", "choices"):
        some = "some of " if spec.kind == "choices" else ""
        return some + ", ".join(f"`{o}`" for o in spec.options)
    low, high = spec.within
    bounds = f"{low:g} to {high:g}"
    if math.isinf(low) or math.isinf(high):
        bounds = "any" if math.isinf(low) and math.isinf(high) else f"from {low:g}"
    whole = "whole, " if spec.integral or spec.kind == "integer" else ""
    drawn = "range, " if spec.kind == "range" else ""
    return f"{drawn}{whole}{bounds}{unit}"


def _default(cls: type[Op], name: str) -> str:
    value = default_of(cls, name)
    if value is None:
        return "none"
    if isinstance(value, dict):
        return f"[{value['low']:g}, {value['high']:g}] {value['distribution']}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(v if isinstance(v, str) else f'{v:g}' for v in value)}]"
    return value if isinstance(value, str) else f"{value:g}"
