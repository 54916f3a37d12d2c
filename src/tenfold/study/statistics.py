"""What a difference between two arms is worth: estimates, intervals, tests, corrections.

Scores come as a table: a row a repetition (another training subset, other seeds), a column a test
unit (a sample, or a group of samples that belong together: a writer, a patient). Repetitions differ
because training is random; units differ because the test part is only a sample of all that the
model will meet. An interval that counts one of them only is too narrow, so both are counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its interval.

    Attributes:
        mean: in the units of what was given.
        low, high: ends of the interval.
        p: two-sided probability of a mean as far from zero if the truth were zero.
        deviation: standard error of the mean.
        of_repeats: variance of a single repetition's mean that comes from the repetition.
        of_units: variance of a single unit's mean that comes from the unit.
        of_rest: variance of one unit in one repetition beside both.
        freedom: degrees of freedom of the t distribution used.
    """

    mean: float
    low: float
    high: float
    p: float
    deviation: float
    of_repeats: float
    of_units: float
    of_rest: float
    freedom: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def estimate(table: Any, weights: Any = None, level: float = 0.95) -> Estimate:
    """Mean over repetitions and test units, with an interval that counts both.

    The model is `value = mean + repetition + unit + rest`, all random: a two-way layout with one
    value a cell. The variance of the mean is (MS_R + MS_U - MS_E) / (R U), its degrees of freedom
    are Satterthwaite's (Searle, Casella & McCulloch, Variance Components, 1992, chapters 4 and 5;
    Satterthwaite, Biometrics Bulletin 2, 1946). What is below what the rest alone would give is
    raised to that, so that intervals are never narrower than repeated independent draws allow.

    Args:
        table: (R, U) float; differences of two arms, pair by pair, or scores of one.
        weights: (U,) how much each unit counts (its number of samples), or None for all alike.
        level: of the interval, 0 to 1.

    Raises:
        RequestError: fewer than two values, or not a table.
    """
    from scipy import stats

    values = np.asarray(table, np.float64)
    if values.ndim != 2 or values.size < 2:
        raise RequestError(f"an estimate needs a table of two values or more, got {values.shape}")
    repeats, units = values.shape
    share = np.full(units, 1 / units) if weights is None else np.asarray(weights, np.float64)
    share = share / share.sum()
    effective = 1 / float(np.square(share).sum())  # as many units of equal weight
    of_row, of_column = values @ share, values.mean(axis=0)
    mean = float(of_row.mean())
    ss_units = repeats * float(share @ np.square(of_column - mean)) * effective
    ss_rows = effective * float(np.square(of_row - mean).sum())
    rest = values - of_row[:, None] - of_column[None] + mean
    ss_rest = effective * float((np.square(rest) @ share).sum())
    free_rows, free_units = repeats - 1, effective - 1
    ms_rows = ss_rows / free_rows if free_rows else 0.0
    ms_units = ss_units / free_units if free_units > 0 else 0.0
    ms_rest = ss_rest / (free_rows * free_units) if free_rows and free_units > 0 else 0.0
    variance, freedom = _of_the_mean(
        (ms_rows, free_rows), (ms_units, free_units), (ms_rest, free_rows * free_units),
        repeats * effective,
    )  # fmt: skip
    deviation = math.sqrt(variance)
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * deviation
    if deviation:
        p = float(2 * stats.t.sf(abs(mean) / deviation, freedom))
    else:
        p = 1.0 if mean == 0 else 0.0
    return Estimate(
        mean, mean - reach, mean + reach, p, deviation,
        of_repeats=max(0.0, (ms_rows - ms_rest) / effective),
        of_units=max(0.0, (ms_units - ms_rest) / repeats),
        of_rest=ms_rest if free_rows else 0.0,
        freedom=freedom,
    )  # fmt: skip


def _of_the_mean(
    rows: tuple[float, float], units: tuple[float, float], rest: tuple[float, float], cells: float
) -> tuple[float, float]:
    """Variance of the mean and its degrees of freedom, from mean squares and theirs."""
    if not rows[1]:
        return units[0] / cells, max(units[1], 1e-9)
    if units[1] <= 0:
        return rows[0] / cells, rows[1]
    # A component below zero is taken as zero: its mean square then says what the rest says.
    parts = [rows] if rows[0] > rest[0] else []
    parts += [units] if units[0] > rest[0] else []
    if not parts:
        return rest[0] / cells, rest[1]
    total = sum(ms for ms, _ in parts) - (rest[0] if len(parts) == 2 else 0.0)
    spread = sum(ms**2 / free for ms, free in parts)
    spread += rest[0] ** 2 / rest[1] if len(parts) == 2 else 0.0
    return total / cells, total**2 / spread


def holm(p: Sequence[float]) -> Floats:
    """Probabilities adjusted for how many there are.

    Where nothing is true, any of them is below 0.05 in at most one study of twenty (Holm,
    Scandinavian Journal of Statistics 6, 1979).
    """
    given = np.asarray(p, np.float64)
    order = np.argsort(given, kind="stable")
    steps = given[order] * np.arange(len(given), 0, -1)
    out = np.empty_like(given)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out


def units_needed(found: Estimate, repeats: int, effect: float, level: float = 0.95) -> float:
    """How many test units, at so many repetitions, would tell an effect of that size from zero.

    Returns:
        A number of units; infinity where more of them alone don't do (the repetitions differ too
        much: more of those are needed).
    """
    from scipy import stats

    wanted = (abs(effect) / float(stats.norm.ppf((1 + level) / 2))) ** 2
    wanted -= found.of_repeats / repeats
    each = found.of_units + found.of_rest / repeats
    return math.inf if wanted <= 0 else each / wanted


def exchange_rate(sizes: Sequence[float], plain: Sequence[float], reached: float) -> float:
    """How many real samples give without augmentation what was reached with it.

    The plain curve is made to rise (pool adjacent violators) and read between its points with the
    size on a logarithmic scale; n_eff of Geiping et al., arXiv 2210.06441.

    Returns:
        A number of samples; infinity above the curve's end, the least size below its beginning.

    Raises:
        RequestError: fewer than two sizes.
    """
    if len(sizes) < 2:
        raise RequestError("an exchange rate needs plain scores at two sizes or more")
    order = np.argsort(sizes)
    places = np.log(np.asarray(sizes, np.float64)[order])
    curve = rising(np.asarray(plain, np.float64)[order])
    if reached > curve[-1]:
        return math.inf
    if reached <= curve[0]:
        return float(np.exp(places[0]))
    above = int(np.argmax(curve >= reached))
    step = (reached - curve[above - 1]) / (curve[above] - curve[above - 1])
    return float(np.exp(places[above - 1] + step * (places[above] - places[above - 1])))


def rising(values: Floats) -> Floats:
    """The nearest curve that never falls (least squares, pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    return np.concatenate([np.full(count, mean) for mean, count in pools])
