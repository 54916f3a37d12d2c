"""Falling psychometric curves: how often a label is still read, by how much its image changed.

psi(s) = guess + (1 - guess - lapse) S(s),  S(s) = exp(-(s / alpha)^beta): what is left of one less
a Weibull distribution, that is 1 - F((ln s - ln alpha) beta) of the smallest extreme value's F,
so that psi(0) = 1 - lapse exactly. The guess rate is what is still read when nothing of the label
is left, the lapse rate the errors that are made although nothing changed (Wichmann & Hill,
Perception & Psychophysics 63, 2001). Fitted by maximum (quasi-)likelihood of shares: the samples
are the same at all magnitudes, so intervals come from resampling samples, not from the likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.study.statistics import rising

Floats = NDArray[np.float64]

_STEPS = 80
_STEEP = (np.log(0.4), np.log(12.0))  # of beta
_EDGE = 1e-5
_ENOUGH = 1e-9  # of deviance: a step that gains less is the last


@dataclass(frozen=True)
class Falling:
    """R curves.

    Attributes:
        alpha: (R,) magnitude at which S is 1/e, in the units of the levels.
        beta: (R,) steepness.
        guess, lapse: (R,) rates, 0 to 1.
        deviance: (R,) of a single draw a level, to compare fits of the same shares.
    """

    alpha: Floats
    beta: Floats
    guess: Floats
    lapse: Floats
    deviance: Floats

    def at(self, levels: Any) -> Floats:
        """(M,) magnitudes from 0 -> (R, M) shares."""
        s = np.asarray(levels, np.float64)[None]
        z = np.power(s / self.alpha[:, None], self.beta[:, None])
        span = 1 - self.guess - self.lapse
        return np.asarray(self.guess[:, None] + span[:, None] * np.exp(-z))

    def limit(self, epsilon: float) -> Floats:
        """(R,) magnitudes at which psi is `epsilon` below psi(0); infinity where it never is."""
        span = 1 - self.guess - self.lapse
        with np.errstate(divide="ignore", invalid="ignore"):
            left = -np.log1p(-epsilon / span)
            found = self.alpha * np.power(left, 1 / self.beta)
        return np.where(span > epsilon, found, np.inf)


def fit_falling(levels: Any, shares: Any, floor: float) -> Falling:
    """Fit curves to shares, all at once.

    Fisher scoring with Levenberg's damping from two starts, of which the likelier end is kept. The
    guess rate is between `floor` and 1 - lapse: where some classes survive any magnitude, more is
    read than by guessing.

    Args:
        levels: (M,) magnitudes from 0, rising.
        shares: (R, M) that were right, 0 to 1.
        floor: least guess rate, 1 / classes, or 0.
    """
    s = np.asarray(levels, np.float64)
    y = np.atleast_2d(np.asarray(shares, np.float64))
    top, bottom = y[:, :2].mean(axis=1), y.min(axis=1)
    middle = (y <= ((top + bottom) / 2)[:, None]).argmax(axis=1)
    first = s[np.where(middle > 0, middle, len(s) - 1)]
    ends = [
        _climbed(s, y, floor, np.log(np.maximum(at, s[1])), beta, low)
        for at, beta, low in ((first, 2.0, bottom), (0.6 * first, 1.0, np.full(len(y), floor)))
    ]
    better = ends[1].deviance < ends[0].deviance
    return Falling(*(
        np.where(better, getattr(ends[1], name), getattr(ends[0], name))
        for name in ("alpha", "beta", "guess", "lapse", "deviance")
    ))  # fmt: skip


def _climbed(
    s: Floats, y: Floats, floor: float, place: Floats, beta: float, low: Floats
) -> Falling:
    """Parameters: ln alpha, ln beta, and two logits, of 1 - lapse and of guess between bounds."""
    top = np.clip((y[:, :2].mean(axis=1) - floor) / (1 - floor), 0.02, 0.995)
    part = np.clip((low - floor) / np.maximum(y[:, 0] - floor, 0.02), 0.02, 0.98)
    theta = np.stack(
        [place, np.full(len(y), np.log(beta)), np.log(top / (1 - top)), np.log(part / (1 - part))],
        axis=1,
    )
    least = np.array([np.log(s[1] / 8), _STEEP[0], -12, -12])
    most = np.array([np.log(s[-1] * 8), _STEEP[1], 12, 12])
    theta = np.clip(theta, least, most)
    damping = np.full(len(y), 1e-2)
    deviance = _deviance(y, _curve(s, theta, floor)[0])
    live = np.arange(len(y))
    for _ in range(_STEPS):
        value, slopes = _curve(s, theta[live], floor)
        weight = 1 / (value * (1 - value))
        score = np.einsum("rm,rmp->rp", weight * (y[live] - value), slopes)
        weighted = slopes * weight[:, :, None]
        information = np.matmul(weighted.transpose(0, 2, 1), slopes)
        scale = np.einsum("rpp->rp", information) + 1e-6
        damped = information + (damping[live, None] * scale)[:, :, None] * np.eye(4)
        step = np.linalg.solve(damped, score[:, :, None])[:, :, 0]
        tried = np.clip(theta[live] + np.clip(step, -2, 2), least, most)
        reached = _deviance(y[live], _curve(s, tried, floor)[0])
        gained = deviance[live] - reached
        better = gained >= 0
        theta[live[better]], deviance[live[better]] = tried[better], reached[better]
        damping[live] = np.clip(damping[live] * np.where(better, 0.25, 6.0), 1e-9, 1e9)
        live = live[np.where(better, gained > _ENOUGH, damping[live] < 1e8)]
        if not live.size:
            break
    up, down = _bounds(theta, floor)
    return Falling(np.exp(theta[:, 0]), np.exp(theta[:, 1]), down, 1 - up, deviance)


def _bounds(theta: Floats, floor: float) -> tuple[Floats, Floats]:
    up = floor + (1 - _EDGE - floor) / (1 + np.exp(-theta[:, 2]))
    return up, np.maximum(floor, _EDGE) + (up - floor) / (1 + np.exp(-theta[:, 3]))


def _curve(s: Floats, theta: Floats, floor: float) -> tuple[Floats, Floats]:
    """(R, M) values, within `_EDGE` of 0 and 1, and (R, M, 4) slopes by the parameters."""
    beta = np.exp(theta[:, 1])[:, None]
    distance = np.log(np.maximum(s, 1e-300))[None] - theta[:, :1]
    z = np.exp(np.clip(beta * distance, -700, 50))
    left = np.exp(-z)
    first, second = (1 / (1 + np.exp(-theta[:, k]))[:, None] for k in (2, 3))
    up, low = (b[:, None] for b in _bounds(theta, floor))
    d_up = (1 - _EDGE - floor) * first * (1 - first)
    fall = (up - low) * left * z * beta
    slopes = np.stack(
        [
            fall, -fall * np.where(z > 0, distance, 0.0), d_up * (left + (1 - left) * second),
            (1 - left) * (up - floor) * second * (1 - second),
        ],
        axis=2,
    )  # fmt: skip
    return np.clip(low + (up - low) * left, _EDGE, 1 - _EDGE), slopes


def _deviance(y: Floats, value: Floats) -> Floats:
    """Twice the log-likelihood ratio to shares themselves, a draw a level."""
    with np.errstate(divide="ignore", invalid="ignore"):
        right = np.where(y > 0, y * np.log(y / value), 0.0)
        wrong = np.where(y < 1, (1 - y) * np.log((1 - y) / (1 - value)), 0.0)
    return np.asarray(2 * (right + wrong).sum(axis=1))


def never_rising(shares: Any) -> Floats:
    """(R, M) shares -> the nearest curves that never rise (isotonic regression)."""
    return np.stack([-rising(-row) for row in np.atleast_2d(np.asarray(shares, np.float64))])


def crossing(levels: Any, curves: Any, epsilon: float) -> Floats:
    """Where straight lines through (R, M) points that never rise reach `epsilon` below the first.

    Returns:
        (R,) magnitudes, infinity where they never do.
    """
    s, y = np.asarray(levels, np.float64), np.asarray(curves, np.float64)
    goal = y[:, :1] - epsilon
    below = y < goal
    k = np.maximum(below.argmax(axis=1), 1)
    rows = np.arange(len(y))
    before, after = y[rows, k - 1], y[rows, k]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (before - goal[:, 0]) / (before - after)
        found = s[k - 1] + part * (s[k] - s[k - 1])
    return np.where(below.any(axis=1), found, np.inf)
