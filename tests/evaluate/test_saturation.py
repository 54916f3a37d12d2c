"""The note on lost values: it comes where values were lost, and not for borders or dark grounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.evaluate.saturation import saturation_note
from tenfold.samples.sample import Sample


def noise(low: int, high: int, dtype: Any = np.uint8) -> NDArray[Any]:
    return np.random.default_rng(0).integers(low, high, (40, 50, 3)).astype(dtype)


def sample(image: NDArray[Any], **more: Any) -> Sample:
    top = float(np.iinfo(image.dtype).max)
    return Sample("a", image, **{"value_range": (0.0, top), **more})


def test_a_note_comes_where_pixels_went_white_or_black() -> None:
    image = noise(60, 200)
    white = np.clip(image.astype(int) + 170, 0, 255).astype(np.uint8)
    rows = [(sample(image), [sample(white), sample(image), sample(image), sample(image * 0)])]
    note = saturation_note(rows)
    assert note is not None
    assert "In 2 of 4 shown copies, over 20 % of the pixels" in note
    assert "value_range in docs/recipes.md" in note


def test_twelve_bits_in_sixteen_darkened_as_if_they_were_sixteen() -> None:
    image = noise(0, 4096, np.uint16)
    lost = np.clip(image.astype(int) - 6553, 0, 65535).astype(np.uint16)  # shift -0.1 of 65535
    assert saturation_note([(sample(image), [sample(lost)])]) is not None
    assert saturation_note([(sample(image), [sample(image // 2)])]) is None


def test_what_was_black_or_nearly_so_before_is_no_loss() -> None:
    image = noise(60, 200)
    image[:25] = noise(0, 9)[:25]
    copy = np.clip(image.astype(int) - 9, 0, 255).astype(np.uint8)
    assert (copy[:25] == 0).all()
    assert saturation_note([(sample(image), [sample(copy)])]) is None


def test_a_border_is_no_loss_where_it_is_known() -> None:
    image, valid = noise(60, 200), np.ones((40, 50), bool)
    copy = image.copy()
    copy[:15], valid[:15] = 0, False
    assert saturation_note([(sample(image), [sample(copy)])]) is not None
    assert saturation_note([(sample(image), [sample(copy, valid=valid)])]) is None
    nothing = sample(copy, valid=np.zeros_like(valid))
    assert saturation_note([(sample(image), [nothing])]) is None


def test_opacity_is_not_looked_at() -> None:
    image = np.dstack([noise(60, 200), np.full((40, 50), 255, np.uint8)])
    copy = image.copy()
    copy[..., 3] = 0
    assert saturation_note([(sample(image, alpha=True), [sample(copy, alpha=True)])]) is None


def test_one_in_many_is_chance_and_none_is_none() -> None:
    image = noise(60, 200)
    fine, lost = sample(image), sample(image * 0)
    assert saturation_note([(fine, [lost] + [fine] * 29)]) is None
    assert saturation_note([(fine, [lost] * 3 + [fine] * 27)]) is not None
    assert saturation_note([(fine, [])]) is None
    assert saturation_note([]) is None
