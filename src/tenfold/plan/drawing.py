"""What a recipe drew for many copies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.ops.steps import Drawn
from tenfold.plan.block import Acting, Block, Split, blocked
from tenfold.rng import Draws, Key, draws
from tenfold.samples.sample import Schema

History = tuple[tuple[str, Drawn], ...]
"""What was drawn for one copy: the distinct names of the ops that act, with their numbers."""


class Drawing:
    """What each op of a recipe drew for N copies.

    Args:
        recipe: the declaration.
        acting: what each of its ops drew.
        count: N.
    """

    def __init__(self, recipe: Recipe, acting: Sequence[Acting], count: int) -> None:
        self.recipe, self.count = recipe, count
        self._acting = acting
        self._blocks: dict[Schema, Block | Split | None] = {}
        self._last: tuple[Schema, Block | Split | None] | None = None

    @classmethod
    def from_draws(cls, recipe: Recipe, numbers: Sequence[Draws], count: int) -> Drawing:
        """From the random numbers of each op, `count` rows each."""
        drawn = zip(recipe.ops, numbers, strict=True)
        return cls(recipe, [Acting(op, *op.columns(u)) for op, u in drawn], count)

    @classmethod
    def of(cls, recipe: Recipe, keys: Sequence[Key]) -> Drawing:
        """Draw for some keys; each row depends on its key alone."""
        return cls.from_draws(recipe, draws(keys, recipe.op_names()), len(keys))

    def some(self, rows: Sequence[int]) -> Drawing:
        """The same for some of the copies: copy k of it is copy `rows[k]` of this."""
        chosen = np.array(rows, dtype=np.intp)
        return Drawing(self.recipe, [acting.some(chosen) for acting in self._acting], len(rows))

    def history(self, k: int) -> History:
        """What was drawn for copy k."""
        found = []
        for name, op, acts, columns in self._plain:
            if acts[k]:
                drawn = {key: values[k] for key, values in columns.items()}
                found.append((name, drawn if op.stacks else op.settle(drawn)))
        return tuple(found)

    @cached_property
    def _plain(self) -> list[tuple[str, Any, list[bool], dict[str, list[Any]]]]:
        """Numbers of plain types, which survive JSON."""
        return [
            (name, a.op, a.acts.tolist(), {key: c.tolist() for key, c in a.columns.items()})
            for name, a in zip(self.recipe.op_names(), self._acting, strict=True)
        ]

    def block(self, schema: Schema) -> Block | Split | None:
        """The copies made ready for images of one schema; None if they can't be, together.

        Args:
            schema: of images without opacity.
        """
        last = self._last  # of one image after another, mostly; comparing schemas takes longer
        if last is not None and last[0] is schema:
            return last[1]
        if schema not in self._blocks:
            self._blocks[schema] = blocked(self._acting, self.count, schema, self.recipe)
        self._last = schema, self._blocks[schema]
        return self._last[1]
