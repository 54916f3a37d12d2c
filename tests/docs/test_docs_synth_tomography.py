"""docs/synth-tomography.md: its code runs, its links lead somewhere, its names are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tenfold.synth.tomography import TISSUES, Detector, Scanner

PAGE = Path(__file__).resolve().parents[2] / "docs" / "synth-tomography.md"
TEXT = PAGE.read_text("utf-8")


def test_the_python_runs() -> None:
    names: dict[str, Any] = {}
    for code in re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.M | re.S):
        exec(code, names)
    assert names["images"].shape == (2, 128, 128)
    assert abs(names["hounsfield"].min() + 1024) < 60
    assert names["better"].shape == (256, 256)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert target.startswith("https://") or (PAGE.parent / target).exists(), target


def test_artefacts_are_declared_as_it_says() -> None:
    for name in TISSUES:
        assert f"`{name}`" in TEXT
    for call in re.findall(r"`((?:Detector|Scanner)\([^`]+\))`", TEXT):
        eval(call, {"Detector": Detector, "Scanner": Scanner})
