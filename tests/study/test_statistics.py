"""Estimates, corrections and rates against scipy, analytic values and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import isotonic_regression

from tenfold.errors import RequestError
from tenfold.study.statistics import estimate, exchange_rate, holm, rising, units_needed


def test_one_repetition_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0.6, 0.2, 80), rng.normal(0.5, 0.2, 80)
    found = estimate((ours - theirs)[None])
    expected = stats.ttest_rel(ours, theirs)
    low, high = expected.confidence_interval(0.95)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


def test_one_unit_is_the_t_test_over_repetitions() -> None:
    values = np.array([0.02, 0.05, 0.01, 0.04, 0.03])
    found = estimate(values[:, None])
    expected = stats.ttest_1samp(values, 0)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)


def test_components_are_those_of_a_two_way_layout() -> None:
    """Mean squares as any textbook computes them."""
    rng = np.random.default_rng(1)
    table = rng.normal(0, 1, (6, 1)) + rng.normal(0, 2, (1, 40)) + rng.normal(0, 0.5, (6, 40))
    found = estimate(table)
    rows, columns, mean = table.mean(1), table.mean(0), table.mean()
    ms_rows = 40 * np.square(rows - mean).sum() / 5
    ms_units = 6 * np.square(columns - mean).sum() / 39
    rest = table - rows[:, None] - columns[None] + mean
    ms_rest = np.square(rest).sum() / (5 * 39)
    assert found.of_repeats == pytest.approx((ms_rows - ms_rest) / 40)
    assert found.of_units == pytest.approx((ms_units - ms_rest) / 6)
    assert found.of_rest == pytest.approx(ms_rest)
    assert found.deviation**2 == pytest.approx((ms_rows + ms_units - ms_rest) / 240)


@pytest.mark.parametrize(
    ("repeats", "units", "of_repeats", "of_units", "of_rest"),
    [(5, 200, 0.0, 0.3, 0.4), (5, 200, 0.02, 0.3, 0.4), (5, 300, 0.05, 0.3, 0.4),
     (10, 60, 0.03, 0.3, 0.4), (1, 200, 0.0, 0.3, 0.4)],
)  # fmt: skip
def test_intervals_cover_what_they_say(
    repeats: int, units: int, of_repeats: float, of_units: float, of_rest: float
) -> None:
    rng = np.random.default_rng([repeats, units, int(100 * of_repeats)])
    hits, tries, truth = 0, 1500, 0.1
    for _ in range(tries):
        table = truth + of_rest * rng.standard_normal((repeats, units))
        table += of_repeats * rng.standard_normal((repeats, 1))
        table += of_units * rng.standard_normal((1, units))
        found = estimate(table)
        hits += found.low <= truth <= found.high
    assert 0.93 <= hits / tries <= 0.97


def test_intervals_cover_differences_of_right_and_wrong() -> None:
    """As studies have them: each test sample right or wrong, by an ability of its own."""
    rng = np.random.default_rng(7)
    hits, tries = 0, 1500
    for _ in range(tries):
        easy = rng.beta(1.5, 1.0, 300)
        # What the interval is about: all samples and repetitions there could be.
        truth = 0.05 * 0.4  # 5 points for two fifths of ability, see below
        shift = 0.05 + 0.02 * rng.standard_normal((5, 1))
        plain = rng.random((5, 300)) < easy
        better = rng.random((5, 300)) < easy + shift * (1 - easy)
        found = estimate(better.astype(float) - plain)
        hits += found.low <= truth <= found.high
    assert 0.93 <= hits / tries <= 0.97


def test_groups_of_other_sizes_weigh_as_they_are() -> None:
    table = np.array([[0.1, 0.5, 0.3], [0.2, 0.6, 0.1]])
    assert estimate(table, [1, 2, 5]).mean == pytest.approx((table @ [1, 2, 5] / 8).mean())
    same = estimate(table, [4, 4, 4])
    assert same.deviation == pytest.approx(estimate(table).deviation)


def test_holm_is_what_scipy_and_a_textbook_say() -> None:
    given = [0.01, 0.04, 0.03, 0.005]
    assert holm(given) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]).max() <= 1


def test_more_units_narrow_as_told() -> None:
    """At as many units as it says, the interval's half is the effect."""
    rng = np.random.default_rng(3)
    table = 0.01 + 0.4 * rng.standard_normal((5, 200)) + 0.2 * rng.standard_normal((1, 200))
    found = estimate(table)
    needed = units_needed(found, 5, 0.02)
    half = 1.96 * math.sqrt(found.of_repeats / 5 + (found.of_units + found.of_rest / 5) / needed)
    assert half == pytest.approx(0.02, rel=1e-3)
    apart = estimate(np.repeat(rng.normal(0, 0.1, (4, 1)), 50, axis=1) + 1e-6 * table[:4, :50])
    assert math.isinf(units_needed(apart, 4, 0.02)), "more units don't mend repetitions"


def test_exchange_rate_reads_the_plain_curve() -> None:
    sizes, plain = [10, 100, 1000], [0.5, 0.7, 0.8]
    assert exchange_rate(sizes, plain, 0.6) == pytest.approx(10**1.5)
    assert exchange_rate(sizes, plain, 0.7) == pytest.approx(100)
    assert exchange_rate(sizes, plain, 0.4) == pytest.approx(10)
    assert math.isinf(exchange_rate(sizes, plain, 0.9))
    with pytest.raises(RequestError, match="two sizes"):
        exchange_rate([10], [0.5], 0.6)


def test_rising_is_isotonic_regression() -> None:
    values = np.random.default_rng(5).random(30)
    assert rising(values) == pytest.approx(isotonic_regression(values).x)


def test_too_little_is_refused() -> None:
    with pytest.raises(RequestError, match="two values"):
        estimate(np.zeros((1, 1)))
