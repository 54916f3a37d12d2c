"""Steps that an op got wrong: a clear error or a picture, never memory that isn't the picture's."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.errors import SampleError
from tenfold.ops.steps import Convolution, Displacement, Fill
from tenfold.plan.kernels.colour import Colours, apply_colours, apply_matrix
from tenfold.plan.kernels.fill import apply_fill
from tenfold.plan.map import Homography, Map
from tenfold.plan.resample import Fringe, resample
from tenfold.plan.spline import Spline
from tenfold.samples.sample import Array

WHITE = (0.0, 255.0)
EDGE = Fringe("edge", np.zeros(1))


@pytest.mark.parametrize("fill", ["constant", "noise"])
def test_rectangles_end_where_the_image_does(fill: str) -> None:
    image = np.full((20, 30, 3), 7, np.uint8)
    far = np.array([[-5, -4, 3, 2], [25, 18, 99, 99], [40, 40, 50, 50], [9, 9, 5, 5]])
    out = apply_fill(image, Fill(far, fill, 1.0), WHITE)
    covered = np.zeros((20, 30), bool)
    covered[:2, :3] = covered[18:, 25:] = True
    assert (out[~covered] == 7).all()
    assert (out[covered] != 7).any(axis=-1).all()


@pytest.mark.parametrize("shape", [(1, 2), (3, 3), (4, 5)])
def test_a_matrix_for_other_channels_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(SampleError, match=r"over 3 channels is \(3, 4\), got"):
        apply_matrix(np.zeros((4, 4, 3), np.uint8), np.zeros(shape), WHITE)


def test_colours_are_for_rgb() -> None:
    with pytest.raises(SampleError, match="not 5 channels"):
        apply_colours(np.zeros((4, 4, 5), np.uint8), Colours(degrees=30.0), WHITE)


@pytest.mark.parametrize("shape", [(3, 5, 2), (9, 3, 4, 2), (4, 4, 1)])
def test_a_control_grid_has_four_points_a_side(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="4x4x2 at least"):
        Displacement(np.zeros(shape))


@pytest.mark.parametrize(("shape", "separable"), [((2, 3), False), ((3, 4), False), ((3, 3), True)])
def test_kernels_are_odd(shape: tuple[int, int], separable: bool) -> None:
    with pytest.raises(ValueError, match="a kernel is"):
        Convolution(np.zeros(shape, np.float32), separable)


def test_a_grid_of_floats_is_one_of_doubles() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 1), dtype=np.uint8)
    grid = np.random.default_rng(1).normal(0, 2, (5, 6, 2)).astype(np.float32)
    grids: list[Array] = [grid, grid.astype(np.float64)]
    outs = []
    for one in grids:
        for stages in ((Spline(one, 40, 50),), (Spline(one, 40, 50), Spline(one, 40, 50))):
            outs.append(resample(image, Map(stages, (40, 50), (40, 50)), "linear", EDGE))
    assert np.array_equal(outs[0], outs[2])
    assert np.array_equal(outs[1], outs[3])


@pytest.mark.parametrize("factor", [1e-9, 1e-18])
def test_a_picture_shrunk_to_nothing_takes_no_room(factor: float) -> None:
    image = np.full((40, 50, 1), 9, np.uint8)
    for turned in (0.0, factor / 3):
        matrix = np.array([[factor, turned, 0], [-turned, factor, 0], [0, 0, 1]])
        for stages in ((Homography(matrix),), (Spline(np.zeros((5, 6, 2)), 40, 50),) * 2):
            through = Map((*stages, Homography(matrix)), (40, 50), (40, 50))
            assert (resample(image, through, "linear", EDGE) == 9).all()
