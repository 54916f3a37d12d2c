"""What a dataset looks like, as far as a first recipe depends on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.declare import names
from tenfold.declare.whites import Values, white_of
from tenfold.errors import RequestError, SampleError
from tenfold.long_list import kept
from tenfold.samples.sample import Array, Sample
from tenfold.samples.source import Item, Source

UNIFORM_SPREAD = 0.06
"""An image's border is one tone if the middle 90 % of its values lie within this share of the
range of the data (the dataset's values without the rarest)."""

UNIFORM_SHARE = 0.8
"""A dataset has a background if this share of its images has one, all of about the same tone."""

UNIFORM_AGREEMENT = 0.15
"""How far the backgrounds of most images may lie apart, as a share of the range of the data."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a first recipe needs to know of a dataset.

    Attributes:
        name: of the dataset's folder or file.
        layout: "folder", "coco", ...
        samples: how many samples there are to augment (the training part).
        looked_at: how many of them were read for these facts.
        smallest, largest: least and greatest (height, width) met, each side on its own, pixels.
        channels: numbers of channels met, opacity not counted.
        dtypes: names of the dtypes met.
        grey: every image is grey (one channel, or equal ones).
        background: the tone (0 black, 1 white) of the images' borders where most are uniform and
            agree; None where they show picture.
        values: how far the values reach; None if the images are of several dtypes.
        classes: names of the classes, of images or objects.
        fewest, most: samples (or objects) in the rarest and in the commonest class; 0 unknown.
        has_masks, has_boxes, has_keypoints: which targets occur.
        has_outlines, has_object_masks: objects are drawn as polygons, as masks (RLE).
        keypoint_pairs: the dataset says which keypoints are left and right partners.
        mask_values: the values but 0 that occur in the masks, sorted.
        mask_top: the greatest value that the masks' dtype can hold.
        jpeg: most images come from JPEG files.
        fixed_size: all images must keep one size.
    """

    name: str
    layout: str
    samples: int
    looked_at: int
    smallest: tuple[int, int]
    largest: tuple[int, int]
    channels: tuple[int, ...] = (3,)
    dtypes: tuple[str, ...] = ("uint8",)
    grey: bool = False
    background: float | None = None
    values: Values | None = None
    classes: tuple[str, ...] = ()
    fewest: int = 0
    most: int = 0
    has_masks: bool = False
    has_boxes: bool = False
    has_keypoints: bool = False
    has_outlines: bool = False
    has_object_masks: bool = False
    keypoint_pairs: bool = False
    mask_values: tuple[int, ...] = ()
    mask_top: int = 255
    jpeg: bool = False
    fixed_size: bool = False

    def signs(self) -> bool:
        """Whether the classes are digits or letters; two that only number the classes are not."""
        signs = [names.sign_of(name).lower() for name in self.classes]
        return len(signs) >= 2 and all(signs) and "".join(sorted(signs)) not in ("01", "12", "ab")

    def mirrored_signs(self) -> tuple[str, ...]:
        """Pairs of classes that a reflection may confuse, such as "b/d"."""
        return self._confusable(names.MIRRORED)

    def turned_signs(self) -> tuple[str, ...]:
        """Pairs of classes that half a turn may confuse, such as "6/9"."""
        return self._confusable(names.TURNED)

    def handed(self) -> tuple[str, ...]:
        """Class names that say left or right, so that a reflection would change the label."""
        paired = {name for pair in self.partners() for name in pair}
        return tuple(c for c in self.classes if c in paired or names.says_left_or_right(c))

    def partners(self) -> tuple[tuple[str, str], ...]:
        """Pairs of classes that a reflection exchanges, such as `hand_l` and `hand_r`."""
        return () if self.signs() else names.partners(self.classes)

    def directed(self) -> tuple[str, ...]:
        """Class names that say up, down or a direction, so that a turn would change the label."""
        return tuple(c for c in self.classes if names.says_direction(c))

    def _confusable(self, pairs: Sequence[str]) -> tuple[str, ...]:
        if not self.signs():
            return ()
        present = {names.sign_of(name).lower() for name in self.classes}
        found = dict.fromkeys("/".join(sorted(pair)) for pair in pairs if present >= set(pair))
        return tuple(found)


def survey(source: Source, limit: int = 64) -> Facts:
    """Look at up to `limit` samples, evenly spread over the training part; no randomness.

    Samples that can't be read are passed over.

    Raises:
        RequestError: there is nothing to look at.
    """
    items = kept(i for i in source.items if i.split in (None, "train")) or source.items
    if not items:
        raise RequestError(f"{source.root.name}: there are no samples to write a recipe for")
    step = max(1.0, len(items) / limit)
    chosen = [items[int(k * step)] for k in range(min(limit, len(items)))]
    samples = []
    for item in chosen:
        try:
            samples.append(_seen(source.read(item)))
        except SampleError:
            continue
    if not samples:
        raise RequestError(
            f"{source.root.name}: none of the {len(chosen)} samples looked at can be read; "
            "see what is wrong with: tenfold inspect"
        )
    counts = _counts(items)
    values = _values(samples)
    return Facts(
        name=source.root.name,
        layout=source.layout,
        samples=len(items),
        looked_at=len(samples),
        smallest=(min(s.height for s in samples), min(s.width for s in samples)),
        largest=(max(s.height for s in samples), max(s.width for s in samples)),
        channels=tuple(sorted({s.channels for s in samples})),
        dtypes=tuple(sorted({s.dtype for s in samples})),
        grey=all(s.grey for s in samples),
        background=_common_background(samples, values),
        values=values,
        classes=source.info.classes or tuple(sorted(counts)),
        fewest=min(counts.values(), default=0),
        most=max(counts.values(), default=0),
        has_masks=source.info.has_masks,
        has_boxes=source.info.has_boxes,
        has_keypoints=source.info.has_keypoints,
        has_outlines=any(s.outlines for s in samples),
        has_object_masks=any(s.object_masks for s in samples),
        keypoint_pairs=source.info.keypoint_pairs is not None,
        mask_values=tuple(sorted(set().union(*(s.mask_values for s in samples)) - {0})),
        mask_top=max((s.mask_top for s in samples), default=0) or 255,
        jpeg=2 * sum(s.jpeg for s in samples) > len(samples),
        fixed_size=source.info.fixed_size,
    )


_PIXELS = 1 << 14
"""Pixels of an image that are ranked: enough for the thousandths of a whole dataset."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is kept of an image; values in its own units."""

    height: int
    width: int
    channels: int
    dtype: str
    grey: bool
    value_range: tuple[float, float]
    least: float
    most: float
    some: NDArray[np.float64]
    rim_spread: float
    rim_tone: float
    outlines: bool
    object_masks: bool
    mask_values: frozenset[int]
    mask_top: int
    jpeg: bool


def _seen(sample: Sample) -> _Seen:
    colours = sample.image.shape[2] - int(sample.alpha)
    image = sample.image[..., :colours] if colours else sample.image
    rim = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    bottom, top = np.percentile(rim.astype(np.float64), [5, 95], axis=0)
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise SampleError("the image has NaN or infinite values")
    flat = image.reshape(-1, image.shape[2])
    masks = list(sample.masks.values())
    return _Seen(
        height=sample.height,
        width=sample.width,
        channels=colours,
        dtype=image.dtype.name,
        grey=all(np.array_equal(image[..., 0], image[..., c]) for c in range(1, image.shape[2])),
        value_range=sample.value_range,
        least=float(flat.min()),
        most=float(flat.max()),
        some=flat[:: 1 + len(flat) // _PIXELS].astype(np.float64).ravel(),
        rim_spread=float((top - bottom).max()),
        rim_tone=float(np.median(rim)),
        outlines=any(i.polygons for i in sample.instances),
        object_masks=any(i.mask is not None for i in sample.instances),
        mask_values=frozenset(int(v) for mask in masks for v in np.unique(mask)),
        mask_top=max((_top(mask) for mask in masks), default=0),
        jpeg=sample.encoding.get("format") == "jpg",
    )


def _top(mask: Array) -> int:
    return 1 if mask.dtype == bool else int(np.iinfo(mask.dtype).max)


def _values(samples: Sequence[_Seen]) -> Values | None:
    if len({s.dtype for s in samples}) > 1:
        return None
    low, high = np.percentile(np.concatenate([s.some for s in samples]), [0.1, 99.9])
    least, most = min(s.least for s in samples), max(s.most for s in samples)
    return Values(least, float(low), float(high), most)


def _common_background(samples: Sequence[_Seen], values: Values | None) -> float | None:
    """The tone that most borders share, in units of the range that the data use."""
    tones = []
    for seen in samples:
        black, white = seen.value_range
        reach = values.high - values.low if values is not None else white - black
        if seen.rim_spread <= UNIFORM_SPREAD * reach:
            tones.append(((seen.rim_tone - black) / (white - black), reach / (white - black)))
    if len(tones) < UNIFORM_SHARE * len(samples):
        return None
    low, high = np.percentile([tone for tone, _ in tones], [10, 90])
    if high - low > UNIFORM_AGREEMENT * max(share for _, share in tones):
        return None
    black, white = samples[0].value_range
    used = None if values is None else white_of(samples[0].dtype, values)
    tone = float(np.median([tone for tone, _ in tones]))
    if used is None:
        return tone
    return (black + tone * (white - black) - used[0]) / (used[1] - used[0])


def _counts(items: Sequence[Item]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for item in items:
        labels = item.labels or (() if item.label is None else (item.label,))
        counts.update(str(label) for label in labels)
    return counts
