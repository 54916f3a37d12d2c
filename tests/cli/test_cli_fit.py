"""`tenfold fit`: what it refuses, and a whole way from a folder to a multiplied dataset."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from little import Outcome, build, manifest, quarantine, refused, says, tenfold, tree
from PIL import Image

LEARN = "the extra 'learn' isn't installed"
RECIPE = "version: 1\ninvariances:\n- rotation: 5\n- brightness: 0.1\n"


def shapes(root: Path, each: int = 12, side: int = 12, splits: tuple[str, ...] = ("",)) -> Path:
    """Discs and bars of many sizes, one class each: `[split/]class/*.png`."""
    y, x = np.mgrid[:side, :side] + 0.5
    for split in splits:
        for i in range(each):
            rng = np.random.default_rng([i, len(split)])
            cx, cy, r = rng.uniform(4, side - 4), rng.uniform(4, side - 4), rng.uniform(2, 4)
            disc = np.clip(r - np.hypot(x - cx, y - cy) + 0.5, 0, 1)
            bar = np.clip(r / 2 - np.abs(x - cx) + 0.5, 0, 1) * (np.abs(y - cy) < 4)
            for name, picture in (("disc", disc), ("bar", bar)):
                path = root / split / name / f"{i:02d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray((picture * 255).astype(np.uint8)).save(path)
    return root


def fit(source: Path, model: Path, *more: object, kind: str = "vae") -> Outcome:
    return tenfold("fit", kind, source, "-o", model, *more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--size", "big"], ["--size", "HxW", "64x64"]),
        (["--size", "0x5"], ["--size"]),
        (["--budget", "soon"], ["--budget", "5m"]),
        (["--budget", "5 mins"], ["--budget", "did you mean 'min'"]),
        (["--validate", "0.9"], ["0..0.5", "0.9"]),
        (["--group", "writer(.)"], ["writer", "isn't found"]),
        (["--split", "train"], ["no split 'train'"]),
        (["--recipe", "nowhere.yaml"], ["no such recipe"]),
        (["--recipe", "a.yaml", "--preset", "ink"], ["not both"]),
        (["--likelihood", "bernouli"], ["did you mean 'bernoulli'"]),
        (["--latent", "1"], ["latent", "2.."]),
        (["--latent", "500"], ["500", "--latent"]),
        (["--beta", "-1"], ["beta"]),
    ],
)
def test_bad_requests(tmp_path: Path, more: list[str], words: list[str]) -> None:
    if not {"--size", "--budget", "--split", "--recipe"} & {*more}:
        pytest.importorskip("torch", reason=LEARN)
    source = shapes(tmp_path / "in")
    refused(fit(source, tmp_path / "model", *more), tmp_path / "model", *words)
    assert not list(tmp_path.glob(".model*"))


@pytest.mark.parametrize("layout", ["coco", "voc", "yolo", "pairs"])
@pytest.mark.parametrize("kind", ["vae", "deformation"])
def test_data_with_annotations(tmp_path: Path, layout: str, kind: str) -> None:
    source = build(layout, tmp_path / "in")
    refused(fit(source, tmp_path / "model", kind=kind), tmp_path / "model", "without annotations")


@pytest.mark.parametrize("kind", ["vae", "deformation"])
def test_bad_data(tmp_path: Path, kind: str) -> None:
    if kind == "vae":
        pytest.importorskip("torch", reason=LEARN)
    model = tmp_path / "model"
    source = shapes(tmp_path / "sizes")
    Image.new("L", (9, 12)).save(source / "disc/zz.png")
    refused(fit(source, model, kind=kind), model, "mixed sizes", "12x12", "9x12", "--size")
    single = shapes(tmp_path / "single", each=3)
    (single / "lone").mkdir()
    Image.new("L", (12, 12)).save(single / "lone/a.png")
    refused(fit(single, model, kind=kind), model, "class 'lone' has 1 example", "at least 2")
    (tmp_path / "flat").mkdir()
    for name in ("a", "b"):
        for i in range(3):
            (tmp_path / "flat" / name).mkdir(exist_ok=True)
            Image.new("L", (12, 12), 90).save(tmp_path / "flat" / name / f"{i}.png")
    refused(fit(tmp_path / "flat", model, kind=kind), model, "nothing to learn")
    nothing = tmp_path / "nan.npz"
    images = np.random.default_rng(0).random((6, 12, 12, 1), dtype=np.float32)
    images[2, 3, 3] = np.nan
    np.savez(nothing, images=images, labels=np.array([0, 1, 0, 1, 0, 1]))
    outcome = fit(nothing, model, *(["--epochs", 1] if kind == "vae" else []), kind=kind)
    assert outcome.code == 1
    says(outcome.err, "1 image ", "nan.npz#000002", "NaN")


def test_folders_that_are_no_place_for_a_model(tmp_path: Path) -> None:
    source = shapes(tmp_path / "in", each=3)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("all of it")
    for more in ([], ["--overwrite"]):
        outcome = fit(source, mine, *more, kind="deformation")
        assert outcome.code == 2
        says(outcome.err, "mine", "other things")
    assert [path.name for path in mine.iterdir()] == ["thesis.tex"]
    outcome = fit(source, mine / "thesis.tex", kind="deformation")
    assert outcome.code == 2
    says(outcome.err, "is a file")


def test_deformations_from_a_folder_to_a_multiplied_one(tmp_path: Path) -> None:
    source = shapes(tmp_path / "in", each=4)
    model, rules = tmp_path / "model", tmp_path / "recipe.yaml"
    outcome = fit(source, model, kind="deformation")
    assert outcome.code == 0, outcome
    says(outcome.out, "deformation of 8 images 12x12x1 in 2 classes", "tenfold augment")
    before = tree(model)
    again = fit(source, model, kind="deformation")
    assert again.code == 2
    says(again.err, "holds a model", "--overwrite")
    assert tree(model) == before
    assert fit(source, model, "--overwrite", kind="deformation").code == 0
    assert tree(model) == before, "the same data gave another model"
    rules.write_text(f"{RECIPE}generators: [{{model: model}}]\n")
    out = tmp_path / "out"
    done = tenfold("augment", source, out, "--recipe", rules, "--copies", 4, "--seed", 1)
    assert done.code == 0, done
    line = next(line for line in manifest(out) if "generator" in line)
    told = tenfold("replay", out / line["file"])
    assert told.code == 0
    says(told.out, "identical", "made by deformation deformation (model)")
    dry = tenfold("augment", source, tmp_path / "dry", "--recipe", rules, "--dry-run")
    says(dry.out, "0.5 of the copies: deformation deformation of model")
    sheet = tmp_path / "sheet.png"
    assert tenfold("preview", source, "--recipe", rules, "-o", sheet).code == 0
    assert sheet.exists()


def test_unreadable_images_are_passed_over(tmp_path: Path) -> None:
    source = shapes(tmp_path / "in", each=4)
    (source / "disc/00.png").write_bytes(b"")
    outcome = fit(source, tmp_path / "model", kind="deformation")
    assert outcome.code == 1
    says(outcome.err, "1 image ", "disc/00.png")
    says(outcome.out, "of 7 images")


def test_a_vae_from_a_folder_to_a_multiplied_one(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason=LEARN)
    source = shapes(tmp_path / "in", each=10, splits=("train", "val", "test"))
    rules, model, out = tmp_path / "recipe.yaml", tmp_path / "model", tmp_path / "out"
    rules.write_text(RECIPE)
    few = ("--recipe", rules, "--latent", 4, "--epochs", 2, "--conditional")
    outcome = fit(source, model, *few)
    assert outcome.code == 0, outcome
    says(outcome.out, "20 images", "20 held out", "validation ELBO", "in epoch")
    assert fit(source, tmp_path / "again", *few).code == 0
    assert tree(model) == tree(tmp_path / "again"), "the same seed gave another model"
    assert fit(source, tmp_path / "other", *few, "--seed", 1).code == 0
    assert tree(model) != tree(tmp_path / "other")
    use = "{model: model, method: interpolation, strength: [0.3, 0.7]}"
    rules.write_text(f"{RECIPE}generators: [{use}]\n")
    arguments = ("--recipe", rules, "--copies", 3, "--seed", 2)
    assert tenfold("augment", source, out, *arguments).code == 0
    assert quarantine(out) == {}
    assert tenfold("augment", source, tmp_path / "two", *arguments, "--workers", 2).code == 0
    assert tree(out) == tree(tmp_path / "two")
    line = next(line for line in manifest(out) if "generator" in line)
    assert line["generator"]["kind"] == "vae"
    assert tenfold("replay", out / line["file"]).code == 0
    os.rename(tmp_path / "other", tmp_path / "model2")  # noqa: PTH104
    rules.write_text(f"{RECIPE}generators: [{{model: model2, method: dream}}]\n")
    outcome = tenfold("augment", source, tmp_path / "three", *arguments)
    refused(outcome, tmp_path / "three", "no method 'dream'", "interpolation")
