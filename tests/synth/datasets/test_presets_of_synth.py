"""Every preset keeps the contract of synthesisers."""

from __future__ import annotations

from typing import Any

import pytest

from tenfold.synth.catalogue import PRESETS
from tenfold.synth.simulation import synthesiser_of
from tenfold.testing import check_synthesiser

SMALL: dict[str, dict[str, Any]] = {"ct": {"views": 90}, "vessels": {"targets": 60}}


@pytest.mark.parametrize("name", PRESETS)
def test_contract(name: str) -> None:
    check_synthesiser(synthesiser_of(name, {"size": 96, **SMALL.get(name, {})}), (0, 2**53 - 1))


def test_presets_are_told_apart() -> None:
    assert len({preset.about for preset in PRESETS.values()}) == len(PRESETS)
    for name in PRESETS:
        assert ":" not in name
        assert name == name.lower()
