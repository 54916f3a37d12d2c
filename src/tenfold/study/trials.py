"""Trials: the data of one run, and how a built-in classifier does on them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from tenfold.errors import MissingExtraError, OutputError, RequestError, TenfoldError
from tenfold.learned.examples import Examples
from tenfold.learned.generator import Generator
from tenfold.study.arms import Arm
from tenfold.study.changes import Apply, Change, Learned
from tenfold.study.classifiers import Classifier, classifier
from tenfold.study.classifiers.classifier import Fitted, Labels, accuracy
from tenfold.study.design import Design
from tenfold.study.records import Record, Run, packed
from tenfold.study.splits import Parts, StudyData, parts

_PARTED = 16
"""So many ways to part the data are kept: the arms and classifiers of a repetition share one."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What one run is to be trained and tested on.

    Attributes:
        run: see there.
        train: originals and copies; `validation` and `test` are never augmented.
        arm: fingerprint of the run's arm.
        seed: for the training's own randomness.
    """

    run: Run
    arm: str
    train: Examples
    validation: Examples
    test: Examples
    seed: int


def judged(trial: Trial, predictions: Labels, **told: Any) -> Record:
    """What predictions of a trial's test samples are worth.

    Args:
        trial: see there.
        predictions: (N,) classes of the test samples, in their order.
        told: other attributes of the record (validation, chosen, loss, seconds).

    Raises:
        RequestError: another number of predictions than test samples.
    """
    labels = trial.test.labels
    found = np.asarray(predictions)
    if found.shape != labels.shape:
        raise RequestError(f"{len(labels)} predictions are needed, got shape {found.shape}")
    right = found == labels
    given: Mapping[str, Any] = {"validation": float("nan"), **told}
    return Record(
        trial.run, trial.arm, trial.seed, packed(right), len(labels), float(right.mean()),
        trained=len(trial.train.labels), **given,
    )  # fmt: skip


class Trials:
    """Makes trials, and does them with the built-in classifiers.

    Args:
        data: see there.
        design: see there.
    """

    def __init__(self, data: StudyData, design: Design) -> None:
        self.data, self.design = data, design
        self._arms = {arm.name: arm for arm in design.arms}
        self._parted = lru_cache(_PARTED)(self._parts)
        self._made: dict[tuple[object, ...], tuple[list[Apply], list[Examples]]] = {}
        self._plain: dict[tuple[object, ...], Fitted] = {}
        self._generators: dict[tuple[object, ...], Generator] = {}
        self._generators_of: tuple[object, ...] = ()

    def parts(self, run: Run) -> Parts:
        """How the data are parted for a run."""
        return self._parted(run.size, run.repeat, run.fold)

    def _parts(self, size: int | None, repeat: int, fold: int) -> Parts:
        design = self.design
        return parts(
            self.data, repeat=repeat, fold=fold, folds=design.folds, size=size, seed=design.seed,
            test_share=design.test_share, validation_share=design.validation_share,
        )  # fmt: skip

    def trial(self, run: Run, option: float | None = None) -> Trial:
        """The data of a run.

        Args:
            run: see there.
            option: strength of the arm's preparation; None takes the middle one.
        """
        arm, places = self._arms[run.arm], self.parts(run)
        examples = self.data.examples
        train = _together(self._copies(arm, run, places)[1][: run.dose + 1])
        held = [train, examples.take(places.validation), examples.take(places.test)]
        for step in arm.preparations:
            one = step.options[0] if len(step.options) == 1 else option
            strength = step.options[len(step.options) // 2] if one is None else one
            held = [step.apply(each, strength) for each in held]
        return Trial(run, arm.fingerprint, held[0], held[1], held[2], self._seed(run))

    def do(self, run: Run) -> Record:
        """Train and test one run with its built-in classifier; an arm that fails is recorded.

        Raises:
            TenfoldError: the baseline failed, without which nothing can be compared, or the machine
                did.
        """
        try:
            return self._done(run)
        except (MissingExtraError, OutputError, MemoryError):
            raise
        # Whatever a generator or a person's estimator does wrong: the other arms go on.
        except Exception as error:
            if run.arm == "none":
                raise
            kind = "" if isinstance(error, TenfoldError) else f"{type(error).__name__}: "
            return Record(
                run, self._arms[run.arm].fingerprint, self._seed(run), "", 0, 0.0, 0.0, 0,
                failed=f"{kind}{error}",
            )  # fmt: skip

    def _done(self, run: Run) -> Record:
        began = time.perf_counter()
        judge = classifier(run.classifier)
        options = self._options(run)
        best: tuple[float, Trial, Fitted, float] | None = None
        for option in options:
            trial = self.trial(run, option)
            fitted = judge.fit(trial.train, trial.validation, trial.seed)
            score = accuracy(fitted.predict(trial.validation.values), trial.validation.labels)
            if best is None or score > best[0]:
                best = score, trial, fitted, option
        assert best is not None
        score, trial, fitted, option = best
        chosen = dict(fitted.chosen)
        if len(options) > 1:
            chosen["preparation"] = option
        affinity = self._affinity(run, judge, trial)
        return judged(
            trial, fitted.predict(trial.test.values), validation=score, chosen=chosen,
            loss=fitted.loss, affinity=affinity, seconds=round(time.perf_counter() - began, 3),
        )  # fmt: skip

    def _options(self, run: Run) -> Sequence[float]:
        """Strengths of the arm's preparation from which the validation part chooses."""
        found = [p.options for p in self._arms[run.arm].preparations if len(p.options) > 1]
        return found[0] if found else (0.0,)

    def _copies(self, arm: Arm, run: Run, places: Parts) -> tuple[list[Apply], list[Examples]]:
        """What makes an arm's copies, and the originals with copies up to the largest dose.

        Copies of one dose are among those of a larger one, and doses and classifiers share them.
        """
        originals = self.data.examples.take(places.train)
        if not arm.changes or not run.dose:
            return [], [originals]
        key = (arm.name, run.size, run.repeat, run.fold)
        if key not in self._made:
            self._made.clear()  # one arm at a time, as copies may be large
            held = self.data.examples.take(places.validation)
            seed = self._seed(run)
            applies = [self._ready(change, run, originals, held, seed) for change in arm.changes]
            made = [originals]
            for copy in range(1, max(self.design.doses) + 1):
                made.append(_changed(originals, applies, copy))
            self._made[key] = applies, made
        return self._made[key]

    def _ready(self, change: Change, run: Run, train: Examples, held: Examples, seed: int) -> Apply:
        """A change, fitted; generators are kept, as arms with other methods share them."""
        if not isinstance(change, Learned):
            return change.fitted(train, held, seed)
        parts_of = (run.size, run.repeat, run.fold)
        if self._generators_of != parts_of:
            self._generators, self._generators_of = {}, parts_of
        what = (change.kind, change.settings)
        if what not in self._generators:
            self._generators[what] = change.generator(train, held, seed)
        return change.by(self._generators[what], seed)

    def _affinity(self, run: Run, judge: Classifier, trial: Trial) -> float | None:
        """See `Record.affinity`; for arms that change samples and prepare nothing."""
        arm = self._arms[run.arm]
        if arm.control or arm.preparations or run.dose != max(self.design.doses):
            return None
        places, key = self.parts(run), (run.classifier, run.size, run.repeat, run.fold)
        if key not in self._plain:
            self._plain.clear()
            originals = self.data.examples.take(places.train)
            self._plain[key] = judge.fit(originals, trial.validation, trial.seed)
        plain, held = self._plain[key], trial.validation
        changed = _changed(held, self._copies(arm, run, places)[0], 1)
        clean = accuracy(plain.predict(held.values), held.labels)
        return accuracy(plain.predict(changed.values), held.labels) - clean

    def _seed(self, run: Run) -> int:
        """The same for all arms, doses and classifiers of a repetition: they are compared."""
        words = np.random.SeedSequence([self.design.seed, run.repeat, run.fold]).generate_state(1)
        return int(words[0]) >> 1


def _together(parts_: Sequence[Examples]) -> Examples:
    first = parts_[0]
    if len(parts_) == 1:
        return first
    ids = tuple(f"{name}#{k}" if k else name for k, p in enumerate(parts_) for name in p.ids)
    return Examples(
        np.concatenate([p.values for p in parts_]), np.concatenate([p.labels for p in parts_]),
        first.classes, ids,
    )  # fmt: skip


def _changed(examples: Examples, applies: Sequence[Apply], copy: int) -> Examples:
    """That copy of each example."""
    for apply in applies:
        values = apply(examples, copy)
        examples = Examples(values, examples.labels, examples.classes, examples.ids)
    return examples
