"""Vendi, precision, recall, density, coverage, effective size: against slow references."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tenfold.errors import RequestError
from tenfold.learned.examples import Examples
from tenfold.richness.balls import overlap
from tenfold.richness.distances import nearest, nearest_other
from tenfold.richness.features import features_of
from tenfold.richness.measure import MEANS, richness, richness_text
from tenfold.richness.vendi import vendi_score


def points(count: int, wide: int, seed: int, spread: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, wide)) * spread


def examples(values: np.ndarray, classes: int = 2) -> Examples:
    labels = np.arange(len(values)) % classes
    return Examples(values.astype(np.float32), labels, tuple("abcdefg"[:classes]))


@pytest.mark.parametrize(("groups", "each", "wide"), [(1, 9, 5), (4, 6, 9), (7, 3, 40)])
def test_vendi_of_orthogonal_groups_is_their_number(groups: int, each: int, wide: int) -> None:
    axes = np.linalg.qr(points(wide, wide, 1))[0][:groups]
    lengths = np.random.default_rng(2).uniform(0.1, 5, (groups * each, 1))
    assert vendi_score(np.repeat(axes, each, axis=0) * lengths).value == pytest.approx(groups)


@pytest.mark.parametrize(("count", "wide"), [(30, 8), (12, 50)])
def test_vendi_of_features_is_that_of_the_kernel(count: int, wide: int) -> None:
    features = points(count, wide, 3) + 0.5
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(unit @ unit.T / count)
    values = values[values > 1e-12]
    truth = math.exp(-sum(v * math.log(v) for v in values))
    assert vendi_score(features).value == pytest.approx(truth, rel=1e-9)


def test_vendi_of_unequal_groups_and_of_the_origin() -> None:
    shares = np.array([0.7, 0.2, 0.1])
    features = np.repeat(np.eye(3), [7, 2, 1], axis=0)
    truth = math.exp(-float((shares * np.log(shares)).sum()))
    assert vendi_score(features).value == pytest.approx(truth)
    features[-1] = 0  # a sample at the origin is a kind of its own
    assert vendi_score(features).value == pytest.approx(truth)


def test_vendi_intervals_hold_the_mean_of_many_draws() -> None:
    found = [vendi_score(points(150, 6, seed) * [3, 1, 1, 1, 0.5, 0.2]) for seed in range(100)]
    mean = np.mean([f.value for f in found])
    held = np.mean([f.low <= mean <= f.high for f in found])
    assert held >= 0.88


def naive(real: np.ndarray, made: np.ndarray, k: int) -> dict[str, float]:
    """The definitions, loop by loop."""

    def radius(points_: np.ndarray, i: int, order: int) -> float:
        gaps = [math.dist(points_[i], p) for j, p in enumerate(points_) if j != i]
        return sorted(gaps)[order - 1]

    of_real = [radius(real, i, k) for i in range(len(real))]
    of_made = [radius(made, j, k) for j in range(len(made))]
    inside = [[math.dist(y, x) <= r + 1e-9 for x, r in zip(real, of_real, strict=True)]
              for y in made]  # fmt: skip
    back = [any(math.dist(x, y) <= r + 1e-9 for y, r in zip(made, of_made, strict=True))
            for x in real]  # fmt: skip
    nearer = float(
        np.mean([
            min(math.dist(x, y) for y in made) <= radius(real, i, 1) for i, x in enumerate(real)
        ])
    )  # fmt: skip
    return {
        "precision": float(np.mean([any(row) for row in inside])),
        "recall": float(np.mean(back)),
        "density": float(np.mean([sum(row) / k for row in inside])),
        "coverage": float(np.mean([any(row[i] for row in inside) for i in range(len(real))])),
        "effective": min(float(len(made)), nearer / max(1e-12, 1 - nearer) * (len(real) - 1)),
    }


@pytest.mark.parametrize(("seed", "k"), [*itertools.product(range(4), (1, 3, 5))])
def test_overlap_is_the_definition(seed: int, k: int) -> None:
    real, made = points(40, 3, seed), points(28, 3, 50 + seed, 0.8) + 0.4
    made[:2] = real[:2]
    found = overlap(real, made, k)
    for name, truth in naive(real, made, k).items():
        measure = getattr(found, name)
        assert measure.value == pytest.approx(truth, abs=1e-12), name
        assert measure.low <= measure.value <= measure.high


def test_what_the_numbers_mean() -> None:
    real, fresh = points(300, 6, 1), points(300, 6, 2)
    like, noise = overlap(real, fresh), overlap(real, points(300, 6, 3, 6.0))
    few = overlap(real, fresh[np.arange(300) % 10])
    assert 0.8 < like.density.value < 1.2
    assert like.coverage.value > 0.9
    assert like.effective.value > 230
    assert noise.density.value < 0.3
    assert noise.effective.value < 60
    assert few.recall.value < 0.2
    assert few.effective.value < 25


def test_the_effective_size_of_fresh_samples_is_their_number() -> None:
    found = [
        overlap(points(150, 4, seed), points(60, 4, 900 + seed)).effective.value
        for seed in range(60)
    ]  # fmt: skip
    # The definition stops at the number of samples, so the mean lies a little below it.
    assert 48 < np.mean(found) < 61


def test_intervals_hold_the_mean_of_many_draws() -> None:
    names = ("precision", "recall", "density", "coverage")
    found = [overlap(points(80, 4, s), points(100, 4, 500 + s, 0.6)) for s in range(60)]
    for name in names:
        mean = np.mean([getattr(f, name).value for f in found])
        held = np.mean([getattr(f, name).low <= mean <= getattr(f, name).high for f in found])
        assert held >= 0.88, name


def test_neighbours_agree_with_scipy() -> None:
    a, b = points(50, 7, 1), points(70, 7, 2)
    far, place = nearest(a, b, 4)
    table = cdist(a, b)
    assert np.allclose(far, np.sort(table, axis=1)[:, :4])
    assert np.array_equal(place, np.argsort(table, axis=1)[:, :4])
    own = cdist(a, a) + np.diag(np.full(50, np.inf))
    assert np.allclose(nearest_other(a)[0][:, 0], own.min(axis=1))
    assert nearest(a, np.concatenate([b, a + 0]))[0].max() == 0.0


@pytest.mark.parametrize("kind", ["pixels", "pca"])
def test_richness_by_class_and_in_all(kind: str) -> None:
    real, made = examples(points(120, 30, 1) * 0.1), examples(points(120, 30, 2) * 0.1)
    found = richness(real, made, features_of(kind, real))
    assert [row.name for row in found] == [None, "a", "b"]
    assert [row.real for row in found] == [120, 60, 60]
    assert all(row.measures.keys() == MEANS.keys() and not row.remark for row in found)
    text = richness_text(found)
    assert all(name in text for name in MEANS)
    own = real.values[real.labels == 1].astype(np.float64)
    shifted = own - real.values.astype(np.float64).mean(axis=0)
    if kind == "pixels":
        assert found[2].measures["Vendi, real"].value == pytest.approx(vendi_score(shifted).value)


def test_noise_is_said_to_inflate_vendi() -> None:
    basis = points(3, 30, 5)
    real = examples(points(100, 3, 1) @ basis)
    noisy = examples(points(100, 3, 2) @ basis + points(100, 30, 3, 2.0))
    found = richness(real, noisy, features_of("pixels", real))[0]
    assert found.measures["Vendi, synthetic"].value > found.measures["Vendi, real"].value
    assert "noise" in found.remark
    assert "! density is low" in richness_text([found])


@pytest.mark.parametrize("wide", [200, 70])
def test_pca_keeps_the_distances_of_flat_data(wide: int) -> None:
    flat = examples(points(90, 5, 1) @ points(5, wide, 2))
    a, b = (features_of(kind, flat)(flat) for kind in ("pixels", "pca"))
    assert np.allclose(cdist(a, a), cdist(b, b), atol=1e-4)


def test_few_samples() -> None:
    with pytest.raises(RequestError, match="7 samples in each set"):
        overlap(points(6, 2, 1), points(50, 2, 2))
    real, made = examples(points(30, 4, 1)), examples(points(9, 4, 2))
    found = richness(real, made, features_of("pixels", real))
    assert found[0].measures
    assert math.isnan(found[0].measures["recall"].low)
    assert "too few" in found[1].remark
    assert "too few" in richness_text(found)


def test_bad_sets() -> None:
    real = examples(points(30, 4, 1))
    with pytest.raises(RequestError, match="can't be compared"):
        richness(real, examples(points(30, 5, 2)), features_of("pixels", real))
    with pytest.raises(RequestError, match="same classes"):
        richness(real, examples(points(30, 4, 2), 3), features_of("pixels", real))
    with pytest.raises(RequestError, match="did you mean 'pixels'"):
        features_of("pixel", real)
    with pytest.raises(RequestError, match="--model"):
        features_of("model", real)
    with pytest.raises(RequestError, match=r"\(n, D\)"):
        vendi_score(np.zeros((0, 3)))
    with pytest.raises(RequestError, match="finite"):
        vendi_score(np.full((3, 3), np.nan))


def test_latents_of_a_model_that_numbers_its_classes_otherwise() -> None:
    asked: list[int] = []

    def encode(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
        asked.extend(labels.tolist())
        return values[:, :2] * 3

    real = examples(points(20, 4, 1))
    model: Any = SimpleNamespace(shape=(4,), classes=("b", "a"), encode=encode)
    found = features_of("model", real, model)(real)
    assert np.allclose(found, 3 * (real.values[:, :2] - real.values[:, :2].mean(axis=0)), atol=1e-6)
    assert asked[:4] == [1, 0, 1, 0]
    model.shape = (5,)
    with pytest.raises(RequestError, match="--size"):
        features_of("model", real, model)
    model.shape, model.classes = (4,), ("a", "z")
    with pytest.raises(RequestError, match="knows no class 'b'"):
        features_of("model", real, model)
