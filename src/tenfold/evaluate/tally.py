"""What a run did, added up from its manifest lines in bounded memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenfold.evaluate.words import generator_in_words
from tenfold.samples.source import Item

_CELLS = 2048
_FINEST = -40
_HUGE = 1e200  # beyond it, the finest cells' numbers would overflow
_LARGEST_WHOLE = 1e12
_WORDS = 64
_NO_SPLIT = ""


@dataclass(slots=True)
class Histogram:
    """A histogram of numbers that arrive one by one, without knowing their range beforehand.

    Cells are multiples of a power of two. They start far finer than any plot and double their
    width whenever more than 2048 are occupied; so the counts are exact, memory is bounded, and
    the result doesn't depend on the order of the numbers.

    Attributes:
        log: cells are made of log2 of the numbers (all positive).
        count, low, high, total: of the numbers seen; NaN, infinities and anything
            beyond 1e200 are passed over.
        whole: all numbers seen were whole.
    """

    log: bool = False
    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0
    whole: bool = True
    cells: dict[int, int] = field(default_factory=dict)
    exponent: int = _FINEST

    def add(self, value: float) -> None:
        """Count one number."""
        if not abs(value) < _HUGE or (self.log and value <= 0):
            return
        self.count += 1
        self.low, self.high = min(self.low, value), max(self.high, value)
        self.total += value
        self.whole = self.whole and float(value).is_integer()
        position = math.log2(value) if self.log else value
        cell = math.floor(math.ldexp(position, -self.exponent))
        self.cells[cell] = self.cells.get(cell, 0) + 1
        while len(self.cells) > _CELLS:
            coarser: dict[int, int] = {}
            for key, number in self.cells.items():
                coarser[key >> 1] = coarser.get(key >> 1, 0) + number
            self.cells, self.exponent = coarser, self.exponent + 1

    @property
    def mean(self) -> float:
        """Mean of the numbers; NaN if there are none."""
        return self.total / self.count if self.count else math.nan

    def bins(
        self, number: int = 24, within: tuple[float, float] | None = None
    ) -> tuple[list[float], list[int]]:
        """Edges (K + 1, rising) and counts (K) over `within`, or over what was seen.

        Numbers outside `within` go into the first or last bin. Whole numbers over a short range
        get a bin each, so K may differ from `number`.
        """
        if not self.count:
            return [0.0, 1.0], [0]
        low, high = within or (self.low, self.high)
        few = high - low <= number and max(abs(low), abs(high)) < _LARGEST_WHOLE
        if self.whole and not self.log and few and float(low).is_integer():
            marks = [low - 0.5 + i for i in range(int(high - low) + 2)]
        else:
            if self.log:
                low, high = math.log2(low if low > 0 else self.low), math.log2(high)
            if not low < high:
                margin = max(0.5, abs(low) * 1e-6)
                low, high = low - margin, low + margin
            marks = [low + (high - low) * i / number for i in range(number + 1)]
        counts = [0] * (len(marks) - 1)
        width = math.ldexp(1.0, self.exponent)
        for cell, times in self.cells.items():
            place = ((cell + 0.5) * width - marks[0]) / (marks[-1] - marks[0])
            counts[min(max(int(place * len(counts)), 0), len(counts) - 1)] += times
        return ([2.0**m for m in marks] if self.log else marks), counts


@dataclass(slots=True)
class OpTally:
    """How often one op acted, and with what.

    Attributes:
        acted: outputs that it acted on.
        numbers: histogram a numeric parameter.
        words: counts of the other values (choices, flags) a parameter; at most 64 different.
    """

    acted: int = 0
    numbers: dict[str, Histogram] = field(default_factory=dict)
    words: dict[str, Counter[str]] = field(default_factory=dict)


@dataclass(slots=True)
class ClassCounts:
    """Samples and objects a class, by split (`""` where there are no splits).

    Attributes:
        images: split -> label of the whole image -> samples.
        objects: split -> class -> objects.
    """

    images: dict[str, Counter[str]] = field(default_factory=dict)
    objects: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, split: str | None, label: object, labels: Iterable[object]) -> None:
        """Count one sample."""
        part = split or _NO_SPLIT
        if label is not None:
            self.images.setdefault(part, Counter())[str(label)] += 1
        for name in labels:
            self.objects.setdefault(part, Counter())[str(name)] += 1

    @classmethod
    def of_items(cls, items: Iterable[Item]) -> ClassCounts:
        """The classes of a source, before anything was done to it."""
        counts = cls()
        for item in items:
            counts.add(item.split, item.label, item.labels)
        return counts

    def plain(self) -> dict[str, dict[str, dict[str, int]]]:
        """In plain types."""
        return {
            "images": {s: dict(c) for s, c in sorted(self.images.items())},
            "objects": {s: dict(c) for s, c in sorted(self.objects.items())},
        }


@dataclass(slots=True)
class Aggregates:
    """A run in numbers.

    Attributes:
        outputs: samples written, of all kinds.
        kinds: split -> "original", "copy", "untouched" -> samples; split "" where there is none.
        classes: of all outputs.
        ops: by the op's distinct name in the recipe.
        annotations: "clipped", "dropped"... -> how many annotations.
        plain_copies: copies of the original on which no op happened to act.
        generated: copies that a generator made, by its words (see `generator_in_words`).
        composed: copies with objects of other samples; pasted: class -> such objects.
        short: composed copies that got fewer objects than were drawn for them.
    """

    outputs: int = 0
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    classes: ClassCounts = field(default_factory=ClassCounts)
    ops: dict[str, OpTally] = field(default_factory=dict)
    annotations: Counter[str] = field(default_factory=Counter)
    plain_copies: int = 0
    generated: Counter[str] = field(default_factory=Counter)
    composed: int = 0
    pasted: Counter[str] = field(default_factory=Counter)
    short: int = 0

    def kind(self, name: str) -> int:
        """Outputs of that kind in all splits."""
        return sum(c[name] for c in self.kinds.values())


def collect(manifest: Iterable[Mapping[str, Any]], log: Iterable[str] = ()) -> Aggregates:
    """Add up manifest lines, one after the other; memory doesn't grow with their number.

    Args:
        manifest: the lines as written by the engine.
        log: parameters ("op.parameter") best seen on a logarithmic axis.
    """
    sums, logarithmic = Aggregates(), frozenset(log)
    for line in manifest:
        sums.outputs += 1
        kind = str(line.get("kind", "copy"))
        sums.kinds.setdefault(line.get("split") or _NO_SPLIT, Counter())[kind] += 1
        sums.classes.add(line.get("split"), line.get("label"), line.get("labels") or ())
        for reason, number in (line.get("annotations") or {}).items():
            if number:
                sums.annotations[str(reason)] += int(number)
        ops = line.get("ops") or ()
        if made := generator_in_words(line):
            sums.generated[made] += 1
        composed = line.get("composed")
        if composed:
            sums.composed += 1
            sums.short += bool(composed.get("missing"))
            sums.pasted.update(str(part.get("label")) for part in composed.get("parts") or ())
        sums.plain_copies += kind == "copy" and not ops and not made and not composed
        for entry in ops:
            _add_op(sums, str(entry["op"]), entry.get("drawn") or {}, logarithmic)
    return sums


def _add_op(
    sums: Aggregates, name: str, drawn: Mapping[str, Any], logarithmic: frozenset[str]
) -> None:
    tally = sums.ops.setdefault(name, OpTally())
    tally.acted += 1
    for parameter, value in _flat(drawn):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if parameter not in tally.numbers:
                tally.numbers[parameter] = Histogram(log=f"{name}.{parameter}" in logarithmic)
            tally.numbers[parameter].add(value)
        else:
            words = tally.words.setdefault(parameter, Counter())
            word = str(value)
            words[word if word in words or len(words) < _WORDS else "(others)"] += 1


def _flat(drawn: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Names and values, nested ones as `outer.inner`; seeds and lists aren't magnitudes."""
    for name, value in drawn.items():
        if name == "seed" or value is None:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, (int, float, str)):
            yield prefix + name, value
