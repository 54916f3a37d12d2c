"""One resampling of a raster through a map: images by interpolation, masks by nearest neighbour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import SampleError
from tenfold.native.library import ffi, lib
from tenfold.native.room import room
from tenfold.ops import matrices
from tenfold.plan.map import Homography, Map
from tenfold.plan.spline import Spline
from tenfold.samples.sample import Array

Mode = Literal["reflect", "edge", "wrap", "constant"]
Interpolation = Literal["linear", "nearest", "cubic"]

BORDERS = {"reflect": 0, "edge": 1, "wrap": 2, "constant": 3}
INTERPOLATIONS = {"nearest": 0, "linear": 1, "cubic": 2}
TYPES = {"B": 0, "H": 1, "f": 2}
_SIZES = {1: 0, 2: 1, 4: 2, 8: 3}
_MOST_STAGES = 64
_SHRINKS = 1.25  # source pixels a target pixel from which on an image is averaged first
_MOST = 65536  # and up to which; such numbers are in native/resample.c, too
_SHRUNK = 1.01  # and along an axis, if it does along the other


@dataclass(frozen=True, eq=False)
class Fringe:
    """What lies beyond the picture: a mode and, for `constant`, one value a channel."""

    mode: Mode
    values: NDArray[np.float64]


def resample(raster: Array, through: Map, interpolation: Interpolation, fringe: Fringe) -> Array:
    """Move a raster.

    Args:
        raster: (H, W, C) uint8, uint16 or float32; for `nearest` and for maps of whole pixels of
            any dtype (of 1, 2, 4 or 8 bytes, for `nearest`).
        through: the map; its source is (H, W).
        interpolation: see `Recipe.interpolation`; whole-pixel maps are exact with any.
        fringe: see `Fringe`.

    Returns:
        A new array of the target's size, same dtype and channels. Weights have 14 bits of fraction
        for uint8, those of float32 else: linear interpolation of uint8 comes within 0.52 of a level
        of the exact. Images that shrink are averaged over the source pixels of a target pixel,
        along each axis as much as it shrinks (`Map.shrinking`), so that fine texture doesn't alias.

    Raises:
        SampleError: the dtype can't be interpolated.
    """
    raster = np.ascontiguousarray(raster)
    beyond = as_values(fringe.values, raster.dtype)
    if through.grid is not None:
        return _move_whole_pixels(raster, through, fringe.mode, beyond)
    if interpolation == "nearest":
        code = _SIZES.get(raster.dtype.itemsize)
    else:
        code = TYPES.get(raster.dtype.char)
    if code is None:
        raise SampleError(
            f"values of type {raster.dtype} can't be interpolated; convert the image to uint8, "
            "uint16 or float32"
        )
    out = room((*through.target, raster.shape[2]), raster.dtype)
    how = INTERPOLATIONS[interpolation], BORDERS[fringe.mode]
    pulled = _spline_then_matrix(through)
    if pulled is None:
        _through_stages(raster, out, through, code, how, beyond)
        return out
    control, matrix = pulled
    shape = (0, 0) if control is None else control.shape[:2]
    sizes = np.array([*raster.shape, code, *through.target, *how, *shape], np.int64)
    where = _numbers(sizes, "int64_t[]"), _numbers(matrix), _numbers(control)
    scratch = ffi.NULL
    if interpolation != "nearest" and (size := lib.tenfold_resample_scratch(*where)):
        scratch = _bytes(np.empty(size, np.uint8))
    lib.tenfold_resample(_bytes(raster), _bytes(out), *where, _bytes(beyond), scratch)
    return out


def _spline_then_matrix(
    through: Map,
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None] | None:
    """The map as a control grid of the target's own frame and then a matrix, if that is what it is.

    It pulls in this order. Either may be None.
    """
    control = matrix = None
    stages = list(through.stages)
    if stages and isinstance(last := stages[-1], Spline):
        if (last.height, last.width) != through.target:
            return None
        control = np.ascontiguousarray(last.control, np.float64)
        stages.pop()
    if stages and isinstance(last := stages[-1], Homography):
        matrix = np.ascontiguousarray(last.inverse)
        stages.pop()
    return None if stages else (control, matrix)


def _through_stages(
    raster: Array, out: Array, through: Map, code: int, how: tuple[int, int], beyond: Array
) -> None:
    """A chain of any kind, point by point; averaged first where it shrinks."""
    if how[0] != INTERPOLATIONS["nearest"]:
        raster, through = _averaged(raster, through, code, how[1], beyond)
    shapes, numbers = [], []
    for stage in reversed(through.stages):
        if isinstance(stage, Spline):
            shapes.append([*stage.control.shape[:2], stage.height, stage.width])
            numbers.append(stage.control.ravel())
        else:
            shapes.append([0] * 4)
            numbers.append(stage.inverse.ravel())
    if len(shapes) > _MOST_STAGES:
        raise SampleError(f"a map of more than {_MOST_STAGES} bends and matrices can't be followed")
    table, values = np.array(shapes, np.int64), np.concatenate(numbers, dtype=np.float64)
    lib.tenfold_warp_chain(
        _bytes(raster), *raster.shape, code, _bytes(out), *out.shape[:2],
        _numbers(values), _numbers(table, "ptrdiff_t[]"), len(shapes), *how, _bytes(beyond),
    )  # fmt: skip


def _averaged(
    raster: Array, through: Map, code: int, border: int, beyond: Array
) -> tuple[Array, Map]:
    """The raster's means over what a target pixel covers, and the map from there.

    As `tenfold_resample` does it: where a mean covers three pixels and more, there is a smaller
    raster of about two means in each.
    """
    widths = through.shrinking()
    if not (_SHRINKS <= max(widths) <= _MOST and min(widths) >= 0):  # or they are no numbers
        return raster, through
    sides = raster.shape[1], raster.shape[0]
    small = [
        max(1, round(side / (int(width / 1.5 + 1e-6) if width >= 3 else 1)))
        for side, width in zip(sides, widths, strict=True)
    ]
    across, down = (
        np.array([side / few, 0, width if width > _SHRUNK else 1])
        for side, few, width in zip(sides, small, widths, strict=True)
    )
    out = np.empty((small[1], small[0], raster.shape[2]), raster.dtype)
    lines = _numbers(across), _numbers(down)
    size = lib.tenfold_resize_scratch(sides[0], raster.shape[2], small[0], *lines)
    lib.tenfold_resize(
        _bytes(raster), *raster.shape, code, _bytes(out), *out.shape[:2], *lines,
        border if border == BORDERS["wrap"] else BORDERS["reflect"], _bytes(beyond),
        _bytes(np.empty(size, np.uint8)),
    )  # fmt: skip
    grow = matrices.scaling(across[0], down[0])
    larger = Map((Homography(grow),), (small[1], small[0]), through.source)
    return out, larger.followed_by(through)


def _move_whole_pixels(raster: Array, through: Map, mode: Mode, beyond: Array) -> Array:
    """Flips, quarter turns and whole shifts: no arithmetic on values."""
    out = room((*through.target, raster.shape[2]), raster.dtype)
    size = raster.shape[2] * raster.dtype.itemsize
    lib.tenfold_move(
        _bytes(raster), *raster.shape[:2], size, _bytes(out), *through.target,
        _numbers(through.pull_matrix), BORDERS[mode], _bytes(beyond),
    )  # fmt: skip
    return out


def _bytes(array: Array) -> Any:
    """A pointer to a contiguous array of any dtype."""
    return ffi.from_buffer(array)


def _numbers(array: NDArray[Any] | None, kind: str = "double[]") -> Any:
    """A pointer to contiguous numbers; null for none."""
    return ffi.NULL if array is None else ffi.from_buffer(kind, array)


def as_values(values: NDArray[Any], dtype: np.dtype[Any]) -> Array:
    """Floats as values of an image's dtype: rounded and kept within it for whole numbers."""
    if dtype.kind not in "iu":
        return values.astype(dtype)
    info = np.iinfo(dtype)
    whole: Array = np.clip(np.rint(values), info.min, info.max).astype(dtype)
    return whole
