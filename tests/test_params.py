"""Parameters: what fits, what is refused and how, and how values are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tenfold.errors import RequestError
from tenfold.params import DISTRIBUTIONS, Range, Spec

DEGREES = Spec("range", "", within=(-180, 180), unit="degrees", neutral=0, symmetric=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (15, Range(-15, 15)),
        ([-3, 4], Range(-3, 4)),
        ((0, 0), Range(0, 0)),
        ({"low": 1, "high": 2, "distribution": "normal"}, Range(1, 2, "normal")),
        (Range(1, 2), Range(1, 2)),
    ],
)
def test_ranges_are_taken_in_every_form(value: object, expected: Range) -> None:
    assert DEGREES.coerce("degrees", value) == expected


def test_a_number_that_is_not_symmetric_is_that_number() -> None:
    assert Spec("range", "", neutral=0).coerce("sigma", 2) == Range(2, 2)


@pytest.mark.parametrize(
    ("spec", "value", "message"),
    [
        (DEGREES, 540, r"angle: must be within -180..180 degrees, got -540; did you mean -180\?"),
        (DEGREES, [10, -10], r"upside down; did you mean \[-10, 10\]"),
        (DEGREES, "ten", r"must be \[low, high\]"),
        (DEGREES, [1, 2, 3], r"must be \[low, high\]"),
        (DEGREES, [1, None], "two numbers"),
        (DEGREES, [1, float("nan")], "finite"),
        (DEGREES, True, r"must be \[low, high\]"),
        (DEGREES, {"low": 1, "hihg": 2}, "unknown key 'hihg' in a range; did you mean 'high'"),
        (DEGREES, {"low": 1}, "needs low and high"),
        (DEGREES, {"low": 1, "high": 2, "distribution": "norml"}, "did you mean 'normal'"),
        (DEGREES, {"low": 0, "high": 2, "distribution": "loguniform"}, "must be positive"),
        (Spec("range", "", integral=True), [1.5, 2], "whole numbers"),
        (Spec("number", "", within=(0, 1)), 2, "within 0..1, got 2; did you mean 1"),
        (Spec("number", ""), "2", "must be a number"),
        (Spec("integer", ""), 2.5, "whole number"),
        (Spec("flag", ""), 1, "true or false"),
        (Spec("choice", "", options=("mean", "noise")), "maen", "did you mean 'mean'"),
        (Spec("choices", "", options=("a", "b")), [], "some of a, b"),
        (Spec("numbers", ""), "1", "list of numbers"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_cure(
    spec: Spec, value: object, message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        spec.coerce("angle", value)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_draws_follow_the_named_distribution(distribution: str) -> None:
    low, high = 0.5, 2.0
    u = (np.arange(20000) + 0.5) / 20000
    drawn = Range(low, high, distribution).sample(u)  # type: ignore[arg-type]
    truth = {
        "uniform": stats.uniform(low, high - low),
        "loguniform": stats.loguniform(low, high),
        "triangular": stats.triang(0.5, low, high - low),
        "normal": stats.truncnorm(-2, 2, 1.25, 0.375),
    }[distribution]
    np.testing.assert_allclose(truth.cdf(drawn), u, atol=1e-6)


def test_whole_numbers_are_equally_likely() -> None:
    spec = Spec("range", "", integral=True)
    drawn = spec.draw(Range(2, 5), (np.arange(4000) + 0.5) / 4000)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [2, 3, 4, 5]
    assert np.ptp(counts) <= 2


LOW, HIGH = 2, 9
HALVES = np.arange(LOW - 0.5, HIGH + 1)
"""Where one whole number ends and the next begins."""


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_whole_numbers_follow_the_named_distribution(distribution: str) -> None:
    """Each number has the chance of what lies nearer to it than to others, the ends included."""
    span = HIGH - LOW + 1
    truth = {
        "uniform": stats.uniform(LOW - 0.5, span),
        "loguniform": stats.loguniform(LOW - 0.5, HIGH + 0.5),
        "triangular": stats.triang(0.5, LOW - 0.5, span),
        "normal": stats.truncnorm(-2, 2, (LOW + HIGH) / 2, span / 4),
    }[distribution]
    u = (np.arange(100000) + 0.5) / 100000
    drawn = Spec("range", "", integral=True).draw(Range(LOW, HIGH, distribution), u)  # type: ignore[arg-type]
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == list(range(LOW, HIGH + 1))
    np.testing.assert_allclose(counts / len(u), np.diff(truth.cdf(HALVES)), atol=2e-5)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_single_whole_number_is_that_number(distribution: str) -> None:
    u = np.array([2.0**-33, 0.5, 1 - 2.0**-33])
    drawn = Spec("range", "", integral=True).draw(Range(1, 1, distribution), u)  # type: ignore[arg-type]
    assert drawn.tolist() == [1, 1, 1]


def test_loguniform_whole_numbers_go_by_one_over_k() -> None:
    u = (np.arange(200000) + 0.5) / 200000
    drawn = Spec("range", "", integral=True).draw(Range(1, 100, "loguniform"), u)
    shares = np.bincount(drawn.astype(int))[1:] / len(u)
    expected = (1 / np.arange(1, 101)) / (1 / np.arange(1, 101)).sum()
    np.testing.assert_allclose(shares[1:], expected[1:], rtol=0.05)  # log(5/3) is 0.51, near 1/2
    assert shares[0] == pytest.approx(np.log(3) / np.log(201), rel=1e-3)


def test_a_range_survives_its_plain_form() -> None:
    for value in (Range(1, 2), Range(1, 2, "normal")):
        assert Spec("range", "").coerce("x", value.plain()) == value
