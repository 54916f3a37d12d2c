"""Whether labels still fit: how far edges moved where labels have theirs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.samples.sample import Array
from tenfold.synth.dress.pyramid import planes_of
from tenfold.synth.dress.reading import FLAT, checked

_REACH = 5.0  # px to each side: the greatest displacement that is looked for
_HALF = 6.0  # px: half the length of the profile that is compared
_STEP = 0.5  # px between two of its points
_ALONG = 5  # px to each side along the edge, over which profiles are averaged
_MOST = 2000  # places that are looked at
_ALIKE = 0.4  # least correlation of the profiles before and after


@dataclass(frozen=True, slots=True)
class Displacement:
    """How far edges moved.

    Attributes:
        median: px, across the edge.
        most: px, the 90th percentile.
        lost: share of edges that can't be found again within 5 px.
        places: number of places along the labels' boundaries that had an edge before.
    """

    median: float
    most: float
    lost: float
    places: int


def edge_map(keep: Array, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Where edges must stay, (H, W) float32 within 0..1.

    Args:
        keep: (H, W); a label image of an integer dtype, whose edges are the pixels beside another
            label; or a map of edges, bool or float within 0..1.
        shape: height and width that it must have.

    Raises:
        RequestError: another shape, dtype or values beyond 0..1.
    """
    found = np.asarray(keep)
    if found.shape != shape:
        raise RequestError(f"style: keep is {found.shape} and the image {shape}; they must agree")
    if found.dtype.kind in "iu":
        edges = np.zeros(shape, bool)
        down, right = found[1:] != found[:-1], found[:, 1:] != found[:, :-1]
        edges[1:] |= down
        edges[:-1] |= down
        edges[:, 1:] |= right
        edges[:, :-1] |= right
        return edges.astype(np.float32)
    if found.dtype.kind not in "bf":
        raise RequestError(f"style: keep must hold labels, flags or 0..1, got {found.dtype}")
    map_ = found.astype(np.float32)
    if not ((map_ >= 0) & (map_ <= 1)).all():
        raise RequestError("style: keep, a map of edges, must be within 0..1")
    return map_


def edges_seen(image: Array) -> NDArray[np.float32]:
    """A map of an image's own edges, (H, W) float32 within 0..1: the steepest tenth is above 1/2.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3).
    """
    grey = planes_of(checked(image, "style: the image"))[0]
    wide = np.pad(grey, 1, mode="edge")
    across = wide[1:-1, 2:] - wide[1:-1, :-2]
    down = wide[2:, 1:-1] - wide[:-2, 1:-1]
    steep = np.sqrt(across * across + down * down)
    ranked = np.sort(steep, axis=None)
    typical = max(float(ranked[int(0.9 * (len(ranked) - 1))]), FLAT)
    return np.asarray(np.minimum(steep * (0.5 / typical), 1), np.float32)


def edge_displacement(before: Array, after: Array, keep: Array | None = None) -> Displacement:
    """How far the edges of an image moved where labels have theirs.

    At places along the labels' boundaries the brightness across the boundary, averaged over 11 px
    along it, is compared before and after: the displacement is the shift at which the two profiles
    correlate best. Boundaries where nothing was to be seen before don't count.

    Args:
        before: the image to which the labels belong, (H, W), (H, W, 1) or (H, W, 3).
        after: what became of it, of the same shape.
        keep: see `edge_map`; None for the image's own edges.

    Returns:
        All 0 where there are no edges.

    Raises:
        RequestError: shapes that don't agree.
    """
    one, two = checked(before, "style: before"), checked(after, "style: after")
    if one.shape != two.shape:
        raise RequestError(f"style: the images differ in shape: {one.shape} and {two.shape}")
    map_ = edges_seen(one) if keep is None else edge_map(keep, one.shape[:2])
    rows, columns, angles = _places(map_)
    if not len(rows):
        return Displacement(0.0, 0.0, 0.0, 0)
    short = np.arange(-_HALF, _HALF + _STEP / 2, _STEP)
    long = np.arange(-_HALF - _REACH, _HALF + _REACH + _STEP / 2, _STEP)
    was = _profiles(planes_of(one)[0], rows, columns, angles, short)
    now = _profiles(planes_of(two)[0], rows, columns, angles, long)
    seen = was.std(axis=1) > 2 * FLAT
    if not seen.any():
        return Displacement(0.0, 0.0, 0.0, 0)
    shift, alike = _shifts(was[seen], now[seen])
    lost = alike < _ALIKE
    moved = np.where(lost, _REACH, np.abs(shift))
    median, most = np.percentile(moved, [50, 90])
    # Rounded, so that a machine's last bit decides nothing.
    return Displacement(
        round(float(median), 3), round(float(most), 3), round(float(lost.mean()), 4), len(shift)
    )


def _places(map_: NDArray[np.float32]) -> tuple[Array, Array, Array]:
    """Rows, columns, and directions across the edge (radians from x to y) of some edge pixels."""
    rows, columns = np.nonzero(map_ >= 0.5)
    inner = int(_ALONG)
    height, width = map_.shape
    inside = (
        (rows >= inner) & (rows < height - inner) & (columns >= inner) & (columns < width - inner)
    )
    rows, columns = rows[inside], columns[inside]
    step = max(len(rows) // _MOST, 1)
    rows, columns = rows[::step], columns[::step]
    soft = cv2.GaussianBlur(map_.astype(np.float64), (0, 0), 1.5)
    across, down = cv2.Sobel(soft, -1, 1, 0), cv2.Sobel(soft, -1, 0, 1)
    xx, yy, xy = (
        cv2.GaussianBlur(p, (0, 0), 2.5)[rows, columns]
        for p in (across * across, down * down, across * down)
    )
    # Where boundaries meet there is no one direction across them.
    sure = np.hypot(xx - yy, 2 * xy) > 0.5 * (xx + yy)
    angles = 0.5 * np.arctan2(2 * xy, xx - yy)
    return rows[sure], columns[sure], angles[sure]


def _profiles(
    grey: NDArray[np.float32], rows: Array, columns: Array, angles: Array, across: Array
) -> NDArray[np.float64]:
    """(places, len(across)): brightness across the edge, averaged along it."""
    cosine, sine = np.cos(angles)[:, None], np.sin(angles)[:, None]
    total = np.zeros((len(rows), len(across)))
    for along in range(-_ALONG, _ALONG + 1):
        x = columns[:, None] + across * cosine - along * sine
        y = rows[:, None] + across * sine + along * cosine
        total += cv2.remap(
            grey, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )  # fmt: skip
    return total / (2 * _ALONG + 1)


def _shifts(was: NDArray[np.float64], now: NDArray[np.float64]) -> tuple[Array, Array]:
    """Shift (px) of best correlation, to a fraction of a step, and that correlation."""
    was = was - was.mean(axis=1, keepdims=True)
    was /= np.sqrt((was**2).sum(axis=1, keepdims=True))
    size = was.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(now, size, axis=1)
    middle = windows.mean(axis=2)
    power = (windows**2).sum(axis=2) - size * middle**2
    joint = (windows * was[:, None, :]).sum(axis=2)
    alike = joint / np.sqrt(np.maximum(power, 1e-12))
    best = alike.argmax(axis=1)
    each = np.arange(len(best))
    inner = np.clip(best, 1, alike.shape[1] - 2)
    left, peak, right = (alike[each, inner + side] for side in (-1, 0, 1))
    bend = left - 2 * peak + right
    part = np.divide(left - right, 2 * bend, out=np.zeros_like(bend), where=bend < -1e-9)
    fine = np.where(best == inner, np.clip(part, -0.5, 0.5), 0)
    return (best + fine) * _STEP - _REACH, alike[each, best]
