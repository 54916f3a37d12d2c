"""Datasets read for generators, parts held out, and the views that a declaration gives."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.datasets import arrays, image_folder, pairs
from tenfold import Key, Pipeline, Recipe
from tenfold.errors import RequestError
from tenfold.fitting import declared_views
from tenfold.learned.examples import Examples
from tenfold.learned.reading import examples_of, held_out
from tenfold.learned.sizing import sized
from tenfold.ops.geometry import Crop, Reflection, Rotation
from tenfold.samples.source import Source
from tenfold.samples.sources import open_source


def pictures(root: Path, shapes: dict[str, tuple[int, ...]]) -> Source:
    """PNGs of noise by path and shape."""
    for number, (name, shape) in enumerate(shapes.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, shape, dtype=np.uint8)
        cv2.imwrite(str(path), noise)
    return open_source(root)


def labelled(counts: list[int], ids: tuple[str, ...] = ()) -> Examples:
    labels = np.repeat(np.arange(len(counts)), counts)
    values = np.arange(2 * len(labels), dtype=np.float32).reshape(-1, 2)
    return Examples(values, labels, tuple("abcdefgh"[: len(counts)]), ids)


def test_values_and_labels_are_those_of_the_files(tmp_path: Path) -> None:
    source = open_source(image_folder(tmp_path / "data", train=5, test=2))
    read = examples_of(source, split="train")
    assert read.classes == ("a", "b")
    assert len(read.values) == 5
    for value, label, name in zip(read.values, read.labels, read.ids, strict=True):
        wanted = np.asarray(cv2.imread(str(tmp_path / "data" / name)))[:, :, ::-1] / 255
        np.testing.assert_allclose(value, wanted, atol=1e-6)
        assert name.split("/")[1] == read.classes[label]
    assert len(examples_of(source).values) == 7


def test_arrays_keep_their_numbers_as_classes(tmp_path: Path) -> None:
    source = open_source(arrays(tmp_path / "data"))
    read = examples_of(source)
    assert read.classes == (0, 1, 2)
    assert [type(name) for name in read.classes] == [int, int, int]
    with np.load(tmp_path / "data/data.npz") as stored:
        np.testing.assert_array_equal(read.labels, stored["labels"])
        np.testing.assert_allclose(read.values[..., 0] * 255, stored["images"], atol=1e-4)


def test_the_value_range_is_black_and_white(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for i, level in enumerate((1000, 2500, 5000)):
        (root / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / "ab"[i % 2] / f"{i}.png"), np.full((4, 4), level, np.uint16))
    read = examples_of(open_source(root), value_range=(0, 4095))
    found = sorted(float(value[0, 0, 0]) for value in read.values)
    assert found == pytest.approx([1000 / 4095, 2500 / 4095, 1.0])


def test_what_cant_be_read_as_one_array(tmp_path: Path) -> None:
    mixed = pictures(tmp_path / "m", {"a/1.png": (8, 8), "a/2.png": (8, 9), "b/3.png": (8, 8)})
    with pytest.raises(RequestError, match=r"mixed sizes, 8x8 .*1.png.* 9x8 .*--size 8x8"):
        examples_of(mixed)
    assert examples_of(mixed, size=(6, 5)).shape == (6, 5, 1)
    kinds = pictures(tmp_path / "k", {"a/1.png": (8, 8), "b/2.png": (8, 8, 3)})
    with pytest.raises(RequestError, match=r"1 channels .* with 3"):
        examples_of(kinds)
    assert examples_of(kinds, channels=1).shape == (8, 8, 1)
    assert examples_of(kinds, channels=3).shape == (8, 8, 3)
    with pytest.raises(RequestError, match=r"has masks.*without annotations"):
        examples_of(open_source(pairs(tmp_path / "p")))
    with pytest.raises(RequestError, match=r"class 'b' isn't among 'a', 'c'"):
        examples_of(mixed, size=(8, 8), classes=("a", "c"))
    (tmp_path / "m/a/1.png").write_bytes(b"no picture")
    with pytest.raises(RequestError, match=r"1\.png.*mend the file"):
        examples_of(mixed, size=(8, 8))
    passed: list[str] = []
    read = examples_of(mixed, size=(8, 8), unusable=lambda item, _: passed.append(item.id))
    assert (passed, len(read.values)) == (["a/1.png"], 2)


def test_unlabelled_images(tmp_path: Path) -> None:
    pictures(tmp_path / "data", {"1.png": (8, 8), "2.png": (8, 8)})
    (tmp_path / "data/labels.csv").write_text("file,label\n1.png,a\n2.png,\n")
    with pytest.raises(RequestError, match="no label"):
        examples_of(open_source(tmp_path / "data"))


def test_sizes_keep_means_and_ramps() -> None:
    ramp = np.linspace(0, 1, 60, dtype=np.float32)[None, :, None].repeat(40, axis=0)
    small = sized(ramp, 10, 15)
    assert small.shape == (10, 15, 1)
    assert small.mean() == pytest.approx(ramp.mean(), abs=1e-3)
    np.testing.assert_allclose(sized(small, 40, 60)[5:-5, 5:-5], ramp[5:-5, 5:-5], atol=0.01)
    assert sized(ramp, 40, 60) is ramp


def test_a_resized_picture_keeps_within_its_values() -> None:
    """Means of ones are no more than one, whatever the rounding of the weights."""
    spots = np.ones((70, 70, 1), np.float32)
    rows, columns = np.random.default_rng(0).integers(0, 70, (2, 50))
    spots[rows, columns] = 0
    for side in range(5, 40):
        assert sized(spots, side, side).max() <= 1


@pytest.mark.parametrize("counts", [[100, 50, 10], [3, 3, 3, 3], [2, 40], [2, 2]])
def test_classes_are_held_out_in_their_shares(counts: list[int]) -> None:
    examples = labelled(counts)
    train, watched = held_out(examples, 0.1, seed=3)
    if counts == [2, 2]:
        assert watched is None
        return
    assert watched is not None
    assert sorted([*train.ids, *watched.ids]) == sorted(examples.ids)
    assert len(watched.values) == pytest.approx(0.1 * sum(counts), abs=1)
    for number, count in enumerate(counts):
        held = int((watched.labels == number).sum())
        assert held <= max(0, count - 2)
        assert abs(held - 0.1 * count) <= 1
    assert held_out(examples, 0.1, seed=3)[1].ids == watched.ids  # type: ignore[union-attr]
    assert held_out(examples, 0)[1] is None


def test_groups_are_held_out_whole() -> None:
    ids = tuple(f"w{i % 6}/{i}.png" for i in range(60))
    examples = labelled([30, 30], ids)
    train, watched = held_out(examples, 0.2, group=r"^(w\d)")
    assert watched is not None
    writers = [{name.split("/")[0] for name in part.ids} for part in (train, watched)]
    assert not writers[0] & writers[1]
    assert Counter(map(len, writers)) == Counter([4, 2])
    for pattern, told in (("(x)", "isn't found"), ("(", "no regular"), ("(w)", "everywhere")):
        with pytest.raises(RequestError, match=told):
            held_out(examples, 0.2, group=pattern)
    with pytest.raises(RequestError, match=r"0\.\.0\.5"):
        held_out(examples, 0.8)


def test_views_are_the_pipelines_pictures_by_example_and_epoch() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((9, 12, 10, 1), dtype=np.float32)
    examples = Examples(values, np.zeros(9, np.int64), ("a",), tuple(f"{i}.png" for i in range(9)))
    ops = (Rotation(degrees=30), Reflection(axes=["horizontal"]))
    views = declared_views(examples, Recipe(ops), seed=4)
    places = np.array([5, 0, 7, 5])
    seen = views(places, 3)
    pipeline = Pipeline(ops, seed=4)
    for place, view in zip(places, seen, strict=True):
        wanted = pipeline(values[place], key=Key(4, f"{place}.png", 3))
        np.testing.assert_allclose(view, np.clip(wanted, 0, 1), atol=1e-6)
    assert not np.array_equal(views(places, 4), seen)
    np.testing.assert_array_equal(views(places[::-1].copy(), 3), seen[::-1])


def test_views_keep_the_size() -> None:
    values = np.random.default_rng(0).random((2, 12, 10, 1), dtype=np.float32)
    examples = Examples(values, np.zeros(2, np.int64), ("a",))
    crop: Any = Crop(height=6, width=6)
    with pytest.raises(RequestError, match="crop"):
        declared_views(examples, Recipe((crop,)))
