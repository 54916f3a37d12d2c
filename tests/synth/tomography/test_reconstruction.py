"""Filtered back-projection and SART against phantoms whose projections are exact."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.synth.tomography import (
    FILTERS,
    Ellipse,
    Geometry,
    drawn_ellipses,
    evenly,
    exact_projections,
    fbp,
    project,
    sart,
    shepp_logan,
)
from tenfold.synth.tomography.fbp import redundancy
from tenfold.synth.tomography.filters import filter_taps
from tenfold.synth.tomography.geometry import view_weights

SIZE = 128
HEAD = shepp_logan(SIZE)
TRUTH = drawn_ellipses(HEAD, (SIZE, SIZE), fine=8)
ROW, COLUMN = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
DISC = np.hypot(ROW, COLUMN) < SIZE / 2 - 2
SCANS = {
    "parallel": Geometry(evenly(240), SIZE),
    "parallel over 360": Geometry(evenly(480, 360, 5), SIZE),
    "two turns of angles, shuffled": Geometry(evenly(120, 180, 0.75) + evenly(120)[::-1], SIZE),
    "fan": Geometry(evenly(480, 360), 220, 1.0, 200.0),
    "fan with a detector behind": Geometry(evenly(480, 360), 330, 1.5, 200.0, 150.0, shift=0.25),
    "short fan": Geometry(evenly(440, 222, 17), 150, 1.0, 200.0),
    "fan of 300 degrees": Geometry(evenly(500, 300, -40)[::-1], 220, 1.0, 200.0),
    "off centre": Geometry(evenly(240), 150, axis_mm=(4.0, -7.5)),
    "fan off centre": Geometry(evenly(480, 360), 250, 1.0, 200.0, axis_mm=(4.0, -7.5)),
}


def rms(values: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=float))))


@pytest.mark.parametrize("name", SCANS)
def test_phantom_comes_back(name: str) -> None:
    found = fbp(exact_projections(HEAD, SCANS[name]), SCANS[name], (SIZE, SIZE))
    assert rms((found - TRUTH)[DISC]) < 0.055  # of 1; at edges, where pixels hold two values
    flat = drawn_ellipses(HEAD[:2], (SIZE, SIZE)) == np.float32(0.2)
    for shape in (HEAD[2], HEAD[4]):
        at = shape.inside(COLUMN[0][None, :], -ROW[:, :1])
        at &= abs(TRUTH - np.median(TRUTH[at])) < 1e-4
        assert found[at].mean() == pytest.approx(TRUTH[at].mean(), abs=0.006)
    brain = flat & (abs(TRUTH - 0.2) < 1e-5)
    assert found[brain].mean() == pytest.approx(0.2, abs=0.004)


@pytest.mark.parametrize("filter_", FILTERS)
def test_every_filter_keeps_what_is_flat(filter_: str) -> None:
    disc = [Ellipse(0.2, (40.0, 40.0))]
    geometry = Geometry(evenly(180), SIZE)
    found = fbp(exact_projections(disc, geometry), geometry, (SIZE, SIZE), filter=filter_)
    assert found[np.hypot(ROW, COLUMN) < 30].mean() == pytest.approx(0.2, rel=2e-3)


@pytest.mark.parametrize("span", [360.0, 290.0])
def test_a_wide_fan_keeps_what_is_flat(span: float) -> None:
    """Of 72 degrees: its middle isn't brighter than its sides."""
    disc = [Ellipse(0.2, (55.0, 55.0))]
    fan = Geometry(evenly(720, span, 40), 160, 1.0, 100.0)
    found = fbp(exact_projections(disc, fan), fan, (SIZE, SIZE), filter="hann")
    away = np.hypot(ROW, COLUMN)
    for low, high in ((0, 10), (20, 30), (40, 50)):
        assert found[(away >= low) & (away < high)].mean() == pytest.approx(0.2, rel=4e-3)


def test_filters_are_the_ramp_times_their_windows() -> None:
    """In frequency: their definitions, where the taps are many enough."""
    size = 4096
    f = np.arange(1, size) / (2 * size)  # of the sampling frequency
    windows = {
        "ramp": np.ones_like(f), "shepp-logan": np.sinc(f), "cosine": np.cos(np.pi * f),
        "hamming": 0.54 + 0.46 * np.cos(2 * np.pi * f), "hann": 0.5 + 0.5 * np.cos(2 * np.pi * f),
    }  # fmt: skip
    for name, window in windows.items():
        taps = filter_taps(name, size + 1)
        wave = np.cos(2 * np.pi * np.outer(f[::64], np.arange(-size, size + 1)))
        assert wave @ taps == pytest.approx((f * window)[::64], abs=2e-4)


def test_pixel_and_element_sizes_scale_out() -> None:
    """Twice the size of everything: the same attenuation."""
    big = Geometry(evenly(240), SIZE, 2.0)
    found = fbp(exact_projections(shepp_logan(2 * SIZE), big), big, (SIZE, SIZE), 2.0)
    same = fbp(exact_projections(HEAD, SCANS["parallel"]), SCANS["parallel"], (SIZE, SIZE))
    assert found == pytest.approx(same, abs=2e-5)


def test_views_stand_for_half_the_way_to_their_neighbours() -> None:
    assert view_weights(evenly(7), 180).sum() == pytest.approx(math.pi)
    assert view_weights((0.0, 10.0, 40.0), 180) * 180 / math.pi == pytest.approx([20, 20, 30])
    # A missing wedge belongs to nobody.
    assert view_weights(evenly(60, 120), 180).sum() == pytest.approx(math.radians(120), rel=0.01)


def test_weights_of_a_line_add_up_to_1() -> None:
    """Seen from (view b, angle g) and from (b - 2 g + 180, -g), where both are measured."""
    step = 0.1
    for span in (222.0, 300.0):
        fan = Geometry(evenly(round(span / step), span, 17), 151, 1.0, 200.0)
        weights, gamma = redundancy(fan), np.degrees(fan.fan_angles())
        for element in range(0, 151, 10):
            for view in range(0, len(weights), 111):
                total = weights[view, element]
                for turn in (180, -180):
                    other = view + round((turn - 2 * gamma[element]) / step)
                    if 0 <= other < len(weights):
                        total += weights[other, 150 - element]
                assert total == pytest.approx(1, abs=0.01)


def test_limited_angles_and_few_views_leave_more_errors() -> None:
    def error(geometry: Geometry) -> float:
        return rms((fbp(exact_projections(HEAD, geometry), geometry, (SIZE, SIZE)) - TRUTH)[DISC])

    full = error(SCANS["parallel"])
    assert error(Geometry(evenly(160, 120), SIZE)) > 2 * full
    assert error(Geometry(evenly(24), SIZE)) > 1.5 * full
    assert error(Geometry(evenly(160, 150), 220, 1.0, 200.0)) > 1.3 * full


@pytest.mark.parametrize("parts", [1, 20, 1000])
def test_sart_converges(parts: int) -> None:
    """Its projections become the measured ones, and its image the phantom."""
    geometry, seen = SCANS["fan"].of_views(slice(None, None, 8)), []
    sinogram = project(TRUTH, geometry)
    rounds = 60 if parts == 1 else 8
    found = sart(
        sinogram, geometry, (SIZE, SIZE), iterations=rounds, parts=parts,
        told=lambda _, misses: seen.append(misses),
    )  # fmt: skip
    assert all(after < before for before, after in itertools.pairwise(seen))
    assert seen[-1] < 0.08 * seen[0]
    assert rms((found - TRUTH)[DISC]) < 0.09
    assert found.min() >= 0


def test_the_true_image_stays_as_it_is() -> None:
    geometry = SCANS["parallel"].of_views(slice(None, None, 8))
    sinogram = project(TRUTH, geometry)
    same = sart(sinogram, geometry, (SIZE, SIZE), iterations=2, start=TRUTH)
    assert same == pytest.approx(TRUTH, abs=1e-5)


def test_sart_beats_back_projection_where_views_are_few() -> None:
    geometry = Geometry(evenly(30), SIZE)
    sinogram = exact_projections(HEAD, geometry)
    plain = rms((fbp(sinogram, geometry, (SIZE, SIZE)) - TRUTH)[DISC])
    assert rms((sart(sinogram, geometry, (SIZE, SIZE), iterations=10) - TRUTH)[DISC]) < 0.8 * plain


def test_agreement_with_scikit_image() -> None:
    """The same image and rays; for it, an even number of pixels has its middle half a pixel on."""
    transform = pytest.importorskip("skimage.transform", reason="scikit-image is the reference")
    angles = np.array(evenly(60))
    for size, geometry in (
        (97, Geometry(evenly(60), 97)),
        (SIZE, Geometry(evenly(60), SIZE, shift=-0.5, axis_mm=(0.5, -0.5))),
    ):
        head = shepp_logan(size)
        image, exact = drawn_ellipses(head, (size, size)), exact_projections(head, geometry)
        theirs = transform.radon(image, angles, circle=True).T / 10
        ours = project(image, geometry)
        assert rms(ours - theirs) < 0.25 * rms(theirs - exact)
        assert rms(ours - exact) < rms(theirs - exact)
        inside = np.hypot(*(np.mgrid[:size, :size] - size // 2)) < size / 2 - 1
        for name in FILTERS:
            back = transform.iradon(exact.T * 10, angles, filter_name=name, circle=True)
            same = fbp(exact, geometry, (size, size), filter=name)
            # Their windows of an even length aren't quite even.
            assert rms((same - back)[inside]) < 2e-4, name
