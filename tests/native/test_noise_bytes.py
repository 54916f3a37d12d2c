"""Noise on bytes: its numbers against their definition, their distribution against theory."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg, stats
from test_noise_statistics import MILLION, problems, words

from tenfold.native.library import ffi, lib
from tenfold.ops.steps import Noise
from tenfold.plan.kernels.noise import apply_noise

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
UNIT = 3959.82  # steps of a standard deviation
CHUNK = 1024


def numbers(seed: int, count: int, first: int = 0) -> NDArray[np.int16]:
    out = np.empty(count, np.int16)
    lib.pixel_normals16(seed, 0, first, count, ffi.from_buffer("int16_t[]", out))
    return out


def shaped(word: Whole) -> Whole:
    """The polynomial of a word's 16 bits as a signed number, in whole numbers."""
    u = word | 1

    def product(a: Whole, b: Whole) -> Whole:
        return (a * b + 2**14) >> 15

    square = product(u, u)
    total = product(np.full_like(u, 10660), square) - 10473
    total = product(total, square) + 1503
    return product(product(total, square) + 2390, u)


def test_numbers_are_as_defined() -> None:
    """Eight parts of a chunk's words, shaped, then mixed by a Hadamard matrix."""
    parts = shaped(words(5, 1024).view(np.int16).astype(np.int64)).reshape(-1, 8, CHUNK // 8)
    expected = np.einsum("ij,cjk->cik", linalg.hadamard(8), parts).ravel()
    assert np.array_equal(numbers(5, 2 * CHUNK), expected)
    assert np.array_equal(numbers(5, 900, 700), expected[700:1600])


def test_distribution_is_normal_exactly_computed() -> None:
    """That of eight shaped numbers added, from all words there are, without any sampling."""
    one = shaped(np.arange(-(2**15), 2**15))
    # It rises but for rounding; else its density would have peaks, whatever its moments are.
    u = (np.arange(-(2**15), 2**15) | 1) / 2**15
    exact = 2390 * u + 1503 * u**3 - 10473 * u**5 + 10660 * u**7
    assert np.diff(exact).min() >= 0
    assert np.abs(one - exact).max() < 2.5
    assert one.mean() == pytest.approx(0, abs=0.01)
    assert 8 * np.abs(one).max() < 2**15
    assert (8 * np.mean(one.astype(float) ** 2)) ** 0.5 == pytest.approx(UNIT, rel=1e-5)
    reach = int(np.abs(one).max())
    share = np.bincount(one + reach, minlength=2 * reach + 1) / len(one)
    size = 8 * (len(share) - 1) + 1
    eight = np.fft.irfft(np.fft.rfft(share, 2**17) ** 8, 2**17)[:size]
    edges = (np.arange(size + 1) - size / 2) / UNIT
    below = np.concatenate([[0], np.cumsum(eight)])
    cells = np.arange(-6, 6.01, 0.02)
    found = np.diff(np.interp(cells, edges, below))
    assert np.abs(found - np.diff(stats.norm.cdf(cells))).sum() / 2 < 1e-4
    assert np.abs(below - stats.norm.cdf(edges)).max() < 5e-5
    for level, within in ((2.0, 0.001), (3.0, 0.005), (4.0, 0.012), (4.5, 0.012), (5.0, 0.025)):
        above = 1 - np.interp(level, edges, below)
        assert above / stats.norm.sf(level) == pytest.approx(1, abs=within), level


def test_numbers_look_normal() -> None:
    """The same bounds as for the finer numbers of other images."""
    z = np.concatenate([numbers(seed, MILLION) for seed in range(10)]) / UNIT
    assert problems(z) == []


def test_numbers_have_no_structure() -> None:
    """Values, squares and magnitudes: nothing in common within a chunk or between images."""
    count = 256 * CHUNK
    fields = np.stack([numbers(seed, count) for seed in range(40, 46)]) / UNIT
    bound = 5 / np.sqrt(count)
    for values in (fields, fields**2 - 1, np.abs(fields) - np.sqrt(2 / np.pi), fields**3):
        scaled = values / np.sqrt((values**2).mean(axis=1, keepdims=True))
        assert np.abs(scaled @ scaled.T / count - np.eye(len(scaled))).max() < bound
        for lag in (1, 2, 3, 16, 32, 128, 256, 512, 768, 1024, 1536):
            assert abs((scaled[0, lag:] * scaled[0, :-lag]).mean()) < bound, lag
    # The eight that are made of the same words.
    same = fields.reshape(-1, 8, CHUNK // 8).transpose(1, 0, 2).reshape(8, -1)
    bound = 5 / np.sqrt(same.shape[1])
    for left, right in ((1, 1), (2, 2), (1, 3), (2, 4)):
        a, b = (stats.zscore(same**power, axis=1) for power in (left, right))
        apart = a @ b.T / same.shape[1] - np.diag(np.diag(a @ b.T / same.shape[1]))
        assert np.abs(apart).max() < 1.5 * bound, (left, right)
    two = np.floor(stats.norm.cdf(same[:2]) * 32).astype(int)
    assert stats.chisquare(np.bincount(two[0] * 32 + two[1], minlength=1024)).pvalue > 1e-5


@pytest.mark.parametrize("levels", [0.4, 1.0, 5.1, 15.9, 16.1, 33.0, 77.0])
@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_noise_on_bytes_has_the_mean_and_deviation_asked_for(levels: float, shared: float) -> None:
    """Against the normal distribution rounded to levels and clipped to black and white."""
    image = np.full((512, 512, 3), 120, np.uint8)
    noisy = apply_noise(image, Noise("gaussian", (levels / 255, shared), 9), (0, 255))
    values = noisy[:, :, 0] if shared else noisy
    if shared:
        assert (noisy == noisy[:, :, :1]).all()
    edges = np.concatenate([[-np.inf], np.arange(255) + 0.5, [np.inf]])
    expected = np.diff(stats.norm.cdf(edges, 120, levels))
    x = np.arange(256)
    mean = (expected * x).sum()
    variance = (expected * (x - mean) ** 2).sum()
    assert values.mean() == pytest.approx(mean, abs=4.5 * np.sqrt(variance / values.size))
    assert values.var() == pytest.approx(variance, rel=4.5 * np.sqrt(3 / values.size) + 1e-3)
    found = np.bincount(values.ravel(), minlength=256)
    kept = expected * values.size > 20
    error = (found - expected * values.size)[kept] / np.sqrt(expected * values.size)[kept]
    assert (error**2).sum() < stats.chi2.isf(1e-6, kept.sum())


@pytest.mark.parametrize("std", [0.02, 0.058, 0.4])
def test_multiplicative_noise_grows_with_the_level(std: float) -> None:
    image = np.repeat(np.array([0, 20, 60, 110], np.uint8), 512 * 512).reshape(4 * 512, 512, 1)
    noisy = apply_noise(image, Noise("multiplicative", (std, 0.0), 4), (0, 255))
    for level, values in zip((0, 20, 60, 110), noisy.reshape(4, -1).astype(float), strict=True):
        if level == 0:
            assert not values.any()
            continue
        edges = np.concatenate([[-np.inf], np.arange(255) + 0.5, [np.inf]])
        expected = np.diff(stats.norm.cdf(edges, level, std * level))
        mean = (expected * np.arange(256)).sum()
        variance = (expected * (np.arange(256) - mean) ** 2).sum()
        assert values.mean() == pytest.approx(mean, abs=4.5 * np.sqrt(variance / values.size))
        assert values.var() == pytest.approx(variance, rel=0.015)
