"""Many copies of one kind of image, drawn, lowered and fused together.

What `Plan.run` decides for each copy (which op acts, which matrices become one, what tables hold)
is decided here for some dozens of copies in a handful of array operations; a copy then costs little
more than its passes over the pixels. The result is that of `Plan.run`, byte for byte: a copy in
which a pass falls out, so that its neighbours would become one, is left to `Plan.run`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tenfold.declare.recipe import Recipe
from tenfold.ops.op import Columns, Op
from tenfold.ops.steps import (
    ChannelMatrix,
    Curve,
    Displacement,
    Filter,
    GeometricStep,
    Noise,
    PixelStep,
    Step,
    Warp,
)
from tenfold.plan.moving import GeometryPass
from tenfold.plan.noising import SERVED, NoisePass
from tenfold.plan.passes import Pass, RowsPass, StackedPass
from tenfold.plan.toning import PointwisePass
from tenfold.samples.sample import Array, Schema

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Acting:
    """What one op drew for N copies.

    Attributes:
        op: the op.
        acts: (N,) in which copies.
        columns: its numbers, see `Op.columns`.
    """

    op: Op
    acts: Flags
    columns: Columns

    def some(self, rows: NDArray[np.intp]) -> Acting:
        """The same for some of the copies."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Acting(self.op, self.acts[rows], columns)


class UnevenError(Exception):
    """These copies can't be lowered together.

    Attributes:
        groups: (N,) numbers, equal for copies that can be; None if none can, since an op is free
            to give any steps.
    """

    def __init__(self, groups: NDArray[np.intp] | None = None) -> None:
        super().__init__()
        self.groups = groups


@dataclass(frozen=True, slots=True)
class _Part:
    """A stacked step, or the steps of an op that was lowered copy by copy.

    Attributes:
        kind: parts of one kind, next to each other, become one pass; "" joins no other.
        what: the step, or the steps of each copy.
        acts: (N,) in which copies.
    """

    kind: str
    what: Step | list[tuple[PixelStep, ...]]
    acts: Flags


class Block:
    """N copies made ready for images of one schema.

    Args:
        drawn: what each op of the recipe drew, in order.
        count: N.
        schema: of the images, which have no opacity.
        recipe: its border and sampling.

    Raises:
        UnevenError: see there.
    """

    def __init__(self, drawn: Sequence[Acting], count: int, schema: Schema, recipe: Recipe) -> None:
        self._passes: list[tuple[Pass, list[bool], Flags]] = []
        kinds: list[str] = []
        active: list[Flags] = []
        size = (schema.height, schema.width)
        for kind, group in groupby(_parts(drawn, count, schema), key=_together):
            parts = list(group)
            acts = np.logical_or.reduce([part.acts for part in parts])
            changes = [(p.what, p.acts) for p in parts if isinstance(p.what, PixelStep)]
            what = parts[0].what
            one: Pass
            if kind[0] == "geometry":
                moves = [(p.what, p.acts) for p in parts if isinstance(p.what, GeometricStep)]
                one = GeometryPass(moves, size, recipe, schema)
                size = one.target
            elif kind[0] == "pointwise":
                one = PointwisePass(changes, count)
            elif isinstance(what, list):
                one = RowsPass(what)
            elif isinstance(what, Noise) and what.function in SERVED:
                one = NoisePass(what, count)
            else:
                one = StackedPass(changes)
            self._passes.append((one, acts.tolist(), acts))
            kinds.append(kind[0])
            active.append(acts)
        self.odd = _odd(kinds, active, count)
        """(N,) copies that must go through `Plan.run`."""

    def run(self, image: Array, k: int, value_range: tuple[float, float]) -> Array:
        """Copy k of an image; the image itself if nothing acts.

        Args:
            image: (H, W, C) of the block's schema, contiguous, never written to.
            k: 0 to N - 1, with `odd[k]` false.
            value_range: black and white.
        """
        for one, acts, _ in self._passes:
            if acts[k]:
                image = one.run(image, k, value_range)
        return image

    def run_many(self, images: Array, first: int, value_range: tuple[float, float]) -> Array:
        """Copies `first` on of as many images; the images themselves if nothing acts.

        Args:
            images: (n, H, W, C) of the block's schema, contiguous, never written to.
            first: the first image's copy. Those that are `odd` come out anyhow.
            value_range: black and white.
        """
        for one, _, acts in self._passes:
            some = acts[first : first + len(images)]
            if some.any():
                images = one.run_many(images, first, some, value_range)
        return images


class Split:
    """Copies in several blocks, since they end in pictures of several sizes.

    Args:
        blocks: the blocks.
        places: of each copy: which block, and which copy there.
    """

    def __init__(self, blocks: Sequence[Block | Split], places: Sequence[tuple[int, int]]) -> None:
        self._blocks, self._places = blocks, places
        self.odd: list[bool] = [blocks[block].odd[k] for block, k in places]

    def run(self, image: Array, k: int, value_range: tuple[float, float]) -> Array:
        """See `Block.run`."""
        block, row = self._places[k]
        return self._blocks[block].run(image, row, value_range)


def blocked(
    drawn: Sequence[Acting], count: int, schema: Schema, recipe: Recipe
) -> Block | Split | None:
    """The copies made ready, in as many blocks as it takes; None if they can't be."""
    try:
        return Block(drawn, count, schema, recipe)
    except UnevenError as uneven:
        groups = uneven.groups
    if groups is None:
        return None
    blocks: list[Block | Split] = []
    places = [(0, 0)] * count
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        block = blocked([acting.some(rows) for acting in drawn], len(rows), schema, recipe)
        if block is None:
            return None
        for row, k in enumerate(rows.tolist()):
            places[k] = len(blocks), row
        blocks.append(block)
    return Split(blocks, places)


def _parts(drawn: Sequence[Acting], count: int, schema: Schema) -> Iterator[_Part]:
    for acting in drawn:
        op, columns = acting.op, acting.columns
        if not op.stacks:
            rows = _rows(acting, schema)
            yield _Part("", rows, np.array([bool(steps) for steps in rows]))
            continue
        for step in op.lower(columns, schema):
            acts = np.broadcast_to(acting.acts & step.acts, (count,))
            yield _Part(_kind(step), step, acts)
            if isinstance(step, Warp):
                schema = _resized(schema, step, acts)


def _rows(acting: Acting, schema: Schema) -> list[tuple[PixelStep, ...]]:
    """The steps of an op that knows single copies only."""
    op, lists = acting.op, {name: c.tolist() for name, c in acting.columns.items()}
    rows: list[tuple[PixelStep, ...]] = []
    for k, acts in enumerate(acting.acts.tolist()):
        drawn = op.settle({name: values[k] for name, values in lists.items()}) if acts else {}
        steps = op.steps(drawn, schema) if acts else ()
        if any(isinstance(s, GeometricStep) or _kind(s) for s in steps):
            raise UnevenError
        rows.append(tuple(s for s in steps if isinstance(s, PixelStep)))
    return rows


def _kind(step: Step) -> str:
    if isinstance(step, Warp | Displacement):
        return "geometry"
    hue = isinstance(step, Filter) and step.function == "hsv_hue"
    return "pointwise" if hue or isinstance(step, Curve | ChannelMatrix) else ""


def _together(part: _Part) -> tuple[str, int]:
    """Equal for parts that become one pass, where they are next to each other."""
    return part.kind, 0 if part.kind else id(part)


def _resized(schema: Schema, step: Warp, acts: Flags) -> Schema:
    if np.ndim(step.height) == np.ndim(step.width) == 0 and (step.height, step.width) == (
        schema.height, schema.width,
    ):  # fmt: skip
        return schema  # as nearly always; what follows takes longer than all else
    heights = np.where(acts, step.height, schema.height)
    widths = np.where(acts, step.width, schema.width)
    sizes, groups = np.unique(np.stack([heights, widths]), axis=1, return_inverse=True)
    if sizes.shape[1] > 1:
        raise UnevenError(groups.reshape(-1))
    height, width = sizes[:, 0].tolist()
    return schema.resized(height, width)


def _odd(kinds: Sequence[str], active: Sequence[Flags], count: int) -> list[bool]:
    """Copies in which passes of one kind meet, since none between them acts."""
    odd = np.zeros(count, dtype=bool)
    for kind in ("geometry", "pointwise"):
        open_since = np.zeros(count, dtype=bool)  # a pass of the kind acted, and none after it
        for found, acts in zip(kinds, active, strict=True):
            if found == kind:
                odd |= open_since & acts
                open_since |= acts
            else:
                open_since &= ~acts
    return [bool(one) for one in odd]
