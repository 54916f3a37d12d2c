"""The page and the file in which a study tells what it found."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tenfold import __version__
from tenfold.evaluate.page import page_template, picture_uri
from tenfold.learned.examples import Array
from tenfold.study.analysis import Analysis, Cell
from tenfold.study.arms import Arm
from tenfold.study.classifiers import NAMES
from tenfold.study.curves import Curve, class_bars, lines
from tenfold.study.records import Run
from tenfold.study.verdict import Verdict, interval, points, verdicts
from tenfold.write.atomic import write_bytes

PAGE, NUMBERS = "study.html", "study.json"
_SHOWN = 12  # pictures of an arm
_TONES = {"worth it": "good", "harmful": "bad"}


def write_report(found: Analysis, folder: Path, *, source: str = "", command: str = "") -> Path:
    """Write `study.html` and `study.json`.

    Args:
        found: what the study found so far.
        folder: where to.
        source: what it was made on, for the page.
        command: that made it, for the page.

    Returns:
        The page's path.

    Raises:
        OutputError: it can't be written.
    """
    said = verdicts(found)
    design, study = found.design, found.study
    legend = {arm.name: k % 8 for k, arm in enumerate(_drawn(found))}
    total = sum(1 for _ in design.runs())
    page = page_template("tenfold.study", "study.html.j2").render(
        title="Does augmentation help these data?", source=source, command=command,
        version=__version__, facts=list(_facts(found)), left=len(study.left()), total=total,
        verdicts=[
            {"sentences": v.sentences, "tone": _TONES.get(v.judgement, "")} for v in said
        ],
        tables=[_table(found, size) for size in design.sizes],
        legend=list(legend.items()), doses=list(_dose_plots(found, legend)),
        sizes=list(_size_plots(found, legend)), classes=list(_class_plots(found)),
        measures=list(_measures(found)), strips=list(_strips(found)), failures=found.failures(),
    )  # fmt: skip
    path = folder / PAGE
    write_bytes(path, page.encode())
    write_bytes(folder / NUMBERS, json.dumps(_numbers(found, said), indent=1).encode())
    return path


def _facts(found: Analysis) -> Iterator[tuple[str, str, str]]:
    study, design = found.study, found.design
    examples, parts = study.data.examples, study.parts(Run("none", "", 0, design.sizes[0], 0, 0))
    yield f"{len(examples.labels):,}", "samples", f"{len(examples.classes)} classes"
    if study.data.groups is not None:
        yield f"{len(np.unique(study.data.groups)):,}", "groups", "kept together"
    yield (
        f"{len(parts.train):,}", "to train",
        f"{len(parts.validation):,} to tune, {len(parts.test):,} to test",
    )  # fmt: skip
    yield str(design.repeats), "repetitions", f"{design.folds} folds" if design.folds > 1 else ""
    seconds = sum(record.seconds for record in study.records.found.values())
    yield f"{len(study.records.found):,}", "runs", f"{seconds / 60:.1f} minutes of work"


def _table(found: Analysis, size: int | None) -> dict[str, Any]:
    design = found.design
    best = {
        judge: max(
            (c.accuracy.mean for arm in design.arms
             if (c := found.best(arm.name, judge, size)) is not None), default=math.nan,
        )
        for judge in design.classifiers
    }  # fmt: skip
    rows = []
    for arm in design.arms:
        cells = []
        for judge in design.classifiers:
            cell = found.best(arm.name, judge, size)
            cells.append(None if cell is None else _shown(cell, best[judge]))
        rows.append({"arm": arm.name, "control": arm.control, "cells": cells})
    judges = [NAMES.get(j, j.rpartition(".")[2]) for j in design.classifiers]
    return {"size": size, "judges": judges, "rows": rows}


def _shown(cell: Cell, best: float) -> dict[str, Any]:
    gain = ""
    if cell.gain is not None:
        gain = f"{points(cell.gain.mean, signed=True)} ({interval(cell.gain)})"
    dose = "" if not cell.dose else f"{cell.dose} {'copy' if cell.dose == 1 else 'copies'}"
    return {
        "accuracy": points(cell.accuracy.mean), "interval": interval(cell.accuracy),
        "best": cell.accuracy.mean == best, "gain": gain, "starred": cell.clear, "dose": dose,
    }  # fmt: skip


def _drawn(found: Analysis) -> list[Arm]:
    """Arms with curves: the baseline and what makes copies."""
    return [arm for arm in found.design.arms if arm.changes or arm.name == "none"]


def _dose_plots(found: Analysis, legend: dict[str, int]) -> Iterator[dict[str, Any]]:
    design = found.design
    if len({d for d in design.doses if d > 0}) < 2:
        return
    for size in design.sizes:
        for judge in design.classifiers:
            base = found.best("none", judge, size)
            if base is None:
                continue
            start = 100 * base.accuracy.mean
            curves = []
            for arm in _drawn(found):
                spots = [(0.0, start, start, start)]
                for cell in found.of(arm.name, judge, size):
                    if cell.gain is not None:
                        middle = 100 * cell.accuracy.mean
                        reach = 50 * (cell.gain.high - cell.gain.low)
                        spots.append((cell.dose, middle, middle - reach, middle + reach))
                if len(spots) > 1:
                    curves.append(Curve(arm.name, legend[arm.name], tuple(spots)))
            if curves:
                name = NAMES.get(judge, judge) + (f", {size} samples a class" if size else "")
                yield {"name": name, "svg": lines(curves, name=f"Accuracy by copies, {name}")}


def _size_plots(found: Analysis, legend: dict[str, int]) -> Iterator[dict[str, Any]]:
    sizes = [size for size in found.design.sizes if size is not None]
    if len(sizes) < 2:
        return
    for judge in found.design.classifiers:
        curves = []
        for arm in _drawn(found):
            cells = [(s, c) for s in sorted(sizes) if (c := found.best(arm.name, judge, s))]
            spots = tuple(
                (float(s), 100 * c.accuracy.mean, 100 * c.accuracy.low, 100 * c.accuracy.high)
                for s, c in cells
            )
            if len(spots) > 1:
                curves.append(Curve(arm.name, legend[arm.name], spots))
        if curves:
            name = NAMES.get(judge, judge)
            yield {"name": name, "svg": lines(curves, name=f"Accuracy by size, {name}", log=True)}


def _class_plots(found: Analysis) -> Iterator[dict[str, Any]]:
    names = [str(name) for name in found.study.data.examples.classes]
    size = found.design.sizes[-1]
    for judge in found.design.classifiers:
        cells = [
            c for arm in found.design.arms
            if not arm.control and (c := found.best(arm.name, judge, size)) is not None
        ]  # fmt: skip
        if not cells:
            continue
        best = max(cells, key=lambda c: c.validation)
        known = [k for k, gain in enumerate(best.classes) if not math.isnan(gain)]
        gains = [100 * float(best.classes[k]) for k in known]
        name = f"{NAMES.get(judge, judge)}: {best.arm.name}"
        yield {"name": name, "svg": class_bars([names[k] for k in known], gains, name=name)}


def _measures(found: Analysis) -> Iterator[dict[str, str]]:
    for size in found.design.sizes[-1:]:
        for arm in found.design.arms:
            for judge in found.design.classifiers:
                cells = [c for c in found.of(arm.name, judge, size) if not math.isnan(c.affinity)]
                for cell in cells[-1:]:
                    diversity = "" if math.isnan(cell.diversity) else f"{cell.diversity:.2f}"
                    yield {
                        "arm": arm.name, "judge": NAMES.get(judge, judge),
                        "affinity": points(cell.affinity, signed=True), "diversity": diversity,
                    }  # fmt: skip


def _strips(found: Analysis) -> Iterator[dict[str, Any]]:
    """Some originals of different classes, and a copy of each."""
    study, design = found.study, found.design
    if len(study.data.examples.shape) != 3:
        return
    judge, size = design.classifiers[0], design.sizes[-1]
    left_out = {"none", *(arm for arm, _, _ in found.failures())}
    for arm in design.arms:
        if arm.name in left_out or found.best(arm.name, judge, size) is None or arm.learned:
            continue
        dose = min(design.doses_of(arm))
        trial = study.ask(Run(arm.name, judge, dose, size, 0, 0))
        plain = study.ask(Run("none", judge, 0, size, 0, 0))
        assert trial is not None
        assert plain is not None
        count = len(plain.train.labels)
        chosen = np.unique(plain.train.labels, return_index=True)[1][:_SHOWN]
        rows = [plain.train.values[chosen]]
        rows.append(trial.train.values[chosen + (count if dose else 0)])
        sheet = _sheet(rows)
        width = sheet.shape[1] * max(1, 48 // plain.train.shape[0])
        yield {"arm": arm.name, "width": width, "image": picture_uri(sheet)}


def _sheet(rows: list[Array]) -> Array:
    """Rows of images (n, H, W, C) from 0 to 1 as one picture."""
    bands = []
    for images in rows:
        framed = np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=0.5)
        bands.append(np.concatenate(list(framed), axis=1))
    return np.concatenate(bands)


def _numbers(found: Analysis, said: list[Verdict]) -> dict[str, Any]:
    """All numbers of the page."""
    cells = []
    for cell in found.cells:
        told = {f.name: getattr(cell, f.name) for f in dataclasses.fields(cell)}
        told["arm"] = cell.arm.name
        told["classes"] = [_plain(v) for v in cell.classes]
        for name in ("accuracy", "gain"):
            estimate = told[name]
            told[name] = None if estimate is None else {
                k: _plain(v) for k, v in dataclasses.asdict(estimate).items()
            }  # fmt: skip
        cells.append({k: _plain(v) for k, v in told.items()})
    classes = [str(name) for name in found.study.data.examples.classes]
    return {
        "study": found.study.about(), "classes": classes, "cells": cells,
        "verdicts": [dataclasses.asdict(v) for v in said],
        "failures": [
            {"arm": arm, "runs": count, "reason": reason}
            for arm, count, reason in found.failures()
        ],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """Without what JSON hasn't: NaN is null, infinity a word."""
    if isinstance(value, float | np.floating):
        return None if math.isnan(value) else "infinity" if math.isinf(value) else float(value)
    return value
