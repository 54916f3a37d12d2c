"""What a plan does, in words: the passes over the pixels, and which ops each one serves."""

from __future__ import annotations

import dataclasses

from tenfold.ops.op import Op
from tenfold.ops.policy import Policy
from tenfold.ops.steps import PixelStep, Step, Warp
from tenfold.plan.fields import border_mode
from tenfold.plan.kernels.pointwise import counted_passes, describe_passes
from tenfold.plan.plan import Plan, lowered, runs
from tenfold.rng import Key, draws
from tenfold.samples.sample import Schema

_PROBES = [Key(0, "probe", copy) for copy in range(1, 33)]
"""What is tried until an op does something: some of what it draws may be the identity."""

_Lines = list[tuple[str, list[str]]]


def explain(plan: Plan, schema: Schema) -> list[str]:
    """The passes for a copy on which every op acts, one line each, numbered.

    A pass ends where the next op can't join it: geometry is one resampling, curves one table,
    matrices one matrix; a filter, a noise or a fill needs the pixels as they are by then. From the
    second on, a line says why that pass isn't one with the pass before. The
    numbers shown are those of one draw. A policy has a line of its own, which tells what may
    happen: what it draws for a copy joins the passes beside it where it can.

    Args:
        plan: a recipe for a dataset.
        schema: of its samples.

    Returns:
        The same lines whenever it is asked the same.
    """
    lines: _Lines = []
    idle: list[str] = []
    together: list[tuple[str, Step]] = []
    size = schema
    for name, op in zip(plan.recipe.op_names(), plan.recipe.ops, strict=True):
        steps = _probe(name, op, size)
        if not steps:
            idle.append(name)
        elif isinstance(op, Policy):
            lines += _passes(plan, schema, together)
            lines.append((f"{op.in_words()} (policy {op.name})", [name]))
            together = []
        else:
            together += steps
            for _, step in steps:
                if isinstance(step, Warp):
                    size = size.resized(step.height, step.width)
    lines += _passes(plan, schema, together)
    numbered = [
        f"{i}. {what}{_apart(what) if i > 1 else ''}  [{', '.join(dict.fromkeys(names))}]"
        for i, (what, names) in enumerate(lines, 1)
    ]
    if idle:
        numbered.append(f"-- nothing to do on such images: {', '.join(idle)}")
    return numbered


_APART = {
    "geometry": "what came before would look different after the move",
    "convolution": "it mixes neighbours",
    "filter": "it looks at the picture as it is by then",
    "noise": "it is drawn for the pixels as they are by then",
    "fill": "it covers what is there by then",
}
"""Why a pass can't join the one before, by the first word that describes it."""


def _apart(what: str) -> str:
    first = what.partition(" ")[0].rstrip(":,")
    if "(policy " in what:
        return ""
    return f"; apart: {_APART.get(first, 'values change once the pass before is done with them')}"


def _passes(plan: Plan, schema: Schema, steps: list[tuple[str, Step]]) -> _Lines:
    """A line for each pass, with the names of the ops that it serves."""
    lines: _Lines = []
    for names, moves, changes in runs(steps):
        if moves:
            border = border_mode(plan.recipe, schema)
            how = f"one resampling, {plan.recipe.interpolation}, border {border}"
            lines.append((f"geometry: {how}; masks nearest, points exact", names))
        else:
            lines += zip(describe_passes(changes), _served(names, changes), strict=True)
    return lines


def _served(names: list[str], steps: list[PixelStep]) -> list[list[str]]:
    """Names of the ops that each pass serves."""
    left = iter(names)
    return [[next(left) for _ in range(count)] for _, count in counted_passes(steps)]


def _probe(name: str, op: Op, schema: Schema) -> list[tuple[str, Step]]:
    """The steps of the first draw that gives any; none if no draw does."""
    certain = dataclasses.replace(op, probability=1.0)
    for drawn in certain.draw(draws(_PROBES, [op.name])[0]):
        assert drawn is not None
        steps = list(lowered([(name, op, drawn)], schema))
        if steps:
            return steps
    return []
