"""From what was still read at each magnitude to the magnitude where labels begin to suffer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.calibrate.psychometric import crossing, fit_falling, never_rising

Floats = NDArray[np.float64]

DRAWS = 200
_CLASS_DRAWS = 100
_TAIL = 0.025
_FINE = 121


@dataclass(frozen=True, eq=False)
class Limit:
    """The magnitude at which label preservation is `epsilon` below that of unchanged samples.

    Attributes:
        magnitude, low, high: with its 95 % interval; the largest tried where it is beyond that.
        largest: the largest tried.
    """

    magnitude: float
    low: float
    high: float
    largest: float

    @property
    def beyond(self) -> bool:
        """Labels survive all that was tried."""
        return self.magnitude >= self.largest

    def told(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "magnitude": self.magnitude, "low": self.low, "high": self.high, "beyond": self.beyond
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Side:
    """What was measured on one side of an axis.

    Attributes:
        sign: -1 or 1.
        levels: (M,) magnitudes, from 0.
        shares: (M,) that were still read; `low`, `high` their 95 % intervals.
        of_judges: (J, M) of each kind of classifier.
        limit: of all samples.
        judge_limits: of each kind of classifier, without interval.
        of_classes: (C, M) the shares of each class.
        class_limits: of each class.
        fitted: the psychometric curve fits; else limits are those of the isotonic curve.
        curve: (2, K) magnitudes and shares of the estimate.
        parameters: alpha, beta, guess and lapse of the fit, whether it fits or not.
    """

    sign: int
    levels: Floats
    shares: Floats
    low: Floats
    high: Floats
    of_judges: Floats
    limit: Limit
    judge_limits: tuple[float, ...]
    of_classes: Floats
    class_limits: tuple[Limit, ...]
    fitted: bool
    curve: Floats
    parameters: dict[str, float]


class Resampled:
    """Samples drawn again with replacement, group by group: the bootstrap's weights.

    Args:
        groups: (N,) numbers from 0.
        seed: of the draws.
        draws: how many.
    """

    def __init__(self, groups: NDArray[np.int64], seed: int, draws: int = DRAWS) -> None:
        count = int(groups.max()) + 1
        rng = np.random.default_rng([seed, 11])
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=draws)
        self.weights = drawn[:, groups].astype(np.float32)

    def means(self, table: Any, some: Any = None, draws: int | None = None) -> Floats:
        """(M, N) values -> (1 + draws, M): first the means, then those of the draws.

        Args:
            table: values of all samples.
            some: (N,) bool, the samples that count; all by default.
            draws: how many; all by default.
        """
        values = np.asarray(table, np.float32)
        weights = self.weights[:draws]
        if some is not None:
            values, weights = values[:, some], weights[:, some]
        total = weights.sum(axis=1)
        weights = weights[total > 0]
        drawn = weights @ values.T / weights.sum(axis=1, keepdims=True)
        return np.concatenate([values.mean(axis=1, keepdims=True).T, drawn]).astype(np.float64)


def interval(draws: Any) -> tuple[Floats, Floats]:
    """The ends of 95 % of the values along the first axis; infinities may be among them."""
    ends = np.quantile(np.asarray(draws, np.float64), [_TAIL, 1 - _TAIL], axis=0, method="nearest")
    return ends[0], ends[1]


def side_of(
    sign: int, levels: Any, right: Any, labels: NDArray[np.int64], resampled: Resampled,
    epsilon: float,
) -> Side:  # fmt: skip
    """Estimate a side.

    Args:
        sign: -1 or 1.
        levels: (M,) magnitudes, rising from 0.
        right: (J, M, N) whether each kind of classifier read each sample at each magnitude.
        labels: (N,) places of the classes.
        resampled: of these samples.
        epsilon: how much preservation may fall, 0 to 1.
    """
    s = np.asarray(levels, np.float64)
    judged = np.asarray(right, np.float32)
    table = judged.mean(axis=0)
    classes = int(labels.max()) + 1
    means = resampled.means(table)
    low, high = interval(means[1:])
    curves = fit_falling(s, means, 1 / classes)
    values = curves.at(s)
    spread = means[1:].std(axis=0)
    misfit = np.abs(values[0] - means[0]) > np.maximum(3 * spread, epsilon / 2)
    fitted = not misfit.any()
    found = _limits(s, means, 1 / classes, epsilon, fitted)
    fine = np.linspace(0, s[-1], _FINE)
    smooth = curves.at(fine)[0] if fitted else np.interp(fine, s, never_rising(means[:1])[0])
    of_class, class_limits = [], []
    for number in range(classes):
        own = resampled.means(table, labels == number, _CLASS_DRAWS)
        of_class.append(own[0])
        class_limits.append(_limit(_limits(s, own, 0.0, epsilon, fitted), s[-1]))
    one = judged.mean(axis=2)
    return Side(
        sign, s, means[0], low, high, one, _limit(found, s[-1]),
        tuple(
            float(min(v, s[-1]))
            for v in _limits(s, one.astype(np.float64), 1 / classes, epsilon, fitted)
        ),
        np.array(of_class), tuple(class_limits), fitted, np.stack([fine, smooth]),
        {
            name: float(getattr(curves, name)[0]) for name in ("alpha", "beta", "guess", "lapse")
        },
    )  # fmt: skip


def _limits(s: Floats, means: Floats, floor: float, epsilon: float, fitted: bool) -> Floats:
    """Of each row, by the psychometric curve or, where it doesn't fit, by the isotonic one."""
    if fitted:
        return fit_falling(s, means, floor).limit(epsilon)
    return crossing(s, never_rising(means), epsilon)


def _limit(found: Floats, largest: float) -> Limit:
    """The first is the estimate, the rest its draws."""
    capped = np.minimum(found, largest)
    low, high = interval(capped[1:])
    return Limit(float(capped[0]), float(low), float(high), float(largest))
