"""The contact sheet holds every picture once, at its place."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.evaluate.contact import contact_sheet
from tenfold.samples.sample import Sample

COLOURS = ((250, 0, 1), (1, 250, 0), (0, 1, 250), (250, 1, 250))


def solid(colour: tuple[int, int, int], height: int = 10, width: int = 10) -> Sample:
    return Sample(f"train/x/{colour}.png", np.full((height, width, 3), colour, np.uint8))


def places(sheet: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int, int, int, int]:
    """Bounding box (x0, y0, x1, y1) and number of the pixels of exactly this colour."""
    rows, columns = np.nonzero((sheet == colour).all(axis=2))
    return (
        int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1, len(rows)
    )  # fmt: skip


def test_every_picture_is_there_whole_and_in_order() -> None:
    first, second = solid(COLOURS[0]), solid(COLOURS[2])
    sheet = contact_sheet(
        [(first, [solid(COLOURS[1])]), (second, [solid(COLOURS[3])])], title="T", side=100
    )
    found = [places(sheet, c) for c in COLOURS]
    for x0, y0, x1, y1, count in found:
        assert (x1 - x0, y1 - y0, count) == (100, 100, 100 * 100)
    one, one_copy, two, two_copy = found
    assert one[2] < one_copy[0]
    assert one[1] == one_copy[1]
    assert two[0] == one[0]
    assert two[1] > one[3]
    assert two_copy[:2] == (one_copy[0], two[1])


def test_a_row_has_one_scale_and_large_copies_fit() -> None:
    sheet = contact_sheet(
        [(solid(COLOURS[0]), [solid(COLOURS[1], 5, 5), solid(COLOURS[2], 40, 20)])], side=100
    )
    sizes = {c: places(sheet, c) for c in COLOURS[:3]}
    width, height = (np.array([(p[2] - p[0], p[3] - p[1]) for p in sizes.values()])).T
    assert width.tolist() == [100, 50, 50]
    assert height.tolist() == [100, 50, 100]


def test_rows_of_different_lengths_and_shapes() -> None:
    rows = [
        (solid(COLOURS[0], 30, 60), [solid(COLOURS[1], 30, 60)] * 4),
        (solid(COLOURS[2], 60, 20), []),
    ]
    sheet = contact_sheet(rows, title="t" * 300, subtitle="s" * 300)
    assert sheet.dtype == np.uint8
    assert (sheet[:4] == 255).all()
    assert (sheet[:, -4:] == 255).all()


def test_labels_and_names_are_written_even_strange_ones() -> None:
    plain = solid(COLOURS[0])
    named = plain.replace(label="<script>\n\udcff", id="a\nb\udcff.png")
    a, b = (contact_sheet([(s, [s])], side=64) for s in (plain, named))
    assert a.shape[0] == b.shape[0]
    assert (b != 255).any()


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(RequestError, match="no samples"):
        contact_sheet([])
    with pytest.raises(RequestError, match="at least 16"):
        contact_sheet([(solid(COLOURS[0]), [])], side=3)
