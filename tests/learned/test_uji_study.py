"""The study of learned variety: its arithmetic, its splits, and its records."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import ROOT


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.learned.{name}")


def test_intervals_are_student_t(module: Any) -> None:
    values = np.array([1.0, 2, 3, 4, 5])
    half = 2.776 * np.sqrt(2.5 / 5)
    assert module("page").difference(values) == f"+3.0 [{3 - half:+.1f}, {3 + half:+.1f}]"
    assert module("page").difference(values[:1]) == "+1.0"


def test_a_torn_line_is_run_again(module: Any, tmp_path: Path) -> None:
    records, path = module("records"), tmp_path / "records.jsonl"
    assert list(records.read(path)) == []
    records.append(path, {"arm": "a"})
    path.write_bytes(path.read_bytes() + b'{"arm": "b"')
    records.append(path, {"arm": "c"})
    assert [r["arm"] for r in records.read(path)] == ["a", "c"]


def test_no_writer_is_in_two_parts(module: Any) -> None:
    ujipen = module("ujipen")
    if not (ujipen.folder() / "uji-pen-v1").is_dir():
        pytest.skip("the shared data aren't here")
    one, other = ujipen.split(0), ujipen.split(1)
    assert [len(w) for w in one.writers] == [6, 1, 4]
    assert len({w for part in one.writers for w in part}) == 11
    assert one.writers != other.writers
    assert (np.bincount(one.train_labels) == 12).all()
    assert len(one.test) == 4 * 2 * 62
    assert one.examples("train").values.max() == 1


def test_validation_alone_chooses(module: Any) -> None:
    score = module("classifiers").Score
    found = module("classifiers").best([score(50, 99, {}), score(60, 1, {}), score(60, 90, {})])
    assert (found.validation, found.test) == (60, 1)


def test_the_page_compares_with_the_best_control(module: Any) -> None:
    rows = {"plain baseline": 40, "blur": 50, "deformation + blur": 60}
    records = [
        {
            "assignment": a, "arm": arm, "learned": arm.startswith("deformation"),
            "scores": {"SVM": {"validation": value, "test": value + a, "chosen": {}}},
        }
        for arm, value in rows.items() for a in range(3)
    ]  # fmt: skip
    text = module("page").written(records)
    assert "| deformation + blur | yes | 61.0 |" in text
    assert (
        "| SVM | deformation + blur | +20.0 [+20.0, +20.0] | blur | +10.0 [+10.0, +10.0] |" in text
    )
    assert "hasn't been run" in module("page").written(records[3:])


def test_nearest_neighbours_vote(module: Any) -> None:
    ujipen, classifiers = module("ujipen"), module("classifiers")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 40, (30, 70, 70), dtype=np.uint8)
    labels = np.repeat([0, 1, 2], 10)
    for k in range(3):
        images[labels == k, 20 * k : 20 * k + 20] += 100
    parts = [
        x
        for s in (slice(0, 30, 2), slice(1, 30, 4), slice(3, 30, 4))
        for x in (images[s], labels[s])
    ]
    split = ujipen.Split(*parts, ("a", "b", "c"), ())
    features = classifiers.Features(split.train, split.train_labels, split, 2.0)
    assert all(score.test == 100 for score in features.nearest())
    pytest.importorskip("sklearn")
    assert features.machine(2.0).test == 100
