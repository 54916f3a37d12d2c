"""Rotations as unit quaternions (w, x, y, z), in plain floats: a turtle turns one at a time.

Hamilton's product; Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.
"""

from __future__ import annotations

import math

Quaternion = tuple[float, float, float, float]
Vector = tuple[float, float, float]


def product(a: Quaternion, b: Quaternion) -> Quaternion:
    """The rotation b, then a; of unit length to rounding, however many are chained."""
    w, x, y, z = a
    p, q, r, s = b
    c0 = w * p - x * q - y * r - z * s
    c1 = w * q + x * p + y * s - z * r
    c2 = w * r - x * s + y * p + z * q
    c3 = w * s + x * r - y * q + z * p
    scale = 1 / math.sqrt(c0 * c0 + c1 * c1 + c2 * c2 + c3 * c3)
    return c0 * scale, c1 * scale, c2 * scale, c3 * scale


def about(axis: Vector, degrees: float) -> Quaternion:
    """The right-handed rotation by `degrees` about a unit axis."""
    half = math.radians(degrees) / 2
    sine = math.sin(half)
    return math.cos(half), axis[0] * sine, axis[1] * sine, axis[2] * sine


def frame(q: Quaternion) -> tuple[Vector, Vector, Vector]:
    """Where the rotation takes the unit vectors along x, y and z: an orthonormal frame."""
    w, x, y, z = q
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)),
        (2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)),
        (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)),
    )


def x_axis(q: Quaternion) -> Vector:
    """Where the rotation takes the unit vector along x."""
    _, x, y, z = q
    w = q[0]
    return 1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)
