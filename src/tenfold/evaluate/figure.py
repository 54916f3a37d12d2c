"""What pictures for people share: paper, headings, margins. Drawn at twice the usual size."""

from __future__ import annotations

import numpy as np

from tenfold.evaluate.display import Picture
from tenfold.evaluate.lettering import fit_text, text_size, write_text
from tenfold.evaluate.palette import Colour

PAPER: Colour = (255, 255, 255)
INK: Colour = (28, 32, 38)
QUIET: Colour = (104, 112, 122)
RULE: Colour = (222, 226, 231)

MARGIN = 44
TEXT = 26
SMALL = 22
_TITLE = 38
_LEAST = 900


def paper(height: int, width: int) -> Picture:
    """(height, width, 3) of white."""
    return np.full((height, width, 3), PAPER, np.uint8)


def centred(picture: Picture, text: str, middle: float, y: int, size: int, colour: Colour) -> None:
    """One line, its middle at x, its line box's top at y."""
    write_text(picture, text, (round(middle - text_size(text, size)[0] / 2), y), size, colour)


def framed(body: Picture, title: str, told: list[str]) -> Picture:
    """A body with a title above it and lines of explanation below the title."""
    width = max(body.shape[1], _LEAST)
    lines = [part for line in told for part in _wrapped(line, width)]
    top = MARGIN + 52 + 34 * len(lines) + 18
    sheet = paper(top + body.shape[0] + MARGIN, width + 2 * MARGIN)
    write_text(sheet, fit_text(title, _TITLE, width), (MARGIN, MARGIN - 8), _TITLE, INK)
    for row, line in enumerate(lines):
        write_text(sheet, line, (MARGIN, MARGIN + 48 + 34 * row), TEXT, QUIET)
    sheet[top : top + body.shape[0], MARGIN : MARGIN + body.shape[1]] = body
    return sheet


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of whole words that fit."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_size(longer, TEXT)[0] <= width:
            lines[-1] = longer
        else:
            lines.append(fit_text(word, TEXT, width))
    return lines
