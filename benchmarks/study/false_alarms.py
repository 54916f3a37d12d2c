"""How often a study praises what doesn't help: `python -m benchmarks.study.false_alarms`.

Whole studies are simulated by ask and tell: each test sample has an ability of its own to be
classified right, each repetition and arm a training that turned out better or worse by chance, and
no arm helps. A study alarms falsely if any arm, dose or classifier is said to differ from the
baseline. The same with one arm that does help tells how often that is seen.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tenfold.learned.examples import Examples
from tenfold.study.analysis import Analysis
from tenfold.study.arms import Arm
from tenfold.study.changes import Same
from tenfold.study.design import Design
from tenfold.study.splits import StudyData
from tenfold.study.study import Study

ARMS = ("none", "helper", "b", "c", "d")


def simulated(number: int, folder: Path, gain: float = 0.0, spread: float = 0.01) -> Analysis:
    """A study in which the arm "helper" adds so much to what isn't right, and no other arm does.

    Args:
        number: of the study; another, other chance.
        folder: for its records.
        gain: share of the samples' lack of ability that the helper takes away.
        spread: standard deviation of a training's luck.
    """
    rng = np.random.default_rng([number, 77])
    values = rng.normal(0, 1, (600, 2)).astype(np.float32)
    examples = Examples(values, np.arange(600) % 4, ("a", "b", "c", "d"))
    arms = tuple(Arm(name, (Same(),) if name != "none" else ()) for name in ARMS)
    design = Design(arms, ("knn", "svm"), (1, 4), (20,), 5, seed=number, test_share=0.5)
    study = Study(StudyData(examples), design, folder)
    able = rng.beta(1.5, 1.0, 600)
    while (trial := study.ask()) is not None:
        places = study.parts(trial.run).test
        ability = able[places]
        if trial.run.arm == "helper":
            ability = ability + gain * (1 - ability)
        right = rng.random(len(places)) < ability + spread * rng.standard_normal()
        found = np.where(right, trial.test.labels, (trial.test.labels + 1) % 4)
        study.tell(trial, found, validation=float(rng.random()))
    return Analysis(study)


def rates(studies: int, gain: float) -> tuple[float, float]:
    """Shares of the studies with a false alarm, and with the helper found."""
    alarms = found = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(studies):
            cells = simulated(number, Path(folder) / str(number), gain).cells
            clear = {cell.arm.name for cell in cells if cell.clear}
            found += "helper" in clear
            alarms += bool(clear - {"helper"} if gain else clear)
    return alarms / studies, found / studies


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate and print the rates."""
    parser = argparse.ArgumentParser(prog="benchmarks.study.false_alarms", description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    options = parser.parse_args(arguments)
    alarms, _ = rates(options.studies, 0.0)
    print(f"nothing helps: {alarms:.1%} of {options.studies} studies alarm")
    alarms, found = rates(options.studies, 0.2)
    print(f"one arm helps (8 points): found in {found:.1%}, another praised in {alarms:.1%}")


if __name__ == "__main__":
    main()
