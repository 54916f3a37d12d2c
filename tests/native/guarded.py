"""Memory that ends (or begins) where reading and writing kills the process; for `test_bounds.py`.

Run as a program with a level and a placement, it calls kernels with all their arrays so placed.
"""

from __future__ import annotations

import ctypes
import faulthandler
import itertools
import mmap
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.native.library import ffi, load
from tenfold.samples.sample import Array
from tenfold.synth.tissue.nearest import Sites

PAGE = mmap.PAGESIZE
ROOM = 1 << 20  # bytes of the largest array
NEAR = 4096  # bytes beside an array that are looked at
PATTERNS = (0x00, 0xA5, 0xFF)  # what is there before; 0xFF are floats that are no numbers


@dataclass(frozen=True)
class Given:
    """An array that is read."""

    values: Array


@dataclass(frozen=True)
class Result:
    """An array that is written, all of it."""

    size: int


@dataclass(frozen=True)
class Scratch:
    """Bytes that may be written, with anything in them before."""

    size: int


class Place:
    """Memory between two pages that nobody may touch."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, ROOM + 2 * PAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        for page in (start, start + PAGE + ROOM):
            assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), PAGE, 0) == 0
        self._all = np.frombuffer(self._map, np.uint8, ROOM, PAGE)

    def put(self, size: int, at_end: bool) -> tuple[Array, Array]:
        """So many bytes at an end, and those beside them."""
        if at_end:
            return self._all[ROOM - size :], self._all[: ROOM - size][-NEAR:]
        return self._all[:size], self._all[size : size + NEAR]


PLACES = [Place() for _ in range(16)]


class Kernels:
    """A library whose functions are called with guarded arrays.

    Args:
        level: see `tenfold.native.library.load`.
        at_end: arrays end at a guarded page; else they begin at one.
    """

    def __init__(self, level: str, at_end: bool) -> None:
        self.lib, self.at_end = load(level), at_end

    def call(self, name: str, *arguments: Any) -> list[Array]:
        """The bytes of each result, which don't depend on what was there before."""
        first: list[Array] | None = None
        for pattern in PATTERNS:
            results = self._once(name, arguments, pattern)
            for one, other in zip(results, first or results, strict=True):
                assert np.array_equal(one, other), f"{name} leaves something unwritten"
            first = results
        assert first is not None
        return first

    def _once(self, name: str, arguments: Iterable[Any], pattern: int) -> list[Array]:
        places = iter(PLACES)
        values: list[Any] = []
        put: list[tuple[Any, Array, Array]] = []
        for argument in arguments:
            if not isinstance(argument, Given | Result | Scratch):
                values.append(argument)
                continue
            given = argument.values if isinstance(argument, Given) else None
            size = given.nbytes if given is not None else getattr(argument, "size", 0)
            there, beside = next(places).put(size, self.at_end)
            there[:] = pattern if given is None else given.reshape(-1).view(np.uint8)
            beside[:] = pattern
            put.append((argument, there, beside))
            values.append(ffi.cast("void *", there.ctypes.data))
        getattr(self.lib, name)(*values)
        for argument, there, beside in put:
            assert (beside == pattern).all(), f"{name} writes beside an array"
            if isinstance(argument, Given):
                before = argument.values.reshape(-1).view(np.uint8)
                assert np.array_equal(there, before), f"{name} writes into its input"
        return [there.copy() for argument, there, _ in put if isinstance(argument, Result)]


ENDINGS = {"uint8": "u8", "uint16": "u16", "float32": "f32"}
TOPS = {"uint8": 255, "uint16": 65535, "float32": 1}
SIZES = [
    (1, 1), (1, 2), (2, 1), (2, 2), (3, 5), (5, 3), (1, 65), (33, 1), (7, 15), (9, 16), (8, 17),
    (4, 31), (6, 33), (3, 63), (2, 65), (3, 128), (2, 255), (3, 256), (2, 257),
]  # fmt: skip


def image(shape: tuple[int, ...], dtype: str) -> Array:
    """Random values; floats with some that are no numbers, or too large."""
    random = np.random.default_rng(shape[0] * 1000 + shape[1] * 10 + shape[2])
    values = (random.random(shape) * TOPS[dtype]).astype(dtype)
    if dtype == "float32":
        values[random.random(shape) < 0.1] = np.nan
        values[random.random(shape) < 0.1] = -3e38
        values[random.random(shape) < 0.1] = np.inf
    return values


def pointwise(kernels: Kernels, source: Array) -> None:
    """What keeps pixels in place."""
    height, width, channels = source.shape
    end, top = ENDINGS[source.dtype.name], TOPS[source.dtype.name]
    whole, pixels = Given(source), height * width
    numbers = np.random.default_rng(1).normal(0, 1, (channels, channels + 1)).astype(np.float32)
    head, matrix = (whole, pixels, channels), Given(numbers)
    same = Result(source.nbytes)
    kernels.call(f"matrix_{end}", *head, matrix, 0, top, same)
    for planar in (0, 1):
        both = Given(numbers[:, 0].copy()), Given(numbers[:, 1].copy())
        kernels.call(f"normalise_{end}", *head, *both, planar, Result(4 * source.size))
    for shared in (0, 1):
        noise = (shared, 2**53 - 1, 0.1, 0.2, 0, top, same)
        kernels.call(f"normal_noise_{end}", *head, *noise)
        hits = (shared, 0, 2**31, 2**30, 0, top, same)
        kernels.call(f"salt_and_pepper_{end}", *head, *hits)
        kernels.call(f"shot_noise_{end}", whole, source.size, 0, 30.0, shared, 0, top, same)
        kernels.call(f"sensor_noise_{end}", whole, source.size, 1, 0.1, 0.01, shared, 0, top, same)
    if channels == 3:
        colour = (Given(numbers), 2.5, Given(numbers), 0, top)
        tables = (Given(np.arange(768).astype(np.uint8)), 3)
        if end == "u8":
            call = (whole, pixels, *tables, *colour, *tables)
            kernels.call("colour_u8", *call, same)
            scales = Given(numbers[0, :3].copy()), Given(numbers[1, :3].copy())
            kernels.call("colour_planes_u8", *call, *scales, Result(4 * source.size))
            grey = Given(source[:, :, 0].copy())
            kernels.call("luma_u8", whole, pixels, Result(pixels))
            kernels.call("follow_luma_u8", whole, pixels, grey, grey, same)
        else:
            kernels.call(f"colour_{end}", whole, pixels, *colour, same)
    if end == "u8":
        kernels.call("histogram_u8", *head, Result(8 * 256 * channels))
        kernels.call("sums_u8", *head, Result(8 * channels))
        kernels.call("extremes_u8", *head, Result(2 * channels))
        for rows in (1, channels):
            kernels.call(
                "look_up_u8", *head, Given(np.arange(256 * rows).astype(np.uint8)), rows, same
            )
        down, across = min(height, 4), min(width, 4)
        maps = Scratch(256 * (down * across + 4 * (across + 1)))
        plane = Given(source[:, :, 0].copy())
        kernels.call("clahe_plane", plane, height, width, 2.0, down, across, maps, Result(pixels))
    measured = (4, 1, 2, 6, 0) if end == "u8" else ()
    run = Given(np.array([2, 1, 0.7, 3, 1, 1.5, 9, 1, 3, 8, 1, 0.5, *measured]))
    length = run.values.size
    if end == "u8":
        scratch = Scratch((2 * channels + 1) * 256 * 8), Scratch(256 * channels)
        kernels.call("curves_u8", *head, run, length, 0, 255, *scratch, same)
    elif end == "f32":
        kernels.call("curves_f32", *head, run, length, 0, 1, same)


def neighbourhoods(kernels: Kernels, source: Array) -> None:
    """What looks at the pixels around."""
    height, width, channels = source.shape
    end, top = ENDINGS[source.dtype.name], TOPS[source.dtype.name]
    head, same = (Given(source), height, width, channels), Result(source.nbytes)
    for size in (1, 3, 9, 17, 31):
        bell = np.exp(-(np.linspace(-2, 2, size) ** 2))
        factors = np.stack([bell / bell.sum()] * 2).astype(np.float32)
        scratch = Scratch(4 * (2 * (width + size) * channels + 64))
        kernels.call(f"separable_{end}", *head, Given(factors), size, 0, top, scratch, same)
    for rows, columns in itertools.product((1, 3, 9), (1, 5, 15)):
        even = np.full((rows, columns), 1 / (rows * columns), np.float32)
        scratch = Scratch(
            4 * (rows * ((width + columns) * channels + 32) + (width + 16) * channels + 64)
        )
        for kernel in (even, even * np.linspace(-1, 2, columns, dtype=np.float32)):
            taps = (Given(kernel.astype(np.float32)), rows, columns)
            kernels.call(f"correlate_{end}", *head, *taps, 0, top, scratch, same)
    for radius in (1, 2):
        scratch = Scratch(source.itemsize * 5 * ((width + 4) * channels + 64))
        kernels.call(f"median_{end}", *head, radius, scratch, same)


def matrices(height: int, width: int) -> list[list[float]]:
    """Maps of all kinds, some of which no op would ever make."""
    return [
        [1, 0, 0, 0, 1, 0, 0, 0, 1], [-1, 0, width, 0, 1, 2, 0, 0, 1],
        [0, 1, 0, -1, 0, height, 0, 0, 1], [0.5, 0, 0, 0, 0.7, 0, 0, 0, 1],
        [1, 0, 0.3, 0, 1, -0.6, 0, 0, 1], [3.1, 0, -2, 0, 2.2, 1, 0, 0, 1],
        [0.9, 0.3, 1, -0.3, 0.9, 2, 0, 0, 1], [9, 0.3, 1, -0.3, 7, 2, 0, 0, 1],
        [1, 0.1, 0, 0, 1, 0, 0.001, 0.002, 1], [1, 0.1, 0, 0, 1, 0, 0.3, -0.2, 1],
        [0.0] * 9, [np.nan] * 9, [1, 0, np.nan, 0, 1, 0, 0, 0, 1], [np.inf, 0, 0, 0, 1, 0, 0, 0, 1],
        [1, 0, 1e300, 0, 1, -1e300, 0, 0, 1], [1e18, 0, 0, 0, 1, 0, 0, 0, 1],
        [1e39, 1, 0, 0, 1, 0, 0, 0, 1], [2, 1e39, -1, 1, 1, -1, 0.4, 0.4, 0.9],
    ]  # fmt: skip


def geometry(kernels: Kernels, source: Array) -> None:
    """What moves pixels."""
    height, width, channels = source.shape
    code = list(ENDINGS).index(source.dtype.name)
    grid = np.random.default_rng(2).normal(0, 2, (5, 6, 2))
    beyond = Given(np.ascontiguousarray(source[0, 0]))
    targets = ((height, width), (5, 37))
    for n, (numbers, target) in enumerate(itertools.product(matrices(height, width), targets)):
        control = grid if n % 3 == 0 else None
        shape = (0, 0) if control is None else grid.shape[:2]
        bend = ffi.NULL if control is None else Given(grid)
        matrix = Given(np.array(numbers, np.float64))
        result = Result(target[0] * target[1] * channels * source.itemsize)
        interpolation, border = n % 3, n // 2 % 4
        sizes = np.array([*source.shape, code, *target, interpolation, border, *shape], np.int64)
        kernels.call(
            "tenfold_warp", Given(source), *source.shape, code, result, *target, matrix, bend,
            *shape, interpolation, border, beyond,
        )  # fmt: skip
        size = kernels.lib.tenfold_resample_scratch(
            ffi.from_buffer("int64_t[]", sizes), ffi.from_buffer("double[]", matrix.values),
            ffi.NULL if control is None else ffi.from_buffer("double[]", grid),
        )  # fmt: skip
        assert 0 <= size <= ROOM
        kernels.call(
            "tenfold_resample", Given(source), result, Given(sizes), matrix, bend, beyond,
            Scratch(size) if size else ffi.NULL,
        )  # fmt: skip


def far_apart(kernels: Kernels) -> None:
    """Points so far apart that floats hold them to a few hundredths of a pixel."""
    random = np.random.default_rng(3)
    height, width = 26000, 4
    source = random.integers(0, 256, (height, width, 1), dtype=np.uint8)
    for _ in range(60):
        step, last = -random.uniform(90, 101), height - 1 - 10 ** random.uniform(-4.5, -3)
        matrix = np.array([0, 0, 1.7, step, 0, last + 0.5 - step / 2, 0, 0, 1])
        kernels.call(
            "tenfold_warp", Given(source), height, width, 1, 0, Result(3 * 256), 3, 256,
            Given(matrix), ffi.NULL, 0, 0, 1, 0, Given(source[0, 0]),
        )  # fmt: skip


def files(kernels: Kernels) -> None:
    """PNG."""
    random = np.random.default_rng(4)
    for height, row in ((1, 1), (3, 7), (40, 63), (5, 257), (2, 65535), (3, 65537)):
        for pixels in (random.integers(0, 256, (height, row)), np.zeros((height, row))):
            size = kernels.lib.png_bound(height, row)
            work = Scratch(kernels.lib.png_work_size(row))
            kernels.call(
                "png_encode", Given(pixels.astype(np.uint8)), height, row, 1, 0,
                Given(np.zeros(8, np.uint8)), 8, Scratch(8 + size), work,
            )  # fmt: skip


def tomography(kernels: Kernels) -> None:
    """Rays and views; what is behind the last line is read and never counts."""
    random = np.random.default_rng(5)

    def floats(*shape: int) -> Array:
        return random.normal(0, 30, shape).astype(np.float32)

    for count, size, rays in ((1, 1, 1), (5, 13, 17), (6, 40, 100), (33, 65, 530)):
        stride = size + 3
        lines = floats(count * stride + 64)
        lines[-64:] = np.nan
        starts, slopes = floats(rays), floats(rays) / 30
        starts[0], slopes[-1] = np.inf, np.nan
        if rays > 60:  # next to each other, farther, and (the others) anywhere
            starts[:16], slopes[:32] = np.linspace(1, 30, 16), 0
            starts[16:32] = np.linspace(1, 60, 16)
        both = Given(starts), Given(slopes), rays
        kernels.call("ray_sums", Given(lines), count, stride, *both, Result(4 * rays))
        spread = Result(4 * count * stride)
        kernels.call("ray_spread", Given(floats(rays)), *both, count, stride, spread)
        taps = Given(floats(2 * size - 1))
        views = Given(floats(count, size))
        kernels.call("filter_views", views, count, size, taps, Result(4 * count * size))
        places = Given(random.normal(0, 5, (count, 6)))
        for fan, (height, width) in itertools.product((0, 1), ((1, 1), (3, 37), (2, 530))):
            image = Result(4 * height * width)
            kernels.call(
                "back_views", Given(lines), count, stride, places, fan, height, width, image
            )
        beam = Given(random.random((3, count))), Given(random.random(3)), 3
        kernels.call("beam_light", Given(floats(count, rays)), count, rays, *beam, Result(4 * rays))
        kernels.call("minus_log", Given(abs(floats(rays)) + 1), rays, Result(4 * rays))


def regions(kernels: Kernels) -> None:
    """Nearest sites in bins, and the outlines of labels."""
    random = np.random.default_rng(8)
    for height, width, count in ((1, 1, 1), (3, 5, 2), (9, 17, 60), (4, 33, 300)):
        points = random.uniform(-12, 12, (3, height, width)).astype(np.float32)
        made = Sites(
            random.uniform(-10, 10, (count, 3)), random.uniform(0, 9, count),
            random.integers(0, 2, count), random.integers(0, count, count),
        )  # fmt: skip
        wanted = random.integers(-1, 3, (height, width)).astype(np.int32)
        each = [Result(4 * height * width) for _ in range(4)]
        kernels.call(
            "tenfold_nearest_sites", Given(points), height, width, Given(wanted),
            Given(made.sites), Given(made.tags), Given(made.owners), Given(made.starts),
            Given(made.shape), Given(made.frame), 2.0, 50.0, Scratch(4 * count),
            Scratch(4 * count), *each,
        )  # fmt: skip
        labels, seen = Given(wanted.clip(0)), Scratch(height * width)
        (counts,) = kernels.call(
            "tenfold_outlines", labels, height, width, seen, ffi.NULL, ffi.NULL, Result(16)
        )
        loops, corners = counts.view(np.int64).tolist()
        kernels.call(
            "tenfold_outlines", labels, height, width, seen, Result(8 * corners),
            Result(24 * loops), Result(16),
        )  # fmt: skip


def main(level: str, placement: str) -> None:
    """All of it."""
    faulthandler.enable()
    kernels = Kernels(level, placement == "end")
    kinds = list(itertools.product(SIZES, (1, 2, 3, 4, 5), ENDINGS))
    for size, channels, dtype in kinds[
        int(kernels.at_end) :: 4
    ]:  # every combination, not all sizes
        source = image((*size, channels), dtype)
        pointwise(kernels, source)
        neighbourhoods(kernels, source)
        geometry(kernels, source)
    far_apart(kernels)
    files(kernels)
    tomography(kernels)
    regions(kernels)


if __name__ == "__main__":
    main(*sys.argv[1:])
