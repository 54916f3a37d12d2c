"""Characters written with a pen on a tablet: the text format of UJIPEN, and drawing strokes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.learned.examples import Array

_SESSION = re.compile(r"(trn|tst)_(UJI|UPV)_W(\d\d)-(\d\d)")
_UNITS = {"UJI": 100.0, "UPV": 152.0}  # a millimetre, by the tablet of the site
_FINE = 4  # strokes are drawn so many times larger, and averaged


@dataclass(frozen=True, eq=False)
class Penned:
    """One character as it was written.

    Attributes:
        character: one.
        part: "trn" or "tst", the official parts.
        writer: "UJI_W01"...
        repetition: 1 or 2.
        strokes: (n, 2) float64 each, x to the right and y down, in millimetres.
    """

    character: str
    part: str
    writer: str
    repetition: int
    strokes: tuple[NDArray[np.float64], ...]


def read_pen(text: str, file: str = "ujipenchars2.txt") -> list[Penned]:
    """Read the format of UJIPEN, version 2.

    `//` begins a comment line. A sample is `WORD <character> <trn|tst>_<site>_W<nn>-<rep>`, then
    `NUMSTROKES <k>`, then k lines `POINTS <n> # <x> <y> <x> <y> ...` of whole numbers.

    Args:
        text: the file's.
        file: what it is called in messages.

    Raises:
        RequestError: anything else; the message names the line.
    """
    lines = enumerate(text.splitlines(), 1)
    said = ((number, line.split()) for number, line in lines if not line.strip().startswith("//"))
    words = iter([(number, line) for number, line in said if line])
    found: list[Penned] = []
    met: dict[tuple[str, str, int], int] = {}
    for number, line in words:
        try:
            one = _sample(line, words)
        except _MalformedError as error:
            raise RequestError(f"{file}, line {error.line or number}: {error}") from None
        name = one.character, one.writer, one.repetition
        if name in met:
            raise RequestError(
                f"{file}, line {number}: '{one.character}' by {one.writer}, repetition "
                f"{one.repetition}, was there before, in line {met[name]}"
            )
        met[name] = number
        found.append(one)
    if not found:
        raise RequestError(f"{file}: no sample in it; a sample begins with a line WORD")
    return found


class _MalformedError(Exception):
    def __init__(self, said: str, line: int = 0) -> None:
        super().__init__(said)
        self.line = line


def _sample(first: list[str], rest: Iterator[tuple[int, list[str]]]) -> Penned:
    if first[0] != "WORD":
        raise _MalformedError(
            f"expected WORD, a character and a session, got '{' '.join(first):.60}'"
        )
    if len(first) != 3 or len(first[1]) != 1:
        raise _MalformedError(
            f"WORD needs one character and a session, got '{' '.join(first[1:]):.60}'"
        )
    told = _SESSION.fullmatch(first[2])
    if told is None:
        raise _MalformedError(f"'{first[2]:.60}' is no session such as trn_UJI_W01-01")
    part, site, writer, repetition = told.groups()
    number, line = _next(rest, "NUMSTROKES")
    count = _whole(line[1], number) if len(line) == 2 else 0
    if count < 1:
        raise _MalformedError(
            f"NUMSTROKES needs a number from 1, got '{' '.join(line[1:])}'", number
        )
    strokes = tuple(_stroke(*_next(rest, "POINTS")) / _UNITS[site] for _ in range(count))
    return Penned(first[1], part, f"{site}_W{writer}", int(repetition), strokes)


def _next(rest: Iterator[tuple[int, list[str]]], keyword: str) -> tuple[int, list[str]]:
    number, line = next(rest, (0, []))
    if not line:
        raise _MalformedError(f"the file ends within this sample; {keyword} is missing")
    if line[0] != keyword:
        raise _MalformedError(f"expected {keyword}, got '{' '.join(line):.60}'", number)
    return number, line


def _stroke(number: int, line: list[str]) -> NDArray[np.float64]:
    if len(line) < 3 or line[2] != "#":
        raise _MalformedError("POINTS needs a count, #, and as many x and y", number)
    count, given = _whole(line[1], number), line[3:]
    if count < 1 or len(given) != 2 * count:
        raise _MalformedError(
            f"POINTS promises {count} points, that is {2 * count} numbers, got {len(given)}", number
        )
    return np.array([_whole(word, number) for word in given], np.float64).reshape(-1, 2)


def _whole(word: str, number: int) -> int:
    try:
        return int(word)
    except ValueError:
        raise _MalformedError(f"'{word:.60}' is no whole number", number) from None


def draw_pen(
    strokes: Sequence[NDArray[np.float64]], size: int, per_mm: float, width_mm: float
) -> Array:
    """Strokes as a picture at true scale, the middle of their bounding box in its middle.

    Args:
        strokes: see `Penned`.
        size: side in pixels.
        per_mm: pixels a millimetre. A character that doesn't fit is made as large as fits.
        width_mm: of the ink.

    Returns:
        (size, size) uint8, ink white on black.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    longest = float((high - low).max()) + width_mm
    scale = min(per_mm, (size - 2) / longest) * _FINE
    canvas = np.zeros((size * _FINE, size * _FINE), np.uint8)
    thick = max(1, round(width_mm * scale))
    middle = size * _FINE / 2
    for stroke in strokes:
        # OpenCV's pixel centres are whole numbers; four binary digits of fraction.
        fixed = np.rint(((stroke - (low + high) / 2) * scale + middle - 0.5) * 16).astype(np.int32)
        if len(fixed) == 1:
            fixed = np.repeat(fixed, 2, axis=0)
        cv2.polylines(canvas, [fixed[:, None]], False, 255, thick, cv2.LINE_8, 4)
    return np.asarray(cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA))
