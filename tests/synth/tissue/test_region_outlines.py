"""Outlines enclose exactly their pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco

from tenfold.native.library import lib as loaded
from tenfold.native.library import load
from tenfold.samples import outline, rle
from tenfold.synth.tissue import outlines as module
from tenfold.synth.tissue.outlines import instances, outlines

LEVELS = [f"v{level}" for level in range(2, loaded.tenfold_level() + 1)] or ["any"]


def patches(seed: int, height: int, width: int) -> np.ndarray:
    """Labels in patches of all shapes, with holes, corners that touch, and labels in parts."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 5, (height // 3 + 1, width // 3 + 1))
    large = np.kron(small, np.ones((3, 3), int))[:height, :width]
    single = random.uniform(size=(height, width)) < 0.06
    large[single] = random.integers(0, 5, int(single.sum()))
    return large.astype(np.int32)


@pytest.mark.parametrize("seed", range(8))
def test_filled_by_coco_they_are_the_mask_again(seed: int) -> None:
    labels = patches(seed, 31, 44)
    found = outlines(labels)
    assert list(found) == [v for v in np.unique(labels).tolist() if v]
    for label, parts in found.items():
        mask = labels == label
        flat = [part.reshape(-1).tolist() for part in parts]
        encoded = coco.merge(coco.frPyObjects(flat, *labels.shape))
        filled = rle.decode(encoded, *labels.shape)
        np.testing.assert_array_equal(filled, mask)
        assert sum(outline.area(part) for part in parts) == mask.sum()


@pytest.mark.parametrize("seed", range(4))
def test_there_are_as_many_as_connected_parts(seed: int) -> None:
    labels = patches(seed, 40, 37)
    for label, parts in outlines(labels).items():
        count, _ = cv2.connectedComponents((labels == label).astype(np.uint8), connectivity=4)
        assert len(parts) == count - 1


def test_a_ring_is_one_outline_with_a_bridge() -> None:
    labels = np.ones((5, 6), np.int32)
    labels[2, 2:4] = 0
    (ring,) = outlines(labels)[1]
    assert outline.area(ring) == 28
    np.testing.assert_array_equal(outline.bounds([ring]), [0, 0, 6, 5])


def test_corners_run_clockwise_and_only_corners_are_listed() -> None:
    labels = np.zeros((4, 5), np.int32)
    labels[1:3, 1:4] = 9
    np.testing.assert_array_equal(outlines(labels)[9][0], [[1, 1], [4, 1], [4, 3], [1, 3]])


def test_instances_have_class_box_and_outline() -> None:
    labels = np.zeros((6, 6), np.uint16)
    labels[0, 0] = labels[4:, 3:] = 2
    labels[2, 1:5] = 5
    first, second = instances(labels, {2: "b", 5: "e"})
    assert (first.label, second.label) == ("b", "e")
    assert first.box is not None
    assert first.box.tolist() == [0, 0, 6, 6]
    assert len(first.polygons) == 2
    assert outlines(np.zeros((3, 3), np.int32)) == {}


def test_every_level_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for level in LEVELS:
        monkeypatch.setattr(module, "lib", load(level))
        found = outlines(patches(3, 50, 50))
        results.append(b"".join(p.tobytes() for parts in found.values() for p in parts))
    assert len(set(results)) == 1
