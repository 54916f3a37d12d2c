"""3x3 matrices of plane maps in continuous pixel coordinates (input to output, column vectors)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def translation(x: float, y: float) -> Matrix:
    """Shift by (x, y) pixels."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def scaling(x: float, y: float) -> Matrix:
    """Scale about the origin."""
    return np.diag([x, y, 1.0])


def rotation(degrees: float) -> Matrix:
    """Turn about the origin, counter-clockwise as seen (y points down); exact at right angles."""
    quarter = degrees / 90.0
    if quarter == round(quarter):
        cosine, sine = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][round(quarter) % 4]
    else:
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def shear(x_degrees: float, y_degrees: float) -> Matrix:
    """Shear about the origin; angles by which vertical and horizontal lines lean."""
    x, y = math.tan(math.radians(x_degrees)), math.tan(math.radians(y_degrees))
    return np.array([[1.0, x, 0.0], [y, 1.0, 0.0], [0.0, 0.0, 1.0]])


def about_centre(matrix: Matrix, height: int, width: int) -> Matrix:
    """The map `matrix`, but about the centre of a picture of this size."""
    x, y = width / 2.0, height / 2.0
    return translation(x, y) @ matrix @ translation(-x, -y)


def quadrilateral(source: NDArray[np.float64], target: NDArray[np.float64]) -> Matrix:
    """The homography that takes four points to four others (no three on a line).

    Args:
        source: (4, 2) points.
        target: (4, 2) points.

    Source: the direct linear transform (Hartley & Zisserman, Multiple View Geometry, 4.1).
    """
    system = np.zeros((8, 8))
    for k, ((x, y), (u, v)) in enumerate(zip(source, target, strict=True)):
        system[2 * k] = [x, y, 1, 0, 0, 0, -u * x, -u * y]
        system[2 * k + 1] = [0, 0, 0, x, y, 1, -v * x, -v * y]
    solution = np.linalg.solve(system, target.reshape(8))
    return np.append(solution, 1.0).reshape(3, 3)
