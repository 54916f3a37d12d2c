"""The report of a run: one page that a person reads offline, and the same facts as JSON."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markupsafe import Markup

from tenfold.evaluate import charts
from tenfold.evaluate.names import by_split, duration, readable, shell, shorten
from tenfold.evaluate.page import page_template
from tenfold.evaluate.pictures import Example
from tenfold.evaluate.tally import Aggregates, ClassCounts, Histogram, OpTally, collect
from tenfold.evaluate.words import MIRRORED, is_choice, is_reflection
from tenfold.params import Range, Spec
from tenfold.places import Place
from tenfold.samples.source import Quarantined
from tenfold.write.atomic import write_bytes

__all__ = ["HTML", "JSON", "Parameter", "ReportData", "collect", "parameters_of", "write_report"]

HTML, JSON = "report.html", "report.json"
FORMAT = 1
"""Version of report.json."""

_PICTURE_BYTES = 2_300_000
_SHOWN = 100  # rows of a table on the page; report.json has all
_OPEN_ROWS = 24


@dataclass(frozen=True, slots=True)
class Parameter:
    """What the recipe declares of a drawn parameter.

    Attributes:
        unit: "degrees", "px"...
        low, high: ends of the declared range.
        log: drawn with equal chances for equal factors.
        doc: one line of explanation.
        neutral: the value that changes nothing, or None.
    """

    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    log: bool = False
    doc: str = ""
    neutral: float | None = None

    @classmethod
    def of(cls, spec: Spec, drawn: Range) -> Parameter:
        """From an op's `ranges()`."""
        log = drawn.distribution == "loguniform"
        return cls(spec.unit, drawn.low, drawn.high, log, spec.doc, spec.neutral)


def parameters_of(
    ops: Iterable[tuple[str, Mapping[str, tuple[Spec, Range]]]],
) -> dict[str, Parameter]:
    """The declared parameters of a recipe, by "op.parameter".

    Args:
        ops: each op's distinct name with its `ranges()`:
            `zip(recipe.op_names(), (op.ranges() for op in recipe.ops))`.
    """
    return {
        f"{name}.{parameter}": Parameter.of(spec, drawn)
        for name, ranges in ops
        for parameter, (spec, drawn) in ranges.items()
    }


@dataclass(frozen=True)
class ReportData:
    """Everything that the report tells.

    Attributes:
        title: heading of the page.
        command: the command line that was given, as a list of words.
        source, layout: where the samples came from, and in which form.
        destination: where the result lies.
        seed: of the run; a string is as good, for very large ones.
        seed_drawn: nobody gave a seed, so it was drawn from the operating system.
        recipe_name, recipe_hash, recipe_yaml, assumes: the resolved recipe.
        parameters: what it declares, by "op.parameter"; see `parameters_of`.
        passes: lines of the plan's explanation.
        versions: package -> version.
        started: when, with time zone.
        seconds: how long it took.
        inputs: samples found in the source.
        totals: see `collect`.
        before: classes of the source; see `ClassCounts.of_items`.
        classes: names of the classes in the dataset's order.
        ops: distinct names of the recipe's ops, in its order.
        made: outputs made by this run, when it resumed an earlier one; None means all.
        quarantined: what was left out, and why.
        examples: see `tenfold.evaluate.pictures.example`.
        notes: sentences that the reader should not miss, shown on top.
    """

    title: str
    command: Sequence[str]
    source: str
    layout: str
    destination: str
    seed: int
    seed_drawn: bool
    recipe_name: str
    recipe_hash: str
    recipe_yaml: str
    assumes: str
    passes: Sequence[str]
    versions: Mapping[str, str]
    started: datetime
    seconds: float
    inputs: int
    totals: Aggregates
    before: ClassCounts
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    classes: Sequence[str] = ()
    ops: Sequence[str] = ()
    made: int | None = None
    quarantined: Sequence[Quarantined] = ()
    examples: Sequence[Example] = ()
    notes: Sequence[str] = ()

    @property
    def rate(self) -> float:
        """Outputs made a second."""
        made = self.totals.outputs if self.made is None else self.made
        return made / self.seconds if self.seconds > 0 else 0.0


def write_report(destination: Place, data: ReportData) -> None:
    """Write `report.html` and `report.json` into a folder.

    The page is one file without any reference to another: pictures and charts are inside. Of the
    examples, as many as keep it under about three megabytes are shown.

    Raises:
        OutputError: the folder can't be written.
    """
    facts = plain(data)
    text = json.dumps(facts, indent=1, ensure_ascii=True, allow_nan=False)
    write_bytes(destination / JSON, text.encode("ascii") + b"\n")
    write_bytes(destination / HTML, page(data).encode("utf-8", "backslashreplace"))


def page(data: ReportData) -> str:
    """The report as HTML."""
    examples: list[Example] = []
    size = 0
    for one in data.examples:
        size += one.size
        if examples and size > _PICTURE_BYTES:
            break
        examples.append(one)
    return page_template("tenfold.evaluate", "report.html.j2").render(
        data=data,
        totals=data.totals,
        examples=examples,
        left_out=len(data.examples) - len(examples),
        facts=_headline(data),
        class_tables=_class_tables(data),
        ops=_op_cards(data),
        generated=data.totals.generated.most_common(),
        annotations=sorted(data.totals.annotations.items()),
        quarantined=list(data.quarantined[:_SHOWN]),
        more_quarantined=max(0, len(data.quarantined) - _SHOWN),
        reasons=Counter(_kind_of(q.reason) for q in data.quarantined).most_common(8),
        command=shell(data.command),
        replay=_replay(data),
        started=data.started.strftime("%Y-%m-%d %H:%M:%S %Z").strip(),
        duration=duration(data.seconds),
        open_rows=_OPEN_ROWS,
    )


def plain(data: ReportData) -> dict[str, Any]:
    """The facts in plain types, as report.json holds them (pictures left out)."""
    totals = data.totals
    return {
        "format": FORMAT,
        "title": data.title,
        "command": list(data.command),
        "source": data.source,
        "layout": data.layout,
        "destination": data.destination,
        "seed": data.seed,
        "seed_drawn": data.seed_drawn,
        "recipe": {
            "name": data.recipe_name,
            "hash": data.recipe_hash,
            "yaml": data.recipe_yaml,
            "assumes": data.assumes,
        },
        "passes": list(data.passes),
        "versions": dict(data.versions),
        "started": data.started.isoformat(),
        "seconds": data.seconds,
        "outputs_per_second": data.rate,
        "made": totals.outputs if data.made is None else data.made,
        "inputs": data.inputs,
        "outputs": totals.outputs,
        "originals": totals.kind("original"),
        "copies": totals.kind("copy"),
        "untouched": totals.kind("untouched"),
        "copies_without_any_op": totals.plain_copies,
        "copies_by_generators": dict(totals.generated),
        "copies_composed": totals.composed,
        "copies_composed_short": totals.short,
        "objects_pasted": dict(sorted(totals.pasted.items())),
        "splits": {s or "(none)": dict(c) for s, c in sorted(totals.kinds.items())},
        "classes": {
            "order": list(data.classes),
            "before": data.before.plain(),
            "after": totals.classes.plain(),
        },
        "ops": {
            name: {
                "acted": tally.acted,
                "parameters": {
                    p: _plain_histogram(h, data.parameters.get(f"{name}.{p}"))
                    for p, h in sorted(tally.numbers.items())
                    if h.count
                },
                "choices": {p: dict(c) for p, c in sorted(tally.words.items())},
            }
            for name, tally in totals.ops.items()
        },
        "annotations": dict(sorted(totals.annotations.items())),
        "quarantined": [{"item": q.id, "reason": q.reason} for q in data.quarantined],
        "examples": [
            {
                "item": e.item,
                "shown": [{"caption": s.caption, "done": list(s.done)} for s in e.shots],
            }
            for e in data.examples
        ],
        "notes": list(data.notes),
    }


def _plain_histogram(histogram: Histogram, declared: Parameter | None) -> dict[str, Any]:
    edges, counts = histogram.bins(within=_within(declared))
    return {
        "count": histogram.count,
        "min": histogram.low,
        "max": histogram.high,
        "mean": histogram.mean,
        "unit": declared.unit if declared else "",
        "declared": list(_within(declared) or ()) or None,
        "edges": edges,
        "counts": counts,
    }


def _within(declared: Parameter | None) -> tuple[float, float] | None:
    if declared is None or not math.isfinite(declared.low + declared.high):
        return None
    return declared.low, declared.high


def _headline(data: ReportData) -> list[tuple[str, str, str]]:
    """Number, what it counts, and a remark."""
    totals = data.totals
    outputs = totals.outputs
    factor = outputs / data.inputs if data.inputs else 0.0
    facts = [
        (f"{data.inputs:,}", "samples in", f"layout: {data.layout}"),
        (f"{outputs:,}", "samples out", f"{factor:.3g} times as many"),
        (f"{totals.kind('copy'):,}", "new copies", ""),
        (f"{totals.kind('original'):,}", "originals kept", ""),
    ]
    if untouched := totals.kind("untouched"):
        splits = ", ".join(
            readable(s) for s in by_split(totals.kinds) if totals.kinds[s]["untouched"]
        )
        facts.append((f"{untouched:,}", "untouched", splits))
    facts.append((f"{len(data.quarantined):,}", "left out", "unreadable or unusable"))
    facts.append((duration(data.seconds), "time", f"{charts.number(data.rate)} outputs a second"))
    return facts


def _class_tables(data: ReportData) -> list[dict[str, Any]]:
    """Tables of classes before and after, one a split, of images and of objects."""
    tables = []
    pairs = (
        ("Images", data.before.images, data.totals.classes.images),
        ("Objects", data.before.objects, data.totals.classes.objects),
    )
    for title, before, after in pairs:
        for split in by_split({*before, *after}):
            old, new = before.get(split, Counter()), after.get(split, Counter())
            names = [c for c in data.classes if c in old or c in new]
            names += sorted({*old, *new} - set(names))
            longest = max([*old.values(), *new.values(), 1])
            rows = [
                {
                    "name": name,
                    "before": old[name],
                    "after": new[name],
                    "bars": charts.bar(old[name], longest, "before")
                    + charts.bar(new[name], longest, "after"),
                }
                for name in names
            ]
            heading = f"{title}, {readable(split)}" if split else title
            tables.append({"title": heading, "rows": rows, "unchanged": old == new})
    return tables


def _op_cards(data: ReportData) -> list[dict[str, Any]]:
    copies = max(1, data.totals.kind("copy"))
    cards = []
    order = {name: i for i, name in enumerate(data.ops)}
    for name, tally in sorted(
        data.totals.ops.items(), key=lambda pair: order.get(pair[0], len(order))
    ):
        plots: list[dict[str, Any]] = []
        minor: list[dict[str, Any]] = []
        for parameter, histogram in tally.numbers.items():
            if not histogram.count:
                continue
            if is_reflection(name) and parameter in MIRRORED:
                continue  # 0 or 1: told in words
            declared = data.parameters.get(f"{name}.{parameter}")
            plot = _plot(f"{name}.{parameter}", parameter, histogram, declared)
            known = declared is not None or not data.parameters or is_choice(parameter)
            (plots if known else minor).append(plot)
        cards.append(
            {
                "name": name.replace("_", " "),
                "acted": tally.acted,
                "share": f"{100 * tally.acted / copies:.0f}%",
                "plots": plots,
                "minor": minor,
                "mirrored": _mirrored(tally, copies) if is_reflection(name) else "",
                "words": [(p, c.most_common(12)) for p, c in tally.words.items()],
            }
        )
    return cards


def _mirrored(tally: OpTally, copies: int) -> str:
    """`left-right 50 %, top-bottom 25 %`: how many of all copies are mirrored so."""
    shares = []
    for axis, words in MIRRORED.items():
        drawn = tally.numbers.get(axis)
        if drawn is not None and drawn.total:
            share = 100 * drawn.total / copies
            shares.append(f"{words} {'below 1' if share < 1 else format(share, '.0f')} %")
    return ", ".join(shares)


def _plot(
    full: str, parameter: str, histogram: Histogram, declared: Parameter | None
) -> dict[str, Any]:
    unit = declared.unit if declared else ""
    within = _within(declared)
    svg: Markup | None = None
    if histogram.low < histogram.high:
        edges, counts = histogram.bins(within=within)
        svg = charts.histogram(
            edges, counts, name=full, unit=unit, ends=within or (histogram.low, histogram.high)
        )
    return {
        "name": parameter.replace(".", ". ").replace("_", " "),
        "unit": "" if unit == parameter else unit,
        "svg": svg,
        "only": charts.number(histogram.low),
        "mean": charts.number(histogram.mean),
        "low": charts.number(histogram.low),
        "high": charts.number(histogram.high),
        "declared": within and f"{charts.number(within[0])} to {charts.number(within[1])}",
        "log": histogram.log,
        "doc": declared.doc if declared else "",
    }


def _kind_of(reason: str) -> str:
    """A reason without its particulars, so that like ones can be counted together."""
    return shorten(readable(reason).split(":", 1)[0].split(";", 1)[0], 80)


def _replay(data: ReportData) -> str:
    return shell(["tenfold", "replay", f"{data.destination}/FILE"])
