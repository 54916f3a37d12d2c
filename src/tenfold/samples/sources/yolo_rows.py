"""Rows of YOLO's label files, to and from instances.

A row is a class number and coordinates as shares of the image's width and height (Ultralytics,
"Detect / Segment / Pose / OBB datasets overview"):

- `c x y w h`: a box, by its centre;
- `c x1 y1 x2 y2 x3 y3 ...`: an outline of three or more points;
- `c x1 y1 x2 y2 x3 y3 x4 y4`: an oriented box, in datasets of such;
- `c x y w h px py [v] ...`: a box and keypoints, where data.yaml has `kpt_shape`. Without
  visibilities a point at (0, 0) or with a negative coordinate is not labelled.

A row with a share above 1.01 (Ultralytics' own limit, for rounding) is refused: it was most
likely written in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenfold.errors import SampleError
from tenfold.samples import outline
from tenfold.samples.sample import Instance, Label, Points
from tenfold.samples.sources.yolo_config import YoloConfig

ROW = "yolo_row"
CLASS = "yolo_class"
OUTLINE_VALUES = 8
_LARGEST = 1.01


def split_rows(text: str) -> list[tuple[int, list[str]]]:
    """(line number from 1, values) of the rows that are not blank."""
    rows = ((i, line.split()) for i, line in enumerate(text.splitlines(), 1))
    return [(i, values) for i, values in rows if values]


def label_of(value: str, config: YoloConfig) -> tuple[int, Label]:
    """Class number and label (its name, or the number where there are no names).

    Raises:
        SampleError: it is no whole number, or out of range.
    """
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not number.is_integer():
        raise SampleError(f"the class must be a whole number, got {value!r}")
    index = int(number)
    if index < 0 or (config.classes is not None and index >= config.classes):
        last = "" if config.classes is None else f"..{config.classes - 1}"
        raise SampleError(
            f"class {index} is out of range 0{last}; correct the row, or the names in data.yaml"
        )
    return index, config.names[index] if config.names else index


def instance_of(
    values: Sequence[str], config: YoloConfig, oriented: bool, height: int, width: int
) -> Instance:
    """A row as an instance, in pixels.

    Raises:
        SampleError: wrong number of values, values that are no numbers, or no shares.
    """
    index, label = label_of(values[0], config)
    try:
        numbers = np.array([float(v) for v in values[1:]], dtype=np.float64)
    except ValueError as error:
        raise SampleError(f"a coordinate is not a number: {error}") from None
    size = np.array([width, height], dtype=np.float64)
    extra = {CLASS: index}
    count = len(numbers)
    if config.keypoints is not None:
        points, values_each = config.keypoints
        if count != 4 + points * values_each:
            raise SampleError(
                f"it has {count + 1} values, kpt_shape {list(config.keypoints)} needs "
                f"{5 + points * values_each}"
            )
        keypoints = _keypoints(numbers[4:].reshape(points, values_each), size)
        _check_shares(numbers[:4])
        _check_shares((keypoints[:, :2] / size)[keypoints[:, 2] > 0])
        return Instance(label, _box(numbers[:4], size), keypoints=keypoints, extra=extra)
    if count == 4 or (count >= 6 and count % 2 == 0):
        _check_shares(numbers)
    if count == 4:
        return Instance(label, _box(numbers, size), extra=extra)
    if count == OUTLINE_VALUES and oriented:
        corners = numbers.reshape(4, 2) * size
        return Instance(label, outline.bounds([corners]), oriented=corners, extra=extra)
    if count >= 6 and count % 2 == 0:
        polygon = numbers.reshape(-1, 2) * size
        return Instance(label, outline.bounds([polygon]), polygons=(polygon,), extra=extra)
    hint = " (a confidence? take it out)" if count == 5 else ""
    raise SampleError(
        f"it has {count + 1} values{hint}; a box has 5, an outline of n points 1 + 2n, and "
        "keypoints need kpt_shape in data.yaml"
    )


def row_of(instance: Instance, config: YoloConfig, height: int, width: int) -> str:
    """An instance as a row; coordinates with six decimals, within 0..1.

    Corners of an oriented box that stand out of the picture are moved to its border, since
    readers refuse rows with coordinates outside; an object in several parts becomes one outline.

    Raises:
        SampleError: the class has no number, or there is no geometry.
    """
    size = np.array([width, height], dtype=np.float64)
    index = instance.extra.get(CLASS)
    if config.names and (index is None or config.names[index] != instance.label):
        if instance.label not in config.names:
            raise SampleError(f"data.yaml has no class '{instance.label}'; add it to names")
        index = config.names.index(str(instance.label))
    elif not config.names:
        index = instance.label
    if instance.oriented is not None:
        return _text(index, instance.oriented / size)
    if instance.polygons:
        return _text(index, outline.joined(instance.polygons) / size)
    if instance.box is None:
        raise SampleError(f"YOLO needs a box or an outline for each object; {index} has none")
    x0, y0, x1, y1 = np.clip(instance.box, 0, np.tile(size, 2)) / np.tile(size, 2)
    row = _text(index, np.array([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]))
    if instance.keypoints is None or config.keypoints is None:
        return row
    for x, y, visible in instance.keypoints:
        shown = visible > 0
        px, py = (np.clip([x / width, y / height], 0, 1)) if shown else (0.0, 0.0)
        row += f" {px:.6f} {py:.6f}"
        if config.keypoints[1] == 3:
            row += f" {int(visible) if shown else 0}"
    return row


def _text(index: object, values: Points) -> str:
    return f"{index} " + " ".join(f"{v:.6f}" for v in np.clip(values.reshape(-1), 0, 1))


def _check_shares(numbers: Points) -> None:
    """Refuse coordinates in pixels; what is infinite or NaN is for the recipe's `invalid`."""
    beyond = numbers[np.isfinite(numbers) & (numbers > _LARGEST)]
    if beyond.size:
        raise SampleError(
            f"{beyond[0]:.10g} is outside 0..1; YOLO wants shares: divide by the image's width "
            "and height"
        )


def _box(numbers: Points, size: Points) -> Points:
    centre, half = numbers[:2], numbers[2:] / 2
    return np.concatenate([(centre - half) * size, (centre + half) * size])


def _keypoints(points: Points, size: Points) -> Points:
    xy = points[:, :2]
    if points.shape[1] == 3:
        visible = points[:, 2]
    else:
        labelled = ~((xy < 0).any(axis=1) | (xy == 0).all(axis=1))
        visible = np.where(labelled, 2.0, 0.0)
    return np.column_stack([xy * size, visible])
