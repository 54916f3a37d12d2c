"""Nearest sites against SciPy's k-d tree and against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tenfold.native.library import lib as loaded
from tenfold.native.library import load
from tenfold.synth.tissue import nearest as module
from tenfold.synth.tissue.nearest import Floats, Singles, Sites

LEVELS = [f"v{level}" for level in range(2, loaded.tenfold_level() + 1)] or ["any"]


def grid(height: int, width: int, extent: float, z: float = 0.3) -> Singles:
    out = np.empty((3, height, width), np.float32)
    out[0] = np.linspace(-extent, extent, width)[None, :]
    out[1] = np.linspace(-extent, extent, height)[:, None]
    out[2] = z
    return out


def snapped(positions: Floats) -> Floats:
    return np.asarray(np.rint(positions * 1024) / 1024)


@pytest.mark.parametrize(("count", "deep"), [(1, 5.0), (2, 5.0), (700, 5.0), (6000, 0.0)])
def test_voronoi_cells_are_those_of_a_k_d_tree(count: int, deep: float) -> None:
    random = np.random.default_rng(count)
    sites = random.uniform(-50, 50, (count, 3))
    sites[:, 2] *= deep / 50
    points = grid(61, 83, 55)
    found = Sites(sites).nearest(points, reach=0.5)
    flat = points.reshape(3, -1).T.astype(np.float64)
    distance, number = cKDTree(snapped(sites)).query(flat)
    apart = found.site.ravel() != number
    own = np.sqrt(((flat - snapped(sites)[found.site.ravel()]) ** 2).sum(axis=1))
    np.testing.assert_allclose(own[apart], distance[apart], rtol=1e-5)  # ties only
    assert apart.mean() < 1e-3
    np.testing.assert_allclose(found.power.ravel(), distance**2, rtol=1e-4, atol=1e-4)


def test_powers_tags_owners_and_walls_are_those_of_brute_force() -> None:
    random = np.random.default_rng(7)
    count = 400
    sites = snapped(random.uniform(-30, 30, (count, 3)) * [1, 1, 0.3])
    weights = random.uniform(0, 60, count).astype(np.float32).astype(np.float64)
    tags, owners = random.integers(0, 3, count), random.integers(0, 150, count)
    points = grid(37, 50, 32)
    wanted = random.integers(-1, 3, (37, 50)).astype(np.int32)
    found = Sites(sites, weights, tags, owners).nearest(points, wanted, reach=2.0, far=500.0)
    flat = points.reshape(3, -1).T.astype(np.float64)
    tag = wanted.ravel()
    power = ((flat[:, None] - sites[None]) ** 2).sum(axis=2) - weights
    power[tag[:, None] != tags[None]] = np.inf
    none = tag < 0
    assert (found.site.ravel()[none] == -1).all()
    assert (found.gap.ravel()[none] == 500).all()
    best = power.argmin(axis=1)
    same = found.site.ravel() == best
    assert (same | none).mean() > 0.999
    rows = np.flatnonzero(~none & same)
    own = best[rows]
    apart = np.sqrt(((sites[own][:, None] - sites[None]) ** 2).sum(axis=2))
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps = (power[rows] - power[rows, own][:, None]) / (2 * apart)
    gaps[owners[own][:, None] == owners[None]] = np.inf
    truth = gaps.min(axis=1)
    got = found.gap.ravel()[rows]
    near = truth <= 2.0
    assert near.sum() > 100
    np.testing.assert_allclose(got[near], truth[near], atol=2e-3)
    assert (got[~near] >= truth[~near] - 2e-3).all()
    np.testing.assert_array_equal(found.other.ravel()[rows][near], gaps.argmin(axis=1)[near])


def test_sites_beyond_far_do_not_count() -> None:
    found = Sites(np.array([[0.0, 0, 0]])).nearest(grid(9, 9, 40, 0.0), far=10.0)
    assert (found.site[3:6, 3:6][[0, 1, 1, 1, 2], [1, 0, 1, 2, 1]] == 0).all()
    assert found.site[0, 0] == found.site[8, 8] == -1


def test_no_sites_at_all() -> None:
    found = Sites(np.zeros((0, 3))).nearest(grid(5, 6, 4))
    assert (found.site == -1).all()
    assert (found.other == -1).all()


def test_every_level_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    sites, weights = random.uniform(-40, 40, (900, 3)), random.uniform(0, 50, 900)
    owners = random.integers(0, 300, 900)
    results = []
    for level in LEVELS:
        monkeypatch.setattr(module, "lib", load(level))
        found = Sites(sites, weights, owners=owners).nearest(grid(50, 43, 45), reach=3.0)
        results.append(b"".join(a.tobytes() for a in
                                (found.site, found.power, found.other, found.gap)))  # fmt: skip
    assert len(set(results)) == 1
