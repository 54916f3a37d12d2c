"""The filter: what it keeps, and that no copy is judged by who has seen its original."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from tenfold.errors import RequestError
from tenfold.learned import filter as filters
from tenfold.learned.examples import Examples
from tenfold.learned.filter import JUDGES, judge_copies


def originals(each: int = 12, wide: int = 4) -> Examples:
    generator = np.random.default_rng(0)
    labels = np.arange(3 * each) % 3
    values = generator.normal(size=(3 * each, wide)) + 6 * np.eye(wide)[labels]
    return Examples(values, labels, ("a", "b", "c"))


@pytest.mark.parametrize("judge", JUDGES)
def test_copies_moved_to_another_class_are_rejected(judge: str) -> None:
    own = originals()
    parents = np.arange(36)
    labels = own.labels
    moved = own.values.copy()
    wrong = np.arange(0, 36, 4)
    moved[wrong] += 6 * (np.eye(4)[(labels[wrong] + 1) % 3] - np.eye(4)[labels[wrong]])
    found = judge_copies(moved, parents, labels, own, judge)
    assert np.array_equal(np.flatnonzero(~found.kept), wrong)
    assert found.rejected == pytest.approx(9 / 36)
    assert found.by_class.tolist() == [0.25, 0.25, 0.25]
    assert found.originals == 0
    assert str(found) == "25.0 % of 36 copies rejected (0.0 % of the originals would be)"


def test_an_original_never_vouches_for_its_copies() -> None:
    """One mislabelled original: a judge that has seen it would take its copies for its class."""
    own = originals()
    values = own.values.copy()
    values[0] = 6 * np.eye(4)[1]  # labelled a, among the b's
    own = Examples(values, own.labels, own.classes)
    found = judge_copies(values[:1].repeat(3, axis=0), np.zeros(3), np.zeros(3), own)
    assert not found.kept.any()
    assert found.originals == pytest.approx(1 / 36)
    assert np.isnan(found.by_class[1:]).all()


def test_every_fold_is_fitted_without_the_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that knows what it has seen, and says so."""

    class Memory:
        def fit(self, values: Any, labels: Any) -> Memory:
            self.seen = {value.tobytes() for value in values}
            return self

        def predict(self, values: Any) -> Any:
            return np.array([value.tobytes() in self.seen for value in values], int)

    monkeypatch.setattr(filters, "_judge", lambda name, labels: Memory())
    own = originals()
    found = judge_copies(own.values, np.arange(36), np.ones(36, int), own)
    assert not found.kept.any()  # 1 would mean "seen"
    no_parents = judge_copies(own.values, np.full(36, -1), np.ones(36, int), own)
    assert no_parents.kept.all()  # four judges of five have seen each


def test_copies_without_originals_and_two_examples_a_class() -> None:
    own = originals(2)
    centres = 6 * np.eye(4)[:3].astype(np.float32)
    found = judge_copies(centres, np.full(3, -1), np.arange(3), own)
    assert found.kept.all()
    assert not judge_copies(centres, np.full(3, -1), np.array([1, 2, 0]), own).kept.any()


def test_requests_that_cannot_be_met() -> None:
    own = originals()
    zeros = np.zeros(1, np.int64)
    with pytest.raises(RequestError, match="did you mean 'neighbours'"):
        judge_copies(own.values[:1], zeros, zeros, own, "neighbors")
    with pytest.raises(RequestError, match="don't fit"):
        judge_copies(np.zeros((1, 3)), zeros, zeros, own)
    with pytest.raises(RequestError, match="36 originals, or -1"):
        judge_copies(own.values[:1], zeros + 36, zeros, own)
    with pytest.raises(RequestError, match="class 'b' has 1 example"):
        judge_copies(own.values[:1], zeros, zeros, own.take(np.array([0, 3, 1, 2, 5])))
    with pytest.raises(RequestError, match="at least two classes"):
        judge_copies(own.values[:1], zeros, zeros, own.take(np.array([0, 3])))
