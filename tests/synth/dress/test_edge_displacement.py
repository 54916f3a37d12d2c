"""The measure of moved edges against shifts that we made."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from tenfold.errors import RequestError
from tenfold.synth.dress import edge_displacement


def rings(size: int = 200, shift: float = 0.0) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Dark lines between rings about 20 px wide, `shift` px farther out; and the rings' labels."""
    y, x = np.mgrid[:size, :size] - size / 2
    radius = np.hypot(x, y)
    beside = np.mod(radius - shift + 10, 20) - 10
    image = 180 - 110 * np.exp(-((beside / 2) ** 2))
    return np.rint(image).astype(np.uint8), (radius // 20).astype(np.int32)


def noisy(image: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(0, strength, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def test_nothing_moved() -> None:
    image, labels = rings()
    found = edge_displacement(image, image, labels)
    assert (found.median, found.most, found.lost) == (0, 0, 0)
    assert found.places > 500


@pytest.mark.parametrize("shift", [0.4, 1.0, 2.0, -3.5])
@pytest.mark.parametrize("noise", [0, 20])
def test_edges_moved_outward_by_as_much_as_they_were(shift: float, noise: float) -> None:
    image, labels = rings()
    found = edge_displacement(image, noisy(rings(shift=shift)[0], noise), labels)
    assert found.median == pytest.approx(abs(shift), abs=0.15)
    assert found.lost < 0.05


def test_another_tone_or_texture_moves_nothing() -> None:
    image, labels = rings()
    darker = np.rint(255 * (image / 255.0) ** 2).astype(np.uint8)
    assert edge_displacement(image, noisy(darker, 15), labels).median < 0.25


def test_labels_that_are_beside_the_edges_measure_the_image_all_the_same() -> None:
    image, labels = rings()
    moved = ndimage.shift(image, (0, 3), order=1, mode="nearest")
    assert edge_displacement(image, moved, labels).most == pytest.approx(3, abs=0.3)


def test_edges_that_are_gone_are_lost() -> None:
    image, labels = rings()
    found = edge_displacement(image, noisy(np.full_like(image, 128), 20), labels)
    assert found.lost > 0.3
    assert found.median > 1


def test_images_without_edges() -> None:
    flat = np.full((64, 64), 100, np.uint8)
    assert edge_displacement(flat, flat, np.zeros((64, 64), np.int32)).places == 0
    assert edge_displacement(flat, flat).places == 0
    # A boundary between labels where nothing is to be seen says nothing.
    halves = np.repeat([[0, 1]], 64, axis=0).repeat(32, axis=1)
    assert edge_displacement(flat, flat, halves).places == 0


def test_the_image_s_own_edges_serve_where_there_are_no_labels() -> None:
    image, _ = rings()
    assert edge_displacement(image, image).places > 200
    assert edge_displacement(image, rings(shift=2)[0]).median == pytest.approx(2, abs=0.3)


def test_flags_and_shares_mark_edges_too() -> None:
    image, labels = rings()
    flags = np.zeros(image.shape, bool)
    flags[:, 1:] = labels[:, 1:] != labels[:, :-1]
    for keep in (flags, flags.astype(np.float32), flags.astype(np.float64)):
        assert edge_displacement(image, rings(shift=1.5)[0], keep).median == pytest.approx(1.5, 0.1)


def test_what_does_not_fit_is_refused() -> None:
    image, labels = rings()
    with pytest.raises(RequestError, match="must agree"):
        edge_displacement(image, image, labels[1:])
    with pytest.raises(RequestError, match="differ in shape"):
        edge_displacement(image, image[1:], labels)
    with pytest.raises(RequestError, match=r"within 0\.\.1"):
        edge_displacement(image, image, np.full(image.shape, 2.0))
    with pytest.raises(RequestError, match="labels, flags"):
        edge_displacement(image, image, np.full(image.shape, "x"))
