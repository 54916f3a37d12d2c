"""Pictures that shrink, against the exact mean over each new pixel."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from tenfold.ops import matrices
from tenfold.ops.steps import Displacement, Warp
from tenfold.plan.map import Map
from tenfold.plan.resample import Fringe, resample
from tenfold.samples.sample import Array

SIZE = HEIGHT, WIDTH = 120, 160
_FINE = 8


def warped(x: float, y: float, degrees: float = 0.0, shift: float = 0.3) -> Map:
    linear = matrices.rotation(degrees) @ matrices.scaling(x, y)
    matrix = matrices.about_centre(linear, *SIZE) @ matrices.translation(shift, -shift / 2)
    return Map.of([Warp(matrix, *SIZE)], SIZE)


def supersampled(image: NDArray[Any], through: Map) -> NDArray[np.float64]:
    """The mean of 64 interpolated points in each new pixel."""
    rows, columns = (np.mgrid[: HEIGHT * _FINE, : WIDTH * _FINE] + 0.5) / _FINE
    points = through.pull(np.stack([columns, rows], axis=-1).reshape(-1, 2)) - 0.5
    fine = ndimage.map_coordinates(
        image[..., 0].astype(np.float64), points[:, ::-1].T, order=1, mode="mirror"
    )
    return np.asarray(fine.reshape(HEIGHT, _FINE, WIDTH, _FINE).mean(axis=(1, 3)))


def textures() -> dict[str, Array]:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return {
        "noise": rng.uniform(0, 255, (HEIGHT, WIDTH, 1)).astype(np.float32),
        "rings": (127.5 + 127.5 * np.cos((x**2 + y**2) * np.pi / 330))[..., None].astype(
            np.float32
        ),
        "stripes": np.broadcast_to((x % 2 * 255.0)[..., None], (HEIGHT, WIDTH, 1)).astype(
            np.float32
        ),
    }


def plain(image: Array, through: Map) -> Array:
    """Bilinear interpolation and nothing else."""
    assert through.matrix is not None
    half = matrices.translation(0.5, 0.5)
    pull = matrices.translation(-0.5, -0.5) @ np.linalg.inv(through.matrix) @ half
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REFLECT_101
    moved: Array = cv2.warpAffine(image, pull[:2], (WIDTH, HEIGHT), None, flags, border)
    return moved


def error(moved: Array, exact: NDArray[np.float64], through: Map) -> float:
    """Root of the mean square, where the picture is (not its border)."""
    seen = resample(
        np.ones((*SIZE, 1), np.float32), through, "linear", Fringe("constant", np.zeros(1))
    )
    inner = ndimage.binary_erosion(seen[..., 0] > 0.99, iterations=3)
    return float(np.sqrt(((moved.reshape(SIZE) - exact)[inner] ** 2).mean()))


@pytest.mark.parametrize("texture", textures())
@pytest.mark.parametrize(
    ("through", "share"),
    [
        (warped(0.75, 0.75), 0.75),
        (warped(0.6, 0.6), 0.55),
        (warped(0.6, 0.6, 25), 0.55),
        (warped(0.45, 0.45), 0.4),
        (warped(0.3, 0.3, 10), 0.4),
        (warped(0.5, 1), 0.8),
        (warped(0.3, 0.9), 0.4),
    ],
)
def test_shrinking_comes_near_the_exact_mean(through: Map, share: float, texture: str) -> None:
    """The error of plain interpolation falls to the share, or is nothing."""
    image = textures()[texture]
    exact = supersampled(image, through)
    moved = resample(image, through, "linear", Fringe("reflect", np.zeros(1)))
    assert error(moved, exact, through) <= max(
        share * error(plain(image, through), exact, through), 6
    )


def test_one_axis_shrinks_and_the_other_stays_sharp() -> None:
    """Horizontal stripes (fine along y) live where only x shrinks, also when the picture turns."""
    stripes = np.zeros((*SIZE, 1), np.uint8)
    stripes[::4], stripes[1::4] = 200, 200
    for degrees in (0, 90):
        through = warped(0.25, 1, degrees, shift=0)
        out = resample(stripes, through, "linear", Fringe("edge", np.zeros(1)))
        middle = out[50:70, 70:90]
        assert (middle.min(), middle.max()) == (0, 200)


@pytest.mark.parametrize("degrees", [0, 30, 90, 137])
def test_shrinking_is_told_along_the_source_axes(degrees: float) -> None:
    alike = warped(0.5, 0.5, degrees)
    assert alike.shrinking() == pytest.approx((2, 2))
    linear = matrices.rotation(degrees) @ matrices.scaling(0.25, 0.8)
    uneven = Map.of([Warp(matrices.about_centre(linear, *SIZE), *SIZE)], SIZE)
    assert uneven.shrinking() == pytest.approx((4, 1.25))
    bent = Map.of([Warp(alike.matrix, *SIZE), Displacement(np.zeros((5, 5, 2)))], SIZE)  # type: ignore[arg-type]
    assert bent.shrinking() == pytest.approx((2, 2))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap", "constant"])
@pytest.mark.parametrize("factor", [0.7, 0.5, 0.2, 0.01])
def test_a_flat_picture_stays_flat(factor: float, mode: Any, dtype: Any) -> None:
    flat = np.full((*SIZE, 5), 100, dtype)
    out = resample(flat, warped(factor, factor, 20), "linear", Fringe(mode, np.full(5, 100.0)))
    assert np.abs(out.astype(np.float64) - 100).max() <= 1e-3


def test_a_periodic_picture_has_no_seam() -> None:
    """The row goes on after the last pixel as it began."""
    x = np.arange(WIDTH)
    wave = (127 + 100 * np.cos(2 * np.pi * x * 40 / WIDTH)).astype(np.float32)
    image = np.broadcast_to(wave[None, :, None], (*SIZE, 1)).astype(np.float32)
    out = resample(image, warped(0.6, 0.6, 0, 0), "linear", Fringe("wrap", np.zeros(1)))
    row = out[60, :, 0]
    period = 4 * 0.6  # the phase repeats every 12 new pixels, 5 periods
    assert period * 5 == pytest.approx(12)
    np.testing.assert_allclose(row[:-12], row[12:], atol=1.0)
