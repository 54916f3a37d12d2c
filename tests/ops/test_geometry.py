"""Geometric ops against NumPy's own flips and turns, and against their definitions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tenfold.declare.parse import load_recipe
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
from tenfold.params import Range
from tenfold.plan.map import Map
from tenfold.plan.resample import Fringe, resample
from tenfold.rng import Key, draws, uniform_rows
from tenfold.samples.sample import Array, Schema

NOTHING = Fringe("constant", np.zeros(1))
PICTURE = np.arange(5 * 7, dtype=np.uint8).reshape(5, 7, 1)
SCHEMA = Schema(5, 7, 1)


def step(op: Op, drawn: dict[str, Any], schema: Schema = SCHEMA) -> Warp:
    (found,) = op.steps(drawn, schema)
    assert isinstance(found, Warp)
    return found


def moved(op: Op, drawn: dict[str, Any], picture: Array = PICTURE) -> Array:
    height, width, channels = picture.shape
    steps = [s for s in op.steps(drawn, Schema(height, width, channels)) if isinstance(s, Warp)]
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
    given = zip(("first", "second", "third"), np.array(coins)[:, None], strict=True)
    drawn = {name: value.item() for name, value in op.settle(dict(given)).items()}
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


def turns(op: Rotation, count: int = 4000) -> Counter[float]:
    """How often each angle was drawn; what is drawn is what the manifest tells."""
    drawn = op.draw(draws([Key(0, "a", i) for i in range(count)], ["rotation"])[0])
    assert all(d is not None and set(d) == {"degrees"} for d in drawn)
    return Counter(d["degrees"] for d in drawn if d is not None)


@pytest.mark.parametrize(
    ("degrees", "angle", "members"),
    [
        ((-20, 20), 10, [-20, -10, 0, 10, 20]),
        ((-50, 50), 45, [-45, 0, 45]),
        ((-30, 100), 90, [0, 90]),
        ((100, 170), 30, [120, 150]),
        ((-180, 90), 90, [-180, -90, 0, 90]),
        ((-180, 180), 72, [-144, -72, 0, 72, 144]),
        ((-180, 180), 60, [-120, -60, 0, 60, 120, 180]),
        ((-67.5, 67.5), 22.5, [-67.5, -45, -22.5, 0, 22.5, 45, 67.5]),
        ((0, 0), 90, [0]),
        ((180, 180), 90, [180]),
    ],
)
def test_multiples_are_those_inside_the_range_and_equally_likely(
    degrees: Any, angle: float, members: list[float]
) -> None:
    seen = turns(Rotation(degrees=degrees, multiples_of=angle))
    assert sorted(seen) == pytest.approx(members)
    expected = seen.total() / len(members)
    chi2 = sum((n - expected) ** 2 / expected for n in seen.values())
    assert chi2 < stats.chi2.ppf(0.999, max(1, len(members) - 1))


@pytest.mark.parametrize("angle", [1, 10, 40, 72, 90, 120, 180, 360 / 7])
def test_each_member_of_an_exact_rotation_is_equally_likely(angle: float) -> None:
    count = round(360 / angle)
    op = Rotation(degrees=180, multiples_of=angle, exact=True)
    seen = turns(op, max(2000, 20 * count))
    assert len({round(d % 360, 6) for d in seen}) == len(seen) == count
    expected = seen.total() / count
    chi2 = sum((n - expected) ** 2 / expected for n in seen.values())
    assert chi2 < stats.chi2.ppf(0.999, count - 1)


def test_multiples_of_other_distributions_are_drawn_like_whole_numbers() -> None:
    op = Rotation(degrees=Range(-20, 20, "triangular"), multiples_of=10)
    seen = turns(op, 20000)
    chances = np.diff(stats.triang(0.5, -25, 50).cdf(np.arange(-25, 26, 10)))
    found = [seen[d] / seen.total() for d in (-20.0, -10.0, 0.0, 10.0, 20.0)]
    np.testing.assert_allclose(found, chances, atol=4 * np.sqrt(0.25 / 20000))
    seen = turns(Rotation(degrees=Range(-180, 180, "normal"), multiples_of=90), 20000)
    chances = np.diff(stats.truncnorm(-2, 2, 0, 1.25).cdf([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]))
    assert sorted(seen) == [-90, 0, 90, 180]
    assert seen[180.0] / 20000 == pytest.approx(chances[0] + chances[4], abs=0.015)
    assert set(turns(Rotation(degrees=Range(1, 180, "loguniform"), multiples_of=90))) == {90, 180}


def test_a_rotation_without_multiples_is_drawn_from_its_range() -> None:
    seen = turns(Rotation(degrees=(-7, 3)))
    assert len(seen) > 3900
    assert -7 <= min(seen) < -6.9 < 2.9 < max(seen) <= 3


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


def shifts(op: Translation) -> Array:
    drawn = op.draw(draws([Key(0, "a", i) for i in range(3000)], ["translation"])[0])
    return np.array([[d["x"], d["y"]] for d in drawn if d is not None])


@pytest.mark.parametrize(
    ("op", "x", "y"),
    [
        (Translation(), (-0.1, 0.1), (-0.1, 0.1)),
        (Translation(x=0.02), (-0.02, 0.02), (-0.02, 0.02)),
        (Translation(x=(0.1, 0.3)), (0.1, 0.3), (0.1, 0.3)),
        (Translation(x=0.02, y=0), (-0.02, 0.02), (0, 0)),
        (Translation(y=0.3), (-0.1, 0.1), (-0.3, 0.3)),
    ],
)
def test_a_shift_given_once_holds_for_both_axes(op: Translation, x: Any, y: Any) -> None:
    found = shifts(op)
    for column, (low, high) in zip(found.T, (x, y), strict=True):
        assert low <= column.min() <= low + 0.01
        assert high - 0.01 <= column.max() <= high
    assert {name: (r.low, r.high) for name, (_, r) in op.ranges().items()} == {"x": x, "y": y}
    if found.std(axis=0).all():  # drawn on its own
        assert abs(np.corrcoef(found.T)[0, 1]) < 5 / np.sqrt(len(found))
    assert Translation(**op.plain()) == op


def test_a_bare_value_in_a_recipe_sets_both_axes() -> None:
    (bare,) = load_recipe("version: 1\ninvariances:\n- translation: 0.03\n").ops
    assert isinstance(bare, Translation)
    assert np.abs(shifts(bare)).max() <= 0.03
    (null,) = load_recipe("version: 1\ninvariances:\n- translation: {x: 0.03, y: ~}\n").ops
    assert null == bare


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


def dense(through: Map) -> NDArray[np.float64]:
    """(H, W, 2) source coordinates of the target's pixel centres."""
    rows, columns = np.mgrid[: through.target[0], : through.target[1]] + 0.5
    points = through.pull(np.stack([columns, rows], axis=-1).reshape(-1, 2))
    return np.asarray(points.reshape(*through.target, 2))


def test_elastic_displacements_have_the_declared_strength_and_never_fold() -> None:
    schema = Schema(200, 300, 1)
    op = Elastic(amplitude=(0.0, 0.02), cells=5)
    squares = []
    for seed in range(60):
        (found,) = op.steps({"amplitude": 0.02, "seed": seed}, schema)
        assert isinstance(found, Displacement)
        cell = np.array([300 / (found.control.shape[1] - 3), 200 / (found.control.shape[0] - 3)])
        assert (np.abs(found.control) <= INJECTIVE * cell + 1e-9).all()
        through = Map.of([found], (200, 300))
        where = dense(through)
        squares.append(np.square(where - np.stack(np.meshgrid(
            np.arange(300) + 0.5, np.arange(200) + 0.5), axis=-1)).mean())  # fmt: skip
        steps_x, steps_y = np.diff(where, axis=1), np.diff(where, axis=0)
        jacobian = (steps_x[:-1, :, 0] * steps_y[:, :-1, 1]
                    - steps_x[:-1, :, 1] * steps_y[:, :-1, 0])  # fmt: skip
        assert jacobian.min() > 0
    assert np.sqrt(np.mean(squares)) == pytest.approx(0.02 * 200, rel=0.05)


@settings(max_examples=300, deadline=None)
@given(
    st.floats(0, 0.45), st.integers(2, 64), st.integers(0, 2**53 - 1),
    st.tuples(st.integers(2, 400), st.integers(2, 400)),
)  # fmt: skip
def test_grid_distortion_fits_within_its_bounds_by_construction(
    amplitude: float, cells: int, seed: int, size: tuple[int, int]
) -> None:
    schema = Schema(*size, 1)
    op = GridDistortion(amplitude=(0, amplitude), cells=cells)
    steps = op.steps({"amplitude": amplitude, "seed": seed}, schema)
    if amplitude == 0:
        assert steps == ()
        return
    (found,) = steps
    assert isinstance(found, Displacement)
    for axis, length in ((0, schema.width), (1, schema.height)):
        knots = found.control[0, :, 0] if axis == 0 else found.control[:, 0, 1]
        moved = knots / (length / (len(knots) - 3))  # in cells
        inside = moved[1:-1]
        assert inside[0] == inside[-1] == 0
        assert (np.abs(moved) <= INJECTIVE + 1e-9).all()
        assert (np.abs(np.diff(inside)) <= amplitude + 1e-9).all()
        # Scaled to fit, not clipped: what sits on the bound is the farthest knot.
        assert (np.abs(inside) > INJECTIVE - 1e-9).sum() <= 1


def test_grid_distortion_has_the_stretches_it_drew_where_they_fit() -> None:
    """Five cells: drawn evenly, less their mean, shrunk only by what doesn't fit."""
    schema = Schema(100, 100, 1)
    for seed in range(50):
        (found,) = GridDistortion().steps({"amplitude": 0.2, "seed": seed}, schema)
        assert isinstance(found, Displacement)
        drawn = 2 * uniform_rows(np.array([seed]), (10,))[0, :5] - 1
        wanted = 0.2 * (drawn - drawn.mean())
        shrink = max(1, np.abs(wanted).max() / 0.2, np.abs(np.cumsum(wanted)).max() / INJECTIVE)
        np.testing.assert_allclose(
            np.diff(found.control[0, 1:-1, 0]) / 20, wanted / shrink, atol=1e-12
        )


@pytest.mark.parametrize("cells", [2, 12, 32])
def test_grid_distortion_never_folds(cells: int) -> None:
    for seed in range(6):
        (found,) = GridDistortion(amplitude=0.45, cells=cells).steps(
            {"amplitude": 0.45, "seed": seed}, Schema(128, 192, 1)
        )
        assert isinstance(found, Displacement)
        where = dense(Map.of([found], (128, 192)))
        assert (np.diff(where[0, :, 0]) > 0).all()
        assert (np.diff(where[:, 0, 1]) > 0).all()


def test_grid_distortion_keeps_the_frame_and_the_order() -> None:
    (found,) = GridDistortion().steps({"amplitude": 0.45, "seed": 3}, Schema(100, 140, 1))
    through = Map.of([found], (100, 140))  # type: ignore[list-item]
    corners = np.array([[0, 0], [140, 0], [140, 100], [0, 100]], dtype=np.float64)
    np.testing.assert_allclose(through.pull(corners), corners, atol=1e-9)
    assert (np.diff(dense(through)[0, :, 0]) > 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rotation(degrees=540), "within -180..180 degrees, got"),
        (lambda: Rotation(exact=True), "set degrees: 180"),
        (lambda: Rotation(degrees=180, multiples_of=70), "must divide 360"),
        (
            lambda: Rotation(multiples_of=90),
            r"\[-15, 15\] holds no multiple of 90 but 0, so that "
            "nothing would ever turn; use multiples_of: 15 or less, or degrees that reach 90",
        ),
        (
            lambda: Rotation(degrees=(10, 20), multiples_of=30),
            r"\[10, 20\] holds no multiple of 30,",
        ),
        (lambda: Rotation(degrees=0.5, multiples_of=1), "turn; use degrees that reach 1"),
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
        (Rotation(degrees=(-100, 10), multiples_of=90), Schema(5, 7, 1, fixed_size=True), "180"),
        (Crop(height=3), Schema(5, 5, 1, fixed_size=True), "one size"),
    ],
)
def test_ops_refuse_what_they_cannot_move(op: Op, schema: Schema, message: str) -> None:
    assert any(message in why for why in op.refusals(schema))
    calm = Schema(6, 6, 1, has_keypoints=True, keypoint_pairs=())
    assert not list(op.refusals(calm))


@pytest.mark.parametrize(
    "op",
    [
        Rotation(degrees=(-180, -180), multiples_of=90),
        Rotation(degrees=180, multiples_of=180),
        Rotation(degrees=(180, 180), multiples_of=90),
        Rotation(degrees=50, multiples_of=45),
        Rotation(degrees=0, multiples_of=90),
    ],
)
def test_turns_that_keep_the_size_are_not_refused(op: Rotation) -> None:
    schema = Schema(5, 7, 1, fixed_size=True)
    assert not list(op.refusals(schema))
    for drawn in op.draw(draws([Key(0, "a", i) for i in range(50)], ["rotation"])[0]):
        assert drawn is not None
        assert (step(op, drawn).height, step(op, drawn).width) == (5, 7)
