"""Annotations as they come in: boxes outside the image, inverted or not numbers."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tenfold.errors import SampleError
from tenfold.samples.sample import Instance, Points, Sample

Invalid = Literal["clip", "drop", "raise"]

TOLERANCE = 1.5
"""Pixels by which a box may stand out for rounding's sake (whole-number formats that count from
0 or from 1, sizes halved and rounded); such boxes are clipped and not counted."""


def clean(sample: Sample, invalid: Invalid) -> tuple[Sample, int, int]:
    """The sample with usable annotations only.

    Args:
        sample: as read.
        invalid: `clip` boxes to the image (dropped if nothing is left, or if they are inverted,
            NaN or infinite), `drop` them, or `raise`.

    Returns:
        The sample, and how many instances were clipped and dropped.

    Raises:
        SampleError: for `raise`, naming the box.
    """
    kept: list[Instance] = []
    clipped = dropped = 0
    for instance in sample.instances:
        problem = _problem(instance, sample)
        if problem is None:
            kept.append(_clipped(instance, sample))
            continue
        if invalid == "raise":
            raise SampleError(f"{problem}; correct it, or choose invalid: clip or drop")
        mended = _clipped(instance, sample) if invalid == "clip" and _finite(instance) else None
        if mended is None or not _has_extent(mended):
            dropped += 1
        else:
            clipped += 1
            kept.append(mended)
    return sample.replace(instances=tuple(kept)), clipped, dropped


def _problem(instance: Instance, sample: Sample) -> str | None:
    for what, points in _coordinates(instance):
        if not np.isfinite(points).all():
            return f"{what} of '{instance.label}' is not a number: {_show(points)}"
    box = instance.box
    if box is None:
        return None
    if box[2] <= box[0] or box[3] <= box[1]:
        return f"box of '{instance.label}' is inverted or empty: {_show(box)}"
    limit = np.array([sample.width, sample.height])
    if (box[:2] < -TOLERANCE).any() or (box[2:] > limit + TOLERANCE).any():
        return (
            f"box of '{instance.label}' stands outside the "
            f"{sample.width}x{sample.height} image: {_show(box)}"
        )
    return None


def _coordinates(instance: Instance) -> list[tuple[str, Points]]:
    found = [("box", instance.box), ("oriented box", instance.oriented)]
    found += [("polygon", p) for p in instance.polygons]
    found += [("keypoints", instance.keypoints)]
    return [(what, points) for what, points in found if points is not None]


def _clipped(instance: Instance, sample: Sample) -> Instance:
    if instance.box is None:
        return instance
    size = np.array([sample.width, sample.height] * 2, dtype=np.float64)
    return instance.replace(box=np.clip(instance.box, 0, size))


def _finite(instance: Instance) -> bool:
    return all(np.isfinite(points).all() for _, points in _coordinates(instance))


def _has_extent(instance: Instance) -> bool:
    box = instance.box
    return box is None or bool(box[2] > box[0] and box[3] > box[1])


def _show(points: Points) -> str:
    return "[" + ", ".join(f"{v:g}" for v in points.reshape(-1)[:8]) + "]"
