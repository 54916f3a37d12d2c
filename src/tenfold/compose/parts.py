"""Which objects there are to cut out, by class: from the listing, without pixels."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenfold.declare.compose import ComposeUse
from tenfold.long_list import kept_sorted
from tenfold.samples.sample import Label
from tenfold.samples.source import Item, Source

Entry = tuple[int, int]
"""Number of the class, and of the item."""


@dataclass(frozen=True)
class Parts:
    """All objects of the items that are multiplied.

    Attributes:
        classes: in order; empty where the listing names no objects (masks).
        chances: of each class to be drawn; they sum to 1.
        ends: where each class's entries end.
        entries: one an object, sorted; where the listing names no objects, one an item.
    """

    classes: tuple[Label, ...]
    chances: tuple[float, ...]
    ends: tuple[int, ...]
    entries: Sequence[Entry]

    @classmethod
    def of(
        cls,
        source: Source,
        copies: Sequence[int | None],
        use: ComposeUse,
        originals: bool,
    ) -> Parts:
        """List the objects of the items that are multiplied (those with a number of copies)."""
        counts: Counter[Label] = Counter()
        held: dict[Label, float] = {}
        composed = 0.0
        stays = 1.0 - use.share * (use.backgrounds == "inpainted")
        for item, number in _multiplied(source, copies):
            composed += number * use.share
            own = Counter(item.labels)
            counts.update(own)
            for label, times in own.items():
                held[label] = held.get(label, 0.0) + times * (originals + number * stays)
        classes = tuple(sorted(counts, key=lambda label: (str(label), str(type(label)))))
        if not classes:
            some = ((0, i) for i, n in enumerate(copies) if n is not None)
            return cls((), (), (), kept_sorted(some, key=_itself))
        numbers = {label: number for number, label in enumerate(classes)}
        entries = (
            (numbers[label], index)
            for index, (item, copy) in enumerate(zip(source.items, copies, strict=True))
            if copy is not None
            for label in item.labels
        )
        wanted: Mapping[Label, float] = counts
        if use.rare_first:
            wanted = lacking(held, composed * use.expected)
        total = sum(wanted[c] for c in classes)
        ends, so_far = [], 0
        for label in classes:
            so_far += counts[label]
            ends.append(so_far)
        return cls(
            classes,
            tuple(wanted[c] / total for c in classes),
            tuple(ends),
            kept_sorted(entries, key=_itself),
        )

    def draw(self, u: float, v: float) -> tuple[Label | None, int]:
        """A class (None where the listing knows none) and an item that has it.

        An item is drawn as often as it has objects of that class.

        Args:
            u, v: uniform in [0, 1).
        """
        if not self.classes:
            return None, self.entries[int(v * len(self.entries))][1]
        upto, place = 0.0, 0
        for number, chance in enumerate(self.chances):
            if chance > 0:
                place = number
                upto += chance
                if u < upto:
                    break
        start = self.ends[place - 1] if place else 0
        return self.classes[place], self.entries[start + int(v * (self.ends[place] - start))][1]


def lacking(held: Mapping[Label, float], budget: float) -> dict[Label, float]:
    """How many more of each class bring all as near to equal numbers as a budget allows.

    The rarest are filled up first, to a common level. With no budget, all the same.

    Args:
        held: class -> objects that are there anyhow.
        budget: objects to give.

    Returns:
        Numbers that sum to the budget.
    """
    if budget <= 0:
        return dict.fromkeys(held, 1.0)
    levels = sorted(held.values())
    # The k rarest reach a level if what they lack of it fits into the budget.
    reach = [level * k - sum(levels[:k]) for k, level in enumerate(levels)]
    k = max(bisect_left(reach, budget), 1)
    level = (budget + sum(levels[:k])) / k
    return {label: max(level - there, 0.0) for label, there in held.items()}


def _multiplied(source: Source, copies: Sequence[int | None]) -> Iterator[tuple[Item, int]]:
    for item, number in zip(source.items, copies, strict=True):
        if number is not None:
            yield item, number


def _itself(entry: Entry) -> Entry:
    return entry
