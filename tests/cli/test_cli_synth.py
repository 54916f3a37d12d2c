"""`tenfold synth`: presets, settings, a dataset, a look at it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from little import refused, tenfold

from tenfold.synth.catalogue import PRESETS

SMALL = ("--size", "64", "--seed", "5", "--quiet")


def test_presets_are_listed_and_shown() -> None:
    listed = tenfold("synth", "list")
    assert [line.split()[0] for line in listed.out.splitlines()] == list(PRESETS)
    shown = tenfold("synth", "show", "ct")
    settings = yaml.safe_load(shown.out)
    assert settings["views"] == 720
    assert "# " in shown.out  # what they mean


def test_a_dataset_with_settings_from_a_file_and_the_line(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("membrane: 9\nmitochondria: [0, 1]\n")
    out = tmp_path / "out"
    asked = ("--config", config, "--set", "mitochondria=0", "--set", "densities=1e1", *SMALL)
    done = tenfold("synth", "packed-cells", out, "-n", "3", *asked)
    assert done.code == 0, done.err
    told = yaml.safe_load((out / "synth.yaml").read_text())
    assert told["settings"]["membrane"] == 9
    assert told["settings"]["mitochondria"] == 0
    assert told["settings"]["densities"] == 10
    assert told["settings"]["size"] == 64
    assert told["count"] == 3
    facts = [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]
    assert [fact["membrane"] for fact in facts] == [9, 9, 9]
    again = tenfold("synth", "packed-cells", tmp_path / "again", "-n", "3", "--seed", "5",
                    "--config", out / "synth.yaml", "--quiet", "--workers", "2")  # fmt: skip
    assert again.code == 0, again.err
    verified = [tenfold("verify", folder).out for folder in (out, tmp_path / "again")]
    assert verified[0] == verified[1]
    replayed = tenfold("replay", out / "images" / "packed-cells-000002.png")
    assert replayed.code == 0
    assert "identical" in replayed.out


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = ("synth", "packed-cells", out, "-n", "4", *SMALL)
    assert tenfold(*first, "--shard", "0/2").code == 0
    assert not (out / "manifest.jsonl").exists()
    assert tenfold(*first, "--resume").code == 0
    assert len((out / "manifest.jsonl").read_text().splitlines()) == 4
    said = tenfold(*first).err
    assert "--overwrite" in said
    assert tenfold(*first, "--overwrite", "--dry-run").code == 0


def test_the_report_shows_the_samples(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert tenfold("synth", "packed-cells", out, "-n", "2", *SMALL).code == 0
    page = (out / "report.html").read_text()
    assert "<h2>Samples</h2>" in page
    assert page.count("<img ") == 2 * 5  # each beside its masks
    assert "0 membrane, 1 cell" in page
    facts = json.loads((out / "report.json").read_text())
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert all(set(line["labels"]) == {"cell"} for line in lines)
    assert facts["title"] == "packed-cells"


def test_a_preview_is_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "p.png"
    done = tenfold("synth", "preview", "packed-cells", "-o", out, "--rows", "2", "--size", "64")
    assert done.code == 0, done.err
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture.shape[0] > 2 * 64
    assert picture.shape[1] > 5 * 64


def test_a_style_is_kept_with_the_dataset(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    rng = np.random.default_rng(0)
    for number in range(2):
        noise = cv2.GaussianBlur(rng.normal(128, 90, (96, 96)), (0, 0), 1.5)
        cv2.imwrite(str(real / f"{number}.png"), np.clip(noise, 0, 255).astype(np.uint8))
    out = tmp_path / "out"
    asked = ("-n", "1", "--style", real, "--strength", "0.5", *SMALL)
    done = tenfold("synth", "packed-cells", out, *asked)
    assert done.code in (0, 1), done.err  # an individual whose edges would move is left out
    for file in real.iterdir():
        file.unlink()
    assert (out / "synth.style").exists()
    assert yaml.safe_load((out / "synth.yaml").read_text())["strength"] == 0.5
    if done.code == 0:
        assert tenfold("replay", out / "images" / "packed-cells-000000.png").code == 0
        told = json.loads((out / "metadata.jsonl").read_text().splitlines()[0])
        assert told["dressed"]["edges_moved_px"] <= 1
    other = tmp_path / "other"
    empty = tenfold("synth", "packed-cells", other, "--style", real, *SMALL)
    refused(empty, other, "no image")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pancrea", "o"), "no preset 'pancrea'"),
        (("lst",), "did you mean 'list'"),
        (("ct", "o", "--strength", "0.5"), "--strength is that of a style"),
        (("ct", "o", "--set", "view=9"), "did you mean 'views'"),
        (("ct", "o", "--set", "views"), "write NAME=VALUE"),
        (("ct", "o", "--set", "views=0"), "views"),
        (("ct", "o", "--copies", "2"), "2 copies of what"),
        (("ct", "o", "--config", "gone.yaml"), "can't be read"),
        (("ct", "o", "--resume", "--overwrite"), "contradict"),
        (("ct", "o", "--shard", "0/2"), "--shard needs --seed"),
        (("preview", "ct", "-o", "x.gif"), "must be a .png file"),
    ],
)
def test_what_cant_be_is_said_before_anything_is_written(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = tenfold("synth", *words)
    assert outcome.code == 2, outcome
    assert message in outcome.err
    assert not list(tmp_path.iterdir())
