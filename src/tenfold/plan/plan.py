"""A plan: a recipe made ready for a dataset. Draw, lower, fuse, run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.errors import RequestError
from tenfold.ops.op import Op
from tenfold.ops.steps import Displacement, Drawn, Fill, Step, Warp
from tenfold.plan.fields import border_mode, hide_sample, move_sample
from tenfold.plan.instances import Counts
from tenfold.plan.kernels.pointwise import apply_pixels, describe_passes
from tenfold.rng import Draws, Key, draws
from tenfold.samples.sample import Sample, Schema
from tenfold.samples.source import DatasetInfo

History = tuple[tuple[str, Drawn], ...]
"""What was drawn for one copy: the distinct names of the ops that act, with their numbers."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A new sample, and what happened to its annotations on the way."""

    sample: Sample
    counts: Counts


@dataclass(frozen=True)
class Plan:
    """A recipe for a dataset.

    Attributes:
        recipe: the declaration.
        info: what is known of the dataset as a whole.
    """

    recipe: Recipe
    info: DatasetInfo = DatasetInfo()

    def schema(self, sample: Sample) -> Schema:
        """What ops may know of a sample."""
        height, width, channels = sample.image.shape
        pairs = self.recipe.keypoint_pairs
        return Schema(
            height=height,
            width=width,
            channels=channels,
            dtype=sample.image.dtype,
            alpha=sample.alpha,
            has_masks=self.info.has_masks or bool(sample.masks),
            has_boxes=self.info.has_boxes,
            has_keypoints=self.info.has_keypoints,
            keypoint_pairs=self.info.keypoint_pairs if pairs is None else pairs,
            mask_pairs=self.recipe.mask_pairs,
            fixed_size=self.info.fixed_size,
        )

    def refusals(self, schema: Schema) -> Iterator[str]:
        """Why this recipe can't serve such samples, each with the cure."""
        for op in self.recipe.ops:
            for why in op.refusals(schema):
                yield f"{op.name}: {why}"

    def check(self, schema: Schema) -> None:
        """Raise `RequestError` with all refusals, if there are any."""
        problems = list(self.refusals(schema))
        if problems:
            raise RequestError("\n".join(problems))

    def warnings(self, schema: Schema) -> Iterator[str]:
        """What is allowed but rarely meant."""
        mode = border_mode(self.recipe, schema)
        moves = any(op.moves for op in self.recipe.ops)
        if moves and mode in ("reflect", "wrap") and (schema.has_boxes or schema.has_keypoints):
            yield (
                f"border '{mode}' can show objects a second time without a label; "
                "use border: background or border: crop for data with boxes or keypoints"
            )
        if moves and mode == "constant" and schema.has_masks and self.recipe.ignore_value is None:
            yield (
                "masks get 0 where a constant border shows; "
                "set ignore_value (255, say) if 0 is a class of its own"
            )

    def draw(self, keys: Sequence[Key]) -> list[History]:
        """Draw for many copies at once; a pure function of the keys."""
        names = self.recipe.op_names()
        if not names:
            return [() for _ in keys]
        columns = [
            op.draw(numbers)
            for op, numbers in zip(self.recipe.ops, draws(keys, names), strict=True)
        ]
        return [
            tuple((name, drawn) for name, drawn in zip(names, row, strict=True) if drawn is not None)
            for row in zip(*columns, strict=True)
        ]

    def run(self, sample: Sample, history: History) -> Outcome:
        """Make one copy: a pure function of the sample and the history.

        Args:
            sample: never changed.
            history: from `draw`, or read back from a manifest line.

        Raises:
            SampleError: the sample can't be moved so.
            RecipeError: the history names an op that the recipe lacks.
        """
        schema = self.schema(sample)
        ops = dict(zip(self.recipe.op_names(), self.recipe.ops, strict=True))
        chosen = [
            (ops[name] if name in ops else self.recipe.op_named(name), drawn)
            for name, drawn in history
        ]
        counts = Counts()
        for moves, steps in _passes(_lower(chosen, schema)):
            if moves:
                sample, happened = move_sample(sample, _geometric(steps), self.recipe, schema)
                counts += happened
                continue
            image = apply_pixels(sample.image, steps, sample.alpha, sample.value_range)
            sample = sample.replace(image=image)
            for step in steps:
                if isinstance(step, Fill):
                    sample, happened = hide_sample(sample, step, self.recipe, schema)
                    counts += happened
        if self.recipe.validity and sample.valid is None:
            sample = sample.replace(valid=np.ones((sample.height, sample.width), dtype=bool))
        return Outcome(sample, counts)

    def explain(self, schema: Schema) -> list[str]:
        """The passes over the pixels that this plan makes, one line each, and why they end.

        Shown for a copy on which every op acts.
        """
        lines: list[str] = []
        mode = border_mode(self.recipe, schema)
        acting: list[tuple[str, list[Step]]] = []
        size = schema
        for name, op in zip(self.recipe.op_names(), self.recipe.ops, strict=True):
            steps = list(op.lower(_probe(op), size))
            size = _resized(size, steps)
            acting.append((name, steps))
        flat = [(name, step) for name, steps in acting for step in steps]
        for moves, group in groupby(flat, key=lambda pair: isinstance(pair[1], Warp | Displacement)):
            members = list(group)
            names = list(dict.fromkeys(name for name, _ in members))
            if moves:
                lines.append(
                    f"geometry ({' + '.join(names)}): one resampling, "
                    f"{self.recipe.interpolation}, border {mode}; masks nearest, points exact"
                )
                continue
            for described in describe_passes([step for _, step in members]):
                lines.append(described)
            lines[-1] += f"   [{', '.join(names)}]"
        idle = [name for name, steps in acting if not steps]
        if idle:
            lines.append(f"nothing to do on such images: {', '.join(idle)}")
        return [f"{i}. {line}" for i, line in enumerate(lines, 1)]


def history_json(history: History) -> list[dict[str, Any]]:
    """A history as the manifest holds it."""
    return [{"op": name, "drawn": drawn} for name, drawn in history]


def history_from_json(entries: Iterable[dict[str, Any]]) -> History:
    """The inverse of `history_json`."""
    return tuple((entry["op"], dict(entry["drawn"])) for entry in entries)


def _probe(op: Op) -> Drawn:
    """Something drawn for an op that surely acts."""
    numbers = draws([Key(0, "probe", 1)], [op.name])[0]
    certain = dataclasses.replace(op, probability=1.0)
    drawn = certain.draw(Draws(numbers.uniforms, numbers.seeds))[0]
    assert drawn is not None
    return drawn


def _lower(chosen: Iterable[tuple[Op, Drawn]], schema: Schema) -> Iterator[Step]:
    """All steps in order; each op is told the size that the picture has by then."""
    for op, drawn in chosen:
        steps = op.lower(drawn, schema)
        yield from steps
        schema = _resized(schema, steps)


def _resized(schema: Schema, steps: Sequence[Step]) -> Schema:
    for step in steps:
        if isinstance(step, Warp):
            schema = schema.resized(step.height, step.width)
    return schema


def _passes(steps: Iterable[Step]) -> Iterator[tuple[bool, list[Any]]]:
    """Runs of steps that move pixels and runs that don't."""
    for moves, group in groupby(steps, key=lambda step: isinstance(step, Warp | Displacement)):
        yield moves, list(group)


def _geometric(steps: Sequence[Step]) -> list[Warp | Displacement]:
    return [step for step in steps if isinstance(step, Warp | Displacement)]
