"""Points of several classes in the plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.evaluate.charts import number
from tenfold.evaluate.display import Picture
from tenfold.evaluate.figure import INK, PAPER, QUIET, RULE, SMALL, TEXT, centred, paper
from tenfold.evaluate.lettering import fit_text, text_size, write_text
from tenfold.evaluate.palette import Colour, class_colour
from tenfold.evaluate.strokes import Place, disc, overlap
from tenfold.samples.sample import Label

Points = NDArray[np.float64]

SIDE = 1200
"""Of the frame, in pixels."""

_LEFT, _BELOW = 130, 110
_TICKS = 6
_ROOM = 0.04  # beyond the outermost points
_LISTED = 28  # classes that a legend holds


def scatter(
    points: Points, labels: NDArray[np.int64], classes: Sequence[Label], axes: tuple[str, str]
) -> Picture:
    """Points coloured by class, with a legend, and each class's name where it is densest.

    Args:
        points: (N, 2).
        labels: (N,) places in `classes`.
        classes: their names.
        axes: names of the two.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.maximum((high - low) * _ROOM, 1e-9)
    low, high = low - room, high + room
    shown = [place for place in range(len(classes)) if (labels == place).any()]
    names = [fit_text(str(classes[place]), TEXT, 260) for place in shown]
    legend = max((text_size(name, TEXT)[0] for name in names), default=0) + 80
    if len(shown) > _LISTED:
        legend = 20
    sheet = paper(SIDE + _BELOW, _LEFT + SIDE + legend)
    _axes(sheet, low, high, axes)
    placed = _placed(points, low, high)
    # In an order of their own, so that no class lies over all others; the same for each drawing.
    for row in np.random.Generator(np.random.PCG64(0)).permutation(len(points)):
        colour = class_colour(classes[labels[row]], classes)
        disc(sheet, placed[row], 8.5, PAPER)
        disc(sheet, placed[row], 7, colour)
    taken: list[Place] = []
    for place, name in zip(shown, names, strict=True):
        dense = _densest_first(placed[labels == place])
        taken.append(_name(sheet, name, dense, class_colour(classes[place], classes), taken))
    if len(shown) <= _LISTED:
        for row, (place, name) in enumerate(zip(shown, names, strict=True)):
            y = 20 + 42 * row
            disc(
                sheet,
                np.array([_LEFT + SIDE + 40.0, y + 16]),
                11,
                class_colour(classes[place], classes),
            )
            write_text(sheet, name, (_LEFT + SIDE + 64, y), TEXT, INK)
    return sheet


def _placed(points: Points, low: Points, high: Points) -> Points:
    """Where points go on the sheet; the second axis rises."""
    share = (points - low) / (high - low)
    return np.stack([_LEFT + share[:, 0] * SIDE, (1 - share[:, 1]) * SIDE], axis=1)


def _axes(sheet: Picture, low: Points, high: Points, names: tuple[str, str]) -> None:
    for axis in range(2):
        for value in ticks(float(low[axis]), float(high[axis])):
            at = np.array([low, low])
            at[0, axis] = value
            x, y = _placed(at, low, high)[0].round().astype(int)
            words = number(round(value, 9))
            if axis == 0:
                sheet[:SIDE, min(x, _LEFT + SIDE - 1)] = RULE
                centred(sheet, words, x, SIDE + 10, SMALL, QUIET)
            else:
                sheet[min(y, SIDE - 1), _LEFT : _LEFT + SIDE] = RULE
                place = (_LEFT - 14 - text_size(words, SMALL)[0], max(y - 14, 0))
                write_text(sheet, words, place, SMALL, QUIET)
    edge = QUIET
    sheet[:2, _LEFT : _LEFT + SIDE] = sheet[SIDE - 2 : SIDE, _LEFT : _LEFT + SIDE] = edge
    sheet[:SIDE, _LEFT : _LEFT + 2] = sheet[:SIDE, _LEFT + SIDE - 2 : _LEFT + SIDE] = edge
    centred(sheet, names[0], _LEFT + SIDE / 2, SIDE + 56, TEXT, INK)
    upright = paper(40, SIDE)
    centred(upright, names[1], SIDE / 2, 2, TEXT, INK)
    sheet[:SIDE, :40] = np.rot90(upright)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, about six of them."""
    raw = (high - low) / _TICKS
    power = 10.0 ** np.floor(np.log10(raw))
    step = power * min((1, 2, 5, 10), key=lambda m: abs(m * power - raw))
    return [float(k * step) for k in range(int(np.ceil(low / step)), int(high // step) + 1)]


def _densest_first(points: Points) -> Points:
    """The denser half of the points: the least distance to half of the others comes first."""
    some = points[:: max(1, len(points) // 400)]
    apart = ((points[:, None] - some) ** 2).sum(axis=2)
    order = np.median(apart, axis=1).argsort(kind="stable")
    return np.asarray(points[order[: max(1, len(points) // 2)]])


def _name(
    sheet: Picture, name: str, dense: Points, colour: Colour, taken: Sequence[Place]
) -> Place:
    """A class's name on paper of its own, framed in its colour, over the first free point."""
    width, height = text_size(name, TEXT + 4)
    wide, tall = max(width, height) + 16, height + 8
    free: list[Place] = []
    for at in dense:
        x = round(min(max(at[0] - wide / 2, _LEFT + 4), _LEFT + SIDE - wide - 4))
        y = round(min(max(at[1] - tall / 2, 4), SIDE - tall - 4))
        free.append((x, y, x + wide, y + tall))
        if not any(overlap(free[-1], other) for other in taken):
            break
    else:
        free = free[:1]
    x, y = free[-1][:2]
    sheet[y : y + tall, x : x + wide] = colour
    sheet[y + 3 : y + tall - 3, x + 3 : x + wide - 3] = PAPER
    centred(sheet, name, x + wide / 2, y + 4, TEXT + 4, INK)
    return free[-1]
