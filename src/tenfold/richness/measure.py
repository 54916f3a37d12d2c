"""How rich a synthetic set is beside a real one, class by class and in all."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.examples import Examples, Label
from tenfold.richness.balls import overlap
from tenfold.richness.distances import Floats
from tenfold.richness.features import Features
from tenfold.richness.interval import Measure
from tenfold.richness.vendi import vendi_score

MEANS = {
    "Vendi, real": "the real set is worth that many clearly different samples",
    "Vendi, synthetic": "the same of the synthetic set; noise raises it as variety does",
    "Vendi, both": "the same of both together: what the synthetic set adds to the real one",
    "precision": "share of synthetic samples that lie where real ones lie",
    "recall": "share of real samples that lie where synthetic ones lie",
    "density": "how deep among the real ones they lie; less than real data: noise, outliers",
    "coverage": "share of real samples with a synthetic one close by",
    "effective size": "so many fresh real samples would cover the real set as well",
}
"""What each measure says, in one line."""

_LOW = 0.5
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Richness:
    """The measures of one class, or of all.

    Attributes:
        name: the class; None for all.
        real, synthetic: numbers of samples.
        measures: by the names of `MEANS`; empty where there are too few samples.
        of_real: what one half of the real set scores against the other half, as `measures`,
            without Vendi; the effective size is doubled to that of a set as large as the real one.
        remark: why there are no measures, or what to beware of; "" for nothing.
    """

    name: Label | None
    real: int
    synthetic: int
    measures: dict[str, Measure] = field(default_factory=dict)
    of_real: dict[str, float] = field(default_factory=dict)
    remark: str = ""

    def plain(self) -> dict[str, Any]:
        """In plain types, for JSON."""
        return {
            "class": self.name,
            "real": self.real,
            "synthetic": self.synthetic,
            "measures": {name: m.plain() for name, m in self.measures.items()},
            "of_real_halves": self.of_real,
            "remark": self.remark,
        }


def richness(
    real: Examples, synthetic: Examples, features: Features, *, k: int = 5, seed: int = 0,
    told: Told = lambda _: None,
) -> list[Richness]:  # fmt: skip
    """All measures, in all and then for each class of the real set.

    Args:
        real, synthetic: of one shape and the same classes.
        features: see `features_of`.
        k: neighbour at which the balls of `overlap` end.
        seed: of halves, and of the groups that are left out for intervals.
        told: what is being measured, as it goes.

    Raises:
        RequestError: the sets don't fit each other, or have fewer than k + 2 samples.
    """
    if tuple(map(str, real.classes)) != tuple(map(str, synthetic.classes)):
        raise RequestError("both sets need the same classes in the same order")
    ours, theirs = features(real), features(synthetic)
    told("all")
    found = [_measured(None, ours, theirs, k, seed)]
    for number, name in enumerate(real.classes if len(real.classes) > 1 else ()):
        told(str(name))
        a, b = ours[real.labels == number], theirs[synthetic.labels == number]
        try:
            found.append(_measured(name, a, b, k, seed))
        except RequestError:
            few = f"too few samples: {k + 2} of each are needed"
            found.append(Richness(name, len(a), len(b), remark=few))
    return found


def _measured(name: Label | None, real: Floats, made: Floats, k: int, seed: int) -> Richness:
    against = overlap(real, made, k, seed)
    measures = {
        "Vendi, real": vendi_score(real),
        "Vendi, synthetic": vendi_score(made),
        "Vendi, both": vendi_score(np.concatenate([real, made])),
        "precision": against.precision,
        "recall": against.recall,
        "density": against.density,
        "coverage": against.coverage,
        "effective size": against.effective,
    }
    of_real = _of_halves(real, k, seed)
    return Richness(name, len(real), len(made), measures, of_real, _remark(measures, of_real))


def _of_halves(real: Floats, k: int, seed: int) -> dict[str, float]:
    half = len(real) // 2
    if half < k + 2:
        return {}
    order = np.random.default_rng([seed, half]).permutation(len(real))
    found = overlap(real[order[:half]], real[order[half : 2 * half]], k, seed)
    return {
        "precision": found.precision.value,
        "recall": found.recall.value,
        "density": found.density.value,
        "coverage": found.coverage.value,
        "effective size": 2 * found.effective.value,
    }


def _remark(measures: dict[str, Measure], of_real: dict[str, float]) -> str:
    """Noise inflates the Vendi score: said where density shows that there may be some."""
    density, usual = measures["density"].value, of_real.get("density", 1.0)
    if density >= _LOW * usual:
        return ""
    return (
        f"density is low ({density:.2f}; real data: {usual:.2f}): part of the synthetic set's "
        "Vendi score is noise, or variety that the real data don't have"
    )


def richness_text(found: list[Richness]) -> str:
    """Tables for the terminal: everything of all samples, the main numbers of each class."""
    whole = found[0]
    lines = [
        f"{whole.real:,} real and {whole.synthetic:,} synthetic samples", "",
        f"  {'':<17}{'value':>9}  {'95 % interval':^19}  {'real data':>9}",
    ]  # fmt: skip
    for name, measure in whole.measures.items():
        usual = _number(whole.of_real[name]) if name in whole.of_real else ""
        lines.append(
            f"  {name:<17}{_number(measure.value):>9}  {_interval(measure):^19}  {usual:>9}  "
            f"{MEANS[name]}"
        )
    if whole.of_real:
        lines += ["", "  real data: what one half of the real set scores against the other half"]
    if whole.remark:
        lines += ["", f"  ! {whole.remark}"]
    if len(found) > 1:
        lines += ["", *_by_class(found[1:])]
    return "\n".join(lines)


def _by_class(found: list[Richness]) -> list[str]:
    from tenfold.evaluate.names import readable, shorten

    shown = {
        "Vendi, real": "Vendi real", "Vendi, synthetic": "synthetic", "precision": "precision",
        "recall": "recall", "density": "density", "coverage": "coverage",
        "effective size": "effective",
    }  # fmt: skip
    names = [shorten(readable(str(row.name)), 24) for row in found]
    wide = max(len("class"), *map(len, names))
    head = "".join(f"{title:>15}" for title in shown.values())
    lines = [f"  {'class':<{wide}}  {'real':>6} {'synth.':>6}{head}"]
    for name, row in zip(names, found, strict=True):
        numbers = f"  {name:<{wide}}  {row.real:>6,} {row.synthetic:>6,}"
        if row.measures:
            numbers += "".join(f"{_brief(row.measures[key]):>15}" for key in shown)
            lines.append(numbers + ("  ! low density" if row.remark else ""))
        else:
            lines.append(f"{numbers}  {row.remark}")
    return lines


def _brief(measure: Measure) -> str:
    if math.isnan(measure.low):
        return _number(measure.value)
    return f"{_number(measure.value)} ±{_number((measure.high - measure.low) / 2)}"


def _interval(measure: Measure) -> str:
    if math.isnan(measure.low):
        return "-"
    return f"{_number(measure.low)} to {_number(measure.high)}"


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
