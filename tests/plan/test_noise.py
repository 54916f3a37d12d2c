"""Noise against theory: moments, tails, spectra, independence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reference.curves import to_light, to_srgb
from tenfold.ops.steps import Noise
from tenfold.plan.kernels.noise import apply_noise
from tenfold.plan.kernels.normal import normal_field
from tenfold.samples.sample import Array

SIDE = 512
BIG = SIDE * SIDE


def flat(value: float, channels: int = 1, side: int = SIDE) -> Array:
    return np.full((side, side, channels), value, np.float32)


def test_normal_moments_and_tails() -> None:
    z = normal_field(3, (2_000_000,)).astype(float)
    n = len(z)
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert abs(z.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs(stats.skew(z)) < 4 * np.sqrt(6 / n)
    assert abs(stats.kurtosis(z)) < 4 * np.sqrt(24 / n)
    for level in (2.0, 3.0, 4.0, 4.5):
        expected = 2 * stats.norm.sf(level) * n
        assert abs((np.abs(z) > level).sum() - expected) < 4 * np.sqrt(expected) + 1
    assert stats.kstest(z, "norm").pvalue > 1e-3


def test_normal_fields_are_independent() -> None:
    """In space, and between seeds."""
    a = normal_field(1, (SIDE, SIDE)).astype(float)
    b = normal_field(2, (SIDE, SIDE)).astype(float)
    bound = 4.5 / SIDE
    for dy, dx in ((0, 1), (1, 0), (1, 1), (0, 2), (0, 4), (4, 0), (0, 64)):
        assert abs((a * np.roll(a, (dy, dx), (0, 1))).mean()) < bound
    assert abs((a * b).mean()) < bound
    assert abs((a**2 * b**2).mean() - 1) < 2 * bound
    assert np.array_equal(a, normal_field(1, (SIDE, SIDE)))


@pytest.mark.parametrize("mean", [0.0, 0.3, 3.0, 7.9, 8.1, 20.0, 300.0, 50_000.0])
def test_poisson_distribution(mean: float) -> None:
    photons = 100 * mean + 100  # far from white, where counts would be clipped
    image = np.full((400, 1000, 1), mean / photons, np.float32)
    lit = apply_noise(image, Noise("shot", (photons, 1.0), 4), (0, 1)).astype(float)
    counts = np.rint(lit * photons).astype(int).ravel()
    if mean == 0:
        assert not counts.any()
        return
    n = len(counts)
    assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / n)
    fourth = mean + 3 * mean**2
    assert abs(counts.var() - mean) < 4 * np.sqrt((fourth - mean**2) / n)
    if mean < 1000:
        top = int(mean + 6 * np.sqrt(mean) + 6)
        exact = stats.poisson.pmf(np.arange(top), mean)
        found = np.bincount(counts, minlength=top)[:top] / n
        chance = 0.5 * np.sqrt(2 / np.pi * exact / n).sum()  # expected distance of a sample
        assert 0.5 * np.abs(found - exact).sum() < 1.5 * chance + 8e-4


@pytest.mark.parametrize("x", [0.02, 0.2, 0.6])
def test_shot_noise_in_linear_light(x: float) -> None:
    """Mean x and variance x / N, for linear values and for sRGB values once decoded."""
    photons = 400.0
    values = {1.0: x, 0.0: float(to_srgb(np.array(x)))}
    for linear, value in values.items():
        out = apply_noise(flat(value), Noise("shot", (photons, linear), 9), (0, 1)).astype(float)
        lin = out if linear else to_light(out)
        assert abs(lin.mean() - x) < 4 * np.sqrt(x / photons / BIG) + 1e-6
        assert lin.var() == pytest.approx(x / photons, rel=0.02)
    # 8 bits: the same within the rounding of the levels.
    level = round(values[0.0] * 255)
    byte = apply_noise(
        np.full((SIDE, SIDE, 1), level, np.uint8), Noise("shot", (photons, 0.0), 9), (0, 255)
    )
    lit = to_light(np.array(level / 255))
    decoded = to_light(byte / 255.0)
    assert decoded.mean() == pytest.approx(float(lit), rel=0.01)
    assert decoded.var() == pytest.approx(float(lit) / photons, rel=0.05)


def test_shot_noise_depends_on_the_light_and_leaves_black() -> None:
    ramp = np.linspace(0, 0.5, 256, dtype=np.float32)[None, :, None].repeat(4000, axis=0)
    out = apply_noise(ramp, Noise("shot", (1000.0, 1.0), 1), (0, 1)).astype(float)
    slope = np.polyfit(ramp[0, :, 0], out[:, :, 0].var(axis=0), 1)[0]
    assert slope == pytest.approx(1 / 1000, rel=0.01)
    assert not out[:, 0].any()


def test_sensor_noise_variance_is_a_line() -> None:
    gain, read = 0.002, 0.01
    for x in (0.1, 0.4, 0.7):
        out = apply_noise(flat(x), Noise("sensor", (gain, read**2, 1.0), 2), (0, 1)).astype(float)
        assert out.var() == pytest.approx(gain * x + read**2, rel=0.02)
        assert out.mean() == pytest.approx(x, abs=4 * np.sqrt((gain * x + read**2) / BIG))
    srgb = apply_noise(flat(0.5), Noise("sensor", (gain, read**2, 0.0), 2), (0, 1)).astype(float)
    x = float(to_light(np.array(0.5)))
    assert to_light(srgb).var() == pytest.approx(gain * x + read**2, rel=0.02)


def test_gaussian_and_multiplicative() -> None:
    for x in (0.3, 0.6):
        plain = apply_noise(flat(x, 3), Noise("gaussian", (0.05, 0.0), 3), (0, 1)) - x
        speckle = apply_noise(flat(x, 3), Noise("multiplicative", (0.1, 0.0), 3), (0, 1)) / x - 1
        assert plain.std() == pytest.approx(0.05, rel=0.01)
        assert speckle.std() == pytest.approx(0.1, rel=0.01)
        for noise in (plain, speckle):
            between = np.corrcoef(noise.reshape(-1, 3).T)
            assert np.abs(between - np.eye(3)).max() < 4.5 / SIDE
    # In units of the value range, from its black.
    wide = apply_noise(flat(0), Noise("multiplicative", (0.1, 0.0), 3), (-1000, 1000))
    assert wide.std() == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("function", ["gaussian", "multiplicative", "blue"])
def test_shared_noise_is_grey(function: str) -> None:
    image = np.full((40, 30, 3), 128, np.uint8)
    out = apply_noise(image, Noise(function, (0.05, 1.0), 5), (0, 255))
    assert out.std() > 3
    assert (out == out[:, :, :1]).all()


def test_bytes_are_rounded_not_cut() -> None:
    out = apply_noise(
        np.full((SIDE, SIDE, 1), 100, np.uint8), Noise("gaussian", (0.02, 0.0), 8), (0, 255)
    ).astype(float)
    assert out.mean() == pytest.approx(100, abs=0.05)
    assert out.var() == pytest.approx(5.1**2 + 1 / 12, rel=0.02)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_salt_and_pepper(dtype: str) -> None:
    """Fraction, share of salt, one mask for all channels, a white spectrum."""
    fraction, salt = 0.04, 0.3
    top = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    image = np.full((SIDE, SIDE, 3), top * 0.4, dtype)
    out = apply_noise(image, Noise("salt_and_pepper", (fraction, salt, 1.0), 6), (0, top))
    hit = (out != image).any(axis=2)
    assert (out[hit] == out[hit][:, :1]).all()
    assert set(np.unique(out[hit]).tolist()) == {0, top}
    assert abs(hit.mean() - fraction) < 4 * np.sqrt(fraction * (1 - fraction) / BIG)
    white = (out[hit][:, 0] == top).mean()
    assert abs(white - salt) < 4 * np.sqrt(salt * (1 - salt) / hit.sum())
    radius, power = spectrum(hit.astype(float) - hit.mean())
    assert power == pytest.approx(np.full(len(radius), power.mean()), rel=0.1)


def test_salt_and_pepper_of_each_channel_and_in_full() -> None:
    image = np.full((SIDE, SIDE, 3), 100, np.uint8)
    out = apply_noise(image, Noise("salt_and_pepper", (0.1, 0.5, 0.0), 6), (0, 255))
    hit = (out != image).reshape(-1, 3).T
    assert np.abs(np.corrcoef(hit) - np.eye(3)).max() < 4.5 / SIDE
    everything = apply_noise(image, Noise("salt_and_pepper", (1.0, 1.0, 1.0), 6), (0, 255))
    assert (everything == 255).mean() > 0.999999


def test_blue_noise_spectrum_grows_with_frequency() -> None:
    out = apply_noise(flat(0.5), Noise("blue", (0.05, 0.0), 7), (0, 1)).astype(float)[:, :, 0] - 0.5
    assert out.std() == pytest.approx(0.05, rel=0.02)
    assert abs(out.mean()) < 1e-5
    radius, power = spectrum(out)
    assert np.polyfit(np.log(radius), np.log(power), 1)[0] == pytest.approx(1, abs=0.05)
    assert power / radius == pytest.approx(np.full(len(radius), (power / radius).mean()), rel=0.12)


@pytest.mark.parametrize(("height", "width"), [(31, 31), (30, 17), (1, 64), (65, 1)])
def test_blue_noise_of_any_size_has_its_strength(height: int, width: int) -> None:
    image = np.full((height, width, 40), 0.5, np.float32)
    out = apply_noise(image, Noise("blue", (0.05, 0.0), 7), (0, 1)).astype(float)
    assert out.std() == pytest.approx(0.05, rel=0.1)


def spectrum(field: Array) -> tuple[Array, Array]:
    """Mean power in rings of radial frequency (cycles a pixel), without the lowest."""
    power = np.abs(np.fft.fft2(field)) ** 2 / field.size
    radial = np.hypot(*np.meshgrid(np.fft.fftfreq(field.shape[0]), np.fft.fftfreq(field.shape[1])))
    edges = np.linspace(0.04, 0.5, 24)
    ring = np.digitize(radial, edges)
    means = [(radial[ring == i].mean(), power[ring == i].mean()) for i in range(1, len(edges))]
    radius, mean = np.array(means).T
    return radius, mean
