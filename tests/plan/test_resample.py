"""One resampling against a slow reference: interpolation, borders, whole pixels, chains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from tenfold.ops import matrices
from tenfold.ops.steps import Displacement, GeometricStep, Warp
from tenfold.plan.map import Homography, Map, safe_crop
from tenfold.plan.resample import Fringe, resample
from tenfold.samples.sample import Array

HEIGHT, WIDTH = 37, 52
SCIPY = {"reflect": "mirror", "edge": "nearest", "wrap": "grid-wrap", "constant": "grid-constant"}


def picture(dtype: Any, channels: int = 3) -> Array:
    rng = np.random.default_rng(1)
    smooth = ndimage.gaussian_filter(rng.uniform(0, 1, (HEIGHT, WIDTH, channels)), (2, 2, 0))
    top = {np.uint8: 255, np.uint16: 65535}.get(dtype, 1)
    stretched = (smooth - smooth.min()) / np.ptp(smooth) * top
    return np.asarray(np.rint(stretched) if top > 1 else stretched).astype(dtype)


def affine(seed: int) -> Warp:
    rng = np.random.default_rng(seed)
    linear = matrices.rotation(rng.uniform(-180, 180)) @ matrices.scaling(*rng.uniform(0.8, 1.3, 2))
    matrix = matrices.about_centre(linear, HEIGHT, WIDTH) @ matrices.translation(3.2, -1.7)
    return Warp(matrix, HEIGHT, WIDTH)


def perspective(seed: int) -> Warp:
    rng = np.random.default_rng(seed)
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], dtype=np.float64)
    matrix = matrices.quadrilateral(corners, corners + rng.uniform(-6, 6, (4, 2)))
    return Warp(matrix, HEIGHT, WIDTH)


def bend(seed: int) -> Displacement:
    return Displacement(np.random.default_rng(seed).uniform(-2.5, 2.5, (7, 8, 2)))


CHAINS: dict[str, list[GeometricStep]] = {
    "affine": [affine(1)],
    "perspective": [perspective(2)],
    "bend": [bend(3)],
    "affine then bend": [affine(4), bend(5)],
    "bend then perspective": [bend(6), perspective(7)],
    "all": [bend(8), affine(9), bend(10), perspective(11)],
}


def reference(image: Array, through: Map, order: int, mode: str, value: float) -> NDArray[Any]:
    """Each output pixel looked up on its own, in float64."""
    rows, columns = np.mgrid[: through.target[0], : through.target[1]] + 0.5
    points = through.pull(np.stack([columns, rows], axis=-1).reshape(-1, 2)) - 0.5
    return np.stack(
        [
            ndimage.map_coordinates(
                image[:, :, c].astype(np.float64), points[:, ::-1].T, order=order,
                mode=SCIPY[mode], cval=value, prefilter=False,
            ).reshape(through.target)
            for c in range(image.shape[2])
        ],
        axis=-1,
    )  # fmt: skip


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap", "constant"])
@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_is_one_interpolation_of_the_original(chain: str, mode: Any, dtype: Any) -> None:
    image = picture(dtype)
    through = Map.of(CHAINS[chain], (HEIGHT, WIDTH))
    top = {np.uint8: 255, np.uint16: 65535}.get(dtype, 1)
    out = resample(image, through, "linear", Fringe(mode, np.full(3, 0.25 * top)))
    expected = reference(image, through, 1, mode, 0.25 * top)
    # A composed field is itself interpolated between its pixels: 0.02 px of a steep edge at most.
    difference = np.abs(out - expected) / top
    rounding = 0.0 if dtype is np.float32 else 0.51 / top
    bent = sum(isinstance(step, Displacement) for step in CHAINS[chain])
    assert difference.max() <= rounding + (0.001 if not bent else 0.02)
    assert np.median(difference) <= rounding + 1e-3


@pytest.mark.parametrize("chain", CHAINS)
def test_masks_take_the_nearest_value(chain: str) -> None:
    labels = np.random.default_rng(0).integers(0, 9, (HEIGHT, WIDTH, 1)).astype(np.uint8)
    through = Map.of(CHAINS[chain], (HEIGHT, WIDTH))
    out = resample(labels, through, "nearest", Fringe("constant", np.array([255.0])))
    expected = reference(labels, through, 0, "constant", 255)
    assert (out == expected).mean() > 0.995  # ties and the last digits of a coordinate
    assert set(np.unique(out)) <= {*range(9), 255}


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 11])
def test_any_number_of_channels(channels: int) -> None:
    image = picture(np.uint16, channels)
    through = Map.of(CHAINS["all"], (HEIGHT, WIDTH))
    values = np.arange(channels, dtype=np.float64) * 100
    out = resample(image, through, "linear", Fringe("constant", values))
    for c in range(channels):
        alone = resample(
            image[:, :, c : c + 1], through, "linear", Fringe("constant", values[c : c + 1])
        )
        np.testing.assert_array_equal(out[:, :, c], alone[:, :, 0])


@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap", "constant"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1), (2, 3), (7, 6)])
def test_tiny_pictures(shape: tuple[int, int], mode: Any) -> None:
    image = np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(*shape, 1)
    for matrix in (
        matrices.about_centre(matrices.rotation(33), *shape), matrices.translation(2, -1),
    ):  # fmt: skip
        through = Map.of([Warp(matrix, *shape)], shape)
        out = resample(image, through, "linear", Fringe(mode, np.zeros(1)))
        assert out.shape == image.shape
        assert np.abs(out - reference(image, through, 1, mode, 0)).max() <= 0.51


@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap", "constant"])
@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (-60, 4), (200, 100)])
def test_whole_shifts_are_exact_for_every_border(shift: tuple[int, int], mode: Any) -> None:
    image = picture(np.uint8)
    through = Map.of([Warp(matrices.translation(*shift), HEIGHT, WIDTH)], (HEIGHT, WIDTH))
    assert through.grid is not None
    out = resample(image, through, "linear", Fringe(mode, np.full(3, 7.0)))
    np.testing.assert_array_equal(out, reference(image, through, 0, mode, 7))


def test_shrinking_averages_instead_of_skipping() -> None:
    """Stripes finer than the new pixels come out grey, not as an alias."""
    stripes = np.zeros((64, 64, 1), np.uint8)
    stripes[:, ::2] = 200
    through = Map.of([Warp(matrices.scaling(0.25, 0.25), 16, 16)], (64, 64))
    out = resample(stripes, through, "linear", Fringe("edge", np.zeros(1)))
    assert np.abs(out.astype(float) - 100).max() <= 1


def test_non_contiguous_and_read_only_input() -> None:
    image = picture(np.uint8)
    image.flags.writeable = False
    view = image[::-1, ::-1]
    through = Map.of(CHAINS["affine"], (HEIGHT, WIDTH))
    fringe = Fringe("reflect", np.zeros(3))
    np.testing.assert_array_equal(
        resample(view, through, "linear", fringe),
        resample(np.ascontiguousarray(view), through, "linear", fringe),
    )


def test_a_long_picture_is_as_sharp_at_its_end() -> None:
    """Coordinates of more than float32's digits, and than the 16 bits of other warps."""
    long = np.random.default_rng(3).integers(0, 256, (3, 70000, 1)).astype(np.uint8)
    through = Map((Homography(matrices.translation(0.3, 0.1)),), (3, 70000), (3, 70000))
    turned = Map((Homography(matrices.shear(0, 0.001)),), (3, 70000), (3, 70000))
    for each in (through, turned):
        out = resample(long, each, "linear", Fringe("edge", np.zeros(1)))
        assert np.abs(out - reference(long, each, 1, "edge", 0)).max() <= 0.53


@pytest.mark.parametrize("chain", CHAINS)
def test_points_go_there_and_back(chain: str) -> None:
    through = Map.of(CHAINS[chain], (HEIGHT, WIDTH))
    points = np.random.default_rng(2).uniform(8, 28, (200, 2))
    np.testing.assert_allclose(through.push(through.pull(points)), points, atol=1e-4)


@pytest.mark.parametrize("first", CHAINS)
@pytest.mark.parametrize("second", CHAINS)
def test_a_map_followed_by_another_is_both_in_turn(first: str, second: str) -> None:
    one, other = (Map.of(CHAINS[name], (HEIGHT, WIDTH)) for name in (first, second))
    both = one.followed_by(other)
    assert (both.source, both.target) == (one.source, other.target)
    fused = Map.of([*CHAINS[first], *CHAINS[second]], (HEIGHT, WIDTH))
    assert [type(stage) for stage in both.stages] == [type(stage) for stage in fused.stages]
    points = np.random.default_rng(2).uniform(8, 28, (50, 2))
    np.testing.assert_allclose(both.push(points), other.push(one.push(points)), atol=1e-9)
    np.testing.assert_allclose(both.pull(points), one.pull(other.pull(points)), atol=1e-9)


@pytest.mark.parametrize("degrees", [10, 30, 45, 80])
def test_the_safe_crop_of_a_rotated_square_is_the_analytic_one(degrees: float) -> None:
    side = 201
    turn = Warp(matrices.about_centre(matrices.rotation(degrees), side, side), side, side)
    cropped = safe_crop(Map.of([turn], (side, side)))
    angle = np.radians(degrees)
    assert cropped.matrix is not None
    zoom = np.sqrt(np.linalg.det(cropped.matrix))
    assert zoom == pytest.approx(abs(np.cos(angle)) + abs(np.sin(angle)), rel=1e-3)


@pytest.mark.parametrize("chain", [*CHAINS, "far"])
def test_a_safe_crop_shows_no_border(chain: str) -> None:
    far: list[GeometricStep] = [Warp(matrices.translation(300, 90), HEIGHT, WIDTH)]
    whole = Map.of(CHAINS.get(chain, far), (HEIGHT, WIDTH))
    image = np.ones((HEIGHT, WIDTH, 1), np.float32)
    out = resample(image, safe_crop(whole), "linear", Fringe("constant", np.zeros(1)))
    assert out.min() > 0.98
