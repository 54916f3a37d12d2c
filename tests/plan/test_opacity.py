"""Transparent colours don't bleed, and values stay within their range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from steps_given import run
from tenfold.ops import matrices
from tenfold.ops.steps import Displacement, Warp
from tenfold.samples.sample import Array, Sample

SIZE = (24, 32)
WHITE = {np.uint8: 255, np.uint16: 65535, np.float32: 1}
HALF = Warp(matrices.translation(0.5, 0), *SIZE)
TURN = Warp(matrices.about_centre(matrices.rotation(20), *SIZE), *SIZE)
SMALLER = Warp(matrices.about_centre(matrices.scaling(0.4, 0.4), *SIZE), *SIZE)
BEND = Displacement(np.random.default_rng(0).uniform(-1.5, 1.5, (6, 7, 2)))


def sticker(dtype: Any) -> Sample:
    """Opaque red on the left, transparent green on the right."""
    white = WHITE[dtype]
    image = np.zeros((*SIZE, 4), dtype)
    image[:, :16, 0], image[:, :16, 3], image[:, 16:, 1] = white, white, white
    return Sample("s", image, alpha=True, value_range=(0.0, float(white)))


@pytest.mark.parametrize("border", ["reflect", "edge", "constant", "background"])
@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
@pytest.mark.parametrize("step", [HALF, TURN, SMALLER, BEND], ids=["half", "turn", "less", "bend"])
@pytest.mark.parametrize("dtype", WHITE)
def test_a_transparent_colour_does_not_bleed(
    dtype: Any, step: Any, interpolation: str, border: str
) -> None:
    """All that is seen is red: the border's constant and background are transparent or red."""
    out = run(sticker(dtype), step, border=border, interpolation=interpolation).sample.image
    assert out.dtype == dtype
    white = WHITE[dtype]
    seen = out[..., 3] > 0.02 * white
    assert seen.any()
    assert out[seen][:, 0].min() >= white * (1 - 1e-5)
    assert out[seen][:, 1].max() <= white * 1e-5
    unseen = out[..., 3] == 0
    assert unseen.any()
    assert out[unseen][:, :3].max() <= white  # of a plain resampling; green, far from the edge
    if step is HALF:
        assert (out[:, 20:30, 1] == white).all()


@pytest.mark.parametrize("dtype", WHITE)
def test_colours_are_means_weighed_by_opacity(dtype: Any) -> None:
    """Against float64 interpolation of premultiplied values."""
    rng = np.random.default_rng(1)
    white = WHITE[dtype]
    values = ndimage.gaussian_filter(rng.uniform(0, 1, (*SIZE, 4)), (1, 1, 0))
    values = (values - values.min()) / np.ptp(values)
    values[..., 3] = np.clip(values[..., 3] * 1.5 - 0.2, 0, 1)
    image = (np.rint(values * white) if white > 1 else values).astype(dtype)
    whole = Sample("s", image, alpha=True, value_range=(0.0, float(white)))
    out = run(whole, TURN, border="edge").sample.image / white
    exact = image.astype(np.float64) / white
    exact[..., :3] *= exact[..., 3:]
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    back = np.linalg.inv(TURN.matrix)
    places = (np.stack([x, y], axis=-1) @ back[:2, :2].T + back[:2, 2] - 0.5)[..., ::-1]
    expected = np.stack(
        [
            ndimage.map_coordinates(
                exact[..., c], places.transpose(2, 0, 1), order=1, mode="nearest"
            )
            for c in range(4)
        ],
        axis=-1,
    )
    seen = expected[..., 3] > 0.1
    colours = expected[seen][:, :3] / expected[seen][:, 3:]
    assert np.abs(out[seen][:, :3] - colours).max() < 0.51 / white + 0.002
    np.testing.assert_allclose(out[..., 3], expected[..., 3], atol=0.51 / white + 0.001)


def test_an_opaque_picture_is_treated_as_one_without_opacity() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    rgba = np.dstack([rgb, np.full(SIZE, 255, np.uint8)])
    for border in ("reflect", "edge"):
        with_alpha = run(Sample("s", rgba, alpha=True), TURN, border=border).sample.image
        without = run(Sample("s", rgb), TURN, border=border).sample.image
        np.testing.assert_array_equal(with_alpha[..., :3], without)


def test_whole_pixel_moves_keep_transparent_colours() -> None:
    whole = sticker(np.uint8)
    out = run(whole, Warp(matrices.translation(3, 0), *SIZE), border="edge").sample.image
    np.testing.assert_array_equal(out[:, 3:], whole.image[:, :-3])


def scan(low: float, high: float) -> Array:
    image = np.full((*SIZE, 1), low, np.float32)
    image[8:16, 8:24] = high
    return image


@pytest.mark.parametrize("step", [HALF, TURN, BEND], ids=["half", "turn", "bend"])
@pytest.mark.parametrize(("black", "white"), [(0.0, 1.0), (-1000.0, 3000.0)])
def test_cubic_interpolation_stays_in_the_value_range(
    black: float, white: float, step: Any
) -> None:
    whole = Sample("s", scan(black, white), value_range=(black, white))
    out = run(whole, step, interpolation="cubic", border="edge").sample.image
    assert black <= out.min()
    assert out.max() <= white


def test_values_that_were_out_of_the_range_are_not_cut() -> None:
    whole = Sample("s", scan(0.25, 2.0), value_range=(0.0, 1.0))
    out = run(whole, TURN, interpolation="cubic", border="edge").sample.image
    assert out.max() == 2.0
    assert 0 <= out.min() < 0.25  # an overshoot within the range is no error
