"""Mosaics: four pictures where the tiles say, and boxes round what they show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.errors import RequestError
from tenfold.mixing import Mosaic

Array = np.ndarray[Any, Any]


def test_rectangles_stay_in_their_boxes() -> None:
    """One bright rectangle an image: after the mosaic, boxes say where light is."""
    generator = np.random.default_rng(0)
    count, height, width = 8, 96, 120
    images = np.zeros((count, height, width, 1), np.float32)
    boxes = []
    for image in images:
        x0, y0 = generator.integers(0, width - 40), generator.integers(0, height - 40)
        x1, y1 = x0 + generator.integers(12, 40), y0 + generator.integers(12, 40)
        image[y0:y1, x0:x1] = 1
        boxes.append([[x0, y0, x1, y1]])
    labels = [[f"object {i}"] for i in range(count)]
    method = Mosaic(min_visibility=0, min_area=0)
    for step in range(6):
        mixed, moved, named = method.mix_objects(images, boxes, labels, seed=0, step=step)
        assert named is not None
        assert np.array_equal(mixed, method.mix(images, np.eye(count), seed=0, step=step)[0])
        for picture, rows, names, mix in zip(
            mixed, moved, named, method.draw(count, seed=0, step=step), strict=True
        ):
            assert len(rows) == len(names)
            assert set(names) <= {f"object {r}" for r in mix.rows}
            # The light of a pixel is the share of it that boxes cover: area means of rectangles
            # are exact, so this holds for every pixel.
            light = np.zeros((height, width))
            for x0, y0, x1, y1 in rows:
                across = np.clip(x1 - np.arange(width), 0, 1) - np.clip(x0 - np.arange(width), 0, 1)
                down = np.clip(y1 - np.arange(height), 0, 1) - np.clip(y0 - np.arange(height), 0, 1)
                light += down[:, None] * across
            assert picture[..., 0] == pytest.approx(light, abs=1e-5)


def test_tiles_cover_the_picture_once() -> None:
    method = Mosaic()
    for size in ((1, 1), (1, 7), (2, 2), (15, 40), (64, 64)):
        for mix in method.draw(30, seed=1):
            covered = np.zeros(size, int)
            for tile in method.tiles(*size, mix.numbers):
                covered[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] += 1
                for axis in range(2):
                    assert tile.small[axis] <= size[axis]
                    part = (tile.height, tile.width)[axis]
                    assert 0 <= tile.skip[axis] <= tile.small[axis] - part
            assert (covered == 1).all()


def test_proportions_are_kept() -> None:
    method = Mosaic()
    for mix in method.draw(50, seed=2):
        for tile in method.tiles(300, 200, mix.numbers):
            assert tile.small[0] / tile.small[1] == pytest.approx(1.5, rel=0.03)
            assert tile.small[0] == tile.height or tile.small[1] == tile.width


def test_the_own_picture_comes_in_every_corner() -> None:
    first = {
        (tile.top > 0, tile.left > 0)
        for mix in Mosaic().draw(64, seed=3)
        for tile in Mosaic().tiles(32, 32, mix.numbers)[:1]
    }
    assert len(first) == 4


def test_objects_hardly_seen_are_dropped_with_their_labels() -> None:
    images = np.zeros((4, 50, 50, 3), np.uint8)
    corner = [[0.0, 0.0, 50.0, 50.0], [0.0, 0.0, 0.5, 0.5], [20.0, 20.0, 20.0, 30.0]]
    boxes, labels = [corner] * 4, [[7, 8, 9]] * 4
    _, moved, named = Mosaic(min_visibility=0.5).mix_objects(images, boxes, labels, seed=0)
    assert named is not None
    assert set(np.concatenate(named)) == {7}  # 8 is under a pixel, 9 has no area
    _, everything, _ = Mosaic(min_visibility=0, min_area=0).mix_objects(images, boxes, seed=0)
    assert all(len(m) <= len(e) for m, e in zip(moved, everything, strict=True))
    for rows in everything:
        full = rows[(rows[:, 2:] - rows[:, :2]).prod(axis=1) > 1]
        assert (full[:, 2:] - full[:, :2]).prod(axis=1).sum() == pytest.approx(2500)


def test_rows_that_are_not_mixed_keep_their_boxes() -> None:
    images = np.zeros((3, 20, 30, 3), np.uint8)
    boxes: list[Any] = [[[1, 2, 11, 12]], [], np.zeros((0, 4))]
    mixed, moved, named = Mosaic(probability=0).mix_objects(images, boxes, [["a"], [], []], seed=0)
    assert named is not None
    assert [m.tolist() for m in moved] == [[[1, 2, 11, 12]], [], []]
    assert [n.tolist() for n in named] == [["a"], [], []]
    assert np.array_equal(mixed, images)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 6),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    seed=st.integers(0, 2**32),
)
def test_boxes_lie_inside_whatever_the_size(count: int, height: int, width: int, seed: int) -> None:
    images = np.zeros((count, height, width, 1), np.uint8)
    boxes = [np.array([[0, 0, width, height], [0.2, 0.1, 0.9, 0.6]])] * count
    before = [b.copy() for b in boxes]
    for b in boxes:
        b.setflags(write=False)
    _, moved, _ = Mosaic().mix_objects(images, boxes, seed=seed)
    assert all(np.array_equal(a, b) for a, b in zip(boxes, before, strict=True))
    for rows in moved:
        assert (rows[:, :2] >= 0).all()
        assert (rows[:, 2] <= width).all()
        assert (rows[:, 3] <= height).all()
        assert (rows[:, 2:] > rows[:, :2]).all()


def test_wrong_boxes_are_named() -> None:
    images = np.zeros((2, 9, 9, 3), np.uint8)
    with pytest.raises(RequestError, match=r"boxes: must be .* 2 in all, got 1 entries"):
        Mosaic().mix_objects(images, [[]], seed=0)
    with pytest.raises(RequestError, match=r"image 1 must be .* got shape"):
        Mosaic().mix_objects(images, [[], [[1, 2, 3]]], seed=0)
    with pytest.raises(RequestError, match=r"image 0 has .* inverted"):
        Mosaic().mix_objects(images, [[[5, 5, 1, 9]], []], seed=0)
    with pytest.raises(RequestError, match="image 0 has 2 labels for 1 boxes"):
        Mosaic().mix_objects(images, [[[1, 1, 5, 9]], []], [[1, 2], []], seed=0)
    with pytest.raises(RequestError, match="image 0 aren't rows"):
        Mosaic().mix_objects(images, [["cat"], []], seed=0)
