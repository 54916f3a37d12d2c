"""Where a picture lies in space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError

Floats = NDArray[np.float64]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Plane:
    """A section's pose.

    Attributes:
        origin: the picture's centre, um.
        normal: the direction that looks at the reader, of any length but 0.
        turn: degrees by which the picture is turned in its plane.
        um_per_pixel: side of a pixel, um.
        height, width: pixels.

    Raises:
        RequestError: a normal of length 0, pixels without size, numbers that aren't finite.
    """

    origin: Triple = (0.0, 0.0, 0.0)
    normal: Triple = (0.0, 0.0, 1.0)
    turn: float = 0.0
    um_per_pixel: float = 1.5
    height: int = 512
    width: int = 512

    def __post_init__(self) -> None:
        numbers = (*self.origin, *self.normal, self.turn, self.um_per_pixel)
        if len(numbers) != 8 or not np.isfinite(numbers).all():
            raise RequestError(f"plane: origin, normal, turn must be finite numbers, got {self}")
        if not any(self.normal):
            raise RequestError("plane: a normal of (0, 0, 0) has no direction; give (0, 0, 1)")
        if not self.um_per_pixel > 0:
            raise RequestError(f"plane: um_per_pixel must be above 0, got {self.um_per_pixel}")
        if self.height < 1 or self.width < 1:
            raise RequestError(f"plane: at least 1x1 pixels, got {self.width}x{self.height}")

    @classmethod
    def of_quaternion(cls, origin: Triple, quaternion: tuple[float, ...], **others: Any) -> Plane:
        """The plane whose normal is z turned by a quaternion (w, x, y, z), of any length but 0."""
        w, x, y, z = quaternion
        normal = (2 * (x * z + w * y), 2 * (y * z - w * x), w * w - x * x - y * y + z * z)
        if not any(quaternion):
            raise RequestError("plane: a quaternion of length 0 turns nothing; give (1, 0, 0, 0)")
        return cls(origin, normal, **others)

    def axes(self) -> Floats:
        """(3, 3) float64: unit vectors to the picture's right, downward, and along the normal."""
        return self._axes

    @cached_property
    def _axes(self) -> Floats:
        normal = np.array(self.normal, dtype=np.float64)
        normal /= np.sqrt((normal * normal).sum())
        # The axis least along the normal becomes the picture's right, as far as it can.
        right = np.zeros(3)
        right[int(np.argmin(np.abs(normal).round(9)))] = 1.0
        right -= normal * (right * normal).sum()
        right /= np.sqrt((right * right).sum())
        down = np.cross(normal, right)
        angle = np.radians(self.turn)
        cos, sin = np.cos(angle), np.sin(angle)
        return np.stack([cos * right + sin * down, cos * down - sin * right, normal])

    def inward(self, points: NDArray[Any]) -> Floats:
        """Points (N, 3) of space as right, down and above the plane, um from its origin."""
        return turned(self.axes(), np.asarray(points, np.float64) - np.array(self.origin))

    def outward(self, points: NDArray[Any]) -> Floats:
        """The inverse of `inward`."""
        return np.add(turned(self.axes().T, np.asarray(points, np.float64)), self.origin)

    def half(self) -> tuple[float, float]:
        """Half the picture's width and height, um."""
        return self.width * self.um_per_pixel / 2, self.height * self.um_per_pixel / 2

    def grid(self, above: float = 0.0) -> NDArray[np.float32]:
        """(3, H, W) float32: the pixels' centres in the plane's own coordinates, um."""
        out = np.empty((3, self.height, self.width), np.float32)
        step = self.um_per_pixel
        out[0] = ((np.arange(self.width) - (self.width - 1) / 2) * step)[None, :]
        out[1] = ((np.arange(self.height) - (self.height - 1) / 2) * step)[:, None]
        out[2] = above
        return out

    def raised(self, by: float) -> Plane:
        """The parallel plane that lies so many um further along the normal."""
        origin = np.array(self.origin) + by * self.axes()[2]
        x, y, z = (float(v) for v in origin)
        return Plane((x, y, z), self.normal, self.turn, self.um_per_pixel, self.height, self.width)

    def told(self) -> dict[str, Any]:
        """The pose in types that JSON has."""
        return {
            "origin_um": [float(v) for v in self.origin],
            "right": self.axes()[0].tolist(),
            "down": self.axes()[1].tolist(),
            "normal": self.axes()[2].tolist(),
            "um_per_pixel": float(self.um_per_pixel),
        }


def turned(matrix: Floats, points: Floats) -> Floats:
    """The product matrix @ point for each of the points (N, 3), summed in a fixed order."""
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    return np.stack([row[0] * x + row[1] * y + row[2] * z for row in matrix], axis=1)
