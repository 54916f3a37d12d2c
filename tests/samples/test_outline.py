"""Plane geometry of outlines, against OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tenfold.samples import outline

POINT = st.tuples(st.integers(0, 60), st.integers(0, 60))


@given(st.lists(POINT, min_size=3, max_size=8))
def test_area_and_bounds(points: list[tuple[int, int]]) -> None:
    polygon = np.array(points, dtype=np.float64)
    expected = cv2.contourArea(polygon.astype(np.float32))
    assert outline.area(polygon) == pytest.approx(expected, abs=1e-3)
    box = outline.bounds([polygon, polygon + 1])
    assert box.tolist() == [*polygon.min(axis=0), *(polygon.max(axis=0) + 1)]


def test_parts_joined_fill_the_same_pixels() -> None:
    square = np.array([[2.0, 2], [12, 2], [12, 12], [2, 12]])
    parts = [square, square[::-1] + np.array([20, 5]), square + np.array([3, 30])]
    whole = outline.joined(parts)
    assert outline.area(whole) == pytest.approx(300)
    assert whole.shape == (4 * 3 + 2 * 2, 2)
    one, several = np.zeros((60, 60), np.uint8), np.zeros((60, 60), np.uint8)
    cv2.fillPoly(one, [whole.astype(np.int32)], 1)
    cv2.fillPoly(several, [p.astype(np.int32) for p in parts], 1)
    assert several.sum() <= one.sum() <= several.sum() + 60  # fillPoly draws the bridges


@given(st.floats(10, 80), st.floats(10, 80), st.floats(0, 360), st.floats(-200, 200), st.booleans())
def test_rectangles(width: float, height: float, degrees: float, x: float, skewed: bool) -> None:
    corners = cv2.boxPoints(((x, 50.0), (width, height), degrees)).astype(np.float64)
    if skewed:
        corners[0] += (corners[0] - corners[2]) * 0.3
    assert outline.is_rectangle(corners) != skewed


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_points_enclose_nothing(count: int) -> None:
    points = np.array([[1.1, 2.3], [7.7, 9.9]])[:count]
    assert outline.area(points) == 0
    assert not outline.is_rectangle(points)
    assert not outline.is_rectangle(np.concatenate([points, points, [[1.0, 1]]])[:3])
    assert not outline.in_view(points[:0], 10, 10)


def test_a_small_area_far_away() -> None:
    square = np.array([[0.0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]])
    assert outline.area(square + 2.0**40) == pytest.approx(0.25, rel=1e-9)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 6)), max_size=5))
def test_mask_bounds(pixels: list[tuple[int, int]]) -> None:
    mask = np.zeros((7, 9), bool)
    for x, y in pixels:
        mask[y, x] = True
    box = outline.mask_bounds(mask)
    if not pixels:
        assert box is None
        return
    columns, rows = [x for x, _ in pixels], [y for _, y in pixels]
    assert box is not None
    assert box.tolist() == [min(columns), min(rows), max(columns) + 1, max(rows) + 1]


@given(st.lists(st.tuples(st.integers(-30, 60), st.integers(-30, 60)), min_size=3, max_size=3))
def test_in_view_against_opencv(points: list[tuple[int, int]]) -> None:
    triangle = np.array(points, dtype=np.float64)
    assume(outline.area(triangle) > 0)
    picture = np.array([[0.0, 0], [30, 0], [30, 20], [0, 20]])
    shared, _ = cv2.intersectConvexConvex(triangle.astype(np.float32), picture.astype(np.float32))
    assume(not 0 < shared < 1e-3)  # float32 rounds there
    assert outline.in_view(triangle, 20, 30) == (shared > 0)


def test_in_view_of_bent_outlines() -> None:
    # A frame round the picture, cut open on the right: it never enters.
    frame = np.array(
        [[-5.0, -5], [35, -5], [35, 8], [32, 8], [32, -2], [-2, -2], [-2, 22], [32, 22], [32, 12],
         [35, 12], [35, 25], [-5, 25]]
    )  # fmt: skip
    assert not outline.in_view(frame, 20, 30)
    assert outline.in_view(np.where(frame == 8, 18.0, frame) - [3, 0], 20, 30)
    assert outline.in_view(np.array([[-9.0, -9], [99, -9], [99, 99], [-9, 99]]), 20, 30)
    along_the_edge = np.array([[-5.0, 0], [40, 0], [40, -3], [-5, -3]])
    assert not outline.in_view(along_the_edge, 20, 30)
