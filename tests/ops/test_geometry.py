"""Geometric ops against NumPy's own flips and turns, and against their definitions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.ops.deformation import INJECTIVE, Elastic, GridDistortion
from tenfold.ops.geometry import (
    Crop,
    Perspective,
    Reflection,
    Rotation,
    Scaling,
    Shear,
    Translation,
)
from tenfold.ops.op import Op
from tenfold.ops.steps import Displacement, Warp
from tenfold.plan.map import Map
from tenfold.plan.resample import Fringe, resample
from tenfold.rng import Key, draws
from tenfold.samples.sample import Array, Schema

NOTHING = Fringe("constant", np.zeros(1))
PICTURE = np.arange(5 * 7, dtype=np.uint8).reshape(5, 7, 1)
SCHEMA = Schema(5, 7, 1)


def step(op: Op, drawn: dict[str, Any], schema: Schema = SCHEMA) -> Warp:
    (found,) = op.lower(drawn, schema)
    assert isinstance(found, Warp)
    return found


def moved(op: Op, drawn: dict[str, Any], picture: Array = PICTURE) -> Array:
    height, width, channels = picture.shape
    steps = [s for s in op.lower(drawn, Schema(height, width, channels)) if isinstance(s, Warp)]
    return resample(picture, Map.of(steps, (height, width)), "linear", NOTHING)


@pytest.mark.parametrize("quarters", [-2, -1, 0, 1, 2])
def test_quarter_turns_are_numpys(quarters: int) -> None:
    op = Rotation(degrees=180, multiples_of=90)
    out = moved(op, {"degrees": 90.0 * quarters + 20})
    np.testing.assert_array_equal(out, np.rot90(PICTURE, quarters))


@pytest.mark.parametrize(
    ("coins", "expected"),
    [
        ((0.9, 0.9, 0.9), PICTURE),
        ((0.1, 0.9, 0.9), PICTURE[:, ::-1]),
        ((0.9, 0.1, 0.9), PICTURE[::-1]),
        ((0.9, 0.9, 0.1), PICTURE.transpose(1, 0, 2)),
        ((0.1, 0.9, 0.1), PICTURE[:, ::-1].transpose(1, 0, 2)),
        ((0.1, 0.1, 0.1), PICTURE[::-1, ::-1].transpose(1, 0, 2)),
    ],
)
def test_exact_reflections_are_numpys(coins: tuple[float, ...], expected: Array) -> None:
    op = Reflection(axes=("horizontal", "vertical", "transpose"), exact=True)
    drawn = op.settle(dict(zip(("first", "second", "third"), coins, strict=True)))
    np.testing.assert_array_equal(moved(op, drawn), expected)


@pytest.mark.parametrize(
    ("axes", "size"),
    [(["horizontal"], 2), (["transpose"], 2), (["horizontal", "vertical"], 4),
     (["horizontal", "transpose"], 8), (["horizontal", "vertical", "transpose"], 8)],
)  # fmt: skip
def test_an_exact_reflection_draws_every_member_of_its_group_equally(
    axes: list[str], size: int
) -> None:
    square = np.arange(9, dtype=np.uint8).reshape(3, 3, 1)
    op = Reflection(axes=axes, exact=True)
    drawn = op.draw(draws([Key(0, "a", i) for i in range(1600)], ["reflection"])[0])
    seen = Counter(moved(op, d or {}, square).tobytes() for d in drawn)
    assert len(seen) == size
    assert min(seen.values()) > 0.75 * 1600 / size


def test_exact_quarter_turns_are_equally_likely() -> None:
    op = Rotation(degrees=180, multiples_of=90, exact=True)
    drawn = op.draw(draws([Key(0, "a", i) for i in range(1600)], ["rotation"])[0])
    seen = Counter(moved(op, d or {}).tobytes() for d in drawn)
    assert len(seen) == 4
    assert min(seen.values()) > 300


def test_an_almost_reflection_acts_with_its_probability() -> None:
    op = Reflection(probability=0.25)
    drawn = op.draw(draws([Key(0, "a", i) for i in range(2000)], ["reflection"])[0])
    assert 0.2 < np.mean([d is not None for d in drawn]) < 0.3


def test_rotation_is_counter_clockwise_as_seen() -> None:
    matrix = step(Rotation(degrees=90), {"degrees": 90.0}, Schema(10, 10, 1)).matrix
    right_middle = matrix @ [10, 5, 1]
    np.testing.assert_allclose(right_middle[:2], [5, 0], atol=1e-12)  # goes to the top


def test_translation_goes_right_and_down() -> None:
    matrix = step(Translation(), {"x": 0.5, "y": 0.2}).matrix
    np.testing.assert_allclose(matrix @ [1, 1, 1], [1 + 3.5, 1 + 1, 1])


def test_scaling_keeps_the_centre_and_the_area_factor() -> None:
    matrix = step(Scaling(), {"factor": 1.5, "anisotropy": 2.0}).matrix
    np.testing.assert_allclose(matrix @ [3.5, 2.5, 1], [3.5, 2.5, 1])
    assert np.linalg.det(matrix) == pytest.approx(1.5**2)
    assert matrix[0, 0] / matrix[1, 1] == pytest.approx(2)


def test_shear_leans_vertical_lines_by_the_angle() -> None:
    matrix = step(Shear(), {"x": 30.0, "y": 0.0}).matrix
    top, bottom = matrix @ [3, 0, 1], matrix @ [3, 5, 1]
    lean = np.degrees(np.arctan2(bottom[0] - top[0], bottom[1] - top[1]))
    assert lean == pytest.approx(30)


def test_perspective_moves_each_corner_where_it_was_told() -> None:
    names = Perspective.extra
    drawn = {"strength": 0.1, **dict.fromkeys(names, 0.5)} | {"x2": 1.0, "y2": 0.0}
    matrix = step(Perspective(), drawn).matrix
    for corner, expected in [((0, 0), (0, 0)), ((7, 5), (7.7, 4.5))]:
        u, v, w = matrix @ [*corner, 1]
        np.testing.assert_allclose((u / w, v / w), expected, atol=1e-9)


def test_a_crop_without_resizing_cuts_whole_pixels() -> None:
    op = Crop(area=(0.3, 0.3), height=3, width=4)
    drawn = {"area": 12 / 35, "aspect": (4 / 7) / (3 / 5), "x": 0.99, "y": 0.0}
    np.testing.assert_array_equal(moved(op, drawn), PICTURE[:3, 3:7])


def test_elastic_displacements_have_the_declared_strength_and_never_fold() -> None:
    schema = Schema(200, 300, 1)
    op = Elastic(amplitude=(0.0, 0.02), cells=5)
    squares = []
    for seed in range(60):
        (found,) = op.lower({"amplitude": 0.02, "seed": seed}, schema)
        assert isinstance(found, Displacement)
        cell = np.array([300 / (found.control.shape[1] - 3), 200 / (found.control.shape[0] - 3)])
        assert (np.abs(found.control) <= INJECTIVE * cell + 1e-9).all()
        through = Map.of([found], (200, 300))
        where = through.dense
        squares.append(np.square(where - np.stack(np.meshgrid(
            np.arange(300) + 0.5, np.arange(200) + 0.5), axis=-1)).mean())  # fmt: skip
        steps_x, steps_y = np.diff(where, axis=1), np.diff(where, axis=0)
        jacobian = (steps_x[:-1, :, 0] * steps_y[:, :-1, 1]
                    - steps_x[:-1, :, 1] * steps_y[:, :-1, 0])  # fmt: skip
        assert jacobian.min() > 0
    assert np.sqrt(np.mean(squares)) == pytest.approx(0.02 * 200, rel=0.05)


def test_grid_distortion_keeps_the_frame_and_the_order() -> None:
    (found,) = GridDistortion().lower({"amplitude": 0.45, "seed": 3}, Schema(100, 140, 1))
    through = Map.of([found], (100, 140))  # type: ignore[list-item]
    corners = np.array([[0, 0], [140, 0], [140, 100], [0, 100]], dtype=np.float64)
    np.testing.assert_allclose(through.pull(corners), corners, atol=1e-9)
    assert (np.diff(through.dense[0, :, 0]) > 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rotation(degrees=540), "within -180..180 degrees, got"),
        (lambda: Rotation(exact=True), "set degrees: 180"),
        (lambda: Rotation(degrees=180, multiples_of=70), "must divide 360"),
        (lambda: Scaling(exact=True), "form no group"),
        (lambda: Shear(x=60, y=60), "flatten"),
        (lambda: Crop(height=5, probability=0.5), "set probability: 1"),
        (lambda: Elastic(amplitude=0.05, cells=5), "could fold.*at most"),
        (lambda: Reflection(axes="sideways"), "must be one of"),
    ],
)
def test_impossible_parameters_are_refused_with_the_cure(make: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        make()


@pytest.mark.parametrize(
    ("op", "schema", "message"),
    [
        (Reflection(), Schema(5, 5, 1, has_keypoints=True), "keypoint_pairs"),
        (Reflection(axes=["transpose"]), Schema(5, 7, 1, fixed_size=True), "square"),
        (Rotation(degrees=180, multiples_of=90), Schema(5, 7, 1, fixed_size=True), "180"),
        (Crop(height=3), Schema(5, 5, 1, fixed_size=True), "one size"),
    ],
)
def test_ops_refuse_what_they_cannot_move(op: Op, schema: Schema, message: str) -> None:
    assert any(message in why for why in op.refusals(schema))
    calm = Schema(6, 6, 1, has_keypoints=True, keypoint_pairs=())
    assert not list(op.refusals(calm))
