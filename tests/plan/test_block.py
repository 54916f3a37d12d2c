"""Copies lowered together against copies made one by one: the same bytes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.declare.presets import PRESETS, preset
from tenfold.declare.recipe import Border, Recipe
from tenfold.ops import ChannelShuffle, GaussianBlur, Invert, Reflection, Rotation, Scaling
from tenfold.ops.catalogue import OPS
from tenfold.plan.block import Block
from tenfold.plan.plan import Plan
from tenfold.rng import Key
from tenfold.samples.sample import DTYPES, Array, Sample, value_range_of

COPIES = 12


def picture(height: int, width: int, channels: int, dtype: Any) -> Array:
    levels = np.random.default_rng(height + width).integers(0, 256, (height, width, channels))
    image: Array = levels.astype(np.uint8)
    if dtype == np.uint16:
        return image.astype(np.uint16) * np.uint16(257)
    return image if dtype == np.uint8 else (image / 255).astype(np.float32)


def both(recipe: Recipe, image: Array, copies: int = COPIES) -> tuple[int, int]:
    """Compare all copies that the block makes; how many these are, and how many it leaves."""
    plan = Plan(recipe)
    sample = Sample("s", image, value_range=value_range_of(image))
    schema = plan.schema(sample)
    if list(plan.refusals(schema)):
        return 0, 0
    drawing = plan.drawing([Key(0, "a", copy) for copy in range(copies)])
    block = drawing.block(schema)
    for k in range(copies):
        one = plan.run(sample, drawing.history(k)).sample.image
        if block is not None and not block.odd[k]:
            np.testing.assert_array_equal(block.run(image, k, sample.value_range), one)
        np.testing.assert_array_equal(plan.copy(sample, drawing, k).sample.image, one)
    if isinstance(block, Block):
        many_and_each(block, image, copies, sample.value_range)
    apart = copies if block is None else sum(block.odd)
    return copies - apart, apart


def many_and_each(
    block: Block, image: Array, copies: int, value_range: tuple[float, float]
) -> None:
    """Several images in one call of each kernel, from some copy on, and the same one by one."""
    first = copies // 3
    images = np.stack([np.roll(image, k, axis=1) for k in range(first, copies)])
    before = images.copy()
    many = block.run_many(images, first, value_range)
    np.testing.assert_array_equal(images, before)
    for k, (source, made) in enumerate(zip(images, many, strict=True), first):
        if not block.odd[k]:
            np.testing.assert_array_equal(made, block.run(source, k, value_range))


@pytest.mark.parametrize("name", OPS)
def test_every_op(name: str) -> None:
    for dtype in DTYPES:
        for shape in ((33, 20, 3), (1, 1, 1), (40, 40, 1), (7, 6, 5)):
            both(Recipe((OPS[name](),), border=Border("constant")), picture(*shape, dtype.type), 6)


@pytest.mark.parametrize("mode", ["reflect", "crop", "background", "edge", "wrap"])
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset(name: str, mode: Any) -> None:
    recipe = dataclasses.replace(preset(name), border=Border(mode))
    for shape in ((64, 64, 3), (50, 64, 1)):
        both(recipe, picture(*shape, np.uint8), 10)


def test_presets_are_served_by_blocks() -> None:
    for name in ("natural", "medical", "microscopy", "satellite", "document"):
        together, apart = both(preset(name), picture(40, 60, 3, np.uint8), 30)
        assert together > 5 * apart


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([n for n in OPS if n not in ("rand", "trivial", "blue_noise")]),
             min_size=2, max_size=7),
    st.sampled_from([0.3, 0.7, 1.0]),
    st.sampled_from([(24, 24, 3), (17, 31, 3), (24, 24, 1)]),
    st.sampled_from(DTYPES),
)  # fmt: skip
def test_random_recipes(
    names: list[str], probability: float, shape: tuple[int, int, int], dtype: Any
) -> None:
    ops = tuple(dataclasses.replace(OPS[name](), probability=probability) for name in names)
    both(Recipe(ops), picture(*shape, dtype.type), 8)


def test_a_copy_whose_neighbouring_passes_meet_is_left_to_run() -> None:
    """Without the blur in the middle both maps are one, and pixels are resampled once."""
    ops = (Rotation(), GaussianBlur(sigma=1, probability=0.5), Scaling())
    together, apart = both(Recipe(ops), picture(32, 32, 3, np.uint8), 40)
    assert together > 5
    assert apart > 5


def test_an_op_without_steps_parts_nothing() -> None:
    """Grey images have no channels to shuffle, so both maps are one."""
    ops = (Rotation(), ChannelShuffle(probability=1), Scaling())
    together, apart = both(Recipe(ops), picture(24, 24, 1, np.uint8), 10)
    assert together + apart == 10


def test_quarter_turns_of_oblong_images_go_in_blocks_of_one_size() -> None:
    ops = (Rotation(degrees=180, multiples_of=90), Reflection(axes="transpose"), Invert())
    assert both(Recipe(ops), picture(20, 33, 3, np.uint8), 40) == (40, 0)


def test_what_may_give_any_steps_is_left_to_run() -> None:
    assert both(Recipe((ChannelShuffle(),)), picture(20, 20, 3, np.uint8)) == (0, COPIES)
