"""The door for all steps that do not move pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.ops.steps import ChannelMatrix, Convolution, Curve, Fill, Filter, Noise, PixelStep
from tenfold.plan.kernels.colour import (
    Colours,
    apply_colours,
    apply_matrix,
    fuse_matrices,
    stays_inside,
)
from tenfold.plan.kernels.convolve import apply_convolution
from tenfold.plan.kernels.fill import apply_fill
from tenfold.plan.kernels.filters import apply_filter
from tenfold.plan.kernels.noise import apply_noise
from tenfold.plan.kernels.tone import MEASURED, apply_curves
from tenfold.plan.kernels.values import ValueRange
from tenfold.samples.sample import Array

Simple = tuple[Curve, ...] | ChannelMatrix | Convolution | Filter | Noise | Fill
Pass = Simple | Colours
_RGB = (3, 4)


def passes(steps: Sequence[PixelStep]) -> Iterator[Pass]:
    """Steps as the passes that execute them; see `counted_passes`."""
    return (one for one, _ in counted_passes(steps))


def counted_passes(steps: Sequence[PixelStep]) -> Iterator[tuple[Pass, int]]:
    """Steps as the passes that execute them, each with the number of its steps.

    Adjacent curves become one table. Adjacent matrices become one where the earlier can't leave
    the range, so that nothing would have been clipped between them. Over RGB, tables, matrices and
    the rotation of hue that follow each other are one pass.
    """
    simple = list(_simple_passes(steps))
    at = 0
    while at < len(simple):
        count, colours = _joined([one for one, _ in simple[at : at + 5]])
        yield (
            colours if count > 1 else simple[at][0],
            sum(number for _, number in simple[at : at + count]),
        )
        at += count


def _simple_passes(steps: Sequence[PixelStep]) -> Iterator[tuple[Simple, int]]:
    curves: list[Curve] = []
    matrix: ChannelMatrix | None = None
    matrices = 0
    for step in steps:
        if curves and not isinstance(step, Curve):
            yield tuple(curves), len(curves)
            curves = []
        if matrix is not None and not isinstance(step, ChannelMatrix):
            yield matrix, matrices
            matrix = None
        if isinstance(step, Curve):
            curves.append(step)
        elif isinstance(step, ChannelMatrix):
            if matrix is not None and not stays_inside(matrix.matrix):
                yield matrix, matrices
                matrix = None
            if matrix is None:
                matrix, matrices = step, 1
            else:
                matrix = ChannelMatrix(fuse_matrices(matrix.matrix, step.matrix))
                matrices += 1
        else:
            yield step, 1
    if curves:
        yield tuple(curves), len(curves)
    if matrix is not None:
        yield matrix, matrices


def _joined(simple: Sequence[Simple]) -> tuple[int, Colours]:
    """How many of the next passes are one: curves, matrix, hue, matrix, curves, any of them."""
    rest = list(simple)
    before = _next_curves(rest)
    first = _next_matrix(rest)
    degrees = _next_turn(rest)
    second = _next_matrix(rest)
    if first is None and degrees is None:
        return 1, Colours()
    measures = rest and isinstance(rest[0], tuple) and any(c.function in MEASURED for c in rest[0])
    after = () if measures else _next_curves(rest)
    return len(simple) - len(rest), Colours(before, first, degrees, second, after)


def _next_curves(rest: list[Simple]) -> tuple[Curve, ...]:
    if rest and isinstance(curves := rest[0], tuple):
        del rest[0]
        return curves
    return ()


def _next_matrix(rest: list[Simple]) -> NDArray[np.float64] | None:
    if rest and isinstance(step := rest[0], ChannelMatrix) and step.matrix.shape == _RGB:
        del rest[0]
        return step.matrix
    return None


def _next_turn(rest: list[Simple]) -> float | None:
    if rest and isinstance(step := rest[0], Filter) and step.function == "hsv_hue":
        del rest[0]
        degrees: float = step.parameters[0]
        return degrees
    return None


def apply_pixels(
    image: Array, steps: Sequence[PixelStep], alpha: bool, value_range: ValueRange
) -> Array:
    """Apply steps in order, fused where that changes nothing but roundings.

    Args:
        image: (H, W, C) uint8, uint16 or float32; never written to.
        steps: any that do not move pixels.
        alpha: the last channel is opacity; it stays as it is.
        value_range: black and white of the image's values.

    Returns:
        An array of the same shape and dtype; `image` itself if there is nothing to do.
    """
    if not steps or (alpha and image.shape[2] == 1):
        return image
    colours = np.ascontiguousarray(image[:, :, :-1] if alpha else image)
    before = colours
    for one in passes(steps):
        colours = _apply(colours, one, value_range)
    if colours is before:
        return image
    if not alpha:
        return colours
    return np.concatenate([colours, image[:, :, -1:]], axis=2)


def _apply(image: Array, one: Pass, value_range: ValueRange) -> Array:
    if isinstance(one, tuple):
        return apply_curves(image, one, value_range)
    if isinstance(one, Colours):
        return apply_colours(image, one, value_range)
    if isinstance(one, ChannelMatrix):
        return apply_matrix(image, one.matrix, value_range)
    if isinstance(one, Convolution):
        return apply_convolution(image, one, value_range)
    if isinstance(one, Filter):
        return apply_filter(image, one.function, one.parameters, value_range)
    if isinstance(one, Noise):
        return apply_noise(image, one, value_range)
    return apply_fill(image, one, value_range)


def describe_passes(steps: Sequence[PixelStep]) -> list[str]:
    """One line for a person for each pass over the image."""
    return [_describe(one) for one in passes(steps)]


def _parts(colours: Colours) -> Iterator[Simple]:
    if colours.before:
        yield tuple(colours.before)
    if colours.first is not None:
        yield ChannelMatrix(colours.first)
    if colours.degrees is not None:
        yield Filter("hsv_hue", (colours.degrees,))
    if colours.second is not None:
        yield ChannelMatrix(colours.second)
    if colours.after:
        yield tuple(colours.after)


def _describe(one: Pass) -> str:
    if isinstance(one, tuple):
        names = ", ".join(curve.function for curve in one)
        return f"one table of {len(one)} curve{'s' if len(one) > 1 else ''}: {names}"
    if isinstance(one, Colours):
        return "in one pass: " + "; ".join(_describe(part) for part in _parts(one))
    if isinstance(one, ChannelMatrix):
        rows, columns = one.matrix.shape
        return f"one {rows}x{columns} matrix over the channels"
    if isinstance(one, Convolution):
        if one.separable:
            size = one.kernel.shape[1]
            return f"convolution, {size}x{size} separable"
        return f"convolution, {one.kernel.shape[1]}x{one.kernel.shape[0]}"
    if isinstance(one, Fill):
        count = len(one.rectangles)
        return f"fill of {count} rectangle{'s' if count != 1 else ''}: {one.fill}"
    numbers = ", ".join(f"{p:.4g}" for p in one.parameters)
    kind = "noise" if isinstance(one, Noise) else "filter"
    return f"{kind}: {one.function}({numbers})"
