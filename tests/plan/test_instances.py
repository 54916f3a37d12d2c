"""Objects through moves and occlusions: boxes, visibility, pairs, what goes and what stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.declare.recipe import Border, Recipe
from tenfold.errors import RequestError, SampleError
from tenfold.ops import matrices
from tenfold.ops.catalogue import OPS
from tenfold.ops.geometry import Reflection, Rotation, Translation
from tenfold.ops.occlusion import Erase
from tenfold.ops.op import Op
from tenfold.ops.steps import Warp
from tenfold.plan import shapes
from tenfold.plan.instances import Keep, move_instances, move_keypoints
from tenfold.plan.journey import Journey
from tenfold.plan.map import Map
from tenfold.plan.plan import Plan
from tenfold.rng import Key
from tenfold.samples.outline import area, bounds
from tenfold.samples.sample import Instance, Points, Sample
from tenfold.samples.source import DatasetInfo
from tenfold.samples.validate import clean

SIZE = (40, 60)
ALL = Keep(0, 0, ())


def box(*numbers: float) -> Points:
    return np.array(numbers, dtype=np.float64)


def way(matrix: Points) -> Journey:
    return Journey((Map.of([Warp(matrix, *SIZE)], SIZE),))


def shifted(x: float, y: float) -> Journey:
    return way(matrices.translation(x, y))


def turned(degrees: float) -> Journey:
    return way(matrices.about_centre(matrices.rotation(degrees), *SIZE))


def plan_of(*ops: Op, info: DatasetInfo | None = None, **recipe: object) -> Plan:
    return Plan(Recipe(ops, **recipe), info or DatasetInfo(has_boxes=True))  # type: ignore[arg-type]


def sample(*instances: Instance) -> Sample:
    return Sample("s", np.zeros((*SIZE, 3), np.uint8), instances=instances)


def test_a_box_cut_by_the_edge_is_clipped_and_counted() -> None:
    (kept,), counts = move_instances([Instance(box=box(40, 10, 60, 20))], shifted(10, 0), ALL)
    assert kept.box is not None
    np.testing.assert_allclose(kept.box, [50, 10, 60, 20])
    assert (counts.clipped, counts.dropped) == (1, 0)


@pytest.mark.parametrize(("threshold", "kept"), [(0.49, 1), (0.51, 0)])
def test_min_visibility_is_a_share_of_the_area(threshold: float, kept: int) -> None:
    found, counts = move_instances(
        [Instance(box=box(40, 10, 60, 20))], shifted(10, 0), Keep(0, threshold, ())
    )
    assert (len(found), counts.dropped) == (kept, 1 - kept)


def test_min_area_is_in_pixels() -> None:
    small = [Instance(box=box(1, 1, 4, 4))]
    assert move_instances(small, shifted(0, 0), Keep(8.9, 0, ()))[0]
    assert not move_instances(small, shifted(0, 0), Keep(9.1, 0, ()))[0]


def test_an_object_out_of_view_goes_with_its_label_mask_and_keypoints() -> None:
    mask = np.zeros(SIZE, bool)
    mask[2:8, 2:8] = True
    gone = Instance("a", box(2, 2, 8, 8), mask=mask, keypoints=np.array([[4.0, 4, 2]]))
    stays = Instance("b", box(30, 20, 40, 30))
    found, counts = move_instances([gone, stays], shifted(-15, 0), ALL)
    assert [i.label for i in found] == ["b"]
    assert counts.dropped == 1


def test_a_turned_box_holds_its_corners_and_a_turned_outline_is_tight() -> None:
    square = box(20, 10, 40, 30)
    angle = np.linspace(0, 2 * np.pi, 181)[:-1]
    round_ = np.stack([30 + 10 * np.cos(angle), 20 + 10 * np.sin(angle)], axis=1)
    (loose, tight), _ = move_instances(
        [Instance(box=square), Instance(box=square, polygons=(round_,))], turned(45), ALL
    )
    assert loose.box is not None
    assert tight.box is not None
    half = 10 * np.sqrt(2)
    np.testing.assert_allclose(loose.box, [30 - half, 20 - half, 30 + half, 20 + half])
    np.testing.assert_allclose(tight.box, [20, 10, 40, 30], atol=0.02)


def test_an_oriented_box_stays_a_rectangle_at_its_angle() -> None:
    corners = shapes.corners(box(20, 15, 40, 25))
    (found,), _ = move_instances([Instance(oriented=corners)], turned(30), ALL)
    assert found.oriented is not None
    sides = np.roll(found.oriented, -1, axis=0) - found.oriented
    np.testing.assert_allclose(np.hypot(*sides.T), [20, 10, 20, 10])
    assert np.degrees(np.arctan2(-sides[0, 1], sides[0, 0])) == pytest.approx(30)


def test_an_oriented_box_over_the_edge_is_fitted_to_what_is_in_view() -> None:
    corners = shapes.corners(box(50, 15, 60, 25))
    (found,), counts = move_instances([Instance(oriented=corners)], shifted(5, 0), ALL)
    assert found.oriented is not None
    np.testing.assert_allclose(bounds([found.oriented]), [55, 15, 60, 25], atol=1e-4)
    assert counts.clipped == 1


def test_keypoints_out_of_view_are_not_labelled_and_pairs_trade_places() -> None:
    points = np.array([[5.0, 5, 2], [20, 5, 1], [0, 0, 0]])
    flip = way(np.array([[-1.0, 0, 60], [0, 1, 0], [0, 0, 1]]))
    moved = move_keypoints(points, flip, [(0, 1)])
    np.testing.assert_allclose(moved, [[40, 5, 1], [55, 5, 2], [0, 0, 0]])
    out = move_keypoints(points, shifted(-10, 0), [(0, 1)])
    np.testing.assert_allclose(out[:, 2], [0, 1, 0])


def test_two_reflections_are_none() -> None:
    flip = Warp(np.array([[-1.0, 0, 60], [0, 1, 0], [0, 0, 1]]), *SIZE)
    assert Map.of([flip], SIZE).reflects
    assert not Map.of([flip, flip], SIZE).reflects


def test_mask_classes_trade_places_in_a_reflection() -> None:
    kidneys = np.zeros(SIZE, np.uint8)
    kidneys[5:10, 5:10], kidneys[5:10, 50:55], kidneys[20:, :] = 1, 2, 3
    plan = plan_of(Reflection(probability=1), mask_pairs=((1, 2),))
    whole = sample().replace(masks={"mask": kidneys})
    out = plan.run(whole, plan.draw([Key(0, "s", 1)])[0]).sample.masks["mask"]
    assert set(out[5:10, 50:55].reshape(-1)) == {2}
    assert set(out[5:10, 5:10].reshape(-1)) == {1}
    assert set(out[20:].reshape(-1)) == {3}


def test_reflection_with_keypoints_refuses_until_pairs_are_told() -> None:
    info = DatasetInfo(has_keypoints=True)
    whole = sample(Instance(keypoints=np.array([[5.0, 5, 2]])))
    silent = plan_of(Reflection(), info=info)
    with pytest.raises(RequestError, match=r"reflection: .*keypoint_pairs"):
        silent.check(silent.schema(whole))
    told = plan_of(Reflection(), info=info, keypoint_pairs=())
    told.check(told.schema(whole))


def test_ignore_values_mark_what_shows_no_picture() -> None:
    plan = plan_of(
        Translation(x=(0.5, 0.5), y=(0, 0)), border=Border("constant", 0), ignore_value=255
    )
    whole = sample().replace(masks={"mask": np.ones(SIZE, np.uint8)})
    out = plan.run(whole, plan.draw([Key(0, "s", 1)])[0]).sample.masks["mask"]
    assert set(out[:, :30].reshape(-1)) == {255}
    assert set(out[:, 30:].reshape(-1)) == {1}


def test_validity_tells_the_picture_from_the_border() -> None:
    plan = plan_of(Translation(x=(0.25, 0.25), y=(0, 0)), border=Border("reflect"), validity=True)
    valid = plan.run(sample(), plan.draw([Key(0, "s", 1)])[0]).sample.valid
    assert valid is not None
    assert not valid[:, :15].any()
    assert valid[:, 15:].all()


def test_background_is_the_median_of_the_rim() -> None:
    image = np.full((*SIZE, 3), 200, np.uint8)
    image[5:-5, 5:-5] = 10
    plan = plan_of(Rotation(degrees=(45, 45)), border=Border("background"))
    out = plan.run(sample().replace(image=image), plan.draw([Key(0, "s", 1)])[0]).sample.image
    assert (out[0, 0] == 200).all()


def test_an_occlusion_hides_keypoints_and_drops_what_it_covers() -> None:
    plan = plan_of(Erase(area=(1, 1), aspect=(1.5, 1.5), probability=1), min_visibility=0.2)
    whole = sample(
        Instance("a", box(10, 10, 20, 20)), Instance("b", keypoints=np.array([[15.0, 15, 2]]))
    )
    outcome = plan.run(whole, plan.draw([Key(0, "s", 1)])[0])
    (left,) = outcome.sample.instances
    assert left.label == "b"
    assert left.keypoints is not None
    assert left.keypoints[0].tolist() == [15, 15, 1]
    assert outcome.counts.dropped == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(-30, 90), st.floats(-30, 70)), min_size=3, max_size=9))
def test_clipping_an_outline_keeps_the_area_inside(points: list[tuple[float, float]]) -> None:
    """Against the area of a fine raster, for convex outlines."""
    hull = np.array(points)
    centre = hull.mean(axis=0)
    hull = hull[np.argsort(np.arctan2(*(hull - centre).T))]
    from scipy.spatial import ConvexHull, QhullError

    try:
        outline = hull[ConvexHull(hull).vertices]
    except QhullError:
        return
    y, x = np.mgrid[: SIZE[0] * 2, : SIZE[1] * 2] / 2 + 0.25
    inside = np.ones(x.shape, bool)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        inside &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0
    part = shapes.clip(outline, *SIZE)
    assert area(part) == pytest.approx(inside.sum() / 4, abs=25)
    if len(part):
        assert (part >= -1e-9).all()
        assert (part <= np.array(SIZE[::-1]) + 1e-9).all()


BAD = [
    (box(-20, 5, 10, 15), box(0, 5, 10, 15)),
    (box(30, 5, 20, 15), None),
    (box(70, 5, 90, 15), None),
    (box(np.nan, 5, 10, 15), None),
]


@pytest.mark.parametrize(("bad", "mended"), BAD)
def test_bad_boxes_are_clipped_dropped_or_refused(bad: Points, mended: Points | None) -> None:
    whole = sample(Instance("x", bad), Instance("y", box(1, 1, 5, 5)))
    out, clipped, dropped = clean(whole, "clip")
    assert (clipped, dropped) == ((0, 1) if mended is None else (1, 0))
    if mended is not None:
        assert out.instances[0].box is not None
        np.testing.assert_array_equal(out.instances[0].box, mended)
    assert out.instances[-1].label == "y"
    assert clean(whole, "drop")[2] == 1
    with pytest.raises(SampleError, match=r"box of 'x'.*choose invalid"):
        clean(whole, "raise")


def test_rounding_tolerance_is_clipped_in_silence() -> None:
    out, clipped, dropped = clean(sample(Instance("x", box(-1, 0, 61, 40))), "raise")
    assert (clipped, dropped) == (0, 0)
    assert out.instances[0].box is not None
    np.testing.assert_array_equal(out.instances[0].box, [0, 0, 60, 40])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64, np.uint32])
@pytest.mark.parametrize("name", [n for n, cls in OPS.items() if cls.moves])
def test_label_values_are_never_mixed(name: str, dtype: type[np.integer[Any]]) -> None:
    """A mask of far-apart values has these values and no others after any move."""
    labels = np.random.default_rng(0).choice(np.array([0, 7, 200], dtype), SIZE)
    colours = np.stack([labels, labels[::-1], labels[:, ::-1]], axis=2)
    whole = sample().replace(masks={"mask": labels, "colours": colours})
    plan = plan_of(OPS[name](probability=1), info=DatasetInfo(), keypoint_pairs=())
    for copy in range(4):
        out = plan.run(whole, plan.draw([Key(0, "s", copy)])[0]).sample
        for moved in out.masks.values():
            assert moved.dtype == dtype
            assert set(np.unique(moved).tolist()) <= {0, 7, 200}
            assert moved.shape[:2] == out.image.shape[:2]


@pytest.mark.parametrize(("rim", "shows"), [("plain", True), ("busy", False)])
def test_auto_borders_with_boxes_show_a_plain_background_or_none(rim: str, shows: bool) -> None:
    """A grey wedge in a busy picture would be a mark of the turn that a model could learn."""
    image = np.full((*SIZE, 3), 90, np.uint8)
    if rim == "busy":
        image = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), dtype=np.uint8)
    plan = plan_of(Rotation(degrees=(20, 20)), validity=True)
    whole = sample(Instance(box=box(25, 15, 35, 25))).replace(image=image)
    valid = plan.run(whole, plan.draw([Key(0, "s", 1)])[0]).sample.valid
    assert valid is not None
    assert bool((~valid).any()) == shows
