"""Small pictures of examples, in rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.evaluate.display import Picture, to_rgb
from tenfold.evaluate.figure import INK, QUIET, RULE, SMALL, TEXT, centred, paper
from tenfold.evaluate.lettering import fit_text, text_size, write_text
from tenfold.evaluate.strokes import polyline

Array = NDArray[Any]

GAP = 10


class Tiles:
    """Draws examples of one dataset, all in the same way.

    Args:
        shape: of an example, (H, W, C) or (D,): vectors are drawn as lines over their places.
        side: longest side of a tile, px.
        bounds: of vectors' values.
    """

    def __init__(
        self, shape: tuple[int, ...], side: int, bounds: tuple[float, float] = (0, 1)
    ) -> None:
        tall, wide = shape[:2] if len(shape) == 3 else (1, 1)
        scale = side / max(tall, wide)
        self.height, self.width = max(8, round(tall * scale)), max(8, round(wide * scale))
        self.bounds = bounds

    def draw(self, value: Array) -> Picture:
        """(height, width, 3) of one example."""
        if value.ndim == 1:
            return self._line(value)
        rgb = to_rgb(np.asarray(value, np.float32), (0.0, 1.0))
        shrinks = rgb.shape[0] > self.height
        # Cubic, so that what is blurred looks blurred, not like squares.
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(rgb, (self.width, self.height), interpolation=how))

    def _line(self, value: Array) -> Picture:
        tile = paper(self.height, self.width)
        low, high = self.bounds
        x = (np.arange(len(value)) + 0.5) / len(value) * self.width
        share = (value.astype(np.float64) - low) / max(high - low, 1e-12)
        y = (0.95 - 0.9 * np.clip(share, 0, 1)) * self.height
        polyline(tile, np.stack([x, y], axis=1), INK, 2, closed=False)
        return tile

    def mosaic(self, values: Array, gap: int = 0) -> Picture:
        """(rows, columns, *shape) as one picture, row by row."""
        rows, columns = values.shape[:2]
        tall, wide = self.height + gap, self.width + gap
        sheet = paper(rows * tall - gap, columns * wide - gap)
        for i in range(rows):
            for j in range(columns):
                tile = self.draw(values[i, j])
                sheet[i * tall : i * tall + self.height, j * wide : j * wide + self.width] = tile
        return sheet


def table(
    tiles: Tiles,
    rows: Sequence[tuple[str, str, Array]],
    heads: Sequence[str],
    breaks: Sequence[int],
) -> Picture:
    """Rows of examples with their names on the left and heads above.

    Args:
        tiles: how they are drawn.
        rows: each a name, a smaller line below it ("" for none), and its (columns, *shape).
        heads: of the columns; "" for none.
        breaks: numbers of rows before which there is more room and a rule.
    """
    named = max(
        max(text_size(name, TEXT)[0], text_size(below, SMALL)[0]) for name, below, _ in rows
    )
    left = min(named, 460) + 30
    top = 44 if any(heads) else 0
    columns = max(len(values) for _, _, values in rows)
    apart = 40
    height = top + len(rows) * (tiles.height + GAP) - GAP + apart * len(breaks)
    sheet = paper(height, left + columns * (tiles.width + GAP) - GAP)
    for j, head in enumerate(heads):
        middle = left + j * (tiles.width + GAP) + tiles.width / 2
        centred(sheet, fit_text(head, TEXT, tiles.width + GAP), middle, 0, TEXT, INK)
    y = top
    for i, (name, below, values) in enumerate(rows):
        if i in breaks:
            y += apart
            sheet[y - apart // 2 - GAP // 2 : y - apart // 2 - GAP // 2 + 2] = RULE
        middle = y + tiles.height // 2
        write_text(
            sheet, fit_text(name, TEXT, left), (0, middle - (34 if below else 17)), TEXT, INK
        )
        if below:
            write_text(sheet, fit_text(below, SMALL, left), (0, middle + 2), SMALL, QUIET)
        for j, value in enumerate(values):
            x = left + j * (tiles.width + GAP)
            sheet[y - 1 : y + tiles.height + 1, x - 1 : x + tiles.width + 1] = RULE
            sheet[y : y + tiles.height, x : x + tiles.width] = tiles.draw(value)
        y += tiles.height + GAP
    return sheet
