"""Curves: functions of each value on its own, run after run fused to one table.

What each one computes is written in `native/table_curves.c`; `CURVES` tells what there is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.native.library import ffi, lib
from tenfold.native.room import room
from tenfold.ops.colour_science import LUMA_601
from tenfold.ops.steps import Curve
from tenfold.plan.kernels.native import pointer
from tenfold.plan.kernels.values import Floats, ValueRange, from_unit, to_unit
from tenfold.samples.sample import Array

CURVES = {
    name: code
    for code, name in enumerate(
        (
            "shift", "light_gain", "power", "contrast_mid", "contrast_mean", "autocontrast",
            "equalize", "invert", "solarize", "posterize", "contrast_about", "stretch",
        )
    )
}  # fmt: skip
"""Every curve by the name that `Curve.function` gives, with its code in native/table_curves.c.

Values are 0 black, 1 white, and are clipped to that after each. Parameters and meaning:

- shift (amount): x + amount.
- light_gain (linear, gain...): light multiplied by one gain, or one for each channel; values are
  linear light if `linear`, else sRGB.
- power (exponent): x ** exponent.
- contrast_mid (factor): 0.5 + (x - 0.5) factor.
- contrast_mean (factor): the same about the mean luma of the picture (of three channels, BT.601),
  or the mean of all channels.
- autocontrast (cutoff, joint): darkest to 0 and brightest to 1, without the share `cutoff` of
  pixels at each end; one stretch for all channels if `joint`. As Pillow counts them.
- equalize (): rank in place of value: the share of darker pixels, brightest to 1.
- invert (): 1 - x.
- solarize (threshold): values above it inverted.
- posterize (bits): the highest bits of eight.
- contrast_about (factor, pivot), stretch (low, high for each channel): what measured ones come
  down to.

Before equalize, solarize and posterize, which have jumps, tables are rounded to the image's levels:
rounding that comes later could land on the other side of a jump.
"""

MEASURED = frozenset({"contrast_mean", "autocontrast", "equalize"})
"""Curves that depend on the whole image."""

_FEW = 4
"""Channels up to which 8-bit tables need no scratch of ours."""


def apply_curves(image: Array, curves: Sequence[Curve], value_range: ValueRange) -> Array:
    """Apply curves one after the other: integers by one table, floats by the functions.

    Values are clipped to 0..1 after each curve and rounded once at the end, so the result differs
    from rounding after each curve by at most the roundings saved.

    Args:
        image: (H, W, C) colour channels.
        curves: in order.
        value_range: black and white.

    Returns:
        A new array of the same shape and dtype.
    """
    image = np.ascontiguousarray(image)
    if image.dtype.kind == "f":
        return _apply_to_floats(image, curves, value_range)
    table = curve_table(image, curves, value_range)
    height, width, channels = image.shape
    out = room(image.shape, image.dtype)
    look_up = lib.look_up_u8 if image.dtype == np.uint8 else lib.look_up_u16
    look_up(
        pointer(image), height * width, channels, pointer(table), len(table), pointer(out)
    )  # fmt: skip
    return out


def curve_table(image: Array, curves: Sequence[Curve], value_range: ValueRange) -> Array:
    """The table of a run of curves: (1 or C, levels), of the image's integer dtype.

    It has an entry for every value of the dtype; those beyond the range are black or white.
    """
    image = np.ascontiguousarray(image)
    height, width, channels = image.shape
    numbers = program(curves)
    levels = 256 if image.dtype == np.uint8 else 65536
    make = lib.curve_tables_u8 if levels == 256 else lib.curve_tables_u16
    tables = np.empty((channels, levels), image.dtype)
    rows = make(
        pointer(image), height * width, channels, pointer(numbers), len(numbers), *value_range,
        _scratch(channels, levels), pointer(tables),
    )  # fmt: skip
    return tables[:rows]


def program(curves: Sequence[Curve]) -> NDArray[np.float64]:
    """A run of curves as the kernels take it: for each its code, a count, and its parameters."""
    numbers: list[float] = []
    for curve in curves:
        numbers += CURVES[curve.function], len(curve.parameters), *curve.parameters
    return np.array(numbers, np.float64)


def programs(
    functions: Sequence[str], parameters: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """The same run of curves for many copies, each with its own parameters.

    Args:
        functions: names of the curves, in order.
        parameters: for each curve (N, number of its parameters).

    Returns:
        (N, length); a row is the `program` of one copy.
    """
    columns: list[NDArray[np.float64]] = []
    for name, numbers in zip(functions, parameters, strict=True):
        head = np.empty((len(numbers), 2))
        head[:] = CURVES[name], numbers.shape[1]
        columns += head, numbers
    return np.concatenate(columns, axis=1)


def table_rows(functions: Sequence[str], counts: Sequence[int], channels: int) -> int:
    """Rows of the tables of a run: 1, or `channels` where a curve differs between them.

    Args:
        functions: names of the curves.
        counts: how many parameters each of them has.
        channels: of the image.
    """
    each = any(name == "light_gain" and n > 2 for name, n in zip(functions, counts, strict=True))
    return channels if each else 1


def curve_tables(
    run: NDArray[np.float64], rows: int, channels: int, value_range: ValueRange
) -> NDArray[np.uint8]:
    """8-bit tables for many copies at once; none of the curves measures the image.

    Args:
        run: (N, length), see `programs`.
        rows: see `table_rows`.
        channels: of the images.
        value_range: black and white.

    Returns:
        (N, rows, 256), the bytes that `curve_table` gives for each copy on its own.
    """
    run = np.ascontiguousarray(run)
    tables = np.empty((len(run), rows, 256), np.uint8)
    lib.curve_tables_u8_many(
        len(run), channels, pointer(run), run.shape[1], *value_range, _scratch(channels, 256), rows,
        pointer(tables),
    )  # fmt: skip
    return tables


def _scratch(channels: int, levels: int) -> object:
    if levels == 256 and channels <= _FEW:
        return ffi.NULL
    return pointer(np.empty((2 * channels + 1) * levels, np.float64))


def _apply_to_floats(image: Array, curves: Sequence[Curve], value_range: ValueRange) -> Array:
    """Curves up to the next measured one at once; that one then has the picture to look at."""
    waiting: list[Curve] = []
    for curve in curves:
        if curve.function not in MEASURED:
            waiting.append(curve)
            continue
        image, waiting = _run_floats(image, waiting, value_range), []
        if curve.function == "equalize":
            image = _equalized(image, value_range)
        else:
            waiting.append(_settled(curve, image, value_range))
    return _run_floats(image, waiting, value_range)


def _run_floats(image: Array, curves: Sequence[Curve], value_range: ValueRange) -> Array:
    height, width, channels = image.shape
    numbers, out = program(curves), np.empty(image.shape, image.dtype)
    lib.curves_f32(
        pointer(image), height * width, channels, pointer(numbers), len(numbers), *value_range,
        pointer(out),
    )  # fmt: skip
    return out


def _settled(curve: Curve, image: Array, value_range: ValueRange) -> Curve:
    """A measured curve as the one that it is for this float image."""
    unit = to_unit(image, value_range).reshape(-1, image.shape[2])
    if curve.function == "contrast_mean":
        means = unit.mean(axis=0, dtype=np.float64)
        shares = LUMA_601 if len(means) == 3 else np.full(len(means), 1 / len(means))
        return Curve("contrast_about", (*curve.parameters, float(means @ shares)))
    cutoff, joint = curve.parameters
    rows = unit.reshape(1, -1) if joint else np.ascontiguousarray(unit.T)
    return Curve("stretch", tuple(end for row in rows for end in _ends(row, cutoff)))


def _ends(row: Floats, cutoff: float) -> tuple[float, float]:
    """Values of the first pixels that are not cut off."""
    drop = int(cutoff * row.size)
    if not drop:
        return float(row.min()), float(row.max())
    ordered = np.partition(row, (drop, row.size - 1 - drop))
    return float(ordered[drop]), float(ordered[row.size - 1 - drop])


def _equalized(image: Array, value_range: ValueRange) -> Array:
    """Each value the share of darker pixels, of those that aren't the brightest."""
    unit = to_unit(image, value_range)
    for channel in range(image.shape[2]):
        plane = unit[:, :, channel]
        _, where, counts = np.unique(plane, return_inverse=True, return_counts=True)
        rest = plane.size - counts[-1]
        if rest:  # else one value only: nothing to spread
            darker = np.cumsum(counts) - counts
            unit[:, :, channel] = (darker / rest)[where.reshape(plane.shape)]
    return from_unit(unit, image.dtype, value_range)
