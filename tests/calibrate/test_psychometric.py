"""Curves against scipy's likeliest ones, limits against simulated samples of known tolerance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from tenfold.calibrate.limits import Resampled, side_of
from tenfold.calibrate.psychometric import crossing, fit_falling, never_rising

LEVELS = np.array([0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1])


def truth(alpha: float, beta: float, guess: float, lapse: float) -> np.ndarray:
    return guess + (1 - guess - lapse) * np.exp(-((LEVELS / alpha) ** beta))


@pytest.mark.parametrize(
    ("alpha", "beta", "guess", "lapse"),
    [(0.3, 2, 0.1, 0.03), (0.1, 3, 0.4, 0.1), (0.5, 1.5, 0.1, 0.3), (0.03, 2, 0.1, 0.02)],
)
def test_known_curves_are_found_again(
    alpha: float, beta: float, guess: float, lapse: float
) -> None:
    found = fit_falling(LEVELS, truth(alpha, beta, guess, lapse), 0.1)
    assert found.alpha[0] == pytest.approx(alpha, rel=2e-3)
    assert found.beta[0] == pytest.approx(beta, rel=5e-3)
    assert found.guess[0] == pytest.approx(guess, abs=2e-3)
    assert found.lapse[0] == pytest.approx(lapse, abs=2e-3)
    expected = alpha * (-np.log(1 - 0.02 / (1 - guess - lapse))) ** (1 / beta)
    assert found.limit(0.02)[0] == pytest.approx(expected, rel=0.01)
    at = found.at([found.limit(0.02)[0], 0.0])[0]
    assert at[1] - at[0] == pytest.approx(0.02, abs=1e-9)


def test_no_curve_is_likelier_than_the_one_found() -> None:
    rng = np.random.default_rng(3)
    shares = rng.binomial(300, truth(0.25, 2.5, 0.1, 0.05)) / 300
    found = fit_falling(LEVELS, shares, 0.1)

    def loss(p: np.ndarray) -> float:
        up = 0.1 + 0.9 / (1 + np.exp(-p[2]))
        low = 0.1 + (up - 0.1) / (1 + np.exp(-p[3]))
        with np.errstate(over="ignore"):
            value = low + (up - low) * np.exp(-((LEVELS / np.exp(p[0])) ** np.exp(p[1])))
        value = np.clip(value, 1e-9, 1 - 1e-9)
        return float(-(shares * np.log(value) + (1 - shares) * np.log(1 - value)).sum())

    best = min(
        (
            minimize(loss, [np.log(a), 0.7, 2, -2], method="Nelder-Mead",
                     options={"maxiter": 9000, "maxfev": 9000, "xatol": 1e-9, "fatol": 1e-13})
            for a in (0.1, 0.3, 1.0)
        ),
        key=lambda result: float(result.fun),
    )  # fmt: skip
    value = found.at(LEVELS)[0]
    own = float(-(shares * np.log(value) + (1 - shares) * np.log(1 - value)).sum())
    assert own <= best.fun + 1e-6
    assert found.alpha[0] == pytest.approx(np.exp(best.x[0]), rel=1e-3)


def test_the_guess_rate_has_a_floor_and_many_fits_are_as_single_ones() -> None:
    rng = np.random.default_rng(0)
    shares = rng.binomial(80, truth(0.3, 2, 0.02, 0.05), (20, len(LEVELS))) / 80
    together = fit_falling(LEVELS, shares, 0.1)
    assert (together.guess >= 0.1).all()
    one = fit_falling(LEVELS, shares[7], 0.1)
    assert one.alpha[0] == pytest.approx(together.alpha[7], rel=1e-6)


def test_what_never_falls_has_no_limit() -> None:
    found = fit_falling(LEVELS, np.full(len(LEVELS), 0.97), 0.1)
    assert found.limit(0.02)[0] > 1
    assert crossing(LEVELS, np.full((1, len(LEVELS)), 0.97), 0.02)[0] == np.inf


def test_the_isotonic_curve_and_where_it_falls() -> None:
    shares = [1.0, 0.9, 0.95, 0.5, 0.7]
    curve = never_rising(shares)
    np.testing.assert_allclose(curve[0], [1.0, 0.925, 0.925, 0.6, 0.6])
    levels = [0, 1, 2, 3, 4]
    assert crossing(levels, curve, 0.03)[0] == pytest.approx(0.4)
    assert crossing(levels, curve, 0.2)[0] == pytest.approx(2 + 0.125 / 0.325)


def right_until(tolerance: np.ndarray, lapse: np.ndarray) -> np.ndarray:
    """(1, M, N): each sample is read up to a magnitude of its own, if it is read at all."""
    return np.asarray((LEVELS[:, None] < tolerance) & ~lapse)[None]


def test_intervals_hold_the_known_limit() -> None:
    """95 % intervals hold it in 53 of 60 simulated calibrations at least (they do by 99 %)."""
    held = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        right = right_until(0.3 * rng.weibull(2, 500), rng.random(500) < 0.03)
        resampled = Resampled(np.arange(500), seed, 120)
        limits = fit_falling(LEVELS, resampled.means(right[0]), 0.0).limit(0.02)
        low, high = np.quantile(limits[1:], [0.025, 0.975])
        held.append(low <= 0.3 * (-np.log(1 - 0.02 / 0.97)) ** 0.5 <= high)
    assert sum(held) >= 53


def test_groups_are_drawn_whole_and_make_intervals_wider() -> None:
    """20 writers of 25 samples that all bear the same: as uncertain as 20 samples."""
    rng = np.random.default_rng(1)
    tolerance = np.repeat(0.3 * rng.weibull(2, 20), 25)
    right = right_until(tolerance, np.zeros(500, bool))
    labels = np.tile(np.arange(5), 100)
    alone = side_of(1, LEVELS, right, labels, Resampled(np.arange(500), 0), 0.02)
    writers = side_of(1, LEVELS, right, labels, Resampled(np.repeat(np.arange(20), 25), 0), 0.02)
    assert alone.limit.magnitude == writers.limit.magnitude
    widths = [(side.high - side.low)[5] for side in (alone, writers)]
    assert widths[1] > 3 * widths[0]


def test_a_curve_that_does_not_fit_leaves_the_word_to_the_isotonic_one() -> None:
    """Whole down to 1/4, then nothing, then back at 1: as signs that half a turn restores."""
    rng = np.random.default_rng(0)
    share = np.array([1, 1, 1, 1, 1, 1, 0.9, 0.05, 0.0, 0.0, 0.9])
    right = (rng.random((len(LEVELS), 600)) < share[:, None])[None]
    side = side_of(1, LEVELS, right, np.arange(600) % 3, Resampled(np.arange(600), 0), 0.02)
    assert not side.fitted
    assert 3 / 16 < side.limit.magnitude < 1 / 4
