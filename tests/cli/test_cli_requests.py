"""Every option of `tenfold augment`: what it does, and how a bad value is refused."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from little import (
    GENTLE,
    build,
    folder,
    manifest,
    plain,
    refused,
    save,
    says,
    tenfold,
    tree,
)
from PIL import Image


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two pictures of two classes."""
    return plain(tmp_path / "in", cats=1, dogs=1)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A destination that isn't there."""
    return tmp_path / "out"


def augment(source: Path, out: Path, *more: object) -> Any:
    recipe = out.parent / "gentle.yaml"
    recipe.write_text(GENTLE)
    return tenfold("augment", source, out, "--recipe", recipe, *more)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--copies", -1], ["copies", "-1", "0..1000000"]),
        (["--copies", 10**9], ["copies", "1000000000"]),
        (["--copies", "many"], ["--copies", "many"]),
        (["--copies", "2.5"], ["--copies", "2.5"]),
        (["--seed", "x"], ["--seed", "x"]),
        (["--workers", 0], ["--workers", "0"]),
        (["--workers", -3], ["--workers", "-3"]),
        (["--preset", "natural"], ["--recipe or --preset", "not both"]),
        (["--split", "train"], ["no split 'train'", "no splits"]),
        (["--format", "gif"], ["gif", "png"]),
        (["--format", "jpgg"], ["jpgg", "jpg"]),
        (["--quality", 0], ["--quality", "0"]),
        (["--quality", 101], ["--quality", "101"]),
        (["--name", "{stem}"], ["lacks {copy}", "{stem}_aug_{copy:04d}"]),
        (["--name", ""], ["lacks {copy}"]),
        (["--name", "{stem}/{copy}"], ["'/'"]),
        (["--name", "../{stem}_{copy}"], ["'/'"]),
        (["--name", "{stem}\\{copy}"], ["can't stand"]),
        (["--name", "{stem}\n{copy}"], ["can't stand"]),
        (["--name", "{stam}_{copy}"], ["{stam}", "did you mean 'stem'"]),
        (["--name", "{stem_{copy}"], ["write it like"]),
        (["--name", "{copy:q}"], ["write it like"]),
        (["--name", "{copy.__class__}_{stem}"], ["unknown field"]),
        (["--name", "aug_{copy}"], []),
        (["--name", "{stem:.0}_{copy}"], []),
        (["--shard", "0/2"], ["--shard needs --seed"]),
        (["--shard", "3/3", "--seed", 1], ["3/3", "0 to N - 1"]),
        (["--shard", "-1/3", "--seed", 1], ["-1/3"]),
        (["--shard", "1", "--seed", 1], ["I/N", "'1'"]),
        (["--shard", "1/2/3", "--seed", 1], ["I/N"]),
        (["--shard", "0/0", "--seed", 1], ["0/0"]),
        (["--shard", "a/b", "--seed", 1], ["I/N"]),
        (["--resume", "--overwrite"], ["--resume and --overwrite"]),
        (["--max-pixels", -1], ["--max-pixels"]),
        (["--layout", "kitti"], ["kitti", "coco"]),
        (["--layout", "foldr"], ["did you mean 'folder'"]),
        (["--layout", "coco"], ["COCO"]),
        (["--layout", "arrays"], [".npz"]),
        (["--colour"], ["--colour"]),
        (["one more"], ["one more"]),
    ],
)
def test_bad_options(source: Path, out: Path, options: list[object], words: list[str]) -> None:
    save(source / "cat/other.png", 9)  # so that names can collide
    outcome = augment(source, out, *options)
    refused(outcome, out, *words)


def test_bad_presets_and_recipes(source: Path, out: Path) -> None:
    refused(tenfold("augment", source, out, "--preset", "natrual"), out, "did you mean 'natural'")
    refused(tenfold("augment", source, out, "--preset", "x"), out, "known: natural")
    refused(tenfold("augment", source, out, "--recipe", "none.yaml"), out, "none.yaml")
    refused(tenfold("augment", source, out, "--recipe", source), out, str(source))
    refused(tenfold("augment", source), out, "DST")
    refused(tenfold("augment"), out, "SRC")


def test_no_copies(source: Path, out: Path) -> None:
    assert augment(source, out, "--copies", 0).code == 0
    assert [line["kind"] for line in manifest(out)] == ["original", "original"]


def test_no_copies_and_no_originals(source: Path, out: Path) -> None:
    refused(augment(source, out, "--copies", 0, "--no-originals"), out, "copies", "originals")


@pytest.mark.parametrize("seed", [0, -7, 2**64, -(10**40)])
def test_any_seed(source: Path, tmp_path: Path, seed: int) -> None:
    for name in ("a", "b"):
        assert augment(source, tmp_path / name, "--copies", 1, "--seed", seed).code == 0
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert json.loads((tmp_path / "a/tenfold.json").read_text())["job"]["seed"] == seed
    assert augment(source, tmp_path / "c", "--copies", 1, "--seed", seed + 1).code == 0
    file = b"cat/0_aug_0001.png"
    assert tree(tmp_path / "a")[file] != tree(tmp_path / "c")[file]
    assert tenfold("replay", tmp_path / "a/cat/0_aug_0001.png").code == 0


def test_an_unseeded_run_can_be_repeated(source: Path, tmp_path: Path) -> None:
    first = augment(source, tmp_path / "a", "--copies", 1)
    assert first.code == 0
    says(first.out, "drawn for this run")
    seed = json.loads((tmp_path / "a/tenfold.json").read_text())["job"]["seed"]
    assert f"seed {seed}" in first.out
    assert augment(source, tmp_path / "b", "--copies", 1, "--seed", seed).code == 0
    assert augment(source, tmp_path / "c", "--copies", 1).code == 0
    assert tree(tmp_path / "a") == tree(tmp_path / "b") != tree(tmp_path / "c")


def test_split(tmp_path: Path, out: Path) -> None:
    source = folder(tmp_path / "split", train=1, held=2)
    assert augment(source, out, "--copies", 2, "--split", "test").code == 0
    kinds = Counter((line["split"], line["kind"]) for line in manifest(out))
    assert kinds == {("train", "untouched"): 2, ("test", "original"): 2, ("test", "copy"): 4}
    outcome = augment(source, tmp_path / "none", "--split", "tset")
    refused(outcome, tmp_path / "none", "tset", "did you mean 'test'")


def test_no_split_named_train(tmp_path: Path, out: Path) -> None:
    source = folder(tmp_path / "split", train=0, held=2)
    save(source / "val/cat/0.png", 7)
    refused(augment(source, out), out, "test, val", "none named train", "--split")
    assert augment(source, out, "--split", "val", "--copies", 1).code == 0


def test_no_originals(source: Path, out: Path) -> None:
    assert augment(source, out, "--copies", 2, "--no-originals").code == 0
    assert {line["kind"] for line in manifest(out)} == {"copy"}
    assert len(manifest(out)) == 4
    assert not (out / "cat/0.png").exists()


@pytest.mark.parametrize("name", ["png", "jpg", "jpeg", "tiff", "tif", "webp", "bmp", "PNG"])
def test_formats(source: Path, out: Path, name: str) -> None:
    assert augment(source, out, "--copies", 1, "--format", name).code == 0
    (copy,) = (out / "cat").glob("*_aug_*")
    with Image.open(copy) as image:
        kinds = {"jpg": "JPEG", "tif": "TIFF"}
        assert image.format == kinds.get(name, name.upper())
        assert image.size == (16, 12)
    assert (out / "cat/0.png").read_bytes() == (source / "cat/0.png").read_bytes()


@pytest.mark.parametrize("name", ["jpg", "webp", "bmp"])
def test_impossible_formats(tmp_path: Path, out: Path, name: str) -> None:
    (tmp_path / "deep/a").mkdir(parents=True)
    deep = np.arange(192, dtype=np.uint16).reshape(12, 16) * 300
    cv2.imwrite(str(tmp_path / "deep/a/0.png"), deep)
    outcome = augment(tmp_path / "deep", out, "--format", name)
    refused(outcome, out, "uint16", name, "png")
    assert augment(tmp_path / "deep", out, "--copies", 1, "--format", "tiff").code == 0
    made = cv2.imread(str(next((out / "a").glob("*_aug_*"))), cv2.IMREAD_UNCHANGED)
    assert made is not None
    assert made.dtype == np.uint16


def test_formats_and_arrays(tmp_path: Path, out: Path) -> None:
    refused(augment(build("arrays", tmp_path / "a"), out, "--format", "png"), out, ".npz")


def test_quality(source: Path, tmp_path: Path) -> None:
    sizes = []
    for quality in (1, 50, 100):
        out = tmp_path / str(quality)
        options = ("--copies", 1, "--seed", 1, "--format", "jpg", "--quality", quality)
        assert augment(source, out, *options).code == 0
        sizes.append((out / "cat/0_aug_0001.jpg").stat().st_size)
    assert sizes[0] < sizes[1] < sizes[2]


def test_names(source: Path, out: Path) -> None:
    assert augment(source, out, "--copies", 2, "--name", "{copy}-{stem}.{ext}").code == 0
    assert {p.name for p in (out / "cat").iterdir()} == {"0.png", "1-0.png.png", "2-0.png.png"}


def test_names_that_collide(tmp_path: Path, out: Path) -> None:
    source = plain(tmp_path / "in", 1, 1)
    save(source / "cat/0_aug_0001.png", 5)
    refused(augment(source, out), out, "cat/0_aug_0001.png", "both", "--name")
    assert augment(source, out, "--copies", 1, "--name", "{stem}+{copy}").code == 0
    other = plain(tmp_path / "case", 1, 0)
    save(other / "cat/A.png", 1)
    save(other / "cat/a.png", 2)
    outcome = augment(other, tmp_path / "out2")
    refused(outcome, tmp_path / "out2", "A.png", "a.png")
    twins = plain(tmp_path / "twins", 1, 0)
    save(twins / "cat/0.jpg", 1)
    outcome = augment(twins, tmp_path / "out3", "--format", "png")
    refused(outcome, tmp_path / "out3", "cat/0.jpg", "cat/0.png", "{ext}")


def test_balance(tmp_path: Path, out: Path) -> None:
    source = plain(tmp_path / "many", cats=7, dogs=2)
    save(source / "owl/0.png", 1)
    assert augment(source, out, "--copies", 1, "--balance").code == 0
    assert set(Counter(line["label"] for line in manifest(out)).values()) == {14}
    again = tmp_path / "again"
    assert augment(source, again, "--copies", 1, "--balance", "--no-originals").code == 0
    assert set(Counter(line["label"] for line in manifest(again)).values()) == {7}


def test_balance_of_objects(tmp_path: Path, out: Path) -> None:
    source = build("yolo", tmp_path / "yolo")
    for i in (0, 1, 2):  # one image with debris, three with cells only
        (source / f"labels/train/{i}.txt").write_text("0 0.5 0.5 0.4 0.5\n")
    assert augment(source, out, "--copies", 1, "--balance").code == 0
    images = Counter(tuple(e["labels"]) for e in manifest(out) if e["split"] == "train")
    assert images == {("cell",): 6, ("debris",): 6}


def test_balance_without_classes(tmp_path: Path, out: Path) -> None:
    source = build("pairs", tmp_path / "pairs")
    refused(augment(source, out, "--balance"), out, "--balance", "labels")


def test_dry_run(source: Path, out: Path) -> None:
    outcome = augment(source, out, "--dry-run", "--seed", 3, "--copies", 4)
    assert (outcome.code, outcome.err) == (0, "")
    says(outcome.out, "folder", "2 samples", "8 copies", "outputs      10", "seed         3")
    says(outcome.out, "nothing was written", str(out))
    assert not out.exists()


def test_a_recipe_that_was_made_is_told_of(tmp_path: Path, source: Path, out: Path) -> None:
    made = "made for this data from the preset 'natural' (as by `tenfold recipe init`)"
    says(tenfold("augment", source, out, "--copies", 1, "--dry-run").out, made)
    says(tenfold("augment", source, out, "--copies", 1).out, f"recipe: {made}")
    starter = tenfold("recipe", "init", source, "-o", tmp_path / "r.yaml")
    assert starter.code == 0
    again = tenfold(
        "augment", source, tmp_path / "two", "--copies", 1, "--recipe", tmp_path / "r.yaml"
    )
    assert "made for" not in again.out
    written = [(tmp_path / d / "recipe.yaml").read_text() for d in ("out", "two")]
    assert written[0] == written[1]
    says(" ".join(tenfold("augment", "--help").out.split()), "made from SRC as by `recipe init`")


def test_label_column(tmp_path: Path, out: Path) -> None:
    source = build("csv", tmp_path / "table")
    table = source / "labels.csv"
    table.write_text(table.read_text().replace("file,label", "file,score"))
    refused(augment(source, out, "--balance"), out, "--balance", "--label-column")
    says(tenfold("inspect", source).out, "no label column among score, note; name one with")
    refused(augment(source, out, "--label-column", "scoer"), out, "did you mean 'score'")
    refused(augment(plain(tmp_path / "p"), out, "--label-column", "x"), out, "read as folder")
    options = ("--label-column", "score", "--copies", 1, "--seed", 1)
    assert augment(source, out, *options, "--balance").code == 0
    job = json.loads((out / "tenfold.json").read_text())["job"]
    assert (job["label_column"], job["copies"], job["balance"]) == ("score", 1, True)
    copy = next(line for line in manifest(out) if line["kind"] == "copy")
    assert copy["label"] in ("a", "b")
    assert tenfold("replay", out / copy["file"]).code == 0
    two = tmp_path / "two"
    assert augment(source, two, *options).code == 0
    outcome = augment(source, two, "--copies", 1, "--seed", 1, "--resume")
    says(outcome.err, "begun with --label-column score, now without it")
    for command in ("inspect", ("preview", "-o", tmp_path / "p.png"), ("recipe", "init")):
        words = (command,) if isinstance(command, str) else command
        assert tenfold(*words, source, "--label-column", "score").code == 0


def test_quiet(source: Path, out: Path) -> None:
    outcome = augment(source, out, "--quiet", "--copies", 1)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    (source / "cat/bad.png").write_bytes(b"")
    outcome = augment(source, out.with_name("two"), "--quiet", "--copies", 1)
    assert (outcome.code, outcome.out) == (1, "")
    says(outcome.err, "cat/bad.png", "empty")


def test_progress_needs_a_terminal(source: Path, out: Path) -> None:
    assert augment(source, out, "--copies", 1).err == ""
    assert tenfold("inspect", source).err == ""


def test_what_an_op_cannot_move_is_refused(tmp_path: Path, out: Path) -> None:
    source = build("coco", tmp_path / "coco")
    for path in (source / "annotations").iterdir():
        path.write_text(path.read_text().replace("left_eye", "tip").replace("right_eye", "tail"))
    recipe = tmp_path / "flip.yaml"
    recipe.write_text("version: 1\ninvariances:\n- reflection: [horizontal]\n")
    outcome = tenfold("augment", source, out, "--recipe", recipe)
    refused(outcome, out, "reflection", "keypoint", "keypoint_pairs")
    recipe.write_text(recipe.read_text() + "keypoint_pairs: []\n")
    assert tenfold("augment", source, out, "--recipe", recipe, "--copies", 1).code == 0
