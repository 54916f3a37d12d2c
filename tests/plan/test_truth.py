"""The truth test: a drawn blob, its masks, box, outline and keypoint stay together.

The image is the witness: where the blob is after the move is measured in the moved pixels, and
every annotation is held against that.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.declare.recipe import BORDER_MODES, Border, Recipe
from tenfold.ops.catalogue import OPS
from tenfold.ops.op import Op
from tenfold.plan.fields import border_mode
from tenfold.plan.plan import Plan
from tenfold.rng import Key
from tenfold.samples.sample import Instance, Sample, value_range_of
from tenfold.samples.source import DatasetInfo

HEIGHT, WIDTH, RADIUS = 213, 270, 24.0
MOVING = [name for name, cls in OPS.items() if cls.moves and cls.family != "policy"]
STRONG: dict[str, dict[str, Any]] = {
    "rotation": {"degrees": 180},
    "reflection": {"axes": ["horizontal", "vertical", "transpose"], "exact": True},
    "translation": {"x": 0.15, "y": 0.15},
    "scaling": {"factor": [0.7, 1.4], "anisotropy": [0.8, 1.25]},
    "shear": {"x": 20, "y": 10},
    "perspective": {"strength": [0.05, 0.15]},
    "crop": {"area": [0.6, 1]},
    "elastic": {"amplitude": [0.02, 0.027], "cells": 4},
    "grid_distortion": {"amplitude": [0.3, 0.4]},
}
Dtype = type[np.uint8] | type[np.uint16] | type[np.float32]
DTYPES: list[Dtype] = [np.uint8, np.uint16, np.float32]


def disc(x: float, y: float) -> NDArray[np.float64]:
    """Coverage 0..1 of a disc with a soft edge one pixel wide."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    return np.asarray(np.clip(RADIUS + 0.5 - np.hypot(columns - x, rows - y), 0, 1))


def witness(dtype: Dtype, x: float, y: float) -> Sample:
    white = {np.uint8: 255, np.uint16: 65535}.get(dtype, 1)
    coverage = disc(x, y)
    image = (np.round(coverage * white) if white > 1 else coverage).astype(dtype)[:, :, None]
    angle = np.linspace(0, 2 * np.pi, 73)[:-1]
    outline = np.stack([x + RADIUS * np.cos(angle), y + RADIUS * np.sin(angle)], axis=1)
    keypoint = np.array([[x, y, 2.0]])
    inside = coverage > 0.5
    extent = np.concatenate([outline.min(axis=0), outline.max(axis=0)])
    return Sample(
        id="witness",
        image=np.repeat(image, 3, axis=2),
        masks={"mask": inside.astype(np.uint8)},
        instances=(
            Instance(label="outline", polygons=(outline,), box=extent, keypoints=keypoint),
            Instance(label="mask", mask=inside, box=extent, keypoints=keypoint),
            Instance(label="box", box=extent, keypoints=keypoint),
        ),
        value_range=value_range_of(image),
    )


def build(name: str, probability: float = 1.0) -> Op:
    return OPS[name](**STRONG.get(name, {}), probability=probability)


@pytest.mark.parametrize("mode", BORDER_MODES)
@pytest.mark.parametrize("name", MOVING)
def test_the_blob_and_its_annotations_stay_together(name: str, mode: Any) -> None:
    recipe = Recipe((build(name),), border=Border(mode, 0.0), keypoint_pairs=())
    check_recipe(recipe, rounds=4)


@pytest.mark.parametrize("mode", ["reflect", "background", "crop"])
def test_together_through_a_chain_of_all_moving_ops(mode: Any) -> None:
    gentle: dict[str, dict[str, Any]] = {
        "rotation": {"degrees": 30}, "scaling": {"factor": [0.9, 1.1]}, "shear": {"x": 8},
        "translation": {"x": 0.05, "y": 0.05}, "crop": {"area": [0.8, 1]},
        "perspective": {"strength": [0, 0.06]}, "elastic": {"amplitude": [0, 0.015]},
    }  # fmt: skip
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(MOVING).tolist()
        ops = tuple(OPS[n](**gentle.get(n, STRONG.get(n, {}))) for n in order)
        check_recipe(Recipe(ops, border=Border(mode, 0.0), keypoint_pairs=()), rounds=4)


def check_recipe(recipe: Recipe, rounds: int) -> None:
    plan = Plan(recipe, DatasetInfo(has_boxes=True, has_keypoints=True, has_masks=True))
    rng = np.random.default_rng(5)
    seen = 0
    for dtype, round_ in itertools.product(DTYPES, range(rounds)):
        x, y = rng.uniform(75, WIDTH - 75), rng.uniform(70, HEIGHT - 70)
        sample = witness(dtype, x, y)
        history = plan.draw([Key(1, f"{dtype.__name__} {round_}", 1)])[0]
        moved = plan.run(sample, history).sample
        assert moved.image.dtype == dtype
        seen += check_together(moved, sample, border_mode(recipe, plan.schema(sample)))
    assert seen >= rounds, "the blob left the picture too often for a test"


def check_together(moved: Sample, sample: Sample, mode: str) -> int:
    """Hold every annotation against the pixels; 1 if the blob was wholly in view."""
    outlined = next((i for i in moved.instances if i.label == "outline"), None)
    if outlined is None or outlined.keypoints is None or outlined.box is None:
        return 0
    x, y, visible = outlined.keypoints[0]
    x0, y0, x1, y1 = outlined.box
    margin = 6.0
    if visible != 2 or min(x0, y0) < margin:
        return 0
    if x1 > moved.width - margin or y1 > moved.height - margin:
        return 0

    # Only the blob itself: reflected or wrapped ones elsewhere are the border's business.
    white = float(sample.value_range[1])
    window = np.zeros((moved.height, moved.width), dtype=bool)
    window[int(y0) - 4 : int(y1) + 5, int(x0) - 4 : int(x1) + 5] = True
    weight = np.where(window, moved.image[:, :, 0].astype(np.float64) / white, 0)
    rows, columns = np.mgrid[: moved.height, : moved.width] + 0.5
    seen_x = float((weight * columns).sum() / weight.sum())
    seen_y = float((weight * rows).sum() / weight.sum())
    pixels = weight > 0.5
    if pixels.sum() < 1200:  # a blob so small that its rim is more than 5 % of it
        return 0

    # A bent or projected disc's centre of mass is not the image of its centre: the outline's is.
    outline = outlined.polygons[0]
    centre = centroid(outline)
    assert np.hypot(seen_x - centre[0], seen_y - centre[1]) <= 0.3, "outline and image"
    bend = np.hypot(centre[0] - x, centre[1] - y)
    assert np.hypot(seen_x - x, seen_y - y) <= 0.5 + bend, "keypoint and image"
    assert bend < 6, "keypoint and outline"

    semantic = (moved.masks["mask"] > 0) & window
    assert iou(semantic, pixels) >= 0.95, "mask and image"
    mask = next(i for i in moved.instances if i.label == "mask")
    assert mask.mask is not None
    assert mask.box is not None
    assert iou(mask.mask & window, pixels) >= 0.95, "instance mask and image"

    tight = np.array([
        np.flatnonzero(pixels.any(axis=0))[[0, -1]] + [0, 1],
        np.flatnonzero(pixels.any(axis=1))[[0, -1]] + [0, 1],
    ]).T.reshape(4)  # fmt: skip
    assert np.abs(outlined.box - tight).max() <= 1.0, "box from the outline and image"
    step = max(1.0, np.sqrt(pixels.sum() / np.pi) / RADIUS)  # a mask pixel's size, magnified
    assert np.abs(mask.box - tight).max() <= 1.5 * step, "box from the mask and image"
    loose = next(i for i in moved.instances if i.label == "box").box
    assert loose is not None
    assert (loose[:2] <= tight[:2] + 1).all(), "a box alone must hold the object"
    assert (loose[2:] >= tight[2:] - 1).all(), "a box alone must hold the object"
    return 1


def centroid(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = outline.T
    u, v = np.roll(x, -1), np.roll(y, -1)
    cross = x * v - u * y
    return np.asarray(
        np.array([((x + u) * cross).sum(), ((y + v) * cross).sum()]) / (3 * float(cross.sum()))
    )


def iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MOVING)
def test_the_input_is_never_changed(name: str, dtype: Dtype) -> None:
    sample = witness(dtype, 80, 70)
    before = sample.image.copy()
    sample.image.flags.writeable = False
    plan = Plan(Recipe((build(name),), keypoint_pairs=()), DatasetInfo(has_boxes=True))
    for copy in range(3):
        out = plan.run(sample, plan.draw([Key(0, "a", copy)])[0]).sample
        assert out.image.dtype == dtype
        assert not np.shares_memory(out.image, sample.image)
        low, high = sample.value_range
        assert out.image.min() >= low
        assert out.image.max() <= high
    np.testing.assert_array_equal(sample.image, before)
