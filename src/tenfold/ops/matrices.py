"""3x3 matrices of plane maps in continuous pixel coordinates (input to output, column vectors).

Every function takes single numbers and gives (3, 3), or takes (N,) numbers and gives (N, 3, 3).
The arithmetic is written out, element by element, so that a matrix is the same to the last bit
whether it is made alone or with many others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.ops.steps import Number

Matrix = NDArray[np.float64]


def matrix(*entries: Any) -> Matrix:
    """The matrix of nine entries, row by row, numbers or (N,) of them."""
    shape: tuple[int, ...] = ()
    for entry in entries:
        if isinstance(entry, np.ndarray) and entry.ndim:
            shape = entry.shape
    out = np.empty((*shape, 3, 3))
    for k, entry in enumerate(entries):
        out[..., k // 3, k % 3] = entry
    return out


def translation(x: Number, y: Number) -> Matrix:
    """Shift by (x, y) pixels."""
    return matrix(1, 0, x, 0, 1, y, 0, 0, 1)


def scaling(x: Number, y: Number) -> Matrix:
    """Scale about the origin."""
    return matrix(x, 0, 0, 0, y, 0, 0, 0, 1)


def rotation(degrees: Number) -> Matrix:
    """Turn about the origin, counter-clockwise as seen (y points down); exact at right angles."""
    quarter = np.asarray(degrees) / 90.0
    nearest = np.rint(quarter)
    radians = np.radians(degrees)
    right = quarter == nearest
    turns = nearest.astype(np.int64) % 4
    cosine = np.where(right, _COSINES[turns], np.cos(radians))
    sine = np.where(right, _COSINES[turns - 1], np.sin(radians))
    return matrix(cosine, sine, 0, -sine, cosine, 0, 0, 0, 1)


_COSINES = np.array([1.0, 0.0, -1.0, 0.0])  # of none to three quarter turns


def shear(x_degrees: Number, y_degrees: Number) -> Matrix:
    """Shear about the origin; angles by which vertical and horizontal lines lean."""
    x, y = np.tan(np.radians(x_degrees)), np.tan(np.radians(y_degrees))
    return matrix(1, x, 0, y, 1, 0, 0, 0, 1)


def about_centre(inner: Matrix, height: int, width: int) -> Matrix:
    """The map `inner`, affine, but about the centre of a picture of this size."""
    x, y = width / 2.0, height / 2.0
    out = inner.copy()
    for k, centre in enumerate((x, y)):
        out[..., k, 2] += centre - (inner[..., k, 0] * x + inner[..., k, 1] * y)
    return out


def product(second: Matrix, first: Matrix) -> Matrix:
    """The map `first` and then `second`."""
    out = second[..., :, 0, None] * first[..., None, 0, :]
    out += second[..., :, 1, None] * first[..., None, 1, :]
    out += second[..., :, 2, None] * first[..., None, 2, :]
    return out


def inverse(given: Matrix) -> Matrix:
    """The way back, by the adjugate; affine maps stay exactly affine."""
    a, b, c, d, e, f, g, h, i = np.moveaxis(given.reshape(*given.shape[:-2], 9), -1, 0)
    rows = (
        e * i - f * h, c * h - b * i, b * f - c * e,
        f * g - d * i, a * i - c * g, c * d - a * f,
        d * h - e * g, b * g - a * h, a * e - b * d,
    )  # fmt: skip
    out = matrix(*rows)
    out /= (a * rows[0] + b * rows[3] + c * rows[6])[..., None, None]
    return out


def quadrilateral(source: NDArray[np.float64], target: NDArray[np.float64]) -> Matrix:
    """The homography that takes four points to four others (no three on a line).

    Args:
        source: (4, 2) points.
        target: (4, 2) or (N, 4, 2) points.

    Source: the direct linear transform (Hartley & Zisserman, Multiple View Geometry, 4.1).
    """
    shape = target.shape[:-2]
    system = np.zeros((*shape, 8, 8))
    for k, (x, y) in enumerate(source):
        u, v = target[..., k, 0], target[..., k, 1]
        system[..., 2 * k, :3] = system[..., 2 * k + 1, 3:6] = x, y, 1
        for row, moved in ((2 * k, u), (2 * k + 1, v)):
            system[..., row, 6], system[..., row, 7] = -moved * x, -moved * y
    solution = np.linalg.solve(system, target.reshape(*shape, 8, 1))[..., 0]
    return np.concatenate([solution, np.ones((*shape, 1))], axis=-1).reshape(*shape, 3, 3)
