"""Values with intervals, by leaving out a group of samples at a time.

A bootstrap draws samples twice, and a sample's twin at distance zero breaks every measure that is
made of nearest neighbours or counts different samples. Leaving out needs no twins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tenfold.richness.distances import Floats, Places

GROUPS = 20
_NORMAL = 1.959964
_T = 2.093024  # 97.5 % of Student's t with 19 degrees of freedom


@dataclass(frozen=True, slots=True)
class Measure:
    """A value and its 95 % interval.

    Attributes:
        value: the measure.
        low, high: ends of the interval; NaN where there are fewer than 20 samples.
    """

    value: float
    low: float = math.nan
    high: float = math.nan

    def plain(self) -> dict[str, float | None]:
        """In types that JSON has; what isn't known is null."""
        named = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if math.isnan(number) else number for name, number in named.items()}


def groups_of(count: int, seed: int) -> Places:
    """(count,) numbers 0 to 19: groups of equal size, at random; all -1 below 20 samples."""
    if count < GROUPS:
        return np.full(count, -1, np.int64)
    return np.random.default_rng([seed, count]).permutation(np.arange(count) % GROUPS)


def without_groups(value: float, left: ArrayLike, low: float, high: float) -> Measure:
    """The interval of a value by the delete-a-group jackknife.

    The variance is (G - 1) / G times the sum of squared deviations of the G values, each without
    one group, from their mean; the interval is Student's with G - 1 degrees of freedom (Kott,
    Journal of Official Statistics 17, 2001; Shao & Wu, Annals of Statistics 17, 1989).

    Args:
        value: of all samples.
        left: (20,) the same without each group.
        low, high: least and greatest possible value.
    """
    rest: Floats = np.asarray(left, np.float64)
    spread = math.sqrt((GROUPS - 1) / GROUPS * float(np.square(rest - rest.mean()).sum()))
    return around(value, _T * spread, low, high)


def around(value: float, reach: float, low: float, high: float) -> Measure:
    """A value and as much on both sides of it, within what is possible."""
    if math.isnan(reach):
        return Measure(value)
    return Measure(value, max(low, value - reach), min(high, value + reach))


def share_of(value: float, left: ArrayLike, count: int) -> Measure:
    """The interval of a share of `count` samples: that of `without_groups`, or Wilson's if wider.

    Where all samples agree, leaving some out changes nothing, and yet the next one may not agree
    (Wilson, Journal of the American Statistical Association 22, 1927).

    Args:
        value, left: see `without_groups`.
        count: samples.
    """
    found = without_groups(value, left, 0.0, 1.0)
    z2 = _NORMAL**2
    middle = (value + z2 / (2 * count)) / (1 + z2 / count)
    reach = math.sqrt(value * (1 - value) / count + z2 / (4 * count**2)) * _NORMAL
    reach /= 1 + z2 / count
    return Measure(
        value, max(0.0, min(found.low, value, middle - reach)),
        min(1.0, max(found.high, value, middle + reach)),
    )  # fmt: skip
