"""The page about datasets: its code runs, and its table names every one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tenfold.datasets import catalogue, names

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "datasets.md").read_text(encoding="utf-8")


def test_code_on_the_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setattr(catalogue, "_own", {})
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    space: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, "docs/datasets.md", "exec"), space)


def test_the_page_names_every_dataset() -> None:
    for name in names():
        assert f"| `{name}` |" in PAGE
