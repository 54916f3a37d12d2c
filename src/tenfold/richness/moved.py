"""Pictures that are cut out of others, or turned a little: found by features, proved by laying on.

A crop moves everything by a few pixels, so that hashes and thumbnails differ. Features are coarse
and forgive it: of each picture the 64 grey values that it shrinks to, less their mean and of unit
length, and those of five cuts of it. Of each picture the nearest by them are laid on it: the map
between the two is found by least squares (Evangelidis & Psarakis, "Parametric image alignment using
enhanced correlation coefficient maximization", 2008), first of thumbnails, then of the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.evaluate.duplicates import SMALLEST

Matrix = NDArray[np.float32]
"""(2, 3), an affine map of pixel numbers."""

_COARSE = 8
_CUT = 0.9
_NEAREST = 2
_NEAR = 0.8  # least correlation of features
_LIKELY = 0.85  # least likeness of thumbnails, whose pictures are then compared
_EDGE = 3 / SMALLEST  # of a side that isn't compared: what a turn brings into a picture's corners
_LARGEST, _SMALLEST, _SKEW, _TURN = 1.25, 0.8, 1.2, 9.0
_OVERLAP = 0.4
_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
_FINEST = 96
_CHUNK = 128


def _view(x: float, y: float, share: float) -> Matrix:
    """From pixel numbers of a cut to those of its picture; x, y from 0 to 1 say where it lies."""
    start = (1 - share) * SMALLEST
    offset = (share - 1) / 2
    return np.array([[share, 0, x * start + offset], [0, share, y * start + offset]], np.float32)


VIEWS = (
    _view(0, 0, 1), _view(0.5, 0.5, _CUT), _view(0, 0, _CUT), _view(1, 0, _CUT),
    _view(0, 1, _CUT), _view(1, 1, _CUT),
)  # fmt: skip
"""The whole picture, its middle and its corners, of 90 % of the sides."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two pictures that may be one.

    Attributes:
        first, second: their places.
        start: from pixel numbers of the first's thumbnail to the second's, roughly.
    """

    first: int
    second: int
    start: Matrix


def features(details: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(V, n, 64) of thumbnails (n, 32, 32), each view by each."""
    pitch = SMALLEST / _COARSE
    shrink = np.array([[pitch, 0, (pitch - 1) / 2], [0, pitch, (pitch - 1) / 2]])
    maps = [view[:, :2] @ shrink + np.c_[np.zeros((2, 2)), view[:, 2]] for view in VIEWS]
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = np.empty((len(VIEWS), len(details), _COARSE, _COARSE), np.float32)
    for k, detail in enumerate(details):
        blurred = cv2.GaussianBlur(detail.astype(np.float32), (0, 0), pitch / 2)
        for v, one in enumerate(maps):
            found[v, k] = cv2.warpAffine(
                blurred, one, (_COARSE, _COARSE), flags=how, borderMode=cv2.BORDER_REPLICATE
            )
    flat = found.reshape(len(VIEWS), len(details), -1)
    flat -= flat.mean(axis=2, keepdims=True)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=2, keepdims=True), 1e-6))


def candidates(
    first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> Iterator[Candidate]:  # fmt: skip
    """For each of the second thumbnails (n, 32, 32) the nearest two of the first."""
    theirs, ours = features(first), features(second)
    kept = min(_NEAREST, len(first))
    starts = [*(_inverse(view) for view in VIEWS), *VIEWS[1:]]
    for start in range(0, len(second), _CHUNK):
        rows = slice(start, start + _CHUNK)
        # The second is cut out of the first, or the first out of the second.
        pairs = [(ours[0, rows], view) for view in theirs]
        pairs += [(view[rows], theirs[0]) for view in ours[1:]]
        best = np.full((len(pairs[0][0]), len(first)), -1, np.float32)
        by = np.zeros(best.shape, np.uint8)
        for number, (asked, known) in enumerate(pairs):
            alike = asked @ known.T
            by[alike > best] = number
            np.maximum(best, alike, out=best)
        nearest = np.argpartition(-best, kept - 1, axis=1)[:, :kept]
        for row, places in enumerate(nearest):
            for place in places[best[row, places] >= _NEAR].tolist():
                yield Candidate(place, start + row, starts[by[row, place]])


def laid_on(
    first: NDArray[np.uint8], second: NDArray[np.uint8], start: Matrix
) -> tuple[float, Matrix]:
    """How alike two pictures are where they cover each other, the second laid on the first.

    Args:
        first, second: (S, S) grey, of one size.
        start: from pixel numbers of the first to those of the second, roughly.

    Returns:
        Their correlation, -1 if they can't be laid on each other by a slight change (sides by
        0.8 to 1.25, a turn of 9 degrees), and the map.
    """
    side, edge = len(first), round(_EDGE * len(first))
    inner = np.zeros((side, side), np.uint8)
    inner[edge : side - edge, edge : side - edge] = 255
    try:
        _, found = cv2.findTransformECC(
            first, second, start.copy(), cv2.MOTION_AFFINE, _STEPS, inner, 5
        )
    except cv2.error:  # nothing in common
        return -1.0, start
    if not _slight(found):
        return -1.0, found
    # Whichever was made of the other was interpolated: only the other may be, to be like it.
    back = _inverse(found)
    alike = max(_covered(first, second, found, inner), _covered(second, first, back, inner))
    return alike, found


def _covered(
    first: NDArray[np.uint8], second: NDArray[np.uint8], found: Matrix, inner: NDArray[np.uint8]
) -> float:
    """The correlation of the first and the second moved onto it, where both are."""
    size = first.shape[::-1]
    back = cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(second, found, size, flags=cv2.INTER_LINEAR | back)
    known = cv2.warpAffine(inner, found, size, flags=cv2.INTER_NEAREST | back)
    both = (known > 0) & (inner > 0)
    if both.sum() < _OVERLAP * both.size:
        return -1.0
    a, b = first[both].astype(np.float64), laid[both].astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    power = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / power if power > 1e-3 else -1.0


def likely(
    first: NDArray[np.uint8], second: NDArray[np.uint8], start: Matrix
) -> Matrix | None:  # fmt: skip
    """The map between two thumbnails, if they are so alike that their pictures may be one.

    From one to the other, or else from the other to the one: the search may fail in one direction.
    """
    alike, found = laid_on(first, second, start)
    if alike >= _LIKELY:
        return found
    alike, found = laid_on(second, first, _inverse(start))
    return _inverse(found) if alike >= _LIKELY else None


def _inverse(found: Matrix) -> Matrix:
    return np.asarray(cv2.invertAffineTransform(found), np.float32)


def closely(
    first: NDArray[np.float32], second: NDArray[np.float32], start: Matrix
) -> float:  # fmt: skip
    """`laid_on` of whole pictures, at 96 pixels a side if they have as many.

    Args:
        first, second: (H, W) grey, 0 black and 1 white.
        start: the map of their thumbnails.
    """
    side = min(_FINEST, *first.shape, *second.shape)
    scale = side / SMALLEST
    # The map acts on pixel numbers, whose origin is the middle of the first pixel.
    middle = np.full(2, (scale - 1) / 2)
    shift = scale * start[:, 2] + middle - start[:, :2] @ middle
    return laid_on(
        _squared(first, side), _squared(second, side),
        np.asarray(np.c_[start[:, :2], shift], np.float32),
    )[0]  # fmt: skip


def _squared(grey: NDArray[np.float32], side: int) -> NDArray[np.uint8]:
    """Brought to (side, side), from its darkest to its brightest."""
    small = cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA)
    low, high = float(small.min()), float(small.max())
    return np.asarray(np.rint((small - low) / max(high - low, 1e-6) * 255), np.uint8)


def _slight(found: Matrix) -> bool:
    scales = np.linalg.svd(found[:, :2], compute_uv=False)
    turn = np.degrees(np.arctan2(found[1, 0] - found[0, 1], found[0, 0] + found[1, 1]))
    return bool(
        scales[0] <= _LARGEST and scales[1] >= _SMALLEST
        and scales[0] <= _SKEW * scales[1] and abs(turn) <= _TURN
    )  # fmt: skip
