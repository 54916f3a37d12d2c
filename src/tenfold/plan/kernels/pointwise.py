"""The door for all steps that do not move pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tenfold.ops.steps import ChannelMatrix, Convolution, Curve, Fill, Filter, Noise, PixelStep
from tenfold.plan.kernels.colour import apply_matrix, fuse_matrices, stays_inside
from tenfold.plan.kernels.convolve import apply_convolution
from tenfold.plan.kernels.fill import apply_fill
from tenfold.plan.kernels.filters import apply_filter
from tenfold.plan.kernels.noise import apply_noise
from tenfold.plan.kernels.tone import apply_curves
from tenfold.plan.kernels.values import ValueRange
from tenfold.samples.sample import Array

Pass = tuple[Curve, ...] | ChannelMatrix | Convolution | Filter | Noise | Fill


def passes(steps: Sequence[PixelStep]) -> Iterator[Pass]:
    """Steps as the passes that execute them.

    Adjacent curves become one table. Adjacent matrices become one where the earlier can't leave
    the range, so that nothing would have been clipped between them.
    """
    curves: list[Curve] = []
    matrix: ChannelMatrix | None = None
    for step in steps:
        if curves and not isinstance(step, Curve):
            yield tuple(curves)
            curves = []
        if matrix is not None and not isinstance(step, ChannelMatrix):
            yield matrix
            matrix = None
        if isinstance(step, Curve):
            curves.append(step)
        elif isinstance(step, ChannelMatrix):
            if matrix is not None and not stays_inside(matrix.matrix):
                yield matrix
                matrix = None
            matrix = (
                step if matrix is None else ChannelMatrix(fuse_matrices(matrix.matrix, step.matrix))
            )
        else:
            yield step
    if curves:
        yield tuple(curves)
    if matrix is not None:
        yield matrix


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


def _describe(one: Pass) -> str:
    if isinstance(one, tuple):
        names = ", ".join(curve.function for curve in one)
        return f"one table of {len(one)} curve{'s' if len(one) > 1 else ''}: {names}"
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
