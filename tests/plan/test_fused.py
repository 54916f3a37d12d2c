"""Fused equals step by step: recipes against a plain executor (`tests/reference`), by tolerance.

| of black to white                         | uint8     | uint16     | float32   |
|-------------------------------------------|-----------|------------|-----------|
| any run (rounding, and kernels' last bit) | 1 level   | 1.5 levels | 0.00002   |
| more, where geometry meets geometry       | 0.5 / 255 | 0.5 / 255  | 0.5 / 255 |
| whole-pixel geometry, views of memory     | exact     | exact      | exact     |

The second row is what interpolating twice differs from interpolating once, on pictures whose second
differences are at most 1.4 / 255; it isn't needed where the reference follows each point through a
run of geometry and interpolates once, which it does for pictures of any kind.

Roundings grow in what follows them (a stretched histogram, say). How far they can get is measured
for every recipe, by putting errors of half a level into the reference; that much is granted to each
value beyond the table. Behind a jump (posterize, solarize, equalize, CLAHE's and JPEG's own
rounding, counted photons) five values in a hundred may be on its other side.

Where geometry meets geometry, a step-by-step run shows the border of the frame in the middle, and a
fused run the original that lies beyond: such pixels are compared with `once` only. The border mode
`crop` zooms once for a whole run; `tests/plan/test_resample.py` and the truth test look after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reference.comparing import (
    SECOND_DIFFERENCE,
    WHITE,
    check,
    interpolated_twice,
    shrinks,
    smooth,
    stored,
)
from reference.picture import Rules
from reference.runs import (
    CHAINS,
    HEIGHT,
    LESS,
    MODES,
    NAMES,
    SHIFT,
    WIDTH,
    build,
    fused_and_steps,
    picture,
)
from steps_given import run
from tenfold.declare.recipe import Border
from tenfold.ops import matrices
from tenfold.ops.steps import Curve, Warp
from tenfold.samples.sample import Sample


def check_pair(first: str, second: str, dtype: str, channels: int, mode: Any, seed: int) -> None:
    sample = picture((HEIGHT, WIDTH), dtype, channels, mode, alpha=channels == 4)
    border = Border(mode, 0.2)
    made = fused_and_steps(sample, (build(first), build(second)), seed, border=border)
    if made is None:  # defined for RGB only
        return check_pair(first, second, dtype, 3, mode, seed)
    got, steps = made
    rules = Rules(mode, 0.2, alpha=sample.alpha)
    jump = sample.alpha and mode == "constant"  # opacity ends at the edge
    if not (interpolated_twice(steps) and jump):
        assert check(got, sample, steps, rules).known.mean() > 0.5
    if interpolated_twice(steps):
        check(got, sample, steps, rules, once=True)
    return None


@pytest.mark.parametrize("first", NAMES)
def test_every_pair_of_ops(first: str) -> None:
    """RGB in 8 bits, and once more in another dtype with one, three, four or five channels."""
    i = NAMES.index(first)
    for j, second in enumerate(NAMES):
        check_pair(first, second, "uint8", 3, MODES[(2 * i + j) % 5], seed=j)
        dtype = ("uint16", "float32")[(i + j) % 2]
        channels = (1, 4, 5, 3)[(i + 2 * j + j // 2) % 4]
        check_pair(first, second, dtype, channels, MODES[(i + j) % 5], seed=100 + j)


def test_the_pictures_are_as_smooth_as_said() -> None:
    for mode in MODES:
        for size in ((HEIGHT, WIDTH), (7, 5), (1, 3), (2, 2)):
            values = smooth(*size, 5, mode)
            how = {"constant": "constant", "background": "constant"}.get(mode, mode)
            beyond: dict[str, Any] = {"constant_values": 0.2} if how == "constant" else {}
            padded = np.pad(values, ((2, 2), (2, 2), (0, 0)), mode=how, **beyond)  # type: ignore[call-overload]
            for axis in (0, 1):
                bend = np.abs(np.diff(padded, 2, axis=axis)).max()
                assert bend <= SECOND_DIFFERENCE * (1 + 1e-9), (mode, size)
        assert np.ptp(smooth(HEIGHT, WIDTH, 3, mode)) > 0.4


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sampled_from(NAMES), min_size=2, max_size=6),
    st.sampled_from(["uint8", "uint16", "float32"]),
    st.sampled_from([1, 3, 4, 5]),
    st.tuples(st.integers(13, 40), st.integers(13, 40)),
    st.sampled_from(MODES),
    st.sampled_from(["linear", "cubic"]),
    st.integers(0, 2**31),
)
def test_random_recipes(
    names: list[str], dtype: str, channels: int, size: tuple[int, int], mode: Any,
    interpolation: Any, seed: int,
) -> None:  # fmt: skip
    """Runs of geometry against following each point, so that noise may come before them."""
    sample = picture(size, dtype, channels, mode, alpha=channels == 4)
    ops = tuple(build(name, LESS) for name in names)
    made = fused_and_steps(sample, ops, seed, border=Border(mode, 0.2), interpolation=interpolation)
    assume(made is not None)
    assert made is not None
    got, steps = made
    assume(not shrinks(steps, size))
    check(got, sample, steps, Rules(mode, 0.2, interpolation, alpha=sample.alpha), once=True)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("chain", CHAINS)
def test_chains_whose_order_and_clipping_matter(chain: str, dtype: str) -> None:
    steps = CHAINS[chain]
    rows, columns, channels = np.ogrid[:HEIGHT, :WIDTH, :3]
    waves = 0.5 + 0.45 * np.sin(0.5 * rows + channels) * np.cos(0.6 * columns - channels)
    sample = Sample("s", stored(waves, dtype), value_range=(0.0, WHITE[dtype]))
    got = run(sample, *steps, border="reflect").sample
    check(got, sample, steps, Rules(), once=True)
    reverse = run(sample, *reversed(steps), border="reflect").sample
    clipped = "clip" in chain
    apart = np.abs(got.image.astype(float) - reverse.image).max() / sample.value_range[1]
    assert clipped or apart > 0.04, "a test of order needs an order that matters"


def test_a_fused_run_sees_the_original_beyond_a_frame_in_the_middle() -> None:
    """The one difference that is meant: a shift and back loses nothing, step by step it would."""
    sample = picture((HEIGHT, WIDTH), "uint8", 3)
    back = Warp(matrices.translation(-9, 0), HEIGHT, WIDTH)
    np.testing.assert_array_equal(run(sample, SHIFT, back).sample.image, sample.image)
    apart = run(sample, SHIFT, Curve("shift", (0.0,)), back, border="constant").sample.image
    assert (apart[:, -9:] == 0).all()
    np.testing.assert_array_equal(apart[:, :-9], sample.image[:, :-9])
