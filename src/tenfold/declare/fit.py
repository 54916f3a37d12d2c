"""Whether a recipe fits a dataset: what no op can see from a schema alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenfold.declare.recipe import Recipe
from tenfold.declare.survey import Facts, survey
from tenfold.declare.whites import UNUSED, range_line, white_of
from tenfold.errors import RequestError
from tenfold.ops.op import Op
from tenfold.samples.source import Source
from tenfold.samples.validate import holds

LOOK = 16
"""Samples that are read before a run."""

MANY_VALUES = 64
"""Masks with more values number their objects; none of them is the left of another."""

_SHARES_OF_WHITE = frozenset({
    "brightness", "gamma", "autocontrast", "equalize", "clahe", "invert", "solarize", "posterize",
    "shot_noise", "sensor_noise", "gaussian_noise", "salt_and_pepper", "blue_noise", "jpeg",
    "trivial", "rand",
})  # fmt: skip
"""Ops whose parameters, or whose meaning, depend on where white is."""


@dataclass(frozen=True, slots=True)
class Misfits:
    """What is wrong between a recipe and a dataset, each as a sentence with the cure.

    Attributes:
        refusals: nothing useful would come out.
        warnings: allowed, but rarely meant.
    """

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __add__(self, other: Misfits) -> Misfits:
        return Misfits(self.refusals + other.refusals, self.warnings + other.warnings)


def misfits(source: Source, recipe: Recipe) -> Misfits:
    """All that `range_warnings` and `reflection_warnings` find, from a look at some samples.

    A source of which nothing can be read fits: what is wrong with it is told elsewhere.
    """
    try:
        facts = survey(source, limit=LOOK)
    except RequestError:
        return Misfits()
    return range_warnings(facts, recipe) + reflection_warnings(facts, recipe)


def range_warnings(facts: Facts, recipe: Recipe) -> Misfits:
    """Whether black and white are where the data's are.

    Refuses changes in shares of white on integer images that use a quarter of their dtype or
    less, and a `value_range` that no image can have; warns of one that the data reach beyond.
    """
    values = facts.values
    if recipe.value_range is not None:
        return _given_range(facts, recipe.value_range)
    used = None if values is None else white_of(facts.dtypes[0], values)
    if values is None or used is None:
        return Misfits()
    full = float(np.iinfo(facts.dtypes[0]).max)
    found = list(dict.fromkeys(op.name for op in recipe.ops if shares_of_white(op)))
    if used[1] - used[0] > UNUSED * full or not found:
        return Misfits()
    share = (values.most - max(used[0], 0)) / full
    named = ", ".join(found[:4]) + ("..." if len(found) > 4 else "")
    verb = "depends" if len(found) == 1 else "depend"
    return Misfits((
        f"the images use only {_percent(share)} of {facts.dtypes[0]} ({values.least:.0f}.."
        f"{values.most:.0f} of {full:.0f}), and {named} {verb} on where white is; add "
        f"{range_line(used)} to the recipe ({range_line((0, full))} if all of it is meant)",
    ))  # fmt: skip


def _given_range(facts: Facts, given: tuple[float, float]) -> Misfits:
    if not any(holds(np.dtype(name), given) for name in facts.dtypes):
        limits = np.iinfo(facts.dtypes[0])
        return Misfits((
            f"{range_line(given)} reaches beyond {facts.dtypes[0]} ({limits.min}..{limits.max}), "
            "so these images can't have it; correct it, or remove it",
        ))  # fmt: skip
    values = facts.values
    if values is None or (values.low >= given[0] and values.high <= given[1]):
        return Misfits()
    return Misfits(warnings=(
        f"{range_line(given)}, but the images go from {values.least:g} to {values.most:g}: what "
        "changes intensities clips what lies beyond",
    ))  # fmt: skip


def shares_of_white(op: Op) -> bool:
    """Whether what an op does depends on where white is."""
    if op.name in ("exposure", "temperature"):  # linear ones are factors about black
        return not getattr(op, "linear", False)
    if op.name == "contrast":
        return getattr(op, "pivot", "mean") == "mid"
    return op.name in _SHARES_OF_WHITE


def reflection_warnings(facts: Facts, recipe: Recipe) -> Misfits:
    """Whether a reflection makes one label of another.

    Refuses classes that differ in left and right; warns of others that say it, and of masks with
    several values where nobody said which trade places.
    """
    axes = {a for op in recipe.ops if op.name == "reflection" for a in _axes(op)}
    if not axes:
        return Misfits()
    refusals: list[str] = []
    warnings: list[str] = []
    pairs = facts.partners()
    handed = [c for c in facts.handed() if not any(c in pair for pair in pairs)]
    if pairs:
        named = ", ".join(f"{_short(a)} and {_short(b)}" for a, b in pairs[:3])
        text = (
            f"classes {named}: a reflection makes one of the other and leaves the label; remove "
            "reflection from the recipe, or give both sides one class"
        )
        # Upside down a left arrow is one still, a left hand is not.
        (warnings if axes == {"vertical"} else refusals).append(text)
    if handed:
        warnings.append(
            f"class {', '.join(map(_short, handed[:3]))} says left or right, and a reflection "
            "changes that; remove reflection unless the name only sounds so"
        )
    if recipe.mask_pairs is None and 2 <= len(facts.mask_values) <= MANY_VALUES:
        listed = ", ".join(map(str, facts.mask_values[:6]))
        warnings.append(
            f"masks have the values {listed}{'...' if len(facts.mask_values) > 6 else ''}: if "
            "some are the left and right of a pair, say which trade places in a reflection "
            "(mask_pairs: [[1, 2]]); if none are, say mask_pairs: []"
        )
    return Misfits(tuple(refusals), tuple(warnings))


def _axes(op: Op) -> tuple[str, ...]:
    chosen: tuple[str, ...] = getattr(op, "axes", ())
    return chosen if op.exact or op.probability > 0 else ()


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def _short(name: str) -> str:
    clean = "".join(c if c.isprintable() else "?" for c in name)
    return clean if len(clean) <= 32 else clean[:31] + "…"
