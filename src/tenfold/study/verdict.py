"""The verdict: plain sentences, each with the numbers it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tenfold.study.analysis import Analysis, Cell
from tenfold.study.classifiers import NAMES
from tenfold.study.statistics import Estimate, units_needed

_SMALL = 0.01
"""Gains below a point are not worth the time that copies take."""

Judgement = Literal["worth it", "not worth it", "harmful", "can't tell"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a classifier's runs at one size say.

    Attributes:
        classifier, size: which.
        judgement: of the best arm that makes new data.
        sentences: the first says it, the others what belongs to it.
    """

    classifier: str
    size: int | None
    judgement: Judgement
    sentences: tuple[str, ...]


def verdicts(analysis: Analysis) -> list[Verdict]:
    """One for each classifier and size of which something is known."""
    design = analysis.design
    found = (_verdict(analysis, j, s) for s in design.sizes for j in design.classifiers)
    return [verdict for verdict in found if verdict is not None]


def _verdict(analysis: Analysis, judge: str, size: int | None) -> Verdict | None:
    base = analysis.best("none", judge, size)
    arms = [a.name for a in analysis.design.arms if not a.control]
    cells = [c for a in arms if (c := analysis.best(a, judge, size)) is not None]
    cells = [c for c in cells if c.gain is not None]
    if base is None or not cells:
        return None
    best = max(cells, key=lambda c: c.validation)
    gain = best.gain
    assert gain is not None
    where = f"for {_named(judge)}" + (f" with {size} samples a class" if size else "")
    judgement, first = _first(best, gain, where)
    return Verdict(judge, size, judgement, (first, *_rest(analysis, best, gain, cells)))


def _first(best: Cell, gain: Estimate, where: str) -> tuple[Judgement, str]:
    what = f"{best.arm.name} at {_copies(best.dose)}"
    said = f"{points(gain.mean, signed=True)} points {where} (95 % interval {interval(gain)})"
    if best.clear and gain.mean >= _SMALL:
        return "worth it", f"Worth it: {what}, {said}."
    if best.clear and gain.mean < 0:
        return "harmful", f"Don't: the best of the arms, {what}, makes it worse, {said}."
    if gain.high < _SMALL or (best.clear and gain.mean < _SMALL):
        return "not worth it", (
            f"Not worth it: the best of the arms, {what}, brings {said}; less than one point."
        )
    told = f"Can't tell: {what} shows {said}"
    if not (gain.low > 0 or gain.high < 0):
        return "can't tell", f"{told}, which may be chance. {_more(best, gain)}"
    return "can't tell", (
        f"{told}, but among so many comparisons one like it comes by chance "
        f"(adjusted p {best.adjusted:.2f}). {_more(best, gain)}"
    )


def _more(best: Cell, gain: Estimate) -> str:
    """What it would take."""
    effect = max(abs(gain.mean), _SMALL)
    tested = gain.freedom + 1 if best.repeats == 1 else None
    needed = units_needed(gain, best.repeats, effect)
    if math.isinf(needed):
        return "The repetitions differ too much: more of them are needed before more test data."
    now = _units_now(gain, best.repeats) if tested is None else tested
    more = max(0, math.ceil(needed - now))
    if not more:
        return "More repetitions would narrow the interval."
    return (
        f"To see a difference of {points(effect)} points you would need about {more} more "
        "test samples (or groups)."
    )


def _units_now(gain: Estimate, repeats: int) -> float:
    each = gain.of_units + gain.of_rest / repeats
    own = gain.deviation**2 - gain.of_repeats / repeats
    return each / own if own > 0 else 0.0


def _rest(analysis: Analysis, best: Cell, gain: Estimate, cells: list[Cell]) -> Iterator[str]:
    yield from _doses(analysis, best)
    yield from _against_control(analysis, best, gain)
    yield from _classes(analysis, best)
    if best.clear and not math.isnan(best.worth) and best.size is not None:
        if math.isinf(best.worth):
            most = max(s for s in analysis.design.sizes if s is not None)
            yield f"It gives more than {most} real samples a class do without augmentation."
        elif gain.mean > 0:
            yield (
                f"It is worth {best.worth:.0f} real samples a class in place of {best.size} "
                "(read from the curve without augmentation)."
            )
    for cell in cells:
        if cell.clear and cell.gain is not None and cell.gain.mean < -_SMALL:
            yield (
                f"{cell.arm.name} at {_copies(cell.dose)} hurts: "
                f"{points(cell.gain.mean, signed=True)} points ({interval(cell.gain)})."
            )


def _doses(analysis: Analysis, best: Cell) -> Iterator[str]:
    cells = analysis.of(best.arm.name, best.classifier, best.size)
    if len(cells) < 2:
        return
    top = max(cells, key=lambda c: c.accuracy.mean)
    for cell in sorted(cells, key=lambda c: c.dose):
        apart = analysis.against(top, cell) if cell is not top else None
        if cell is top or (apart is not None and apart.low <= 0 and apart.mean < _SMALL):
            if cell.dose < max(c.dose for c in cells):
                yield f"No clear gain beyond {_copies(cell.dose)}."
            else:
                yield f"Still rising at {_copies(cell.dose)}: try more."
            return


def _against_control(analysis: Analysis, best: Cell, gain: Estimate) -> Iterator[str]:
    control = analysis.best_control(best.classifier, best.size)
    if control is None or control.arm.name == "none" or control.gain is None:
        return
    apart = analysis.against(best, control)
    if apart is None:
        return
    name = control.arm.name
    if gain.mean > _SMALL and control.gain.mean > 0:
        share = min(control.gain.mean / gain.mean, 9.99)
        yield f"{share:.0%} of that gain is also had by the control {name}."
    if apart.clear:
        more = "above" if apart.mean > 0 else "below"
        yield (
            f"It is {points(abs(apart.mean))} points {more} the best control, {name} "
            f"({interval(apart)})."
        )
    else:
        yield f"It can't be told from the best control, {name} ({interval(apart)} points apart)."


def _classes(analysis: Analysis, best: Cell) -> Iterator[str]:
    gains = best.classes
    if len(gains) < 2 or np.isnan(gains).all():
        return
    worst = int(np.nanargmin(gains))
    name = analysis.study.data.examples.classes[worst]
    if gains[worst] <= -0.05:
        losers = int((gains <= -0.05).sum())
        others = f" ({losers} classes lose 5 points or more)" if losers > 1 else ""
        yield f"Class '{name}' loses {points(-gains[worst])} points{others}."


def points(share: float, signed: bool = False) -> str:
    """A share of 1 in points of a hundred: "6.1"."""
    return f"{100 * share:+.1f}" if signed else f"{100 * share:.1f}"


def interval(found: Estimate) -> str:
    """Its ends in points: "3.9 to 8.2"."""
    return f"{points(found.low)} to {points(found.high)}"


def _copies(dose: int) -> str:
    return f"{dose} {'copy' if dose == 1 else 'copies'}"


def _named(judge: str) -> str:
    if judge not in NAMES:
        return judge.rpartition(".")[2]
    return NAMES[judge] if judge == "knn" else f"the {NAMES[judge]}"
