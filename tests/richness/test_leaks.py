"""Leakage: planted duplicates of every kind are found, and nothing else."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tenfold.cli.main import run
from tenfold.errors import RequestError
from tenfold.evaluate.duplicates import perceptual_hash
from tenfold.richness.leaks import check_leakage
from tenfold.richness.leaks_text import leakage_text
from tenfold.richness.lineage import Lineage
from tenfold.richness.looks import TURNS, likeness, turned, turned_hashes
from tenfold.samples.sources import open_source


def scene(seed: int, side: int = 64) -> np.ndarray:
    """A smooth picture with some blobs; (side, side, 3) uint8."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (9, 9, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC))


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def dataset(root: Path, each: int = 20, side: int = 64) -> Path:
    for k in range(each):
        save(root / f"train/a/{k}.png", scene(k, side))
        save(root / f"test/a/{k}.png", scene(1000 + k, side))
    return root


def multiply(source: Path, destination: Path) -> int:
    recipe = destination.parent / "recipe.yaml"
    recipe.write_text("version: 1\ninvariances:\n- rotation: 10\n- brightness: 0.2\n")
    words = ("augment", source, destination, "--recipe", recipe, "--copies", 2, "--quiet")
    return run([str(word) for word in words])


def pairs(root: Path, *more: Path, made: tuple[Path, ...] = ()) -> list[tuple[str, str, str, str]]:
    found = check_leakage([open_source(p) for p in (root, *more)], lineage=Lineage(made))
    return [(x.kind, x.first.item.id, x.second.item.id, TURNS[x.turn]) for x in found.leaks]


@pytest.mark.parametrize("turn", range(8))
def test_hashes_of_turned_pictures(turn: int) -> None:
    grey = scene(5, 32).mean(axis=2).astype(np.float32) / 255
    laid = np.ascontiguousarray(turned(grey, turn))
    assert int(turned_hashes(grey)[turn]) == perceptual_hash(laid)


def test_turns_say_what_they_are() -> None:
    image = np.arange(6).reshape(2, 3)
    named = {
        "": image, "mirrored left to right": image[:, ::-1], "mirrored top to bottom": image[::-1],
        "turned by 90 degrees": np.rot90(image), "turned by 180 degrees": np.rot90(image, 2),
        "turned by 270 degrees": np.rot90(image, 3), "mirrored along its diagonal": image.T,
        "mirrored along its other diagonal": np.rot90(image, 2).T,
    }  # fmt: skip
    for number, name in enumerate(TURNS):
        assert np.array_equal(turned(image, number), named[name]), name


def test_likeness_is_a_correlation_that_forgives_a_pixel() -> None:
    first, second = (np.random.default_rng(k).integers(0, 256, (3, 32, 32), np.uint8)
                     for k in range(2))  # fmt: skip
    best = [
        max(
            np.corrcoef(a[1:-1, 1:-1].ravel(), b[y : y + 30, x : x + 30].ravel())[0, 1]
            for y in range(3) for x in range(3)
        )
        for a, b in zip(first, second, strict=True)
    ]  # fmt: skip
    assert np.allclose(likeness(first, second), best, atol=1e-5)
    assert likeness(first, np.roll(first, 1, axis=2)).min() > 0.9999


def test_clean_data_are_clean(tmp_path: Path) -> None:
    assert pairs(dataset(tmp_path / "d")) == []


@pytest.mark.parametrize("side", [12, 40, 300])
def test_the_same_pixels(tmp_path: Path, side: int) -> None:
    root = dataset(tmp_path / "d", side=side)
    save(root / "test/a/x.bmp", scene(3, side))
    save(root / "test/a/y.png", np.ascontiguousarray(np.rot90(scene(4, side))))
    found = pairs(root)
    assert found[0] == ("exact", "train/a/3.png", "test/a/x.bmp", "")
    # What the test part holds is turned by 90; it must be turned by 270 to look like the first.
    kind = "near" if side == 300 else "exact"
    assert found[1:] == [(kind, "train/a/4.png", "test/a/y.png", "turned by 270 degrees")]


def brighter(image: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.convertScaleAbs(image, alpha=0.8, beta=40))


def noisy(image: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def grey(image: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


@pytest.mark.parametrize("change", [
    lambda i: cv2.resize(i, (150, 150)), lambda i: cv2.resize(i, (40, 40)),
    brighter, noisy, grey, lambda i: cv2.GaussianBlur(i, (0, 0), 1),
])  # fmt: skip
@pytest.mark.parametrize("turn", [0, 1, 6])
def test_pictures_that_look_the_same(
    tmp_path: Path, change: Callable[[np.ndarray], np.ndarray], turn: int
) -> None:
    root = dataset(tmp_path / "d")
    save(root / "test/a/x.jpg", np.ascontiguousarray(turned(change(scene(7)), turn)))
    found = pairs(root)
    assert [leak[:3] for leak in found] == [("near", "train/a/7.png", "test/a/x.jpg")]
    image = np.arange(6).reshape(2, 3)
    laid = turned(turned(image, turn), TURNS.index(found[0][3]))
    assert np.array_equal(laid, image)


def test_a_slight_shift(tmp_path: Path) -> None:
    root = dataset(tmp_path / "d")
    save(root / "test/a/x.jpg", cv2.resize(scene(7)[:, 2:], (64, 64)))
    assert [leak[:3] for leak in pairs(root)] == [("near", "train/a/7.png", "test/a/x.jpg")]


def test_copies_that_were_split_apart(tmp_path: Path) -> None:
    """Outputs of tenfold, parted at random afterwards: their looks differ, the manifest tells."""
    plain, made = tmp_path / "plain", tmp_path / "made"
    for k in range(6):
        save(plain / f"a/{k}.png", np.random.default_rng(k).integers(0, 256, (12, 12, 3), np.uint8))
    assert multiply(plain, made) == 0
    root = tmp_path / "split"
    for k in range(6):
        for name in (f"{k}.png", f"{k}_aug_0001.png", f"{k}_aug_0002.png"):
            part = "test" if name in ("2_aug_0002.png", "5.png") else "train"
            (root / part / "a").mkdir(parents=True, exist_ok=True)
            shutil.copy(made / "a" / name, root / part / "a" / f"renamed-{name}")
    assert pairs(root) == []
    found = pairs(root, made=(made,))
    assert {(kind, second) for kind, _, second, _ in found} == {
        ("lineage", "test/a/renamed-2_aug_0002.png"), ("lineage", "test/a/renamed-5.png"),
    }  # fmt: skip
    assert all(f"renamed-{2 if '2_aug' in s else 5}" in f for _, f, s, _ in found)


def test_what_augment_writes_is_no_leak(tmp_path: Path) -> None:
    root = dataset(tmp_path / "d", each=6, side=24)
    assert multiply(root, tmp_path / "out") == 0
    assert pairs(tmp_path / "out", made=(tmp_path / "out",)) == []


def test_two_datasets(tmp_path: Path) -> None:
    first, second = dataset(tmp_path / "one"), tmp_path / "two"
    for k in range(5):
        save(second / f"b/{k}.png", scene(5000 + k))
    save(second / "b/9.png", scene(1003))
    assert pairs(first, second) == [("exact", "test/a/3.png", "b/9.png", "")]


def test_thousands_of_the_same_picture_take_no_age(tmp_path: Path) -> None:
    root = tmp_path / "d"
    frame = scene(1, 32)
    for k in range(600):
        film = frame.copy()
        film[k // 30, k % 30] = 255 - film[k // 30, k % 30]
        save(root / f"{'train' if k % 2 else 'test'}/a/{k}.bmp", film)
    found = check_leakage([open_source(root)])
    assert len(found.leaks) == 300
    assert found.usual > 0.9
    assert "taken in series" in leakage_text(found)


def test_bad_requests(tmp_path: Path) -> None:
    save(tmp_path / "d/a/1.png", scene(1))
    with pytest.raises(RequestError, match="no splits"):
        check_leakage([open_source(tmp_path / "d")])
    source = open_source(dataset(tmp_path / "e", each=2))
    with pytest.raises(RequestError, match=r"0\.8"):
        check_leakage([source], like=0.2)
    with pytest.raises(RequestError, match=r"manifest\.jsonl"):
        Lineage([tmp_path / "d"])
    (tmp_path / "e/test/a/broken.png").write_bytes(b"no picture")
    found = check_leakage([open_source(tmp_path / "e")])
    assert [bad.id for bad in found.unreadable] == ["test/a/broken.png"]


def test_real_photographs(shared_data: Path) -> None:
    found = check_leakage([open_source(shared_data / "cifar10-folders")])
    # One deer is in both parts of this selection of CIFAR-10; a look at the pictures shows it.
    assert [(x.first.item.id, x.second.item.id) for x in found.leaks] == [
        ("train/deer/1298.jpg", "test/deer/0692.jpg")
    ]
    assert found.usual < 0.01


def test_real_drawings_by_other_people_are_no_leak(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "omniglot/images_background_small1.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".png"):
                _, alphabet, character, file = name.split("/")
                part = "train" if int(file.split("_")[1].split(".")[0]) <= 14 else "test"
                path = tmp_path / part / f"{alphabet}-{character}" / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(name))
    found = check_leakage([open_source(tmp_path)])
    assert sum(found.parts.values()) == 2720
    assert not found.leaks
