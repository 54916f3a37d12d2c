"""Parts of the data: to train on, to tune by, to judge with, and never one sample in two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.learned.examples import Examples
from tenfold.learned.reading import group_names

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StudyData:
    """What a study is made on.

    Attributes:
        examples: everything.
        groups: (N,) numbers; samples of one group (a writer, a patient) stay together. None where
            nobody said: each sample is its own group.
        tested: (N,) bool, the test part where the data have one; None lets it be cut.
    """

    examples: Examples
    groups: Places | None = None
    tested: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Parts:
    """One way to part the data; places in `StudyData.examples`.

    Attributes:
        train, validation, test: disjoint.
    """

    train: Places
    validation: Places
    test: Places


def group_numbers(ids: Sequence[str], pattern: str) -> Places:
    """(N,) the numbers of the groups that `tenfold.learned.reading.group_names` finds."""
    return np.unique(group_names(ids, pattern), return_inverse=True)[1].astype(np.int64)


def parts(
    data: StudyData, *, repeat: int, fold: int, folds: int, size: int | None, seed: int,
    test_share: float = 0.3, validation_share: float = 0.2,
) -> Parts:  # fmt: skip
    """Part the data for one run.

    The test part is that of the data, or else fold `fold` of `folds` (the same in every
    repetition, so that repetitions and arms are compared on the same samples), or with one fold a
    share of the groups. What repeats is the training: which samples are chosen (with `size`), which
    groups tune, all seeds.

    Args:
        data: see there.
        repeat: number of the repetition.
        fold, folds: which part of how many is tested; 1 for a single test part.
        size: training samples of each class; None takes all.
        seed: of the study.
        test_share, validation_share: of the groups, where they are cut.

    Raises:
        RequestError: too few groups or samples, a class that isn't in the training part, or the
            same sample in two parts.
    """
    count = len(data.examples.labels)
    groups = np.arange(count) if data.groups is None else data.groups
    labels = data.examples.labels
    if data.tested is not None:
        tested = data.tested
    else:
        order = _order(groups, labels, np.random.default_rng([seed, 1]))
        if folds > 1:
            if len(order) < folds:
                raise RequestError(f"{folds} folds need as many groups, there are {len(order)}")
            chosen = order[fold::folds]
        else:
            chosen = order[: max(1, round(test_share * len(order)))]
        tested = np.isin(groups, chosen)
    if data.groups is not None and (both := np.intersect1d(groups[tested], groups[~tested])).size:
        raise RequestError(
            f"{both.size} groups are in the test part and outside of it: a model could know them"
        )
    rest = np.flatnonzero(~tested)
    rng = np.random.default_rng([seed, 2, fold, repeat])
    order = _order(groups[rest], labels[rest], rng)
    if len(order) < 2:
        raise RequestError("outside of the test part there must be two groups or more")
    tuning = order[: max(1, round(validation_share * len(order)))]
    held = np.isin(groups[rest], tuning)
    train = rest[~held]
    if size is not None:
        train = _sized(train, labels, size, rng)
    found = Parts(train, rest[held], np.flatnonzero(tested))
    _check(data.examples, found)
    return found


def _order(groups: Places, labels: Places, rng: np.random.Generator) -> Places:
    """Groups shuffled, such that every stretch of them has its share of every class."""
    names, first, counts = np.unique(groups, return_index=True, return_counts=True)
    shuffled = rng.permutation(len(names))
    if counts.max() > 1:
        return np.asarray(names[shuffled])
    classes = labels[first[shuffled]]
    number, place = np.zeros(len(names)), np.zeros(int(labels.max()) + 1)
    totals = np.bincount(classes, minlength=len(place))
    for k, label in enumerate(classes):
        number[k] = (place[label] + rng.random()) / totals[label]
        place[label] += 1
    return np.asarray(names[shuffled[np.argsort(number, kind="stable")]])


def _sized(train: Places, labels: Places, size: int, rng: np.random.Generator) -> Places:
    chosen: list[Places] = []
    for number in np.unique(labels[train]):
        members = rng.permutation(train[labels[train] == number])
        if len(members) < size:
            raise RequestError(
                f"--sizes {size}: a class has {len(members)} training samples only; take less"
            )
        chosen.append(members[:size])
    return np.sort(np.concatenate(chosen))


def _check(examples: Examples, found: Parts) -> None:
    missing = np.setdiff1d(examples.labels[found.test], examples.labels[found.train])
    if missing.size:
        raise RequestError(
            f"class '{examples.classes[int(missing[0])]}' is in the test part but not in the "
            "training part; choose other groups, or leave the class out"
        )


def require_no_leak(data: StudyData, train: Places, test: Places) -> None:
    """Raise `RequestError` if a sample of the test part is in the training part, value by value."""
    known = {_digest(data.examples, int(i)): int(i) for i in train}
    for place in test:
        if (twin := known.get(_digest(data.examples, int(place)))) is not None:
            ids = data.examples.ids
            raise RequestError(
                f"{ids[int(place)]} of the test part is {ids[twin]} of the training part: what a "
                "model has seen proves nothing; remove one, or name groups with --group"
            )


def _digest(examples: Examples, place: int) -> bytes:
    return sha256(examples.values[place].tobytes()).digest()


def runs_of(folds: int, repeats: int) -> Iterator[tuple[int, int]]:
    """(repeat, fold), repetition after repetition."""
    return ((repeat, fold) for repeat in range(repeats) for fold in range(folds))
