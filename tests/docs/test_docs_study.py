"""docs/study.md: its arms are known, its links lead somewhere, and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.learned.examples import Array, Examples
from tenfold.study.arms import arms_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "study.md"
TEXT = PAGE.read_text("utf-8")


def test_listed_arms_are_known() -> None:
    rows = re.findall(r"^\| (`.*?) \|", TEXT, flags=re.M)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(named) > 15
    for name in named:
        if name != "recipe:my.yaml":
            assert arms_of(name)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target


def test_own_training_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.M | re.S)
    rng = np.random.default_rng(0)

    def my_training(train: Examples, validation: Examples, test: Array) -> Array:
        means = np.stack([train.values[train.labels == k].mean() for k in range(2)])
        return np.asarray(np.abs(test.mean(axis=(1, 2, 3))[:, None] - means).argmin(axis=1))

    labels = np.arange(60) % 2
    images = rng.random((60, 8, 8, 1)) * (0.5 + 0.5 * labels[:, None, None, None])
    names: dict[str, Any] = {"images": images, "labels": labels, "my_training": my_training}
    exec(compile(code, "docs/study.md", "exec"), names)
    assert "points for k-NN" in capsys.readouterr().out
    assert (tmp_path / "study" / "study.html").is_file()
