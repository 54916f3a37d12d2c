"""A picture of pairs: one beside the other, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tenfold.evaluate.display import Picture, to_rgb
from tenfold.evaluate.figure import INK, QUIET, RULE, SMALL, TEXT, centred, framed, paper
from tenfold.evaluate.lettering import fit_text, write_text
from tenfold.samples.sample import Array
from tenfold.write.atomic import write_bytes

_SIDE = 180
_ROOM = 330
_GAP = 14
_ACROSS = 2


@dataclass(frozen=True, eq=False)
class Pair:
    """Two images and lines about them.

    Attributes:
        left, right: (H, W, C) float32 from 0 to 1, or uint8.
        lines: the first is written larger.
    """

    left: Array
    right: Array
    lines: tuple[str, ...]


def write_pairs(
    path: Path, pairs: Sequence[Pair], heads: tuple[str, str], title: str, told: list[str]
) -> None:
    """Write pairs as a PNG, two a row.

    Args:
        path: where; its folder is made.
        pairs: at least one.
        heads: above the left and the right images.
        title: of the picture.
        told: lines below the title.

    Raises:
        OutputError: it can't be written.
    """
    picture = framed(_body(pairs, heads), title, told)
    write_bytes(path.absolute(), bytes(cv2.imencode(".png", picture[:, :, ::-1])[1]))


def _body(pairs: Sequence[Pair], heads: tuple[str, str]) -> Picture:
    wide, tall, top = 2 * (_SIDE + _GAP) + _ROOM, _SIDE + 2 * _GAP, 44
    columns = min(_ACROSS, len(pairs))
    body = paper(top + -(-len(pairs) // columns) * tall, columns * wide)
    for column in range(columns):
        for k, head in enumerate(heads):
            middle = column * wide + k * (_SIDE + _GAP) + _SIDE / 2
            centred(body, fit_text(head, SMALL, _SIDE), middle, 0, SMALL, INK)
    for number, pair in enumerate(pairs):
        y, x = top + number // columns * tall, number % columns * wide
        for k, image in enumerate((pair.left, pair.right)):
            tile, left = _tile(image), x + k * (_SIDE + _GAP)
            body[y : y + _SIDE, left : left + _SIDE] = tile
        text = x + 2 * (_SIDE + _GAP)
        for k, line in enumerate(pair.lines):
            size, colour = (TEXT, INK) if k == 0 else (SMALL, QUIET)
            write_text(body, fit_text(line, size, _ROOM - _GAP), (text, y + 34 * k), size, colour)
    return body


def _tile(image: Array) -> Picture:
    """An image in the middle of a square, pixels drawn as pixels where it is small."""
    window = (0.0, 255.0) if image.dtype == np.uint8 else (0.0, 1.0)
    rgb = to_rgb(image, window)
    scale = _SIDE / max(rgb.shape[:2])
    height, width = (max(1, round(n * scale)) for n in rgb.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST_EXACT
    tile = np.full((_SIDE, _SIDE, 3), RULE, np.uint8)
    y, x = (_SIDE - height) // 2, (_SIDE - width) // 2
    tile[y : y + height, x : x + width] = cv2.resize(rgb, (width, height), interpolation=how)
    return tile
