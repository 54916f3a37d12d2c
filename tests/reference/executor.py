"""Steps executed one after the other on a picture and its mask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import colours, curves, filters, geometry
from reference.picture import NO_WOBBLE, Floats, Picture, Rules, Wobble
from tenfold.ops.steps import (
    ChannelMatrix,
    Convolution,
    Curve,
    Fill,
    Filter,
    GeometricStep,
    Noise,
    PixelStep,
    Step,
    Warp,
)
from tenfold.plan.kernels.pointwise import apply_pixels

_TIE = 1e-3  # of a wobble: so much decides which way a tie is rounded


def play(
    picture: Picture,
    steps: Sequence[Step],
    rules: Rules,
    once: bool = False,
    wobble: Wobble = NO_WOBBLE,
) -> Picture:
    """Execute steps.

    Args:
        picture: the original.
        steps: in order.
        rules: borders and opacity.
        once: adjacent geometric steps interpolate once, each point being followed through all of
            them; else each step makes a picture of its own, as a library without fusing does.
            Masks, which can't be smooth, are always followed.
        wobble: see there.
    """
    picture = picture.wobbled(_tie(wobble))
    for run in _runs(steps):
        if isinstance(run[0], GeometricStep):
            moves = [step for step in run if isinstance(step, GeometricStep)]
            mask = _moved_mask(picture, moves, rules)
            for part in [moves] if once else [[step] for step in moves]:
                first = once or part[0] is moves[0]
                picture = _moved(picture, part, rules, first, wobble).wobbled(wobble)
            picture = replace(picture, mask=mask)
            continue
        for step in run:
            assert not isinstance(step, GeometricStep)
            picture = _changed(picture, step, rules, wobble).wobbled(wobble)
    return picture


def look(steps: Sequence[GeometricStep], points: Floats, size: tuple[int, int]) -> Floats:
    """Where (N, 2) points of the last step's output look in the first one's input."""
    sizes = [size]
    for step in steps:
        sizes.append(geometry.size_after(step, sizes[-1]))
    for step, before in zip(reversed(steps), sizes[-2::-1], strict=True):
        points = geometry.look(step, points, before)
    return points


def _runs(steps: Sequence[Step]) -> Iterator[list[Step]]:
    for _, run in groupby(steps, key=lambda step: isinstance(step, GeometricStep)):
        yield list(run)


def _seen(
    steps: Sequence[GeometricStep], size: tuple[int, int], wobble: Wobble = NO_WOBBLE
) -> tuple[Floats, tuple[int, int]]:
    """Where the pixels of the last step's output look, and its size."""
    target = size
    for step in steps:
        target = geometry.size_after(step, target)
    points = look(steps, geometry.centres(target), size)
    return points + wobble.pixels * wobble.signs(points), target


def _moved(
    picture: Picture, steps: Sequence[GeometricStep], rules: Rules, first: bool, wobble: Wobble
) -> Picture:
    """One interpolation; `first` if what lies beyond the frame is the original's own border."""
    points, target = _seen(steps, picture.size, wobble)
    values, beyond = picture.values, _beyond(picture, rules)
    border = "constant" if rules.border == "background" else rules.border

    def at_points(pixels: Floats, outside: Floats, how: str = rules.interpolation) -> Floats:
        return geometry.interpolate(pixels, points, how, border, outside)

    out = at_points(values, beyond)
    if rules.alpha and rules.interpolation != "nearest":
        black, white = picture.value_range
        weight, around = values[..., -1:] - black, beyond[-1:] - black
        weights = at_points(weight, around)
        premultiplied = at_points(values[..., :-1] * weight, beyond[:-1] * around)
        least = (1e-6 if picture.dtype.kind == "f" else 0.5 / (white - black)) * (white - black)
        seen = weights > least
        out[:, :-1] = np.where(seen, premultiplied / np.where(seen, weights, 1), out[:, :-1])
    out = _in_range(out, picture)
    known = np.ones(len(points), dtype=bool)
    if not first:
        known = geometry.reach(points, rules.interpolation, picture.size)
    known &= at_points(picture.known[:, :, None].astype(np.float64), np.ones(1))[:, 0] > 1 - 1e-9
    return replace(picture, values=out.reshape(*target, -1), known=known.reshape(target))


def _in_range(values: Floats, picture: Picture) -> Floats:
    """Overshooting (of cubic interpolation) ends at the range, or at what was beyond it before."""
    low, high = picture.value_range
    if picture.dtype.kind == "f":
        low, high = min(low, picture.values.min()), max(high, picture.values.max())
    else:
        low, high = 0, np.iinfo(picture.dtype).max
    return np.clip(values, low, high)


def _beyond(picture: Picture, rules: Rules) -> Floats:
    """(C,) the values of a constant border."""
    if rules.border == "background":
        return filters.rim_median(picture.stored()).astype(np.float64)
    black, white = picture.value_range
    beyond = np.full(picture.values.shape[2], black + rules.value * (white - black))
    if rules.alpha:
        beyond[-1] = black
    return beyond


def _moved_mask(
    picture: Picture, steps: Sequence[GeometricStep], rules: Rules
) -> NDArray[Any] | None:
    if picture.mask is None:
        return None
    points, target = _seen(steps, picture.size)
    border = "constant" if rules.border == "background" else rules.border
    labels = picture.mask[:, :, None].astype(np.float64)
    out = geometry.interpolate(labels, points, "nearest", border, np.array([float(rules.ignore)]))
    mask: NDArray[Any] = out.reshape(target).astype(picture.mask.dtype)
    return mask


def possible_masks(
    picture: Picture, steps: Sequence[GeometricStep], rules: Rules, pixels: float
) -> list[NDArray[Any]]:
    """The moved mask, and those of places a little to each side, for ties and roundings."""
    found = []
    for x, y in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
        shift = Warp(np.array([[1, 0, x * pixels], [0, 1, y * pixels], [0, 0, 1]]), *picture.size)
        moved = _moved_mask(picture, [shift, *steps], rules)
        assert moved is not None
        found.append(moved)
    return found


def _changed(picture: Picture, step: PixelStep, rules: Rules, wobble: Wobble) -> Picture:
    """A step that keeps pixels in place; opacity stays as it is."""
    count = picture.values.shape[2] - int(rules.alpha)
    if count == 0:
        return picture
    black, white = picture.value_range
    mask = picture.mask
    own = picture.values[..., :count]
    if isinstance(step, Noise) or (isinstance(step, Fill) and step.fill == "noise"):
        image = np.ascontiguousarray(picture.stored()[..., :count])
        out = apply_pixels(image, [step], False, picture.value_range).astype(np.float64)
    elif isinstance(step, Fill):
        out = _covered(replace(picture, values=own), step)
    else:
        if _on_levels(step) and picture.dtype.kind != "f":
            own = np.rint(own)
        if isinstance(step, Filter) and step.function == "clahe":  # its luma is rounded, too
            own = replace(picture, values=own).wobbled(_tie(wobble)).values
        upper = wobble.levels > 0 > wobble.seed and picture.dtype.kind == "f"
        unit = np.clip((own - black) / (white - black), 0, 1)
        if isinstance(step, Curve) and step.function == "equalize" and picture.dtype.kind == "f":
            unit = np.rint(unit * 65535) / 65535  # at so many levels floats are ranked
        out = black + np.clip(_on_unit(unit, step, upper), 0, 1) * (white - black)
    if isinstance(step, Fill) and step.ignore_masks and mask is not None:
        mask = mask.copy()
        for x0, y0, x1, y1 in step.rectangles.tolist():
            mask[y0:y1, x0:x1] = rules.ignore
    values = np.concatenate([out, picture.values[..., count:]], axis=2)
    return replace(picture, values=values, mask=mask)


def _on_levels(step: PixelStep) -> bool:
    stepped = isinstance(step, Curve) and step.function in curves.STEPPED
    return stepped or (isinstance(step, Filter) and step.function in filters.ON_BYTES)


def _tie(wobble: Wobble) -> Wobble:
    return replace(wobble, levels=wobble.levels * _TIE)


def _on_unit(values: Floats, step: PixelStep, upper: bool) -> Floats:
    if isinstance(step, Curve):
        if upper and step.function == "equalize":
            return curves.equalize(values, "right")
        return curves.CURVES[step.function](values, *step.parameters)
    if isinstance(step, ChannelMatrix):
        return colours.mix(values, step.matrix)
    if isinstance(step, Convolution):
        return filters.convolve(values, step)
    assert isinstance(step, Filter)
    return filters.FILTERS[step.function](values, *step.parameters)


def _covered(picture: Picture, fill: Fill) -> Floats:
    black, white = picture.value_range
    if fill.fill == "mean":
        colour = picture.values.mean(axis=(0, 1))
    elif fill.fill == "background":
        colour = filters.rim_median(picture.stored()).astype(np.float64)
    else:
        colour = np.full(picture.values.shape[2], black + fill.value * (white - black))
    out = picture.values.copy()
    for x0, y0, x1, y1 in fill.rectangles.tolist():
        out[y0:y1, x0:x1] = colour
    return out
