"""docs/synth-grow.md: its code runs, its rules grow, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenfold.errors import RequestError
from tenfold.synth.grow import GROWERS, LSystem
from tenfold.synth.grow.expressions import FUNCTIONS
from tenfold.synth.grow.turtle import SIGNS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "synth-grow.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.M | re.S)


def test_the_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (rules,) = blocks("yaml")
    names: dict[str, Any] = {"text": rules}
    for code in blocks("python"):
        exec(code, names)
    assert len(names["tree"]) > 10
    assert capsys.readouterr().out.startswith("!(2")


def test_it_names_every_kind_setting_sign_and_function() -> None:
    for kind, cls in GROWERS.items():
        row, *_ = re.findall(rf"^\| `{kind}` \|.*$", TEXT, flags=re.M)
        if cls is not LSystem:
            for name in re.findall(r"`([a-z0-9_]+)`", row.rpartition(" | ")[2]):
                assert name in cls().settings(), (kind, name)
    for sign in SIGNS:
        assert f"`{sign}" in TEXT or (sign == "|" and "&#124;" in TEXT), sign
    for name in FUNCTIONS:
        assert name in TEXT
    assert "`sqrt abs floor exp log sin cos acos min max`" in TEXT


def test_the_error_it_shows_is_what_is_said() -> None:
    (told,) = re.findall(r"^`(grows beyond .*), \.\.\.`", TEXT, flags=re.M)
    system = LSystem(axiom="A", rules=("A -> AA",), generations=1000)
    with pytest.raises(RequestError, match=re.escape(told)):
        system.grow(0)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target


def test_the_rules_are_those_of_a_recipe() -> None:
    (rules,) = blocks("yaml")
    system = LSystem.of(yaml.safe_load(rules))
    assert LSystem.of(yaml.safe_load(yaml.safe_dump(system.settings()))) == system
