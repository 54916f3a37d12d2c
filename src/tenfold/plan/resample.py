"""One resampling of a raster through a map: images by interpolation, masks by nearest neighbour."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import SampleError
from tenfold.ops import matrices
from tenfold.plan.map import Homography, Map
from tenfold.samples.sample import Array

Mode = Literal["reflect", "edge", "wrap", "constant"]
Interpolation = Literal["linear", "nearest", "cubic"]

_BORDERS = {
    "reflect": cv2.BORDER_REFLECT_101,
    "edge": cv2.BORDER_REPLICATE,
    "wrap": cv2.BORDER_WRAP,
    "constant": cv2.BORDER_CONSTANT,
}
_INTERPOLATIONS = {
    "linear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST, "cubic": cv2.INTER_CUBIC
}  # fmt: skip
_LONGEST = 32766  # OpenCV keeps warped coordinates in 16 bits
_FEW = 4  # channels that OpenCV's border values hold
_SHRINKS = 1.25  # source pixels a target pixel from which on an image is averaged first


@dataclass(frozen=True, eq=False)
class Fringe:
    """What lies beyond the picture: a mode and, for `constant`, one value a channel."""

    mode: Mode
    values: NDArray[np.float64]


def resample(raster: Array, through: Map, interpolation: Interpolation, fringe: Fringe) -> Array:
    """Move a raster.

    Args:
        raster: (H, W, C) of any dtype that OpenCV warps (8 and 16 bit integers, float32).
        through: the map; its source is (H, W).
        interpolation: see `Recipe.interpolation`; whole-pixel maps are exact with any.
        fringe: see `Fringe`.

    Returns:
        A new array of the target's size, same dtype and channels. Images that shrink are averaged
        over the source pixels of a target pixel first, along each axis as much as it shrinks
        (`Map.shrinking`), so that fine texture doesn't alias.

    Raises:
        SampleError: a side is longer than OpenCV can warp (32,766 px).
    """
    grid = through.grid
    if grid is not None:
        return _move_whole_pixels(raster, grid, through.target, fringe)
    if max(*through.source, *through.target) > _LONGEST:
        raise SampleError(
            f"a side of more than {_LONGEST} px can't be warped; cut the image into tiles first"
        )
    raster = np.ascontiguousarray(raster)
    widths = (1.0, 1.0)
    if interpolation != "nearest":
        widths = through.shrinking()
        blocks = _block(widths[0]), _block(widths[1])
        if blocks != (1, 1):
            raster, through = _shrunk(raster, through, blocks)
            widths = through.shrinking()
    flags = _INTERPOLATIONS[interpolation]
    border = _BORDERS[fringe.mode]
    # OpenCV puts pixel centres at whole numbers; ours are at +0.5.
    to_half, to_whole = matrices.translation(0.5, 0.5), matrices.translation(-0.5, -0.5)
    pull = where = None
    if through.pull_matrix is not None:
        pull = to_whole @ through.pull_matrix @ to_half
    else:
        where = through.dense - np.float32(0.5)
    size = (through.target[1], through.target[0])
    parts = []
    for few in _in_fews(raster.shape[2]):
        part = _averaged(np.ascontiguousarray(raster[:, :, few]), widths, fringe.mode)
        value = fringe.values[few].tolist()
        value += [0.0] * (_FEW - len(value))
        # OpenCV warps four channels at about twice the speed of three, to the same values.
        widened = part.ndim == 3 and part.shape[2] == 3 and interpolation == "linear"
        if widened:
            part = cv2.cvtColor(part, cv2.COLOR_RGB2RGBA)
        if pull is None:
            moved = cv2.remap(part, where, None, flags, borderMode=border, borderValue=value)
        elif through.affine:
            moved = cv2.warpAffine(
                part, pull[:2] / pull[2, 2], size, None, flags | cv2.WARP_INVERSE_MAP, border, value
            )
        else:
            moved = cv2.warpPerspective(
                part, pull, size, None, flags | cv2.WARP_INVERSE_MAP, border, value
            )
        if widened:
            moved = cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB)
        parts.append(moved.reshape(*through.target, -1))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)


def _in_fews(channels: int) -> list[slice]:
    """Channels in parts of 4, 3 or 1: OpenCV warps two at a time with coarser coordinates."""
    sizes = [_FEW] * (channels // _FEW) + {0: [], 1: [1], 2: [1, 1], 3: [3]}[channels % _FEW]
    ends = np.cumsum([0, *sizes]).tolist()
    return [slice(a, b) for a, b in pairwise(ends)]


def _block(width: float) -> int:
    """Side of the blocks to average so that a running mean of three pixels does the rest."""
    return int(width / 1.5 + 1e-6) if width >= 3 else 1


def _averaged(part: Array, widths: tuple[float, float], mode: Mode) -> Array:
    """The running mean over a box so many pixels wide along x and y: up to 3, and not whole.

    At full resolution it comes closer to the exact mean over each target pixel than averages of
    blocks do, whose places have nothing to do with the target's.
    """
    if max(widths) < _SHRINKS:
        return part
    (x, across), (y, down) = map(_three_taps, widths)
    if mode == "wrap":
        part = cv2.copyMakeBorder(part, y, y, x, x, cv2.BORDER_WRAP)
    border = cv2.BORDER_REFLECT_101
    mean: Array = cv2.GaussianBlur(part, (2 * x + 1, 2 * y + 1), across, None, down, border)
    return mean[y : len(mean) - y, x : mean.shape[1] - x] if mode == "wrap" else mean


def _three_taps(width: float) -> tuple[int, float]:
    """A box of this width as a Gaussian of one or three taps: pixels beside the centre, deviation.

    A centred box covers (width - 1) / 2 of each neighbour; a Gaussian that falls to so much one
    pixel away is the same kernel, for which OpenCV has its fastest filter.
    """
    if width <= 1.01:
        return 0, 1.0
    beside = min((width - 1) / 2, 0.999)
    return 1, float(np.sqrt(-0.5 / np.log(beside)))


def _shrunk(raster: Array, through: Map, blocks: tuple[int, int]) -> tuple[Array, Map]:
    """The raster averaged over blocks, so many pixels along x and y, and the map from there."""
    height, width = raster.shape[:2]
    small = max(1, round(height / blocks[1])), max(1, round(width / blocks[0]))
    parts = [
        cv2.resize(
            np.ascontiguousarray(raster[:, :, few]),
            (small[1], small[0]),
            interpolation=cv2.INTER_AREA,
        ).reshape(*small, -1)
        for few in _in_fews(raster.shape[2])
    ]
    grow = matrices.scaling(width / small[1], height / small[0])
    larger = Map((Homography(grow),), small, through.source)
    small_raster: Array = np.concatenate(parts, axis=2)
    return small_raster, larger.followed_by(through)


def _move_whole_pixels(
    raster: Array, matrix: NDArray[np.float64], target: tuple[int, int], fringe: Fringe
) -> Array:
    """Flips, quarter turns and whole shifts: no arithmetic on values."""
    linear = matrix[:2, :2].astype(int)
    if linear[0, 0] == 0:
        raster = raster.transpose(1, 0, 2)
        linear = linear[:, ::-1]
    raster = _flipped(raster, down=linear[1, 1] < 0, across=linear[0, 0] < 0)
    height, width = raster.shape[:2]
    # After the flips the frame's first pixel would be at the image of the source's corner.
    corner_x = int(matrix[0, 2]) - (width if linear[0, 0] < 0 else 0)
    corner_y = int(matrix[1, 2]) - (height if linear[1, 1] < 0 else 0)
    rows = _index(np.arange(target[0]) - corner_y, height, fringe.mode)
    columns = _index(np.arange(target[1]) - corner_x, width, fringe.mode)
    if (corner_y, corner_x) == (0, 0) and target == (height, width):
        return raster
    moved: Array = raster[np.maximum(rows, 0)[:, None], np.maximum(columns, 0)]
    outside = (rows < 0)[:, None] | (columns < 0)
    if outside.any():
        moved[outside] = as_values(fringe.values, raster.dtype)
    return moved


def _flipped(raster: Array, down: bool, across: bool) -> Array:
    """A flipped copy; OpenCV turns rows round ten times faster than a strided view is copied."""
    if not (down or across):
        return np.array(raster, order="C")
    if raster.shape[2] > _FEW:
        return np.array(raster[:: -1 if down else 1, :: -1 if across else 1], order="C")
    code = -1 if down and across else int(across)
    return np.asarray(cv2.flip(np.ascontiguousarray(raster), code)).reshape(raster.shape)


def _index(positions: NDArray[Any], size: int, mode: Mode) -> NDArray[np.intp]:
    """Source index for each position; -1 beyond a constant border."""
    if mode == "edge":
        return np.asarray(np.clip(positions, 0, size - 1))
    if mode == "wrap":
        return np.asarray(positions % size)
    if mode == "reflect":
        if size == 1:
            return np.zeros_like(positions)
        period = 2 * size - 2
        folded = positions % period
        return np.asarray(np.minimum(folded, period - folded))
    return np.asarray(np.where((positions >= 0) & (positions < size), positions, -1))


def as_values(values: NDArray[Any], dtype: np.dtype[Any]) -> Array:
    """Floats as values of an image's dtype: rounded and kept within it for whole numbers."""
    if dtype.kind == "f":
        return values.astype(dtype)
    info = np.iinfo(dtype)
    whole: Array = np.clip(np.rint(values), info.min, info.max).astype(dtype)
    return whole
