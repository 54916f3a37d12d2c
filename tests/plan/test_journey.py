"""Objects on the whole way: moved once, judged once, on their true shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from steps_given import cover, run
from tenfold.ops import matrices
from tenfold.ops.steps import Curve, Displacement, Warp
from tenfold.plan import shapes
from tenfold.samples.outline import mask_bounds
from tenfold.samples.sample import Instance, Points, Sample

SIZE = (200, 240)
BRIGHTER = Curve("power", (0.9,))


def sample(*instances: Instance, size: tuple[int, int] = SIZE) -> Sample:
    return Sample("s", np.full((*size, 1), 100, np.uint8), instances=instances)


def box(*numbers: float) -> Points:
    return np.array(numbers, dtype=np.float64)


def shift(x: float, y: float, size: tuple[int, int] = SIZE) -> Warp:
    return Warp(matrices.translation(x, y), *size)


def turn(degrees: float) -> Warp:
    return Warp(matrices.about_centre(matrices.rotation(degrees), *SIZE), *SIZE)


L_SHAPE = box(20, 20, 80, 20, 80, 40, 40, 40, 40, 100, 20, 100).reshape(-1, 2)
L_COVER = cover((20, 20, 80, 40), (20, 40, 40, 100))


@pytest.mark.parametrize("pixels", [1, 64, 511])
def test_the_share_of_a_large_mask_in_view_is_exact(pixels: int) -> None:
    """Masks as wide as a power of two: no sampling that falls on whole columns."""
    size = (512, 512)
    whole = sample(Instance("a", mask=np.ones(size, bool)), size=size)
    share = (512 - pixels) / 512
    kept = run(whole, shift(-pixels, 0, size), min_visibility=share - 1e-6)
    gone = run(whole, shift(-pixels, 0, size), min_visibility=share + 1e-6)
    assert len(kept.sample.instances) == kept.counts.clipped == 1
    assert gone.counts.dropped == 1


def test_the_share_of_a_large_mask_in_view_of_a_bend() -> None:
    """A displacement by half the frame's width that is the same everywhere."""
    size = (512, 512)
    control = np.zeros((5, 5, 2))
    control[..., 0] = 256
    whole = sample(Instance("a", mask=np.ones(size, bool)), size=size)
    for threshold, kept in ((0.48, 1), (0.52, 0)):
        out = run(whole, Displacement(control), min_visibility=threshold)
        assert len(out.sample.instances) == kept


def test_a_covered_polygon_goes_and_one_beside_the_cover_stays() -> None:
    l_shaped = Instance("L", polygons=(L_SHAPE,), box=box(20, 20, 80, 100))
    in_the_bay = Instance("bay", box=box(42, 42, 78, 98))
    out = run(sample(l_shaped, in_the_bay), L_COVER)
    assert [i.label for i in out.sample.instances] == ["bay"]
    assert out.counts.dropped == 1
    # The bay covered, the L not: its box is half covered, and nothing of it is.
    out = run(sample(l_shaped, in_the_bay), cover((40, 40, 80, 100)), min_visibility=0.999)
    assert [i.label for i in out.sample.instances] == ["L"]


def test_a_slanted_oriented_box_is_measured_as_it_lies() -> None:
    slanted = box(20, 40, 40, 20, 100, 80, 80, 100).reshape(-1, 2)
    corner = cover((60, 20, 100, 60))  # a quarter of its bounds, of itself far less
    whole = sample(Instance("a", oriented=slanted, box=box(20, 20, 100, 100)))
    y, x = np.mgrid[20:60, 60:100] + 0.5
    hidden = ((x - y) < 20).sum() / (np.sqrt(2) * 20 * np.sqrt(2) * 60)
    for threshold, kept in ((1 - hidden - 0.01, 1), (1 - hidden + 0.01, 0)):
        out = run(whole, corner, min_visibility=threshold)
        assert len(out.sample.instances) == kept


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-20, 60), st.floats(-20, 60)), min_size=3, max_size=8))
def test_a_drawn_outline_holds_the_pixels_whose_centres_it_encloses(
    corners: list[tuple[float, float]],
) -> None:
    """Against a ray from each pixel on its own."""
    outline = np.array(corners)
    drawn = shapes.raster(outline, (3, 5, 45, 40))
    for row in range(5, 40, 5):
        for column in range(3, 45, 6):
            x, y, inside = column + 0.5, row + 0.5, False
            margin = np.inf
            for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
                if (ay <= y) != (by <= y):
                    crossing = ax + (y - ay) / (by - ay) * (bx - ax)
                    inside ^= crossing <= x
                    margin = min(margin, abs(crossing - x))
            if margin > 1e-9:
                assert drawn[row - 5, column - 3] == inside


def test_a_drawn_outline_is_that_of_another_library() -> None:
    picture = Image.new("1", (120 * 8, 120 * 8))
    ImageDraw.Draw(picture).polygon([(8 * x, 8 * y) for x, y in L_SHAPE.tolist()], fill=1)
    assert shapes.raster(L_SHAPE, (0, 0, 120, 120)).sum() == pytest.approx(
        np.asarray(picture).sum() / 64, rel=0.02
    )


def geometry(kind: str) -> Instance:
    extent = box(60, 80, 140, 120)
    if kind == "mask":
        mask = np.zeros(SIZE, bool)
        mask[80:120, 60:140] = True
        return Instance("a", extent, mask=mask)
    if kind == "polygon":
        return Instance("a", extent, polygons=(shapes.corners(extent),))
    if kind == "oriented":
        return Instance("a", extent, oriented=shapes.corners(extent))
    return Instance("a", extent)


KINDS = ("box", "oriented", "polygon", "mask")


@pytest.mark.parametrize("kind", KINDS)
def test_two_covers_add_up(kind: str) -> None:
    left, right = cover((60, 80, 100, 120)), cover((100, 80, 140, 120))
    out = run(sample(geometry(kind)), left, BRIGHTER, right)
    assert not out.sample.instances
    assert out.counts.dropped == 1
    moved = cover((101, 70, 141, 110))
    out = run(sample(geometry(kind)), left, shift(1, -10), BRIGHTER, moved)
    assert not out.sample.instances


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_judged_on_the_whole_way_not_pass_by_pass(kind: str) -> None:
    """Half of it out of view, and half of the rest: a quarter is left, fused or not."""
    for between in ((), (BRIGHTER,)):
        way = (shift(140, 0), *between, shift(20, 0))
        assert not run(sample(geometry(kind)), *way, min_visibility=0.3).sample.instances
        out = run(sample(geometry(kind)), *way, min_visibility=0.2)
        assert (len(out.sample.instances), out.counts.clipped) == (1, 1)
    half_covered = (cover((60, 80, 100, 120)), shift(140, 0))  # and the other half out of view
    assert run(sample(geometry(kind)), *half_covered, min_visibility=0.01).counts.dropped == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_turn_and_back_leaves_geometry_as_it_was(kind: str) -> None:
    whole = geometry(kind)
    keypoints = np.array([[70.0, 90, 2], [239.5, 0.5, 2]])
    out = run(sample(whole.replace(keypoints=keypoints)), turn(15), BRIGHTER, turn(-15))
    (found,) = out.sample.instances
    assert found.box is not None
    np.testing.assert_allclose(found.box, [60, 80, 140, 120], atol=1e-9)
    assert out.counts.clipped == 0
    if whole.mask is not None:
        np.testing.assert_array_equal(found.mask, whole.mask)
    if whole.oriented is not None:
        assert found.oriented is not None
        np.testing.assert_allclose(found.oriented, whole.oriented, atol=1e-9)
    for before, after in zip(whole.polygons, found.polygons, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-9)
    assert found.keypoints is not None
    np.testing.assert_allclose(found.keypoints[0], keypoints[0])
    assert found.keypoints[1, 2] == 0  # the turned picture lost its corner, and with it this


@pytest.mark.parametrize("kind", KINDS)
def test_what_left_the_picture_does_not_come_back(kind: str) -> None:
    """As in the image, which shows border there."""
    out = run(sample(geometry(kind)), shift(140, 0), BRIGHTER, shift(-140, 0))
    (found,) = out.sample.instances
    assert found.box is not None
    np.testing.assert_allclose(found.box, [60, 80, 100, 120], atol=1e-9)
    assert out.counts.clipped == 1
    if found.mask is not None:
        assert found.mask.sum() == 40 * 40


def test_the_zoom_of_a_safe_crop_is_part_of_the_way() -> None:
    """The box of a disc's outline, held against the pixels that show the disc."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    disc = (np.hypot(x - 130, y - 90) < 30).astype(np.uint8) * 200
    angle = np.linspace(0, 2 * np.pi, 100)[:-1]
    outline = np.stack([130 + 30 * np.cos(angle), 90 + 30 * np.sin(angle)], axis=1)
    whole = sample(Instance("a", polygons=(outline,), box=box(100, 60, 160, 120)))
    whole = whole.replace(image=disc[:, :, None])
    out = run(whole, turn(20), BRIGHTER, turn(-10), border="crop").sample
    (found,) = out.instances
    assert found.box is not None
    seen = mask_bounds(out.image[:, :, 0] > 120)
    assert seen is not None
    np.testing.assert_allclose(found.box, seen, atol=1.2)


def test_covers_move_with_the_picture_and_hide_keypoints_there() -> None:
    keypoints = np.array([[50.0, 50, 2], [90, 50, 2]])
    whole = sample(Instance("a", keypoints=keypoints))
    out = run(whole, cover((40, 40, 60, 60)), turn(30), BRIGHTER, turn(60))
    (found,) = out.sample.instances
    assert found.keypoints is not None
    assert found.keypoints[:, 2].tolist() == [1, 2]
    np.testing.assert_allclose(found.keypoints[:, :2], turned_by_90(keypoints), atol=1e-9)


def turned_by_90(keypoints: Points) -> NDArray[np.float64]:
    x, y = keypoints[:, 0] - SIZE[1] / 2, keypoints[:, 1] - SIZE[0] / 2
    return np.stack([y + SIZE[1] / 2, -x + SIZE[0] / 2], axis=1)


def test_without_a_move_nothing_but_flags_changes() -> None:
    """A box that is not that of its polygon stays so under an occlusion elsewhere."""
    odd = Instance("a", box(10, 10, 50, 50), polygons=(L_SHAPE,), keypoints=box(5, 5, 2)[None])
    out = run(sample(odd), cover((150, 150, 160, 160)), min_area=1e6)
    (found,) = out.sample.instances
    np.testing.assert_array_equal(found.box, odd.box)
    np.testing.assert_array_equal(found.polygons[0], L_SHAPE)


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_fitted_oriented_box_keeps_its_heading(first: int, mirrored: bool) -> None:
    """Cut by the edge after a turn, its first corner and its sense are the object's."""
    corners = np.roll(box(20, 60, 80, 60, 80, 90, 20, 90).reshape(-1, 2), -first, axis=0)
    matrix = matrices.about_centre(matrices.rotation(25), *SIZE)
    if mirrored:
        matrix = matrices.translation(SIZE[1], 0) @ matrices.scaling(-1, 1) @ matrix
    matrix = matrices.translation(30 if mirrored else -30, 10) @ matrix
    where = corners @ matrix[:2, :2].T + matrix[:2, 2]
    assert (where < 0).any() or (where > SIZE[1]).any(), "not cut"
    out = run(sample(Instance("a", oriented=corners)), Warp(matrix, *SIZE))
    (found,) = out.sample.instances
    assert found.oriented is not None
    distances = np.hypot(*(found.oriented - where[0]).T)
    assert distances.argmin() == 0
    for pair in ((0, 1), (1, 2)):  # the sides point where they pointed
        was, is_ = np.subtract(*where[list(pair)]), np.subtract(*found.oriented[list(pair)])
        assert was @ is_ > 0.7 * np.hypot(*was) * np.hypot(*is_)
