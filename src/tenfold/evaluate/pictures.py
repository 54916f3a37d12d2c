"""Examples for the report: originals and copies as pictures that travel inside the page."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PIL import Image

from tenfold.evaluate.display import Picture, display_window, fitting_scale, resized
from tenfold.evaluate.draw import draw_sample
from tenfold.evaluate.names import readable
from tenfold.evaluate.page import data_uri
from tenfold.evaluate.words import generator_in_words, in_words
from tenfold.samples.sample import Label, Sample

_SIDE = 300
_QUALITY = 86
_PIXEL_ART = 4  # from this enlargement on, squares compress better and sharper as PNG


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of an example.

    Attributes:
        data: a complete PNG or JPEG file.
        mime: its type.
        width, height: pixels.
        caption: "original" or "copy 3".
        done: what was done to it, an entry an op, in words; ops that changed nothing are left out.
    """

    data: bytes
    mime: str
    width: int
    height: int
    caption: str
    done: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return data_uri(self.data, self.mime)


@dataclass(frozen=True, slots=True)
class Example:
    """An original with some of its copies, drawn with their annotations.

    Attributes:
        item: the sample's id.
        label: class of the whole image, or None.
        shots: pictures, the original first.
    """

    item: str
    label: str | None
    shots: tuple[Shot, ...]

    @property
    def size(self) -> int:
        """Bytes of the pictures once they are in a page (base64)."""
        return sum(4 * math.ceil(len(s.data) / 3) for s in self.shots)


def example(
    original: Sample,
    copies: Sequence[tuple[Sample, Mapping[str, Any]]],
    *,
    classes: Sequence[Label] = (),
    ignore_value: int | None = None,
    units: Mapping[str, str] | None = None,
    neutrals: Mapping[str, float] | None = None,
    side: int = _SIDE,
) -> Example:
    """Draw an original and its copies for the report, all at one scale and brightness.

    Args:
        original: the sample before.
        copies: each a copy with its manifest line (of which `copy` and `ops` are used).
        classes: all classes in the dataset's order, for colours.
        ignore_value: the mask value that means "unknown".
        units: "op.parameter" -> unit, for the captions.
        neutrals: "op.parameter" -> the value that changes nothing, which captions leave out.
        side: longest side of a picture in pixels.
    """
    window = display_window(original)
    scale = fitting_scale(original.height, original.width, side)

    def shot(sample: Sample, caption: str, done: tuple[str, ...] = ()) -> Shot:
        own = min(scale, side / max(sample.height, sample.width))
        picture = draw_sample(
            sample, own, classes=classes, ignore_value=ignore_value, window=window
        )
        data, mime = _encode(picture, own)
        return Shot(data, mime, picture.shape[1], picture.shape[0], caption, done)

    shots = [shot(original, "original")]
    for sample, line in copies:
        ops = [(str(entry["op"]), entry.get("drawn") or {}) for entry in line.get("ops") or ()]
        told = [in_words(op, drawn, units or {}, neutrals) for op, drawn in ops]
        done = tuple(words for words in told if words)
        if not done and not np.array_equal(original.image, sample.image):
            done = tuple(readable(op.replace("_", " ")) for op, _ in ops)  # a change of size, say
        if composed := line.get("composed"):
            count = len(composed["parts"])
            done = (f"composed, {count} {'object' if count == 1 else 'objects'}", *done)
        if made := generator_in_words(line):
            done = (readable(made), *done)
        shots.append(shot(sample, f"copy {line.get('copy', len(shots))}", done))
    label = None if original.label is None else str(original.label)
    return Example(original.id, label, tuple(shots))


def example_of(item: str, pictures: Sequence[tuple[str, Picture, str]]) -> Example:
    """Pictures of one sample side by side, as they are, all at one scale.

    Args:
        item: the sample's id.
        pictures: each a title, (H, W, 3) uint8, and a line about it.
    """
    shots: list[Shot] = []
    for title, picture, about in pictures:
        scale = fitting_scale(picture.shape[0], picture.shape[1], _SIDE)
        shown = resized(picture, scale, smooth=not shots)
        data, mime = _encode(shown, scale)
        shots.append(Shot(data, mime, shown.shape[1], shown.shape[0], title, (about,)))
    return Example(item, None, tuple(shots))


def _encode(picture: Picture, scale: float) -> tuple[bytes, str]:
    whole_colour = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444  # thin coloured lines stay crisp
    options = [
        cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, whole_colour
    ]  # fmt: skip
    jpeg = cv2.imencode(".jpg", picture[..., ::-1], options)[1].tobytes()
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    png = file.getvalue()
    sharp = scale >= _PIXEL_ART and len(png) < 3 * len(jpeg)
    return (png, "image/png") if sharp or len(png) <= len(jpeg) else (jpeg, "image/jpeg")
