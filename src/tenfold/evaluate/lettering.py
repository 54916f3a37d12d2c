"""Small legible text in pictures."""

from __future__ import annotations

import contextlib
import functools
import unicodedata

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tenfold.evaluate.names import readable
from tenfold.evaluate.palette import Colour

Picture = NDArray[np.uint8]


Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_WIDER = ("DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "Arial Unicode.ttf", "arial.ttf")


@functools.cache
def _fonts(size: int) -> tuple[Font, ...]:
    """Pillow's own font, then what the system has for other scripts."""
    found: list[Font] = [ImageFont.load_default(size)]
    for name in _WIDER:
        with contextlib.suppress(OSError):
            found.append(ImageFont.truetype(name, size))
    return tuple(found)


@functools.lru_cache(4096)
def _has(font: Font, character: str) -> bool:
    """Whether a font has a glyph for a character: it differs from the "missing" box."""
    if character.isspace():
        return True
    missing, own = font.getmask("\U0010fffd"), font.getmask(character)
    return own.size != missing.size or bytes(own) != bytes(missing)


def _font(text: str, size: int) -> Font:
    """The first font that can write all of `text`; Pillow's own if none can."""
    fonts = _fonts(size)
    if text.isascii():
        return fonts[0]
    return next((f for f in fonts if all(_has(f, c) for c in text)), fonts[0])


def _writable(text: str, size: int) -> tuple[str, Font]:
    """One line without traps, its accents left out where no font has them; and its font."""
    text = readable(text)
    font = _font(text, size)
    if not text.isascii() and not all(_has(font, c) for c in text):
        plain = (c if _has(font, c) else unicodedata.normalize("NFKD", c)[0] for c in text)
        text = "".join(plain)
    return text, font


def text_size(text: str, size: int) -> tuple[int, int]:
    """Width and line height in pixels of one line set in `size` pixels."""
    text, font = _writable(text, size)
    left, _, right, _ = font.getbbox(text)
    return int(np.ceil(right - min(left, 0))), round(size * 1.25)


def fit_text(text: str, size: int, width: int) -> str:
    """`text` with its end left out (…) where it is wider than `width` pixels."""
    text = readable(text)
    if text_size(text, size)[0] <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_size(text[:middle].rstrip() + "…", size)[0] <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def write_text(
    picture: Picture, text: str, place: tuple[int, int], size: int, colour: Colour
) -> None:
    """Write one line into an (H, W, 3) picture in place, its line box's corner at x, y."""
    x, y = place
    text, font = _writable(text, size)
    width, height = text_size(text, size)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width + 1, picture.shape[1]), min(y + height, picture.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    patch = Image.fromarray(picture[y0:y1, x0:x1])
    ImageDraw.Draw(patch).text((x - x0, y - y0 + height // 2), text, colour, font, anchor="lm")
    picture[y0:y1, x0:x1] = np.asarray(patch)
