"""A calibration from the data to the recipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from tenfold.calibrate.axes import Axis, Measured, chosen
from tenfold.calibrate.findings import Calibration, Fall, Found, Gain, Turned
from tenfold.calibrate.judges import Bools, Judges
from tenfold.calibrate.limits import Floats, Resampled, Side, interval, side_of
from tenfold.calibrate.psychometric import crossing, never_rising
from tenfold.declare.recipe import Border, Recipe
from tenfold.errors import MissingExtraError, RequestError
from tenfold.learned.examples import Array
from tenfold.ops.op import Op
from tenfold.plan.kernels.fill import plain_border
from tenfold.study.changes import Declared
from tenfold.study.splits import StudyData
from tenfold.study.statistics import estimate

Progress = Callable[[str, int, int], None]
"""Told (what is done, how much is done, how much in all)."""

_LEVELS = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1)
_ABOUT = (0.6, 0.8, 1.0, 1.25, 1.6)  # of a first estimate of the limit
_FACTORS = (0.5, 1.0, 2.0)
_COPIES = 2
_HALVINGS = 6
_SURVEYED = 256


@dataclass(frozen=True)
class Wanted:
    """What to measure, and how.

    Attributes:
        invariances: names, or None for the standard ones, or ("all",).
        classifiers: names.
        epsilon: how much preservation may fall, in (0, 0.5).
        folds: for cross-fitting.
        seed: of all randomness.
        training: also measure up to where training on it helps.
        together: make all ranges smaller by one factor, such that the whole recipe keeps to
            `epsilon`.
        seconds: begin nothing after so many; None: no end.
    """

    invariances: tuple[str, ...] | None = None
    classifiers: tuple[str, ...] = ("svm", "knn")
    epsilon: float = 0.02
    folds: int = 5
    seed: int = 0
    training: bool = True
    together: bool = False
    seconds: float | None = None


class Bench:
    """The samples, their judges and what changes them."""

    def __init__(self, data: StudyData, wanted: Wanted, progress: Progress) -> None:
        self.judges = Judges(
            data, wanted.classifiers, wanted.folds, wanted.seed, lambda t: progress(t, 0, 1)
        )
        self.wanted, self.examples = wanted, self.judges.data.examples
        self.border = Border("background" if self._plain() else "reflect")
        self.resampled = Resampled(self.judges.groups, wanted.seed)

    def _plain(self) -> bool:
        """Whether most images stand on a ground of one tone; a mirrored edge would be no edge."""
        some = self.examples.values[:: max(1, len(self.examples.values) // _SURVEYED)]
        return float(np.mean([plain_border(image, (0, 1)) for image in some])) > 0.5

    def copies(self, ops: Sequence[Op], copy: int = 1) -> Array:
        """(N, H, W, C) a copy of every sample."""
        change = Declared(Recipe(tuple(ops), border=self.border))
        made = change.fitted(self.examples, self.examples, self.wanted.seed)(self.examples, copy)
        return np.clip(made, 0, 1)

    def side(self, measured: Measured, axis: Axis, sign: int, largest: float) -> Side:
        """Measure a side of an axis: at fixed magnitudes first, then about the limit."""
        seen: dict[float, Bools] = {0.0: self.judges.plain}

        def look(levels: Floats) -> None:
            for level in levels.tolist():
                if level not in seen:
                    op = measured.exactly(axis, sign * level)
                    seen[level] = self.judges.right(self.copies([op]))

        look(largest * np.array(_LEVELS))
        levels, table = _stacked(seen)
        curve = never_rising(table.mean(axis=(0, 2)))
        near = float(crossing(levels, curve, self.wanted.epsilon)[0])
        if np.isfinite(near):
            look(np.minimum(near * np.array(_ABOUT), largest))
        levels, table = _stacked(seen)
        return side_of(
            sign, levels, table, self.examples.labels, self.resampled, self.wanted.epsilon
        )

    def fall(self, right: Bools, number: int | None = None) -> Fall:
        """By how much fewer samples are read (of a class), (J, N) -> its mean and interval."""
        some = None if number is None else self.examples.labels == number
        lost = self.judges.plain.mean(axis=0) - right.mean(axis=0)
        means = self.resampled.means(lost[None], some)[:, 0]
        low, high = interval(means[1:])
        return Fall(float(means[0]), float(low), float(high))

    def lost_by(self, ops: Sequence[Op]) -> Fall:
        """By how much fewer samples are read after these ops."""
        return self.fall(self.judges.right(self.copies(ops)))

    def turned(self, name: str, op: Op) -> Turned:
        """Measure something that a copy has or hasn't."""
        right = self.judges.right(self.copies([op]))
        whole = self.fall(right)
        classes = tuple(self.fall(right, k) for k in range(len(self.examples.classes)))
        holds = whole.holds(self.wanted.epsilon)
        if any(one.holds(self.wanted.epsilon) == "no" for one in classes):
            holds = "no"
        return Turned(name, whole, classes, holds)

    def gain(self, ops: Sequence[Op], factor: float) -> Gain:
        """What training on copies by these ops brings on unchanged samples."""
        copies = [self.copies(ops, k + 1) for k in range(_COPIES)]
        right = self.judges.trained_with(copies)
        better = right.astype(np.float64) - self.judges.plain
        sizes = np.bincount(self.judges.groups)
        of_group = np.bincount(self.judges.groups, better.mean(axis=0)) / sizes
        return Gain(factor, estimate(of_group[None], sizes), tuple(better.mean(axis=1).tolist()))


def _stacked(seen: dict[float, Bools]) -> tuple[Floats, Bools]:
    levels = np.array(sorted(seen))
    return levels, np.stack([seen[level] for level in levels.tolist()], axis=1)


def calibrate(
    data: StudyData,
    wanted: Wanted = Wanted(),
    progress: Progress = lambda *_: None,
    source: str = "",
) -> tuple[Calibration, Bench]:
    """Measure how far each invariance may go.

    Args:
        data: labelled images; a test part is left alone.
        wanted: see there.
        progress: see there.
        source: where the data are from, for the recipe.

    Returns:
        What was found, and the bench, from which pages take their pictures.

    Raises:
        RequestError: such data or such settings can't be used.
    """
    if not all(map(find_spec, ("sklearn", "scipy"))):
        raise MissingExtraError("a calibration", "study")
    end = None if wanted.seconds is None else time.monotonic() + wanted.seconds
    if not 0 < wanted.epsilon < 0.5:
        raise RequestError(
            f"--epsilon must be above 0 and below 50 points, got {wanted.epsilon * 100:g}"
        )
    if len(data.examples.shape) == 3:  # unknown names before minutes of fitting
        names = chosen(wanted.invariances, data.examples.shape)
    bench = Bench(data, wanted, progress)
    shape = bench.examples.shape
    _not_hopeless(bench)
    shorter, square = min(shape[:2]), shape[0] == shape[1]
    found, unmeasured = [], []
    total = len(names) * (2 if wanted.training else 1)
    for done, measured in enumerate(names):
        progress(measured.op, done, total)
        if end is not None and time.monotonic() > end:
            unmeasured.append(measured.op)
            continue
        one = Found(measured)
        for axis in measured.axes:
            one.sides[axis.parameter] = [
                bench.side(measured, axis, sign, reach) for sign, reach in axis.sides(shorter)
            ]
        one.turns = [
            bench.turned(turn.name, measured.turned(turn))
            for turn in measured.turns if square or not turn.square
        ]  # fmt: skip
        found.append(one)
    for done, one in enumerate(found if wanted.training else [], len(names)):
        progress(f"training on {one.name}", done, total)
        for factor in _FACTORS if one.reach() else (1.0,):
            ops = one.ops(factor)
            if ops and (end is None or time.monotonic() <= end):
                one.gains.append(bench.gain(ops, factor))
    return _concluded(bench, found, unmeasured, source), bench


def _concluded(bench: Bench, found: list[Found], unmeasured: list[str], source: str) -> Calibration:
    judges, wanted, examples = bench.judges, bench.wanted, bench.examples
    ops = _ops(found, 1.0)
    whole = shrunk = bench.lost_by(ops) if ops else None
    together = 1.0
    if whole is not None and whole.mean > wanted.epsilon:
        together, shrunk = _together(bench, found)
    if wanted.together:
        ops = _ops(found, together)
    kept = "together" if wanted.together else "by each invariance alone"
    recipe = Recipe(
        tuple(ops), name="calibrated", border=bench.border,
        assumes=(
            f"Measured{f' on {source}' if source else ''}: within these ranges "
            f"{' and '.join(judges.names)} lose at most {100 * wanted.epsilon:g} points {kept}. "
            "A classifier's limit stands in for a person's."
        ),
    )  # fmt: skip
    return Calibration(
        wanted.epsilon, found, unmeasured, tuple(judges.plain.mean(axis=1).tolist()), judges.names,
        tuple(map(str, examples.classes)), tuple(np.bincount(examples.labels).tolist()),
        int(judges.groups.max()) + 1, whole, together, shrunk, recipe,
        {
            "source": source, "folds": wanted.folds, "seed": wanted.seed,
            "training": wanted.training, "together": wanted.together, "shape": list(examples.shape),
        },
    )  # fmt: skip


def _ops(found: Sequence[Found], factor: float) -> list[Op]:
    return [op for one in found for op in one.ops(factor * one.helpful)]


def _together(bench: Bench, found: Sequence[Found]) -> tuple[float, Fall | None]:
    """The factor of all ranges at which the whole recipe keeps to epsilon, found by halving."""
    low, high, kept = 0.0, 1.0, None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fall = bench.lost_by(_ops(found, middle))
        if fall.mean <= bench.wanted.epsilon:
            low, kept = middle, fall
        else:
            high = middle
    return low, kept


def _not_hopeless(bench: Bench) -> None:
    """Judges that guess can't see a label suffer."""
    chance = float(np.bincount(bench.examples.labels).max()) / len(bench.examples.labels)
    reached = float(bench.judges.plain.mean())
    if reached <= chance + bench.wanted.epsilon:
        raise RequestError(
            f"{' and '.join(bench.judges.names)} are right about {100 * reached:.0f} % of "
            f"unchanged samples, and naming the commonest class would be about {100 * chance:.0f} "
            "%: such classifiers can't tell when a label suffers; give more samples or other ones"
        )
