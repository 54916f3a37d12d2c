"""What a dataset looks like, as far as a first recipe depends on it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenfold.errors import RequestError, SampleError
from tenfold.samples.sample import Sample, value_range_of
from tenfold.samples.source import Item, Source

UNIFORM_SPREAD = 0.06
"""An image's border is one tone if the middle 90 % of its values lie within this share of the
value range."""

UNIFORM_SHARE = 0.8
"""A dataset has a background if this share of its images has one, all of about the same tone."""

UNIFORM_AGREEMENT = 0.15
"""How far the backgrounds of most images may lie apart, as a share of the value range."""

_MIRRORED = ("bd", "pq", "sz", "25", "jl", "nu")
"""Signs of which a reflection makes others."""

_TURNED = ("69", "bq", "dp", "nu", "mw")
"""Signs of which half a turn makes others."""

_LEFT_RIGHT = re.compile(
    r"(?<![a-z])(left|right|izquierd[ao]|derech[ao]|links|rechts|gauche"
    r"|droite?|dextr[ao]|sinistr[ao]|clockwise|counterclockwise)(?![a-z])"
)
_COMPASS = re.compile(r"(?<![a-z])(up|down|upward|downward|above|below|top|bottom|north|south|east"
                      r"|west)(?![a-z])")  # fmt: skip


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
        classes: names of the classes, of images or objects.
        fewest, most: samples (or objects) in the rarest and in the commonest class; 0 unknown.
        has_masks, has_boxes, has_keypoints: which targets occur.
        keypoint_pairs: the dataset says which keypoints are left and right partners.
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
    classes: tuple[str, ...] = ()
    fewest: int = 0
    most: int = 0
    has_masks: bool = False
    has_boxes: bool = False
    has_keypoints: bool = False
    keypoint_pairs: bool = False
    fixed_size: bool = False

    def signs(self) -> bool:
        """Whether the classes are digits or letters: all names end in a sign of their own."""
        signs = [sign_of(name) for name in self.classes]
        return len(signs) >= 2 and all(signs)

    def mirrored_signs(self) -> tuple[str, ...]:
        """Pairs of classes that a reflection may confuse, such as "b/d"."""
        return self._confusable(_MIRRORED)

    def turned_signs(self) -> tuple[str, ...]:
        """Pairs of classes that half a turn may confuse, such as "6/9"."""
        return self._confusable(_TURNED)

    def handed(self) -> tuple[str, ...]:
        """Class names that say left or right, so that a reflection would change the label."""
        return tuple(c for c in self.classes if _LEFT_RIGHT.search(_words(c)))

    def directed(self) -> tuple[str, ...]:
        """Class names that say up, down or a direction, so that a turn would change the label."""
        return tuple(c for c in self.classes if _COMPASS.search(_words(c)))

    def _confusable(self, pairs: Sequence[str]) -> tuple[str, ...]:
        if not self.signs():
            return ()
        present = {sign_of(name).lower() for name in self.classes}
        found = dict.fromkeys("/".join(sorted(pair)) for pair in pairs if present >= set(pair))
        return tuple(found)


_DIGIT_WORDS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip


def sign_of(name: str) -> str:
    """The digit or letter that a class name stands for, or "".

    `7`, `07`, `seven`, `digit_7`, `b`, `B`, `letter-b`, `b_lower`, `class 7`.
    """
    words = [w for w in _words(name).split() if w not in _SIGN_WORDS]
    if len(words) != 1:
        return ""
    word = _DIGIT_WORDS.get(words[0], words[0])
    if len(word) == 2 and word[0] == "0" and word[1].isdigit():
        word = word[1]
    return word if len(word) == 1 and word.isalnum() else ""


_SIGN_WORDS = {
    "digit", "digits", "letter", "letters", "char", "character", "class", "number", "sign",
    "lower", "upper", "lowercase", "uppercase", "small", "capital", "symbol", "sample",
}  # fmt: skip


def survey(source: Source, limit: int = 64) -> Facts:
    """Look at up to `limit` samples, evenly spread over the training part; no randomness.

    Samples that can't be read are passed over.

    Raises:
        RequestError: there is nothing to look at.
    """
    items = [i for i in source.items if i.split in (None, "train")] or list(source.items)
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
        background=_common_background([s.background for s in samples]),
        classes=source.info.classes or tuple(sorted(counts)),
        fewest=min(counts.values(), default=0),
        most=max(counts.values(), default=0),
        has_masks=source.info.has_masks,
        has_boxes=source.info.has_boxes,
        has_keypoints=source.info.has_keypoints,
        keypoint_pairs=source.info.keypoint_pairs is not None,
        fixed_size=source.info.fixed_size,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    height: int
    width: int
    channels: int
    dtype: str
    grey: bool
    background: float | None


def _seen(sample: Sample) -> _Seen:
    colours = sample.image.shape[2] - int(sample.alpha)
    image = sample.image[..., :colours]
    same = all(np.array_equal(image[..., 0], image[..., c]) for c in range(1, colours))
    low, high = value_range_of(image)
    frame = np.concatenate(
        [image[0], image[-1], image[1:-1, 0], image[1:-1, -1]]
    ).astype(np.float64)  # fmt: skip
    frame = (frame - low) / max(high - low, 1e-12)
    bottom, top = np.percentile(frame, [5, 95], axis=0)
    uniform = bool((top - bottom <= UNIFORM_SPREAD).all())
    tone = float(np.median(frame))
    return _Seen(
        sample.height, sample.width, colours, image.dtype.name, same, tone if uniform else None
    )


def _common_background(tones: Sequence[float | None]) -> float | None:
    found = sorted(t for t in tones if t is not None)
    if len(found) < UNIFORM_SHARE * len(tones):
        return None
    low, high = np.percentile(found, [10, 90])
    return float(np.median(found)) if high - low <= UNIFORM_AGREEMENT else None


def _counts(items: Sequence[Item]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for item in items:
        labels = item.labels or (() if item.label is None else (item.label,))
        counts.update(str(label) for label in labels)
    return counts


def _words(name: str) -> str:
    """`RightHand_2` as `right hand 2`, in small letters."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.split(r"[\s_\-./]+", parted.lower())).strip()
