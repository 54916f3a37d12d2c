"""Reading a dataset once to say what is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np

from tenfold.errors import SampleError
from tenfold.evaluate.duplicates import DuplicateFinder, Fingerprint
from tenfold.evaluate.inspection import DuplicateGroup, Inspection
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item, Quarantined, Source

__all__ = ["DuplicateGroup", "Inspection", "Progress", "inspect_source"]

Progress = Callable[[int, int], None]
"""Called with the samples done and all of them."""

_MASK_VALUES = 256


def inspect_source(
    source: Source,
    progress: Progress | None = None,
    *,
    distance: int = 8,
    correlation: float = 0.98,
) -> Inspection:
    """Read every sample of a source once and say what is there.

    Pixels aren't kept; some 250 bytes a picture are, to find duplicates.

    Args:
        source: the dataset.
        progress: told after each sample.
        distance: greatest number of hash bits in which near duplicates differ.
        correlation: least correlation of their thumbnails; see `DuplicateFinder`. The defaults
            find recompressed, resized, brightened and slightly blurred pictures, not rotated or
            cropped ones.
    """
    found = Inspection(
        root=str(source.root),
        layout=source.layout,
        listed=len(source.items),
        order=tuple(source.info.classes),
        near_distance=distance,
        unreadable=list(source.problems),
        notes=tuple(source.info.notes),
    )
    finder = DuplicateFinder(distance, correlation)
    for index, item in enumerate(source.items):
        try:
            sample = source.read(item)
            fingerprint = Fingerprint.of(sample)
        except (SampleError, OSError) as error:
            found.unreadable.append(Quarantined(item.id, str(error)))
        else:
            _note(found, item, sample)
            finder.add(index, fingerprint)
        if progress is not None:
            progress(index + 1, len(source.items))
    found.small, found.plain_pictures = finder.small, finder.plain
    exact = [_group("exact", source.items, g) for g in finder.exact()]
    near = [_group("near", source.items, g) for g in finder.near()]
    found.duplicates = exact + near
    return found


def _note(found: Inspection, item: Item, sample: Sample) -> None:
    found.readable += 1
    found.splits[item.split or ""] += 1
    found.classes.add(item.split, item.label, item.labels)
    found.samples_with.update(
        {str(name) for name in (item.label, *item.labels) if name is not None}
    )
    found.sizes[sample.width, sample.height] += 1
    found.dtypes[str(sample.image.dtype)] += 1
    found.channels[sample.image.shape[2]] += 1
    if file_format := sample.encoding.get("format"):
        found.formats[str(file_format).lower()] += 1
    kinds = set()
    for instance in sample.instances:
        kinds |= {
            name
            for name, there in (
                ("boxes", instance.box is not None),
                ("oriented boxes", instance.oriented is not None),
                ("polygons", bool(instance.polygons)),
                ("instance masks", instance.mask is not None),
                ("keypoints", instance.keypoints is not None),
            )
            if there
        }
    if sample.masks:
        kinds.add("masks")
    found.targets.update(kinds)
    for mask in sample.masks.values():
        values, numbers = np.unique(mask, return_counts=True)
        for value, number in zip(values.tolist(), numbers.tolist(), strict=True):
            if value in found.mask_pixels or len(found.mask_pixels) < _MASK_VALUES:
                found.mask_pixels[int(value)] += number


def _group(
    kind: Literal["exact", "near"], items: Sequence[Item], members: Iterable[int]
) -> DuplicateGroup:
    parts = [items[i] for i in members]
    labels = {
        str(i.label) if i.label is not None else ", ".join(sorted(map(str, i.labels)))
        for i in parts
    }
    splits = sorted({i.split or "" for i in parts})
    return DuplicateGroup(kind, tuple(i.id for i in parts), tuple(splits), tuple(sorted(labels)))
