"""The reference page is current, and everything on it works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tenfold.declare.parse import load_recipe
from tenfold.declare.presets import PRESETS
from tenfold.declare.recipe import BORDER_MODES
from tenfold.declare.reference import SECTIONS, invariance_tables, with_reference, write_reference
from tenfold.declare.settings import SETTINGS
from tenfold.errors import RequestError
from tenfold.ops.catalogue import OPS
from tenfold.ops.policy import SPACES
from tenfold.params import specs

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recipes.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:yaml|json)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_generated_parts_are_current() -> None:
    assert with_reference(TEXT) == TEXT, (
        "docs/recipes.md is out of date; write it with: python -c 'from pathlib import Path; "
        "from tenfold.declare.reference import write_reference; "
        'write_reference(Path("docs/recipes.md"))\''
    )


@pytest.mark.parametrize("block", BLOCKS)
def test_code_blocks_load(block: str) -> None:
    assert load_recipe(block).ops


def test_there_are_code_blocks() -> None:
    assert len(BLOCKS) >= 8
    assert TEXT.count("\n```") == 2 * len(BLOCKS)


def test_forms_in_the_tables_load() -> None:
    forms = re.findall(r"\| `- (.*?)` \|", TEXT)
    assert len(forms) == 3
    for form in forms:
        load_recipe(f"version: 1\ninvariances:\n  - {form}\n")
    examples = re.findall(r"\| `(\w+: [^`]*)` \|$", TEXT, re.MULTILINE)
    assert len(examples) == len(SETTINGS)
    for example in examples:
        load_recipe(f"version: 1\n{example}\ninvariances: [rotation]\n")


def test_the_message_shown_is_the_message_given(tmp_path: Path) -> None:
    path = tmp_path / "my-cells.yaml"
    path.write_text("version: 1\nname: x\ninvariances:\n  - hflip\n")
    with pytest.raises(RequestError) as caught:
        load_recipe(path)
    assert str(caught.value).replace(f"{tmp_path}/", "") in TEXT


def test_everything_is_on_the_page() -> None:
    tables = invariance_tables()
    for name, cls in OPS.items():
        assert f"**`{name}`**" in tables
        for parameter in specs(cls):
            if parameter not in ("probability", "exact"):
                assert f"`{parameter}`" in tables
    for mode in BORDER_MODES:
        assert f"| `{mode}`" in TEXT
    for name in PRESETS:
        assert f"| `{name}` |" in TEXT
    for member in SPACES["wide"]:
        assert f"`{member}`" in TEXT
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in tables.splitlines() if row[:1] == "|"}
    assert widths == {6}  # no stray bar breaks a row


def test_writing_and_missing_markers(tmp_path: Path) -> None:
    page = tmp_path / "p.md"
    marks = "".join(f"<!-- generated: {n} -->\nSTALE\n<!-- end: {n} -->\n" for n in SECTIONS)
    page.write_text(marks)
    write_reference(page)
    text = page.read_text()
    assert "STALE" not in text
    assert with_reference(text) == text
    with pytest.raises(RequestError, match="generated: settings"):
        with_reference("nothing here")
