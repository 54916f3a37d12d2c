"""`tenfold calibrate`: from a folder to a recipe with its page, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from little import refused, tenfold
from PIL import Image

from tenfold.declare.parse import load_recipe


def lines(root: Path, each: int = 32, side: int = 16) -> Path:
    """Level and upright bars of any brightness: `class/w<writer>-<number>.png`."""
    y, x = np.mgrid[:side, :side] + 0.5 - side / 2
    rng = np.random.default_rng(0)
    for number in range(each):
        for k, name in enumerate(("level", "upright")):
            angle = np.radians(rng.uniform(-15, 15) + 90 * k)
            along = np.abs(x * np.cos(angle) + y * np.sin(angle))
            across = np.abs(y * np.cos(angle) - x * np.sin(angle))
            ink = np.clip(2 - across, 0, 1) * np.clip(6.5 - along, 0, 1) * rng.uniform(0.5, 1)
            path = root / name / f"w{number % 8}-{number:02d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((ink * 255).astype(np.uint8)).save(path)
    return root


def test_from_a_folder_to_a_recipe_and_its_page(tmp_path: Path) -> None:
    source, recipe = lines(tmp_path / "bars"), tmp_path / "out" / "recipe.yaml"
    asked = (
        "calibrate",
        source,
        "--invariances",
        "rotation,brightness,invert",
        "--group",
        r"w(\d)",
    )
    done = tenfold(*asked, "-o", recipe)
    assert done.code == 0, done.err
    assert "half a turn: yes" in done.out
    found = load_recipe(recipe)
    rotation = found.op_named("rotation").plain()
    assert -40 < rotation["degrees"][0] < -15
    assert 15 < rotation["degrees"][1] < 40
    assert found.op_named("rotation#2").plain()["multiples_of"] == 180
    assert "a classifier's limit is a proxy" in recipe.read_text().replace("\n#   ", " ").lower()

    told = json.loads(recipe.with_suffix(".json").read_text())
    assert told["classes"] == {"level": 32, "upright": 32}
    assert told["groups"] == 8
    turned = told["invariances"][0]
    assert turned["name"] == "rotation"
    below, above = turned["axes"]["degrees"]["sides"]
    assert below["limit_value"] < 0 < above["limit_value"]
    assert rotation["degrees"][1] <= above["limit_value"]
    assert len(turned["training"]) == 3

    page = recipe.with_suffix(".html").read_text()
    assert "A classifier's limit is a proxy for a person's" in page
    assert page.count("data:image/png;base64,") > 10
    outside = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?(?!data:|#)([^"\')\s>]+)', page)
    assert not outside  # works offline
    assert all(name in page for name in ("rotation", "brightness", "invert", "half a turn"))

    again = tenfold(*asked, "-o", recipe)
    assert again.code == 2
    assert "--overwrite" in again.err
    before = recipe.read_text()
    assert tenfold(*asked, "-o", recipe, "--overwrite").code == 0
    assert recipe.read_text().endswith(before[before.index("\nversion") :])


def test_where_nothing_holds_there_is_no_recipe(tmp_path: Path) -> None:
    source, recipe = lines(tmp_path / "bars", each=20), tmp_path / "recipe.yaml"
    recipe.write_text("an older one")
    done = tenfold(
        "calibrate", source, "--invariances", "rotation", "--no-training", "--budget", "0.000001s",
        "-o", recipe, "--overwrite",
    )  # fmt: skip
    assert done.code == 0
    assert "too short for rotation" in done.err
    assert "no invariance holds" in done.out
    assert not recipe.exists()
    assert recipe.with_suffix(".html").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--invariances", "rotatoin"], ["did you mean 'rotation'"]),
        (["--invariances", "rotation,,scaling"], ["empty entry"]),
        (["--invariances", "hue"], ["of colours", "1 channel"]),
        (["--epsilon", "80"], ["--epsilon", "80"]),
        (["--budget", "soon"], ["--budget", "5m"]),
        (["--size", "big"], ["--size", "HxW"]),
        (["--group", "writer(.)"], ["writer", "isn't found"]),
        (["--folds", "30"], ["at least 30 are needed"]),
    ],
)
def test_bad_requests(tmp_path: Path, more: list[str], words: list[str]) -> None:
    recipe = tmp_path / "recipe.yaml"
    source = lines(tmp_path / "bars", each=6)
    refused(tenfold("calibrate", source, "-o", recipe, *more), recipe, *words)


def test_a_table_of_features_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b,label\n" + "".join(f"{k},{k % 3},{k % 2}\n" for k in range(20)))
    recipe = tmp_path / "recipe.yaml"
    refused(tenfold("calibrate", table, "-o", recipe), recipe, "feature vectors", "tenfold study")


def test_the_output_is_a_recipe(tmp_path: Path) -> None:
    source = lines(tmp_path / "bars", each=6)
    refused(
        tenfold("calibrate", source, "-o", tmp_path / "out.html"), tmp_path / "out.html", ".yaml"
    )
