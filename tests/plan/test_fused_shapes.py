"""Fused equals step by step: small sizes, views of memory, masks and points.

Tolerances are those of `test_fused.py`; masks and points have none but for ties: a mask's value is
that of a place within 0.02 px, and a point comes out within 0.0001 px.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reference.comparing import check, shrinks, stored
from reference.executor import look, possible_masks
from reference.picture import Picture, Rules
from reference.runs import CHAINS, HEIGHT, NAMES, WIDTH, build, fused_and_steps, picture
from steps_given import run
from tenfold.declare.recipe import Recipe
from tenfold.ops import matrices
from tenfold.ops.catalogue import OPS
from tenfold.ops.steps import GeometricStep, Warp
from tenfold.plan.plan import Plan
from tenfold.rng import Key
from tenfold.samples.sample import Instance, Sample, value_range_of

SIZE = HEIGHT, WIDTH
DTYPES = ("uint8", "uint16", "float32")
GEOMETRY = [name for name, steps in CHAINS.items()
            if all(isinstance(step, GeometricStep) for step in steps)]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_tiny_pictures_of_noise(name: str) -> None:
    """Every op alone on every size from 1 to 7; dtypes, channels and borders in turn."""
    rng = np.random.default_rng(0)
    for k, (height, width) in enumerate(np.ndindex(7, 7)):
        dtype, channels = DTYPES[k % 3], (1, 3, 5, 4)[k % 4]
        mode: Any = ("reflect", "edge", "wrap", "constant", "background")[k % 5]
        image = stored(rng.uniform(0, 1, (height + 1, width + 1, channels)), dtype)
        alpha = channels == 4
        sample = Sample("s", image, alpha=alpha, value_range=value_range_of(image))
        made = fused_and_steps(sample, (build(name),), k, border=mode)
        if made is not None:
            check(made[0], sample, made[1], Rules(mode, alpha=alpha), once=True)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (3, 1), (5, 6), (7, 7), (9, 4)])
def test_random_pairs_on_tiny_pictures(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(shape))
    for k in range(60):
        names = rng.choice(NAMES, 2).tolist()
        sample = picture(shape, DTYPES[k % 3], (1, 3, 5)[k // 3 % 3])
        made = fused_and_steps(sample, tuple(build(n) for n in names), k, border="reflect")
        if made is not None and not shrinks(made[1], shape):
            check(made[0], sample, made[1], Rules(), once=True)


def labels(seed: int) -> np.ndarray[Any, Any]:
    """(H, W) patches of four values, 4 px wide."""
    patches = np.random.default_rng(seed).integers(0, 4, (11, 13)) * 60
    return np.kron(patches, np.ones((4, 4), dtype=int))[:HEIGHT, :WIDTH].astype(np.uint8)


@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap", "constant", "background"])
@pytest.mark.parametrize("chain", GEOMETRY)
def test_masks_go_through_the_same_map(chain: str, mode: Any) -> None:
    """Nearest neighbours of the original labels, and the ignore value where no picture is."""
    steps = [step for step in CHAINS[chain] if isinstance(step, GeometricStep)]
    mask = labels(1)
    sample = dataclasses.replace(picture(SIZE, "uint8", 1), masks={"mask": mask})
    got = run(sample, *steps, border=mode, ignore_value=255).sample.masks["mask"]
    rules = Rules(mode, ignore=255)
    allowed = possible_masks(Picture.of(sample.image, (0, 255), mask), steps, rules, 0.02)
    assert np.any([got == one for one in allowed], axis=0).all()
    assert (got == allowed[0]).mean() > 0.98
    assert (255 in got) == (mode in ("constant", "background"))


@pytest.mark.parametrize("chain", GEOMETRY)
def test_points_follow_the_chain(chain: str) -> None:
    """Where a point comes out, the steps one by one look back at where it was."""
    steps = [step for step in CHAINS[chain] if isinstance(step, GeometricStep)]
    places = np.random.default_rng(0).uniform([0, 0], [WIDTH, HEIGHT], (200, 2))
    keypoints = np.column_stack([places, np.full(200, 2.0)])
    sample = dataclasses.replace(
        picture(SIZE, "uint8", 1), instances=(Instance(keypoints=keypoints),)
    )
    (found,) = run(sample, *steps, border="reflect").sample.instances
    assert found.keypoints is not None
    moved, visible = found.keypoints[:, :2], found.keypoints[:, 2] == 2
    exact = 1e-9 if all(isinstance(step, Warp) for step in steps) else 1e-4
    np.testing.assert_allclose(look(steps, moved, SIZE), places, atol=exact)
    inside = ((moved >= 0) & (moved <= [WIDTH, HEIGHT])).all(axis=1)
    np.testing.assert_array_equal(visible, inside)
    assert 0.3 < visible.mean() < 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_whole_pixel_chains_are_exact(dtype: str) -> None:
    """Turns, mirrors and shifts in any number move values and nothing else."""
    sample = picture(SIZE, dtype, 3)
    half = matrices.translation(-WIDTH / 2, -HEIGHT / 2)
    quarter = Warp(matrices.translation(HEIGHT / 2, WIDTH / 2) @ matrices.rotation(90) @ half,
                   WIDTH, HEIGHT)  # fmt: skip
    mirror = Warp(matrices.matrix(-1, 0, HEIGHT, 0, 1, 0, 0, 0, 1), WIDTH, HEIGHT)
    shift = Warp(matrices.translation(3, -5), WIDTH, HEIGHT)
    got = run(sample, quarter, mirror, shift, border="wrap").sample.image
    expected = np.roll(np.rot90(sample.image)[:, ::-1], (-5, 3), axis=(0, 1))
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", NAMES)
def test_views_of_memory_make_no_difference(name: str) -> None:
    """Flipped, strided, transposed, cut out, in Fortran order: the bytes of a contiguous copy."""
    rng = np.random.default_rng(1)
    for k, dtype in enumerate(("uint8", "uint16", "float32")):
        whole = stored(rng.uniform(0, 1, (46, 62, 4)), dtype)
        views = [
            whole[::-1, :, :3], whole[:, ::-1, 2::-1], whole[::2, ::3, :3], whole[1:24, 5:31, 1:],
            whole.transpose(1, 0, 2)[:23, :31, 1:2], np.asfortranarray(whole[:23, :31, :3]),
        ]  # fmt: skip
        for view in views[k::2]:
            assert not view.flags.c_contiguous
            ops = (build(name), dataclasses.replace(OPS["rotation"](), probability=k / 2))
            flat = Sample("s", np.ascontiguousarray(view), value_range=value_range_of(whole))
            plan = Plan(Recipe(ops, keypoint_pairs=()))
            drawing = plan.drawing([Key(k, "view", 1)])
            expected = plan.run(flat, drawing.history(0)).sample.image
            sample = flat.replace(image=view)
            got = plan.run(sample, drawing.history(0)).sample.image
            np.testing.assert_array_equal(got, expected)
            np.testing.assert_array_equal(plan.copy(sample, drawing, 0).sample.image, expected)
