"""Annotations drawn into a picture, so that a person sees whether they still fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.evaluate.display import Picture, Window, display_window, resized, to_rgb
from tenfold.evaluate.keypoints import draw_keypoints, number_keypoints
from tenfold.evaluate.lettering import fit_text, text_size, write_text
from tenfold.evaluate.palette import PALETTE, Colour, class_colour, ink_on
from tenfold.evaluate.strokes import Place, overlap, polyline
from tenfold.samples.sample import Instance, Label, Points, Sample

_FILL = 0.3
_HATCH = 8
_HATCH_GREYS = (70, 200)
_TEXT = 11
_LABEL_SIDE = 110
_LABEL_AREA = 20_000  # px² of picture that may carry one more name of the same class
_RIM = 0.55


def draw_sample(
    sample: Sample,
    scale: float = 1.0,
    *,
    classes: Sequence[Label] = (),
    ignore_value: int | None = None,
    window: Window | None = None,
    text: bool = True,
) -> Picture:
    """A sample as a picture for people, with everything that is known of it drawn in.

    Masks are translucent colours with an outline, the ignore value is hatched grey, as is what
    `valid` says isn't the original picture. Boxes, oriented boxes (first side thicker) and
    polygons are outlines, instance masks translucent. Keypoints are discs, hollow where hidden,
    in the colours of their indices, with the index beside them where there is room. Class names
    stand by the largest objects of each class, as many as there is room for, none over another;
    the colour tells the rest.

    Args:
        sample: see `Sample`; not changed.
        scale: output pixels per input pixel. Enlarging shows pixels as squares.
        classes: all classes in the dataset's order, for colours (see `class_colour`).
        ignore_value: the mask value that means "unknown".
        window: values shown black and white; by default `display_window(sample)`.
        text: write class names and keypoints' numbers.

    Returns:
        (round(H * scale), round(W * scale), 3) uint8, at least 1 x 1.

    Raises:
        RequestError: `scale` isn't a positive number.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise RequestError(f"draw_sample: scale must be a positive number, got {scale!r}")
    shown = display_window(sample) if window is None else window
    rgb = to_rgb(sample.image, shown, sample.alpha)
    canvas: Picture = np.ascontiguousarray(resized(rgb, scale))
    for plane, mask in enumerate(_planes(sample)):
        _paint_labels(canvas, mask, scale, plane, ignore_value)
    if sample.valid is not None and not sample.valid.all():
        _hatch(canvas, _mask_at(~sample.valid, canvas))
    # Large objects first, so that small ones aren't buried.
    for instance in sorted(sample.instances, key=_extent, reverse=True):
        _draw_instance(canvas, instance, scale, class_colour(instance.label, classes))
    for instance in sample.instances:
        draw_keypoints(canvas, instance, scale, classes)
    if text and max(canvas.shape[:2]) >= _LABEL_SIDE:
        taken = _write_labels(canvas, sample.instances, scale, classes)
        number_keypoints(canvas, sample.instances, scale, taken)
    return canvas


def _planes(sample: Sample) -> list[NDArray[np.int64]]:
    planes = []
    for mask in sample.masks.values():
        whole = mask[..., None] if mask.ndim == 2 else mask
        planes += [whole[..., i].astype(np.int64) for i in range(whole.shape[2])]
    return planes


def _mask_at(mask: NDArray[np.bool_], canvas: Picture) -> NDArray[np.bool_]:
    height, width = canvas.shape[:2]
    small = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_AREA)
    if height < mask.shape[0]:
        return np.asarray(small > 0)  # averaged bytes round down to 1 only where most are set
    big = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(big > 0)


def _paint_labels(
    canvas: Picture, mask: NDArray[np.int64], scale: float, plane: int, ignore: int | None
) -> None:
    """Translucent colour a value; 0 is background and stays clear."""
    height, width = canvas.shape[:2]
    rows = np.minimum(((np.arange(height) + 0.5) / scale).astype(np.int64), mask.shape[0] - 1)
    columns = np.minimum(((np.arange(width) + 0.5) / scale).astype(np.int64), mask.shape[1] - 1)
    labels = mask[rows[:, None], columns[None, :]]
    unknown = np.zeros(labels.shape, bool) if ignore is None else labels == ignore
    painted = (labels != 0) & ~unknown
    if painted.any():
        # A value keeps its colour everywhere: value 1 the palette's first, 2 its second...
        lookup = np.array(PALETTE, np.float32)[(labels - 1 + plane) % len(PALETTE)]
        canvas[painted] = np.rint(
            canvas[painted] * np.float32(1 - _FILL) + lookup[painted] * np.float32(_FILL)
        ).astype(np.uint8)
        edge = painted & _borders(labels)
        canvas[edge] = lookup[edge].astype(np.uint8)
    if unknown.any():
        _hatch(canvas, unknown)


def _borders(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Pixels with another label above, below, left or right."""
    border = np.zeros(labels.shape, bool)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    border[:, 1:] |= across
    border[:, :-1] |= across
    border[1:] |= down
    border[:-1] |= down
    return border


def _hatch(canvas: Picture, where: NDArray[np.bool_]) -> None:
    rows, columns = np.nonzero(where)
    stripe = (rows + columns) % _HATCH < 2
    grey = np.where(stripe, *reversed(_HATCH_GREYS))[:, None]
    mixed = canvas[rows, columns] * 0.35 + grey * 0.65
    canvas[rows, columns] = np.rint(mixed).astype(np.uint8)


def _draw_instance(canvas: Picture, instance: Instance, scale: float, colour: Colour) -> None:
    thick = _thickness(canvas)
    if instance.mask is not None and instance.mask.any():
        inside = _mask_at(instance.mask, canvas)
        tint = np.array(colour, np.float32)
        mixed = canvas[inside] * np.float32(1 - _FILL) + tint * np.float32(_FILL)
        canvas[inside] = np.rint(mixed).astype(np.uint8)
        outlines, _ = cv2.findContours(
            inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(canvas, outlines, -1, colour, 1)
    for polygon in instance.polygons:
        _outline(canvas, polygon * scale, colour, thick)
    if instance.oriented is not None:
        _outline(canvas, instance.oriented * scale, colour, thick)
        polyline(canvas, instance.oriented[:2] * scale, colour, thick + 2, closed=False)
    elif instance.box is not None:
        x0, y0, x1, y1 = instance.box
        corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        # Half a line inward: a box at the very edge of the picture is still seen.
        inset = np.array([(0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5), (0.5, -0.5)]) * thick
        _outline(canvas, corners * scale + inset, colour, thick)


def _outline(canvas: Picture, points: Points, colour: Colour, thick: int) -> None:
    """A closed line with a darkened rim, seen on any ground."""
    if len(points) < 2 or not np.isfinite(points).all():
        return
    x0, y0 = (np.clip(points.min(axis=0), 0, 1e6) - 4).clip(0).astype(int)
    x1, y1 = (np.clip(points.max(axis=0), 0, 1e6) + 5).astype(int)
    part = canvas[y0:y1, x0:x1]
    if part.size == 0:
        return
    rim = np.zeros(part.shape[:2], np.uint8)
    polyline(rim, points - (x0, y0), (255,), thick + 2, closed=True)
    part[:] = np.rint(part * (1 - rim[..., None] / 255.0 * (1 - _RIM))).astype(np.uint8)
    polyline(canvas, points, colour, thick, closed=True)


def _thickness(canvas: Picture) -> int:
    return 1 if min(canvas.shape[:2]) < 400 else 2


def _bounds(instance: Instance) -> Points | None:
    """x0, y0, x1, y1 round whatever geometry there is, or None."""
    if instance.box is not None:
        return instance.box
    parts = [instance.oriented] if instance.oriented is not None else list(instance.polygons)
    if not parts and instance.mask is not None and instance.mask.any():
        rows, columns = np.nonzero(instance.mask)
        return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], float)
    if not parts and instance.keypoints is not None:
        parts = [instance.keypoints[instance.keypoints[:, 2] > 0, :2]]
    points = np.concatenate(parts) if parts else np.empty((0, 2))
    if len(points) == 0:
        return None
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _extent(instance: Instance) -> float:
    bounds = _bounds(instance)
    if bounds is None or not np.isfinite(bounds).all():
        return 0.0
    return float(abs(bounds[2] - bounds[0]) * abs(bounds[3] - bounds[1]))


def _write_labels(
    canvas: Picture, instances: Sequence[Instance], scale: float, classes: Sequence[Label]
) -> list[Place]:
    """Write the names of classes; the places that they take."""
    height, width = canvas.shape[:2]
    counts = Counter(i.label for i in instances)
    left_over = dict.fromkeys(counts, max(1, height * width // _LABEL_AREA))
    taken: list[Place] = []
    for instance in sorted(instances, key=lambda i: (counts[i.label], -_extent(i))):
        bounds = _bounds(instance)
        if instance.label is None or bounds is None or not np.isfinite(bounds).all():
            continue
        if left_over[instance.label] == 0:
            continue
        words = fit_text(str(instance.label), _TEXT, width // 2)
        w, h = text_size(words, _TEXT)
        w += 5
        x0, y0, x1, y1 = (np.clip(bounds, -1e6, 1e6) * scale).round().astype(int).tolist()
        for x, y in ((x0, y0 - h), (x0, y1), (x1 - w, y0 - h), (x0, y0), (x1 - w, y1)):
            left, top = min(max(x, 0), max(width - w, 0)), min(max(y, 0), max(height - h, 0))
            place = (left, top, left + w, top + h)
            if any(overlap(place, other) for other in taken):
                continue
            colour = class_colour(instance.label, classes)
            canvas[top : top + h, left : left + w] = colour
            write_text(canvas, words, (left + 2, top), _TEXT, ink_on(colour))
            taken.append(place)
            left_over[instance.label] -= 1
            break
    return taken
