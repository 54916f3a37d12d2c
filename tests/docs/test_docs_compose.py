"""docs/compose.md: its recipe is one, its words are those that are there, its links lead on."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tenfold.compose.parents import KEPT_BYTES
from tenfold.declare.compose import SCHEMA, ComposeUse
from tenfold.declare.parse import load_recipe

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compose.md"
TEXT = PAGE.read_text("utf-8")


def test_the_recipe_loads() -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, flags=re.M | re.S)
    use = load_recipe(text).compose
    assert use == ComposeUse(share=1, objects=(3, 8), backgrounds="inpainted", transforms=False)


def test_every_choice_is_told() -> None:
    for value in SCHEMA["properties"].values():
        for option in value.get("enum", ()):
            assert f"`{option}`" in TEXT or f"`backgrounds: {option}`" in TEXT or option == "set"
    assert f"{KEPT_BYTES >> 20} MB" in TEXT
    for block in re.findall(r"^```json\n(.*?)^```", TEXT, flags=re.M | re.S):
        assert set(json.loads(block)["composed"]) == {"seed", "backgrounds", "parts"}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target
