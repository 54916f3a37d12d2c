"""Stains against what is known: painted slides whose vectors, amounts and colours we chose."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.synth.dress import (
    EOSIN,
    HAEMATOXYLIN,
    Colours,
    Stain,
    Staining,
    background_light,
    density_of,
    estimate_stain,
    light_through,
)
from tenfold.synth.dress.reinhard import lab_of, rgb_of


def slide_amounts(seed: int, size: int = 192) -> NDArray[np.float32]:
    """Round nuclei full of haematoxylin on stroma full of eosin, and empty slide at the left."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    amounts = np.zeros((size, size, 2), np.float32)
    amounts[:, size // 8 :, 1] = random.uniform(0.3, 1.0, (size, size - size // 8))
    amounts[:, size // 8 :, 0] = random.uniform(0.0, 0.1, (size, size - size // 8))
    for cy, cx in random.uniform([8, size / 8 + 8], size - 8, (60, 2)):
        inside = (y - cy) ** 2 + (x - cx) ** 2 < 36
        amounts[inside, 0] = random.uniform(0.6, 1.0, inside.sum())
        amounts[inside, 1] = random.uniform(0.0, 0.1, inside.sum())
    return amounts


def angle(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    return float(np.degrees(np.arccos(min(cosine, 1))))


def test_density_and_back_is_the_same_image() -> None:
    levels = np.arange(1, 256, dtype=np.uint8)
    image = np.stack([levels, levels[::-1], np.roll(levels, 7)], axis=1)[None]
    for light in ((255, 255, 255), (240, 236, 243), (200, 255, 128)):
        np.testing.assert_array_equal(light_through(density_of(image, light), light), image)


def test_black_counts_as_one_level() -> None:
    assert density_of(np.zeros((1, 1, 3), np.uint8))[0, 0, 0] == pytest.approx(np.log10(255))


def test_twice_the_stain_lets_the_square_of_the_light_through() -> None:
    stain = Stain(light=np.array([250.0, 250, 250]))
    one, two = (stain.paint(np.full((1, 1, 2), a))[0, 0] / 250 for a in (0.3, 0.6))
    np.testing.assert_allclose(two, one**2, atol=0.006)


def test_one_stain_has_the_published_colour() -> None:
    stain = Stain(depth=np.array([0.8, 0.8]))
    for k, vector in enumerate((HAEMATOXYLIN, EOSIN)):
        seen = stain.paint(np.eye(2, dtype=np.float32)[k].reshape(1, 1, 2))
        assert angle(-np.log10(seen[0, 0] / 255.0), np.array(vector)) < 0.5


def test_amounts_are_found_again() -> None:
    amounts = slide_amounts(0)
    stain = Stain()
    found = stain.amounts(stain.paint(amounts))
    assert found.dtype == np.float32
    assert np.abs(found - amounts).mean() < 0.01


@pytest.mark.parametrize("seed", range(6))
def test_macenko_finds_the_vectors_that_were_painted_with(seed: int) -> None:
    true = Staining().draw(seed)
    found = estimate_stain([true.paint(slide_amounts(seed)), true.paint(slide_amounts(seed + 99))])
    assert angle(found.vectors[0], true.vectors[0]) < 4
    assert angle(found.vectors[1], true.vectors[1]) < 4
    np.testing.assert_allclose(found.depth, true.depth, rtol=0.12)
    np.testing.assert_allclose(found.light, true.light, atol=1)


def test_a_slide_restained_looks_as_if_painted_so() -> None:
    amounts = slide_amounts(3)
    one, other = (Staining(turn=6.0).draw(s) for s in (3, 4))
    painted = one.paint(amounts), other.paint(amounts)
    found = estimate_stain(painted[0]).restained(painted[0], estimate_stain(painted[1]))
    before = np.abs(painted[0].astype(float) - painted[1]).mean()
    after = np.abs(found.astype(float) - painted[1]).mean()
    assert after < before / 4


def test_background_light() -> None:
    image = np.full((20, 20, 3), 90, np.uint8)
    assert background_light(image) == (255, 255, 255)
    image[:10] = (241, 238, 244)
    assert background_light(image) == (241, 238, 244)


def test_lab_is_ruderman_s() -> None:
    # White has equal cone responses to within the matrix's rounding, and so no chroma.
    lab = lab_of(np.full((1, 1, 3), 255, np.uint8))[0, 0]
    np.testing.assert_allclose(lab, 0, atol=0.003)
    image = np.random.default_rng(0).integers(1, 256, (30, 30, 3), dtype=np.uint8)
    np.testing.assert_array_equal(rgb_of(lab_of(image)), image)


def test_reinhard_s_means_and_spreads_are_exact() -> None:
    content = Stain().paint(slide_amounts(1))
    wanted = Colours.of(Staining().draw(8).paint(slide_amounts(2)))
    moved = wanted.moved(lab_of(content))
    np.testing.assert_allclose(moved.mean(axis=(0, 1)), wanted.mean, atol=1e-9)
    np.testing.assert_allclose(moved.std(axis=(0, 1)), wanted.spread, atol=1e-9)
    rounded = Colours.of(wanted.give(content))
    np.testing.assert_allclose(rounded.mean, wanted.mean, atol=0.01)


def test_a_drawn_stain_is_a_function_of_the_seed_within_its_spans() -> None:
    staining = Staining(turn=(1.0, 5.0), haematoxylin=(0.8, 1.2), eosin=1.0, light=0.95)
    base = staining.base
    draws = [staining.draw(seed) for seed in range(30)]
    for stain in draws:
        assert 0.99 <= angle(stain.vectors[0], base.vectors[0]) <= 5.01
        assert 0.8 <= stain.depth[0] / base.depth[0] <= 1.2
        assert stain.depth[1] == base.depth[1]
    assert len({stain.vectors.tobytes() for stain in draws}) == 30
    assert staining.draw(3).vectors.tobytes() == draws[3].vectors.tobytes()
    still = Staining(turn=0.0, haematoxylin=1.0, eosin=1.0, light=1.0, tint=0.0).draw(5)
    np.testing.assert_allclose(still.vectors, base.vectors, atol=1e-12)
    np.testing.assert_allclose(still.light, base.light)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.full((50, 50, 3), 255, np.uint8), "only 0 stained pixels"),
        (np.full((50, 50, 3), 120, np.uint8), "one colour"),
        (np.zeros((50, 50), np.uint8), r"\(H, W, 3\) RGB of uint8"),
        (np.zeros((50, 50, 3), np.float32), r"\(H, W, 3\) RGB of uint8"),
        (np.zeros((0, 50, 3), np.uint8), r"\(H, W, 3\) RGB of uint8"),
    ],
)
def test_slides_that_show_no_two_stains_are_refused(image: NDArray[np.uint8], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        estimate_stain(image)


def test_unusable_numbers_are_refused() -> None:
    with pytest.raises(RequestError, match="at least one image"):
        estimate_stain([])
    with pytest.raises(RequestError, match="alike"):
        Stain(vectors=np.array([HAEMATOXYLIN, HAEMATOXYLIN]))
    with pytest.raises(RequestError, match="none below 0"):
        Stain(vectors=np.array([[0.1, -0.2, 0.3], EOSIN]))
    with pytest.raises(RequestError, match="depth"):
        Stain(depth=np.array([0.0, 1.0]))
    with pytest.raises(RequestError, match="light"):
        Stain(light=np.array([0.0, 255, 255]))
    with pytest.raises(RequestError, match=r"\(H, W, 2\)"):
        Stain().paint(np.zeros((4, 4, 3)))
    with pytest.raises(RequestError, match="NaN"):
        Stain().paint(np.full((4, 4, 2), np.nan))
    with pytest.raises(RequestError, match="turn"):
        Staining(turn=40.0)
    with pytest.raises(RequestError, match="one colour"):
        Colours((0, 0, 0), (1, 1, 1)).give(np.full((5, 5, 3), 90, np.uint8))
