"""Annotations that can't be meant, against what the geometry says by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.errors import SampleError
from tenfold.samples.sample import Instance, Points, Sample
from tenfold.samples.validate import Invalid, clean

SIZE = (40, 60)
MODES: tuple[Invalid, ...] = ("clip", "drop", "raise")
SQUARE = np.array([[5.0, 5], [25, 5], [25, 25], [5, 25]])
AWAY = np.array([100.0, 0])


def box(*values: float) -> Points:
    return np.array(values, dtype=np.float64)


def sample(*instances: Instance) -> Sample:
    return Sample("a", np.zeros((*SIZE, 3), np.uint8), instances=instances)


def one(instance: Instance, mode: Invalid) -> tuple[Instance | None, int, int]:
    out, clipped, dropped = clean(sample(instance), mode)
    return (out.instances[0] if out.instances else None), clipped, dropped


OUTSIDE = {
    "outline": Instance("x", box(5, 5, 25, 25), polygons=(SQUARE + AWAY,)),
    "outline without a box": Instance("x", polygons=(SQUARE + AWAY, SQUARE - AWAY)),
    "oriented box": Instance("x", box(5, 5, 25, 25), oriented=SQUARE + AWAY),
    "oriented box without a box": Instance("x", oriented=SQUARE - AWAY),
    # Its box overlaps the picture, itself it passes the corner by.
    "outline round the corner": Instance(
        "x", polygons=(np.array([[55.0, 50], [70, 35], [70, 50]]),)
    ),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_wholly_outside_is_invalid(name: str) -> None:
    for mode in ("clip", "drop"):
        assert one(OUTSIDE[name], mode) == (None, 0, 1)
    what = "oriented box" if "oriented" in name else "outline"
    with pytest.raises(SampleError, match=rf"{what} of 'x' lies outside the 60x40 image: .*choose"):
        one(OUTSIDE[name], "raise")


PARTLY = {
    "outline": Instance("x", box(-15, 5, 5, 25), polygons=(SQUARE - [20, 0],)),
    "one part": Instance("x", box(5, 5, 125, 25), polygons=(SQUARE, SQUARE + AWAY)),
    "oriented box": Instance("x", box(-15, 5, 5, 25), oriented=SQUARE - [20, 0]),
    "around it all": Instance("x", polygons=((SQUARE - 15) * 20,)),
    "across": Instance("x", polygons=(np.array([[-9.0, 10], [70, 10], [70, 14], [-9, 14]]),)),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PARTLY)
def test_partly_outside_keeps_its_shape(name: str, mode: Invalid) -> None:
    before = PARTLY[name]
    after, clipped, dropped = one(before, mode)
    assert after is not None
    assert (clipped, dropped) == (0, 0)
    assert after.polygons is before.polygons
    assert after.oriented is before.oriented
    if before.box is None:
        assert after.box is None
    else:
        np.testing.assert_array_equal(after.box, np.clip(before.box, 0, [60, 40, 60, 40]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "bad", [box(9, 5, 9, 15), box(30, 5, 20, 15), box(200, 5, 210, 15), box(np.nan, 0, 1, 1)]
)
def test_a_box_beside_something_better_is_derived(bad: Points, mode: Invalid) -> None:
    mask = np.zeros(SIZE, bool)
    mask[10:20, 30:45] = True
    for better, expected in (
        ({"mask": mask}, [30, 10, 45, 20]),
        ({"polygons": (SQUARE, SQUARE + 6)}, [5, 5, 31, 31]),
        ({"oriented": SQUARE}, [5, 5, 25, 25]),
        ({"mask": mask, "polygons": (SQUARE,)}, [30, 10, 45, 20]),
        ({"mask": ~mask & mask, "polygons": (SQUARE,)}, [5, 5, 25, 25]),
    ):
        after, clipped, dropped = one(Instance("x", bad, **better), mode)
        assert after is not None
        assert (clipped, dropped) == (0, 0)
        np.testing.assert_array_equal(after.box, expected)


def test_a_usable_box_beside_a_mask_stays() -> None:
    mask = np.zeros(SIZE, bool)
    mask[10:20, 30:45] = True
    for mode in MODES:
        after, _, _ = one(Instance("x", box(29, 9, 46, 21), mask=mask), mode)
        assert after is not None
        np.testing.assert_array_equal(after.box, [29, 9, 46, 21])


def test_a_box_cannot_be_derived_from_nothing() -> None:
    line = np.array([[5.0, 5], [25, 5], [5, 5]])
    for bad in (box(9, 5, 9, 15), box(200, 5, 210, 15)):
        for better in ({"mask": np.zeros(SIZE, bool)}, {"polygons": (line,)}):
            assert one(Instance("x", bad, **better), "clip") == (None, 0, 1)
            with pytest.raises(SampleError, match="box of 'x'"):
                one(Instance("x", bad, **better), "raise")


def test_keypoints_outside_are_not_labelled() -> None:
    points = np.array([[10.0, 10, 2], [80, 10, 1], [-30, 5, 2], [300, 300, 0], [60.8, 41, 2]])
    instance = Instance("x", box(5, 5, 25, 25), keypoints=points)
    for mode in ("clip", "drop"):
        after, clipped, dropped = one(instance, mode)
        assert after is not None
        assert after.keypoints is not None
        assert (clipped, dropped) == (1, 0)
        assert after.keypoints[:, 2].tolist() == [2, 0, 0, 0, 2]
        np.testing.assert_array_equal(after.keypoints[4], [60, 40, 2])
    assert points[1, 2] == 1, "the source's own array is left alone"
    with pytest.raises(
        SampleError,
        match=r"keypoints of 'x' lie outside the 60x40 image: 1 at \[80, 10\], 2 at \[-30, 5\]",
    ):
        one(instance, "raise")
    only = Instance("x", keypoints=points[:2])
    after, _, dropped = one(only, "clip")
    assert after is not None
    assert dropped == 0
    inside = Instance("x", keypoints=points[[0, 3]])
    assert one(inside, "raise")[1:] == (0, 0)
