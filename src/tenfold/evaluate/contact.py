"""The contact sheet: originals beside their copies, on one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenfold.errors import RequestError
from tenfold.evaluate.display import Picture, display_window, fitting_scale
from tenfold.evaluate.draw import draw_sample
from tenfold.evaluate.lettering import fit_text, text_size, write_text
from tenfold.evaluate.names import readable, shorten
from tenfold.evaluate.palette import Colour, class_colour
from tenfold.samples.sample import Label, Sample

_PAPER: Colour = (255, 255, 255)
_INK: Colour = (28, 32, 38)
_QUIET: Colour = (104, 112, 122)
_RULE: Colour = (222, 226, 231)
_SHADE: Colour = (244, 246, 248)
_MARGIN = 24
_GAP = 10
_APART = 26  # between the originals and the copies
_LABEL_SIZE = 14
_SMALL = 11
_TITLE = 20


def contact_sheet(
    rows: Sequence[tuple[Sample, Sequence[Sample]]],
    *,
    title: str = "",
    subtitle: str = "",
    side: int | None = None,
    classes: Sequence[Label] = (),
    ignore_value: int | None = None,
    captions: Sequence[Sequence[str]] = (),
    heads: Sequence[str] = (),
) -> Picture:
    """Originals on the left, their copies to the right, one row a sample, annotations drawn in.

    A row is shown at one scale, so that zooming and cropping are seen as such; a copy larger
    than its place is made to fit.

    Args:
        rows: each an original and its copies.
        title: written at the top, if given.
        subtitle: written below the title, if given.
        side: longest side of a picture in pixels; by default 128 for images up to 128 pixels,
            else 240.
        classes: all classes in the dataset's order, for colours.
        ignore_value: the mask value that means "unknown".
        captions: for each row a line beneath each of its copies; "" for none.
        heads: above the columns, in place of "original", "copy 1"...

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        RequestError: no rows, or `side` below 16.
    """
    if not rows:
        raise RequestError("contact_sheet: there are no samples to show")
    if side is None:
        largest = max(max(s.height, s.width) for s, _ in rows)
        side = 128 if largest <= 128 else 240
    if side < 16:
        raise RequestError(f"contact_sheet: side must be at least 16 pixels, got {side}")
    drawn = [_draw_row(original, copies, side, classes, ignore_value) for original, copies in rows]
    most = max(len(copies) for _, copies in rows)
    widths = [
        max([p.shape[1] for p in (r[column] for r in drawn if column < len(r))], default=side)
        for column in range(most + 1)
    ]
    names = _name_column(rows)
    lefts = _columns(names, widths)
    width = max(lefts[-1] + widths[-1] + _MARGIN, 320)
    heading = _heading(title, subtitle, width)
    top = heading.shape[0]
    told = list(captions) or [[""] * len(copies) for _, copies in rows]
    beneath = _SMALL + 6 if any(any(line) for line in told) else 0
    heights = [max(2 * _LABEL_SIZE + 8, *(p.shape[0] for p in row)) + beneath for row in drawn]
    sheet = np.full((top + 26 + sum(heights) + _GAP * len(rows) + _MARGIN - _GAP, width, 3), 255)
    sheet = sheet.astype(np.uint8)
    sheet[:top] = heading
    _write_heads(sheet, top, lefts, widths, heads)
    y = top + 26
    shade_to = lefts[0] + widths[0] + _APART // 2
    sheet[top:, :shade_to] = np.where(
        (sheet[top:, :shade_to] == 255).all(axis=2, keepdims=True), _SHADE, sheet[top:, :shade_to]
    )
    sheet[top:, shade_to] = _RULE
    for (original, _), pictures, line, full in zip(rows, drawn, told, heights, strict=True):
        height = full - beneath
        _write_name(sheet, original, y + height // 2, names, classes)
        for left, column, picture, words in zip(lefts, widths, pictures, ["", *line], strict=False):
            h, w = picture.shape[:2]
            x0, y0 = left + (column - w) // 2, y + (height - h) // 2
            if words:
                _write_caption(sheet, words, left, y + height, column)
            sheet[y0 - 1 : y0 + h + 1, x0 - 1 : x0 + w + 1] = _RULE
            sheet[y0 : y0 + h, x0 : x0 + w] = picture
        y += full + _GAP
    return sheet


def _write_caption(sheet: Picture, words: str, left: int, top: int, width: int) -> None:
    words = fit_text(words, _SMALL, width)
    x = left + (width - text_size(words, _SMALL)[0]) // 2
    write_text(sheet, words, (x, top + 2), _SMALL, _QUIET)


def _draw_row(
    original: Sample,
    copies: Sequence[Sample],
    side: int,
    classes: Sequence[Label],
    ignore_value: int | None,
) -> list[Picture]:
    window = display_window(original)
    scale = fitting_scale(original.height, original.width, side)
    pictures = []
    for sample in (original, *copies):
        own = min(scale, side / max(sample.height, sample.width))
        pictures.append(
            draw_sample(sample, own, classes=classes, ignore_value=ignore_value, window=window)
        )
    return pictures


def _name_column(rows: Sequence[tuple[Sample, Sequence[Sample]]]) -> int:
    """Width for the names: as wide as needed, within bounds."""
    need = 0
    for sample, _ in rows:
        name, beneath = _names(sample)
        need = max(need, text_size(name, _LABEL_SIZE)[0] + 14, text_size(beneath, _SMALL)[0])
    return min(max(need, 48), 150)


def _names(sample: Sample) -> tuple[str, str]:
    file = shorten(readable(sample.id).rsplit("/", 1)[-1], 28)
    if sample.label is None:
        return file, f"{sample.width} x {sample.height}"
    return readable(sample.label), file


def _columns(names: int, widths: Sequence[int]) -> list[int]:
    lefts = [_MARGIN + names + 12]
    for i, width in enumerate(widths[:-1]):
        lefts.append(lefts[-1] + width + (_APART if i == 0 else _GAP))
    return lefts


def _heading(title: str, subtitle: str, width: int) -> Picture:
    room = width - 2 * _MARGIN
    height = _MARGIN - 6 + (30 if title else 0) + (20 if subtitle else 0)
    band: Picture = np.full((height + (10 if title or subtitle else 0), width, 3), 255, np.uint8)
    y = _MARGIN - 8
    if title:
        write_text(band, fit_text(title, _TITLE, room), (_MARGIN, y), _TITLE, _INK)
        y += 30
    if subtitle:
        write_text(band, fit_text(subtitle, 13, room), (_MARGIN, y), 13, _QUIET)
    return band


def _write_heads(
    sheet: Picture, top: int, lefts: Sequence[int], widths: Sequence[int], heads: Sequence[str]
) -> None:
    for i, (left, width) in enumerate(zip(lefts, widths, strict=True)):
        words = "original" if i == 0 else f"copy {i}"
        if width < 48 and i > 0:
            words = str(i)
        words = fit_text(heads[i] if i < len(heads) else words, 12, width + _GAP)
        x = left + (width - text_size(words, 12)[0]) // 2
        write_text(sheet, words, (x, top + 6), 12, _INK if i == 0 else _QUIET)


def _write_name(
    sheet: Picture, sample: Sample, middle: int, room: int, classes: Sequence[Label]
) -> None:
    name, beneath = _names(sample)
    x = _MARGIN
    if sample.label is not None:
        swatch = class_colour(sample.label, classes)
        sheet[middle - 13 : middle - 4, x : x + 9] = swatch
        write_text(sheet, fit_text(name, _LABEL_SIZE, room - 14), (x + 14, middle - 17), 14, _INK)
    else:
        write_text(sheet, fit_text(name, 12, room), (x, middle - 16), 12, _INK)
    write_text(sheet, fit_text(beneath, _SMALL, room), (x, middle + 2), _SMALL, _QUIET)
