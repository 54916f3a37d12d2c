"""Whole studies on made-up data whose answer is known."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.learned.examples import Array, Examples
from tenfold.study import changes
from tenfold.study.analysis import Analysis
from tenfold.study.arms import arms_of
from tenfold.study.classifiers import classifier
from tenfold.study.classifiers.distances import squared_distances
from tenfold.study.design import Design
from tenfold.study.records import RECORDS, Run
from tenfold.study.report import write_report
from tenfold.study.splits import StudyData
from tenfold.study.study import Study
from tenfold.study.trials import Trials
from tenfold.study.verdict import verdicts


def shifted_bars(count: int = 160, side: int = 12, seed: int = 0) -> Examples:
    """Class 0 is an upright bar, class 1 a level one, anywhere: moving keeps the label."""
    rng = np.random.default_rng(seed)
    images = rng.normal(0.3, 0.08, (count, side, side, 1))
    labels = np.arange(count) % 2
    for image, label in zip(images, labels, strict=True):
        at, start = rng.integers(1, side - 2), rng.integers(0, side - 6)
        bar = (slice(start, start + 6), at) if label == 0 else (at, slice(start, start + 6))
        image[bar] += 0.45
    return Examples(np.clip(images, 0, 1).astype(np.float32), labels, ("upright", "level"))


def design(arms: str, **changes: Any) -> Design:
    given: dict[str, Any] = {
        "classifiers": ("knn",), "doses": (1, 6), "sizes": (15,), "repeats": 4, **changes,
    }  # fmt: skip
    return Design(tuple(arms_of(arms)), **given)


def done(given: Examples, chosen: Design, folder: Path) -> Analysis:
    study = Study(StudyData(given), chosen, folder)
    study.run()
    assert not study.left()
    return Analysis(study)


def test_a_known_invariance_is_found_and_a_false_one_is_not(tmp_path: Path) -> None:
    chosen = design("none,duplicate,only:translation")
    found = done(shifted_bars(), chosen, tmp_path)
    (verdict,) = verdicts(found)
    assert verdict.judgement == "worth it"
    assert "only:translation at 6 copies" in verdict.sentences[0]
    best = found.cell("only:translation", "knn", 15, 6)
    nothing = found.cell("duplicate", "knn", 15, 6)
    assert best is not None
    assert best.gain is not None
    assert best.gain.low > 0.01
    assert nothing is not None
    assert nothing.gain is not None
    assert nothing.gain.mean == pytest.approx(0, abs=0.03)
    assert not nothing.clear


def test_noise_labels_are_not_learned_by_any_arm(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    values = rng.random((150, 6)).astype(np.float32)
    given = Examples(values, rng.integers(0, 2, 150), ("a", "b"))
    found = done(given, design("none,duplicate,noise,interpolation", sizes=(20,)), tmp_path)
    (verdict,) = verdicts(found)
    assert verdict.judgement in {"can't tell", "not worth it"}


def test_a_study_goes_on_after_a_kill_with_the_same_records(tmp_path: Path) -> None:
    given, chosen = shifted_bars(80), design("none,only:translation", repeats=2, sizes=(10,))
    whole = done(given, chosen, tmp_path / "whole")
    study = Study(StudyData(given), chosen, tmp_path / "cut")
    for run in study.left()[:3]:
        study.records.add([study._trials.do(run)])
    lines = (tmp_path / "cut" / RECORDS).read_bytes()
    (tmp_path / "cut" / RECORDS).write_bytes(lines[:-40])  # a kill in the middle of a line
    again = Study(StudyData(given), chosen, tmp_path / "cut")
    assert len(again.records.found) == 2
    again.run(workers=2)

    def told(folder: Path) -> dict[str, Any]:
        lines = (folder / RECORDS).read_text().splitlines()
        records = [json.loads(line) for line in lines[1:]]
        return {json.dumps(r["run"]): {**r, "seconds": 0} for r in records}

    assert told(tmp_path / "cut") == told(tmp_path / "whole")
    assert [c.accuracy for c in Analysis(again).cells] == [c.accuracy for c in whole.cells]


def test_an_arm_that_fails_is_recorded_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One arm in one of its repetitions, another always: what is whole is compared as without."""
    chosen = design("none,duplicate,only:translation,only:rotation", doses=(2,))
    whole = done(shifted_bars(), chosen, tmp_path / "whole")
    kept, times = changes.Declared.fitted, []

    def failing(self: changes.Declared, *rest: Any) -> changes.Apply:
        turning = self.recipe.ops[0].name == "rotation"
        times.append(turning)
        if turning:
            raise RequestError("too little")
        if times.count(False) == 2:
            raise ValueError("a bug")
        return kept(self, *rest)

    monkeypatch.setattr(changes.Declared, "fitted", failing)
    study = Study(StudyData(shifted_bars()), chosen, tmp_path / "out")
    study.run()
    assert not study.left()
    found = Analysis(study)
    assert found.failures() == [
        ("only:rotation", 4, "knn: too little"), ("only:translation", 1, "knn: ValueError: a bug"),
    ]  # fmt: skip
    assert found.best("only:rotation", "knn", 15) is None
    cell, before = (f.best("only:translation", "knn", 15) for f in (found, whole))
    assert cell is not None
    assert before is not None
    assert (cell.repeats, before.repeats) == (3, 4)
    same = (found.best("duplicate", "knn", 15), whole.best("duplicate", "knn", 15))
    assert same[0] is not None
    assert same[1] is not None
    assert same[0].accuracy == same[1].accuracy
    page = write_report(found, tmp_path / "out").read_text()
    assert "failed in 4 runs" in page
    assert "ValueError: a bug" in page
    monkeypatch.undo()
    again = Study(StudyData(shifted_bars()), chosen, tmp_path / "out")
    assert not again.left()
    assert Analysis(again).failures() == found.failures()


def test_a_baseline_that_fails_ends_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trials, "_done", lambda *_: 1 / 0)
    study = Study(StudyData(shifted_bars()), design("none,duplicate"), tmp_path)
    with pytest.raises(ZeroDivisionError):
        study.run()


def test_another_study_or_arm_is_refused(tmp_path: Path) -> None:
    given = shifted_bars(60)
    recipe = tmp_path / "r.yaml"
    recipe.write_text("version: 1\ninvariances: [{rotation: {degrees: 5}}]\n")
    chosen = design(f"none,recipe:{recipe}", repeats=1, doses=(1,), sizes=(8,))
    done(given, chosen, tmp_path / "s")
    with pytest.raises(RequestError, match="holds another study"):
        Study(StudyData(shifted_bars(60, seed=1)), chosen, tmp_path / "s")
    recipe.write_text("version: 1\ninvariances: [{rotation: {degrees: 50}}]\n")
    changed = design(f"none,recipe:{recipe}", repeats=1, doses=(1,), sizes=(8,))
    with pytest.raises(RequestError, match="was another when"):
        Study(StudyData(given), changed, tmp_path / "s")


def test_own_training_code_can_be_the_judge(tmp_path: Path) -> None:
    chosen = design("none,duplicate", repeats=1, doses=(2,), sizes=(10,))
    study = Study(StudyData(shifted_bars(80)), chosen, tmp_path)
    while (trial := study.ask()) is not None:
        assert len(trial.train.labels) == (trial.run.dose + 1) * 20
        study.tell(trial, np.zeros(len(trial.test.labels), np.int64), seconds=1.5)
    cell = Analysis(study).cell("none", "knn", 10, 0)
    assert cell is not None
    assert cell.accuracy.mean == pytest.approx(np.mean(study.data.examples.labels[
        study.parts(Run("none", "knn", 0, 10, 0, 0)).test] == 0))  # fmt: skip
    trial = study.ask(Run("none", "knn", 0, 10, 0, 0))
    assert trial is not None
    with pytest.raises(RequestError, match="predictions are needed"):
        study.tell(trial, np.zeros(3, np.int64))


def test_arms_share_a_generator_and_make_what_they_make_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, fits = shifted_bars(60), []
    fit = changes.fit_generator

    def counted(*args: Any) -> Any:
        fits.append(args[0])
        return fit(*args)

    monkeypatch.setattr(changes, "fit_generator", counted)
    both = design("none,deformation,deformation:interpolation", repeats=2, doses=(1,), sizes=(6,))
    together = done(given, both, tmp_path / "both")
    assert len(fits) == 2, "one fit a repetition"
    one = design("none,deformation:interpolation", repeats=2, doses=(1,), sizes=(6,))
    alone = done(given, one, tmp_path / "one")
    name = "deformation:interpolation"
    cells = [found.cell(name, "knn", 6, 1) for found in (together, alone)]
    assert cells[0] is not None
    assert cells[1] is not None
    assert cells[0].accuracy == cells[1].accuracy


def test_a_leak_stops_a_study(tmp_path: Path) -> None:
    given = shifted_bars(60)
    values = np.concatenate([given.values, given.values[:6]])
    leaky = Examples(values, np.concatenate([given.labels, given.labels[:6]]), given.classes)
    with pytest.raises(RequestError, match="proves nothing"):
        Study(StudyData(leaky), design("none,duplicate", folds=3, sizes=(None,)), tmp_path)


def test_the_report_says_what_was_found_and_stands_alone(tmp_path: Path) -> None:
    given = Examples(shifted_bars().values, shifted_bars().labels, ("<up>", "le&vel"))
    chosen = design("none,blur,only:translation", sizes=(8, 15), repeats=2)
    found = done(given, chosen, tmp_path)
    page = write_report(found, tmp_path, source="bars", command="tenfold study bars").read_text()
    for verdict in verdicts(found):
        assert verdict.sentences[0].replace("'", "&#39;") in page
    assert "<up>" not in page, "names are escaped"
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<svg") == 2 + 1 + 1
    numbers = json.loads((tmp_path / "study.json").read_text())
    assert len(numbers["cells"]) == len(found.cells)


def test_distances_are_exact() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((7, 50)).astype(np.float32), rng.random((9, 50)).astype(np.float32)
    expected = np.square(a[:, None].astype(float) - b[None]).sum(2)
    assert squared_distances(a, b) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", ["svm", "knn", "sklearn.ensemble.RandomForestClassifier"])
def test_classifiers_are_those_of_scikit_learn(name: str) -> None:
    given = shifted_bars(120)
    train, rest = given.take(np.arange(80)), given.take(np.arange(80, 120))
    fitted = classifier(name).fit(train, rest, 0)
    flat: Array = train.values.reshape(80, -1)
    found = fitted.predict(rest.values)
    if name == "svm":
        from sklearn.svm import SVC

        same = SVC(**fitted.chosen).fit(flat, train.labels).predict(rest.values.reshape(40, -1))
        assert np.array_equal(found, same)
    elif name == "knn" and fitted.chosen["k"] == 1:
        from sklearn.neighbors import KNeighborsClassifier

        same = KNeighborsClassifier(1).fit(flat, train.labels).predict(rest.values.reshape(40, -1))
        assert np.array_equal(found, same)
    elif name != "knn":
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(random_state=0).fit(flat, train.labels)
        assert np.array_equal(found, forest.predict(rest.values.reshape(40, -1)))


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_networks_learn_and_repeat(name: str) -> None:
    pytest.importorskip("torch", reason="needs torch (the extra learn)")
    given = shifted_bars(160)
    train, rest = given.take(np.arange(120)), given.take(np.arange(120, 160))
    runs = [classifier(name).fit(train, rest, 3) for _ in range(2)]
    found = [run.predict(rest.values) for run in runs]
    assert np.array_equal(found[0], found[1])
    assert np.mean(found[0] == rest.labels) > (0.8 if name == "cnn" else 0.55)


@pytest.mark.parametrize(
    ("arms", "message"),
    [("none,rotate", "no arm 'rotate'"), ("none,blur:x", "sigma"), ("none,,blur", "without a name"),
     ("none,recipe:", "needs a recipe"), ("blur,blur", "twice"), ("only:rotatoin", "did you mean"),
     ("recipe:naturall", "natural")],
)  # fmt: skip
def test_bad_arms(arms: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        arms_of(arms)


def test_the_command(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rng = np.random.default_rng(0)
    rows = [f"{a:.4f},{b:.4f},{'yes' if a + b > 0 else 'no'}" for a, b in rng.normal(size=(120, 2))]
    table.write_text("a,b,label\n" + "\n".join(rows) + "\n")
    command = [
        sys.executable, "-m", "tenfold", "study", str(table), "-o", str(tmp_path / "out"), "--arms",
        "none,duplicate,interpolation", "--classifiers", "knn", "--doses", "2", "--sizes", "10",
        "--repeats", "2", "--quiet",
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "study.html" in ran.stdout
    assert (tmp_path / "out" / "study.html").is_file()
    command[command.index("knn")] = "knnn"
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "did you mean 'knn'" in ran.stderr
