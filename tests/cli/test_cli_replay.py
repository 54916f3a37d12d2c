"""`tenfold replay` and `tenfold verify`: one file made again, all files checked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from little import BUILDERS, build, folder, manifest, multiply, noise, says, tenfold, tree


@pytest.fixture(scope="module", params=BUILDERS)
def every(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `in` and `out` in one layout, by whose name it goes."""
    place = tmp_path_factory.mktemp("replay") / str(request.param)
    place.mkdir()
    build(place.name, place / "in")
    assert multiply(place / "in", place / "out", copies=1).code == 0
    return place


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """What was made of a small folder, which lies beside it as `in`."""
    assert multiply(folder(tmp_path / "in", 1, 1), tmp_path / "out", copies=1).code == 0
    return tmp_path / "out"


COPY = "train/cat/0_aug_0001.png"


def test_every_output_of_every_layout(every: Path) -> None:
    before = tree(every / "out")
    for line in manifest(every / "out"):
        for name in line["files"] or [line["file"]]:
            outcome = tenfold("replay", every / "out" / name)
            assert (outcome.code, outcome.err) == (0, ""), (name, outcome)
            says(outcome.out, "identical", line["item"])
    assert tree(every / "out") == before


def test_it_keeps_what_it_made(every: Path, tmp_path: Path) -> None:
    line = next(line for line in manifest(every / "out") if line["kind"] == "copy")
    outcome = tenfold("replay", every / "out" / line["file"], "-o", tmp_path / "again")
    assert outcome.code == 0
    for name in line["files"]:
        assert (tmp_path / "again" / name).read_bytes() == (every / "out" / name).read_bytes()


def test_it_tells_what_was_drawn(out: Path) -> None:
    outcome = tenfold("replay", out / COPY)
    says(outcome.out, "copy 1", "seed 5", "rotation", "degrees", "brightness")


def test_a_changed_file(out: Path) -> None:
    noise(77).save(out / COPY)
    outcome = tenfold("replay", out / COPY)
    assert outcome.code == 1
    says(outcome.out, "changed after it was made")


def test_a_deleted_file(out: Path, tmp_path: Path) -> None:
    before = (out / COPY).read_bytes()
    (out / COPY).unlink()
    outcome = tenfold("replay", out / COPY)
    assert outcome.code == 1
    says(outcome.out, f"{COPY} is missing", "-o FOLDER makes it again")
    outcome = tenfold("replay", out / COPY, "-o", tmp_path / "again")
    assert outcome.code == 1
    says(outcome.out, f"{COPY} is missing; made again in {tmp_path / 'again'}")
    assert (tmp_path / "again" / COPY).read_bytes() == before


def test_a_deleted_annotation_and_array(tmp_path: Path) -> None:
    for layout, file, name in (
        ("yolo", "labels/train/0_aug_0001.txt", "images/train/0_aug_0001.png"),
        ("arrays", "data.npz", "data.npz#train/000000_aug_0001"),
    ):
        out = tmp_path / layout / "out"
        assert multiply(build(layout, tmp_path / layout / "in"), out, copies=1).code == 0
        (out / file).unlink()
        outcome = tenfold("replay", out / name)
        assert (outcome.code, outcome.err) == (1, "")
        says(outcome.out, f"{file} is missing")


def test_a_changed_row(tmp_path: Path) -> None:
    build("arrays", tmp_path / "in")
    assert multiply(tmp_path / "in", tmp_path / "out", copies=1).code == 0
    path = tmp_path / "out/data.npz"
    with np.load(path) as loaded:
        arrays = dict(loaded)
    arrays["x_train"][1, 0, 0] ^= 1
    np.savez(path, **arrays)
    assert tenfold("replay", f"{path}#train/000000_aug_0001").code == 1
    assert tenfold("replay", f"{path}#train/000001_aug_0001").code == 0
    assert tenfold("verify", tmp_path / "out").code == 1


def test_a_changed_original(out: Path) -> None:
    noise(78).save(out.parent / "in/train/cat/0.png")
    for name in (COPY, "train/cat/0.png"):
        outcome = tenfold("replay", out / name)
        assert outcome.code == 1
        says(outcome.out, "differs", "original changed")


def test_a_missing_original(out: Path) -> None:
    (out.parent / "in/train/cat/0.png").unlink()
    outcome = tenfold("replay", out / COPY)
    assert outcome.code == 2
    says(outcome.err, "train/cat/0.png", "--source")


def test_an_original_that_became_unreadable(out: Path) -> None:
    (out.parent / "in/train/cat/0.png").write_bytes(b"")
    outcome = tenfold("replay", out / COPY)
    assert outcome.code in (1, 2)
    says(outcome.err, "empty")


def test_a_source_that_moved(out: Path) -> None:
    moved = (out.parent / "in").rename(out.parent / "elsewhere")
    outcome = tenfold("replay", out / COPY)
    assert outcome.code == 2
    says(outcome.err, str(out.parent / "in"), "does not exist")
    assert tenfold("replay", out / COPY, "--source", moved).code == 0


def test_a_result_that_moved(out: Path) -> None:
    moved = out.rename(out.with_name("elsewhere"))
    assert tenfold("replay", moved / COPY).code == 0
    assert tenfold("verify", moved).code == 0


def test_files_that_are_not_in_a_dataset(out: Path, tmp_path: Path) -> None:
    for name in ("in/train/cat/0.png", "nowhere.png", "in"):
        outcome = tenfold("replay", tmp_path / name)
        assert outcome.code == 2
        says(outcome.err, name, "made by tenfold")
    for name in ("train/cat/none.png", "recipe.yaml", "train/cat"):
        outcome = tenfold("replay", out / name)
        assert outcome.code == 2
        says(outcome.err, name, "manifest.jsonl")
    assert tenfold("replay").code == 2


def test_paths_with_dots_and_links(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(out / "train")
    assert tenfold("replay", "cat/0_aug_0001.png").code == 0
    assert tenfold("replay", "../train/cat/0_aug_0001.png").code == 0
    (out.parent / "link").symlink_to("out", target_is_directory=True)
    assert tenfold("replay", out.parent / "link" / COPY).code == 0


def test_another_recipe(out: Path) -> None:
    (out / "recipe.yaml").write_text("version: 1\ninvariances:\n- rotation: 90\n")
    outcome = tenfold("replay", out / COPY)
    assert outcome.code == 2
    says(outcome.err, "recipe.yaml", "isn't the recipe")


@pytest.mark.parametrize("content", ["{", "\xff"])
def test_a_damaged_manifest(out: Path, content: str) -> None:
    _damaged(out, "manifest.jsonl", content)


@pytest.mark.parametrize("name", ["manifest.jsonl", "tenfold.json"])
@pytest.mark.parametrize("content", ["[]", "{}", "7\n"])
def test_odd_records(out: Path, name: str, content: str) -> None:
    _damaged(out, name, content)


@pytest.mark.parametrize("content", ["{", "\xff"])
def test_a_damaged_job_file(out: Path, content: str) -> None:
    _damaged(out, "tenfold.json", content)


def _damaged(out: Path, name: str, content: str) -> None:
    (out / name).write_bytes(content.encode("latin1"))
    for command in (("replay", out / COPY), ("verify", out)):
        outcome = tenfold(*command)
        assert outcome.code == 2, outcome
        says(outcome.err, name)


def test_verify(out: Path) -> None:
    outcome = tenfold("verify", out)
    assert outcome.code == 0
    says(outcome.out, "5 files checked, 0 not", "tree hash")
    noise(79).save(out / "test/cat/0.png")
    (out / COPY).unlink()
    outcome = tenfold("verify", out)
    assert outcome.code == 1
    says(outcome.out, "test/cat/0.png: was changed", f"{COPY}: is missing")
    says(outcome.out, "5 files checked, 2 not")


def test_verify_finds_what_was_added(out: Path) -> None:
    noise(80).save(out / "train/cat/new.png")
    (out / "train/notes.txt").write_text("x")
    (out / "train/recipe.yaml").write_text("x")
    (out / "train/.DS_Store").write_text("litter")
    (out / "train/out.png").symlink_to(out.parent / "in/train/cat/0.png")
    outcome = tenfold("verify", out)
    assert outcome.code == 1
    for name in ("train/cat/new.png", "train/notes.txt", "train/recipe.yaml", "train/out.png"):
        says(outcome.out, f"{name}: isn't in the manifest")
    says(outcome.out, "5 files checked, 4 not")


def test_verify_of_every_layout(every: Path) -> None:
    outcome = tenfold("verify", every / "out")
    assert (outcome.code, outcome.err) == (0, "")


def test_verify_checks_files_of_the_whole(tmp_path: Path) -> None:
    build("csv", tmp_path / "in")
    assert multiply(tmp_path / "in", tmp_path / "out", copies=1).code == 0
    with (tmp_path / "out/labels.csv").open("a") as handle:
        handle.write("x\n")
    outcome = tenfold("verify", tmp_path / "out")
    assert outcome.code == 1
    says(outcome.out, "labels.csv: was changed")


@pytest.mark.parametrize("name", ["in", "nowhere", "out/manifest.jsonl"])
def test_verify_of_something_else(out: Path, name: str) -> None:
    outcome = tenfold("verify", out.parent / name)
    assert outcome.code == 2
    says(outcome.err, name, "made by tenfold")


def test_manifest_lines_tell_all(out: Path) -> None:
    (line,) = (e for e in manifest(out) if e["file"] == COPY)
    assert line["key"] == {"seed": 5, "sample": "train/cat/0.png", "copy": 1}
    assert (line["item"], line["split"], line["label"]) == ("train/cat/0.png", "train", "cat")
    assert [entry["op"] for entry in line["ops"]] == ["rotation", "translation", "brightness"]
    assert line["recipe"]
    assert json.loads((out / "tenfold.json").read_text())["job"]["recipe"] == line["recipe"]
