"""Pictures of samples along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenfold.calibrate.calibration import Bench
from tenfold.calibrate.findings import Found
from tenfold.calibrate.words import number
from tenfold.declare.recipe import Recipe
from tenfold.evaluate.page import picture_uri
from tenfold.learned.examples import Array, Examples
from tenfold.ops.op import Op
from tenfold.study.changes import Declared

_LONGEST = 128
"""Pixels of a picture's longer side in the page."""


@dataclass(frozen=True)
class Column:
    """Some samples at one magnitude.

    Attributes:
        value: of the parameter, as text.
        place: "still" (unchanged), "in" the recipe's range, at the "limit", or "out".
        image: a data URL, the samples one below the other.
    """

    value: str
    place: str
    image: str


def columns(bench: Bench, found: Found, parameter: str, chosen: Sequence[int]) -> list[Column]:
    """Samples from one end of an axis to the other.

    Args:
        bench: has the samples.
        found: the invariance.
        parameter: its axis.
        chosen: numbers of the samples.
    """
    axis, places = found.axis(parameter), {0.0: "still"}
    low, high = found.reach(found.helpful).get(parameter, (0.0, 0.0)) if found.ops() else (0, 0)
    for side in found.sides[parameter]:
        limit = side.limit.magnitude
        if side.limit.beyond:
            marks = [limit / 4, limit / 2, limit]
        else:
            marks = [limit / 2, limit, float(np.sqrt(limit * side.limit.largest))]
            marks.append(side.limit.largest)
        for mark in marks:
            at = side.sign * mark
            within = low <= at <= high
            beyond = side.limit.beyond
            places[at] = "limit" if mark == limit and not beyond else "in" if within else "out"
    out = []
    for magnitude in sorted(places):
        op = found.measured.exactly(axis, magnitude) if magnitude else None
        value = number(axis.value(magnitude))
        out.append(Column(value, places[magnitude], _column(bench, op, chosen)))
    return out


def turned(bench: Bench, found: Found, chosen: Sequence[int]) -> list[Column]:
    """Samples unchanged, and after each turn."""
    turns = {turn.name: turn for turn in found.measured.turns}
    out = [Column("unchanged", "still", _column(bench, None, chosen))]
    for one in found.turns:
        op = found.measured.turned(turns[one.name])
        place = "in" if one.holds == "yes" else "out"
        out.append(Column(one.name, place, _column(bench, op, chosen)))
    return out


def samples_of(bench: Bench, classes: Sequence[int]) -> list[int]:
    """The first sample of each class that all classifiers read."""
    labels, read = bench.examples.labels, bench.judges.plain.all(axis=0)
    chosen = []
    for number_ in dict.fromkeys(classes):
        own = np.flatnonzero(labels == number_)
        known = own[np.asarray(read)[own]]
        chosen.append(int((known if len(known) else own)[0]))
    return chosen


def _column(bench: Bench, op: Op | None, chosen: Sequence[int]) -> str:
    examples: Examples = bench.examples.take(np.array(chosen))
    values = examples.values
    if op is not None:
        recipe = Recipe((op,), border=bench.border)
        values = Declared(recipe).fitted(examples, examples, bench.wanted.seed)(examples, 1)
    thinned = [_thinned(image) for image in np.clip(values, 0, 1)]
    framed = [np.pad(image, ((0, 1), (0, 0), (0, 0)), constant_values=0.5) for image in thinned]
    return picture_uri(np.concatenate(framed)[:-1])


def _thinned(image: Array) -> Array:
    """Large images made smaller, by the mean of whole blocks of pixels."""
    by = -(-max(image.shape[:2]) // _LONGEST)
    if by == 1:
        return image
    height, width = (side // by * by for side in image.shape[:2])
    blocks = image[:height, :width].reshape(height // by, by, width // by, by, -1)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)
