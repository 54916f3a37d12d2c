"""Tables, counts and curves: every level against NumPy, and so against every other level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reference.curves import CURVES as DEFINED
from reference.curves import STEPPED
from tenfold.native.library import ffi, lib, load
from tenfold.ops.steps import Curve
from tenfold.plan.kernels import tone
from tenfold.plan.kernels.native import pointer
from tenfold.samples.sample import Array

HERE = lib.tenfold_level()
LEVELS = [load(f"v{n}") for n in (2, 3, 4) if n <= HERE] or [load("any")]
SIZES = (1, 2, 3, 7, 63, 64, 65, 255, 256, 257, 1000)


def values(pixels: int, channels: int, dtype: Any, seed: int = 0) -> Array:
    """Pixels of every value, the dark ones more often."""
    top = np.iinfo(dtype).max
    drawn = np.random.default_rng(seed).random((pixels, channels)) ** 2
    out: Array = np.rint(drawn * top).astype(dtype)
    return out


@pytest.mark.parametrize("pixels", SIZES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_looking_up(pixels: int, channels: int, dtype: Any) -> None:
    image, top = values(pixels, channels, dtype), int(np.iinfo(dtype).max)
    tables = np.random.default_rng(1).integers(0, top, (channels, top + 1), dtype, endpoint=True)
    for rows in (1, channels):
        expected = np.stack([tables[c % rows][image[:, c]] for c in range(channels)], axis=1)
        for library in LEVELS:
            look_up = library.look_up_u8 if dtype == np.uint8 else library.look_up_u16
            out = np.zeros_like(image)
            look_up(pointer(image), pixels, channels, pointer(tables), rows, pointer(out))
            assert np.array_equal(out, expected)
            own = image.copy()
            look_up(pointer(own), pixels, channels, pointer(tables), rows, pointer(own))
            assert np.array_equal(own, expected)


@pytest.mark.parametrize("pixels", [*SIZES, 257 * 64 + 5, 70000])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6])
def test_counting(pixels: int, channels: int) -> None:
    image = values(pixels, channels, np.uint8, seed=pixels)
    image[: pixels // 2] = 255  # sums of 16 bits would run over
    counts = np.stack([np.bincount(c, minlength=256) for c in image.T])
    for library in LEVELS:
        found = np.full((channels, 256), 9, np.uint64)
        library.histogram_u8(pointer(image), pixels, channels, ffi.from_buffer("uint64_t[]", found))
        assert np.array_equal(found, counts)
        sums = np.full(channels, 9, np.uint64)
        library.sums_u8(pointer(image), pixels, channels, ffi.from_buffer("uint64_t[]", sums))
        assert np.array_equal(sums, image.sum(axis=0, dtype=np.uint64))
        ends = np.empty((channels, 2), np.uint8)
        library.extremes_u8(pointer(image), pixels, channels, pointer(ends))
        assert np.array_equal(ends, np.stack([image.min(axis=0), image.max(axis=0)], axis=1))


def test_counting_words() -> None:
    image = values(5000, 3, np.uint16)
    for library in LEVELS:
        found = np.empty((3, 65536), np.uint64)
        library.histogram_u16(pointer(image), 5000, 3, ffi.from_buffer("uint64_t[]", found))
        assert np.array_equal(found, [np.bincount(c, minlength=65536) for c in image.T])


RUNS = (
    [Curve("shift", (0.1,)), Curve("contrast_mean", (1.3,)), Curve("power", (0.7,))],
    [Curve("contrast_mean", (0.4,))],
    [Curve("light_gain", (0.0, 0.8, 1.0, 1.3)), Curve("contrast_mean", (1.2,))],
    [Curve("equalize"), Curve("contrast_mean", (1.2,))],
    [Curve("autocontrast", (0.0, 0.0))],
    [Curve("autocontrast", (0.0, 1.0))],
    [Curve("autocontrast", (0.02, 0.0)), Curve("invert")],
    [Curve("invert"), Curve("autocontrast", (0.0, 0.0))],
    [Curve("solarize", (0.5,)), Curve("autocontrast", (0.03, 1.0))],
    [Curve("power", (2.2,)), Curve("posterize", (5.0,))],
    [Curve("contrast_mid", (0.5,)), Curve("light_gain", (1.0, 1.2))],
)
RANGES = {"uint8": ((0.0, 255.0), (16.0, 235.0)), "uint16": ((0.0, 65535.0), (0.0, 4095.0))}


def tables_of(
    library: Any, image: Array, run: list[Curve], value_range: tuple[float, float]
) -> Array:
    pixels, channels = image.shape
    levels = int(np.iinfo(image.dtype).max) + 1
    program, scratch = tone.program(run), np.empty((2 * channels + 1) * levels)
    made = np.zeros((channels, levels), image.dtype)
    make = library.curve_tables_u8 if levels == 256 else library.curve_tables_u16
    rows = make(
        pointer(image), pixels, channels, pointer(program), len(program), *value_range,
        pointer(scratch), pointer(made),
    )  # fmt: skip
    return made[:rows]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("curve", [Curve("shift", (0.2,)), Curve("equalize")])
def test_white_beyond_the_dtype_is_its_last_level(curve: Curve, dtype: Any) -> None:
    image = values(500, 3, dtype)
    top = int(np.iinfo(dtype).max)
    for library in LEVELS:
        made = tables_of(library, image, [curve], (-40.0, 1.5 * top))
        assert (np.diff(made.astype(int), axis=1) >= 0).all(), "nothing wraps"
        assert made.max() == top


def test_channels_beyond_the_gains_share_the_last() -> None:
    image = values(50, 4, np.uint8)
    for library in LEVELS:
        made = tables_of(library, image, [Curve("light_gain", (1.0, 0.5, 2.0))], (0.0, 255.0))
        assert np.array_equal(made[1], made[2])
        assert np.array_equal(made[1], made[3])
        assert not np.array_equal(made[0], made[1])


@pytest.mark.parametrize("run", RUNS, ids=lambda run: "-".join(c.function for c in run))
@pytest.mark.parametrize("dtype", RANGES)
def test_tables_are_the_same_everywhere(run: list[Curve], dtype: str) -> None:
    """And what NumPy computes in double precision, to the rounding."""
    image = values(3001, 3, dtype, seed=len(run))
    for low, high in RANGES[dtype]:
        tables = [tables_of(library, image, run, (low, high)) for library in LEVELS]
        for other in tables[1:]:
            assert np.array_equal(other, tables[0])
        x = np.clip((image[:, None] - low) / (high - low), 0, 1)
        for curve in run:
            if curve.function in STEPPED:
                x = np.rint(x * (high - low)) / (high - low)
            x = np.clip(DEFINED[curve.function](x, *curve.parameters), 0, 1)
        rows = np.broadcast_to(tables[0], (3, tables[0].shape[1]))
        found = np.stack([row[c] for row, c in zip(rows, image.T, strict=True)], axis=1)[:, None]
        # the mean of bytes is measured in parts of 1/65535
        assert np.abs(found - (low + (high - low) * x)).max() <= 0.502


@pytest.mark.parametrize("exponent", [0.05, 0.4, 1.0, 2.4, 20.0])
def test_powers(exponent: float) -> None:
    """The kernels' own power function against NumPy's."""
    image = np.arange(65536, dtype=np.uint16)[:, None]
    exact = (np.arange(65536) / 65535) ** exponent * 65535
    for library in LEVELS:
        (table,) = tables_of(library, image, [Curve("power", (exponent,))], (0, 65535))
        assert np.abs(table - exact).max() <= 0.5 + 1e-8


def test_many_copies_get_the_tables_that_each_gets_alone() -> None:
    random = np.random.default_rng(3)
    names = ("shift", "light_gain", "power", "contrast_mid", "invert", "solarize", "posterize")
    for copies in (1, 64):
        numbers: list[NDArray[np.float64]] = [
            random.uniform(-0.3, 0.3, (copies, 1)),
            np.column_stack([np.zeros(copies), random.uniform(0.7, 1.4, (copies, 3))]),
            random.uniform(0.4, 2.5, (copies, 1)),
            random.uniform(0, 2, (copies, 1)),
            np.empty((copies, 0)),
            random.uniform(0, 1, (copies, 1)),
            random.integers(1, 9, (copies, 1)).astype(float),
        ]
        for channels, first in ((3, 0), (1, 2), (6, 2)):
            run, some = names[first:], numbers[first:]
            rows = tone.table_rows(run, [n.shape[1] for n in some], channels)
            made = tone.curve_tables(tone.programs(run, some), rows, channels, (0, 255))
            assert made.shape == (copies, 3 if first == 0 else 1, 256)
            image = np.zeros((1, 1, channels), np.uint8)
            for k in range(copies):
                curves = [
                    Curve(name, tuple(n[k].tolist())) for name, n in zip(run, some, strict=True)
                ]
                assert np.array_equal(made[k], tone.curve_table(image, curves, (0, 255)))


def test_floats_are_the_same_everywhere() -> None:
    image = np.random.default_rng(5).uniform(-60, 120, (777, 5)).astype(np.float32)
    gains = Curve("light_gain", (0.0, 0.7, 0.9, 1.0, 1.1, 1.3))
    run = [gains, Curve("power", (1.7,)), Curve("posterize", (4.0,)), Curve("shift", (-0.1,))]
    program = tone.program(run)
    found = []
    for library in LEVELS:
        out = np.empty_like(image)
        library.curves_f32(
            pointer(image), 777, 5, pointer(program), len(program), -50, 100, pointer(out)
        )
        found.append(out)
    x = np.clip((image[:, None].astype(np.float64) + 50) / 150, 0, 1)
    for curve in run[:2]:
        x = np.clip(DEFINED[curve.function](x, *curve.parameters), 0, 1)
    # a value on the edge of a step may fall to either side
    near = np.abs(x * 255 / 16 + 1e-4 - np.rint(x * 255 / 16 + 1e-4)) < 1e-6
    for curve in run[2:]:
        x = np.clip(DEFINED[curve.function](x, *curve.parameters), 0, 1)
    assert np.abs(found[0][:, None] - (150 * x - 50))[~near].max() < 1e-5
    for other in found[1:]:
        assert np.array_equal(other, found[0])
