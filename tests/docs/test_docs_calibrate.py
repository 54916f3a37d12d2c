"""docs/calibrate.md: its options are there, its links lead somewhere, and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import click
import numpy as np
import pytest

from known_invariances import bars
from tenfold.cli.calibrate import calibrate

PAGE = Path(__file__).resolve().parents[2] / "docs" / "calibrate.md"
TEXT = PAGE.read_text("utf-8")


def test_options_are_those_that_are_there() -> None:
    known = {word for p in calibrate.params for word in [*p.opts, *p.secondary_opts]}
    elsewhere = {"--size", "--recipe", "--copies", "--seed", "--arms"}
    named = set(re.findall(r"--[a-z][a-z-]+", TEXT))
    assert named - elsewhere <= known
    options = {o for p in calibrate.params if isinstance(p, click.Option) for o in p.opts}
    usual = {"-o", "--output", "--overwrite", "--layout", "--label-column", "--quiet", "--training"}
    assert options - usual <= named | {"--size", "--seed"}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target


def test_the_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn", reason="the extra 'study' isn't installed")
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.M | re.S)
    given = bars(60)
    names = {"images": given.values, "labels": given.labels, "classes": given.classes}
    exec(code, dict(names))
    assert "Rotation(" in capsys.readouterr().out
    assert np.ptp(given.values) <= 1
