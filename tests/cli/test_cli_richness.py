"""`tenfold richness`, `check-leakage`, `memorisation`: whole ways, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from little import folder, multiply, plain, refused, says, tenfold
from PIL import Image


def blobs(root: Path, each: int, seed: int, parts: tuple[str, ...] = ("",)) -> Path:
    """Discs and bars at random places, some 10 x 10 pixels: `[part/]class/*.png`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:10, :10] + 0.5
    for part in parts:
        for k in range(each):
            cx, cy, r = rng.uniform((3, 3, 1.5), (7, 7, 3))
            disc = np.clip(r - np.hypot(x - cx, y - cy) + 0.5, 0, 1)
            bar = np.clip(r / 2 - np.abs(x - cx) + 0.5, 0, 1) * rng.uniform(0.6, 1)
            for name, picture in (("disc", disc), ("bar", bar)):
                path = root / part / name / f"{k:03d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray((picture * 255).astype(np.uint8)).save(path)
    return root


def copies_of(source: Path, root: Path) -> Path:
    """The same pictures with slight noise."""
    rng = np.random.default_rng(9)
    for path in source.rglob("*.png"):
        image = np.asarray(Image.open(path)).astype(float) + rng.normal(0, 4, (10, 10))
        made = root / path.parent.name / path.name
        made.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(made)
    return root


def test_richness(tmp_path: Path) -> None:
    real, made = blobs(tmp_path / "real", 40, 1), blobs(tmp_path / "made", 30, 2)
    done = tenfold("richness", real, made, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    says(done.out, "80 real and 60 synthetic", "Vendi, both", "coverage", "effective size", "disc")
    rows = json.loads((tmp_path / "out/richness.json").read_text())["rows"]
    assert [row["class"] for row in rows] == [None, "bar", "disc"]
    share = rows[0]["measures"]["precision"]
    assert 0 <= share["low"] <= share["value"] <= share["high"] <= 1
    again = tenfold("richness", real, made)
    assert again.out == done.out
    fewer = tenfold("richness", real, made, "--most", 50, "--features", "pca", "--size", "8x8")
    says(fewer.out, "50 of 80 samples, drawn at random", "50 real and 50 synthetic")


def test_only_the_copies_of_a_multiplied_dataset_count(tmp_path: Path) -> None:
    real = blobs(tmp_path / "real", 12, 1)
    assert multiply(real, tmp_path / "made", copies=2).code == 0
    says(tenfold("richness", real, tmp_path / "made").out, "24 real and 48 synthetic")


def test_another_split_of_the_real_data(tmp_path: Path) -> None:
    real = blobs(tmp_path / "real", 12, 1, ("train", "test"))
    made = blobs(tmp_path / "made", 15, 2)
    says(tenfold("richness", real, made, "--split", "test").out, "24 real and 30 synthetic")


def test_memorisation(tmp_path: Path) -> None:
    train = blobs(tmp_path / "train", 50, 1)
    held, fresh = blobs(tmp_path / "held", 40, 2), blobs(tmp_path / "fresh", 40, 3)
    clean = tenfold("memorisation", train, held, fresh, "-o", tmp_path / "clean")
    assert clean.code == 0, clean.out + clean.err
    copies = copies_of(train, tmp_path / "copies")
    caught = tenfold("memorisation", train, held, copies, "-o", tmp_path / "caught")
    assert caught.code == 1, caught.err
    says(caught.out, "Memorised", "authenticity", "C_T", "nearest.png")
    assert json.loads((tmp_path / "caught/memorisation.json").read_text())["memorised"]
    with Image.open(tmp_path / "caught/nearest.png") as picture:
        assert min(picture.size) > 400


def test_memorisation_takes_splits_of_one_dataset(tmp_path: Path) -> None:
    data = blobs(tmp_path / "data", 30, 1, ("train", "test"))
    done = tenfold("memorisation", data, data, blobs(tmp_path / "made", 20, 5))
    assert done.code == 0, done.out + done.err
    says(done.out, "40 synthetic, 60 training and 60 held-out")


def test_in_the_latents_of_a_fitted_model(tmp_path: Path) -> None:
    """What a generator learned of pictures tells their sets apart, and a copy from a stranger."""
    pytest.importorskip("torch", reason="the extra 'learn' isn't installed")
    train, held = blobs(tmp_path / "train", 60, 1), blobs(tmp_path / "held", 50, 2)
    model = tmp_path / "model"
    fitted = tenfold("fit", "vae", train, "-o", model, "--latent", 6, "--epochs", 4, "--quiet")
    assert fitted.code == 0, fitted.err
    latents = ("--features", "model", "--model", model)
    fresh, copies = blobs(tmp_path / "fresh", 50, 3), copies_of(train, tmp_path / "copies")

    measured = tenfold("richness", held, fresh, *latents, "-o", tmp_path / "rich")
    assert measured.code == 0, measured.err
    told = json.loads((tmp_path / "rich/richness.json").read_text())
    assert told["features"] == "model"
    pixels = tenfold("richness", held, fresh, "-o", tmp_path / "pixels")
    assert pixels.out != measured.out

    clean = tenfold("memorisation", train, held, fresh, *latents)
    assert clean.code == 0, clean.out + clean.err
    caught = tenfold("memorisation", train, held, copies, *latents, "-o", tmp_path / "caught")
    assert caught.code == 1, caught.out + caught.err
    says(caught.out, "Memorised", "nearest.png")

    other = tenfold("richness", held, fresh, *latents, "--size", "12x12")
    assert other.code == 2
    says(other.err, "(10, 10, 1)", "--size")


def test_check_leakage(tmp_path: Path) -> None:
    data = folder(tmp_path / "data")
    clean = tenfold("check-leakage", data, "-o", tmp_path / "clean")
    assert clean.code == 0, clean.err
    says(clean.out, "no leakage found", "train 6, test 2")
    assert not (tmp_path / "clean/leaks.png").exists()
    with Image.open(data / "train/cat/1.png") as picture:
        picture.transpose(Image.Transpose.ROTATE_90).save(data / "test/cat/7.png")
    leaky = tenfold("check-leakage", data, "-o", tmp_path / "leaky")
    assert leaky.code == 1, leaky.err
    says(leaky.out, "LEAKAGE: 1 of 3", "test/cat/7.png  train/cat/1.png", "turned by 270")
    (leak,) = json.loads((tmp_path / "leaky/leakage.json").read_text())["leaks"]
    assert (leak["kind"], leak["second"]["item"]) == ("exact", "test/cat/7.png")
    assert (tmp_path / "leaky/leaks.png").stat().st_size > 1000


def test_copies_in_another_dataset(tmp_path: Path) -> None:
    data = plain(tmp_path / "data")
    assert multiply(data, tmp_path / "made").code == 0
    test = tmp_path / "test/cat/x.png"
    test.parent.mkdir(parents=True)
    (tmp_path / "made/cat/1_aug_0002.png").rename(test)
    found = tenfold("check-leakage", tmp_path / "made", tmp_path / "test")
    assert found.code == 1, found.err
    says(found.out, "copies of one sample: 1")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["richness", "{real}", "{real}"], ["same data"]),
        (["richness", "{real}", "{made}", "--features", "pixel"], ["did you mean 'pixels'"]),
        (["richness", "{real}", "{made}", "--features", "model"], ["--model"]),
        (["richness", "{real}", "{made}", "--size", "big"], ["HxW"]),
        (["richness", "{real}", "{few}"], ["7 samples in each set", "add some"]),
        (["richness", "{real}", "{nowhere}"], ["does not exist"]),
        (["richness", "{real}", "{foreign}"], ["isn't among"]),
        (["richness", "{real}", "{made}", "--split", "test"], ["no split 'test'", "none"]),
        (["memorisation", "{real}", "{real}", "{made}"], ["same data"]),
        (["memorisation", "{real}", "{made}", "{few}"], ["2 synthetic samples are too few"]),
        (["check-leakage", "{real}"], ["no splits", "second dataset"]),
        (["check-leakage", "{real}", "{made}", "--threshold", "3"], ["0.8..1"]),
        (["check-leakage", "{real}", "{made}", "--manifest", "{made}"], ["manifest.jsonl"]),
    ],
)
def test_bad_requests(tmp_path: Path, words: list[str], told: list[str]) -> None:
    places = {
        "real": blobs(tmp_path / "real", 10, 1), "made": blobs(tmp_path / "made", 10, 2),
        "few": blobs(tmp_path / "few", 1, 3), "nowhere": tmp_path / "nowhere",
        "foreign": plain(tmp_path / "foreign"),
    }  # fmt: skip
    given = [word.format(**places) for word in words]
    refused(tenfold(*given, "-o", tmp_path / "out"), tmp_path / "out", *told)


def test_the_result_never_lands_in_the_data(tmp_path: Path) -> None:
    real, made = blobs(tmp_path / "real", 10, 1), blobs(tmp_path / "made", 10, 2)
    done = tenfold("richness", real, made, "-o", real / "out")
    refused(done, real / "out", "would lie in the dataset")
