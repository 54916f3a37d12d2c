"""The page about richness: its code runs, and its tables name what the commands print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tenfold.richness.measure import MEANS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "richness.md").read_text(encoding="utf-8")


def test_code_on_the_page_runs() -> None:
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    space: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, "docs/richness.md", "exec"), space)


def test_the_page_explains_every_measure() -> None:
    for name in MEANS:
        assert f"| {name.partition(',')[0]} |" in PAGE
