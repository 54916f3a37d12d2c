"""Cutting, closing and tracing, each against a plain truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenfold.compose.blending import blended
from tenfold.compose.covering import traced
from tenfold.compose.cutting import Cutout, cut_out
from tenfold.compose.emptying import Emptied
from tenfold.compose.harmonic import harmonic
from tenfold.compose.placing import linear, placed, pose
from tenfold.plan.shapes import raster
from tenfold.samples.outline import area
from tenfold.samples.sample import Instance


def solved(values: Any, known: Any) -> Any:
    """Laplace's equation with the known values, mirrored at the picture's edge, solved outright."""
    height, width = known.shape
    matrix, right = np.eye(height * width), np.where(known, values, 0).ravel()
    for y, x in np.argwhere(~known):
        row = y * width + x
        for b, a in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            other = min(max(b, 0), height - 1) * width + min(max(a, 0), width - 1)
            matrix[row, other] -= 0.25
    return np.linalg.solve(matrix, right).reshape(height, width)


def test_membranes_are_near_the_solution() -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 1, (26, 31)).cumsum(axis=0).cumsum(axis=1)
    values *= 255 / values.max()
    known = np.ones(values.shape, bool)
    known[4:20, 6:25] = False
    known[22:, 27:] = False
    found = harmonic(values[:, :, None], known)[:, :, 0]
    np.testing.assert_array_equal(found[known], values[known].astype(np.float32))
    assert np.abs(found - solved(values, known)).max() < 4  # of 255


def test_poisson_takes_a_difference_in_light_away() -> None:
    """The same texture under other light: nothing is to be seen of the seam."""
    rng = np.random.default_rng(1)
    texture = rng.integers(80, 120, (40, 40, 3))
    region = np.zeros((40, 40), bool)
    region[8:30, 10:33] = True
    made = blended(texture.astype("u1"), (texture + 60).astype("u1"), region, "poisson", 2)
    assert np.abs(made.astype(int) - texture).max() <= 1


def test_holes_are_closed_with_what_is_around() -> None:
    rng = np.random.default_rng(2)
    x = np.arange(80)[None, :, None]
    truth = 60 + x + rng.normal(0, 5, (80, 80, 3))
    holes = np.zeros((80, 80), bool)
    holes[20:60, 25:60] = True
    image = np.clip(np.rint(truth), 0, 255).astype("u1")
    image[holes] = 255
    filled = Emptied(image, holes).picture(7).astype(float)
    np.testing.assert_array_equal(filled[~holes], image[~holes])
    rest = (filled - 60 - x)[holes]
    assert abs(rest.mean()) < 2
    assert rest.std() == pytest.approx(5, abs=1.5)
    assert (Emptied(image, holes).picture(8) != filled).any()


def test_a_picture_that_is_all_objects_is_closed_too() -> None:
    image = np.full((5, 6, 3), 40, np.uint8)
    assert (Emptied(image, np.ones((5, 6), bool)).picture(1) == 40).all()


@pytest.mark.parametrize("seed", range(8))
def test_traced_outlines_enclose_the_region(seed: int) -> None:
    rng = np.random.default_rng(seed)
    region = rng.random((14, 17)) < 0.4 + 0.05 * seed
    again = np.zeros_like(region)
    total = 0.0
    for loop in traced(region):
        again |= raster(loop, (0, 0, 17, 14))
        total += area(loop)
        steps = np.abs(np.roll(loop, -1, axis=0) - loop)
        assert ((steps == 0).sum(axis=1) == 1).all()  # along pixels' edges, corners only
    assert (again >= region).all()  # the region, and holes in it
    assert not (again & ~_filled(region)).any()
    assert total >= region.sum()


def _filled(region: Any) -> Any:
    """The region with its holes: what can't be reached from outside."""
    outside = np.zeros((region.shape[0] + 2, region.shape[1] + 2), bool)
    outside[0, 0] = True
    free = np.pad(~region, 1, constant_values=True)
    while True:
        wide = np.pad(outside, 1)
        grown = sum(
            wide[1 + b : wide.shape[0] - 1 + b, 1 + a : wide.shape[1] - 1 + a]
            for b in (-1, 0, 1)
            for a in (-1, 0, 1)
        )
        grown = free & (grown > 0)
        if (grown == outside).all():
            return ~outside[1:-1, 1:-1]
        outside = grown


def rod(angle: float) -> tuple[Any, Any]:
    """A picture of a rod 60 x 10 on a plain ground, and its pixels."""
    y, x = np.mgrid[:100, :100] + 0.5
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    along, across = c * (x - 50) + s * (y - 50), -s * (x - 50) + c * (y - 50)
    inside = (np.abs(along) < 30) & (np.abs(across) < 5)
    image = np.full((100, 100, 3), 200, np.uint8)
    image[inside] = (90, 60, 120)
    return image, inside


def turned_box(cutout: Cutout, degrees: float) -> Any:
    turned = linear(degrees, 1.0, ())
    return placed(cutout, pose(cutout, turned, np.full(2, 10.0), np.full(2, 20.0)), 100, 100, 0).box


def test_contrast_finds_what_a_box_holds() -> None:
    """A rod that lies slantwise, turned upright: its box is known from its pixels alone."""
    image, inside = rod(45)
    ys, xs = np.nonzero(inside)
    box = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], float)
    found = cut_out(Instance("rod", box), image, "contrast")
    x0, y0, x1, y1 = found.window
    whole = np.zeros_like(inside)
    whole[y0:y1, x0:x1] = found.region
    assert np.count_nonzero(whole ^ inside) < 0.15 * inside.sum()
    still = placed(found, np.eye(3), 100, 100, 0).box
    np.testing.assert_allclose(still, box, atol=1e-9)  # unturned it is the person's
    size = np.diff(turned_box(found, -45).reshape(2, 2), axis=0)[0]
    np.testing.assert_allclose(size, [60, 10], atol=3.5)  # its tips are two pixels wide
    oval = turned_box(cut_out(Instance("rod", box), image, "ellipse"), -45)
    size = np.diff(oval.reshape(2, 2), axis=0)[0]
    assert abs(size[1] - 10) > 20  # what an ellipse would have said


def test_contrast_falls_back_where_nothing_stands_out() -> None:
    box = np.array([20.0, 30, 60, 60])
    for image in (np.full((100, 100, 3), 9, np.uint8), _noise()):
        found = cut_out(Instance("x", box), image, "contrast")
        ellipse = cut_out(Instance("x", box), image, "ellipse")
        np.testing.assert_array_equal(found.region, ellipse.region)
        assert found.region.sum() == pytest.approx(np.pi / 4 * 40 * 30, rel=0.03)


def _noise() -> Any:
    return np.random.default_rng(3).integers(0, 255, (100, 100, 3), np.uint8)
