"""A study as tasks of a Ray cluster: the records of this machine, written by who asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.cli.main import run
from tenfold.engine.ray import RayEngine
from tenfold.errors import OutputError
from tenfold.learned.examples import Examples
from tenfold.study.arms import arms_of
from tenfold.study.design import Design
from tenfold.study.records import RECORDS
from tenfold.study.splits import StudyData
from tenfold.study.study import Study

pytest.importorskip("ray", reason="the extra 'ray' isn't installed")


def told(folder: Path) -> dict[str, Any]:
    """The records by their runs, without the time that they took."""
    lines = (folder / RECORDS).read_text().splitlines()[1:]
    assert len(set(lines)) == len(lines)
    return {json.dumps((r := json.loads(line))["run"]): {**r, "seconds": 0} for line in lines}


def blobs() -> StudyData:
    labels = np.arange(90) % 2
    values = np.random.default_rng(0).normal(size=(90, 3)) + labels[:, None]
    return StudyData(Examples(values.astype(np.float32), labels, ("a", "b")))


def design(classifiers: tuple[str, ...] = ("knn",)) -> Design:
    arms = tuple(arms_of("none,duplicate,interpolation"))
    return Design(arms, classifiers, doses=(1, 3), sizes=(10,), repeats=3)


def test_the_same_records(tmp_path: Path) -> None:
    here = Study(blobs(), design(), tmp_path / "here")
    here.run()
    there = Study(blobs(), design(), tmp_path / "there")
    there.run(budget=0.0)
    assert not there.records.found
    seen: list[int] = []
    with RayEngine("local", workers=2).connected() as engine:
        there.run(engine=engine, progress=lambda _, done, __: seen.append(done))
        assert not there.left()
        there.run(engine=engine)
    assert seen == list(range(1, len(here.records.found) + 1))
    assert told(tmp_path / "there") == told(tmp_path / "here")


def test_what_fails_there_fails_here(tmp_path: Path) -> None:
    """An estimator that can't be fitted: what was done is kept, and the cause is told."""
    study = Study(blobs(), design(("knn", "sklearn.neighbors.LocalOutlierFactor")), tmp_path / "s")
    with pytest.raises(OutputError, match="LocalOutlierFactor"):
        study.run(engine=RayEngine("local", workers=1))
    assert len(told(tmp_path / "s")) == len(study.records.found) < len(list(study.design.runs()))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = blobs().examples
    np.savez(tmp_path / "t.npz", X=data.values, y=data.labels)
    words = (
        "study", tmp_path / "t.npz", "--arms", "none,interpolation", "--classifiers", "knn",
        "--doses", "2", "--sizes", "10", "--repeats", "2", "--quiet",
    )  # fmt: skip
    for name, more in {"here": (), "there": ("--engine", "ray", "--workers", "2")}.items():
        assert run([str(word) for word in (*words, "-o", tmp_path / name, *more)]) == 0
    assert told(tmp_path / "there") == told(tmp_path / "here")
    assert run([str(word) for word in (*words, "-o", tmp_path / "x", "--address", "a:1")]) == 2
    assert "give --engine ray too" in capsys.readouterr().err
