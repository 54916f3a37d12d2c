"""Registration: the velocity whose flow makes one picture look like another.

Least squares by Gauss and Newton, from coarse to fine: the difference of the blurred pictures, and
slopes and curvature of the velocity. The slopes of the picture that stays are taken for those of
the one that moves (as where Baker & Matthews 2004 compose inversely), so that the normal matrix is
inverted once for each picture and blur, and an iteration is a flow, a look and two products. A
step is added to the velocity, the first term of Baker, Campbell and Hausdorff's series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tenfold.learned.deformation.flow import Flow, basis
from tenfold.learned.deformation.settings import DeformationSettings
from tenfold.learned.examples import Array

_CURVATURE = 0.02  # what curvature costs beside slopes
_MASS = 1e-3  # what velocity itself costs: it only keeps the matrix regular where nothing is seen
_FINE = 200  # points at which the splines' products are summed
_FAINT = 1e-6  # contrast below which a picture is empty


@dataclass(frozen=True, eq=False)
class Fixed:
    """A picture that others are registered to.

    Attributes:
        looks: as `Registrar.looks`.
        gains: for each blur (P, h w) and (P, P) float32: what a difference and what a velocity of
            P values add to the next velocity.
    """

    looks: tuple[Array, ...]
    gains: tuple[tuple[Array, Array], ...]


class Registrar:
    """Registers pictures of one shape.

    Args:
        shape: (H, W, C).
        settings: see there.
    """

    def __init__(self, shape: tuple[int, ...], settings: DeformationSettings) -> None:
        height, width = shape[:2]
        scale = min(1.0, settings.size / max(height, width))
        self._size = max(4, round(height * scale)), max(4, round(width * scale))
        self._settings = settings
        self._flow = Flow(*self._size, settings.cells)
        self._blurs = [blur * min(height, width) for blur in settings.blurs]
        self._penalty = np.kron(_penalty(settings), np.eye(2))
        rows, columns = (basis(side, settings.cells) for side in self._size)
        products = np.einsum("ya,xb->abyx", rows, columns)
        self._products = products.reshape(-1, self._size[0] * self._size[1])

    def looks(self, values: Array) -> tuple[Array, ...]:
        """A picture (H, W, C) as it is registered: for each blur (h, w) float32.

        Contrast with the ground (the median along the frame), averaged over the channels, blurred,
        made smaller, and of root mean square 1.
        """
        frame = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
        contrast = np.abs(values - np.median(frame, axis=0)).mean(axis=2, dtype=np.float32)
        found = []
        for blur in self._blurs:
            soft = cv2.GaussianBlur(contrast, (0, 0), blur, borderType=cv2.BORDER_REPLICATE)
            small = cv2.resize(soft, self._size[::-1], interpolation=cv2.INTER_AREA)
            found.append(small / max(float(np.sqrt((small**2).mean())), _FAINT))
        return tuple(found)

    def fix(self, looks: tuple[Array, ...]) -> Fixed:
        """Make ready a picture that others are registered to."""
        gains = []
        for look in looks:
            down, across = np.gradient(look.astype(np.float64))
            slopes = np.stack([across * self._size[1], down * self._size[0]]).reshape(2, 1, -1)
            weight = 1 / max(float((slopes**2).mean()) * look.size, _FAINT)
            change = (self._products * slopes).transpose(1, 0, 2).reshape(-1, look.size)
            inverse = np.linalg.inv(weight * (change @ change.T) + self._penalty)
            gains.append(
                (
                    (weight * (inverse @ change)).astype(np.float32),
                    (inverse @ self._penalty).astype(np.float32),
                )
            )
        return Fixed(looks, tuple(gains))

    def register(self, moving: Sequence[Array], fixed: Fixed) -> Array:
        """(P,) float32: the velocity along which the one picture becomes the other.

        `Flow.warp` of the moving picture by it looks like the fixed one.
        """
        control = np.zeros(len(self._penalty), np.float32)
        for mine, target, (by_difference, by_velocity) in zip(
            moving, fixed.looks, fixed.gains, strict=True
        ):
            for _ in range(self._settings.steps):
                seen = self._flow.look(mine, self._flow.displacement(control))
                difference = (target - seen).ravel()
                control = control + by_difference @ difference - by_velocity @ control
        return control


def _penalty(settings: DeformationSettings) -> Array:
    """(K K, K K): the integral of a velocity's squared slopes and curvature over the frame."""
    none, slope, bend = (
        (b.T @ b) / _FINE for b in (basis(_FINE, settings.cells, d) for d in range(3))
    )
    slopes = np.kron(slope, none) + np.kron(none, slope)
    bends = np.kron(bend, none) + 2 * np.kron(slope, slope) + np.kron(none, bend)
    curvature = _CURVATURE * settings.stiffness
    return np.asarray(settings.stiffness * slopes + curvature * bends + _MASS * np.kron(none, none))
