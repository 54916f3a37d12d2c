"""Noise against theory: the generator word by word, then what its numbers look like.

The bounds are four to five standard errors of what is measured, so a right generator passes and
one that is off by little doesn't: see the last test.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from tenfold.native.library import ffi, lib
from tenfold.ops.steps import Noise
from tenfold.plan.kernels.noise import apply_noise
from tenfold.plan.kernels.normal import normal_field
from tenfold.rng import Key, draws

Floats = NDArray[np.float64]
MILLION = 1_000_000
SIDE = 512


def words(seed: int, count: int, stream: int = 0, first: int = 0) -> NDArray[np.uint32]:
    out = np.empty(count, np.uint32)
    lib.pixel_words(seed, stream, first, count, ffi.from_buffer("uint32_t[]", out))
    return out


def philox(counter: list[int], key: list[int], rounds: int) -> list[int]:
    """Philox4x32 as the paper has it, in Python's whole numbers."""
    x, k = list(counter), list(key)
    for _ in range(rounds):
        a, b = x[0] * 0xD2511F53, x[2] * 0xCD9E8D57
        low = 2**32 - 1
        x = [(b >> 32) ^ x[1] ^ k[0], b & low, (a >> 32) ^ x[3] ^ k[1], a & low]
        k = [(k[0] + 0x9E3779B9) & low, (k[1] + 0xBB67AE85) & low]
    return x


def test_the_reference_is_philox() -> None:
    """Known answers of the authors' library, for 7 and for 10 rounds."""
    ones = [2**32 - 1] * 4
    assert philox([0] * 4, [0] * 2, 10) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox(ones, ones[:2], 10) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    assert philox([0] * 4, [0] * 2, 7) == [0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48]


@pytest.mark.parametrize(("seed", "stream", "chunk"), [(0, 0, 0), (2**53 - 1, 2, 70000)])
def test_words_are_philox(seed: int, stream: int, chunk: int) -> None:
    """Block b of a chunk of 512 words gives two in a row in its first half, two in its second."""
    found = words(seed, 512, stream, chunk * 512).reshape(2, 128, 2)
    for block in (0, 1, 77, 127):
        expected = philox([block, chunk, stream, 2], [seed & 0xFFFFFFFF, seed >> 32], 7)
        assert found[:, block].ravel().tolist() == expected


def test_any_part_is_what_it_is_in_the_whole() -> None:
    whole = normal_field(7, (5000,))
    part = np.empty(1700, np.float32)
    seeds = np.array([7], np.int64)
    lib.pixel_normals(
        ffi.from_buffer("int64_t[]", seeds), 1, 0, 1111, len(part), ffi.from_buffer("float[]", part)
    )
    assert np.array_equal(part, whole[1111 : 1111 + len(part)])
    image = np.full((100, 50, 1), 128, np.uint8)
    step = Noise("gaussian", (0.1, 0.0), 7)
    noisy = apply_noise(image, step, (0, 255))
    assert np.array_equal(apply_noise(image[:40], step, (0, 255)), noisy[:40])


def test_words_are_even_and_independent() -> None:
    """Every bit, pairs of bits, bytes in a row, neighbours, seeds and streams."""
    count = 300_000
    one = words(11, count)
    places = np.arange(32, dtype=np.uint32)
    signs = (2 * ((one[:, None] >> places) & 1).astype(np.float32)) - 1
    bound = 5 / np.sqrt(count)
    assert np.abs(signs.mean(axis=0)).max() < bound
    assert np.abs(signs.T @ signs / count - np.eye(32)).max() < bound
    for lag in (1, 2, 4, 16, 128, 512):
        assert np.abs((signs[lag:] * signs[:-lag]).mean(axis=0)).max() < 1.1 * bound
    for shift in (0, 8, 16, 24):
        byte = (one >> np.uint32(shift)) & 255
        pairs = np.bincount(byte[:-1].astype(np.int64) * 256 + byte[1:], minlength=65536)
        assert 1e-5 < stats.chisquare(pairs).pvalue < 1 - 1e-5
    for other in (words(12, count), words(11, count, 1), words(11 + 2**32, count)):
        apart = ((one ^ other)[:, None] >> places) & 1
        assert np.abs(2 * apart.mean(axis=0) - 1).max() < bound


def problems(z: Floats) -> list[str]:
    """What is wrong with numbers that should be normal."""
    n = len(z)
    found = []
    for name, value, error in (
        ("mean", z.mean(), 1 / n),
        ("variance", z.var() - 1, 2 / n),
        ("skewness", stats.skew(z), 6 / n),
        ("kurtosis", stats.kurtosis(z), 24 / n),
    ):
        if abs(value) > 4.5 * np.sqrt(error):
            found.append(name)
    for level in (2.0, 3.0, 4.0, 4.5, 5.0):
        expected = stats.norm.sf(level) * n
        for side in (z, -z):
            if abs((side > level).sum() - expected) > 4.5 * np.sqrt(expected) + 1:
                found.append(f"tail {level}")
    distance = np.abs(special.ndtr(np.sort(z)) - (np.arange(n) + 0.5) / n).max()
    if distance * np.sqrt(n) > 2.5:  # Kolmogorov and Smirnov: chance 7e-6
        found.append("distribution")
    return found


def test_normal_numbers_are_normal() -> None:
    """Ten million of them: moments, both tails to 5 sigma, Kolmogorov and Smirnov."""
    z = np.concatenate([normal_field(seed, (MILLION,)) for seed in range(10)]).astype(float)
    assert problems(z) == []


def test_normal_fields_have_no_structure() -> None:
    """A flat spectrum; nothing shared by neighbours, channels or images, not even their size."""
    fields = np.stack([normal_field(seed, (SIDE, SIDE, 3)) for seed in range(900, 904)])
    bound = 4.5 / SIDE
    planes = np.moveaxis(fields, 3, 1).reshape(12, -1).astype(float)
    for values in (planes, planes**2 - 1, np.abs(planes) - np.sqrt(2 / np.pi)):
        scaled = values / np.sqrt((values**2).mean(axis=1, keepdims=True))
        assert np.abs(scaled @ scaled.T / SIDE**2 - np.eye(12)).max() < bound
        for lag in (1, 2, 3, 128, 256, 512, 1024, 1536):  # down and along; a chunk's makings
            assert abs((scaled[0, lag:] * scaled[0, :-lag]).mean()) < bound, lag
    power = np.abs(np.fft.fft2(fields[0, :, :, 0])) ** 2 / SIDE**2
    ring = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE))) // 0.02
    for k in range(1, 25):
        inside = power[ring == k]
        assert inside.mean() == pytest.approx(1, abs=4.5 * np.sqrt(2 / inside.size))
    # Power of white noise is exponentially distributed at every frequency.
    half = power[1 : SIDE // 2].ravel()
    assert stats.kstest(half, "expon").pvalue > 1e-4


def test_both_numbers_of_a_pair_are_independent() -> None:
    """They come from one word: their plane is filled evenly, in the tails too."""
    z = np.concatenate([normal_field(seed, (MILLION // 1024 * 1024,)) for seed in range(4)])
    a, b = np.moveaxis(z.reshape(-1, 2, 512), 1, 0).reshape(2, -1).astype(float)
    u = np.floor(stats.norm.cdf(a) * 64).astype(int) * 64 + np.floor(stats.norm.cdf(b) * 64)
    assert stats.chisquare(np.bincount(u.astype(int), minlength=4096)).pvalue > 1e-5
    far = np.hypot(a, b) > 3.5
    turn = (np.arctan2(b[far], a[far]) / (2 * np.pi)) % 1
    assert stats.kstest(turn, "uniform").pvalue > 1e-4


def test_seeds_as_drawn_make_noise_that_has_nothing_in_common() -> None:
    seeds = draws([Key(1, "picture", copy) for copy in range(24)], ["gaussian_noise"])[0].seeds
    fields = np.stack([normal_field(int(seed), (200_000,)) for seed in seeds]).astype(float)
    common = fields @ fields.T / fields.shape[1] - np.eye(len(fields))
    assert np.abs(common - np.diag(np.diag(common))).max() < 5 / np.sqrt(fields.shape[1])


@pytest.mark.parametrize("what", ["four uniforms", "short tails", "wide", "shifted", "coarse"])
def test_wrong_numbers_are_found(what: str) -> None:
    """The checks above notice generators that look nearly right."""
    random = np.random.default_rng(1)
    z = random.standard_normal(2 * MILLION)
    if what == "four uniforms":
        z = (random.random((4, 2 * MILLION)).sum(axis=0) - 2) * np.sqrt(3)
    elif what == "short tails":
        z = np.clip(z, -3.9, 3.9)
    elif what == "wide":
        z *= 1.005
    elif what == "shifted":
        z += 0.004
    else:
        z = np.rint(z * 100) / 100
    assert problems(z) != []
