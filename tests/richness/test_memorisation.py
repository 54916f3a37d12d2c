"""Memorisation: planted copies are caught, fresh samples are not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy import stats

from tenfold.errors import RequestError
from tenfold.learned.examples import Examples
from tenfold.richness.features import features_of
from tenfold.richness.memory import Memorisation, memorisation
from tenfold.richness.ranks import mann_whitney_z, share_z

WIDE = 12


def drawn(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, WIDE)) * np.linspace(0.2, 1, WIDE)


def examples(values: np.ndarray) -> Examples:
    return Examples(values.astype(np.float32), np.arange(len(values)) % 2, ("a", "b"))


def judged(train: np.ndarray, held: np.ndarray, made: np.ndarray) -> Memorisation:
    seen = examples(train)
    return memorisation(seen, examples(held), examples(made), features_of("pixels", seen))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("n", "m", "steps"), [(20, 30, 0), (50, 7, 5), (40, 40, 2)])
def test_mann_whitney_is_scipy_s(seed: int, n: int, m: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n), rng.normal(size=m) + 0.4
    if steps:
        a, b = np.rint(a * steps), np.rint(b * steps)  # ties
    p = stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=False, alternative="less")
    assert stats.norm.cdf(mann_whitney_z(a, b)) == pytest.approx(p.pvalue, rel=1e-9)


def test_scores_of_nothing_and_of_equals() -> None:
    assert mann_whitney_z([1, 1, 1], [1, 1]) == 0
    assert mann_whitney_z([], [1]) == 0
    assert share_z(0, 5, 0, 9) == 0
    assert share_z(5, 5, 9, 9) == 0
    assert share_z(30, 100, 10, 100) == pytest.approx(3.5355, abs=1e-3)


def test_fresh_samples_are_not_called_copies() -> None:
    alarms = [
        bool(judged(drawn(120, 3 * s), drawn(100, 3 * s + 1), drawn(110, 3 * s + 2)).found)
        for s in range(60)
    ]  # fmt: skip
    assert sum(alarms) <= 1


@pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_planted_copies_are_caught(share: float, noise: float) -> None:
    train, made = drawn(150, 1), drawn(150, 3)
    many = int(share * len(made))
    made[:many] = train[:many] + noise * drawn(many, 4)
    found = judged(train, drawn(150, 2), made)
    assert found.found
    assert found.copies >= 0.9 * many
    assert sorted(found.order[:many].tolist()) == list(range(many))
    assert found.twins[:many].tolist() == list(range(many))
    assert "Memorised" in found.text()
    assert found.plain()["memorised"]


def test_pixels_of_pictures_with_slight_noise() -> None:
    pictures = np.random.default_rng(0).random((90, 6, 6, 1))
    train, held = pictures[:30], pictures[30:60]
    copies = np.clip(train + np.random.default_rng(1).normal(0, 0.05, train.shape), 0, 1)
    assert judged(train, held, copies).found
    assert not judged(train, held, pictures[60:]).found


@pytest.mark.parametrize("seed", range(10, 60, 10))
def test_authenticity_is_the_definition(seed: int) -> None:
    train, held, made = drawn(30, seed), drawn(20, seed + 1), drawn(25, seed + 2)
    made[:8] = train[:8] + 0.05 * drawn(8, 4)
    found = judged(train, held, made)
    hits = 0
    train, made = (examples(v).values.astype(float) for v in (train, made))
    for y in made:
        gaps = np.linalg.norm(train - y, axis=1)
        x = int(gaps.argmin())
        others = np.linalg.norm(np.delete(train, x, axis=0) - train[x], axis=1)
        hits += bool(others.min() < gaps[x])
    assert found.authenticity == pytest.approx(hits / 25)


def test_too_near_without_being_copies_is_said_by_distances() -> None:
    train = drawn(150, 1)
    found = judged(train, drawn(150, 2), 0.55 * train + 0.45 * drawn(150, 3))
    assert found.z < -4
    assert any(said.startswith("C_T") for said in found.found)


def test_noise_is_no_copy_and_is_said_to_be_far() -> None:
    found = judged(drawn(100, 1), drawn(100, 2), drawn(100, 3) * 4)
    assert not found.found
    assert "farther" in found.text()


def test_bad_requests() -> None:
    with pytest.raises(RequestError, match="too few"):
        judged(drawn(30, 1), drawn(4, 2), drawn(30, 3))
    train = drawn(30, 1)
    with pytest.raises(RequestError, match="held-out samples are training samples"):
        judged(train, np.concatenate([drawn(10, 2), train[:3]]), drawn(30, 3))
    seen = examples(train)
    other = Examples(np.random.default_rng(0).random((20, 5)), np.zeros(20, int), ("a", "b"))
    with pytest.raises(RequestError, match="can't be compared"):
        memorisation(seen, examples(drawn(20, 2)), other, features_of("pixels", seen))


@pytest.mark.parametrize("seed", range(3))
def test_real_letters(shared_data: Path, seed: int) -> None:
    """A twentieth of copies with slight noise among letters is caught, none is not."""
    arrays = np.load(shared_data / "uji-pen-v1/uji_pen_v1_70x70.npz")
    small = [cv2.resize(i, (24, 24), interpolation=cv2.INTER_AREA) for i in arrays["images"]]
    rng = np.random.default_rng(seed)
    letters = np.stack(small)[rng.permutation(len(small)), :, :, None] / 255
    train, held, fresh = letters[:450], letters[450:900], letters[900:]
    assert not judged(train, held, fresh).found
    copied = fresh.copy()
    copied[:23] = np.clip(train[:23] + rng.normal(0, 0.03, train[:23].shape), 0, 1)
    assert judged(train, held, copied).found
