"""What a plan does, in words: the passes over the pixels, and which ops each one serves."""

from __future__ import annotations

import dataclasses

from tenfold.ops.op import Op
from tenfold.ops.steps import Drawn, PixelStep
from tenfold.plan.fields import border_mode
from tenfold.plan.kernels.pointwise import describe_passes, passes
from tenfold.plan.plan import Plan, lowered, runs
from tenfold.rng import Key, draws
from tenfold.samples.sample import Schema


def explain(plan: Plan, schema: Schema) -> list[str]:
    """The passes for a copy on which every op acts, one line each, numbered.

    A pass ends where the next op can't join it: geometry is one resampling, curves one table,
    matrices one matrix; a filter, a noise or a fill needs the pixels as they are by then.

    Args:
        plan: a recipe for a dataset.
        schema: of its samples.
    """
    ops = zip(plan.recipe.op_names(), plan.recipe.ops, strict=True)
    chosen = [(name, op, _probe(op)) for name, op in ops]
    lines: list[tuple[str, list[str]]] = []
    acting: set[str] = set()
    for names, moves, changes in runs(lowered(chosen, schema)):
        acting.update(names)
        if moves:
            border = border_mode(plan.recipe, schema)
            how = f"one resampling, {plan.recipe.interpolation}, border {border}"
            lines.append((f"geometry: {how}; masks nearest, points exact", names))
        else:
            lines += zip(describe_passes(changes), _served(names, changes), strict=True)
    numbered = [
        f"{i}. {what}  [{', '.join(dict.fromkeys(names))}]"
        for i, (what, names) in enumerate(lines, 1)
    ]
    idle = [name for name, _, _ in chosen if name not in acting]
    if idle:
        numbered.append(f"-- nothing to do on such images: {', '.join(idle)}")
    return numbered


def _served(names: list[str], steps: list[PixelStep]) -> list[list[str]]:
    """Names of the ops that each pass serves: a step is in the last pass of the steps up to it."""
    served: list[list[str]] = [[] for _ in passes(steps)]
    for k, name in enumerate(names, 1):
        served[sum(1 for _ in passes(steps[:k])) - 1].append(name)
    return served


def _probe(op: Op) -> Drawn:
    """Something drawn for an op that surely acts."""
    certain = dataclasses.replace(op, probability=1.0)
    drawn = certain.draw(draws([Key(0, "probe", 1)], [op.name])[0])[0]
    assert drawn is not None
    return drawn
