"""The copies of one sample: transforms of it, of what a generator made, or of a composition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.compose.composer import Composer
from tenfold.learned.copies import Generators, Making
from tenfold.plan.drawing import History
from tenfold.plan.instances import Counts
from tenfold.plan.plan import Outcome, Plan, history_from_json, history_json
from tenfold.rng import Key
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item


@dataclass(frozen=True, slots=True)
class Made:
    """A copy, and what a manifest line tells of how it came to be.

    Attributes:
        outcome: the new sample.
        ops: what the invariances drew, plain data.
        generator: what a generator drew, plain data (`Generators.told`); None if there was none.
        composed: of which objects it was composed (`Composed.told`); None if it wasn't.
    """

    outcome: Outcome
    ops: list[dict[str, Any]]
    generator: dict[str, Any] | None = None
    composed: dict[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        """The part of a manifest line."""
        return how(self.ops, self.generator, self.composed)


def how(
    ops: list[dict[str, Any]],
    generator: Mapping[str, Any] | None,
    composed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """How a copy came to be, as a manifest line tells it."""
    before = {"generator": generator, "composed": composed}
    return {**{k: dict(v) for k, v in before.items() if v is not None}, "ops": ops}


def make_copies(
    plan: Plan,
    generators: Generators,
    composer: Composer,
    item: Item,
    sample: Sample,
    keys: Sequence[Key],
) -> Iterator[Made]:
    """Copies of a sample, each a pure function of the sample and its key.

    Args:
        plan: the invariances.
        generators, composer: those of the same recipe.
        item: of the source.
        sample: the item's, checked by plan and generators.
        keys: one a copy.

    Raises:
        SampleError: a copy can't be made.
    """
    drawing = plan.drawing(keys)
    seeds = composer.draw(keys)
    for k, making in enumerate(generators.draw(keys)):
        if making is None and (seed := seeds[k]) is not None:
            composed = composer.make(item, sample, seed)
            outcome, ops = Outcome(composed.sample, Counts()), []
            if composer.transforms:
                outcome = plan.copy(composed.sample, drawing, k)
                ops = history_json(drawing.history(k))
            counts = composed.counts + outcome.counts
            yield Made(Outcome(outcome.sample, counts), ops, composed=composed.told)
            continue
        if making is None:
            yield Made(plan.copy(sample, drawing, k), history_json(drawing.history(k)))
            continue
        before = generators.make(sample, making)
        told = generators.told(making)
        if generators.transforms(making):
            yield Made(plan.copy(before, drawing, k), history_json(drawing.history(k)), told)
        else:
            yield Made(Outcome(before, Counts()), [], told)


def make_again(
    plan: Plan,
    generators: Generators,
    composer: Composer,
    sample: Sample,
    line: Mapping[str, Any],
) -> Outcome:
    """The copy that a manifest line tells of."""
    history: History = history_from_json(line["ops"])
    if (parts := line.get("composed")) is not None:
        whole = composer.again_from(sample, parts).sample
        return plan.run(whole, history) if composer.transforms else Outcome(whole, Counts())
    told = line.get("generator")
    if told is None:
        return plan.run(sample, history)
    making = Making(int(told["number"]), int(told["seed"]))
    before = generators.make(sample, making)
    return plan.run(before, history) if generators.transforms(making) else Outcome(before, Counts())
