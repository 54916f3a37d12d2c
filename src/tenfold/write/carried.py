"""What any source's sample carries into another layout: files, a class, objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.errors import SampleError
from tenfold.samples.codec import SUFFIXES, encode_image, encode_mask, mask_format
from tenfold.samples.sample import Instance, Label, Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.sources.objects import ORIENTED
from tenfold.samples.sources.packed import image_suffix
from tenfold.samples.sources.parquet import ParquetSource
from tenfold.samples.sources.webdataset import WebDatasetSource
from tenfold.write.coco import DECIMALS, geometry_of
from tenfold.write.images import image_bytes
from tenfold.write.writer import WriteOptions

_KEPT = ("iscrowd", "difficult", "truncated", "occluded", "pose")
"""Keys of an object that mean the same in any layout."""


@dataclass(frozen=True)
class Carried:
    """An output before it is laid out.

    Attributes:
        image, suffix: the file and how it ends ("jpg").
        label: class of the image.
        masks: files of masks with how they end, by name.
        objects: annotations as COCO writes them, the class under `category`; None where the
            dataset has no objects.
        size: height and width, pixels; None where nobody had to look.
    """

    image: bytes
    suffix: str
    label: Label | None
    masks: Mapping[str, tuple[bytes, str]]
    objects: list[dict[str, Any]] | None
    size: tuple[int, int] | None


def carried(
    source: Source, item: Item, copy: int, sample: Sample | None, options: WriteOptions
) -> Carried:
    """An output of an item.

    Args:
        source: where it comes from.
        item: the parent.
        copy: its number; 0 is the original, whose file stays as it is.
        sample: the copy; None for the original.
        options: for the encoding of copies.

    Raises:
        SampleError: the original can't be read, or a format can't hold the copy.
    """
    file = _original(source, item) if copy == 0 else None
    info = source.info
    marked = info.has_boxes or info.has_keypoints
    if sample is None and (file is None or marked or info.has_masks):
        sample = source.read(item)
    if file is not None:
        image, suffix = file
    else:
        assert sample is not None
        image, suffix = _encoded(item, sample, options)
    masks, objects, size = {}, None, None
    if sample is not None:
        size = sample.height, sample.width
        told = sample.encoding.get("masks", {})
        for name, mask in sample.masks.items():
            encoding = told.get(name, {})
            suffixes = SUFFIXES[mask_format(encoding)]
            masks[name] = encode_mask(mask, encoding), suffixes[0][1:]
        if marked:
            objects = [
                {"category": i.label, **annotation_of(i, *size, kept=_KEPT)}
                for i in sample.instances
                if "voc_part_of" not in i.extra
            ]
    return Carried(image, suffix, item.label, masks, objects, size)


def annotation_of(
    instance: Instance, height: int, width: int, kept: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """An instance as COCO annotates it, without its class.

    Args:
        instance: of an image.
        height, width: of the image, pixels.
        kept: keys of `extra` to keep; None keeps all but the reader's own.
    """
    own = ("field", "coco_form")
    out = {
        k: v for k, v in instance.extra.items() if (k in kept if kept is not None else k not in own)
    }
    if kept is not None and instance.extra.get("coco_form") == "runs":
        instance = instance.replace(extra={**instance.extra, "coco_form": "compressed"})
    out |= geometry_of(instance, height, width)
    if instance.oriented is not None:
        corners = np.round(np.asarray(instance.oriented).reshape(-1), DECIMALS)
        out[ORIENTED] = corners.tolist()
    return out


def _original(source: Source, item: Item) -> tuple[bytes, str] | None:
    """The image's file as it is and how it ends; None where it is no file."""
    if isinstance(source, WebDatasetSource | ParquetSource):
        return source.encoded(item)
    if not item.files:
        return None
    name = item.files[0]
    try:
        data = (source.root / name).read_bytes()
    except OSError as error:
        raise SampleError(
            f"can't be read: {error.strerror or error}; check that it exists and its permissions"
        ) from None
    return data, image_suffix(name) or "bin"


def _encoded(item: Item, sample: Sample, options: WriteOptions) -> tuple[bytes, str]:
    """An image in the asked format, else its parent's, else without loss."""
    name = options.format or sample.encoding.get("format")
    if name is None:
        plain = sample.image.dtype.kind == "u" and sample.image.shape[2] in (1, 3)
        name = "png" if plain else "tiff"
        data = encode_image(sample.image, name, sample.encoding, options.quality, sample.alpha)
    else:
        data = image_bytes(item.id, sample, options)
    suffix = image_suffix(f".{name}")
    assert suffix is not None
    return data, suffix


class Classes:
    """Classes as numbers: their own where all are numbers, else positions in a list of names.

    Args:
        labels: all that occur.
        order: names in the dataset's own order.

    Attributes:
        names: empty where the labels are numbers.
    """

    def __init__(self, labels: set[Label], order: tuple[str, ...]) -> None:
        self.names: tuple[str, ...] = ()
        if any(isinstance(label, str) for label in labels):
            told = {str(label) for label in labels}
            self.names = order if told <= set(order) else tuple(sorted(told))
        self._numbers = {name: i for i, name in enumerate(self.names)}

    def number(self, label: Label | None) -> int | None:
        """The class's number."""
        if label is None:
            return None
        return self._numbers[str(label)] if self.names else int(label)
