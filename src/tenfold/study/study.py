"""A study: what is asked, what was found, and who works it off."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.engine.local import single_threaded
from tenfold.engine.ray import RayEngine
from tenfold.study.classifiers.classifier import Labels
from tenfold.study.crews import Crew, cluster, processes
from tenfold.study.design import Design
from tenfold.study.records import Record, Records, Run
from tenfold.study.splits import Parts, StudyData, require_no_leak
from tenfold.study.trials import Trial, Trials, judged


class Study:
    """Asks for runs to be done, and is told what they found.

    A person's own training code can be the judge: `ask`, train on the trial's parts, `tell` the
    predictions. `run` does the same with the built-in classifiers.

    Args:
        data: see there.
        design: see there.
        folder: where the records go; a study that was stopped goes on with what is there.

    Raises:
        RequestError: the folder holds another study; parts that can't be made; a sample of the
            test part in the training part.
    """

    def __init__(self, data: StudyData, design: Design, folder: Path) -> None:
        self.data, self.design = data, design
        self._trials = Trials(data, design)
        for fold in range(design.folds):
            test = self.parts(Run("none", "", 0, design.sizes[0], 0, fold)).test
            outside = np.setdiff1d(np.arange(len(data.examples.labels)), test)
            require_no_leak(data, outside, test)
        self.records = Records(folder, self.about(), {a.name: a.fingerprint for a in design.arms})

    def about(self) -> dict[str, object]:
        """What makes two studies the same, in types that JSON has."""
        examples, design = self.data.examples, self.design
        digest = hashlib.sha256(examples.values.tobytes() + examples.labels.tobytes())
        for extra in (self.data.groups, self.data.tested):
            digest.update(b"-" if extra is None else extra.tobytes())
        return {
            "data": digest.hexdigest()[:16], "samples": len(examples.labels), "seed": design.seed,
            "folds": design.folds, "test_share": design.test_share,
            "validation_share": design.validation_share,
        }  # fmt: skip

    def parts(self, run: Run) -> Parts:
        """How the data are parted for a run."""
        return self._trials.parts(run)

    def left(self) -> list[Run]:
        """Runs that are still to be done, repetition after repetition."""
        return [run for run in self.design.runs() if run not in self.records.found]

    def ask(self, run: Run | None = None) -> Trial | None:
        """The data of the next run that is left, or of the run given; None if all are done."""
        if run is None:
            run = next(iter(self.left()), None)
        return None if run is None else self._trials.trial(run)

    def tell(self, trial: Trial, predictions: Labels, **told: Any) -> Record:
        """Note what a run found; see `tenfold.study.trials.judged`."""
        record = judged(trial, predictions, **told)
        self.records.add([record])
        return record

    def run(
        self,
        workers: int = 1,
        budget: float | None = None,
        progress: Callable[[Record, int, int], None] = lambda *_: None,
        *,
        engine: RayEngine | None = None,
    ) -> None:
        """Work off what is left with the built-in classifiers.

        Args:
            workers: processes; each works on one thread. Records don't depend on their number.
            budget: seconds after which no run is begun any more. The first repetitions of all come
                first; then those whose intervals are widest.
            progress: told of each record, how many runs are done and how many there are.
            engine: a Ray cluster that works in place of this machine; it has its own `workers`.

        Raises:
            MissingExtraError: a classifier's or Ray's package isn't installed.
            OutputError: the records can't be written, or the cluster failed.
        """
        total = sum(1 for _ in self.design.runs())
        ends = None if budget is None else time.monotonic() + budget
        for record in self._worked(workers, ends, engine):
            self.records.add([record])
            progress(record, len(self.records.found), total)

    def _worked(
        self, workers: int, ends: float | None, engine: RayEngine | None
    ) -> Iterator[Record]:
        if engine is not None:
            with cluster(self.data, self.design, engine) as crew:
                yield from self._shared_out(crew, ends)
        elif workers > 1:
            with processes(self.data, self.design, workers) as crew:
                yield from self._shared_out(crew, ends)
        else:
            with single_threaded():
                while (block := self._next(set(), ends)) and not _over(ends):
                    for run in block:
                        if _over(ends):
                            return
                        yield self._trials.do(run)

    def _shared_out(self, crew: Crew, ends: float | None) -> Iterator[Record]:
        taken: set[Run] = set()
        under_way = 0
        while True:
            while under_way < crew.size and not _over(ends):
                if not (block := self._next(taken, ends)):
                    break
                taken.update(block)
                crew.begin(block, ends)
                under_way += 1
            if not under_way:
                return
            yield from crew.finished()
            under_way -= 1

    def _next(self, taken: set[Run], ends: float | None) -> list[Run]:
        """Runs that share their copies; where time is short, of the arm of which least is known."""
        left = [run for run in self.left() if run not in taken]
        if not left:
            return []
        blocks = [list(runs) for _, runs in groupby(left, _shared)]
        first = min(run.repeat for run in left)
        if ends is None or first < 2:
            return blocks[0]
        from tenfold.study.analysis import Analysis

        known = Analysis(self)
        return max(blocks, key=lambda block: known.width(block[0]))


def _shared(run: Run) -> tuple[object, ...]:
    return run.repeat, run.fold, run.size, run.arm


def _over(ends: float | None) -> bool:
    return ends is not None and time.monotonic() >= ends
