"""The contract of a source: a labelled dataset on disk, listed without pixels, read one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from tenfold.places import Place
from tenfold.samples.sample import Label, Sample

MAX_PIXELS = 178_956_970
"""Default limit on an image's pixels (height times width): a quarter of a gigabyte of RGB8, the
size above which Pillow calls a file a decompression bomb."""


@dataclass(frozen=True, slots=True)
class Item:
    """One sample of a source, before it is read.

    Attributes:
        id: stable and unique in the source: the image's path relative to the root, with forward
            slashes (undecodable bytes as surrogate escapes), or `file.npz#17` for a row.
        split: canonical split ("train", "val", "test"), or None where the source has no splits.
        label: class of the whole image as the layout writes it, or None.
        labels: classes of the objects in it, one entry an object (for counts and balancing).
        files: relative paths that make up the sample, image first (then mask, label file...).
            Empty for rows of an array.
        extra: what the source needs to read it (plain data, picklable).
    """

    id: str
    split: str | None = None
    label: Label | None = None
    labels: tuple[Label, ...] = ()
    files: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A sample (or file) left out, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What a source knows of all its samples together.

    Attributes:
        classes: names of the classes, in the layout's own order.
        has_masks, has_boxes, has_keypoints: which targets occur.
        keypoint_pairs: index pairs of left and right keypoints, where the layout says so
            (COCO names `left_*`/`right_*`, YOLO `flip_idx`); None if it says nothing.
        fixed_size: all images must keep one size (arrays).
        value_range: black and white of the float images, one for all of them; None for integer
            images, and where listing can't know it (float TIFFs: each image then has its own,
            see `value_range_of`, unless the recipe says it).
        notes: sentences about what listing left out though nothing is wrong with it (images that
            no table names), for people.
    """

    classes: tuple[str, ...] = ()
    has_masks: bool = False
    has_boxes: bool = False
    has_keypoints: bool = False
    keypoint_pairs: tuple[tuple[int, int], ...] | None = None
    fixed_size: bool = False
    value_range: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


class Source(ABC):
    """A dataset in one layout. Instances are immutable and picklable (workers get a copy).

    Class variables:
        layout: its name in messages and `--layout` ("folder", "csv", "coco", "voc", "yolo",
            "pairs", "arrays", "webdataset", "parquet").
        located: its samples lie at `root`; what makes them itself has no place, only a name.

    Attributes:
        root: the dataset's folder (or file), absolute.
        items: all samples, sorted by id.
        info: see `DatasetInfo`.
        problems: what was found unusable while listing (a link out of the folder, an annotation
            whose image is missing...); each becomes a quarantine entry.
        max_pixels: images with more pixels than this are refused unread.
        about: what else decides the samples, beside what is listed; part of a job's identity.
    """

    layout: ClassVar[str]
    located: ClassVar[bool] = True
    root: Place
    items: Sequence[Item]
    info: DatasetInfo
    problems: Sequence[Quarantined]
    max_pixels: int
    about: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    @abstractmethod
    def detect(cls, root: Place) -> bool:
        """Whether `root` holds this layout; cheap, and never raises for strange content."""

    @classmethod
    @abstractmethod
    def open(cls, root: Place, max_pixels: int = MAX_PIXELS) -> Source:
        """List the dataset.

        Raises:
            RequestError: the folder as a whole can't be used (broken annotation file, ...).
        """

    @abstractmethod
    def read(self, item: Item) -> Sample:
        """Read one sample: pixels, masks, annotations.

        Raises:
            SampleError: it can't be read; the message says why, without the id.
        """

    def splits(self) -> tuple[str, ...]:
        """The splits that occur, sorted."""
        return tuple(sorted({i.split for i in self.items if i.split is not None}))
