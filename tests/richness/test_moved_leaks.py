"""Leaks that hashes don't see: planted crops and small turns are found, strangers are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tenfold.cli.main import run
from tenfold.richness.leaks import Leakage, check_leakage
from tenfold.richness.leaks_text import leakage_plain, leakage_text
from tenfold.richness.moved import VIEWS, candidates, features, laid_on
from tenfold.samples.sources import open_source

Image = np.ndarray


def scene(seed: int, side: int = 72, place: int | None = None) -> Image:
    """Smooth colours (of a place that other scenes may share) with discs; (side, side, 3) uint8."""
    rng = np.random.default_rng(seed)
    colours = rng if place is None else np.random.default_rng(place)
    coarse = colours.integers(40, 200, (5, 5, 3), np.uint8)
    image = np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC))
    for _ in range(6):
        at, colour = rng.integers(0, side, 2), rng.integers(0, 256, 3)
        cv2.circle(image, at.tolist(), int(rng.integers(4, 12)), colour.tolist(), -1, cv2.LINE_AA)
    return image


def crop(image: Image, rng: np.random.Generator, share: float = 0.9) -> Image:
    """A part of so much of the sides, anywhere, made as large as the whole."""
    side = image.shape[0]
    kept = round(side * share)
    y, x = rng.integers(0, side - kept + 1, 2)
    return np.asarray(cv2.resize(image[y : y + kept, x : x + kept], (side, side)))


def rotated(image: Image, rng: np.random.Generator, degrees: float = 5.0) -> Image:
    side = image.shape[0]
    either = degrees if rng.random() < 0.5 else -degrees
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), either, 1)
    return np.asarray(cv2.warpAffine(image, turn, (side, side), borderMode=cv2.BORDER_REFLECT))


def save(path: Path, image: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def dataset(root: Path, each: int = 40) -> Path:
    for k in range(each):
        save(root / f"train/a/{k:03d}.png", scene(k))
        save(root / f"test/a/{k:03d}.png", scene(1000 + k))
    return root


def checked(root: Path, **settings: object) -> Leakage:
    return check_leakage([open_source(root)], features=True, **settings)  # type: ignore[arg-type]


def test_strangers_are_strangers(tmp_path: Path) -> None:
    found = checked(dataset(tmp_path, each=150))
    assert not found.leaks
    assert "no leakage found" in leakage_text(found)
    assert "aren't looked for" not in leakage_text(found)
    assert leakage_plain(found)["features_checked"]


def test_scenes_of_one_place_are_strangers_too(tmp_path: Path) -> None:
    """Their features are alike, so that it is the laying on that tells them apart."""
    for k in range(40):
        save(tmp_path / f"train/a/{k}.png", scene(k, place=7))
        save(tmp_path / f"test/a/{k}.png", scene(1000 + k, place=7))
    assert not checked(tmp_path).leaks


@pytest.mark.parametrize("change", [crop, rotated])
@pytest.mark.parametrize("other_way", [False, True])
def test_nine_of_ten_planted_leaks_are_found(
    tmp_path: Path, change: Callable[[Image, np.random.Generator], Image], other_way: bool
) -> None:
    """Whether the test part or the training part holds the changed picture."""
    root, rng = dataset(tmp_path), np.random.default_rng(5)
    for k in range(40):
        image = scene(k)
        if other_way:
            save(root / f"train/a/{k:03d}.png", change(image, rng))
            save(root / f"test/a/x{k:03d}.jpg", image)
        else:
            save(root / f"test/a/x{k:03d}.jpg", change(image, rng))
    found = checked(root)
    assert len(found.leaks) >= 36
    for leak in found.leaks:
        assert leak.second.item.id == f"test/a/x{leak.first.item.id[8:11]}.jpg"
    hidden = len(check_leakage([open_source(root)]).leaks)
    assert hidden < 30, "hashes find them too: nothing was shown"
    assert all(leak.kind in {"near", "moved"} for leak in found.leaks)
    assert all(0.95 <= leak.likeness <= 1 for leak in found.leaks)


def test_a_stricter_threshold(tmp_path: Path) -> None:
    root = dataset(tmp_path, each=12)
    blurred = cv2.GaussianBlur(crop(scene(3), np.random.default_rng(0)), (0, 0), 1.2)
    save(root / "test/a/x.png", blurred)
    (leak,) = checked(root).leaks
    assert leak.first.item.id == "train/a/003.png"
    assert not checked(root, like=min(1.0, leak.likeness + 0.002)).leaks


def test_the_map_of_a_crop_is_found() -> None:
    side, share = 64, 0.9
    image = cv2.cvtColor(scene(7, side), cv2.COLOR_BGR2GRAY)
    cut = np.array([[share, 0, 3.0], [0, share, 1.5]], np.float32)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(image, cut, (side, side), flags=how)
    alike, found = laid_on(part, image, np.eye(2, 3, dtype=np.float32))
    assert alike > 0.99
    corners = np.array([[0, 0, 1], [63, 0, 1], [0, 63, 1], [63, 63, 1]])
    assert np.abs(corners @ (found - cut).T).max() < 1.5, "pixels, where it errs most"
    # Not by more than a slight change, and not at all what has nothing in common with it.
    half = cv2.resize(image[:32, :32], (side, side))
    assert laid_on(half, image, np.eye(2, 3, dtype=np.float32))[0] < 0.9
    other = cv2.cvtColor(scene(8, side), cv2.COLOR_BGR2GRAY)
    assert laid_on(other, image, np.eye(2, 3, dtype=np.float32))[0] < 0.9


def test_features_of_a_view_are_those_of_the_cut() -> None:
    """What a picture's views say is what its cuts, made and shrunk, say of themselves."""
    image = cv2.cvtColor(scene(9, 32), cv2.COLOR_BGR2GRAY)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    of_views = features(image[None])[:, 0]
    for view, said in zip(VIEWS, of_views, strict=True):
        cut = cv2.warpAffine(image, view, (32, 32), flags=how, borderMode=cv2.BORDER_REPLICATE)
        assert features(cut[None])[0, 0] @ said > 0.99
    assert features(np.zeros((1, 32, 32), np.uint8)).max() == 0


def test_few_pictures_have_few_neighbours() -> None:
    details = np.random.default_rng(0).integers(0, 256, (3, 32, 32), np.uint8)
    found = list(candidates(details[:1], details))
    assert [(pair.first, pair.second) for pair in found] == [(0, 0)]


def test_real_photographs(shared_data: Path) -> None:
    """Six pictures of this selection of CIFAR-10 are cut out of others; a look at them shows it."""
    found = checked(shared_data / "cifar10-folders")
    assert {leak.second.item.id for leak in found.of("moved")} == {
        "test/automobile/0945.jpg", "test/automobile/0974.jpg", "test/dog/0610.jpg",
        "test/frog/0642.jpg", "test/horse/0370.jpg", "test/ship/0916.jpg",
    }  # fmt: skip
    assert found.usual < 0.05


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = dataset(tmp_path / "d", each=12)
    save(root / "test/a/x.png", rotated(scene(3), np.random.default_rng(1), 6))
    words = ["check-leakage", str(root), "--quiet"]
    assert run(words) == 0
    assert "aren't looked for" in capsys.readouterr().out
    assert run([*words, "--features", "-o", str(tmp_path / "out")]) == 1
    assert "test/a/x.png  train/a/003.png  (cut or tilted" in capsys.readouterr().out
    assert (tmp_path / "out/leaks.png").stat().st_size > 1000
