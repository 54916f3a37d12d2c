"""What goes in comes out in the same form, sharing no memory: containers, dtypes, modes."""

from __future__ import annotations

import importlib.util
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from tenfold import Pipeline
from tenfold.call.targets import TARGET_ALIASES, TARGETS
from tenfold.errors import RequestError, SampleError
from tenfold.ops import Brightness, Crop, Reflection, Rotation

RNG = np.random.default_rng(7)
FLIP = [Reflection(probability=1)]
TURN = [Rotation(degrees=(20, 40))]
HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is optional")


def noise(*shape: int, dtype: Any = np.uint8) -> Any:
    if np.dtype(dtype).kind == "f":
        return RNG.random(shape).astype(dtype)
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def pipeline(ops: Any = FLIP, **settings: Any) -> Pipeline:
    return Pipeline(ops, seed=1, **{"keypoint_pairs": [], **settings})


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,), (4,), (7,)])
def test_arrays_keep_shape_and_dtype(dtype: Any, channels: tuple[int, ...]) -> None:
    image = noise(12, 17, *channels, dtype=dtype)
    out = pipeline()(image=image)["image"]
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, image[:, ::-1])


def frozen(array: Any) -> Any:
    array.flags.writeable = False
    return array


@pytest.mark.parametrize("ops", [FLIP, TURN, [Brightness(shift=0.1)], [Brightness(probability=0)]])
@pytest.mark.parametrize("turned", [False, True])
def test_inputs_are_not_touched_and_outputs_are_ones_own(ops: Any, turned: bool) -> None:
    whole = noise(40, 60, 3)
    image = frozen(whole[::2, ::3] if turned else whole)  # not contiguous
    mask = frozen(noise(*image.shape[:2], dtype=np.uint16))
    boxes, points = frozen(np.array([[2.0, 3, 9, 10]])), frozen(np.array([[4.0, 5, 2]]))
    masks = frozen(np.ones((1, *image.shape[:2]), dtype=np.uint8))
    labels = ["a"]
    given = {
        "image": image, "mask": mask, "masks": [mask], "bboxes": boxes, "keypoints": points,
        "instance_masks": masks, "labels": labels,
    }  # fmt: skip
    before = {k: np.array(v) for k, v in given.items()}
    out = pipeline(ops)(**given)
    for name, value in given.items():
        np.testing.assert_array_equal(before[name], np.array(value))
        moved = out[name][0] if name == "masks" else out[name]
        if isinstance(moved, np.ndarray):
            assert moved.flags.writeable
            assert moved.flags.c_contiguous
            assert not np.may_share_memory(moved, value[0] if name == "masks" else value)
    assert out["labels"] is not labels


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "I;16", "F"])
def test_pillow_images_keep_their_mode(mode: str) -> None:
    shape = (9, 14, {"RGB": 3, "RGBA": 4, "LA": 2}.get(mode, 0))
    dtype = {"I;16": np.uint16, "F": np.float32}.get(mode, np.uint8)
    image = Image.fromarray(noise(*(s for s in shape if s), dtype=dtype))
    assert image.mode == mode
    out = pipeline()(image)
    assert out.mode == mode
    assert out.size == image.size
    np.testing.assert_array_equal(np.asarray(out), np.asarray(image)[:, ::-1])


@pytest.mark.parametrize("mode", ["1", "L", "P", "I", "I;16", "F"])
def test_pillow_masks_keep_their_mode_and_values(mode: str) -> None:
    base = Image.fromarray((noise(9, 14) > 128).astype(np.uint8) * 5)
    if mode == "P":
        mask = base.copy()
        mask.putpalette([7, 8, 9] * 256)
    else:
        mask = base.convert(mode)
    out = pipeline()(image=noise(9, 14, 3), mask=mask)["mask"]
    assert out.mode == mode
    assert out.getpalette() == mask.getpalette()
    np.testing.assert_array_equal(np.asarray(out), np.asarray(mask)[:, ::-1])


def test_colour_and_noise_leave_opacity_alone_but_geometry_moves_it() -> None:
    image = noise(16, 16, 4)
    ops = [Brightness(shift=(0.2, 0.2)), Reflection(probability=1)]
    out = pipeline(ops)(image=image)["image"]
    np.testing.assert_array_equal(out[:, :, 3], image[:, ::-1, 3])
    assert (out[:, :, :3] != image[:, ::-1, :3]).any()
    four_bands = pipeline(ops, alpha=False)(image=image)["image"]
    assert (four_bands[:, :, 3] != image[:, ::-1, 3]).any()
    grey = Image.fromarray(noise(16, 16, 2))
    np.testing.assert_array_equal(
        np.asarray(pipeline(ops)(grey))[:, :, 1], np.asarray(grey)[:, ::-1, 1]
    )


@pytest.mark.parametrize(
    "dtype",
    [bool, "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">i4"],
)
@pytest.mark.parametrize("ops", [FLIP, TURN])
def test_masks_of_every_dtype_keep_it_and_their_values(dtype: Any, ops: Any) -> None:
    values = np.array([0, 1] if dtype is bool else [0, 1, 3, 100], dtype=dtype)
    mask = values[RNG.integers(0, len(values), (40, 40))]
    settings = {"ignore_value": 1 if dtype is bool else 100, "border": "constant"}
    out = pipeline(ops, **settings)(image=noise(40, 40, 3), mask=mask)["mask"]
    assert out.dtype == mask.dtype
    assert set(np.unique(out).tolist()) <= set(values.tolist())
    if ops is FLIP:
        np.testing.assert_array_equal(out, mask[:, ::-1])
    else:
        assert out[0, 0] == settings["ignore_value"]
        assert (out[15:25, 15:25] != mask[15:25, 15:25]).any()


def test_large_mask_values_are_exact() -> None:
    ids = RNG.integers(0, 2**52, (20, 20))
    out = pipeline(TURN)(image=noise(20, 20), mask=ids)["mask"]
    assert set(np.unique(out)) <= {0, *ids.ravel().tolist()}
    with pytest.raises(RequestError, match="2\\*\\*53"):
        pipeline()(image=noise(20, 20), mask=ids + 2**60)


def test_mask_channels_and_lists() -> None:
    image, deep, flat = noise(8, 9, 3), noise(8, 9, 5), noise(8, 9)
    out = pipeline()(image=image, mask=deep, masks=[flat, deep])
    np.testing.assert_array_equal(out["mask"], deep[:, ::-1])
    np.testing.assert_array_equal(out["masks"][0], flat[:, ::-1])
    np.testing.assert_array_equal(out["masks"][1], deep[:, ::-1])


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


@pytest.mark.parametrize(
    "boxes",
    [
        [[1, 2, 5, 6], [3, 3, 8, 8]],
        [(1, 2, 5, 6), (3, 3, 8, 8)],
        ((1.0, 2, 5, 6), (3, 3, 8, 8)),
        [Box(1, 2, 5, 6), Box(3, 3, 8, 8)],
        [np.array([1.0, 2, 5, 6]), np.array([3.0, 3, 8, 8])],
        np.array([[1, 2, 5, 6], [3, 3, 8, 8]], dtype=np.float32),
        np.array([[1, 2, 5, 6], [3, 3, 8, 8]]),
    ],
    ids=["lists", "tuples", "tuple", "named", "list of arrays", "float32", "int64"],
)
def test_rows_come_back_in_their_container(boxes: Any) -> None:
    moved = pipeline()(image=noise(10, 20), bboxes=boxes)["bboxes"]
    assert type(moved) is type(boxes)
    assert type(moved[0]) is type(boxes[0])
    if isinstance(boxes, np.ndarray):
        assert moved.dtype == (np.float32 if boxes.dtype == np.float32 else np.float64)
    np.testing.assert_allclose(np.array(moved), [[15, 2, 19, 6], [12, 3, 17, 8]])


@pytest.mark.parametrize("empty", [[], (), np.zeros((0, 4)), np.zeros(0, np.float32)])
def test_no_boxes(empty: Any) -> None:
    out = pipeline(TURN)(image=noise(10, 20), bboxes=empty, labels=[])
    assert type(out["bboxes"]) is type(empty)
    assert np.size(out["bboxes"]) == 0
    if isinstance(empty, np.ndarray):
        assert out["bboxes"].shape == (0, 4)
        assert out["bboxes"].dtype == empty.dtype
    assert out["labels"] == []
    assert out["kept"].shape == (0,)


def test_everything_empty_has_the_new_size() -> None:
    out = pipeline([Crop(height=6, width=5)])(
        image=noise(10, 20), bboxes=[], polygons=[], oriented_bboxes=np.zeros((0, 4, 2)),
        instance_masks=np.zeros((0, 10, 20), bool), keypoints=np.zeros((0, 17, 3)), labels=[],
    )  # fmt: skip
    assert out["image"].shape == (6, 5)
    assert out["polygons"] == []
    assert out["oriented_bboxes"].shape == (0, 4, 2)
    assert out["instance_masks"].shape == (0, 6, 5)
    assert out["instance_masks"].dtype == bool
    assert out["keypoints"].shape == (0, 17, 3)


@pytest.mark.parametrize(
    "labels",
    [["a", "b", "c"], ("a", "b", "c"), np.array([4, 5, 6], np.uint8), np.array(["a", "b", "c"])],
)
def test_labels_keep_their_type_and_go_with_their_objects(labels: Any) -> None:
    boxes = [[1, 1, 5, 5], [900, 900, 950, 950], [6, 6, 9, 9]]  # the second lies outside
    out = pipeline()(image=noise(10, 20), bboxes=boxes, labels=labels)
    assert type(out["labels"]) is type(labels)
    assert list(out["labels"]) == [labels[0], labels[2]]
    assert out["kept"].tolist() == [0, 2]
    assert len(out["bboxes"]) == 2
    if isinstance(labels, np.ndarray):
        assert out["labels"].dtype == labels.dtype


@pytest.mark.parametrize("labels", [3, "cat", None, [1, 2], np.array([0, 1])])
def test_labels_without_objects_pass_through(labels: Any) -> None:
    out = pipeline()(image=noise(10, 20), labels=labels, keypoints=[[1, 2]])
    np.testing.assert_array_equal(out["labels"], labels)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((8, 8), bool), "astype\\('uint8'\\) \\* 255, or mask="),
        (np.zeros((8, 8), np.int64), "astype\\('uint8'\\)"),
        (np.zeros((8, 8)), "astype\\('float32'\\)"),
        (np.zeros((8, 8), np.float16), "astype\\('float32'\\)"),
        (np.zeros((8, 8), ">u2"), "byte order"),
        (np.zeros((8, 0, 3), np.uint8), "is empty"),
        (np.zeros((2, 8, 8, 3), np.uint8), "one image at a time"),
        (np.zeros(8, np.uint8), r"\(H, W\) or \(H, W, C\), got shape \(8,\)"),
        (np.zeros((3, 32, 32), np.uint8), r"transpose\(1, 2, 0\)"),
        ([[1, 2], [3, 4]], r"np\.asarray"),
        ({"image": 1}, r"pipeline\(\*\*sample\)"),
        ("photo.jpg", "got str"),
        (Image.new("P", (8, 8)), r"palette.*convert\('RGB'\)"),
        (Image.new("1", (8, 8)), r"convert\('L'\)"),
        (Image.new("CMYK", (8, 8)), r"convert\('RGB'\)"),
    ],
)
def test_images_that_cannot_be_taken_say_the_cure(image: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        pipeline()(image=image)


def test_images_that_are_not_numbers() -> None:
    image = noise(8, 8, dtype=np.float32)
    image[3, 3] = np.nan
    with pytest.raises(SampleError, match="NaN"):
        pipeline()(image=image)


@pytest.mark.parametrize(("name", "meant"), sorted(TARGET_ALIASES.items()))
def test_other_tools_names_are_cured(name: str, meant: str) -> None:
    with pytest.raises(RequestError, match=f"unknown target '{name}'; did you mean '{meant}'"):
        pipeline()(image=noise(8, 8), **{name: 1})


def test_aliases_name_targets_and_are_none() -> None:
    meant = {word for words in TARGET_ALIASES.values() for word in words.split("'") if "_" in word}
    assert meant <= set(TARGETS)
    assert not set(TARGET_ALIASES) & set(TARGETS)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ({"bboxes": [[1, 2, 3]]}, "rows of 4 numbers"),
        ({"bboxes": [[1, 2, 3, 4, "cat"]]}, "labels="),
        ({"bboxes": [[1, 2, 3, 4, 5]]}, "labels="),
        ({"bboxes": [[1, 2, 3, 4], [1, 2]]}, "equally long"),
        ({"bboxes": np.zeros((2, 3, 4))}, r"\(N, 4\)"),
        ({"bboxes": 3}, "rows of 4"),
        ({"bboxes": [[1, 2, 3, 4]], "labels": [1, 2]}, "1 bboxes, 2 labels"),
        ({"bboxes": [[1, 2, 3, 4]], "labels": 1}, "one an object"),
        ({"bboxes": [[1, 2, 3, 4]], "labels": "cat"}, "one an object"),
        ({"bboxes": [[1, 2, 3, 4]], "polygons": []}, "1 bboxes, 0 polygons"),
        ({"polygons": [[[1, 2, 3, 4]]]}, "at least 3"),
        ({"polygons": [[[1, 2, 3, 4, 5, 6, 7]]]}, "an outline is"),
        ({"polygons": 3}, "list of outlines"),
        ({"polygons": [3]}, "list of outlines"),
        ({"oriented_bboxes": [[1, 2]]}, r"\(N, 4, 2\)"),
        ({"instance_masks": np.zeros((8, 8))}, r"\(N, 8, 8\)"),
        ({"instance_masks": np.zeros((2, 8, 7))}, r"instance_masks\[0\]: is 7x8"),
        ({"mask": np.zeros((8, 7))}, "mask: is 7x8, the image 8x8"),
        ({"mask": np.array([["a"] * 8] * 8)}, "integer, boolean or floating"),
        ({"masks": np.zeros((2, 8, 8))}, "instance_masks="),
        ({"keypoints": [[1, 2, 3, 4]]}, "rows of 2 or 3"),
    ],
)
def test_targets_that_cannot_be_taken(targets: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        pipeline()(image=noise(8, 8), **targets)


def test_the_ignore_value_must_fit_the_mask() -> None:
    with pytest.raises(RequestError, match="ignore_value 255"):
        pipeline(ignore_value=255)(image=noise(8, 8), mask=np.zeros((8, 8), bool))


@pytest.mark.parametrize("mask", [np.full((8, 8), -1), np.full((8, 8), 0.5), np.full((8, 8), 1e9)])
def test_values_that_trade_places_must_be_places(mask: Any) -> None:
    with pytest.raises(RequestError, match="mask_pairs"):
        pipeline(mask_pairs=[[1, 2]])(image=noise(8, 8), mask=mask)


def test_missing_keypoints_are_said_by_visibility() -> None:
    with pytest.raises(SampleError, match="visibility 0"):
        pipeline()(image=noise(8, 8), keypoints=[[1.0, np.nan]])


@needs_torch
@pytest.mark.parametrize("name", ["uint8", "float32", "uint16"])
@pytest.mark.parametrize("shape", [(12, 17), (1, 12, 17), (3, 12, 17), (5, 12, 17)])
@pytest.mark.parametrize("ops", [FLIP, TURN, [Brightness(probability=0)]])
def test_tensors_keep_shape_dtype_and_device(name: str, shape: Any, ops: Any) -> None:
    import torch

    array = noise(*shape, dtype=np.dtype(name))
    image = torch.from_numpy(array.copy())
    out = pipeline(ops)(image=image)["image"]
    assert (out.dtype, out.device, out.shape) == (image.dtype, image.device, image.shape)
    assert out.is_contiguous()
    if ops is FLIP:
        np.testing.assert_array_equal(out.numpy(), array[..., ::-1])
    if name == "float32":
        assert 0 <= float(out.min()) <= float(out.max()) <= 1
    kept = out.numpy().copy()
    image.zero_()
    np.testing.assert_array_equal(out.numpy(), kept)


@needs_torch
def test_tensors_keep_their_layout_in_memory() -> None:
    import torch

    image = torch.from_numpy(noise(12, 17, 3)).permute(2, 0, 1)
    out = pipeline()(image)
    assert out.stride() == image.stride()
    np.testing.assert_array_equal(out.numpy(), image.numpy()[..., ::-1])


@needs_torch
def test_tensors_of_every_target() -> None:
    import torch

    out = pipeline()(
        image=torch.from_numpy(noise(3, 10, 20)),
        mask=torch.from_numpy(noise(10, 20)).long(),
        bboxes=torch.tensor([[1.0, 2, 5, 6], [90, 90, 99, 99]], dtype=torch.float64),
        oriented_bboxes=torch.tensor([[1, 2, 5, 2, 5, 6, 1, 6]] * 2),
        polygons=[[torch.tensor([[1.0, 2], [5, 2], [5, 6]])]] * 2,
        instance_masks=torch.ones(2, 10, 20, dtype=torch.bool),
        keypoints=torch.tensor([[1.0, 2.0]]),
        labels=torch.tensor([7, 8]),
    )
    assert out["mask"].dtype == torch.int64
    assert out["bboxes"].dtype == torch.float64
    assert out["bboxes"].shape == (2, 4)
    assert out["bboxes"][1].tolist() == [0, 0, 20, 10]  # an unusable box is that of its mask
    assert out["oriented_bboxes"].dtype == torch.float32
    torch.testing.assert_close(out["polygons"][0][0], torch.tensor([[19.0, 2], [15, 2], [15, 6]]))
    assert out["instance_masks"].dtype == torch.bool
    assert out["keypoints"].tolist() == [[19, 2]]
    assert out["keypoints_visible"].tolist() == [True]
    assert out["labels"].tolist() == [7, 8]


@needs_torch
def test_tensors_that_cannot_be_taken() -> None:
    import torch

    for image, words in [
        (torch.zeros(32, 32, 3), "permute"),
        (torch.zeros(2, 3, 8, 8), "one image at a time"),
        (torch.zeros(8, 8, dtype=torch.float64), r"image\.float\(\)"),
        (torch.zeros(8, 8, dtype=torch.bfloat16), r"float\(\)"),
        (torch.zeros(8, 8, dtype=torch.int64), r"to\(torch\.uint8\)"),
        (torch.zeros(8, 8, dtype=torch.bool), r"byte\(\) \* 255"),
    ]:
        with pytest.raises(RequestError, match=words):
            pipeline()(image=image)
    labels = torch.tensor([1, 2])
    out = pipeline()(image=noise(8, 8), labels=labels)["labels"]
    assert out.data_ptr() != labels.data_ptr()
