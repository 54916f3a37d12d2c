"""Filtered back-projection of parallel and fan-beam sinograms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.native.library import ffi, lib
from tenfold.synth.tomography.filters import filtered
from tenfold.synth.tomography.geometry import Floats, Geometry, view_weights
from tenfold.synth.tomography.rays import PADDING, Image, checked_sinogram, padded
from tenfold.synth.tomography.volumes import ensure_memory


def fbp(
    sinogram: NDArray[Any],
    geometry: Geometry,
    shape: tuple[int, int],
    pixel_mm: float = 1.0,
    filter: str = "ramp",  # noqa: A002  (what everybody calls it)
) -> Image:
    """Reconstruct an image from its projections.

    Between detector elements values are linear, between views each stands for its surroundings
    (`view_weights`). A fan is weighted as Kak and Slaney have it for equally spaced elements; one
    that turns less than the full circle as Parker did ("Optimal short scan convolution
    reconstruction for fanbeam CT", Med. Phys. 9, 1982), with Silver's extension beyond the least
    turn that sees every line ("A method for including redundant data in computed tomography",
    Med. Phys. 27, 2000). Fewer views than that leave the artefacts of a limited angle.

    Args:
        sinogram: (V, D) integrals along the geometry's rays.
        geometry: the scan's rays.
        shape: (H, W) of the image.
        pixel_mm: its pixels' size.
        filter: one of `FILTERS`.

    Returns:
        (H, W) float32, in the sinogram's unit per cm (1/cm for line integrals of attenuation).

    Raises:
        RequestError: an unknown filter, an empty image, a sinogram of another shape or with NaN, or
            a source inside of the image, or more pixels than there is memory for.
    """
    views = checked_sinogram(sinogram, geometry)
    height, width = shape
    if min(shape) < 1:
        raise RequestError(f"an image to reconstruct has pixels, got shape {tuple(shape)}")
    if geometry.source_mm is not None:
        reach = math.hypot(height, width) / 2 * pixel_mm + math.hypot(*geometry.axis_mm)
        if geometry.source_mm <= reach:
            raise RequestError(
                f"the source is {geometry.source_mm:g} mm from the centre and so within the image, "
                f"whose corners are {reach:g} mm away; move it out (source_mm)"
            )
    ensure_memory(4 * height * width, f"an image of {height} x {width}")
    weights = _weights(geometry) / (geometry.spacing_mm / 10)
    rows = filtered((views * weights).astype(np.float32), filter)
    places = _places(geometry, shape, pixel_mm)
    image = np.empty(shape, np.float32)
    pointer = ffi.from_buffer
    lib.back_views(
        pointer("float[]", padded(rows)), len(rows), rows.shape[1] + PADDING,
        pointer("double[]", places), int(geometry.fan), height, width, pointer("float[]", image),
    )  # fmt: skip
    return image


def _weights(geometry: Geometry) -> Floats:
    """What rays are multiplied by before they are filtered, (V, D) or (V, 1)."""
    if geometry.source_mm is None:
        return view_weights(geometry.angles, 180)[:, None]
    across = geometry.across_mm()
    cosines = geometry.source_mm / np.sqrt(geometry.source_mm**2 + across**2)
    return view_weights(geometry.angles, 360)[:, None] * cosines * redundancy(geometry)


def redundancy(geometry: Geometry) -> Floats:
    """Weights (V, D) of a fan's rays by which those of a line add up to 1, where all are seen."""
    angles = np.radians(np.asarray(geometry.angles, float))
    folded = np.sort(np.mod(angles, 2 * math.pi))
    gaps = np.diff(folded, append=folded[0] + 2 * math.pi)
    widest = int(gaps.argmax())
    gamma = geometry.fan_angles()
    usual = float(np.median(gaps))
    turn = 2 * math.pi - float(gaps[widest]) + usual  # a view stands for `usual`
    over = (turn - math.pi) / 2  # the fan's half angle that this turn would do for
    if gaps[widest] <= 3 * usual or over >= math.pi / 2:
        return np.full(geometry.shape, 0.5)
    if over < np.abs(gamma).max():
        return np.ones(geometry.shape)
    first = folded[(widest + 1) % len(folded)]
    turned = np.mod(angles - first + usual / 2, 2 * math.pi)[:, None]
    gamma = -gamma[None, :]  # so that a line comes again after pi - 2 gamma
    rising, falling = 2 * (over - gamma), math.pi - 2 * gamma
    least = 1e-12
    up = _smooth(turned / np.maximum(rising, least))
    down = _smooth((math.pi + 2 * over - turned) / np.maximum(2 * (over + gamma), least))
    return np.where(turned < rising, up, np.where(turned <= falling, 1.0, down))


def _smooth(part: Floats) -> Floats:
    """From 0 to 1 as sin^2 does, and like it w(x) + w(1 - x) = 1; the same on every machine."""
    part = np.clip(part, 0, 1)
    return part * part * (3 - 2 * part)


def _places(geometry: Geometry, shape: tuple[int, int], pixel_mm: float) -> Floats:
    """Where each view's elements see the pixels: (V, 6), see `back_views` in native/functions.h."""
    cos, sin = geometry.directions()
    mid_row = (shape[0] - 1) / 2 - geometry.axis_mm[1] / pixel_mm
    mid_column = (shape[1] - 1) / 2 + geometry.axis_mm[0] / pixel_mm
    step = pixel_mm / geometry.spacing_mm
    # In the frame of a view: s along the detector, in elements, of x = c - mid, y = mid - r.
    across = np.stack([step * (sin * mid_row - cos * mid_column), step * cos, -step * sin], axis=1)
    depth = np.zeros_like(across)
    depth[:, 0] = 1
    if geometry.source_mm is not None:
        per = pixel_mm / geometry.source_mm
        depth[:, 0] += per * (cos * mid_row + sin * mid_column)
        depth[:, 1], depth[:, 2] = -per * sin, -per * cos
    # Place 1 is the first element's centre.
    return np.ascontiguousarray(np.hstack([across + (geometry.middle + 1) * depth, depth]))
