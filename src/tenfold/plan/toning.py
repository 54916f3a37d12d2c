"""Curves, matrices and hue for many copies of 8-bit images, in as few passes as for one copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tenfold.native.library import ffi, lib
from tenfold.native.room import room
from tenfold.ops.steps import ChannelMatrix, Curve, Filter, PixelStep
from tenfold.plan.kernels.colour import Colours, own_matrix, sixths
from tenfold.plan.kernels.native import bounds, pointer
from tenfold.plan.kernels.pointwise import counted_passes
from tenfold.plan.kernels.tone import MEASURED, curve_tables, programs, table_rows
from tenfold.plan.kernels.values import ValueRange
from tenfold.plan.passes import Flags, StackedPass, one_by_one
from tenfold.samples.sample import Array

_FEW = 4
"""Channels up to which the kernels need no scratch of ours."""
_RARE = 8
"""Steps that act together in fewer than one copy in so many aren't made ready for all copies."""


class _Part(Protocol):
    """One pass of a run, ready for all copies."""

    def run(self, image: Array, k: int) -> Array: ...

    def run_many(self, images: Array, first: int, acts: Flags) -> Array: ...


class PointwisePass:
    """Stacked steps that change each pixel on its own.

    Copies in which the same steps act have the same passes; these are made ready once for all
    copies. Images of other dtypes, and what is rare, go the way of single copies.

    Args:
        steps: in order, each with the (N,) copies in which it acts.
        count: N.
    """

    def __init__(self, steps: Sequence[tuple[PixelStep, Flags]], count: int) -> None:
        self._steps, self._count = steps, count
        self._plain = StackedPass(steps)
        acting = np.stack([acts for _, acts in steps], axis=1)
        self._acting: list[tuple[bool, ...]] = list(map(tuple, acting.tolist()))
        self._ready: dict[Any, list[_Part] | None] = {}

    def run(self, image: Array, k: int, value_range: ValueRange) -> Array:
        """See `Pass`."""
        parts = self.parts(image, k, value_range)
        if parts is None:
            return self._plain.run(image, k, value_range)
        for part in parts:
            image = part.run(image, k)
        return image

    def run_many(self, images: Array, first: int, acts: Flags, value_range: ValueRange) -> Array:
        """See `Pass`."""
        rows = (np.flatnonzero(acts) + first).tolist()
        parts = self.parts(images[0], rows[0], value_range)
        if parts is None or len({self._acting[k] for k in rows}) > 1:
            return one_by_one(self, images, first, acts, value_range)
        for part in parts:
            images = part.run_many(images, first, acts)
        return images

    def parts(self, image: Array, k: int, value_range: ValueRange) -> list[_Part] | None:
        """The passes of copy k, or None if it must go the way of single copies."""
        form = self._acting[k], value_range, image.shape[2]
        try:
            return self._ready[form]
        except KeyError:
            parts = None
            often = self._acting.count(form[0]) * _RARE >= self._count
            if often and image.dtype == np.uint8 and image.shape[2] <= _FEW:
                parts = self._made(self._acting[k], value_range, image.shape[2])
            self._ready[form] = parts
            return parts

    def _made(
        self, acting: Sequence[bool], value_range: ValueRange, channels: int
    ) -> list[_Part] | None:
        steps = [step for (step, _), acts in zip(self._steps, acting, strict=True) if acts]
        matrices = [isinstance(step, ChannelMatrix) for step in steps]
        if any(a and b for a, b in pairwise(matrices)):
            return None  # whether they become one depends on what is in them
        first_rows = [step.row(0) for step in steps]
        setting = _Setting(self._count, value_range, channels, bounds(_BYTE, value_range))
        parts: list[_Part] = []
        at = 0
        for one, number in counted_passes(first_rows):
            some = steps[at : at + number]
            at += number
            part = _part(one, some, setting)
            if part is None:
                return None
            parts.append(part)
        return parts


_BYTE = np.zeros((1, 1, 1), np.uint8)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What is the same for all copies: how many, black and white, channels, and clipping."""

    count: int
    value_range: ValueRange
    channels: int
    bounds: tuple[float, float]


def _part(one: object, steps: Sequence[PixelStep], setting: _Setting) -> _Part | None:
    if isinstance(one, tuple):
        return _CurvesPart([s for s in steps if isinstance(s, Curve)], setting)
    if setting.channels != 3:
        return None
    if isinstance(one, Colours):
        return _ColourPart(one, steps, setting)
    (step,) = steps
    if isinstance(step, ChannelMatrix):
        return _ColourPart(Colours(first=step.matrix), steps, setting)
    if isinstance(step, Filter):
        return _ColourPart(Colours(degrees=0.0), steps, setting)
    return None


class _Tables:
    """The tables of a run of curves: of each copy; or a program, where the image is measured."""

    def __init__(self, curves: Sequence[Curve], setting: _Setting) -> None:
        functions = [curve.function for curve in curves]
        numbers = [_columns(curve, setting.count) for curve in curves]
        run = np.ascontiguousarray(programs(functions, numbers))
        self.measured = not MEASURED.isdisjoint(functions)
        self._setting = setting
        if self.measured:
            self._length, self._programs = run.shape[1], pointer(run)
            return
        counts = [n.shape[1] for n in numbers]
        self.rows = table_rows(functions, counts, setting.channels)
        self._size = self.rows * 256
        self._tables = pointer(curve_tables(run, self.rows, setting.channels, setting.value_range))

    def program(self, k: int) -> tuple[Any, int]:
        """Pointer to the program of copy k, and its length; of curves that measure."""
        return self._programs + k * self._length, self._length

    def of(self, image: Array, k: int) -> tuple[Any, int]:
        """Pointer to the tables of copy k, and their rows."""
        if not self.measured:
            return self._tables + k * self._size, self.rows
        channels = self._setting.channels
        tables = ffi.new("uint8_t[]", channels * 256)
        rows = lib.curve_tables_u8(
            pointer(image), image.size // channels, channels, *self.program(k),
            *self._setting.value_range, ffi.NULL, tables,
        )  # fmt: skip
        return tables, rows


class _CurvesPart:
    """A run of curves as one table."""

    def __init__(self, curves: Sequence[Curve], setting: _Setting) -> None:
        self._tables, self._setting = _Tables(curves, setting), setting

    def run(self, image: Array, k: int) -> Array:
        """See `_Part`."""
        out = room(image.shape, image.dtype)
        channels = self._setting.channels
        source, target = ffi.from_buffer(image), ffi.from_buffer(out)
        if self._tables.measured:
            tables = ffi.new("uint8_t[]", channels * 256)
            lib.curves_u8(
                source, image.size // channels, channels, *self._tables.program(k),
                *self._setting.value_range, ffi.NULL, tables, target,
            )  # fmt: skip
        else:
            lib.look_up_u8(
                source, image.size // channels, channels, *self._tables.of(image, k), target
            )
        return out

    def run_many(self, images: Array, first: int, acts: Flags) -> Array:
        """See `Pass`."""
        if self._tables.measured:
            return _one_by_one(self, images, first, acts)
        out = room(images.shape, images.dtype)
        count, height, width, channels = images.shape
        lib.look_up_u8_many(
            count, pointer(images), height * width, channels, *self._tables.of(images, first),
            pointer(acts), pointer(out),
        )  # fmt: skip
        return out


class _ColourPart:
    """Curves, a matrix, hue, another matrix and more curves, over RGB."""

    def __init__(self, like: Colours, steps: Sequence[PixelStep], setting: _Setting) -> None:
        rest = list(steps)
        self._bounds, self._count = setting.bounds, setting.count
        self._before = _tables(_taken(rest, len(like.before)), setting)
        self._first = self._matrix(rest, like.first, setting)
        self._turns: list[float] = [0.0] * setting.count
        if like.degrees is not None:
            (hue,) = _taken(rest, 1)
            assert isinstance(hue, Filter)
            (degrees,) = _columns(hue, setting.count).T
            self._turns = sixths(degrees).tolist()
        self._second = self._matrix(rest, like.second, setting)
        self._after = _tables(_taken(rest, len(like.after)), setting)

    def run(self, image: Array, k: int) -> Array:
        """See `_Part`."""
        out = room(image.shape, image.dtype)
        lib.colour_u8(*self._middle(image, k), ffi.from_buffer(out))
        return out

    def run_many(self, images: Array, first: int, acts: Flags) -> Array:
        """See `Pass`."""
        return _one_by_one(self, images, first, acts)

    def run_planes(self, image: Array, k: int, scale: Any, offset: Any, out: Any) -> None:
        """The result normalised: value * scale[c] + offset[c] into `out`, (3, H, W) floats."""
        lib.colour_planes_u8(*self._middle(image, k), scale, offset, out)

    def _middle(self, image: Array, k: int) -> tuple[Any, ...]:
        before, before_rows = (ffi.NULL, 0) if self._before is None else self._before.of(image, k)
        after, after_rows = (ffi.NULL, 0) if self._after is None else self._after.of(image, k)
        return (
            ffi.from_buffer(image), image.size // 3, before, before_rows, self._first(k),
            self._turns[k], self._second(k), *self._bounds, after, after_rows,
        )  # fmt: skip

    def _matrix(self, rest: list[PixelStep], like: Any, setting: _Setting) -> Any:
        if like is None:
            return lambda _: ffi.NULL
        (step,) = _taken(rest, 1)
        assert isinstance(step, ChannelMatrix)
        own = own_matrix(step.matrix, setting.value_range)
        whole = pointer(np.ascontiguousarray(np.broadcast_to(own, (setting.count, 3, 4))))
        return lambda k: whole + 12 * k


def _one_by_one(part: _Part, images: Array, first: int, acts: Flags) -> Array:
    return np.stack([
        part.run(image, first + n) if acts[n] else image for n, image in enumerate(images)
    ])  # fmt: skip


def _taken(rest: list[PixelStep], count: int) -> list[PixelStep]:
    taken = rest[:count]
    del rest[:count]
    return taken


def _tables(curves: Sequence[PixelStep], setting: _Setting) -> _Tables | None:
    return _Tables([c for c in curves if isinstance(c, Curve)], setting) if curves else None


def _columns(step: Curve | Filter, count: int) -> NDArray[np.float64]:
    """The parameters of all copies, (N, number of them)."""
    numbers = np.empty((count, len(step.parameters)))
    for column, values in enumerate(step.parameters):
        numbers[:, column] = values
    return numbers
