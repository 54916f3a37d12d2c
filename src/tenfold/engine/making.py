"""The copies of one sample: transforms of the original, or of what a generator made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.learned.copies import Generators, Making
from tenfold.plan.drawing import History
from tenfold.plan.instances import Counts
from tenfold.plan.plan import Outcome, Plan, history_from_json, history_json
from tenfold.rng import Key
from tenfold.samples.sample import Sample


@dataclass(frozen=True, slots=True)
class Made:
    """A copy, and what a manifest line tells of how it came to be.

    Attributes:
        outcome: the new sample.
        ops: what the invariances drew, plain data.
        generator: what a generator drew, plain data (`Generators.told`); None if there was none.
    """

    outcome: Outcome
    ops: list[dict[str, Any]]
    generator: dict[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        """The part of a manifest line."""
        return how(self.ops, self.generator)


def how(ops: list[dict[str, Any]], generator: Mapping[str, Any] | None) -> dict[str, Any]:
    """How a copy came to be, as a manifest line tells it."""
    return {"ops": ops} if generator is None else {"generator": dict(generator), "ops": ops}


def make_copies(
    plan: Plan, generators: Generators, sample: Sample, keys: Sequence[Key]
) -> Iterator[Made]:
    """Copies of a sample, each a pure function of the sample and its key.

    Args:
        plan: the invariances.
        generators: those of the same recipe.
        sample: checked by both.
        keys: one a copy.

    Raises:
        SampleError: a copy can't be made.
    """
    drawing = plan.drawing(keys)
    for k, making in enumerate(generators.draw(keys)):
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
    plan: Plan, generators: Generators, sample: Sample, line: Mapping[str, Any]
) -> Outcome:
    """The copy that a manifest line tells of."""
    history: History = history_from_json(line["ops"])
    told = line.get("generator")
    if told is None:
        return plan.run(sample, history)
    making = Making(int(told["number"]), int(told["seed"]))
    before = generators.make(sample, making)
    return plan.run(before, history) if generators.transforms(making) else Outcome(before, Counts())
