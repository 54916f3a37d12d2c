"""Keypoints in a picture: each index has its colour and its number, so that a swap is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.evaluate.display import Picture
from tenfold.evaluate.lettering import text_size, write_text
from tenfold.evaluate.palette import PALETTE, Colour, class_colour, ink_on
from tenfold.evaluate.strokes import Place, disc, overlap
from tenfold.samples.sample import Instance, Label, Points

_TEXT = 9
_SMALLEST = 48  # px between an object's keypoints; numbers round a smaller one are a crowd
_NUMBER_AREA = 1500  # px² of picture that may carry one more number
_HIDDEN = 1


def draw_keypoints(
    canvas: Picture, instance: Instance, scale: float, classes: Sequence[Label]
) -> None:
    """Discs in the colours of their indices, hollow where hidden, none where not labelled.

    An object's only keypoint has no partner to be taken for: it has the colour of its class.
    """
    if instance.keypoints is None:
        return
    radius = _radius(canvas)
    for index, place, hidden in _shown(instance.keypoints, scale):
        colour = _colour(instance, index, classes)
        disc(canvas, place, radius + 1, (0, 0, 0), 3 if hidden else None)
        disc(canvas, place, radius + 0.5 * hidden, colour, 1 if hidden else None)


def number_keypoints(
    canvas: Picture, instances: Sequence[Instance], scale: float, taken: list[Place]
) -> None:
    """The indices of keypoints, from 0, beside their discs where there is room.

    None stands over another, over a disc, or in a place that is `taken`, to which those written
    are added. Objects whose keypoints lie farthest apart come first, and small ones get none; a
    picture carries one number for every 1500 of its pixels at most.
    """
    height, width = canvas.shape[:2]
    reach = int(np.ceil(_radius(canvas))) + 1
    several = [i for i in instances if i.keypoints is not None and len(i.keypoints) > 1]
    points = [_shown(i.keypoints, scale) for i in several if i.keypoints is not None]
    discs = np.array([_around(place, reach) for each in points for _, place, _ in each])
    left_over = height * width // _NUMBER_AREA
    roomy = [each for each in points if _spread(each) >= _SMALLEST]
    for each in sorted(roomy, key=_spread, reverse=True):
        for index, place, _ in each:
            if left_over == 0:
                return
            w, h = text_size(str(index), _TEXT)
            w += 2
            x, y = (int(v) for v in np.clip(np.floor(place), -1e6, 1e6))
            beside = (
                (x + reach + 1, y - h // 2), (x - reach - w, y - h // 2),
                (x - w // 2, y - reach - h), (x - w // 2, y + reach + 1),
            )  # fmt: skip
            for left, top in beside:
                spot = (left, top, left + w, top + h)
                inside = left >= 0 and top >= 0 and spot[2] <= width and spot[3] <= height
                if not inside or _covers(spot, discs) or any(overlap(spot, t) for t in taken):
                    continue
                colour = PALETTE[index % len(PALETTE)]
                canvas[top : top + h, left : left + w] = colour
                write_text(canvas, str(index), (left + 1, top), _TEXT, ink_on(colour))
                taken.append(spot)
                left_over -= 1
                break


def _shown(points: Points, scale: float) -> list[tuple[int, Points, bool]]:
    """Index, place in the picture, and whether it is hidden, of each labelled keypoint."""
    return [
        (index, np.array([x * scale, y * scale]), visibility == _HIDDEN)
        for index, (x, y, visibility) in enumerate(points)
        if visibility > 0 and np.isfinite(x + y)
    ]


def _colour(instance: Instance, index: int, classes: Sequence[Label]) -> Colour:
    assert instance.keypoints is not None
    if len(instance.keypoints) == 1:
        return class_colour(instance.label, classes)
    return PALETTE[index % len(PALETTE)]


def _radius(canvas: Picture) -> float:
    return float(max(2.5, min(5.0, min(canvas.shape[:2]) / 50)))


def _around(place: Points, reach: int) -> Place:
    x, y = (int(v) for v in np.clip(np.floor(place), -1e6, 1e6))
    return x - reach, y - reach, x + reach + 1, y + reach + 1


def _covers(spot: Place, discs: NDArray[np.int64]) -> bool:
    """Whether a place covers a part of any of the (N, 4) places."""
    x0, y0, x1, y1 = discs.T
    return bool(((x0 < spot[2]) & (spot[0] < x1) & (y0 < spot[3]) & (spot[1] < y1)).any())


def _spread(points: Sequence[tuple[int, Points, bool]]) -> float:
    """Longer side of the box round an object's keypoints; 0 without any."""
    if not points:
        return 0.0
    places = np.array([place for _, place, _ in points])
    return float(np.ptp(places, axis=0).max())
