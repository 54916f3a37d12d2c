"""A fused run held against the reference: pictures, tolerances, and what is excused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.executor import look, play
from reference.geometry import size_after
from reference.picture import Floats, Picture, Rules, Wobble
from tenfold.ops.steps import Curve, Displacement, Filter, GeometricStep, Noise, Step
from tenfold.samples.sample import Sample

WHITE = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
LEVEL = {"uint8": 1 / 255, "uint16": 1 / 65535, "float32": 1 / 65536}
"""What values are told apart by, in units of white; floats where they are ranked or counted."""
WRONG = 0.75
"""Levels by which a value may be wrong after a step: half by rounding, and a kernel's own."""
RANK = 0.002
"""What equalised floats are told apart by: pixels of a test picture that share a value."""
TOLERANCE = {"uint8": 1 / 255, "uint16": 1.5 / 65535, "float32": 2e-5}
"""Of any run, in units of white; see `tests/plan/test_fused.py`."""
TWICE = 0.5 / 255
"""More where the reference interpolates twice and the fused run once."""
SECOND_DIFFERENCE = 1.4 / 255
"""The most that neighbours of `smooth` pictures bend, in units of white."""
JUMPS = {"posterize", "solarize", "equalize", "clahe", "jpeg", "shot"}
"""Steps that make much of little: which way a tie is rounded decides over a whole jump."""
EXCUSED = 0.05
"""Share of values that may land on the other side of a jump, for each step that has some."""
PLACES = {True: 0.02, False: 0.003}
"""Pixels by which a place may be off: fields that are composed (true), and matrices."""


def smooth(height: int, width: int, channels: int, border: str = "reflect") -> Floats:
    """(H, W, C) waves that stay smooth across the border, from 0.03 to 0.97 where they can.

    Mirrored at the edge (for `reflect` and `edge`), periodic (`wrap`), or fading to 0.2
    (`constant`, `background`); as strong as `SECOND_DIFFERENCE` allows, so tiny ones are faint.
    """
    planes = []
    for k in range(channels):
        rows, columns = (_wave(n, border, k, axis) for axis, n in enumerate((height, width)))
        wave = np.outer(rows, columns) if border in ("constant", "background") else (
            (0.6 - 0.1 * (k % 3)) * rows[:, None] + (-0.5 if k % 2 else 0.5) * columns
            + 0.2 * np.outer(rows, columns)
        )  # fmt: skip
        planes.append(wave)
    waves = np.stack(planes, axis=2)
    bend = max(np.abs(np.diff(waves, 2, axis=a)).max(initial=1e-9) for a in (0, 1))
    step = max(np.abs(np.diff(waves, 1, axis=a)).max(initial=1e-9) for a in (0, 1))
    if min(height, width) < 3:
        bend = max(bend, 2 * step)
    if border in ("constant", "background"):
        strength = min(SECOND_DIFFERENCE / bend, 0.77 / max(waves.max(), 1e-9))
        return np.asarray(0.2 + strength * waves)
    middle = (waves.max() + waves.min()) / 2
    strength = min(SECOND_DIFFERENCE / bend, 0.94 / max(np.ptp(waves), 1e-9))
    return np.asarray(0.5 + strength * (waves - middle))


def _wave(length: int, border: str, k: int, axis: int) -> Floats:
    x = np.arange(length)
    if border == "wrap":
        return np.cos(2 * np.pi * x / length + 0.7 + k + axis)
    phase = np.pi * x / max(length - 1, 1)
    if border in ("constant", "background"):
        return np.sin(phase) ** 2 * (1 - 0.3 * np.cos(phase + 0.4 * k))
    return np.cos(phase * (1 + (k + axis) % 2))


def stored(values: Floats, dtype: str) -> NDArray[Any]:
    """Values 0..1 as an image."""
    white = WHITE[dtype]
    return (np.rint(values * white) if white > 1 else values).astype(dtype)


def check(
    got: Sample, sample: Sample, steps: Sequence[Step], rules: Rules, once: bool = False
) -> Picture:
    """Hold a sample made of another one against the reference.

    Every value must be within `TOLERANCE` (and `TWICE`) of the reference, or within that of what
    the reference makes of it when roundings and places are as wrong as they may be (`Wobble`).
    Behind steps with jumps, `EXCUSED` values are let off.

    Args:
        got: of the fused run.
        sample: the original.
        steps: of the run.
        rules: of the run.
        once: see `reference.executor.play`.

    Returns:
        What the reference made.
    """
    picture = Picture.of(sample.image, sample.value_range, sample.masks.get("mask"))
    expected = play(picture, steps, rules, once)
    dtype = str(sample.image.dtype)
    black, white = sample.value_range
    assert (got.image.shape, got.image.dtype) == (expected.values.shape, sample.image.dtype)
    tolerance = TOLERANCE[dtype] + (0 if once or not interpolated_twice(steps) else TWICE)

    def apart(values: Floats) -> Floats:
        return np.abs(values - expected.values)[expected.known] / (white - black)

    difference = apart(got.image.astype(np.float64))
    if difference.max(initial=0) <= tolerance:
        return expected
    spread = np.zeros_like(difference)
    ranked = any(isinstance(step, Curve) and step.function == "equalize" for step in steps)
    level = RANK if ranked and sample.image.dtype.kind == "f" else LEVEL[dtype]
    place = PLACES[any(isinstance(step, Displacement) for step in steps)]
    for seed in (1, -1, 2, -2, 3, -4):
        wobble = Wobble(WRONG * level, place if once else 0, seed)
        np.maximum(spread, apart(play(picture, steps, rules, once, wobble).values), out=spread)
    if any(isinstance(step, Curve) and step.function == "autocontrast" for step in steps):
        spread[:] = spread.max()  # values and both ends of the stretch are wrong on their own
    beyond = difference > tolerance + spread
    jumping = sum(jumps(step) for step in steps)
    allowed = jumping * (EXCUSED * beyond.size + 4)
    assert beyond.sum() <= allowed, (
        f"{beyond.sum()} of {beyond.size} values are off, by up to "
        f"{difference[beyond].max() * WHITE[dtype]:.4g} of {WHITE[dtype]:g}"
    )
    return expected


def jumps(step: Step) -> bool:
    """Whether a step makes much of little."""
    return isinstance(step, Curve | Filter | Noise) and step.function in JUMPS


def interpolated_twice(steps: Sequence[Step]) -> bool:
    """Whether geometric steps meet."""
    return any(isinstance(a, GeometricStep) and isinstance(b, GeometricStep)
               for a, b in pairwise(steps))  # fmt: skip


def shrinks(steps: Sequence[Step], size: tuple[int, int], most: float = 1.2) -> bool:
    """Whether a run of geometry makes pixels of more than so many, which are averaged then."""
    for moves, run in groupby(steps, key=lambda step: isinstance(step, GeometricStep)):
        if not moves:
            continue
        warps = [step for step in run if isinstance(step, GeometricStep)]
        source = size
        for step in warps:
            size = size_after(step, size)
        x, y = size[1] / 2, size[0] / 2
        ends = np.array([[1.5 * x, y], [0.5 * x, y], [x, 1.5 * y], [x, 0.5 * y]])
        right, left, low, high = look(warps, ends, source)
        jacobian = np.stack([(right - left) / x, (low - high) / y], axis=1)
        if np.linalg.svd(jacobian, compute_uv=False).max() > most:
            return True
    return False
