"""Plane geometry of outlines, against OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
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
