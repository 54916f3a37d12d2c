"""Altered vectors against plain slow references, and what must hold whatever the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.learned.generator import Variation
from tenfold.learned.latent import METHODS, METRICS, Reference, alter, neighbours
from tenfold.learned.latent.metric import metric_of
from tenfold.rng import normal_rows, uniform_rows

Array = NDArray[Any]


def blobs(rows: int = 90, wide: int = 5, classes: int = 3, seed: int = 0) -> Reference:
    generator = np.random.default_rng(seed)
    labels = np.arange(rows) % classes
    mixing = generator.normal(size=(wide, wide)) * np.geomspace(1, 0.1, wide)
    latents = (
        generator.normal(size=(rows, wide)) @ mixing
        + generator.normal(size=(classes, wide))[labels] * 3
    )
    return Reference(latents, labels, classes)


def seeds(count: int, first: int = 7) -> Array:
    return np.arange(count, dtype=np.int64) * 7919 + first


def slow_neighbours(
    query: Array, label: int, reference: Reference, count: int, metric: str
) -> list[int]:
    """One at a time, by each metric's own formula."""
    rows = [i for i in range(len(reference.labels)) if reference.labels[i] == label]
    vectors = reference.latents.astype(float)
    inverse = np.linalg.inv(reference.within)
    found = []
    for i in rows:
        apart = vectors[i] - query
        if metric == "cosine":
            far = 1 - vectors[i] @ query / np.linalg.norm(vectors[i]) / np.linalg.norm(query)
        elif metric == "standardised":
            far = np.linalg.norm(apart / reference.spread)
        elif metric == "mahalanobis":
            far = np.sqrt(apart @ inverse @ apart)
        else:
            far = np.linalg.norm(apart)
        if np.abs(apart).max() > 1e-9:
            found.append((far, i))
    return [i for _, i in sorted(found)[:count]]


@pytest.mark.parametrize("metric", METRICS)
def test_neighbours_are_those_of_a_plain_search(metric: str) -> None:
    reference = blobs()
    found, counts = neighbours.neighbours(reference.latents, reference.labels, reference, 4, metric)
    for row in range(len(found)):
        label = int(reference.labels[row])
        query = reference.latents[row].astype(float)
        assert found[row].tolist() == slow_neighbours(query, label, reference, 4, metric)
    assert (counts == 4).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("wide", [3, 40])
def test_an_index_finds_the_same(monkeypatch: pytest.MonkeyPatch, metric: str, wide: int) -> None:
    pytest.importorskip("sklearn")
    reference = blobs(600, wide)
    found, _ = neighbours.neighbours(reference.latents, reference.labels, reference, 6, metric)
    monkeypatch.setattr(neighbours, "_MANY", 10)
    indexed = Reference(reference.latents, reference.labels, 3)
    again, _ = neighbours.neighbours(indexed.latents, indexed.labels, indexed, 6, metric)
    assert any(name[0] == "index" for name in indexed._kept)
    assert np.array_equal(found, again)


def test_a_vector_and_its_copies_are_not_its_neighbours() -> None:
    vectors = np.array([[0, 0], [0, 0], [1, 0], [3, 0]], np.float32)
    reference = Reference(vectors, np.zeros(4, np.int64), 1)
    rounded = vectors + np.float32(1e-5)  # as a network gives it back
    found, counts = neighbours.neighbours(rounded, reference.labels, reference, 3)
    assert found.tolist() == [[2, 3, -1], [2, 3, -1], [0, 1, 3], [2, 0, 1]]
    assert counts.tolist() == [2, 2, 3, 3]


def partners(reference: Reference, count: int, metric: str, these: Array) -> Iterator[Array]:
    """The vectors that a slow search, and each seed's second uniform number, choose."""
    for row, choice in enumerate(uniform_rows(these, (2,))[:, 1]):
        query = reference.latents[row].astype(float)
        near = slow_neighbours(query, int(reference.labels[row]), reference, count, metric)
        yield reference.latents[near[int(choice * len(near))]].astype(float)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("strength", [None, 0.25, (0.0, 1.0)])
def test_interpolation_and_extrapolation_are_their_formulas(
    metric: str, strength: float | tuple[float, float] | None
) -> None:
    reference = blobs()
    these = seeds(90)
    low, high = strength if isinstance(strength, tuple) else (strength or 0.5, strength or 0.5)
    share = low + (high - low) * uniform_rows(these, (2,))[:, :1]
    start = reference.latents.astype(float)
    other = np.stack(list(partners(reference, 7, metric, these)))
    for method, wanted in (
        ("interpolation", (other - start) * share + start),
        ("extrapolation", (start - other) * share + start),
    ):
        variation = Variation(method, strength, 7, metric)
        made = alter(reference.latents, reference.labels, these, reference, variation)
        assert made.dtype == np.float32
        np.testing.assert_allclose(made, wanted, rtol=1e-5, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(4, 40),
    wide=st.integers(1, 6),
    k=st.integers(1, 50),
    seed=st.integers(0, 2**53),
)
def test_interpolated_points_lie_between_two_of_a_class(
    rows: int, wide: int, k: int, seed: int
) -> None:
    reference = blobs(rows, wide, 2, seed % 1000)
    these = np.full(rows, seed, np.int64) - np.arange(rows) % min(rows, seed + 1)
    variation = Variation("interpolation", (0.0, 1.0), k)
    made = alter(reference.latents, reference.labels, these, reference, variation).astype(float)
    for row in range(rows):
        start = reference.latents[row].astype(float)
        ends = reference.latents[reference.labels == reference.labels[row]].astype(float)
        along = ends - start
        length = (along**2).sum(axis=1)
        share = np.divide(
            along @ (made[row] - start), length, where=length > 0, out=np.zeros(len(ends))
        )
        off = np.abs(start + share[:, None] * along - made[row]).max(axis=1)
        assert ((off < 1e-4) & (share > -1e-4) & (share < 1 + 1e-4)).any()


def test_noise_has_each_dimensions_spread_within_the_class() -> None:
    reference = blobs()
    labels = np.repeat(np.arange(3), 4000)
    start = np.zeros((12000, 5), np.float32)
    made = alter(start, labels, seeds(12000), reference, Variation("noise", 0.7))
    for label in range(3):
        own = reference.latents[reference.labels == label].std(axis=0, ddof=1)
        np.testing.assert_allclose(made[labels == label].std(axis=0), 0.7 * own, rtol=0.06)
    exact = start + 0.7 * reference.spreads[labels] * normal_rows(seeds(12000), (5,))
    np.testing.assert_allclose(made, exact, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", ["prior", "mixture"])
def test_what_is_fitted_has_the_classes_moments(method: str) -> None:
    reference = blobs(3000)
    labels = np.repeat(np.arange(3), 4000)
    made = alter(np.zeros((12000, 5)), labels, seeds(12000), reference, Variation(method))
    for label in range(3):
        own, new = reference.latents[reference.labels == label], made[labels == label]
        scale = own.std(axis=0)
        assert np.abs(own.mean(axis=0) - new.mean(axis=0)).max() < (0.1 * scale).max()
        apart = (np.cov(own.T) - np.cov(new.T)) / np.outer(scale, scale)
        assert np.abs(apart).max() < 0.1


def test_a_mixture_finds_two_lumps_where_a_gaussian_fills_the_gap() -> None:
    generator = np.random.default_rng(3)
    vectors = generator.normal(size=(24, 2)) * 0.3 + np.array([[-4, 0], [4, 0]])[np.arange(24) % 2]
    reference = Reference(vectors, np.zeros(24, np.int64), 1)
    zeros, these = np.zeros(4000, np.int64), seeds(4000)
    made = {
        method: alter(np.zeros((4000, 2)), zeros, these, reference, Variation(method))
        for method in ("prior", "mixture")
    }
    assert (np.abs(made["prior"][:, 0]) < 2).mean() > 0.2
    assert (np.abs(made["mixture"][:, 0]) < 2).mean() < 0.01
    assert (made["mixture"][:, 0] > 0).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("length", [0.5, 8.0])
def test_walks_end_distributed_as_the_metric_says(
    length: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many walks in the plane against the density on a grid, worked out by determinants.

    With steps far too long, too: it is the rejections that keep the distribution then.
    """
    monkeypatch.setattr("tenfold.learned.latent.metric.LENGTH", length)
    generator = np.random.default_rng(5)
    vectors = generator.normal(size=(14, 2)) * [1.0, 0.4]
    reference = Reference(vectors, np.zeros(14, np.int64), 1)
    metric = metric_of(reference, 0)
    side = np.linspace(-9, 9, 181)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    weights = np.exp(-((grid[:, None] - metric.centres) ** 2).sum(axis=2) / metric.reach**2)
    shapes = metric.shapes.reshape(-1, 2, 2)
    inverse = np.einsum("nm,mij->nij", weights, shapes) + 1e-3 * np.eye(2)
    density = np.sqrt(np.linalg.det(inverse))
    density /= density.sum()
    z = vectors[np.arange(400) % 14].astype(np.float32)
    for turn in range(5):  # one walk is short on purpose; several forget where they began
        z = alter(
            z, np.zeros(400, np.int64), seeds(400, 10**6 * turn), reference, Variation("metric")
        )
    found = z / metric.spread
    for axis in range(2):  # quartiles: far out the density is flat and has no end
        marginal = np.cumsum(density.reshape(181, 181).sum(axis=axis))
        wanted = np.interp([0.25, 0.5, 0.75], marginal, side)
        spread = wanted[2] - wanted[0]
        got = np.quantile(found[:, axis], [0.25, 0.5, 0.75])
        assert np.abs(got - wanted).max() < 0.2 * spread


def test_the_metrics_slope_is_that_of_its_height() -> None:
    metric = metric_of(blobs(), 1)
    z = metric.centres[0] + 0.2
    _, slope = metric.density(z, metric.reach)
    for k in range(5):
        step = np.eye(5)[k] * 1e-5
        rise = metric.density(z + step, metric.reach)[0] - metric.density(z - step, metric.reach)[0]
        assert slope[k] == pytest.approx(rise / 2e-5, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_row_depends_on_itself_and_its_seed_alone(method: str) -> None:
    reference = blobs()
    variation = Variation(method, metric="mahalanobis")
    latents, labels, these = reference.latents, reference.labels, seeds(90)
    made = alter(latents, labels, these, reference, variation)
    fresh = Reference(latents, labels, 3)
    for rows in (np.array([4]), np.array([80, 4, 4, 17]), np.arange(89, -1, -1)):
        again = alter(latents[rows], labels[rows], these[rows], fresh, variation)
        assert np.array_equal(again, made[rows])
    other = alter(latents, labels, these + 1, reference, variation)
    assert np.array_equal(other, made) == (method == "reconstruction")
    assert np.array_equal(latents, blobs().latents)


def test_few_vectors_of_many_dimensions_are_enough() -> None:
    generator = np.random.default_rng(1)
    reference = Reference(generator.normal(size=(6, 40)), np.arange(6) % 3, 3)
    for method in METHODS:
        made = alter(reference.latents, reference.labels, seeds(6), reference, Variation(method))
        assert np.isfinite(made).all()


def test_a_class_of_equal_vectors_stays_as_it_is() -> None:
    reference = Reference(np.full((4, 2), 3.0), np.array([0, 0, 0, 0]), 1)
    for method in ("interpolation", "extrapolation", "noise"):
        made = alter(reference.latents, reference.labels, seeds(4), reference, Variation(method))
        assert np.array_equal(made, reference.latents)


@pytest.mark.parametrize(
    ("variation", "message"),
    [
        (Variation("interpolate"), "did you mean 'interpolation'"),
        (Variation(metric="euclid"), "did you mean 'euclidean'"),
        (Variation(neighbours=0), "at least 1, got 0"),
        (Variation("noise", -1.0), "at least 0"),
        (Variation("noise", float("nan")), "at least 0"),
        (Variation("noise", (0.5, 0.2)), "rising pair"),
        (Variation("noise", "much"), "must be a number"),  # type: ignore[arg-type]
        (Variation("metric", 0.0), "above 0"),
    ],
)
def test_variations_that_cannot_be(variation: Variation, message: str) -> None:
    reference = blobs()
    with pytest.raises(RequestError, match=message):
        alter(reference.latents, reference.labels, seeds(90), reference, variation)


def test_vectors_that_cannot_be() -> None:
    reference = Reference(np.eye(3), np.array([0, 0, 1]), 3)
    for label, has in ((1, 1), (2, 0)):
        with pytest.raises(RequestError, match=f"class number {label} has {has} in the reference"):
            alter(np.zeros((1, 3)), np.array([label]), seeds(1), reference, Variation())
    with pytest.raises(RequestError, match=r"must be \(N, 3\)"):
        alter(np.zeros((1, 2)), np.zeros(1), seeds(1), reference, Variation())
    with pytest.raises(RequestError, match="as many labels and seeds"):
        alter(np.zeros((1, 3)), np.zeros(2), seeds(1), reference, Variation())
    with pytest.raises(RequestError, match="places in the 3 classes"):
        alter(np.zeros((1, 3)), np.array([3]), seeds(1), reference, Variation())
    with pytest.raises(RequestError, match="finite"):
        Reference(np.full((2, 2), np.nan), np.zeros(2, np.int64), 1)
