"""Pictures for people: any image can be shown, and annotations lie where they say."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.evaluate.display import display_window, fitting_scale, to_rgb
from tenfold.evaluate.draw import draw_sample
from tenfold.evaluate.lettering import fit_text, text_size
from tenfold.evaluate.names import heading, readable, shorten
from tenfold.evaluate.palette import PALETTE, class_colour, ink_on
from tenfold.samples.sample import Instance, Sample

CLASSES = ("cat", "dog")


def grey(height: int = 60, width: int = 80, value: int = 100) -> NDArray[np.uint8]:
    return np.full((height, width, 1), value, np.uint8)


def box(*corners: float) -> NDArray[np.float64]:
    return np.array(corners, np.float64)


def changed(sample: Sample, **options: Any) -> NDArray[np.bool_]:
    """Pixels that annotations changed."""
    bare = sample.replace(masks={}, instances=(), valid=None)
    drawn, plain = draw_sample(sample, **options), draw_sample(bare, **options)
    return np.asarray((drawn != plain).any(axis=2))


def test_rgb_without_annotations_is_shown_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert np.array_equal(draw_sample(Sample("a", image)), image)


def test_digits_are_enlarged_in_whole_squares() -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 1), np.uint8)
    scale = fitting_scale(8, 8, 130)
    assert scale == 16
    expected = np.repeat(np.kron(image, np.ones((16, 16, 1), np.uint8)), 3, axis=2)
    assert np.array_equal(draw_sample(Sample("a", image), scale), expected)


def test_large_images_shrink_to_the_side() -> None:
    picture = draw_sample(Sample("a", grey(400, 800)), fitting_scale(400, 800, 200))
    assert picture.shape == (100, 200, 3)


def test_channels() -> None:
    image = np.arange(2 * 2 * 5, dtype=np.uint8).reshape(2, 2, 5)
    window = (0.0, 255.0)
    assert np.array_equal(to_rgb(image, window), image[..., :3])
    assert np.array_equal(to_rgb(image[..., :1], window), np.repeat(image[..., :1], 3, axis=2))
    two = to_rgb(image[..., :2], window)
    assert np.array_equal(two[..., 1], image[..., 0])  # green
    assert np.array_equal(two[..., 0], image[..., 1])  # magenta
    assert np.array_equal(two[..., 2], image[..., 1])


def test_opacity_lets_a_checkerboard_through() -> None:
    image = np.full((32, 32, 4), 10, np.uint8)
    image[:, :16, 3], image[:, 16:, 3] = 255, 0
    picture = to_rgb(image, (0.0, 255.0), alpha=True)
    assert (picture[:, :16] == 10).all()
    assert len(np.unique(picture[:, 16:])) == 2
    assert picture[:, 16:].min() > 100


@pytest.mark.parametrize(("dtype", "top"), [(np.uint16, 65535), (np.float32, 1.0)])
def test_deep_images_are_scaled_by_their_value_range(dtype: Any, top: float) -> None:
    ramp = np.linspace(0, top, 256).astype(dtype).reshape(1, 256, 1)
    sample = Sample("a", ramp, value_range=(0.0, top))
    assert np.abs(draw_sample(sample)[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_twelve_bits_in_sixteen_are_not_black() -> None:
    image = np.random.default_rng(0).integers(0, 4096, (50, 50, 1)).astype(np.uint16)
    sample = Sample("a", image, value_range=(0.0, 65535.0))
    low, high = display_window(sample)
    assert 0 <= low < 100
    assert 3990 < high < 4096
    assert draw_sample(sample).mean() > 100


def test_one_value_in_a_deep_image_keeps_the_value_range() -> None:
    sample = Sample("a", np.full((5, 5, 1), 7, np.uint16), value_range=(0.0, 65535.0))
    assert display_window(sample) == (0.0, 65535.0)


def test_masks_tint_their_pixels_and_no_others() -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[10:30, 20:50] = 2
    sample = Sample("a", grey(), masks={"mask": mask})
    assert np.array_equal(changed(sample), mask > 0)
    tint, inside = np.array(PALETTE[1]), draw_sample(sample)[20, 35]
    assert np.abs(inside - (0.7 * 100 + 0.3 * tint)).max() <= 1
    assert np.array_equal(draw_sample(sample)[10, 35], tint)  # the outline


def test_the_ignore_value_is_hatched_grey() -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[:, :40] = 255
    picture = draw_sample(Sample("a", grey(), masks={"mask": mask}), ignore_value=255)
    left = picture[:, :40].astype(int)
    assert (left.max(axis=2) == left.min(axis=2)).all()
    assert len(np.unique(left)) == 2
    assert (picture[:, 40:] == 100).all()


def test_what_is_not_the_original_picture_is_hatched() -> None:
    valid = np.ones((60, 80), bool)
    valid[:5] = False
    where = changed(Sample("a", grey(), valid=valid))
    assert np.array_equal(where, ~valid)


def test_a_box_is_a_line_in_its_class_colour() -> None:
    sample = Sample("a", grey(), instances=(Instance("dog", box=box(20, 10, 60, 50)),))
    picture = draw_sample(sample, classes=CLASSES, text=False)
    colour = np.array(class_colour("dog", CLASSES))
    for y, x in ((10, 40), (49, 40), (30, 20), (30, 59)):
        assert np.abs(picture[y, x].astype(int) - colour).max() < 20
    where = changed(sample, classes=CLASSES, text=False)
    rows, columns = np.nonzero(where)
    assert not where[14:46, 24:56].any()
    # The darkened rim reaches a little beyond the line itself.
    assert np.abs([rows.min() - 10, rows.max() - 49]).max() <= 3
    assert np.abs([columns.min() - 20, columns.max() - 59]).max() <= 3


def test_a_box_scales_with_the_picture() -> None:
    sample = Sample("a", grey(), instances=(Instance("dog", box=box(20, 10, 60, 50)),))
    rows, columns = np.nonzero(changed(sample, scale=4.0, text=False))
    assert np.abs([rows.min() - 40, rows.max() - 199]).max() <= 3
    assert np.abs([columns.min() - 80, columns.max() - 239]).max() <= 3


def test_polygons_oriented_boxes_and_instance_masks_are_where_they_say() -> None:
    square = np.array([(20, 10), (60, 10), (60, 50), (20, 50)], np.float64)
    mask = np.zeros((60, 80), bool)
    mask[10:50, 20:60] = True
    for instance in (
        Instance("cat", polygons=(square,)),
        Instance("cat", oriented=square),
        Instance("cat", mask=mask),
    ):
        where = changed(Sample("a", grey(), instances=(instance,)), text=False)
        rows, columns = np.nonzero(where)
        assert abs(rows.mean() - 29.5) < 3  # the oriented box's first side is thicker
        assert abs(columns.mean() - 39.5) < 1
        assert not where[:7].any()
        assert where[30, 20]
    assert where[30, 40]  # a mask is filled


def test_hidden_keypoints_are_hollow_and_unlabelled_ones_absent() -> None:
    points = np.array([(20.5, 30.5, 2), (40.5, 30.5, 1), (60.5, 30.5, 0)])
    sample = Sample("a", grey(), instances=(Instance("cat", keypoints=points),))
    where = changed(sample, scale=4.0, text=False)
    assert where[122, 82]
    assert not where[122, 162]
    assert where[122, 162 : 162 + 8].any()
    assert not where[:, 200:].any()


def disc_colours(sample: Sample, scale: float, **options: Any) -> list[tuple[int, ...]]:
    """The colour in the middle of each keypoint of the sample's first object."""
    picture = draw_sample(sample, scale, **options)
    points = sample.instances[0].keypoints
    assert points is not None
    return [tuple(picture[int(y * scale), int(x * scale)].tolist()) for x, y, _ in points]


def test_keypoints_have_the_colours_of_their_indices_so_that_a_swap_is_seen() -> None:
    points = np.array([(20.5, 30.5, 2), (60.5, 30.5, 2)])
    one = Sample("a", grey(), instances=(Instance("cat", keypoints=points),))
    swapped = one.replace(instances=(Instance("cat", keypoints=points[::-1].copy()),))
    assert disc_colours(one, 4.0) == [PALETTE[0], PALETTE[1]]
    assert not np.array_equal(draw_sample(one, 4.0), draw_sample(swapped, 4.0))


def test_an_only_keypoint_has_its_class_colour_and_no_number() -> None:
    lone = Instance("dog", keypoints=np.array([(40.5, 30.5, 2)]))
    sample = Sample("a", grey(), instances=(lone,))
    [colour] = disc_colours(sample, 4.0, classes=CLASSES, text=False)
    assert colour == class_colour("dog", CLASSES)
    unnamed = sample.replace(instances=(lone.replace(label=None),))
    assert np.array_equal(draw_sample(unnamed, 4.0), draw_sample(unnamed, 4.0, text=False))


def numbered(points: NDArray[np.float64], scale: float, size: int = 60) -> NDArray[np.bool_]:
    sample = Sample("a", grey(size, size), instances=(Instance(keypoints=points),))
    drawn, bare = (draw_sample(sample, scale, text=t) for t in (True, False))
    return np.asarray((drawn != bare).any(axis=2))


def test_keypoints_are_numbered_where_there_is_room_and_no_disc_is_covered() -> None:
    points = np.array([(x + 0.5, y + 0.5, 2) for y in (12, 30, 48) for x in (12, 30, 48)], float)
    plates = numbered(points, 4.0).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(plates)
    assert count - 1 == len(points)
    assert stats[1:, cv2.CC_STAT_HEIGHT].max() <= 14
    for x, y, _ in points:
        assert not plates[int(y * 4) - 5 : int(y * 4) + 6, int(x * 4) - 5 : int(x * 4) + 6].any()


def test_crowded_keypoints_and_those_not_seen_get_no_number() -> None:
    grid = np.array([(x, y, 2) for y in range(60) for x in range(60)], float)
    assert not numbered(grid, 4.0).any()
    assert not numbered(np.array([(9.5, 9.5, 0), (30.5, 30.5, 0)]), 4.0).any()
    assert not numbered(np.array([(9.5, np.nan, 2), (1e9, -1e9, 2)]), 4.0).any()
    assert not numbered(np.array([(9.5, 9.5, 2), (30.5, 30.5, 2)]), 1.0).any()  # a thumbnail


def test_class_names_are_written_but_not_over_each_other() -> None:
    crowd = tuple(Instance("cat", box=box(x, 40, x + 30, 90)) for x in range(10, 250, 12))
    sample = Sample("a", grey(200, 300), instances=(*crowd, Instance("dog", box=box(5, 5, 9, 9))))
    named, bare = (draw_sample(sample, classes=CLASSES, text=t) for t in (True, False))
    differs = (named != bare).any(axis=2)
    assert differs.any()
    # The most that may be written: 3 names of either class, each below 40 x 14 pixels.
    assert differs.sum() <= 6 * 40 * 14


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_scales_are_refused(scale: float) -> None:
    with pytest.raises(RequestError, match="positive"):
        draw_sample(Sample("a", grey()), scale)


def test_strange_annotations_do_not_break_the_picture() -> None:
    instances = (
        Instance("a\nb\udcff", box=box(np.nan, 0, 10, 10)),
        Instance(None, box=box(50, 50, 10, 10)),
        Instance("far", box=box(-1e12, -5, 1e12, 1e12)),
        Instance(3, polygons=(np.empty((0, 2)), np.array([(1.0, 1.0)]))),
        Instance("日本" * 40, box=box(1, 1, 2, 2), keypoints=np.empty((0, 3))),
        Instance("empty", mask=np.zeros((60, 80), bool)),
        Instance("outside", oriented=np.full((4, 2), 500.0)),
    )
    sample = Sample("a", grey(), instances=instances)
    assert draw_sample(sample, 3.0).shape == (180, 240, 3)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([np.uint8, np.uint16, np.float32]),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 6),
    st.booleans(),
    st.floats(0.05, 8),
    st.integers(0, 2**31),
)
def test_any_image_can_be_drawn_and_stays_as_it_was(
    dtype: Any, height: int, width: int, channels: int, alpha: bool, scale: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    top = 1.0 if dtype is np.float32 else float(np.iinfo(dtype).max)
    image = (rng.random((height, width, channels)) * top).astype(dtype)
    mask = rng.integers(0, 4, (height, width)).astype(np.uint8)
    inside = rng.random((height, width)) < 0.5
    x, y = rng.random(2) * (width, height)
    instance = Instance("cat", box=box(0, 0, x, y), mask=inside, keypoints=np.array([(x, y, 2)]))
    sample = Sample(
        "a", image, masks={"mask": mask}, instances=(instance,), alpha=alpha, value_range=(0, top)
    )
    before = image.copy(), mask.copy(), inside.copy()
    picture = draw_sample(sample, scale, ignore_value=3)
    assert picture.shape == (max(1, round(height * scale)), max(1, round(width * scale)), 3)
    assert picture.dtype == np.uint8
    assert all(np.array_equal(a, b) for a, b in zip(before, (image, mask, inside), strict=True))


def test_colours_belong_to_classes() -> None:
    many = [f"class {i}" for i in range(len(PALETTE))]
    assert len({class_colour(c, many) for c in many}) == len(PALETTE)
    assert class_colour("cat") == class_colour("cat")
    assert class_colour("b\udcff") in PALETTE
    assert class_colour(3) == PALETTE[3]


def test_colour_blind_people_tell_the_main_colours_apart() -> None:
    # Deuteranopia by Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
    blind = np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    )  # fmt: skip
    linear = (np.array(PALETTE[:7]) / 255) ** 2.2
    seen = np.clip(linear @ blind.T, 0, 1) ** (1 / 2.2) * 255
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2) + 1e9 * np.eye(7)
    assert apart.min() > 25


def test_ink_is_legible_on_every_class_colour() -> None:
    assert ink_on((255, 255, 255)) == (0, 0, 0)
    assert ink_on((0, 0, 0)) == (255, 255, 255)
    assert ink_on((240, 228, 66)) == (0, 0, 0)


def test_names_are_escaped_and_shortened() -> None:
    assert readable("a\udcffb\n\t\u202ec\x1b") == r"a\xffb\n\t\u202ec\x1b"
    assert readable("Küche 日本 <b>") == "Küche 日本 <b>"
    assert shorten("abcdefghij", 5) == "ab…ij"
    assert len(shorten("x" * 100, 17)) == 17
    fitted = fit_text("a long class name", 12, 60)
    assert fitted.endswith("…")
    assert text_size(fitted, 12)[0] <= 60


def test_a_name_that_dataset_and_recipe_share_stands_in_the_heading_once() -> None:
    assert heading("coco", "coco") == "coco"
    assert heading("Coco", "coco") == "Coco"
    assert heading("cells", "natural") == "cells: natural"
    assert heading("cells", "") == "cells"
    assert heading("", "natural") == "natural"
