"""Composed copies against pictures whose every pixel is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compose.shapes import BAR, DISC, GROUND, SIDE, SQUARE, coco, pairs, scene, voc
from tenfold.compose.blending import softened
from tenfold.compose.composer import Composed
from tenfold.declare.compose import ComposeUse
from tenfold.declare.recipe import Recipe
from tenfold.multiply import Prepared, plan_job
from tenfold.ops.geometry import Reflection, Rotation
from tenfold.rng import Key
from tenfold.samples.outline import area, bounds
from tenfold.samples.sample import Sample
from tenfold.samples.validate import clean

STILL = {"scale": (1, 1), "rotation": 0, "blend": "none"}
OPS = (Rotation(degrees=5),)
FLIPS = (Reflection(axes=("horizontal", "vertical")),)
COLOURS = {"square": SQUARE, "disc": DISC, "bar": BAR, 1: SQUARE, 2: DISC, 3: BAR}


def use(**settings: Any) -> ComposeUse:
    return ComposeUse(**{"share": 1, "transforms": False, **STILL, **settings})


def plan(source: Path, compose: ComposeUse, **settings: Any) -> Prepared:
    recipe = Recipe(settings.pop("ops", OPS), compose=compose, **settings)
    return plan_job(source, source.parent / "out", recipe=recipe, copies=4, seed=3)


def composed(prepared: Prepared, copies: int = 4) -> list[tuple[Sample, Composed]]:
    """The composed copies of all samples that are multiplied."""
    job, found = prepared.job, []
    for item, number in zip(job.source.items, job.copies, strict=True):
        if number is None:
            continue
        sample, _, _ = clean(job.source.read(item), "clip")
        keys = [Key(job.seed, item.id, copy) for copy in range(1, copies + 1)]
        for seed in job.composer.draw(keys):
            assert seed is not None
            found.append((sample, job.composer.make(item, sample, seed)))
    return found


def shifted(mask: Any, matrix: list[float]) -> Any:
    """A mask moved by whole pixels, mirrored or not: where each of its pixels goes."""
    a, b, tx, c, d, ty = matrix
    ys, xs = np.nonzero(mask)
    x, y = a * (xs + 0.5) + b * (ys + 0.5) + tx, c * (xs + 0.5) + d * (ys + 0.5) + ty
    out = np.zeros_like(mask)
    out[np.floor(y).astype(int), np.floor(x).astype(int)] = True
    return out


def number_of(name: str) -> int:
    return int(Path(name).stem)


@pytest.mark.parametrize("ops", [OPS, FLIPS])
def test_masks_boxes_and_pixels_are_those_of_the_painter(tmp_path: Path, ops: Any) -> None:
    """Each pixel belongs to what was put there last; labels say so, or were dropped."""
    prepared = plan(coco(tmp_path / "d"), use(objects=(2, 8), overlap=1), ops=ops)
    hidden = mirrored = pasted = 0
    for sample, made in composed(prepared):
        before = scene(number_of(sample.id))
        layers = [(label, mask, colour) for label, mask, colour in before]
        for part in made.told["parts"]:
            label, mask, colour = scene(number_of(part["parent"]))[part["instance"]]
            assert label == part["label"]
            layers.append((label, shifted(mask, part["matrix"]), colour))
            mirrored += part["matrix"][0] < 0
        pasted += len(layers) - len(before)
        owner = np.full((SIDE, SIDE), -1)
        image = np.full((SIDE, SIDE, 3), GROUND, np.uint8)
        image[0, 0] = number_of(sample.id)
        for k, (_, mask, colour) in enumerate(layers):
            owner[mask], image[mask] = k, colour
        np.testing.assert_array_equal(made.sample.image, image)
        truth = []
        for k, (label, mask, _) in enumerate(layers):
            seen = owner == k
            if seen.sum() >= max(1, 0.1 * mask.sum()):
                truth.append((label, seen))
            else:
                hidden += 1
        assert len(truth) == len(made.sample.instances)
        for (label, seen), instance in zip(truth, made.sample.instances, strict=True):
            assert instance.label == label
            assert instance.mask is not None
            np.testing.assert_array_equal(instance.mask, seen)
            ys, xs = np.nonzero(seen)
            assert instance.box is not None
            wanted = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
            assert instance.box.tolist() == wanted
        assert made.counts.dropped == len(layers) - len(truth)
    assert pasted > 50
    assert hidden > 0
    assert (mirrored > 0) == (ops is FLIPS)


def test_boxes_are_within_a_pixel_at_any_pose(tmp_path: Path) -> None:
    """Discs known by their boxes alone, scaled, turned and mirrored: their pixels tell."""
    settings = {"scale": (0.6, 1.6), "rotation": 180, "objects": (1, 1), "rare_first": True}
    prepared = plan(voc(tmp_path / "d", 12), use(backgrounds="inpainted", **settings), ops=FLIPS)
    discs = 0
    for _, made in composed(prepared, 12):
        if not made.told["parts"] or made.told["parts"][0]["label"] != "disc":
            continue
        (instance,) = made.sample.instances
        ys, xs = np.nonzero((made.sample.image.astype(int) - np.array(GROUND))[:, :, 1] > 90)
        pixels = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
        assert instance.box is not None
        assert np.abs(instance.box - pixels).max() <= 1
        discs += 1
    assert discs >= 10


def test_turned_masks_have_the_area_and_place_of_what_they_show(tmp_path: Path) -> None:
    settings = {"scale": (0.7, 1.5), "rotation": 180, "objects": (1, 1)}
    prepared = plan(coco(tmp_path / "d"), use(backgrounds="inpainted", **settings))
    for _, made in composed(prepared):
        for instance, part in zip(made.sample.instances, made.told["parts"], strict=True):
            colour = np.array(COLOURS[part["label"]])
            close = np.abs(made.sample.image.astype(int) - colour).max(axis=2) < 90
            assert instance.mask is not None
            wrong = np.count_nonzero(close ^ instance.mask)
            ys, xs = np.nonzero(close)
            pixels = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
            assert np.abs(instance.box - pixels).max() <= 1
            assert wrong <= 4 * np.sqrt(np.count_nonzero(close)) * 0.5  # half the rim's pixels


def test_outlines_keep_what_is_seen(tmp_path: Path) -> None:
    """Polygons enclose as many pixels as the painter leaves of them."""
    prepared = plan(coco(tmp_path / "d", form="polygons"), use(objects=(4, 8), overlap=0.6))
    cut = 0
    for sample, made in composed(prepared):
        before = scene(number_of(sample.id))
        masks = []
        for label, mask, _ in before:
            masks.append((label, _boxed(mask)))
        for part in made.told["parts"]:
            label, mask, _ = scene(number_of(part["parent"]))[part["instance"]]
            masks.append((label, shifted(_boxed(mask), part["matrix"])))
        owner = np.full((SIDE, SIDE), -1)
        for k, (_, mask) in enumerate(masks):
            owner[mask] = k
        left = [k for k, (_, m) in enumerate(masks) if (owner == k).sum() >= 0.1 * m.sum()]
        assert len(left) == len(made.sample.instances)
        for k, instance in zip(left, made.sample.instances, strict=True):
            whole, seen = masks[k][1], owner == k
            cut += bool((whole & ~seen).any())
            filled = sum(area(p) for p in instance.polygons)
            assert seen.sum() <= filled <= whole.sum()  # a hole stays filled
            ys, xs = np.nonzero(seen)
            wanted = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
            assert bounds(instance.polygons).tolist() == wanted
            assert instance.box is not None
            assert instance.box.tolist() == wanted
    assert cut > 10


def _boxed(mask: Any) -> Any:
    ys, xs = np.nonzero(mask)
    out = np.zeros_like(mask)
    out[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1] = True
    return out


def test_keypoints_go_along_and_are_covered(tmp_path: Path) -> None:
    prepared = plan(coco(tmp_path / "d", form="keypoints"), use(objects=(4, 8), overlap=0.5))
    covered = 0
    for sample, made in composed(prepared):
        whole = [m for _, m, _ in scene(number_of(sample.id))]
        assert len(whole) + len(made.told["parts"]) == len(made.sample.instances)
        for part in made.told["parts"]:
            mask = scene(number_of(part["parent"]))[part["instance"]][1]
            whole.append(shifted(mask, part["matrix"]))
        for k, (mask, instance) in enumerate(zip(whole, made.sample.instances, strict=True)):
            ys, xs = np.nonzero(mask)
            points = instance.keypoints
            assert points is not None
            ends = [[xs.min() + 0.5, ys.min() + 0.5], [xs.max() + 0.5, ys.max() + 0.5]]
            np.testing.assert_allclose(points[:, :2], ends)
            for x, y, visible in points:
                over = any(later[int(y), int(x)] for later in whole[k + 1 :])
                pasted_over = any(
                    later[int(y), int(x)]
                    for n, later in enumerate(whole)
                    if n > k and n >= len(whole) - len(made.told["parts"])
                )
                assert over == pasted_over
                assert visible == (1 if over else 2)
                covered += over
    assert covered > 3


def test_label_images_get_the_values_of_the_objects_own(tmp_path: Path) -> None:
    prepared = plan(pairs(tmp_path / "d"), use(objects=(1, 3), overlap=0), ops=FLIPS)
    pasted = 0
    for sample, made in composed(prepared):
        assert made.sample.instances == ()
        mask = sample.masks["mask"].copy()
        for part in made.told["parts"]:
            name, region, colour = scene(number_of(part["parent"]))[part["instance"]]
            value = ["square", "disc", "bar"].index(name) + 1
            assert (value, colour) == (part["label"], COLOURS[value])
            mask[shifted(region, part["matrix"])] = value
            pasted += 1
        np.testing.assert_array_equal(made.sample.masks["mask"], mask)
        for value, colour in ((1, SQUARE), (2, DISC), (3, BAR)):
            np.testing.assert_array_equal(mask == value, (made.sample.image == colour).all(axis=2))
    assert pasted > 30


def test_nothing_is_put_where_it_hides_too_much(tmp_path: Path) -> None:
    for _, made in composed(plan(coco(tmp_path / "d"), use(objects=(6, 6), overlap=0))):
        masks = [i.mask for i in made.sample.instances if i.mask is not None]
        assert made.counts.dropped == 0
        assert np.sum(masks, axis=0).max() == 1
        sizes = [np.count_nonzero(m) for m in masks]  # all of each is there
        assert set(sizes) <= {18 * 18, 22 * 22, 8 * 24, int(scene(0)[2][1].sum())}


def test_backgrounds_without_their_objects(tmp_path: Path) -> None:
    prepared = plan(coco(tmp_path / "d"), use(objects=(1, 1), backgrounds="inpainted"))
    for _, made in composed(prepared):
        assert len(made.sample.instances) == len(made.told["parts"])
        free = np.ones((SIDE, SIDE), bool)
        free[0, 0] = False
        for instance in made.sample.instances:
            assert instance.mask is not None
            free &= ~instance.mask
        assert np.abs(made.sample.image[free].astype(int) - np.array(GROUND)).max() <= 1


def test_objects_come_from_others_of_the_split(tmp_path: Path) -> None:
    prepared = plan(coco(tmp_path / "d", held=4), use(objects=(4, 4)))
    for sample, made in composed(prepared):
        for part in made.told["parts"]:
            assert part["parent"].startswith("train/")
            assert part["parent"] != sample.id


@pytest.mark.parametrize("feather", [1, 2, 3, 8])
def test_soft_edges_are_symmetric(feather: int) -> None:
    """Across a straight edge the object's share rises from 0 to 1, and is half at the edge."""
    half = np.zeros((60, 60), bool)
    half[:, 30:] = True
    share = softened(half, feather)[30, : 58 - feather]
    assert (np.diff(share[10:]) >= 0).all()
    np.testing.assert_allclose(share[20:30] + share[30:40][::-1], 1)
    assert share[29 - feather] == 0
    assert share[30 - feather] > 0


def test_soft_edges_stay_near_the_object(tmp_path: Path) -> None:
    settings = {"objects": (1, 1), "overlap": 0, "feather": 3, "rare_first": False}
    prepared = plan(coco(tmp_path / "d"), use(blend="feather", **settings))
    for sample, made in composed(prepared):
        if not made.told["parts"]:
            continue
        mask = made.sample.instances[-1].mask
        assert mask is not None
        changed = (made.sample.image != sample.image).any(axis=2)
        ys, xs = np.nonzero(mask)
        outside = np.ones_like(mask)
        top, left = max(ys.min() - 3, 0), max(xs.min() - 3, 0)
        outside[top : ys.max() + 4, left : xs.max() + 4] = False
        assert not (changed & outside).any()
