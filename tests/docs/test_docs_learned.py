"""docs/learned.md: what it shows is there, and its Python runs where torch is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.declare.generators import METRICS
from tenfold.declare.parse import load_recipe
from tenfold.learned.deformation import Deformation
from tenfold.learned.vae import Vae

PAGE = Path(__file__).resolve().parents[2] / "docs" / "learned.md"
TEXT = PAGE.read_text("utf-8")


def test_recipes_load() -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, flags=re.M | re.S)
    first, second = load_recipe(text).generators
    assert (first.model, first.share, second.strength) == ("shapes/", 0.3, (0.3, 0.7))


def test_methods_metrics_and_options_are_those_that_are_there() -> None:
    from tenfold.cli.fit import vae

    listed = set(re.findall(r"^\| `([a-z]+)` \|", TEXT, flags=re.M))
    assert {*Vae.methods, *Deformation.methods} <= listed
    for metric in METRICS:
        assert f"`{metric}`" in TEXT
    options = {option for each in vae.params for option in each.opts}
    assert set(re.findall(r"`(--[a-z]+)", TEXT)) <= options


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target
    for test in re.findall(r"`(tests/[^`]+)`", TEXT):
        assert (PAGE.parents[1] / test).exists(), test


def test_the_model_on_arrays_works() -> None:
    pytest.importorskip("torch", reason="the extra 'learn' isn't installed")
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.M | re.S)
    rng = np.random.default_rng(0)
    names: dict[str, Any] = {
        "images": rng.random((12, 8, 8, 1), dtype=np.float32),
        "labels": np.arange(12) % 2,
    }
    exec(compile(blocks[1], PAGE.name, "exec", dont_inherit=True), names)
    copies, latents = names["copies"], names["latents"]
    assert copies.shape == (12, 8, 8, 1)
    assert latents.ndim == 2
