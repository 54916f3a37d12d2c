"""What cell-packed images are like: the settings of `PackedCells` taken from a few real ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.samples.sample import Array
from tenfold.synth.tissue.noise import blurred, rough

BANDS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Standard deviations (pixels) between which the spectrum of the grain is divided in bands."""
QUANTILES = 33
_SIZES = 11


def measure(images: Sequence[Array], masks: Sequence[Array]) -> dict[str, Any]:
    """Settings of `PackedCells` that fit these pictures.

    Args:
        images: grey pictures, (H, W) or (H, W, 1) uint8, or RGB of which the mean is taken.
        masks: (H, W) each, 0 for membrane, anything else for the inside of cells.

    Returns:
        By the names of `PackedCells`' settings: `diameters` (quantiles of the cells' diameters),
        `membrane` (mean width of labelled membranes, pixels), `profile` (grey levels by which the
        picture is darker than cells' insides, at ever more pixels from the labels' border, from
        without to within), `unevenness` (standard deviation of cells' means), `grain`
        (standard deviation of the grain in each band), `tones` (quantiles of grey levels).

    Raises:
        RequestError: no pictures, masks of another size, no membrane or no cells.
    """
    if not len(images) or len(images) != len(masks):
        raise RequestError(
            f"measure: as many masks as images, at least one, got {len(images)} images and "
            f"{len(masks)} masks"
        )
    greys = [grey_of(image) for image in images]
    found = []
    for number, (grey, mask) in enumerate(zip(greys, masks, strict=True)):
        if mask.shape[:2] != grey.shape:
            raise RequestError(
                f"measure: mask {number} is {mask.shape[:2]}, its image {grey.shape}"
            )
        inside = (mask if mask.ndim == 2 else mask[..., 0]) > 0
        if inside.all() or not inside.any():
            raise RequestError(
                f"measure: mask {number} shows "
                f"{'no membrane (0)' if inside.all() else 'no cells (values above 0)'}"
            )
        found.append(_one(grey, inside))
    diameters = np.concatenate([one["diameters"] for one in found])
    if len(diameters) < 3:
        raise RequestError(f"measure: only {len(diameters)} cells in all masks; give more images")

    def mean(name: str) -> NDArray[np.float64]:
        return np.asarray(np.mean([one[name] for one in found], axis=0))

    return {
        "diameters": _tuple(np.quantile(diameters, np.linspace(0, 1, _SIZES)), 1),
        "membrane": round(float(mean("membrane")), 2),
        "profile": _tuple(mean("profile"), 1),
        "unevenness": round(float(mean("unevenness")), 2),
        "grain": _tuple(np.sqrt(mean("grain")), 2),
        "tones": _tuple(np.mean([np.quantile(g, np.linspace(0, 1, QUANTILES)) for g in greys],
                                axis=0), 1),
    }  # fmt: skip


def grey_of(image: Array) -> NDArray[np.float32]:
    """(H, W) float32 of a picture (H, W), (H, W, 1) or (H, W, 3)."""
    if image.ndim not in (2, 3) or not image.size:
        raise RequestError(f"measure: images are (H, W) or (H, W, C), got {image.shape}")
    flat = image if image.ndim == 2 else image.mean(axis=2)
    return np.ascontiguousarray(flat, np.float32)


def bands(picture: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(bands,) variance of a picture in each band of `BANDS` over the pixels of `where`."""
    levels = [blurred(picture, sigma) for sigma in BANDS]
    found = [np.var((a - b)[where], dtype=np.float64) for a, b in
             pairwise(levels)]  # fmt: skip
    return np.array([*found, np.var(levels[-1][where], dtype=np.float64)])


def mixture(variances: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """How strong white noise under the blurs of `BANDS` must be for these variances in the bands.

    Each blur's noise falls into several bands; the nonnegative mixture is found by multiplicative
    steps (Lee & Seung 1999).

    Returns:
        (bands,) standard deviation of each, the blurred noise having standard deviation 1.
    """
    random = np.random.Generator(np.random.Philox(key=[0, 0]))
    everywhere = np.ones((256, 256), bool)
    columns = []
    for sigma in BANDS:
        field = blurred(rough(random, 256, 256), sigma)
        columns.append(bands(field / np.float32(field.std()), everywhere))
    spread = np.stack(columns, axis=1)
    wanted = np.maximum(np.asarray(variances, dtype=np.float64), 1e-6)
    powers = wanted.copy()
    for _ in range(400):
        made = (spread * powers).sum(axis=1)
        powers *= (spread * wanted[:, None]).sum(axis=0) / (spread * made[:, None]).sum(axis=0)
    return np.asarray(np.sqrt(powers))


PROFILE = (-6, -4, -3, -2, -1, 1, 2, 3)
"""Pixels from the border of labelled membranes, negative within cells."""


def _one(grey: NDArray[np.float32], inside: NDArray[np.bool_]) -> dict[str, Any]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        inside.astype(np.uint8), connectivity=4
    )
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    height, width = inside.shape
    big = areas >= 20
    left, top = stats[1:, cv2.CC_STAT_LEFT], stats[1:, cv2.CC_STAT_TOP]
    right, low = left + stats[1:, cv2.CC_STAT_WIDTH], top + stats[1:, cv2.CC_STAT_HEIGHT]
    # Cells cut by the picture's edge aren't known, unless they take much of it.
    whole = (left > 0) & (top > 0) & (right < width) & (low < height)
    chosen = big & (whole | (areas > np.quantile(areas[big], 0.9) if big.any() else False))
    across = (inside[:, 1:] != inside[:, :-1]).sum() + (inside[1:] != inside[:-1]).sum()
    length = float(across) * np.pi / 4 / 2  # a line drawn on pixels is longer by 4 / pi
    into = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5)
    away = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    deep = away > 6
    level = float(np.median(grey[deep])) if deep.any() else float(grey.max())
    profile = []
    for at in PROFILE:
        ring = (np.abs(away + at) < 0.6) if at < 0 else (np.abs(into - at) < 0.6)
        profile.append(level - float(grey[ring].mean()) if ring.any() else 0.0)
    means = np.bincount(labels[deep], grey[deep], count)[1:]
    weights = np.bincount(labels[deep], minlength=count)[1:]
    known = weights > 60
    levels = means[known] / weights[known]
    return {
        "diameters": 2 * np.sqrt(areas[chosen] / np.pi),
        "membrane": (~inside).sum() / max(length, 1.0),
        "profile": profile,
        "unevenness": float(np.std(levels)) if len(levels) > 1 else 0.0,
        "grain": bands(grey, away > 4),
    }


def _tuple(values: Sequence[float] | NDArray[Any], digits: int) -> tuple[float, ...]:
    return tuple(round(float(v), digits) for v in values)
