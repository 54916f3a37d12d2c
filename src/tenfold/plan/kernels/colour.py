"""Channels mixed with each other: matrices and the rotation of hue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import SampleError
from tenfold.native.library import ffi, lib
from tenfold.native.room import room
from tenfold.ops.steps import Curve
from tenfold.plan.kernels.native import bounds, kernels, pointer
from tenfold.plan.kernels.tone import apply_curves, curve_table
from tenfold.plan.kernels.values import ValueRange
from tenfold.samples.sample import Array

_MIX = {"H": lib.colour_u16, "f": lib.colour_f32}
_MATRIX = kernels("matrix")


@dataclass(frozen=True, eq=False)
class Colours:
    """Steps over RGB that follow each other and are done in one pass; what isn't there is empty.

    Attributes:
        before: curves.
        first: (3, 4) matrix over values 0..1.
        degrees: by which the hue is turned in HSV.
        second: another matrix.
        after: more curves; none that measures the image.
    """

    before: Sequence[Curve] = ()
    first: NDArray[np.float64] | None = None
    degrees: float | None = None
    second: NDArray[np.float64] | None = None
    after: Sequence[Curve] = ()


def apply_colours(image: Array, colours: Colours, value_range: ValueRange) -> Array:
    """Do such steps; values are clipped after each of them.

    8-bit values are rounded before and after the middle three, which compute within 0.02 of a level
    (0.001 for a matrix alone); deeper ones are rounded after the curves only.

    Args:
        image: (H, W, 3).
        colours: the steps.
        value_range: black and white.

    Returns:
        A new array of the same shape and dtype.

    Raises:
        SampleError: an image of other channels.
    """
    if image.shape[2] != 3:
        raise SampleError(f"hues and (3, 4) matrices are for RGB, not {image.shape[2]} channels")
    image = np.ascontiguousarray(image)
    if image.dtype != np.uint8:
        if colours.before:
            image = apply_curves(image, colours.before, value_range)
        image = _mixed(image, colours, value_range)
        return apply_curves(image, colours.after, value_range) if colours.after else image
    out = room(image.shape, image.dtype)
    before, before_rows = _table(image, colours.before, value_range)
    after, after_rows = _table(image, colours.after, value_range)
    lib.colour_u8(
        pointer(image), image.size // 3, before, before_rows, *_middle(colours, value_range),
        *bounds(image, value_range), after, after_rows, pointer(out),
    )  # fmt: skip
    return out


def _mixed(image: Array, colours: Colours, value_range: ValueRange) -> Array:
    out = room(image.shape, image.dtype)
    _MIX[image.dtype.char](
        pointer(image), image.size // 3, *_middle(colours, value_range),
        *bounds(image, value_range), pointer(out),
    )  # fmt: skip
    return out


def _middle(colours: Colours, value_range: ValueRange) -> tuple[Any, float, Any]:
    first, second = (
        ffi.NULL if matrix is None else pointer(own_matrix(matrix, value_range))
        for matrix in (colours.first, colours.second)
    )
    return first, 0.0 if colours.degrees is None else sixths(colours.degrees), second


def _table(image: Array, curves: Sequence[Curve], value_range: ValueRange) -> tuple[Any, int]:
    if not curves:
        return ffi.NULL, 0
    table = curve_table(image, curves, value_range)
    return pointer(table), len(table)


def own_matrix(matrix: NDArray[np.float64], value_range: ValueRange) -> NDArray[np.float32]:
    """A matrix over values 0..1, (..., C, C + 1), as one over an image's own values."""
    low, high = value_range
    own = matrix.astype(np.float32)
    linear, offset = matrix[..., :-1], matrix[..., -1]
    own[..., -1] = low + (high - low) * offset - low * linear.sum(axis=-1)
    return own


def sixths(degrees: Any) -> Any:
    """Angles in sixths of a circle, 1 to 7, as the kernels take it (0 is no turn at all)."""
    return (degrees / 60 - 1) % 6 + 1


def apply_matrix(image: Array, matrix: NDArray[np.float64], value_range: ValueRange) -> Array:
    """Map every pixel's colours by an affine map in float32, clip, and round once.

    Args:
        image: (H, W, C) colour channels.
        matrix: (C, C + 1) float64 over values 0..1; the last column is added.
        value_range: black and white.

    Returns:
        A new array of the same shape and dtype.

    Raises:
        SampleError: the matrix is for another number of channels.
    """
    height, width, channels = image.shape
    if matrix.shape != (channels, channels + 1):
        raise SampleError(
            f"a matrix over {channels} channels is ({channels}, {channels + 1}), got {matrix.shape}"
        )
    if channels == 3:
        return apply_colours(image, Colours(first=matrix), value_range)
    image = np.ascontiguousarray(image)
    out = room(image.shape, image.dtype)
    _MATRIX[image.dtype.char](
        pointer(image), height * width, channels, pointer(own_matrix(matrix, value_range)),
        *bounds(image, value_range), pointer(out),
    )  # fmt: skip
    return out


def fuse_matrices(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix of `first` and then `second`, both (C, C + 1)."""
    linear = second[:, :-1]
    return np.column_stack([linear @ first[:, :-1], linear @ first[:, -1] + second[:, -1]])


def stays_inside(matrix: NDArray[np.float64]) -> bool:
    """Whether the matrix maps the cube of colours 0..1 into itself, so that clipping does nothing.

    Only then is fusing it with the next matrix the same as applying both.
    """
    linear, offset = matrix[:, :-1], matrix[:, -1]
    least = offset + np.minimum(linear, 0).sum(axis=1)
    most = offset + np.maximum(linear, 0).sum(axis=1)
    return bool(least.min() >= -1e-9 and most.max() <= 1 + 1e-9)


def rotate_hue(image: Array, degrees: float, value_range: ValueRange) -> Array:
    """Turn the hue of HSV (Smith 1978) by an angle; saturation and value stay.

    Args:
        image: (H, W, 3).
        degrees: any; red goes towards yellow for small positive angles.
        value_range: black and white.
    """
    return apply_colours(image, Colours(degrees=degrees), value_range)
