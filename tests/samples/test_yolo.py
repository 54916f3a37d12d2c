"""Reading YOLO."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from annotated import picture, save_yolo
from tenfold.errors import RequestError, SampleError
from tenfold.samples.sample import Instance
from tenfold.samples.sources.yolo import YoloSource
from tenfold.samples.sources.yolo_paths import label_path, resolve

NAMES = "names: [cat, dog]\n"


def close(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(actual, dtype=np.float64), expected, atol=1e-9)


def read_one(root: Path) -> tuple[Instance, ...]:
    source = YoloSource.open(root)
    (item,) = source.items
    again: YoloSource = pickle.loads(pickle.dumps(source))
    return again.read(item).instances


def save(root: Path, yaml: str | None, *rows: str) -> None:
    save_yolo(root, "images/a.png", "".join(f"{row}\n" for row in rows))
    if yaml is not None:
        (root / "data.yaml").write_text(yaml)
    assert YoloSource.detect(root)


def test_boxes_and_outlines(tmp_path: Path) -> None:
    save(tmp_path, NAMES, "1 0.5 0.5 0.25 0.2", "", "0.0 0.1 0.1 0.5 0.1 0.5 0.9")
    source = YoloSource.open(tmp_path)
    (item,) = source.items
    assert (item.labels, item.split) == (("dog", "cat"), None)
    assert item.files == ("images/a.png", "labels/a.txt")
    assert source.info.classes == ("cat", "dog")
    box, shape = read_one(tmp_path)
    assert (box.label, shape.label) == ("dog", "cat")
    close(box.box, [15, 12, 25, 18])
    close(shape.polygons[0], [[4, 3], [20, 3], [20, 27]])
    close(shape.box, [4, 3, 20, 27])


@pytest.mark.parametrize("yaml", ["nc: 3\n", None])
def test_without_names_the_label_is_the_number(tmp_path: Path, yaml: str | None) -> None:
    save(tmp_path, yaml, "2 0.5 0.5 0.25 0.2")
    assert [i.label for i in read_one(tmp_path)] == [2]
    assert YoloSource.open(tmp_path).info.classes == ("2",)


def test_names_by_number_or_from_a_text_file(tmp_path: Path) -> None:
    save(tmp_path, "names:\n  0: cat\n  1: dog\n", "1 0.5 0.5 0.25 0.2")
    assert [i.label for i in read_one(tmp_path)] == ["dog"]
    (tmp_path / "data.yaml").unlink()
    (tmp_path / "labels" / "classes.txt").write_text("bird\nfish\n")
    assert [i.label for i in read_one(tmp_path)] == ["fish"]
    assert not YoloSource.open(tmp_path).problems


def test_keypoints(tmp_path: Path) -> None:
    yaml = NAMES + "kpt_shape: [3, 3]\nflip_idx: [0, 2, 1]\n"
    save(tmp_path, yaml, "0 0.5 0.5 0.2 0.2 0.25 0.5 2 0.5 0.5 1 0 0 0")
    source = YoloSource.open(tmp_path)
    assert source.info.has_keypoints
    assert source.info.keypoint_pairs == ((1, 2),)
    (instance,) = read_one(tmp_path)
    close(instance.keypoints, [[10, 15, 2], [20, 15, 1], [0, 0, 0]])


def test_keypoints_without_visibility(tmp_path: Path) -> None:
    save(tmp_path, NAMES + "kpt_shape: [2, 2]\n", "0 0.5 0.5 0.2 0.2 0.25 0.5 0 0")
    (instance,) = read_one(tmp_path)
    close(instance.keypoints, [[10, 15, 2], [0, 0, 0]])
    assert YoloSource.open(tmp_path).info.keypoint_pairs is None


def rectangle(degrees: float) -> str:
    corners = cv2.boxPoints(((20.0, 15.0), (14.0, 6.0), degrees)) / [40, 30]
    return "0 " + " ".join(f"{v:.6f}" for v in corners.reshape(-1))


QUAD = "0 0.1 0.1 0.9 0.1 0.9 0.9 0.5 0.5"


@pytest.mark.parametrize(
    ("yaml", "rows", "oriented"),
    [
        (NAMES, [rectangle(30), rectangle(77)], True),
        (NAMES, [rectangle(30), QUAD], False),
        (NAMES, [rectangle(30), "0 0.5 0.5 0.1 0.1"], False),
        (NAMES + "task: obb\n", [QUAD], True),
        (NAMES + "task: segment\n", [rectangle(30)], False),
    ],
)
def test_oriented_boxes(tmp_path: Path, yaml: str, rows: list[str], oriented: bool) -> None:
    save(tmp_path, yaml, *rows)
    first = read_one(tmp_path)[0]
    assert (first.oriented is not None) is oriented
    assert bool(first.polygons) is not oriented


@pytest.mark.parametrize(
    ("image", "yaml"),
    [
        ("images/train/a.png", NAMES),
        ("train/images/a.png", NAMES),
        ("train/images/a.png", NAMES + "train: ../train/images\nval: ../val/images\n"),
        ("images/train/a.png", NAMES + "path: /home/me/x\ntrain: images/train\nval: images/val\n"),
        ("images/train/a.png", NAMES + "path: ../datasets/x\ntrain: images/train\n"),
        ("images/train/a.png", NAMES + "train: /home/me/x/images/train\nval: [images/val]\n"),
        ("images/train/sub/a.png", NAMES + "train: images/train\nval: images/val\n"),
        ("images/train_set/a.png", NAMES + "train: images/train_set\nval: images/val_set\n"),
    ],
)
def test_arrangements_of_folders(tmp_path: Path, image: str, yaml: str) -> None:
    save_yolo(tmp_path, image, "0 0.5 0.5 0.1 0.1\n")
    save_yolo(tmp_path, image.replace("train", "val"), "1 0.5 0.5 0.1 0.1\n")
    picture(tmp_path / "runs" / "plot.png")
    (tmp_path / "data.yaml").write_text(yaml)
    source = YoloSource.open(tmp_path)
    assert not source.problems
    assert [(i.id, i.split, i.labels) for i in source.items] == [
        (image, "train", ("cat",)),
        (image.replace("train", "val"), "val", ("dog",)),
    ]


def test_lists_of_images(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        save_yolo(tmp_path, f"images/{name}.png", "0 0.5 0.5 0.1 0.1\n")
    picture(tmp_path.parent / "out.png")
    (tmp_path / "train.txt").write_text("./images/a.png\nimages/b.png\n../out.png\n\n")
    (tmp_path / "val.txt").write_text("/home/me/data/images/b.png\n/home/gone.png\n")
    (tmp_path / "data.yaml").write_text(NAMES + "train: train.txt\nval: val.txt\n")
    source = YoloSource.open(tmp_path)
    assert [(i.id, i.split) for i in source.items] == [
        ("images/a.png", "train"), ("images/b.png", "val"), ("images/c.png", None),
    ]  # fmt: skip
    assert [p.id for p in source.problems] == ["val.txt: /home/gone.png", "train.txt: ../out.png"]


def test_an_image_without_label_file_has_no_objects(tmp_path: Path) -> None:
    save(tmp_path, NAMES)
    save_yolo(tmp_path, "images/b.png", None)
    source = YoloSource.open(tmp_path)
    assert [i.files for i in source.items] == [("images/a.png", "labels/a.txt"), ("images/b.png",)]
    assert all(source.read(i).instances == () for i in source.items)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0 0.5 0.5 0.1", "it has 4 values"),
        ("0 0.5 0.5 0.1 0.1 0.9", r"6 values \(a confidence"),
        ("0 0.5 0.5 0.1 0.1 0.2 0.2 0.3", "8 values"),
        ("2 0.5 0.5 0.1 0.1", r"class 2 is out of range 0\.\.1"),
        ("-1 0.5 0.5 0.1 0.1", "class -1 is out of range"),
        ("nan 0.5 0.5 0.1 0.1", "whole number, got 'nan'"),
        ("0.5 0.5 0.5 0.1 0.1", "whole number"),
        ("cat 0.5 0.5 0.1 0.1", "whole number, got 'cat'"),
        ("0 0.5 0,5 0.1 0.1", "not a number"),
    ],
)
def test_bad_rows_name_file_and_line(tmp_path: Path, row: str, message: str) -> None:
    save(tmp_path, NAMES, "0 0.5 0.5 0.1 0.1", "", row)
    source = YoloSource.open(tmp_path)
    with pytest.raises(SampleError, match=message) as error:
        source.read(source.items[0])
    assert str(error.value).startswith("labels/a.txt, line 3: ")


def test_a_label_file_that_is_no_text(tmp_path: Path) -> None:
    save(tmp_path, NAMES)
    (tmp_path / "labels/a.txt").write_bytes(b"\xff\xfe\x00\x80")
    source = YoloSource.open(tmp_path)
    with pytest.raises(SampleError, match=r"labels/a\.txt is not a text file"):
        source.read(source.items[0])


def test_strange_boxes_pass_through(tmp_path: Path) -> None:
    save(tmp_path, NAMES, "0 nan 1.01 0.5 -0.2")
    (instance,) = read_one(tmp_path)
    close(instance.box, [np.nan, 33.3, np.nan, 27.3])


@pytest.mark.parametrize(
    ("yaml", "row", "value"),
    [
        (NAMES, "0 50 50 20 20", "50"),
        (NAMES, "0 0.5 0.5 0.2 20", "20"),
        (NAMES, "0 0.1 0.1 0.5 0.1 0.5 27.5", "27.5"),
        (NAMES + "task: obb\n", "0 1 1 9 1 9 5 1 5", "9"),
        (NAMES + "kpt_shape: [1, 3]\n", "0 0.5 0.5 0.2 0.2 12 0.5 2", "12"),
        (NAMES + "kpt_shape: [1, 2]\n", "0 0.5 0.5 0.2 0.2 12 9", "12"),
    ],
)
def test_pixels_are_no_shares(tmp_path: Path, yaml: str, row: str, value: str) -> None:
    save(tmp_path, yaml, row)
    source = YoloSource.open(tmp_path)
    with pytest.raises(SampleError) as error:
        source.read(source.items[0])
    assert str(error.value) == (
        f"labels/a.txt, line 1: {value} is outside 0..1; YOLO wants shares: divide by the image's "
        "width and height"
    )


def test_a_keypoint_that_is_not_labelled_may_be_anywhere(tmp_path: Path) -> None:
    save(tmp_path, NAMES + "kpt_shape: [1, 3]\n", "0 0.5 0.5 0.2 0.2 12 9 0")
    (instance,) = read_one(tmp_path)
    assert instance.keypoints is not None
    assert instance.keypoints[0, 2] == 0


def test_train_and_val_may_be_the_same_images(tmp_path: Path) -> None:
    """As in Ultralytics' coco128.yaml."""
    for name in ("a", "b"):
        save_yolo(tmp_path, f"images/train2017/{name}.png", "0 0.5 0.5 0.1 0.1\n")
    same = "train: images/train2017\nval: images/train2017\ntest:\n"
    (tmp_path / "data.yaml").write_text(NAMES + same)
    source = YoloSource.open(tmp_path)
    assert {i.split for i in source.items} == {"train"}
    (note,) = source.info.notes
    assert "data.yaml names the same 2 images for train and val" in note


def test_train_that_holds_val_too(tmp_path: Path) -> None:
    for name in ("a", "val/b"):
        save_yolo(tmp_path, f"images/{name}.png", "0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "data.yaml").write_text(NAMES + "train: images\nval: images/val\n")
    source = YoloSource.open(tmp_path)
    assert {i.id: i.split for i in source.items} == {
        "images/a.png": "train",
        "images/val/b.png": "val",
    }
    assert source.info.notes == ()


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("names: [a\n", "not valid YAML"),
        ("names: cat\n", "list or a numbered mapping"),
        ("names: {a: b}\n", "whole numbers"),
        ("nc: 3\n" + NAMES, "nc is 3, but there are 2 names"),
        ("nc: many\n", "nc must be a whole number"),
        (NAMES + "kpt_shape: 17\n", "kpt_shape must be"),
        (NAMES + "kpt_shape: [3, 4]\n", "kpt_shape must be"),
        (NAMES + "kpt_shape: [3, 2]\nflip_idx: [0, 1]\n", "flip_idx must pair"),
        (NAMES + "kpt_shape: [3, 2]\nflip_idx: [1, 2, 0]\n", "flip_idx must pair"),
    ],
)
def test_bad_yaml(tmp_path: Path, yaml: str, message: str) -> None:
    save(tmp_path, yaml)
    with pytest.raises(RequestError, match=message) as error:
        YoloSource.open(tmp_path)
    assert "data.yaml" in str(error.value)


def test_what_is_missing_is_reported(tmp_path: Path) -> None:
    yaml = NAMES + "train: images\nval: elsewhere\ntest: none\n"
    save(tmp_path, yaml, "0 0.5 0.5 0.1 0.1")
    (tmp_path / "labels" / "b.txt").write_text("")
    picture(tmp_path / "images" / "a.bmp")
    problems = {p.id: p.reason for p in YoloSource.open(tmp_path).problems}
    assert "'elsewhere'" in problems["data.yaml: val"]
    assert "without an image" in problems["labels/b.txt"]
    assert len(problems) == 3
    assert any("rename one" in reason for reason in problems.values())


def test_not_yolo(tmp_path: Path) -> None:
    assert not YoloSource.detect(tmp_path)
    assert not YoloSource.detect(tmp_path / "nothing")
    (tmp_path / "recipe.yaml").write_text("version: 1\ninvariances: []\n")
    (tmp_path / "other.yaml").write_text("names: [these, are, not, classes]\n")
    assert not YoloSource.detect(tmp_path)
    (tmp_path / "other.yaml").write_text("names: [a]\ntrain: x\n")
    assert YoloSource.detect(tmp_path)
    (tmp_path / "other.yaml").unlink()
    with pytest.raises(RequestError, match="no images"):
        YoloSource.open(tmp_path)


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("images/a.png", "labels/a.txt"),
        ("images/images/b.c.png", "images/labels/b.c.txt"),
        ("train/images/x/a.jpg", "train/labels/x/a.txt"),
        ("data/a.jpg", "data/a.txt"),
        ("images", "images.txt"),
    ],
)
def test_label_paths(image: str, label: str) -> None:
    assert label_path(image) == label


def test_paths_never_leave_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "in"
    (root / "images").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (root / "link").symlink_to(tmp_path / "other")
    for value in ("..", "../other", str(tmp_path / "other"), "link", "images/../../other"):
        assert resolve(root, None, value) is None
    assert resolve(root, None, str(root / "images")) == "images"
    assert resolve(root, "in", "images") == "images"
