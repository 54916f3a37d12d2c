"""Cutting an object out: which pixels are its own, by the most exact that its label tells."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.plan.shapes import corners, raster
from tenfold.samples.outline import bounds, mask_bounds
from tenfold.samples.sample import Array, Instance, Points

Region = NDArray[np.bool_]
Window = tuple[int, int, int, int]
"""x0, y0, x1, y1 in whole pixels, end excluded."""

_POINTS = 128
_LEAST_SHARE, _MOST_SHARE = 0.2, 0.97
_FILLS = 0.8  # of a box, at least, along both sides: what is found by contrast is the object


@dataclass(frozen=True, eq=False)
class Cutout:
    """An object's own pixels in its picture.

    Attributes:
        window: of the picture.
        region: (h, w) bool, of the window: the object.
        outlines: its outlines, picture coordinates, each (K, 2); () where a mask says it exactly.
        points: (K, 2) picture coordinates that its extent is that of, however it is turned.
    """

    window: Window
    region: Region
    outlines: tuple[Points, ...]
    points: Points

    @property
    def centre(self) -> Points:
        """(2,) middle of its extent."""
        return np.asarray((self.points.min(axis=0) + self.points.max(axis=0)) / 2)


def extent(instance: Instance) -> Points | None:
    """The box (x0, y0, x1, y1) round an object's most exact geometry; None if it has none."""
    if instance.mask is not None:
        return mask_bounds(instance.mask)
    if instance.polygons:
        return bounds(instance.polygons)
    if instance.oriented is not None:
        return bounds([instance.oriented])
    return instance.box


def has_shape(instance: Instance) -> bool:
    """Whether more than a box is known of an object's outline."""
    return instance.mask is not None or bool(instance.polygons)


def cut_out(instance: Instance, image: Array, cut: str) -> Cutout:
    """An object's own pixels.

    Args:
        instance: with an extent.
        image: (H, W, C) its picture.
        cut: see `ComposeUse.cut`.
    """
    if instance.mask is not None:
        box = mask_bounds(instance.mask)
        assert box is not None
        window = _window(box)
        x0, y0, x1, y1 = window
        region = instance.mask[y0:y1, x0:x1].copy()  # a view would keep all of the mask
        return Cutout(window, region, (), _ends(region, window))
    if instance.polygons:
        return _by_outlines(instance.polygons)
    if instance.oriented is not None:
        outline = instance.oriented if cut == "box" else _ellipse(instance.oriented)
        return _by_outlines((outline,))
    assert instance.box is not None
    box = instance.box
    if cut == "box":
        return _by_outlines((corners(box),))
    if cut == "contrast" and (found := _by_contrast(box, image)) is not None:
        return found
    return _by_outlines((_ellipse(corners(box)),))


def region_of(outlines: tuple[Points, ...], window: Window) -> Region:
    """Which pixels of a window lie within any of some outlines."""
    x0, y0, x1, y1 = window
    region = np.zeros((y1 - y0, x1 - x0), dtype=bool)
    for outline in outlines:
        region |= raster(outline, window)
    return region


def within(box: Points, height: int, width: int) -> Window:
    """The window of a picture that holds a box, at least one pixel wide and high."""
    x0, y0 = np.clip(np.floor(box[:2]), 0, [width - 1, height - 1]).astype(int).tolist()
    x1, y1 = np.clip(np.ceil(box[2:]), [x0 + 1, y0 + 1], [width, height]).astype(int).tolist()
    return x0, y0, x1, y1


def _by_outlines(outlines: tuple[Points, ...]) -> Cutout:
    window = _window(bounds(outlines))
    return Cutout(window, region_of(outlines, window), outlines, np.concatenate(outlines))


def _ellipse(frame: Points) -> Points:
    """The ellipse inscribed in a rectangle or parallelogram of four corners in order."""
    turn = np.arange(_POINTS) * (2 * np.pi / _POINTS)
    middle = frame.mean(axis=0)
    along, across = (frame[1] - frame[0]) / 2, (frame[3] - frame[0]) / 2
    return np.asarray(
        middle + np.cos(turn)[:, None] * along + np.sin(turn)[:, None] * across, np.float64
    )


def _by_contrast(box: Points, image: Array) -> Cutout | None:
    """What stands out in a box from its rim: colour distance, parted by Otsu's threshold.

    The outline is stretched so that its extent is the box: a person's margin is kept.
    Whole-number arithmetic throughout, so that all machines agree.
    """
    height, width = image.shape[:2]
    x0, y0, x1, y1 = window = _inside(_window(box), height, width)
    crop = image[y0:y1, x0:x1].astype(np.float64)
    if min(crop.shape[:2]) < 8:
        return None
    oval = raster(_ellipse(corners(np.array(window))), window)
    spread = crop[~oval]
    distance = np.abs(crop - np.median(spread, axis=0)).max(axis=2)
    top = float(distance.max())
    if top <= 0:
        return None
    level = np.rint(distance * (255 / top)).astype(np.uint8)
    chosen = (level > _otsu(level)).astype(np.uint8)
    chosen = cv2.morphologyEx(chosen, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(chosen, connectivity=4)
    if count < 2:
        return None
    sizes = np.bincount(labels.ravel(), weights=oval.ravel(), minlength=count)
    sizes[0] = 0
    loops, _ = cv2.findContours(
        (labels == int(sizes.argmax())).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    outline = max(loops, key=len).reshape(-1, 2) + 0.5 + np.array([x0, y0])
    least, most = outline.min(axis=0), outline.max(axis=0)
    share = np.count_nonzero(raster(outline, window)) / oval.size
    fills = (most - least) / (box[2:] - box[:2])
    if not _LEAST_SHARE <= share <= _MOST_SHARE or fills.min() < _FILLS:
        return None
    stretched = box[:2] + (outline - least) * ((box[2:] - box[:2]) / (most - least))
    return _by_outlines((stretched,))


def _otsu(levels: NDArray[np.uint8]) -> int:
    """The threshold that parts levels best in two (Otsu 1979), by whole numbers."""
    counts = np.bincount(levels.ravel(), minlength=256).tolist()
    total, weighted = sum(counts), sum(i * n for i, n in enumerate(counts))
    best, chosen, below, sum_below = -1.0, 0, 0, 0
    for level, number in enumerate(counts):
        below, sum_below = below + number, sum_below + level * number
        if below in (0, total):
            continue
        between = (sum_below * total - weighted * below) ** 2 / (below * (total - below))
        if between > best:
            best, chosen = between, level
    return chosen


def _ends(region: Region, window: Window) -> Points:
    """Corners of the first and the last pixel of each row: their hull is the region's."""
    rows = np.flatnonzero(region.any(axis=1))
    first = region[rows].argmax(axis=1)
    last = region.shape[1] - region[rows][:, ::-1].argmax(axis=1)
    x = np.concatenate([first, last, first, last]) + window[0]
    y = np.concatenate([rows, rows, rows + 1, rows + 1]) + window[1]
    return np.stack([x, y], axis=1).astype(np.float64)


def _window(box: Points) -> Window:
    x0, y0 = np.floor(box[:2]).astype(int).tolist()
    x1, y1 = np.ceil(box[2:]).astype(int).tolist()
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def _inside(window: Window, height: int, width: int) -> Window:
    x0, y0, x1, y1 = window
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
