"""Which objects there are to cut out, by class: from the listing, without pixels."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

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

    def draw(self, u: float, v: float, failed: Container[Label]) -> tuple[Label | None, int]:
        """A class (None where the listing knows none) and an item that has it.

        An item is drawn as often as it has objects of that class.

        Args:
            u, v: uniform in [0, 1).
            failed: classes of which no object could be put; the others are drawn, those that
                aren't wanted too if need be.
        """
        if not self.classes:
            return None, self.entries[int(v * len(self.entries))][1]
        sizes = [end - start for start, end in pairwise((0, *self.ends))]
        place = drawn(u, self.classes, self.chances, sizes, failed)
        start = self.ends[place] - sizes[place]
        return self.classes[place], self.entries[start + int(v * sizes[place])][1]


def drawn(
    u: float,
    classes: Sequence[Label],
    wanted: Sequence[float],
    there: Sequence[float],
    failed: Container[Label],
) -> int:
    """The number of a class, drawn by how much each is wanted.

    Args:
        u: uniform in [0, 1).
        classes: to draw one of.
        wanted: of each, in any unit.
        there: objects of each, by which they are drawn where none is wanted of those left.
        failed: classes that aren't drawn, unless all failed.
    """
    for weights in (wanted, there):
        left = [0.0 if c in failed else w for c, w in zip(classes, weights, strict=True)]
        if any(left):
            break
    else:
        left = list(wanted)
    upto = list(accumulate(left))
    place = bisect_right(upto, u * upto[-1])
    return min(place, max(n for n, weight in enumerate(left) if weight > 0))


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
