"""docs/synth.md: its code runs, its commands and presets are those that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tenfold.cli.synth import make, synth
from tenfold.synth.catalogue import PRESETS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "synth.md"
TEXT = PAGE.read_text("utf-8")


def test_the_simulator_of_ones_own_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, use = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.M | re.S)
    (tmp_path / "squares.py").write_text(module)
    assert len([line for line in module.splitlines() if line.strip()]) < 40
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    import squares  # type: ignore[import-not-found]

    scope: dict[str, Any] = {"Squares": squares.Squares}
    exec(compile(use, str(PAGE), "exec"), scope)
    assert len(list((tmp_path / "squares" / "images").iterdir())) == 20


def test_presets_are_told() -> None:
    table = TEXT[TEXT.index("| presets |") : TEXT.index("Stains and styles")]
    assert set(re.findall(r"`([a-z-]+)`", table)) - {"measure"} == set(PRESETS)


def test_commands_have_those_options() -> None:
    known = {option for p in (*make.params, *synth.commands["preview"].params) for option in p.opts}
    for line in re.findall(r"^\$ tenfold synth (.*)$", TEXT, flags=re.M):
        words = line.partition(" #")[0].split()
        used = {word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)}
        assert used <= known, line


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target
