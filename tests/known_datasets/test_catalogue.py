"""Datasets of one's own, and datasets written as folders that the other commands read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tenfold.datasets import Dataset, catalogue, load, names, register, write_folder
from tenfold.errors import RequestError
from tenfold.learned.examples import Examples
from tenfold.samples.sources import open_source


def examples(classes: tuple[str, ...] = ("x", "y"), channels: int = 3) -> Examples:
    values = np.random.default_rng(0).integers(0, 256, (6, 9, 8, channels)) / 255
    return Examples(values, np.arange(6) % 2, classes)


@pytest.fixture(autouse=True)
def _none_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_own", {})


def test_ones_own_is_loaded_by_name_with_its_options() -> None:
    def make(channels: int = 3) -> Dataset:
        return Dataset("mine", {"train": examples(channels=channels)}, "me")

    register("mine", make)
    assert "mine" in names()
    assert load("mine", channels=1).train.shape == (9, 8, 1)
    with pytest.raises(RequestError, match="no option 'chanels'; did you mean 'channels'"):
        load("mine", chanels=1)
    with pytest.raises(RequestError, match="'mine' can't be given"):
        register("mine", make)
    with pytest.raises(RequestError, match="'digits' can't be given"):
        register("digits", make)


def test_parts_must_fit() -> None:
    with pytest.raises(RequestError, match="no part 'train'"):
        Dataset("d", {"test": examples()})
    with pytest.raises(RequestError, match="'test' has other classes"):
        Dataset("d", {"train": examples(), "test": examples(("x", "z"))})


@pytest.mark.parametrize("channels", [1, 3])
def test_a_folder_holds_the_same_pictures(tmp_path: Path, channels: int) -> None:
    made = examples(channels=channels)
    parts = {"train": made, "validation": made.take(np.arange(2))}
    assert write_folder(Dataset("d", parts), tmp_path / "d") == 8
    assert {path.name for path in (tmp_path / "d").iterdir()} == {"train", "val"}
    source = open_source(tmp_path / "d")
    found = {item.id: item for item in source.items}
    assert {item.split for item in found.values()} == {"train", "val"}
    for row in range(6):
        label = made.classes[made.labels[row]]
        item = found[f"train/{label}/{row:05d}.png"]
        assert item.label == label
        assert np.array_equal(source.read(item).image, np.rint(made.values[row] * 255))


def test_what_is_no_picture_is_not_written(tmp_path: Path) -> None:
    flat = Examples(np.arange(12.0).reshape(4, 3), np.array([0, 0, 1, 1]), ("a", "b"))
    with pytest.raises(RequestError, match="only images with 1 or 3"):
        write_folder(Dataset("d", {"train": flat}), tmp_path / "d")
    assert not (tmp_path / "d").exists()
