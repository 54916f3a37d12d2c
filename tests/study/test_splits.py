"""Parts: disjoint, whole groups, every class, the same test part in every repetition."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.learned.examples import Examples
from tenfold.study.splits import StudyData, group_numbers, parts, require_no_leak


def data(count: int = 120, classes: int = 4, groups: int | None = None) -> StudyData:
    rng = np.random.default_rng(0)
    labels = np.arange(count) % classes
    examples = Examples(rng.random((count, 3)), labels, tuple("abcdefgh"[:classes]))
    return StudyData(examples, None if groups is None else np.arange(count) // classes % groups)


@pytest.mark.parametrize("groups", [None, 10])
@pytest.mark.parametrize("folds", [1, 5])
def test_parts_are_disjoint_and_folds_test_everything_once(groups: int | None, folds: int) -> None:
    given = data(groups=groups)
    tested = []
    for fold in range(folds):
        found = parts(given, repeat=0, fold=fold, folds=folds, size=None, seed=1)
        everything = np.concatenate([found.train, found.validation, found.test])
        assert len(np.unique(everything)) == len(everything) == 120
        if given.groups is not None:
            names = [set(given.groups[p]) for p in (found.train, found.validation, found.test)]
            assert not names[0] & names[1]
            assert not names[2] & (names[0] | names[1])
        tested.append(found.test)
    if folds > 1:
        assert sorted(np.concatenate(tested)) == list(range(120))


def test_repetitions_share_the_test_part_only() -> None:
    first, second = (parts(data(), repeat=k, fold=0, folds=1, size=5, seed=1) for k in range(2))
    assert np.array_equal(first.test, second.test)
    assert not np.array_equal(first.train, second.train)
    assert np.bincount(data().examples.labels[first.train]).tolist() == [5] * 4


def test_classes_have_their_share() -> None:
    found = parts(data(), repeat=0, fold=0, folds=1, size=None, seed=3, test_share=0.25)
    counts = np.bincount(data().examples.labels[found.test], minlength=4)
    assert counts.max() - counts.min() <= 2


def test_a_planted_twin_is_a_leak() -> None:
    given = data()
    found = parts(given, repeat=0, fold=0, folds=1, size=None, seed=1)
    require_no_leak(given, found.train, found.test)
    values = given.examples.values.copy()
    values[found.test[0]] = values[found.train[3]]
    twin = StudyData(Examples(values, given.examples.labels, given.examples.classes))
    with pytest.raises(RequestError, match="proves nothing"):
        require_no_leak(twin, found.train, found.test)


def test_bad_requests() -> None:
    with pytest.raises(RequestError, match="take less"):
        parts(data(), repeat=0, fold=0, folds=1, size=1000, seed=1)
    with pytest.raises(RequestError, match="5 folds need"):
        parts(data(groups=3), repeat=0, fold=0, folds=5, size=None, seed=1)
    with pytest.raises(RequestError, match="isn't found in"):
        group_numbers(["w1/a.png", "x.png"], r"w(\d+)")
    with pytest.raises(RequestError, match="regular expression"):
        group_numbers(["a"], "(")
    both = data(groups=4)
    tested = np.zeros(120, bool)
    tested[:7] = True
    with pytest.raises(RequestError, match="outside of it"):
        parts(StudyData(both.examples, both.groups, tested), repeat=0, fold=0, folds=1, size=None,
              seed=0)  # fmt: skip
