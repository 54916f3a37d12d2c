"""What is run fused and step by step: ops, chains of steps, and pictures for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.comparing import smooth, stored
from tenfold.declare.recipe import Recipe
from tenfold.ops import matrices
from tenfold.ops.catalogue import OPS
from tenfold.ops.op import Op
from tenfold.ops.steps import ChannelMatrix, Curve, Displacement, Step, Warp
from tenfold.plan.plan import Plan, lowered
from tenfold.rng import Key
from tenfold.samples.sample import Sample, value_range_of

HEIGHT, WIDTH = 41, 52
NAMES = [name for name, cls in OPS.items() if cls.family != "policy"]
MODES = ["reflect", "edge", "wrap", "constant", "background"]
GIVEN: dict[str, dict[str, Any]] = {
    "reflection": {"axes": ["horizontal", "vertical", "transpose"]},
    "scaling": {"factor": [1, 1.2]},  # what shrinks is averaged: see test_shrinking.py
    "shot_noise": {"photons": 20000},  # so many that hardly a pixel counts less than eight
}
LESS: dict[str, dict[str, Any]] = GIVEN | {
    "perspective": {"strength": [0, 0.04]}, "grid_distortion": {"amplitude": [0, 0.1]},
}  # fmt: skip


def build(name: str, given: dict[str, dict[str, Any]] = GIVEN) -> Op:
    return OPS[name](probability=1.0, **given.get(name, {}))


def picture(
    size: tuple[int, int], dtype: str, channels: int, border: str = "reflect", alpha: bool = False
) -> Sample:
    values = smooth(*size, channels, border)
    if alpha:
        values[..., -1] = 0.4 + 0.6 * values[..., -1]
    image = stored(values, dtype)
    return Sample("s", image, alpha=alpha, value_range=value_range_of(image))


def fused_and_steps(
    sample: Sample, ops: tuple[Op, ...], seed: int = 0, **recipe: Any
) -> tuple[Sample, list[Step]] | None:
    """What a plan makes, and the steps that it made it of; None if it refuses."""
    plan = Plan(Recipe(ops, keypoint_pairs=(), **recipe))
    schema = plan.schema(sample)
    if list(plan.refusals(schema)):
        return None
    (history,) = plan.draw([Key(seed, "fused", 1)])
    chosen = [(name, plan.recipe.op_named(name), drawn) for name, drawn in history]
    return plan.run(sample, history).sample, [step for _, step in lowered(chosen, schema)]


SHIFT = Warp(matrices.translation(9, 0), HEIGHT, WIDTH)
TURN = Warp(matrices.about_centre(matrices.rotation(12), HEIGHT, WIDTH), HEIGHT, WIDTH)
GROW = Warp(matrices.about_centre(matrices.scaling(1.4, 1.1), HEIGHT, WIDTH), HEIGHT, WIDTH)
BEND = Displacement(np.random.default_rng(3).uniform(-1.8, 1.8, (6, 7, 2)))
TO_GREY = ChannelMatrix(np.hstack([np.full((3, 3), 1 / 3), np.zeros((3, 1))]))
ONE_RED = ChannelMatrix(np.array([[1, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, 0.5, 0]]))
BRIGHT = ChannelMatrix(np.hstack([1.5 * np.eye(3), np.zeros((3, 1))]))
CHAINS: dict[str, list[Step]] = {
    "matrices don't commute": [SHIFT, TURN, GROW, SHIFT],
    "bends between matrices": [TURN, BEND, GROW, BEND, SHIFT],
    "two bends": [BEND, Displacement(2 * BEND.control[::-1, ::-1])],
    "curves don't commute": [Curve("power", (2.2,)), Curve("shift", (0.2,)), Curve("invert")],
    "curves clip": [Curve("shift", (0.5,)), Curve("shift", (-0.5,)), Curve("contrast_mid", (0.5,))],
    "channels don't commute": [TO_GREY, ONE_RED],
    "channels clip": [BRIGHT, ChannelMatrix(BRIGHT.matrix / 3), ONE_RED],
    "curve, channels, curve": [Curve("power", (2.0,)), TO_GREY, Curve("invert"), ONE_RED],
    "geometry, curves, geometry": [TURN, Curve("shift", (0.3,)), GROW, Curve("power", (0.5,))],
}
