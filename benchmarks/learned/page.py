"""docs/learned-results.md: the study's tables, from its records."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.learned.arms import ARMS
from benchmarks.learned.records import Record

PAGE = Path(__file__).resolve().parents[2] / "docs" / "learned-results.md"
CLASSIFIERS = ("SVM", "k-NN", "MLP", "CNN")
BASELINE = "plain baseline"

_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Student's t: 97.5 % for 1, 2, ... 9 degrees of freedom; the last is taken for more."""

_HEAD = """# Learned variety beside its controls

    python -m benchmarks.learned.uji --assignments 5 --workers 2     # make bench-learned

UJI Pen Characters v1 (1,364 characters, 62 classes, 11 writers, 70x70): {assignments}
assignments of the writers, six to train on (12 samples a class), one to validate, four to test.
Nine copies of each training sample in every arm but the baseline and `blur`. *Blur* is of
everything, test samples included. Recipes, strengths, blur and all settings of the classifiers
are chosen by the validation writer alone, for each assignment anew, from short lists; networks
take the same number of steps in every arm. SVM: Gaussian kernel; k-NN: 1 to 9 neighbours; MLP:
256 units; CNN: three layers of 12 to 48 channels. SVM and k-NN see all pixels (their 2x2 means
after a blur of 2 pixels or more), the networks the 2x2 means. The lists are in
`benchmarks/learned/arms.py` and `classifiers.py`. The lists, the design of the method and the
defaults of `DeformationSettings` were set by mean accuracies on these assignments' *validation*
writers, of whom each tests in other assignments; while it was developed, the test accuracy of the
first assignment was seen too. Autoencoders are fitted through the declaration of the affine and
elastic copies and decode in the tones of the training images, but where the arm says otherwise.

Intervals are 95 %, Student's t over the assignments, paired. Assignments share writers, so that
they are not quite independent.
"""


def written(records: Sequence[Record]) -> str:
    """The page."""
    if all(record["arm"] != BASELINE for record in records):
        return "The plain baseline hasn't been run yet.\n"
    table = _Table(records)
    lines = [
        _HEAD.format(assignments=len(table.assignments)),
        "## Accuracy on the test writers, %\n",
    ]
    lines += _rows(lambda arm, kind: f"{table.mean(arm, kind):.1f}", table)
    lines += ["", "## Gain over the plain baseline, points\n"]
    lines += _rows(lambda arm, kind: table.against(arm, BASELINE, kind), table, skip=BASELINE)
    lines += ["", "## The best arm with learned variety, and the best control without\n"]
    lines.append(
        "*Best* is by validation accuracy, averaged over the assignments, for arms of both kinds; "
        "the last\ncolumn holds against the control that is best on the *test* writers, the "
        "harshest one.\n"
    )
    lines.append(
        "| classifier | best learned arm | gain over baseline | best control | learned - control |"
        " learned - harshest |"
    )
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for kind in table.kinds:
        learned = table.best(kind, True, "validation")
        control = table.best(kind, False, "validation")
        harshest = table.best(kind, False, "test")
        if learned is None or control is None or harshest is None:
            continue
        cells = [
            kind, learned, table.against(learned, BASELINE, kind), control,
            table.against(learned, control, kind),
            f"{table.against(learned, harshest, kind)} ({harshest})",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


class _Table:
    """Accuracies by arm and classifier: one number an assignment that all arms have."""

    def __init__(self, records: Sequence[Record]) -> None:
        found: dict[str, dict[int, Record]] = {}
        for record in records:
            found.setdefault(record["arm"], {})[record["assignment"]] = record
        self.assignments = sorted(found.get(BASELINE, {}))
        whole = [a.name for a in ARMS if set(self.assignments) <= set(found.get(a.name, {}))]
        self.arms = whole
        self.learned = {name: bool(found[name][self.assignments[0]]["learned"]) for name in whole}
        self._found = found
        self.kinds = [k for k in CLASSIFIERS if whole and all(self._has(arm, k) for arm in whole)]

    def _has(self, arm: str, kind: str) -> bool:
        return all(kind in self._found[arm][a]["scores"] for a in self.assignments)

    def values(self, arm: str, kind: str, part: str = "test") -> np.ndarray:
        rows = (self._found[arm][a]["scores"][kind][part] for a in self.assignments)
        return np.array(list(rows), float)

    def mean(self, arm: str, kind: str, part: str = "test") -> float:
        return float(self.values(arm, kind, part).mean())

    def against(self, arm: str, other: str, kind: str) -> str:
        """The mean difference and its interval."""
        return difference(self.values(arm, kind) - self.values(other, kind))

    def best(self, kind: str, learned: bool, part: str) -> str | None:
        mine = [a for a in self.arms if self.learned[a] == learned]
        return max(mine, key=lambda a: self.mean(a, kind, part), default=None)


def difference(values: np.ndarray) -> str:
    """Paired differences as "mean [low, high]", points."""
    mean, count = float(values.mean()), len(values)
    if count < 2:
        return f"{mean:+.1f}"
    t = _T[min(count, len(_T) + 1) - 2]
    half = t * float(values.std(ddof=1)) / math.sqrt(count)
    return f"{mean:+.1f} [{mean - half:+.1f}, {mean + half:+.1f}]"


def _rows(cell: Callable[[str, str], str], table: _Table, skip: str = "") -> list[str]:
    lines = [
        "| " + " | ".join(["arm", "learned", *table.kinds]) + " |",
        "| " + " | ".join(["---"] * (2 + len(table.kinds))) + " |",
    ]
    for arm in table.arms:
        if arm != skip:
            cells = [arm, "yes" if table.learned[arm] else "", *(cell(arm, k) for k in table.kinds)]
            lines.append("| " + " | ".join(cells) + " |")
    return lines
