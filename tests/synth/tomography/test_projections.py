"""Projections against the exact ones, their transpose, and fans against parallel rays."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.native.library import ffi, lib, load
from tenfold.synth.tomography import (
    Ellipse,
    Geometry,
    Rays,
    drawn_ellipses,
    evenly,
    exact_projections,
    project,
    shepp_logan,
)

HERE = lib.tenfold_level()
LEVELS = [f"v{level}" for level in range(2, HERE + 1)] or ["any"]
PARALLEL = Geometry(evenly(90), 200)
FAN = Geometry(evenly(90, 360), 260, 1.5, 400.0, 200.0, shift=0.25, axis_mm=(3.0, -2.0))
HEAD = shepp_logan(160.0)


def rms(values: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=float))))


def along_ray(ellipses: tuple[Ellipse, ...], geometry: Geometry, view: int, element: int) -> float:
    """The integral by stepping along the ray from its definition."""
    angle = math.radians(geometry.angles[view])
    across = np.array([math.cos(angle), math.sin(angle)])
    ahead = np.array([-math.sin(angle), math.cos(angle)])
    s = (element - (geometry.detectors - 1) / 2 + geometry.shift) * geometry.pitch_mm
    steps = np.linspace(-300, 300, 60_001)
    if geometry.source_mm is None:
        points = s * across + steps[:, None] * ahead
    else:
        source = -geometry.source_mm * ahead
        target = s * across + geometry.detector_mm * ahead
        points = (source + target) / 2 + steps[:, None] * (target - source) / math.dist(
            source, target
        )
    points = points + geometry.axis_mm
    inside = np.zeros(len(steps))
    for e in ellipses:
        inside += e.value * e.inside(points[:, 0], points[:, 1])
    return float(np.sum(inside) * (steps[1] - steps[0])) / 10


@pytest.mark.parametrize("geometry", [PARALLEL, FAN], ids=["parallel", "fan"])
def test_exact_projections_are_integrals_along_the_rays(geometry: Geometry) -> None:
    exact = exact_projections(HEAD, geometry)
    for view, element in ((0, 99), (7, 60), (31, 130), (45, 100), (77, 150)):
        found = along_ray(HEAD, geometry, view, element)
        assert exact[view, element] == pytest.approx(found, abs=4e-3)


def test_mass_is_the_same_in_every_view() -> None:
    area = math.pi * 20 * 30 / 100  # cm^2
    ellipse = Ellipse(1.5, (20.0, 30.0), (10.0, -5.0), 30.0)
    sums = exact_projections([ellipse], Geometry(evenly(36), 2000, 0.1)).sum(1) * 0.01
    assert sums == pytest.approx(1.5 * area, rel=1e-3)


@pytest.mark.parametrize(("geometry", "bound"), [(PARALLEL, 0.045), (FAN, 0.045)])
def test_projections_of_pixels_are_nearly_exact(geometry: Geometry, bound: float) -> None:
    """Of 4 at the most, and ever closer with finer pixels."""
    exact = exact_projections(HEAD, geometry)
    errors = [
        rms(project(drawn_ellipses(HEAD, (160 * n, 160 * n), 1 / n), geometry, 1 / n) - exact)
        for n in (1, 2, 4)
    ]
    assert errors[0] < bound
    assert errors[1] < 0.6 * errors[0]
    assert errors[2] < 0.6 * errors[1]


def test_a_wide_image_and_a_high_one_are_projected_alike() -> None:
    """Rows and columns aren't mixed up, nor where the middle is."""
    high = np.zeros((40, 17), np.float32)
    high[5:9, 11:13] = 1
    turned = np.rot90(high)  # by 90 degrees, anticlockwise
    angles = evenly(18)
    first = project(high, Geometry(angles, 61))
    second = project(turned, Geometry(tuple(a + 90 for a in angles), 61))
    assert second == pytest.approx(first, abs=2e-5)


@pytest.mark.parametrize("geometry", [PARALLEL, FAN], ids=["parallel", "fan"])
def test_spread_is_the_transpose_of_project(geometry: Geometry) -> None:
    random = np.random.default_rng(0)
    rays = Rays(geometry, (57, 123), 1.3)
    image, sinogram = random.normal(0, 1, (57, 123)), random.normal(0, 1, geometry.shape)
    one = np.vdot(rays.project(image).astype(float), sinogram)
    other = np.vdot(image, rays.spread(sinogram).astype(float))
    assert one == pytest.approx(other, rel=1e-4, abs=1e-3)
    # And entry by entry, where nothing can cancel.
    tiny = Rays(replace(geometry, angles=(0.0, 33.0, 101.0), detectors=9), (5, 4), 1.0)
    table = np.stack([tiny.project(unit.reshape(5, 4)).ravel() for unit in np.eye(20)])
    back = np.stack([tiny.spread(unit.reshape(3, 9)).ravel() for unit in np.eye(27)])
    assert table == pytest.approx(back.T, abs=1e-6)
    assert (table > 0).sum() > 20


def test_a_fan_rebinned_is_a_parallel_scan() -> None:
    """A fan's ray at (view b, angle g) is the parallel one at angle b - g and distance R sin g."""
    fan = Geometry(evenly(360, 360), 301, 1.0, 300.0)
    image = drawn_ellipses(HEAD, (160, 160), fine=2)
    measured = project(image, fan)
    distances = np.arange(-60.0, 61.0, 5.0)
    angles = np.arange(0.0, 180.0, 15.0)
    gamma = np.degrees(np.arcsin(distances / 300))
    element = 300 * np.tan(np.radians(gamma)) + 150
    parallel = project(image, Geometry(tuple(angles), 25, 5.0))
    for row, angle in zip(parallel, angles, strict=True):
        view = np.mod(angle + gamma, 360)
        low_v, low_e = np.floor(view).astype(int), np.floor(element).astype(int)
        v, e = view - low_v, element - low_e
        rebinned = sum(
            weight_v * weight_e * measured[(low_v + dv) % 360, low_e + de]
            for dv, weight_v in ((0, 1 - v), (1, v))
            for de, weight_e in ((0, 1 - e), (1, e))
        )
        assert rms(rebinned - row) < 0.02 * measured.max()


@pytest.mark.parametrize("level", LEVELS)
def test_all_levels_give_the_same_bytes(level: str) -> None:
    own, random = load(level), np.random.default_rng(5)
    pointer = ffi.from_buffer

    def floats(*shape: int) -> NDArray[np.float32]:
        return random.normal(0, 1, shape).astype(np.float32)

    def both(name: str, *arguments: Any, out: tuple[int, ...]) -> None:
        found = []
        for library in (lib, own):
            result = np.full(out, np.nan, np.float32)
            filled = (
                pointer("float[]", result)
                if a is None
                else pointer("double[]" if a.dtype == np.float64 else "float[]", a)
                if isinstance(a, np.ndarray)
                else a
                for a in arguments
            )
            getattr(library, name)(*filled)
            assert np.isfinite(result).all()
            found.append(result.tobytes())
        assert found[0] == found[1], name

    for rays in (1, 16, 47, 1100):
        lines = np.zeros(31 * 90 + 64, np.float32)
        lines[: 31 * 90].reshape(31, 90)[:, 1:-2] = floats(31, 87)
        # In any order, or in rows with their neighbours near or farther.
        starts = random.uniform(-20, 110, rays).astype(np.float32)
        if rays % 2 == 0:
            starts = np.float32(3.3) * (np.arange(rays) % 32).astype(np.float32)
        if rays == 1100:
            starts[::2] /= 2
        slopes = random.uniform(-1, 1, rays).astype(np.float32)
        both("ray_sums", lines, 31, 90, starts, slopes, rays, None, out=(rays,))
        both("ray_spread", floats(rays), starts, slopes, rays, 31, 90, None, out=(31, 90))
    for size in (1, 63, 64, 200):
        both("filter_views", floats(5, size), 5, size, floats(2 * size - 1), None, out=(5, size))
    views = floats(7 * 90 + 64)
    for step in (0.7, -0.3, 3.0, 9.0):
        places = random.normal(0, 1, (7, 6)) * [30, 0, 0.4, 0.05, 0, 0.001] + [
            0,
            step,
            0,
            1,
            0.002,
            0,
        ]
        for fan in (0, 1):
            both("back_views", views, 7, 90, places, fan, 21, 130, None, out=(21, 130))
    mu, weights = np.abs(random.normal(0, 1, (4, 3))), np.array([0.1, 0.2, 0.3, 0.4])
    both("beam_light", np.abs(floats(3, 130)), 3, 130, mu, weights, 4, None, out=(130,))
    both("minus_log", np.abs(floats(1000)) + 1e-6, 1000, None, out=(1000,))


def test_beam_and_logarithm_are_exact() -> None:
    random = np.random.default_rng(6)
    lengths = random.uniform(0, 20, (2, 333)).astype(np.float32)
    mu, weights = np.array([[0.2, 0.5], [0.15, 0.3]]), np.array([0.25, 0.75])
    light, pointer = np.empty(333, np.float32), ffi.from_buffer
    lib.beam_light(
        pointer("float[]", lengths), 2, 333, pointer("double[]", mu), pointer("double[]", weights),
        2, pointer("float[]", light),
    )  # fmt: skip
    assert light == pytest.approx(weights @ np.exp(-mu @ lengths.astype(float)), rel=1e-7)
    lines = np.empty(333, np.float32)
    lib.minus_log(pointer("float[]", light), 333, pointer("float[]", lines))
    assert lines == pytest.approx(-np.log(light.astype(float)), rel=1e-7)
