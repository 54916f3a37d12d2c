"""The turtle: its frame stays a frame, and it comes out where geometry says."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.synth.grow import LSystem, Tree
from tenfold.synth.grow.quaternion import Quaternion, about, frame, product
from tenfold.synth.grow.turtle import TURNS, Turtle


def walked(word: str, **settings: object) -> Tree:
    given = {"axiom": word, "rules": (), "generations": 0, "constants": {}, **settings}
    return LSystem(**given).grow(0)  # type: ignore[arg-type]


def matrix(axis: Sequence[float], degrees: float) -> np.ndarray:
    """Rodrigues' formula: independent of quaternions."""
    x, y, z = axis
    across = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    a = math.radians(degrees)
    return np.asarray(np.eye(3) + math.sin(a) * across + (1 - math.cos(a)) * across @ across)


@given(turns=st.lists(st.tuples(st.sampled_from(sorted(TURNS)), st.floats(-720, 720)), max_size=60))
@settings(max_examples=80, deadline=None)
def test_frames_stay_orthonormal_and_turn_as_matrices_do(turns: list[tuple[str, float]]) -> None:
    turned: Quaternion = (1.0, 0.0, 0.0, 0.0)
    wanted = np.eye(3)
    for sign, degrees in turns:
        axis, sense = TURNS[sign]
        turned = product(turned, about(axis, sense * degrees))
        wanted = wanted @ matrix(axis, sense * degrees)
    found = np.array(frame(turned)).T
    np.testing.assert_allclose(found.T @ found, np.eye(3), atol=1e-14)
    assert np.linalg.det(found) == pytest.approx(1)
    np.testing.assert_allclose(found, wanted, atol=1e-11)


def test_a_million_turns_keep_the_length() -> None:
    turned: Quaternion = (1.0, 0.0, 0.0, 0.0)
    small = about((0.6, 0.0, 0.8), 0.37)
    for _ in range(100_000):
        turned = product(turned, small)
    assert sum(c * c for c in turned) == pytest.approx(1, abs=1e-15)


def test_signs_turn_to_the_side_that_they_say() -> None:
    """In 3-D the turtle begins upwards (z), with its left along y: up points to -x."""
    ends = {sign: walked(f"{sign}(90)F(1)").nodes[-1].round(12) for sign in "+-&^"}
    assert ends["+"].tolist() == [0, 1, 0]
    assert ends["-"].tolist() == [0, -1, 0]
    assert ends["&"].tolist() == [1, 0, 0]
    assert ends["^"].tolist() == [-1, 0, 0]
    np.testing.assert_allclose(walked("|F(1)").nodes[-1], [0, 0, -1], atol=1e-12)
    rolled = walked("\\(90)+(90)F(1)").nodes[-1]  # rolled left, left points to where up was
    np.testing.assert_allclose(rolled, [-1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(walked("/(90)+(90)F(1)").nodes[-1], [1, 0, 0], atol=1e-12)


def test_a_square_closes_in_the_plane() -> None:
    tree = walked("F(2)+F(2)+F(2)+F(2)", angle=90.0, dimensions=2)
    np.testing.assert_allclose(tree.nodes[-1], 0, atol=1e-12)
    np.testing.assert_allclose(tree.nodes[1], [0, 2, 0], atol=1e-12)
    np.testing.assert_allclose(tree.nodes[2], [-2, 2, 0], atol=1e-12)
    assert not tree.nodes[:, 2].any()


def test_brackets_come_back_to_the_spot_the_direction_and_the_radius() -> None:
    tree = walked("!(2)F(1)[+(90)!(1)F(1)]F(1)")
    np.testing.assert_allclose(tree.nodes, [[0, 0, 0], [0, 0, 1], [0, 1, 1], [0, 0, 2]], atol=1e-12)
    assert tree.parents.tolist() == [-1, 0, 1, 1]
    assert tree.radii.tolist() == [2, 2, 1, 2]


def test_branches_from_the_first_spot_share_it() -> None:
    tree = walked("[F(1)][&F(1)][f(1)[F(1)][+F(1)]]")
    assert tree.parents.tolist() == [-1, 0, 0, -1, 3, 3]


def test_going_without_drawing_begins_another_tree() -> None:
    tree = walked("F(1)f(2)F(1)O(3)")
    assert tree.parents.tolist() == [-1, 0, -1, 2]
    np.testing.assert_allclose(tree.nodes[:, 2], [0, 1, 3, 4])
    assert tree.spheres_at.tolist() == [0, 0, 0, 3]


@given(yaw=st.floats(-180, 180), pitch=st.floats(-80, 80), roll=st.floats(-180, 180))
@settings(max_examples=60, deadline=None)
def test_the_dollar_sign_levels_left(yaw: float, pitch: float, roll: float) -> None:
    turns = f"&(90)+({yaw})&({pitch})/({roll})"
    tree = walked(f"{turns}$[F(1)][+(90)F(1)][^(90)F(1)]")
    assert tree.parents.tolist() == [-1, 0, 0, 0]
    heading, left, up = tree.nodes[[1, 2, 3]]
    np.testing.assert_allclose(heading, walked(f"{turns}F(1)").nodes[1], atol=1e-9)
    assert abs(left[2]) < 1e-9
    assert up[2] > 0


def test_kinds_follow_the_letters() -> None:
    tree = walked("F(1)G(1)[F(2)]", draws={"F": "duct", "G": "neck"})
    assert [tree.names[k] for k in tree.kinds] == ["duct", "duct", "neck", "duct"]


def test_tropism_bends_down_and_never_past() -> None:
    """Each step turns by bend times the sine of what is left to the tropism's direction."""
    turtle = Turtle({"F": "x"}, 3, 30.0, 1.0, 1.0, tropism=(0.0, 0.0, -3.0), bend=10.0)
    tree = turtle.walk([("&", (90.0,)), *[("F", (1.0,))] * 30])
    steps = np.diff(tree.nodes, axis=0)
    angles = np.degrees(np.arccos(np.clip(-steps[:, 2], -1, 1)))
    wanted = [90.0]
    for _ in range(29):
        wanted.append(wanted[-1] - 10 * math.sin(math.radians(wanted[-1])))
    np.testing.assert_allclose(angles, wanted, atol=1e-6)
    assert not tree.nodes[:, 1].round(9).any()
