"""The page about mixing: its code runs, and its table names every mixer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tenfold.mixing import MIXERS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "mixing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_code_on_the_page_runs(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    code = BLOCKS[number]
    for module in ("torch", "sklearn"):
        if f"import {module}" in code or f"from {module}" in code:
            pytest.importorskip(module)
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, f"docs/mixing.md, block {number + 1}", "exec"), names)
    printed = re.findall(r"0\.\d+", capsys.readouterr().out)
    if "fit_resample" in code:
        assert float(printed[1]) > float(printed[0])
    elif printed:  # both learn; which is better isn't the page's claim
        assert min(map(float, printed)) > 0.85


def test_the_page_names_every_mixer() -> None:
    for name in MIXERS:
        assert f"`{name}`" in PAGE
    assert len(BLOCKS) == 5
