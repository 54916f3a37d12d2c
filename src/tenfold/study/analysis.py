"""From records to what they say: means, differences, intervals, doses, classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tenfold.study.arms import Arm
from tenfold.study.records import Record, Run
from tenfold.study.statistics import Estimate, Floats, estimate, exchange_rate, holm
from tenfold.study.study import Study

Hits = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cell:
    """One arm at one dose, judged by one classifier, trained with one size.

    Attributes:
        arm, classifier, dose, size: which.
        accuracy: mean over repetitions and test samples, with its interval.
        validation: mean accuracy on the validation parts, by which doses and controls are chosen.
        gain: difference from the baseline, pair by pair; None for the baseline.
        adjusted: the gain's probability, adjusted for all gains of the study (Holm).
        classes: (classes,) gain of each class.
        loss: mean last training loss, NaN where there is none; `diversity` is its ratio to the
            baseline's (Gontijo-Lopes et al., arXiv 2002.08973).
        affinity: mean of `Record.affinity`, NaN where it wasn't measured.
        diversity: see `loss`.
        worth: real training samples of each class that give as much without augmentation; NaN
            with one size, infinity beyond the largest.
        repeats: repetitions that were compared.
    """

    arm: Arm
    classifier: str
    dose: int
    size: int | None
    accuracy: Estimate
    validation: float
    gain: Estimate | None
    adjusted: float
    classes: Floats
    loss: float
    affinity: float
    diversity: float
    worth: float
    repeats: int

    @property
    def clear(self) -> bool:
        """Whether the gain differs from nothing, all comparisons considered."""
        return self.gain is not None and self.adjusted < 0.05


class Analysis:
    """What a study's records say so far.

    Args:
        study: with its records.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.design = study.design
        self._labels = study.data.examples.labels
        self._groups = study.data.groups

    @cached_property
    def cells(self) -> list[Cell]:
        """All that can be said, in the design's order."""
        cells = [
            cell
            for size in self.design.sizes
            for judge in self.design.classifiers
            for arm in self.design.arms
            for dose in self.design.doses_of(arm)
            if (cell := self._cell(arm, judge, dose, size)) is not None
        ]
        gains = [k for k, cell in enumerate(cells) if cell.gain is not None]
        adjusted = holm([g.p for k in gains if (g := cells[k].gain) is not None])
        for k, p in zip(gains, adjusted, strict=True):
            cells[k] = _replaced(cells[k], adjusted=float(p))
        return [_replaced(cell, worth=self._worth(cell, cells)) for cell in cells]

    def cell(self, arm: str, judge: str, size: int | None, dose: int) -> Cell | None:
        """That cell, if anything is known of it."""
        found = (c for c in self.of(arm, judge, size) if c.dose == dose)
        return next(found, None)

    def of(self, arm: str, judge: str, size: int | None) -> list[Cell]:
        """An arm's cells, dose after dose."""
        return [
            c for c in self.cells
            if c.arm.name == arm and c.classifier == judge and c.size == size
        ]  # fmt: skip

    def best(self, arm: str, judge: str, size: int | None) -> Cell | None:
        """An arm at the dose that the validation parts choose; the smaller of equal ones."""
        cells = self.of(arm, judge, size)
        return max(cells, key=lambda c: (c.validation, -c.dose)) if cells else None

    def best_control(self, judge: str, size: int | None) -> Cell | None:
        """The control that the validation parts choose; the baseline if there is no other."""
        arms = [arm.name for arm in self.design.arms if arm.control]
        cells = [c for arm in arms if (c := self.best(arm, judge, size)) is not None]
        return max(cells, key=lambda c: c.validation) if cells else None

    def against(self, cell: Cell, other: Cell) -> Estimate | None:
        """Difference of two cells of the same classifier and size, pair by pair."""
        return self._difference(self._records(cell), self._records(other))

    def width(self, run: Run) -> float:
        """The largest standard error of a gain of a run's arm and size; infinity if unknown."""
        cells = [c for c in self.cells if c.arm.name == run.arm and c.size == run.size]
        known = [(c.gain or c.accuracy).deviation for c in cells]
        return float(np.nan_to_num(max(known, default=np.inf), nan=np.inf))

    def _records(self, cell: Cell) -> dict[int, list[Record]]:
        return self._whole(cell.arm.name, cell.classifier, cell.dose, cell.size)

    def _whole(self, arm: str, judge: str, dose: int, size: int | None) -> dict[int, list[Record]]:
        """Repetition -> its records of all folds; only whole repetitions."""
        found = {}
        for repeat in range(self.design.repeats):
            runs = [Run(arm, judge, dose, size, repeat, fold) for fold in range(self.design.folds)]
            known = [self.study.records.found.get(run) for run in runs]
            whole = [record for record in known if record is not None and not record.failed]
            if len(whole) == len(runs):
                found[repeat] = whole
        return found

    def failures(self) -> list[tuple[str, int, str]]:
        """Arms of which runs failed: name, how many, and why the first did."""
        found: dict[str, list[str]] = {}
        for run in self.design.runs():
            record = self.study.records.found.get(run)
            if record is not None and record.failed:
                found.setdefault(run.arm, []).append(f"{run.classifier}: {record.failed}")
        return [(arm, len(reasons), reasons[0]) for arm, reasons in found.items()]

    def _cell(self, arm: Arm, judge: str, dose: int, size: int | None) -> Cell | None:
        records = self._whole(arm.name, judge, dose, size)
        if not records:
            return None
        hits, weights = self._table(records)
        base = self._whole("none", judge, 0, size)
        gain = None if arm.name == "none" else self._difference(records, base)
        flat = [record for each in records.values() for record in each]
        loss, plain = (
            _mean([r.loss for r in flat]),
            _mean([r.loss for e in base.values() for r in e]),
        )
        return Cell(
            arm, judge, dose, size, estimate(hits, weights) if hits.size > 1 else _single(hits),
            _mean([r.validation for r in flat]), gain, 1.0, self._by_class(records, base), loss,
            _mean([r.affinity for r in flat]), loss / plain if plain else float("nan"),
            float("nan"), len(records),
        )  # fmt: skip

    def _difference(
        self, records: dict[int, list[Record]], base: dict[int, list[Record]]
    ) -> Estimate | None:
        common = sorted(records.keys() & base.keys())
        if not common:
            return None
        ours, weights = self._table({k: records[k] for k in common})
        theirs, _ = self._table({k: base[k] for k in common})
        return estimate(ours - theirs, weights) if ours.size > 1 else None

    def _table(self, records: dict[int, list[Record]]) -> tuple[Hits, Floats]:
        """(R, U) shares that are right, and how many samples each unit has."""
        hits = np.stack([
            np.concatenate([record.hits() for record in each]) for each in records.values()
        ]).astype(np.float64)  # fmt: skip
        places = self._tested
        if self._groups is None:
            return hits, np.ones(hits.shape[1])
        groups, unit = np.unique(self._groups[places], return_inverse=True)
        counts = np.bincount(unit).astype(np.float64)
        sums = np.stack([np.bincount(unit, row, len(groups)) for row in hits])
        return sums / counts, counts

    @cached_property
    def _tested(self) -> NDArray[np.int64]:
        """Places of the test samples of all folds, in the order of the hits."""
        runs = [Run("none", "", 0, self.design.sizes[0], 0, k) for k in range(self.design.folds)]
        return np.concatenate([self.study.parts(run).test for run in runs])

    def _by_class(self, records: dict[int, list[Record]], base: dict[int, list[Record]]) -> Floats:
        common = sorted(records.keys() & base.keys())
        classes = len(self.study.data.examples.classes)
        if not common:
            return np.full(classes, np.nan)
        labels = self._labels[self._tested]

        def mean(of: dict[int, list[Record]]) -> Floats:
            hits = np.stack([np.concatenate([r.hits() for r in of[k]]) for k in common])
            counts = np.maximum(np.bincount(labels, minlength=classes), 1)
            return np.asarray(np.bincount(labels, hits.mean(axis=0), classes) / counts)

        return mean(records) - mean(base)

    def _worth(self, cell: Cell, cells: Sequence[Cell]) -> float:
        if cell.size is None or cell.gain is None:
            return float("nan")
        plain = {
            c.size: c.accuracy.mean for c in cells
            if c.arm.name == "none" and c.classifier == cell.classifier and c.size is not None
        }  # fmt: skip
        if len(plain) < 2:
            return float("nan")
        return exchange_rate(list(plain), list(plain.values()), cell.accuracy.mean)


def _mean(values: Sequence[float | None]) -> float:
    known = [v for v in values if v is not None and not np.isnan(v)]
    return float(np.mean(known)) if known else float("nan")


def _single(hits: Hits) -> Estimate:
    value, nan = float(hits.mean()), float("nan")
    return Estimate(value, 0.0, 1.0, 1.0, nan, 0.0, 0.0, 0.0, 0.0)


def _replaced(cell: Cell, **changes: float) -> Cell:
    import dataclasses

    return dataclasses.replace(cell, **changes)  # type: ignore[arg-type]
