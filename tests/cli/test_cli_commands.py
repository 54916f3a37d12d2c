"""The other commands (inspect, preview, recipe, dataset, bench), help, and real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml
from little import BUILDERS, GENTLE, build, folder, multiply, noise, plain, says, tenfold, tree
from PIL import Image

import tenfold as package
from tenfold.declare.presets import PRESETS

COMMANDS = [
    "augment",
    "replay",
    "verify",
    "inspect",
    "preview",
    "recipe",
    "latent",
    "dataset",
    "bench",
]


def shell(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "tenfold", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_version_and_help() -> None:
    outcome = tenfold("--version")
    assert (outcome.code, outcome.err) == (0, "")
    says(outcome.out, package.__version__)
    for option in ("--help", "-h"):
        outcome = tenfold(option)
        assert outcome.code == 0
        says(outcome.out, *COMMANDS, "Exit codes", "130")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command: str) -> None:
    outcome = tenfold(command, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    says(outcome.out, f"Usage: tenfold {command}")
    assert tenfold(command, "-h").out == outcome.out


@pytest.mark.parametrize("command", ["init", "check", "list", "show", "schema"])
def test_help_of_recipe(command: str) -> None:
    outcome = tenfold("recipe", command, "--help")
    assert outcome.code == 0
    says(outcome.out, f"tenfold recipe {command}")


def test_unknown_commands() -> None:
    for word, near in (("augmnet", "augment"), ("verfy", "verify"), ("Inspect", "inspect")):
        outcome = tenfold(word)
        assert outcome.code == 2
        says(outcome.err, f"no command '{word}'", f"did you mean '{near}'?")
    assert tenfold("zzz").code == 2
    assert tenfold("recipe", "shwo").code == 2
    says(tenfold("recipe", "shwo").err, "shwo")
    assert tenfold("--verison").code == 2
    assert "did you mean" in tenfold("augment", "a", "b", "--coppies", 3).err.lower()


@pytest.mark.parametrize("layout", BUILDERS)
def test_inspect_every_layout(tmp_path: Path, layout: str) -> None:
    source = build(layout, tmp_path / "in")
    outcome = tenfold("inspect", source)
    assert (outcome.code, outcome.err) == (0, "")
    says(outcome.out, layout, "16x12", "uint8", "6", "train 4")
    found = json.loads(tenfold("inspect", source, "--json").out)
    assert found["layout"] == layout
    assert found["readable"] == 6


def test_inspect_leakage(tmp_path: Path) -> None:
    source = folder(tmp_path / "in", 2, 1)
    (source / "test/cat/leak.png").write_bytes((source / "train/cat/0.png").read_bytes())
    outcome = tenfold("inspect", source)
    assert outcome.code == 0
    says(outcome.out, "test/cat/leak.png", "train/cat/0.png", "leak")
    found = json.loads(tenfold("inspect", source, "--json").out)
    (group,) = found["duplicates"]["groups"]
    assert set(group["items"]) == {"test/cat/leak.png", "train/cat/0.png"}
    assert found["duplicates"]["across_splits"] == 1


def test_inspect_bad_files(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", 1, 1)
    (source / "cat/x.png").write_bytes(b"")
    outcome = tenfold("inspect", source)
    assert outcome.code == 1
    says(outcome.out, "cat/x.png", "empty")
    outcome = tenfold("inspect", source, "--json")
    assert outcome.code == 1
    json.loads(outcome.out)
    assert tenfold("inspect", tmp_path / "none").code == 2


@pytest.mark.parametrize("layout", BUILDERS)
def test_preview(tmp_path: Path, layout: str) -> None:
    source, page = build(layout, tmp_path / "in"), tmp_path / "deep/contact.png"
    recipe = tmp_path / "gentle.yaml"
    recipe.write_text(GENTLE)
    before = tree(source)
    outcome = tenfold("preview", source, "--recipe", recipe, "-o", page, "--rows", 2, "--copies", 2)
    assert (outcome.code, outcome.err) == (0, "")
    with Image.open(page) as image:
        image.load()
        assert image.format == "PNG"
        assert f"{image.width}x{image.height}" in outcome.out
        assert np.array(image).std() > 5
    first = page.read_bytes()
    tenfold("preview", source, "--recipe", recipe, "-o", page, "--rows", 2, "--copies", 2)
    assert page.read_bytes() == first
    assert tree(source) == before


def test_preview_of_strange_requests(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", 1, 1)
    for options in (["-o", "x.jpg"], ["--rows", 0], ["--copies", 0], ["--preset", "x"]):
        outcome = tenfold("preview", source, *options)
        assert outcome.code == 2
        says(outcome.err, str(options[-1]))
    outcome = tenfold("preview", source, "-o", source / "cat/page.png")
    assert outcome.code == 2
    says(outcome.err, "would lie in the dataset", "--output")
    outcome = tenfold("preview", source, "-o", source / "cat/0.png/page.png")
    assert outcome.code in (2, 3)


def test_preview_of_nothing_readable(tmp_path: Path) -> None:
    (tmp_path / "in/a").mkdir(parents=True)
    (tmp_path / "in/a/0.png").write_bytes(b"")
    outcome = tenfold("preview", tmp_path / "in", "-o", tmp_path / "p.png")
    assert outcome.code == 2
    assert not (tmp_path / "p.png").exists()
    says(outcome.err, "can be read", "tenfold inspect")


@pytest.mark.parametrize("layout", BUILDERS)
def test_recipe_init_gives_a_recipe_that_works(tmp_path: Path, layout: str) -> None:
    source, recipe = build(layout, tmp_path / "in"), tmp_path / "mine.yaml"
    assert tenfold("recipe", "init", source, "-o", recipe).code == 0
    text = recipe.read_text()
    assert text.count("#") > 3
    assert tenfold("recipe", "init", source).out.rstrip("\n") == text.rstrip("\n")
    assert tenfold("recipe", "check", recipe).code == 0
    job = ("--recipe", recipe, "--copies", 1, "--seed", 1)
    assert tenfold("augment", source, tmp_path / "out", *job).code == 0
    outcome = tenfold("recipe", "init", source, "-o", recipe)
    assert outcome.code == 2
    says(outcome.err, "mine.yaml", "there already")
    assert recipe.read_text() == text


def test_recipe_check_is_lossless(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(GENTLE)
    first = tenfold("recipe", "check", recipe)
    says(first.out, "3 invariances", "hash")
    recipe.write_text(first.out)
    assert tenfold("recipe", "check", recipe).out == first.out
    assert tenfold("recipe", "check", tmp_path / "none.yaml").code == 2


def test_recipe_list_show_and_schema(tmp_path: Path) -> None:
    says(tenfold("recipe", "list").out, *PRESETS, "rotation", "geometry")
    schema = json.loads(tenfold("recipe", "schema").out)
    for name in PRESETS:
        shown = tenfold("recipe", "show", name)
        assert shown.code == 0
        jsonschema.validate(yaml.safe_load(shown.out), schema)
        path = tmp_path / f"{name}.yaml"
        path.write_text(shown.out)
        assert tenfold("recipe", "check", path).code == 0
    outcome = tenfold("recipe", "show", "micro")
    assert outcome.code == 2
    says(outcome.err, "microscopy")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_runs(tmp_path: Path, name: str) -> None:
    source = plain(tmp_path / "in", 1, 1)
    job = ("--preset", name, "--copies", 2, "--seed", 1)
    assert tenfold("augment", source, tmp_path / "out", *job).code == 0


def test_dataset(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    outcome = tenfold("dataset", "digits", tmp_path / "d", "--size", 8)
    assert outcome.code == 0
    says(outcome.out, "1797")
    assert len(list((tmp_path / "d").rglob("*.png"))) == 1797
    again = tenfold("dataset", "digits", tmp_path / "d")
    assert again.code == 2
    says(again.err, "not empty")
    says(tenfold("dataset", "digit", tmp_path / "e").err, "did you mean 'digits'")
    says(tenfold("dataset", "digits", tmp_path / "e", "--size", 3).err, "8..512", "3")
    assert not (tmp_path / "e").exists()


def test_processes_end_with_their_codes(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", 1, 1)
    assert shell("augment", source, tmp_path / "out", "--copies", 1).returncode == 0
    (source / "cat/bad.png").write_bytes(b"")
    done = shell("augment", source, tmp_path / "bad", "--copies", 1)
    assert (done.returncode, done.stderr.count("\r")) == (1, 0)
    done = shell("augment", source, tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tenfold: ")


def test_empty_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from a shell variable that isn't set: not the current folder by accident."""
    source = plain(tmp_path / "in", 1, 1)
    monkeypatch.chdir(source)
    before = tree(tmp_path)
    for command in (
        ("augment", "", tmp_path / "out"),
        ("augment", source, ""),
        ("inspect", ""),
        ("preview", ""),
        ("verify", ""),
        ("recipe", "init", source, "-o", ""),
    ):
        outcome = tenfold(*command)
        assert outcome.code == 2
        says(outcome.err, "path is empty")
    assert tree(tmp_path) == before


def test_names_cannot_disguise_messages(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", 1, 1)
    for name in ("\x1b[31mA.png", "\x1b[31ma.png"):
        (source / "cat" / name).write_bytes((source / "cat/0.png").read_bytes())
    outcome = multiply(source, tmp_path / "out")
    assert outcome.code == 2
    assert "\x1b" not in outcome.err
    says(outcome.err, "\\x1b[31ma.png")
    assert multiply(source, tmp_path / "out2", "--no-originals", "--name", "{copy}").code == 2


def test_output_that_nobody_reads(tmp_path: Path) -> None:
    command = f"{sys.executable} -m tenfold recipe schema | head -c 10"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert len(done.stdout) == 10


def test_names_on_a_terminal_without_unicode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    source = plain(tmp_path / "in", 1, 1)
    (source / "cat/猫é.png").write_bytes(b"")
    done = shell("augment", source, tmp_path / "out", "--copies", 1)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "\\u732b" in done.stderr
    noise(3).save(source / "cat/猫é.png")
    (source / "dog").rename(source / "犬")
    done = shell("inspect", source)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u72ac" in done.stdout
    done = shell("augment", source, tmp_path / "鳥", "--copies", 1)
    assert (done.returncode, done.stderr) == (0, "")


def test_bench(tmp_path: Path) -> None:
    source = build("folder", tmp_path / "in")
    before = tree(tmp_path)
    outcome = tenfold("bench", source, "--copies", 1, "--repeats", 1)
    assert (outcome.code, outcome.err) == (0, "")
    says(outcome.out, "decode", "augment", "encode", "write", "outputs")
    says(outcome.out, "decoding and encoding alone", "% of that", "times one", "OpenCV level 1")
    assert tree(tmp_path) == before
    assert tenfold("bench", tmp_path / "none").code == 2
    assert tenfold("bench", source, "--repeats", 0).code == 2


def test_report_names_the_command(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", 1, 1)
    assert multiply(source, tmp_path / "out").code == 0
    command = json.loads((tmp_path / "out/report.json").read_text())["command"]
    assert command[:2] == ["tenfold", "augment"]
    assert str(source) in command
