"""docs/python.md: its blocks run, in order, in one namespace; what they print is as they say."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.M | re.S)
HAS_TORCH = importlib.util.find_spec("torch") is not None


def test_every_block_runs(capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, Any] = {"__name__": "docs"}
    for number, block in enumerate(BLOCKS, 1):
        if "import torch" in block and not HAS_TORCH:
            continue
        try:
            name = f"{PAGE.name}, block {number}"
            exec(compile(block, name, "exec", dont_inherit=True), namespace)
        except Exception as error:
            pytest.fail(f"block {number} of {PAGE.name}: {error!r}\n{block}")
        said = "\n".join(re.findall(r"^# (\d+\. .*)$", block, flags=re.M))
        assert capsys.readouterr().out.strip().endswith(said)


def test_every_target_and_format_is_there() -> None:
    from tenfold.call.objects import BOX_FORMATS
    from tenfold.call.targets import PILLOW_IMAGES, TARGETS
    from tenfold.declare.presets import PRESETS

    for name in (*TARGETS, *BOX_FORMATS, *PRESETS, *PILLOW_IMAGES):
        assert f"`{name}`" in TEXT, name


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target
