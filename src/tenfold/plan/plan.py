"""A plan: a recipe made ready for a dataset. Draw, lower, fuse, run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.errors import RequestError
from tenfold.ops.occlusion import Occlusion
from tenfold.ops.op import Op
from tenfold.ops.steps import Drawn, Fill, GeometricStep, PixelStep, Step, Warp
from tenfold.plan import shapes
from tenfold.plan.drawing import Drawing, History
from tenfold.plan.fields import (
    border_mode,
    covered_by,
    fused,
    hide_sample,
    keep_rule,
    move_sample,
)
from tenfold.plan.instances import Counts, move_instances
from tenfold.plan.journey import Journey
from tenfold.plan.kernels.fill import plain_border
from tenfold.plan.kernels.pointwise import apply_pixels
from tenfold.plan.map import Map
from tenfold.rng import Key, draws
from tenfold.samples.sample import Sample, Schema
from tenfold.samples.source import DatasetInfo

_TRIES = 32  # copies that are looked at to see whether an op shows border
_FLEETING = 0.01  # px: less of a border than this is rounding


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

    @cached_property
    def _named(self) -> dict[str, Op]:
        return dict(zip(self.recipe.op_names(), self.recipe.ops, strict=True))

    @cached_property
    def _auto_with_objects(self) -> bool:
        objects = self.info.has_boxes or self.info.has_keypoints
        return (
            self.recipe.border.mode == "auto"
            and objects
            and any(op.moves for op in self.recipe.ops)
        )

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
            mask_pairs=self.recipe.mask_pairs or (),
            fixed_size=self.info.fixed_size,
            plain_border=not self._auto_with_objects
            or plain_border(sample.image, sample.value_range),
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
        if not schema.has_masks or self.recipe.ignore_value is not None:
            return
        if mode in ("constant", "background") and any(
            op.moves and _shows_border(op, schema) for op in self.recipe.ops
        ):
            yield (
                f"masks get 0 where a {mode} border shows; "
                "set ignore_value (255, say) if 0 is a class of its own, or use border: crop"
            )
        for op in self.recipe.ops:
            if isinstance(op, Occlusion) and op.ignore_masks:
                yield (
                    f"{op.name}: ignore_masks is set but ignore_value is not, so masks get 0 where "
                    "the picture is covered; set ignore_value (255, say) if 0 is a class of its own"
                )

    def draw(self, keys: Sequence[Key]) -> list[History]:
        """Draw for many copies at once; a pure function of the keys."""
        drawing = self.drawing(keys)
        return [drawing.history(k) for k in range(len(keys))]

    def drawing(self, keys: Sequence[Key]) -> Drawing:
        """`draw`, with the numbers of all copies still together, see `Drawing`."""
        return Drawing.of(self.recipe, keys)

    def copy(self, sample: Sample, drawing: Drawing, k: int) -> Outcome:
        """Copy k of a drawing: what `run` gives for its history, sooner where it can."""
        plain = not (sample.masks or sample.instances or sample.alpha or self.recipe.validity)
        block = drawing.block(self.schema(sample)) if plain and sample.valid is None else None
        if block is None or block.odd[k]:
            return self.run(sample, drawing.history(k))
        image = np.ascontiguousarray(sample.image)
        return Outcome(sample.replace(image=block.run(image, k, sample.value_range)), Counts())

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
        named = self._named
        chosen = [
            (name, named[name] if name in named else self.recipe.op_named(name), drawn)
            for name, drawn in history
        ]
        journey = Journey()
        for _, moves, changes in runs(lowered(chosen, schema)):
            if moves:
                size = (sample.height, sample.width)
                through = fused(moves, size, self.recipe, schema)
                sample = move_sample(sample, through, self.recipe, schema)
                journey = journey.moved(through)
                continue
            image = apply_pixels(sample.image, changes, sample.alpha, sample.value_range)
            sample = sample.replace(image=image)
            for step in changes:
                if isinstance(step, Fill) and len(step.rectangles):
                    covered = covered_by(step, (sample.height, sample.width))
                    sample = hide_sample(sample, covered, step.ignore_masks, self.recipe)
                    journey = journey.hidden(covered) if sample.instances else journey
        rule = keep_rule(self.recipe, schema)
        instances, counts = move_instances(sample.instances, journey, rule)
        sample = sample.replace(instances=instances)
        if self.recipe.validity and sample.valid is None:
            sample = sample.replace(valid=np.ones((sample.height, sample.width), dtype=bool))
        return Outcome(sample, counts)


def history_json(history: History) -> list[dict[str, Any]]:
    """A history as the manifest holds it."""
    return [{"op": name, "drawn": drawn} for name, drawn in history]


def history_from_json(entries: Iterable[dict[str, Any]]) -> History:
    """The inverse of `history_json`."""
    return tuple((entry["op"], dict(entry["drawn"])) for entry in entries)


def lowered(chosen: Iterable[tuple[str, Op, Drawn]], schema: Schema) -> Iterator[tuple[str, Step]]:
    """All steps in order, with the op's name; each op is told the picture's size by then.

    Args:
        chosen: name, op and what it drew.
        schema: of the picture before the first op.
    """
    for name, op, drawn in chosen:
        for step in op.steps(drawn, schema):
            yield name, step
            if isinstance(step, Warp):
                schema = schema.resized(step.height, step.width)


def runs(
    steps: Iterable[tuple[str, Step]],
) -> Iterator[tuple[list[str], list[GeometricStep], list[PixelStep]]]:
    """Runs of steps that move pixels, fused to one map, and runs that don't.

    Yields:
        The ops' names, one a step, and the steps in the one list or in the other.
    """
    for moves, group in groupby(steps, key=lambda pair: isinstance(pair[1], GeometricStep)):
        members = list(group)
        names = [name for name, _ in members]
        if moves:
            yield names, [s for _, s in members if isinstance(s, GeometricStep)], []
        else:
            yield names, [], [s for _, s in members if not isinstance(s, GeometricStep)]


def _shows_border(op: Op, schema: Schema) -> bool:
    """Whether a moving op looks beyond the picture's edge, found by trying it."""
    certain = dataclasses.replace(op, probability=1.0)
    size = np.array([schema.width, schema.height])
    for drawn in certain.draw(draws([Key(0, "probe", k) for k in range(_TRIES)], [op.name])[0]):
        steps = () if drawn is None else op.steps(drawn, schema)
        through = Map.of(
            [s for s in steps if isinstance(s, GeometricStep)], (schema.height, schema.width)
        )
        height, width = through.target
        edge = shapes.densify(shapes.corners(np.array([0.0, 0.0, width, height])), width / 8)
        seen = through.pull(edge)
        if bool(((seen < -_FLEETING) | (seen > size + _FLEETING)).any()):
            return True
    return False
