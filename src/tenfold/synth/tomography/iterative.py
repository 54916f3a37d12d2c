"""Algebraic reconstruction: SIRT and SART, one method with its views in more or fewer parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.synth.tomography.geometry import Geometry
from tenfold.synth.tomography.rays import Image, Rays, checked_sinogram
from tenfold.synth.tomography.volumes import ensure_memory

PARTS = 20
_LEAST = 1e-3  # cm of rays through a pixel, below which it can't be known


def sart(
    sinogram: NDArray[Any],
    geometry: Geometry,
    shape: tuple[int, int],
    pixel_mm: float = 1.0,
    *,
    iterations: int = 5,
    parts: int = PARTS,
    relaxation: float = 0.8,
    least: float | None = 0.0,
    start: NDArray[Any] | None = None,
    told: Callable[[int, float], None] | None = None,
) -> Image:
    """Reconstruct an image by going back and forth between it and its projections.

    Each step corrects the image by what its projections lack, every ray divided by its length and
    every pixel by the lengths of its rays: x += r C A^T R (b - A x). With one part that is SIRT
    (Gilbert 1972); with as many as there are views SART (Andersen and Kak, "Simultaneous algebraic
    reconstruction technique", Ultrasonic Imaging 6, 1984); between them ordered subsets, about as
    good an image per step as SART at a fraction of its cost. A^T is A's exact transpose.

    Args:
        sinogram: (V, D) integrals along the geometry's rays.
        geometry: the scan's rays.
        shape: (H, W) of the image.
        pixel_mm: its pixels' size.
        iterations: times that all views are gone through.
        parts: sets into which the views are dealt out in turn.
        relaxation: r, above 0 and below 2.
        least: no pixel is left below it; None for no bound.
        start: an image to begin with, else zeros.
        told: called after each iteration with its number and the root mean square of b - A x, each
            part's as it was met.

    Returns:
        (H, W) float32, in the sinogram's unit per cm.

    Raises:
        RequestError: as `fbp`, or numbers beyond their range.
    """
    views = checked_sinogram(sinogram, geometry)
    if iterations < 1:
        raise RequestError(f"iterations must be 1 or more, got {iterations}")
    if not 0 < relaxation < 2:
        raise RequestError(f"relaxation must be above 0 and below 2, got {relaxation:g}")
    if parts < 1:
        raise RequestError(f"parts must be 1 or more, got {parts}")
    parts = min(parts, len(views))
    if min(shape) < 1:
        raise RequestError(f"an image to reconstruct has pixels, got shape {tuple(shape)}")
    ensure_memory((parts + 6) * 4 * shape[0] * shape[1] + 50 * views.size, f"SART of {shape}")
    image = np.zeros(shape, np.float32) if start is None else np.array(start, np.float32)
    if image.shape != tuple(shape):
        raise RequestError(f"start is {image.shape}, the image {tuple(shape)}")
    steps = [
        _Part(geometry.of_views(which), views[which], shape, pixel_mm) for which in _dealt(parts)
    ]
    for iteration in range(iterations):
        square = 0.0
        for step in steps:
            correction, missed = step.correction(image)
            image += np.float32(relaxation) * correction
            square += missed
            if least is not None:
                np.maximum(image, np.float32(least), out=image)
        if told is not None:
            told(iteration + 1, (square / views.size) ** 0.5)
    return image


class _Part:
    """Some of the views, and all that doesn't change between steps."""

    def __init__(
        self, geometry: Geometry, views: Image, shape: tuple[int, int], pixel_mm: float
    ) -> None:
        self.views, self.rays = views, Rays(geometry, shape, pixel_mm)
        lengths = self.rays.project(np.ones(shape, np.float32))
        self.per_ray = _inverse(lengths)
        self.per_pixel = _inverse(self.rays.spread(np.ones(geometry.shape, np.float32)))

    def correction(self, image: Image) -> tuple[Image, float]:
        """What to add to the image, and the squares of what its projections lack."""
        lacks = self.views - self.rays.project(image)
        lacks[self.per_ray == 0] = 0
        missed = float(np.square(lacks, dtype=np.float64).sum())
        return self.rays.spread(lacks * self.per_ray) * self.per_pixel, missed


def _inverse(lengths: Image) -> Image:
    known = lengths > _LEAST
    inverse: Image = np.where(known, 1 / np.where(known, lengths, 1), 0).astype(np.float32)
    return inverse


def _dealt(parts: int) -> list[slice]:
    """So many parts of the views, each far from the one before it."""
    step = max(1, round(parts * 0.381966))  # the golden section
    while np.gcd(step, parts) != 1:
        step += 1
    return [slice(n * step % parts, None, parts) for n in range(parts)]
