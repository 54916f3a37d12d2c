"""Ducts, airways and plants keep to the rules of their sources."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.synth.grow import GROWERS, Airways, Ducts, Grower, Plant, Tree, collisions, swc_of

ALL = sorted(GROWERS)


def forks(tree: Tree) -> list[tuple[int, list[int]]]:
    """Each segment that forks, with those that leave it, by their nodes."""
    found: dict[int, list[int]] = {}
    for node in tree.segments().tolist():
        found.setdefault(int(tree.parents[node]), []).append(node)
    return [(parent, nodes) for parent, nodes in found.items() if tree.parents[parent] >= 0]


def step(tree: Tree, node: int) -> np.ndarray:
    return np.asarray(tree.nodes[node] - tree.nodes[tree.parents[node]])


def angle(a: np.ndarray, b: np.ndarray) -> float:
    return math.degrees(math.acos(a @ b / math.sqrt((a @ a) * (b @ b))))


def test_ducts_are_those_of_the_thesis() -> None:
    tree = Ducts.thesis().grow(0)
    assert len(tree.segments()) == 2**7 - 1
    of = tree.generations()
    for segment, length in zip(tree.segments(), tree.lengths(), strict=True):
        assert length == pytest.approx(200 * 0.7 ** of[segment])
        assert tree.radii[segment] == pytest.approx(20 * 0.7 ** of[segment])
    for parent, (one, two) in forks(tree):
        assert angle(step(tree, parent), step(tree, one)) == pytest.approx(75)
        assert angle(step(tree, parent), step(tree, two)) == pytest.approx(75)
        assert angle(step(tree, one), step(tree, two)) == pytest.approx(150)  # in one plane
        plane = np.cross(step(tree, one), step(tree, two))
        for child in (one, two):
            leaving = [n for n in tree.segments() if tree.parents[n] == child]
            if leaving:  # the plane turns by 90 degrees
                other = np.cross(step(tree, leaving[0]), step(tree, leaving[1]))
                assert angle(plane, other) == pytest.approx(90)
    centres, radii = tree.spheres()
    np.testing.assert_array_equal(centres, tree.nodes[tree.tips()])
    np.testing.assert_allclose(radii, 200 * 0.7**6)


def test_ducts_vary_within_their_settings() -> None:
    ducts = Ducts(ratio=0.7, irregularity=0.2, angle=70.0)
    for seed in range(5):
        tree = ducts.grow(seed)
        lengths = dict(zip(tree.segments().tolist(), tree.lengths().tolist(), strict=True))
        ratios = [lengths[n] / lengths[p] / 0.7 for p, nodes in forks(tree) for n in nodes]
        assert 0.8 <= min(ratios) < 0.85
        assert 1.15 < max(ratios) <= 1.2
        angles = [angle(step(tree, p), step(tree, n)) for p, nodes in forks(tree) for n in nodes]
        assert np.mean(angles) == pytest.approx(70, abs=4 * 12 / math.sqrt(len(angles)))
        np.testing.assert_allclose(
            tree.spheres()[1], [lengths[n] for n in tree.tips().tolist()], rtol=1e-12
        )


def test_airways_divide_their_flow_and_angles_are_murrays() -> None:
    airways = Airways(exponent=2.8, slender=3.0, share=0.3)
    for seed in range(3):
        tree = airways.grow(seed)
        diameters = 2 * tree.radii
        lengths = dict(zip(tree.segments().tolist(), tree.lengths().tolist(), strict=True))
        assert min(diameters) >= 2500
        for node, length in lengths.items():
            assert length == pytest.approx(3 * diameters[node])
        both = [(p, nodes) for p, nodes in forks(tree) if len(nodes) == 2]
        assert len(both) > 100
        for parent, nodes in both:
            d0, d1, d2 = diameters[[parent, *nodes]]
            assert d0**2.8 == pytest.approx(d1**2.8 + d2**2.8, rel=1e-9)
            assert 0.3 - 1e-9 <= (d1 / d0) ** 2.8 <= 0.7 + 1e-9
            for own, other, node in ((d1, d2, nodes[0]), (d2, d1, nodes[1])):
                wanted = (d0**4 + own**4 - other**4) / (2 * d0**2 * own**2)
                found = math.cos(math.radians(angle(step(tree, parent), step(tree, node))))
                assert found == pytest.approx(wanted, abs=1e-6)
        assert step(tree, 1)[2] < 0  # the trachea goes down
        assert np.allclose(step(tree, 1)[:2], 0)


def test_symmetric_airways_fork_at_murrays_angle() -> None:
    """n = 3 and equal halves: cos(t) = 2^(-1/3), 37.47 degrees to each side."""
    tree = Airways(exponent=3.0, share=0.5).grow(0)
    for parent, nodes in forks(tree):
        for node in nodes:
            assert angle(step(tree, parent), step(tree, node)) == pytest.approx(37.467, abs=0.01)


def test_airways_stop_where_the_next_would_be_too_thin() -> None:
    """Halves at n = 3: diameters 2^(-g/3), so 10 generations are at least 1/8 of the first."""
    tree = Airways(trachea=8000.0, least=999.0, exponent=3.0, share=0.5).grow(0)
    assert len(tree.segments()) == 2**10 - 1


def test_a_plant_is_honda_s() -> None:
    plant = Plant(r1=0.9, r2=0.6, a0=45.0, a2=45.0, length=100.0, radius=10.0, generations=8)
    tree = plant.grow(0)
    assert len(tree.segments()) == 2**8 - 1
    trunk = [n for n in tree.segments().tolist() if tree.names[tree.kinds[n]] == "trunk"]
    assert len(trunk) == 8
    np.testing.assert_allclose(tree.nodes[trunk][:, :2], 0, atol=1e-9)
    np.testing.assert_allclose(tree.nodes[trunk][:, 2], np.cumsum(100 * 0.9 ** np.arange(8)))
    np.testing.assert_allclose(tree.radii[trunk], 10 * 0.707 ** np.arange(8))
    branches = [next(n for n in nodes if n not in trunk) for p, nodes in forks(tree) if p in trunk]
    for branch in branches:
        assert angle(step(tree, branch), np.array([0, 0, 1.0])) == pytest.approx(45)
    bearings = [math.degrees(math.atan2(*step(tree, b)[1::-1])) for b in branches]
    turns = np.abs(np.diff(bearings)) % 360
    np.testing.assert_allclose(np.minimum(turns, 360 - turns), 137.5)


@pytest.mark.parametrize("kind", ALL)
def test_every_seed_is_another_individual_and_the_same_again(kind: str) -> None:
    grower: Grower = GROWERS[kind]()
    told = [swc_of(grower.grow(seed)) for seed in (0, 1, 2**53 - 1, 0)]
    assert told[0] == told[3]
    assert len(set(told)) == 3
    again = GROWERS[kind].of(grower.settings())
    assert again == grower
    assert swc_of(again.grow(1)) == told[1]


@pytest.mark.parametrize(
    ("grower", "limit"), [(Ducts(generations=10), 0.1), (Plant(), 0.1), (Airways(), 0.1)]
)
def test_growing_is_quick(grower: Grower, limit: float) -> None:
    spent = []
    for seed in range(3):
        begun = time.process_time()
        grower.grow(seed)
        spent.append(time.process_time() - begun)
    assert min(spent) < limit


def test_ducts_of_the_thesis_keep_clear_of_each_other() -> None:
    assert len(collisions(Ducts.thesis().grow(0))) == 0


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        ("ducts", {"generations": 0}, "generations"),
        ("ducts", {"angle": 200.0}, "angle must be within 0..180 degrees"),
        ("ducts", {"rato": 0.5}, "did you mean 'ratio'"),
        ("ducts", {"irregularity": [0.5, 0.1]}, "low before high"),
        ("airways", {"share": 0.6}, "share"),
        ("airways", {"least": [1.0, 2.0]}, "least"),
        ("plant", {"r1": 2.0}, "r1"),
        ("plant", {"size": 0}, "size"),
    ],
)
def test_settings_out_of_reason(kind: str, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        GROWERS[kind].of(settings)
