"""Each method against what its paper says, computed another way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tenfold.mixing import MIXERS, mixer
from tenfold.mixing.blends import beta, shrink
from tenfold.mixing.mixer import Mixer, Numbers
from tenfold.rng import Key, draws

stats = pytest.importorskip("scipy.stats")

Array = np.ndarray[Any, Any]


def shares(method: Mixer, steps: int, size: tuple[int, int] = (64, 64)) -> Array:
    """The first picture's weights in the labels of many mixes."""
    batch = np.zeros((50, *size, 1), np.uint8)
    found = []
    for step in range(steps):
        soft = method.mix(batch, np.arange(50), classes=50, seed=5, step=step)[1]
        found.append(soft[np.arange(50), np.arange(50)])
    return np.concatenate(found)


def numbers_of(*uniforms: float, seed: int = 0) -> Numbers:
    return Numbers(np.array([*uniforms, *[0.5] * (16 - len(uniforms))]), seed)


@pytest.mark.parametrize("alpha", [0.01, 0.2, 0.5, 1, 2, 8, 100])
def test_beta_is_beta(alpha: float) -> None:
    [numbers] = draws([Key(1, str(i), 0) for i in range(5000)], ["x"])
    found = [beta(alpha, u, v) for u, v in numbers.uniforms[:, :2].tolist()]
    assert min(found) >= 0
    assert max(found) <= 1
    if alpha < 0.1:  # half of it closer to an end than a float can say: compare what is between
        found = [f for f in found if 1e-6 < f < 1 - 1e-6]
        between = stats.beta(alpha, alpha).cdf([1e-6, 1 - 1e-6])
        assert len(found) / 5000 == pytest.approx(np.diff(between)[0], abs=0.02)
        return
    assert stats.kstest(found, stats.beta(alpha, alpha).cdf).pvalue > 1e-3


def test_beta_survives_extreme_numbers() -> None:
    for alpha in (1e-3, 1.0, 1e3):
        for u in (2.0**-33, 0.5, 1 - 2.0**-33):
            for v in (2.0**-33, 0.25, 0.5, 1 - 2.0**-33):
                assert 0 <= beta(alpha, u, v) <= 1


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_mixup_weights(alpha: float) -> None:
    found = shares(mixer("mixup", alpha=alpha), 40, (2, 2))
    assert stats.kstest(found, stats.beta(alpha, alpha).cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", ["bc_plus", "noisy_mixup"])
def test_uniform_weights(name: str) -> None:
    assert stats.kstest(shares(mixer(name), 40, (2, 2)), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("name", ["vertical_concat", "horizontal_concat"])
def test_cuts_are_uniform(name: str) -> None:
    found = np.rint(shares(mixer(name), 60, (8, 8)) * 8)
    counts = np.bincount(found.astype(int), minlength=9)
    expected = np.array([0.5, *[1] * 7, 0.5]) / 8 * len(found)  # the ends are half as wide
    assert stats.chisquare(counts, expected).pvalue > 1e-3


@pytest.mark.parametrize("name", ["random_rows", "random_columns", "random_pixels"])
def test_scattered_counts_are_uniform(name: str) -> None:
    """A binomial count whose probability is uniform is itself uniform over 0..n."""
    size = {"random_rows": (7, 5), "random_columns": (5, 7), "random_pixels": (1, 7)}[name]
    counts = np.bincount(np.rint(shares(mixer(name), 60, size) * 7).astype(int), minlength=8)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_cutmix_areas() -> None:
    """Expected share of the second picture, by integrating over sizes and places."""
    found = 1 - shares(mixer("cutmix"), 100).astype(float)
    size, sizes, total = 64, 4000, 0.0
    for i in range(sizes):
        side = int(size * math.sqrt((i + 0.5) / sizes))
        starts = np.arange(size) - side // 2
        seen = np.clip(starts + side, 0, size) - np.clip(starts, 0, size)
        total += (seen.mean() / size) ** 2
    assert found.mean() == pytest.approx(total / sizes, abs=4 * found.std() / math.sqrt(len(found)))


def test_cutmix_keeps_places_and_proportions() -> None:
    first = np.zeros((60, 40, 1), np.int32)
    second = np.arange(1, 2401, dtype=np.int32).reshape(60, 40, 1)
    pair = [first.astype(np.uint16), second.astype(np.uint16)]
    # Beta(1, 1) of (u, v) = (3/4, 0): w = 1/3, so 1/2 + 1/4; sides are half of the picture's.
    mixed, weights = mixer("cutmix").blend(pair, numbers_of(0.75, 1e-12, 0.5, 0.5))
    rows, columns, _ = np.nonzero(mixed)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (15, 44, 10, 29)
    assert np.array_equal(mixed[15:45, 10:30], pair[1][15:45, 10:30])
    assert weights == (0.75, 0.25)


def test_vh_mixup_has_four_parts() -> None:
    first, second = np.full((10, 20, 2), 200, np.uint8), np.full((10, 20, 2), 100, np.uint8)
    mixed, weights = mixer("vh_mixup").blend([first, second], numbers_of(0.3, 0.6, 0.25))
    expected = np.empty((10, 20), np.uint8)
    expected[:3, :12], expected[3:, 12:] = 200, 100
    expected[:3, 12:] = 0.25 * 200 + 0.75 * 100  # above the cut, so in V; right, so not in H
    expected[3:, :12] = 0.75 * 200 + 0.25 * 100
    assert np.array_equal(mixed, np.stack([expected] * 2, axis=-1))
    assert weights[0] == pytest.approx(0.25 * 0.3 + 0.75 * 0.6)
    assert sum(weights) == pytest.approx(1)


def test_mixed_concat_is_a_chequerboard() -> None:
    first, second = np.ones((10, 10, 1), np.uint8), np.zeros((10, 10, 1), np.uint8)
    mixed, weights = mixer("mixed_concat").blend([first, second], numbers_of(0.3, 0.6))
    assert mixed[:3, :6].all()
    assert mixed[3:, 6:].all()
    assert not mixed[:3, 6:].any()
    assert not mixed[3:, :6].any()
    assert weights[0] == pytest.approx(0.3 * 0.6 + 0.7 * 0.4)


def test_random_2x2_parts_are_any() -> None:
    first, second = np.ones((8, 8, 1), np.uint8), np.zeros((8, 8, 1), np.uint8)
    seen = set()
    for step in range(300):
        [mix, _] = mixer("random_2x2").draw(2, seed=0, step=step)
        mixed = mixer("random_2x2").blend([first, second], mix.numbers)[0][..., 0]
        seen.add((mixed[0, 0], mixed[0, 7], mixed[7, 0], mixed[7, 7]))
        # The cuts stay two pixels or more from the edges.
        assert len(np.unique(mixed[:2, :2])) == len(np.unique(mixed[6:, 6:])) == 1
    assert len(seen) == 16


def slow_bc(r: float, x1: Array, x2: Array) -> Array:
    """BC+ as printed, for pictures of mean zero, one number at a time."""
    values1, values2 = x1.ravel().tolist(), x2.ravel().tolist()
    s1 = math.sqrt(sum(v * v for v in values1) / len(values1))
    s2 = math.sqrt(sum(v * v for v in values2) / len(values2))
    p = 1 / (1 + s1 / s2 * (1 - r) / r)
    root = math.sqrt(p * p + (1 - p) ** 2)
    mixed = [(p * a + (1 - p) * b) / root for a, b in zip(values1, values2, strict=True)]
    return np.array(mixed).reshape(x1.shape)


def zero_mean(seed: int, loudness: float) -> Array:
    found = np.random.default_rng(seed).normal(0, loudness, (9, 7, 3))
    return np.asarray(found - found.mean(axis=(0, 1)), np.float32)


@pytest.mark.parametrize("r", [0.01, 0.3, 0.5, 0.9])
def test_bc_plus_of_waves(r: float) -> None:
    first, second = zero_mean(0, 1), zero_mean(1, 5)
    mixed, weights = mixer("bc_plus").blend([first, second], numbers_of(r))
    assert mixed == pytest.approx(slow_bc(r, first, second), abs=1e-5)
    assert weights == (r, 1 - r)


def test_bc_plus_keeps_energy() -> None:
    """Independent waves of one loudness give a wave of that loudness, where mixup is quieter."""
    generator = np.random.default_rng(0)
    pair = [generator.normal(0, 1, (64, 64, 3)).astype(np.float32) for _ in range(2)]
    assert mixer("bc_plus").blend(pair, numbers_of(0.5))[0].std() == pytest.approx(1, abs=0.03)
    assert mixer("noisy_mixup").blend(pair, numbers_of(0.5))[0].std() < 0.75


def test_bc_plus_keeps_the_mean_of_light() -> None:
    generator = np.random.default_rng(0)
    pair = [generator.integers(low, low + 40, (16, 16, 3), dtype=np.uint8) for low in (60, 150)]
    mixed = mixer("bc_plus").blend(pair, numbers_of(0.25))[0]
    expected = 0.25 * pair[0].mean(axis=(0, 1)) + 0.75 * pair[1].mean(axis=(0, 1))
    assert mixed.mean(axis=(0, 1)) == pytest.approx(expected, abs=0.1)


def test_vh_bc_plus_is_bc_plus_of_two_concatenations() -> None:
    first, second = zero_mean(0, 1), zero_mean(1, 5)
    mixed, weights = mixer("vh_bc_plus").blend([first, second], numbers_of(0.5, 0.3, 0.4))
    above = np.concatenate([first[:5], second[5:]])  # 4.5 is rounded up
    beside = np.concatenate([first[:, :2], second[:, 2:]], axis=1)
    means = above.mean(axis=(0, 1)), beside.mean(axis=(0, 1))
    expected = slow_bc(0.4, above - means[0], beside - means[1])
    assert mixed == pytest.approx(expected + 0.4 * means[0] + 0.6 * means[1], abs=1e-5)
    assert weights[0] == pytest.approx(0.4 * 5 / 9 + 0.6 * 2 / 7)


def test_noisy_mixup_weights_have_noise() -> None:
    first, second = np.ones((200, 200, 2), np.float32), np.zeros((200, 200, 2), np.float32)
    mixed, weights = mixer("noisy_mixup").blend([first, second], numbers_of(0.4, seed=3))
    assert weights[0] == 0.4
    assert np.array_equal(mixed[..., 0], mixed[..., 1])
    drawn = (mixed[..., 0].ravel() - 0.4) / 0.025
    assert stats.kstest(drawn, "norm").pvalue > 1e-3


@pytest.mark.parametrize("name", ["random_square", "random_row_interval", "random_column_interval"])
def test_pieces_come_whole_from_anywhere(name: str) -> None:
    """Pixels tell where they come from: a piece is moved as a whole, and to everywhere."""
    y, x = np.mgrid[0:12, 0:12]
    second = np.stack([y + 1, x + 1], axis=-1).astype(np.uint8)
    first = np.zeros_like(second)
    covered, shifts = np.zeros((12, 12), int), set()
    for step in range(400):
        [mix, _] = mixer(name).draw(2, seed=0, step=step)
        mixed, weights = mixer(name).blend([first, second], mix.numbers)
        rows, columns = np.nonzero(mixed[..., 0])
        covered[rows, columns] += 1
        assert weights[1] == pytest.approx(len(rows) / 144)
        if not len(rows):
            continue
        moved = mixed[rows, columns] - 1 - np.stack([rows, columns], axis=-1).astype(int)
        assert (moved == moved[0]).all()
        shifts.add(tuple(moved[0].tolist()))
        assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        if name == "random_square":
            assert max(np.ptp(rows), np.ptp(columns)) < 6
        else:
            assert np.ptp(columns if "row" in name else rows) == 11
    assert covered.all()
    assert len(shifts) > 10


def test_random_elements_mixes_channels() -> None:
    pair = [np.ones((20, 20, 3), np.uint8), np.zeros((20, 20, 3), np.uint8)]
    elements = mixer("random_elements").blend(pair, numbers_of(0.5, seed=1))[0]
    pixels = mixer("random_pixels").blend(pair, numbers_of(0.5, seed=1))[0]
    assert len(np.unique(elements.reshape(-1, 3), axis=0)) == 8
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) == 2


def slow_shrink(picture: Array, height: int, width: int) -> Array:
    """Means over areas, by repeating pixels to a common multiple of both sizes."""
    tall, wide, _ = picture.shape
    big = picture.repeat(height, axis=0).repeat(width, axis=1).astype(np.float64)
    return np.asarray(big.reshape(height, tall, width, wide, -1).mean(axis=(1, 3)))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 4), (7, 9), (6, 9)])
def test_shrink_takes_means_of_areas(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).random((7, 9, 3)).astype(np.float32)
    assert shrink(picture, *size) == pytest.approx(slow_shrink(picture, *size), abs=1e-6)
    whole = (picture * 65535).astype(np.uint16)
    assert shrink(whole, *size) == pytest.approx(slow_shrink(whole, *size), abs=0.501)


def test_resizemix_shows_the_whole_picture_small() -> None:
    first = np.zeros((40, 30, 3), np.float32)
    second = np.random.default_rng(0).random((40, 30, 3)).astype(np.float32) + 0.1
    # 0.1 + 4/7 of 0.7 is half
    mixed, weights = mixer("resizemix").blend([first, second], numbers_of(4 / 7, 0.0, 0.99999))
    assert mixed[:20, 15:] == pytest.approx(slow_shrink(second, 20, 15), abs=1e-6)
    assert not mixed[20:].any()
    assert not mixed[:, :15].any()
    assert weights == (0.75, 0.25)


def test_the_catalogue_is_what_the_package_exports() -> None:
    import tenfold.mixing

    exported = [getattr(tenfold.mixing, name) for name in tenfold.mixing.__all__]
    classes = {item for item in exported if isinstance(item, type)}
    assert set(MIXERS.values()) == classes - {Mixer}
