"""A sample and the fields that move together.

Coordinates are continuous pixel coordinates everywhere: x to the right, y down, the left edge
of the first pixel is x = 0 and its centre x = 0.5. Readers convert on the way in, writers on the
way out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import SampleError

Array = NDArray[Any]
Points = NDArray[np.float64]
Label = str | int

_BLOCK = 1 << 24
"""Bytes of images looked at together."""

DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))


@dataclass(frozen=True, eq=False)
class Instance:
    """One labelled object: its geometry and its label move, and are dropped, together.

    Attributes:
        label: the object's class, as the layout writes it (a name or a number).
        box: (4,) float64 x0, y0, x1, y1, or None. Derived again from the mask or the polygons
            after a move, where there are any.
        oriented: (4, 2) float64 corners of an oriented box, in order round the box, or None.
        polygons: outlines, each (K, 2) float64; several for an object in parts.
        mask: (H, W) bool, or None.
        keypoints: (K, 3) float64 x, y, visibility, or None. Visibility as in COCO: 0 not
            labelled (or out of the picture), 1 labelled but hidden, 2 visible.
        extra: what the layout knows beside (COCO's iscrowd, VOC's difficult...), kept as it is.
    """

    label: Label | None = None
    box: Points | None = None
    oriented: Points | None = None
    polygons: tuple[Points, ...] = ()
    mask: NDArray[np.bool_] | None = None
    keypoints: Points | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def replace(self, **changes: Any) -> Instance:
        """A copy with some attributes changed."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Sample:
    """An image with everything that is known of it.

    Attributes:
        id: stable name of the sample inside its source.
        image: (H, W, C) array of uint8, uint16 or float32; RGB order where C is 3 or 4.
        label: the class of the whole image, or None.
        masks: label images by name ("mask" where there is one), each (H, W) or (H, W, K) of any
            integer dtype; moved with nearest neighbours, values never mixed.
        instances: labelled objects.
        alpha: the last channel is opacity: it moves, but colour and noise leave it alone.
        value_range: black and white of the image's values, black the lesser: (0, 255),
            (0, 65535), or for floats what the recipe says, else what the dataset as a whole
            shows (`DatasetInfo.value_range`), else what `value_range_of` makes of the image.
            Values outside of it may come in; what changes intensities clips to it.
        valid: (H, W) bool, true where a pixel shows the original picture and not a border; None
            unless asked for.
        encoding: how the file held the image (format, JPEG subsampling...), for the writer.
    """

    id: str
    image: Array
    label: Label | None = None
    masks: Mapping[str, Array] = field(default_factory=dict)
    instances: tuple[Instance, ...] = ()
    alpha: bool = False
    value_range: tuple[float, float] = (0.0, 255.0)
    valid: NDArray[np.bool_] | None = None
    encoding: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.image.ndim != 3:
            raise SampleError(f"{self.id}: an image is (H, W, C), got shape {self.image.shape}")
        if self.image.dtype not in DTYPES:
            raise SampleError(
                f"{self.id}: images are uint8, uint16 or float32, got {self.image.dtype}; "
                "convert the file first"
            )
        if 0 in self.image.shape:
            raise SampleError(f"{self.id}: the image is empty, shape {self.image.shape}")
        for name, mask in self.masks.items():
            if mask.shape[:2] != self.image.shape[:2]:
                raise SampleError(
                    f"{self.id}: {name} is {_size(mask)}, the image is {_size(self.image)}"
                )

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.image.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.image.shape[1])

    def replace(self, **changes: Any) -> Sample:
        """A copy with some attributes changed."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Schema:
    """What an op may know of the images it will meet, without their pixels.

    Attributes:
        height, width: pixels.
        channels: all of them, opacity included.
        dtype: uint8, uint16 or float32.
        alpha: the last channel is opacity.
        has_masks: there are semantic masks.
        has_boxes: there are boxes or oriented boxes.
        has_keypoints: there are keypoints.
        keypoint_pairs: index pairs that trade places in a reflection; None if nobody said.
        mask_pairs: mask values that trade places in a reflection.
        fixed_size: all outputs must keep height and width (arrays).
        plain_border: the outermost pixels are of one tone (only looked at where it matters).
    """

    height: int
    width: int
    channels: int
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.uint8))
    alpha: bool = False
    has_masks: bool = False
    has_boxes: bool = False
    has_keypoints: bool = False
    keypoint_pairs: tuple[tuple[int, int], ...] | None = None
    mask_pairs: tuple[tuple[int, int], ...] = ()
    fixed_size: bool = False
    plain_border: bool = True

    @property
    def colours(self) -> int:
        """Channels that carry colour: 1 for grey, 3 for RGB, more for multispectral images."""
        return self.channels - int(self.alpha)

    def resized(self, height: int, width: int) -> Schema:
        """The same with another size."""
        return dataclasses.replace(self, height=height, width=width)


def value_range_of(image: Array) -> tuple[float, float]:
    """Black and white of an image's values.

    Integers use their whole dtype. For floats it is a guess, `float_range` of the image's own
    values: where more of a dataset is known, its range is one for all images.

    Raises:
        SampleError: for float images with NaN or infinite values.
    """
    if image.dtype.kind != "f":
        return 0.0, float(np.iinfo(image.dtype).max)
    low, high = float(image.min()), float(image.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise SampleError("the image has NaN or infinite values")
    return float_range(low, high)


def shared_range(stacks: Iterable[Array]) -> tuple[float, float] | None:
    """Black and white of float images that belong together: `float_range` of all their values.

    Images with NaN or infinite values don't count.

    Args:
        stacks: arrays whose first axis counts images, each (N, ...); gone through in pieces.

    Returns:
        The range, or None if no image is usable.
    """
    lows, highs = [], []
    for images in stacks:
        low, high = _extremes(images)
        usable = np.isfinite(low) & np.isfinite(high)
        if usable.any():
            lows.append(float(low[usable].min()))
            highs.append(float(high[usable].max()))
    return float_range(min(lows), max(highs)) if lows else None


def _extremes(images: Array) -> tuple[Array, Array]:
    """Least and greatest value of each image, (N,) each; NaN where there is one in it."""
    axes = tuple(range(1, images.ndim))
    if not images.flags.c_contiguous:  # Fortran order: an image is spread all over the array
        return images.min(axis=axes), images.max(axis=axes)
    step = max(_BLOCK // max(images[:1].nbytes, 1), 1)
    parts = (images[i : i + step] for i in range(0, max(len(images), 1), step))
    # both for a piece at a time, so that it comes from the disk once
    ends = [(part.min(axis=axes), part.max(axis=axes)) for part in parts]
    low, high = (np.concatenate(values) for values in zip(*ends, strict=True))
    return low, high


def float_range(low: float, high: float) -> tuple[float, float]:
    """Black and white of float values of which the least and the greatest are known.

    Values within [0, 1] mean [0, 1]; any others (Hounsfield units, say) mean their own least and
    greatest value. One value alone, outside [0, 1], says where it is but not how far values
    reach: the range is then [0, 1] stretched to it, and so never empty.
    """
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return (low, high) if low < high else (min(0.0, low), max(1.0, high))


def _size(array: Array) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"
