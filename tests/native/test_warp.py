"""Warps, resizes and moves in C against float64 NumPy, and the levels against one another."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.native.library import ffi, load
from tenfold.ops import matrices
from tenfold.plan.spline import Spline
from tenfold.samples.sample import Array

BORDERS = ["reflect", "edge", "wrap", "constant"]
SIZES = [(1, 1), (1, 5), (4, 1), (2, 2), (2, 3), (3, 2), (5, 5), (7, 6), (37, 70), (5, 300)]
DTYPES: list[Any] = [np.uint8, np.uint16, np.float32]
TOPS = {"B": 255.0, "H": 65535.0, "f": 1.0}
TYPES = {1: 0, 2: 1, 4: 2, 8: 3}
NEAREST, LINEAR, CUBIC = range(3)
Floats = NDArray[np.float64]


def built() -> dict[str, Any]:
    """The libraries that this machine runs."""
    best = load()
    level = best.tenfold_level()
    if not level:
        return {"any": best}
    return {f"v{k}": load(f"v{k}") for k in range(2, level + 1)}


LIBRARIES = built()


def alike(run: Callable[[Any], Array]) -> Array:
    """The result, the same on all levels."""
    results = [run(library) for library in LIBRARIES.values()]
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
    return results[0]


def at(array: Array | None, kind: str = "double[]") -> Any:
    return ffi.NULL if array is None else ffi.from_buffer(kind, array)


def folded(index: NDArray[np.intp], side: int, border: str) -> NDArray[np.intp]:
    """Pixels beyond the picture; -1 beyond a constant border."""
    if border == "edge":
        return np.asarray(np.clip(index, 0, side - 1))
    if border == "wrap":
        return np.asarray(index % side)
    if border == "reflect":
        phase = index % max(2 * side - 2, 1)
        return np.asarray(
            np.minimum(phase, max(2 * side - 2, 1) - phase) if side > 1 else 0 * index
        )
    return np.asarray(np.where((index >= 0) & (index < side), index, -1))


def cubic_weights(f: Floats) -> Floats:
    """Keys 1981 with a = -0.75, by the textbook's formula of the distance."""
    a = -0.75
    distance = np.abs(np.stack([1 + f, f, 1 - f, 2 - f]))
    near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    far = a * distance**3 - 5 * a * distance**2 + 8 * a * distance - 4 * a
    return np.asarray(np.where(distance <= 1, near, far))


def looked_up(
    image: Array, points: Floats, border: str, beyond: Array, interpolation: int
) -> Floats:
    """(N, C) exact values at (N, 2) continuous points."""
    index = points - 0.5
    if interpolation == NEAREST:
        index = np.floor(points)
    first = np.floor(index).astype(np.intp)
    part = index - first
    if interpolation == CUBIC:
        wx, wy, first = cubic_weights(part[:, 0]), cubic_weights(part[:, 1]), first - 1
    elif interpolation == LINEAR:
        wx, wy = (np.stack([1 - part[:, k], part[:, k]]) for k in (0, 1))
    else:
        wx = wy = np.ones((1, len(points)))
    total = np.zeros((len(points), image.shape[2]))
    for i, j in itertools.product(range(len(wy)), range(len(wx))):
        y = folded(first[:, 1] + i, image.shape[0], border)
        x = folded(first[:, 0] + j, image.shape[1], border)
        values = image[np.maximum(y, 0), np.maximum(x, 0)].astype(np.float64)
        values[(x < 0) | (y < 0)] = beyond
        total += (wy[i] * wx[j])[:, None] * values
    return total


def centres(height: int, width: int) -> Floats:
    rows, columns = np.mgrid[:height, :width] + 0.5
    return np.stack([columns, rows], axis=-1).reshape(-1, 2)


def projected(matrix: Floats, points: Floats) -> Floats:
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[:, :2] / moved[:, 2:])


def picture(rng: np.random.Generator, size: tuple[int, int], channels: int, dtype: Any) -> Array:
    values = rng.uniform(0, TOPS[np.dtype(dtype).char], (*size, channels))
    return (np.rint(values) if np.dtype(dtype).kind == "u" else values).astype(dtype)


def warped(
    library: Any, image: Array, target: tuple[int, int], matrix: Floats | None,
    control: Floats | None, interpolation: int, border: str, beyond: Array,
) -> Array:  # fmt: skip
    out = np.empty((*target, image.shape[2]), image.dtype)
    rows, columns = (0, 0) if control is None else control.shape[:2]
    library.tenfold_warp(
        at(image, "char[]"), *image.shape, TYPES[image.itemsize], at(out, "char[]"), *target,
        at(matrix), at(control), rows, columns, interpolation, BORDERS.index(border),
        at(beyond, "char[]"),
    )  # fmt: skip
    return out


KINDS = ["affine", "bend", "affine and bend", "projective", "projective and bend", "far"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("border", BORDERS)
def test_linear_and_nearest_are_the_exact_values(border: str, kind: str) -> None:
    rng = np.random.default_rng([BORDERS.index(border), KINDS.index(kind)])
    missed = pixels = 0
    for size, channels, dtype in itertools.product(SIZES, [1, 2, 3, 4, 5], DTYPES):
        image = picture(rng, size, channels, dtype)
        beyond = picture(rng, (1, 1), channels, dtype)[0, 0]
        target = size if rng.random() < 0.5 else tuple(rng.integers(1, 60, 2).tolist())
        matrix: Floats | None = None
        control: Floats | None = None
        if kind != "bend":
            turn = matrices.rotation(rng.uniform(-180, 180))
            linear = turn @ matrices.scaling(*rng.uniform(0.7, 1.4, 2))
            reach = 300 if kind == "far" else 5
            shift = matrices.translation(*rng.uniform(-reach, reach, 2))
            tilt = np.eye(3)
            if kind.startswith("projective"):
                tilt[2, :2] = rng.uniform(-0.3, 0.3, 2) / max(target)
            matrix = shift @ matrices.about_centre(linear, *size) @ tilt
        points = centres(*target)
        if kind.endswith("bend"):
            control = rng.uniform(-2.5, 2.5, (7, 8, 2))
            points = Spline(control, *target).pull(points)
        if matrix is not None:
            points = projected(matrix, points)
        for interpolation in (NEAREST, LINEAR):
            how = image, target, matrix, control, interpolation, border, beyond
            out = alike(lambda library, how=how: warped(library, *how))  # type: ignore[misc]
            exact = looked_up(image, points, border, beyond, interpolation).reshape(out.shape)
            off = np.abs(out - exact)
            if interpolation == NEAREST:  # ties
                missed += int((off.max(axis=2) > 0).sum())
                pixels += off[..., 0].size
            else:
                # Steep: neighbours differ by up to all levels. Coordinates are float32 within a
                # block, which far outside a bent projective map is 1e-4 of a pixel.
                assert off.max() <= {1: 0.57, 2: 4.0, 4: 1e-4}[image.itemsize]
                if off.size > 1000:
                    assert np.median(off) <= {1: 0.3, 2: 0.5, 4: 2e-6}[image.itemsize]
    assert missed <= 1e-3 * pixels


@pytest.mark.parametrize("distance", [1e-9, 1e-7, 1e-4, 1e-2])
@pytest.mark.parametrize("bent", [False, True])
def test_pixels_beside_a_horizon(distance: float, bent: bool) -> None:
    """The row's first pixels look as far as one likes; those within the picture look exactly."""
    rng = np.random.default_rng(5)
    image = picture(rng, (60, 80), 3, np.uint8)
    tilt = np.array([[1, 0, 0], [0, 1, 0], [1, 0, distance - 0.5]]) / 300
    tilt[:2, 2] = 0.02, 0.01
    control = rng.uniform(-0.2, 0.2, (7, 8, 2)) * (0, 1) if bent else None
    points = centres(60, 300)
    if control is not None:
        points = Spline(control, 60, 300).pull(points)
    points = projected(tilt, points)
    beyond = np.full(3, 9, np.uint8)
    how = image, (60, 300), tilt, control, LINEAR, "constant", beyond
    out = alike(lambda library: warped(library, *how))
    exact = looked_up(image, points, "constant", beyond, LINEAR).reshape(out.shape)
    inside = ((points > 1) & (points < (79, 59))).all(axis=1).reshape(60, 300)
    assert inside.sum() > 200
    assert np.abs(out - exact)[inside].max() <= 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("border", BORDERS)
def test_cubic_is_the_exact_value(border: str, dtype: Any) -> None:
    rng = np.random.default_rng(7)
    for size, channels in itertools.product(SIZES, [1, 2, 3, 4, 5]):
        image = picture(rng, size, channels, dtype)
        beyond = picture(rng, (1, 1), channels, dtype)[0, 0]
        matrix = matrices.about_centre(matrices.rotation(rng.uniform(-180, 180)), *size)
        how = image, size, matrix, None, CUBIC, border, beyond
        out = alike(lambda library, how=how: warped(library, *how))  # type: ignore[misc]
        points = projected(matrix, centres(*size))
        exact = looked_up(image, points, border, beyond, CUBIC).reshape(out.shape)
        top = TOPS[image.dtype.char]
        exact = exact if image.dtype.kind == "f" else np.clip(exact, 0, top)
        assert np.abs(out - exact).max() <= {1: 0.51, 2: 3.0, 4: 1e-4}[image.itemsize]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_any_chain_of_stages(channels: int, dtype: Any) -> None:
    rng = np.random.default_rng(3)
    image = picture(rng, (41, 53), channels, dtype)
    inner, outer = rng.uniform(-2, 2, (6, 7, 2)), rng.uniform(-2, 2, (9, 5, 2))
    turn = matrices.about_centre(matrices.rotation(25), 41, 53)
    tilt = turn @ np.array([[1, 0, 0], [0, 1, 0], [1e-3, -2e-3, 1]])
    numbers = np.concatenate([tilt.ravel(), outer.ravel(), turn.ravel(), inner.ravel()])
    shapes = np.array([[0] * 4, [9, 5, 41, 53], [0] * 4, [6, 7, 41, 53]])

    def run(library: Any) -> Array:
        result = np.empty((47, 290, channels), dtype)
        library.tenfold_warp_chain(
            at(image, "char[]"), *image.shape, TYPES[image.itemsize], at(result, "char[]"),
            47, 290, at(numbers), at(shapes, "ptrdiff_t[]"), 4, LINEAR, 0, ffi.NULL,
        )  # fmt: skip
        return result

    out = alike(run)
    points = projected(tilt, centres(47, 290))
    points = projected(turn, Spline(outer, 41, 53).pull(points))
    points = Spline(inner, 41, 53).pull(points)
    beyond = np.zeros(channels, dtype)
    exact = looked_up(image, points, "reflect", beyond, LINEAR).reshape(out.shape)
    assert np.abs(out - exact).max() <= {1: 0.57, 2: 4.0, 4: 1e-4}[image.itemsize]


def coverage(line: Floats, target: int, side: int, border: str) -> Floats:
    """(target, side) weights: the part of each pixel within a box; what is missing is constant."""
    weights = np.zeros((target, side))
    width = max(1, abs(line[0]), line[2])
    for t in range(target):
        left = line[0] * (t + 0.5) + line[1] - width / 2
        for pixel in range(int(np.floor(left)), int(np.ceil(left + width)) + 1):
            part = min(left + width, pixel + 1) - max(left, pixel)
            found = int(folded(np.array(pixel), side, border))
            if part > 0 and found >= 0:
                weights[t, found] += part / width
    return weights


@pytest.mark.parametrize("kind", ["crop", "shrink", "far", "mean"])
@pytest.mark.parametrize("border", BORDERS)
def test_a_resize_is_the_mean_over_each_target_pixel(border: str, kind: str) -> None:
    rng = np.random.default_rng(5)
    for size, channels, dtype in itertools.product(SIZES, [1, 2, 3, 4, 5], DTYPES):
        image = picture(rng, size, channels, dtype)
        beyond = picture(rng, (1, 1), channels, dtype)[0, 0]
        target: tuple[int, int] = tuple(rng.integers(1, 45, 2).tolist())
        lines = []
        for side, count in zip(size, target, strict=True):
            if kind == "mean":
                lines.append(np.array([1, float(rng.integers(-3, 3)), rng.uniform(1, 5)]))
                continue
            factor = rng.uniform(0.1, 1) if kind == "crop" else rng.uniform(0.2, 4)
            factor *= side / count
            shift = rng.uniform(0, side - factor * count) if kind == "crop" else rng.normal() * side
            shift *= 20 if kind == "far" else 1
            flip = rng.random() < 0.5
            lines.append(
                np.array([-factor, shift + factor * count, 0] if flip else [factor, shift, 0])
            )
        down, across = lines

        def run(
            library: Any, image: Array = image, beyond: Array = beyond, down: Floats = down,
            across: Floats = across, target: tuple[int, int] = target,
        ) -> Array:  # fmt: skip
            room = library.tenfold_resize_scratch(*image.shape[1:], target[1], at(across), at(down))
            result = np.empty((*target, image.shape[2]), image.dtype)
            library.tenfold_resize(
                at(image, "char[]"), *image.shape, TYPES[image.itemsize], at(result, "char[]"),
                *target, at(across), at(down), BORDERS.index(border), at(beyond, "char[]"),
                at(np.empty(room, np.uint8), "char[]"),
            )  # fmt: skip
            return result

        out = alike(run)
        rows = coverage(down, target[0], size[0], border)
        columns = coverage(across, target[1], size[1], border)
        exact = np.einsum("ab,bcd,ec->aed", rows, image.astype(np.float64), columns)
        missing = 1 - rows.sum(axis=1)[:, None] * columns.sum(axis=1)
        exact += missing[..., None] * beyond
        assert np.abs(out - exact).max() <= {1: 0.55, 2: 0.7, 4: 3e-6}[image.itemsize]


@pytest.mark.parametrize("border", BORDERS)
def test_moves_are_exact(border: str) -> None:
    rng = np.random.default_rng(9)
    signs = np.array(list(itertools.product([1.0, -1.0], repeat=2)))
    turns = [np.diag(s) for s in signs] + [np.diag(s)[::-1] for s in signs]
    sizes = [*SIZES, (65, 40), (40, 65)]
    for size, channels, dtype in itertools.product(sizes, [1, 2, 3, 4, 7], [*DTYPES, np.float64]):
        image = rng.integers(0, 250, (*size, channels)).astype(dtype)
        beyond = rng.integers(0, 250, channels).astype(dtype)
        for turn in turns:
            target: tuple[int, int] = tuple(rng.integers(1, 90, 2).tolist())
            matrix = np.eye(3)
            matrix[:2, :2] = turn
            if rng.random() < 0.5:  # onto the picture
                reach = turn @ [target[1], target[0]]
                matrix[:2, 2] = np.where(reach < 0, -reach, 0)
            else:
                matrix[:2, 2] = rng.integers(-100, 150, 2)

            def run(
                library: Any, image: Array = image, beyond: Array = beyond,
                target: tuple[int, int] = target, matrix: Floats = matrix,
            ) -> Array:  # fmt: skip
                result = np.empty((*target, image.shape[2]), image.dtype)
                library.tenfold_move(
                    at(image, "char[]"), *image.shape[:2], image.itemsize * image.shape[2],
                    at(result, "char[]"), *target, at(matrix), BORDERS.index(border),
                    at(beyond, "char[]"),
                )  # fmt: skip
                return result

            out = alike(run)
            points = projected(matrix, centres(*target))
            exact = looked_up(image, points, border, beyond, NEAREST).reshape(out.shape)
            np.testing.assert_array_equal(out, exact)
