"""Vessels: Murray's law exactly, no collisions, and a volume that is served."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.errors import RequestError
from tenfold.synth.grow import Tree, Vessels, collisions, murray
from tenfold.synth.grow.collisions import NEAR_FORK, close_pairs
from tenfold.synth.grow.colonise import colonised, spread

SMALL = Vessels(targets=250)


@pytest.mark.parametrize("exponent", [3.0, 2.7])
@pytest.mark.parametrize("seed", [0, 5])
def test_murrays_law_holds_at_every_node(seed: int, exponent: float) -> None:
    vessels = Vessels(targets=250, exponent=exponent, tip=3.0)
    tree = vessels.grow(seed)
    inner = np.flatnonzero(tree.children() > 0)
    carried = np.zeros(len(tree))
    for node in tree.segments():
        carried[tree.parents[node]] += tree.radii[node] ** exponent
    np.testing.assert_allclose(tree.radii[inner] ** exponent, carried[inner], rtol=1e-12)
    np.testing.assert_array_equal(tree.radii[tree.tips()], 3.0)
    assert (tree.children() > 1).sum() > 20


def test_murray_of_known_forks() -> None:
    np.testing.assert_allclose(
        murray(np.array([-1, 0, 1, 1, 0]), 2.0), [2 * 3 ** (1 / 3), 2 * 2 ** (1 / 3), 2, 2, 2]
    )


@pytest.mark.parametrize("seed", range(4))
def test_no_two_vessels_run_into_each_other(seed: int) -> None:
    """By brute force: points along the axes of all pairs, the way along the tree by climbing."""
    tree = SMALL.grow(seed)
    starts, ends, first, last = tree.capsules()
    owners = tree.segments()
    share = np.linspace(0, 1, 5)
    points = starts[:, None] + share[None, :, None] * (ends - starts)[:, None]
    radii = first[:, None] + share * (last - first)[:, None]
    above = [chain(tree, int(node)) for node in owners]
    for i in range(len(owners)):
        gaps = np.linalg.norm(points[i][:, None, None] - points[None, i + 1 :], axis=-1)
        reach = radii[i][:, None, None] + radii[None, i + 1 :]
        for j in np.flatnonzero((gaps < reach).any(axis=(0, 2))) + i + 1:
            way = along(above[i], above[j])
            assert way <= NEAR_FORK * (last[i] + last[j]) + 1e-9, (owners[i], owners[j])
    assert len(collisions(tree)) == 0


def chain(tree: Tree, node: int) -> list[tuple[int, float]]:
    """The node and all above it, each with the way from this segment's start; its end first."""
    found, way = [(node, 0.0)], 0.0
    while tree.parents[node] >= 0:
        parent = int(tree.parents[node])
        if len(found) > 1:
            way += float(np.linalg.norm(tree.nodes[node] - tree.nodes[parent]))
        found.append((parent, way))
        node = parent
    return found


def along(a: list[tuple[int, float]], b: list[tuple[int, float]]) -> float:
    """The shortest way between the ends of two segments."""
    other = dict(b)
    return min(way + other[node] for node, way in a if node in other)


def test_collisions_are_found_and_forks_are_none() -> None:
    cross = Tree.of(
        [[-10, 0, 0], [10, 0, 0], [0, -10, 1.5], [0, 10, 1.5]], [-1, 0, -1, 2], [1.0, 1, 1, 1]
    )
    assert collisions(cross).tolist() == [[1, 3]]
    apart = Tree.of(cross.nodes * [1, 1, 1.5], cross.parents, cross.radii)
    assert not len(collisions(apart))
    tapered = Tree.of(
        [[-30, 0, 0], [-10, 0, 0], [10, 0, 0], [-8, -10, 3.5], [-8, 10, 3.5]],
        [-1, 0, 1, -1, 3],
        [3.0, 3, 0.2, 1, 1],
    )
    assert [2, 4] in collisions(tapered).tolist()
    fork = Tree.of([[0, 0, 0], [0, 0, 9], [3, 0, 15], [-3, 0, 15]], [-1, 0, 1, 1], np.ones(4))
    assert not len(collisions(fork))
    loop = [[np.cos(a) * 20, np.sin(a) * 20, 0] for a in np.linspace(0, 2 * np.pi, 40)]
    assert [1, 39] in collisions(Tree.of(loop, np.arange(40) - 1, np.ones(40))).tolist()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_distances_of_axes_are_the_least(seed: int) -> None:
    random = np.random.default_rng(seed)
    tree = Tree.of(random.normal(0, 1, (4, 3)), [-1, 0, -1, 2], np.full(4, 5.0))
    pairs = close_pairs(tree)
    assert pairs.first.tolist() == [1]
    assert pairs.second.tolist() == [3]
    assert np.isinf(pairs.along[0])
    share = np.linspace(0, 1, 200)[:, None]
    one = tree.nodes[0] + share * (tree.nodes[1] - tree.nodes[0])
    two = tree.nodes[2] + share * (tree.nodes[3] - tree.nodes[2])
    least = np.linalg.norm(one[:, None] - two[None], axis=-1).min()
    assert pairs.apart[0] <= least + 1e-9
    assert pairs.apart[0] == pytest.approx(least, abs=0.02)


@pytest.mark.parametrize("shape", ["ellipsoid", "box"])
def test_the_volume_is_filled_and_not_left(shape: str) -> None:
    vessels = Vessels(shape=shape, volume=(1000.0, 800.0, 600.0), targets=400)
    tree = vessels.grow(3)
    sides = np.array([1000.0, 800.0, 600.0])
    random = np.random.default_rng(0)
    places = random.random((4000, 3)) - 0.5
    if shape == "ellipsoid":
        places = places[(places**2).sum(axis=1) < 0.25]
        inside = ((tree.nodes / sides) ** 2).sum(axis=1) <= 0.26
    else:
        inside = (np.abs(tree.nodes / sides) <= 0.51).all(axis=1)
    assert inside[1:].mean() > 0.99
    gaps = np.linalg.norm((places * sides)[:, None] - tree.nodes[None], axis=-1).min(axis=1)
    spacing = (np.prod(sides) * (np.pi / 6 if shape == "ellipsoid" else 1) / 400) ** (1 / 3)
    assert np.median(gaps) < spacing
    assert np.quantile(gaps, 0.99) < 2.5 * spacing
    np.testing.assert_allclose(tree.nodes[0], [0, 0, -300])


@pytest.mark.parametrize("shift", [0.1, 0.4, 0.77])
def test_colonising_serves_every_target(shift: float) -> None:
    targets = spread(200, np.array([shift, 0.5, 0.9])) * 100
    nodes, parents = colonised(
        targets, np.array([50.0, 50, -200]), step=4.0, reach=40.0, kill=8.0, inertia=0.5
    )
    gaps = np.linalg.norm(targets[:, None] - nodes[None], axis=-1).min(axis=1)
    assert (gaps <= 8).all()
    lengths = np.linalg.norm(nodes[1:] - nodes[parents[1:]], axis=1)
    np.testing.assert_allclose(lengths, 4)


def test_targets_are_spread_evenly() -> None:
    """Each of 64 boxes holds about its share: random places would differ by 9 (one deviation)."""
    places = spread(5000, np.array([0.3, 0.7, 0.2]))
    counts = np.histogramdd(places, bins=4, range=[(0, 1)] * 3)[0]
    assert abs(counts - 5000 / 64).max() < 6


def test_growing_vessels_is_quick() -> None:
    spent = []
    for seed in range(3):
        begun = time.process_time()
        Vessels().grow(seed)
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.5


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"volume": (1.0, 2.0)}, "three lengths"),
        ({"volume": (0.0, 2.0, 3.0)}, "volume"),
        ({"shape": "elipsoid"}, "did you mean 'ellipsoid'"),
        ({"targets": 0}, "targets"),
        ({"targets": 20_000}, "targets must be"),
        ({"targets": 10_000, "tip": 9.0}, "too near"),
        ({"tip": 50.0}, "too near"),
        ({"exponent": 0.0}, "exponent"),
    ],
)
def test_vessels_that_can_not_be(given: dict[str, object], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        Vessels(**given)  # type: ignore[arg-type]


def test_a_single_target_makes_a_single_vessel() -> None:
    tree = Vessels(targets=1).grow(0)
    assert len(tree.tips()) == 1
    np.testing.assert_array_equal(tree.radii, tree.radii[0])
