"""Projections of pixel images and their transpose, by kernels in C."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.native.library import ffi, lib
from tenfold.synth.tomography.geometry import Geometry

Image = NDArray[np.float32]

PADDING = 3  # zeros of each line: one before, two behind
_READ_ON = 64  # floats behind the last line that are read, whatever they are


@dataclass(frozen=True, eq=False)
class _Group:
    """Rays that cross all rows of an image (or all columns), each between two pixels."""

    which: NDArray[np.intp]
    starts: Image
    slopes: Image
    lengths: Image  # cm from one line to the next


class Rays:
    """A geometry's rays through images of one shape: Joseph's method and its exact transpose.

    Args:
        geometry: the scan.
        shape: (H, W) of the images.
        pixel_mm: size of a pixel.
    """

    def __init__(self, geometry: Geometry, shape: tuple[int, int], pixel_mm: float) -> None:
        self.geometry, self.shape = geometry, shape
        cos, sin, distance = (np.ravel(part) for part in geometry.lines())
        distance = distance / pixel_mm
        mid_row, mid_column = (shape[0] - 1) / 2, (shape[1] - 1) / 2
        steep = np.abs(cos) >= np.abs(sin)
        across = np.flatnonzero(steep)
        c, s, d = cos[across], sin[across], distance[across]
        self._rows = _group(across, (d - s * mid_row) / c + mid_column, s / c, pixel_mm / np.abs(c))
        along = np.flatnonzero(~steep)
        c, s, d = cos[along], sin[along], distance[along]
        self._columns = _group(
            along, mid_row - (d + c * mid_column) / s, c / s, pixel_mm / np.abs(s)
        )

    def project(self, image: NDArray[Any]) -> Image:
        """Integrals along the rays: (V, D) float32, in the image's unit times cm.

        Args:
            image: (H, W); between pixels linear, beyond it 0.
        """
        image = np.asarray(image, np.float32)
        sums = np.empty(self.geometry.detectors * len(self.geometry.angles), np.float32)
        for group, lines in ((self._rows, image), (self._columns, image.T)):
            if len(group.which):
                sums[group.which] = _sums(lines, group) * group.lengths
        return sums.reshape(self.geometry.shape)

    def spread(self, sinogram: NDArray[Any]) -> Image:
        """The transpose of `project`: (V, D) to (H, W) float32."""
        values = np.ravel(np.asarray(sinogram, np.float32))
        height, width = self.shape
        image = np.zeros(self.shape, np.float32)
        if len(self._rows.which):
            image += _spread(values, self._rows, height, width)
        if len(self._columns.which):
            image += _spread(values, self._columns, width, height).T
        return image


def project(image: NDArray[Any], geometry: Geometry, pixel_mm: float = 1.0) -> Image:
    """Projections of an image: integrals along all rays of the geometry.

    Args:
        image: (H, W) numbers without NaN; in 1/cm for attenuation.
        geometry: the scan's rays.
        pixel_mm: size of a pixel.

    Returns:
        (V, D) float32 sinogram, in the image's unit times cm.

    Raises:
        RequestError: an image that is empty, not (H, W), or has NaN or infinite values.
    """
    checked_image(image, "an image to project")
    return Rays(geometry, image.shape, pixel_mm).project(image)


def checked_image(image: NDArray[Any], what: str) -> None:
    """Raise `RequestError` unless `image` is two-dimensional, not empty and finite."""
    if image.ndim != 2:
        raise RequestError(f"{what} is (H, W), got shape {image.shape}")
    if 0 in image.shape:
        raise RequestError(f"{what} is empty: shape {image.shape}")
    if image.dtype.kind not in "biuf":
        raise RequestError(f"{what} holds numbers, got {image.dtype}")
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise RequestError(f"{what} has NaN or infinite values; mend them before the scan")


def checked_sinogram(sinogram: NDArray[Any], geometry: Geometry) -> Image:
    """A sinogram as (V, D) float32; `RequestError` unless it fits the geometry and is finite."""
    checked_image(sinogram, "a sinogram")
    if sinogram.shape != geometry.shape:
        raise RequestError(
            f"the sinogram is {sinogram.shape[0]} views of {sinogram.shape[1]} elements, the "
            f"geometry {geometry.shape[0]} of {geometry.shape[1]}"
        )
    return np.ascontiguousarray(sinogram, np.float32)


def _group(which: NDArray[np.intp], starts: Any, slopes: Any, lengths: Any) -> _Group:
    # Places count from 1: a zero stands before each line.
    as_floats = (np.asarray(part, np.float32) for part in (starts + 1, slopes, lengths / 10))
    return _Group(which, *as_floats)


def padded(lines: NDArray[Any]) -> Image:
    """Lines (N, M) as the kernels read them: N * (M + 3) floats with zeros, and room behind."""
    count, size = lines.shape
    flat = np.zeros(count * (size + PADDING) + _READ_ON, np.float32)
    flat[: count * (size + PADDING)].reshape(count, size + PADDING)[:, 1:-2] = lines
    return flat


def _sums(lines: Image, group: _Group) -> Image:
    found = np.empty(len(group.which), np.float32)
    pointer = ffi.from_buffer
    lib.ray_sums(
        pointer("float[]", padded(lines)), len(lines), lines.shape[1] + PADDING,
        pointer("float[]", group.starts), pointer("float[]", group.slopes), len(found),
        pointer("float[]", found),
    )  # fmt: skip
    return found


def _spread(values: Image, group: _Group, count: int, size: int) -> Image:
    weighted = values[group.which] * group.lengths
    lines = np.empty((count, size + PADDING), np.float32)
    pointer = ffi.from_buffer
    lib.ray_spread(
        pointer("float[]", weighted), pointer("float[]", group.starts),
        pointer("float[]", group.slopes), len(weighted), *lines.shape, pointer("float[]", lines),
    )  # fmt: skip
    return lines[:, 1:-2]
