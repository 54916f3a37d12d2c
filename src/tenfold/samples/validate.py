"""What comes in and can't be meant: objects outside the image, inverted boxes, no numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from tenfold.errors import SampleError
from tenfold.samples import outline
from tenfold.samples.sample import Instance, Points, Sample

Invalid = Literal["clip", "drop", "raise"]

TOLERANCE = 1.5
"""Pixels by which a box or a keypoint may stand out for rounding's sake (whole-number formats
that count from 0 or from 1, sizes halved and rounded); such are clipped and not counted."""


def clean(
    sample: Sample, invalid: Invalid, value_range: tuple[float, float] | None = None
) -> tuple[Sample, int, int]:
    """The sample with usable annotations only, and with the value range that a person gave it.

    An object is where the most exact of what it holds is: its mask, else its outlines, else its
    oriented box, else its box. A box beside any of the former that is inverted, outside or not
    a number is derived from it, as it would be after a move, and is no reason to lose the object.

    It is *invalid* if its outlines or its oriented box lie wholly outside the image, if its box,
    alone, is inverted, empty or stands out, if a labelled keypoint (v > 0) is outside, or if any
    coordinate is NaN or infinite. Outlines and oriented boxes that are partly outside are common
    (tiles cut from larger pictures) and stay as they are; their box is clipped to the image.

    Args:
        sample: as read.
        invalid: `clip` boxes to the image and mark keypoints outside as not labelled (the object
            is dropped if nothing of it is left in the image, or if its coordinates aren't
            numbers); `drop` the object, but for a keypoint alone just that keypoint; or `raise`.
        value_range: black and white of the sample's image, where its dtype can hold both (12 bits
            in uint16: (0, 4095)); None keeps what the source said. Values outside of it may come
            in, and geometry keeps them; what changes intensities clips to it.

    Returns:
        The sample, and how many instances were clipped (keypoints taken off included) and dropped.

    Raises:
        SampleError: for `raise`, naming what is wrong and its coordinates.
    """
    kept: list[Instance] = []
    clipped = dropped = 0
    for instance in sample.instances:
        whole = _boxed(instance, sample)
        problem = _problem(whole, sample)
        outside = _keypoints_outside(whole, sample)
        if invalid == "raise" and (problem is not None or outside.any()):
            problem = problem or _told_outside(whole, outside, sample)
            raise SampleError(f"{problem}; correct it, or choose invalid: clip or drop")
        mended = _clipped(whole, sample, outside)
        if problem is not None and (
            invalid == "drop" or not _finite(whole) or not _left(mended, sample)
        ):
            dropped += 1
            continue
        clipped += problem is not None or bool(outside.any())
        kept.append(mended)
    if value_range is None or not holds(sample.image.dtype, value_range):
        value_range = sample.value_range
    cleaned = sample.replace(instances=tuple(kept), value_range=value_range)
    return cleaned, clipped, dropped


def holds(dtype: np.dtype[Any], value_range: tuple[float, float]) -> bool:
    """Whether images of a dtype can have both black and white of a range."""
    if dtype.kind == "f":
        return True
    limits = np.iinfo(dtype)
    return bool(limits.min <= value_range[0] and value_range[1] <= limits.max)


def _boxed(instance: Instance, sample: Sample) -> Instance:
    """The instance; with its box derived from its mask or outlines if it has an unusable one."""
    box = instance.box
    if box is None or (np.isfinite(box).all() and not _inverted(box) and not _out(box, sample)):
        return instance
    extent = _extent(instance)
    return instance if extent is None else instance.replace(box=extent)


def _extent(instance: Instance) -> Points | None:
    """The box round the mask, the outlines or the oriented box, whichever comes first.

    None where there is none of them, or nothing that a box goes round.
    """
    extent = None if instance.mask is None else outline.mask_bounds(instance.mask)
    outlines = _outlines(instance)
    if extent is None and outlines:
        extent = outline.bounds(outlines)
    usable = extent is not None and np.isfinite(extent).all() and not _inverted(extent)
    return extent if usable else None


def _outlines(instance: Instance) -> Sequence[Points]:
    found = [p for p in instance.polygons if len(p)]
    return found or ([] if instance.oriented is None else [instance.oriented])


def _problem(instance: Instance, sample: Sample) -> str | None:
    for what, points in _coordinates(instance):
        if not np.isfinite(points).all():
            return f"{what} of '{instance.label}' is not a number: {_show(points)}"
    if not _in_view(instance, sample):
        what = "oriented box" if instance.oriented is not None else "outline"
        where = _show(np.concatenate(list(_outlines(instance))))
        return f"{what} of '{instance.label}' lies outside the {_size(sample)} image: {where}"
    box = instance.box
    if box is None:
        return None
    if _inverted(box):
        return f"box of '{instance.label}' is inverted or empty: {_show(box)}"
    if _out(box, sample) and _extent(instance) is None:
        return f"box of '{instance.label}' stands outside the {_size(sample)} image: {_show(box)}"
    return None


def _left(instance: Instance, sample: Sample) -> bool:
    """Whether anything is left of a clipped object."""
    box = instance.box
    return _in_view(instance, sample) and (box is None or not _inverted(box))


def _in_view(instance: Instance, sample: Sample) -> bool:
    """Whether anything of the object is in the image, as far as its geometry tells."""
    if instance.mask is not None and instance.mask.any():
        return True
    if outlines := _outlines(instance):
        return any(outline.in_view(p, sample.height, sample.width) for p in outlines)
    return True


def _keypoints_outside(instance: Instance, sample: Sample) -> Points:
    """(K,) bool: labelled keypoints that are outside by more than rounding."""
    points = instance.keypoints
    if points is None:
        return np.zeros(0, dtype=bool)
    limit = np.array([sample.width, sample.height])
    out = (points[:, :2] < -TOLERANCE) | (points[:, :2] > limit + TOLERANCE)
    return np.asarray(out.any(axis=1) & (points[:, 2] > 0))


def _told_outside(instance: Instance, outside: Points, sample: Sample) -> str:
    assert instance.keypoints is not None
    numbers = np.flatnonzero(outside)
    where = ", ".join(f"{n} at {_show(instance.keypoints[n, :2])}" for n in numbers[:4])
    more = f" and {len(numbers) - 4} more" if len(numbers) > 4 else ""
    which = "keypoint" if len(numbers) == 1 else "keypoints"
    lie = "lies" if len(numbers) == 1 else "lie"
    return (
        f"{which} of '{instance.label}' {lie} outside the {_size(sample)} image: "
        f"{where}{more} (counted from 0)"
    )


def _clipped(instance: Instance, sample: Sample, outside: Points) -> Instance:
    size = np.array([sample.width, sample.height], dtype=np.float64)
    box, points = instance.box, instance.keypoints
    if box is not None:
        box = np.clip(box, 0, np.tile(size, 2))
    if points is not None:
        points = points.copy()
        points[outside, 2] = 0
        shown = points[:, 2] > 0
        points[shown, :2] = np.clip(points[shown, :2], 0, size)
    return instance.replace(box=box, keypoints=points)


def _coordinates(instance: Instance) -> list[tuple[str, Points]]:
    found = [("box", instance.box), ("oriented box", instance.oriented)]
    found += [("polygon", p) for p in instance.polygons]
    found += [("keypoints", instance.keypoints)]
    return [(what, points) for what, points in found if points is not None]


def _finite(instance: Instance) -> bool:
    return all(np.isfinite(points).all() for _, points in _coordinates(instance))


def _inverted(box: Points) -> bool:
    return bool(box[2] <= box[0] or box[3] <= box[1])


def _out(box: Points, sample: Sample) -> bool:
    limit = np.array([sample.width, sample.height])
    return bool((box[:2] < -TOLERANCE).any() or (box[2:] > limit + TOLERANCE).any())


def _size(sample: Sample) -> str:
    return f"{sample.width}x{sample.height}"


def _show(points: Points) -> str:
    return "[" + ", ".join(f"{v:g}" for v in points.reshape(-1)[:8]) + "]"
