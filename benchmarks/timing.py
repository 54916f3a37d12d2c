"""Libraries that take turns: rates on one thread, medians over rounds.

Nothing here knows of any library.
"""

from __future__ import annotations

import gc
import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter, process_time
from typing import Any


@dataclass(frozen=True)
class Variant:
    """One way in which a library does a thing.

    Attributes:
        call: takes one of `inputs` and returns the result, contiguous.
        inputs: what it takes in turn; together more than the processor's cache holds.
        size: images in one input.
    """

    call: Callable[[Any], Any]
    inputs: Sequence[Any]
    size: int = 1


@dataclass(frozen=True)
class Pace:
    """How long to measure.

    Attributes:
        rounds: in which every variant gets one turn.
        seconds: of a turn, about.
        warm: calls of each variant before the first round, at most.
        repeats: times that a row of too much spread is measured again.
    """

    rounds: int
    seconds: float
    warm: int
    repeats: int


FULL = Pace(rounds=9, seconds=0.25, warm=6, repeats=2)
QUICK = Pace(rounds=2, seconds=0.004, warm=1, repeats=0)


@dataclass(frozen=True)
class Rate:
    """Images a second.

    Attributes:
        median: over the rounds.
        spread: width of the middle half of the rounds, as a share of the median.
    """

    median: float
    spread: float


@dataclass
class _Turn:
    """A variant's own place in its inputs, and what it has done so far."""

    variant: Variant
    inputs: Iterator[Any]
    calls: int
    rates: list[float]


class Clock:
    """Processor time of everything measured, and how long that took by the clock on the wall."""

    def __init__(self) -> None:
        self.processor = 0.0
        self.wall = 0.0

    def time(self, call: Callable[[Any], Any], inputs: Sequence[Any]) -> float:
        """Seconds of processor time, user's and system's, of one call an input."""
        wall, processor = perf_counter(), process_time()
        for one in inputs:
            call(one)
        spent = process_time() - processor
        self.wall += perf_counter() - wall
        self.processor += spent
        return max(spent, 1e-9)


def measure(
    libraries: Mapping[str, Sequence[Variant]], pace: Pace, clock: Clock
) -> dict[str, Rate]:
    """The rate of each library: that of its fastest variant.

    In each round every variant of every library gets one turn, another one first each time, so
    that a slow spell of the machine hits all alike. A turn goes on with the inputs where the last
    one stopped, so that they come from memory and not from the cache.
    """
    turns = {
        (library, i): _begun(variant, pace, clock)
        for library, variants in libraries.items()
        for i, variant in enumerate(variants)
    }
    order = list(turns)
    gc.collect()
    gc.disable()
    try:
        for number in range(pace.rounds):
            first = number % len(order)
            for key in order[first:] + order[:first]:
                _take(turns[key], clock)
    finally:
        gc.enable()
    rates: dict[str, Rate] = {}
    for (library, _), turn in turns.items():
        rate = summary(turn.rates)
        if library not in rates or rate.median > rates[library].median:
            rates[library] = rate
    return rates


def settled(
    libraries: Mapping[str, Sequence[Variant]], pace: Pace, clock: Clock, most: float = 0.25
) -> dict[str, Rate]:
    """`measure`, again where any library's spread is above `most`; the calmest of the tries."""
    tries = [measure(libraries, pace, clock)]
    while _widest(tries[-1]) > most and len(tries) <= pace.repeats:
        tries.append(measure(libraries, pace, clock))
    return min(tries, key=_widest)


def summary(rates: Sequence[float]) -> Rate:
    """Median and spread of the rates of some rounds."""
    middle = statistics.median(rates)
    if len(rates) < 2:
        return Rate(middle, 0.0)
    low, _, high = statistics.quantiles(rates, n=4, method="inclusive")
    return Rate(middle, (high - low) / middle)


def geometric_mean(numbers: Sequence[float]) -> float:
    """The n-th root of the product of n positive numbers."""
    return math.exp(statistics.fmean(math.log(n) for n in numbers))


def _widest(rates: Mapping[str, Rate]) -> float:
    return max(rate.spread for rate in rates.values())


def _begun(variant: Variant, pace: Pace, clock: Clock) -> _Turn:
    inputs, spent = cycle(variant.inputs), 0.0
    for _ in range(pace.warm):
        spent += clock.time(variant.call, [next(inputs)])
        if spent > pace.seconds:
            break
    once = min(clock.time(variant.call, [next(inputs)]) for _ in range(2))
    return _Turn(variant, inputs, max(1, round(pace.seconds / once)), [])


def _take(turn: _Turn, clock: Clock) -> None:
    chosen = [next(turn.inputs) for _ in range(turn.calls)]
    spent = clock.time(turn.variant.call, chosen)
    turn.rates.append(turn.calls * turn.variant.size / spent)
