"""Reading COCO."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as reference

from annotated import coco_document, picture, save_json
from tenfold.errors import RequestError, SampleError
from tenfold.samples import rle
from tenfold.samples.sample import Sample
from tenfold.samples.sources.coco import CocoSource
from tenfold.samples.sources.coco_files import keypoint_pairs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
"""Of pycocotools' decoder with numpy 2; tenfold uses its encoder only."""

IMAGE = {"id": 5, "file_name": "a.png", "width": 40, "height": 30, "license": 4}
BOX = {"id": 11, "image_id": 5, "category_id": 7, "bbox": [1.5, 2, 10, 20.25], "iscrowd": 0}


def open_one(
    root: Path, *annotations: dict[str, Any], image: dict[str, Any] = IMAGE, **more: Any
) -> CocoSource:
    picture(root / "images" / "a.png")
    save_json(root / "annotations" / "instances.json", coco_document([image], annotations, **more))
    assert CocoSource.detect(root)
    return CocoSource.open(root)


def read_one(source: CocoSource) -> Sample:
    (item,) = source.items
    return source.read(item)


def test_reads_boxes_in_continuous_pixels(tmp_path: Path) -> None:
    source = open_one(tmp_path, {**BOX, "attributes": {"occluded": True}})
    (item,) = source.items
    assert (item.id, item.labels, item.split) == ("images/a.png", ("dog",), None)
    assert item.files == ("images/a.png", "annotations/instances.json")
    assert source.info.classes == ("cat", "dog", "person")
    sample = pickle.loads(pickle.dumps(source)).read(item)
    assert sample.image.shape == (30, 40, 3)
    (instance,) = sample.instances
    assert instance.label == "dog"
    np.testing.assert_array_equal(instance.box, [1.5, 2, 11.5, 22.25])
    assert instance.extra["attributes"] == {"occluded": True}
    assert instance.extra["category_id"] == 7


def test_reads_polygons_and_derives_a_missing_box(tmp_path: Path) -> None:
    parts = [[1, 2, 9, 2, 9, 8], [20, 20, 30, 20, 30, 28, 20, 28], [3, 3, 4, 4]]
    annotation = {"id": 1, "image_id": 5, "category_id": 2, "segmentation": parts}
    (instance,) = read_one(open_one(tmp_path, annotation)).instances
    assert [p.tolist() for p in instance.polygons] == [
        [[1, 2], [9, 2], [9, 8]],
        [[20, 20], [30, 20], [30, 28], [20, 28]],
    ]
    assert instance.box is not None
    assert instance.box.tolist() == [1, 2, 30, 28]


@pytest.mark.parametrize("form", ["compressed", "runs"])
def test_reads_both_forms_of_rle(tmp_path: Path, form: str) -> None:
    mask = np.zeros((30, 40), bool)
    mask[4:9, 10:30] = True
    encoded = reference.encode(np.asfortranarray(mask, dtype=np.uint8))
    counts: Any = encoded["counts"].decode()
    if form == "runs":
        flat = mask.T.ravel()
        edges = np.flatnonzero(np.diff(flat)) + 1
        counts = np.diff([0, *edges, flat.size]).tolist()
    annotation = {**BOX, "segmentation": {"size": [30, 40], "counts": counts}, "iscrowd": 1}
    (instance,) = read_one(open_one(tmp_path, annotation)).instances
    np.testing.assert_array_equal(instance.mask, mask)
    assert instance.extra["coco_form"] == form
    assert instance.extra["iscrowd"] == 1


def test_keypoints_are_pixel_indices(tmp_path: Path) -> None:
    annotation = {**BOX, "category_id": 9, "keypoints": [10, 11, 2, 12, 13, 1, 0, 0, 0]}
    source = open_one(tmp_path, annotation)
    (instance,) = read_one(source).instances
    assert instance.keypoints is not None
    assert instance.keypoints.tolist() == [[10.5, 11.5, 2], [12.5, 13.5, 1], [0, 0, 0]]
    assert source.info.has_keypoints
    assert source.info.keypoint_pairs == ((1, 2),)


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (("nose", "left_eye", "right_eye"), ((1, 2),)),
        (("R_Hand", "L_Hand", "tail"), ((1, 0),)),
        (("eye.l", "eye.r"), ((0, 1),)),
        (("Right Ear", "Left Ear"), ((1, 0),)),
        (("top", "bottom", "all"), None),
        (("left_eye", "nose"), None),
        (("right_eye", "nose"), None),
    ],
)
def test_left_and_right_from_names(
    names: tuple[str, ...], pairs: tuple[tuple[int, int], ...] | None
) -> None:
    assert keypoint_pairs(names) == pairs


@given(st.data())
def test_rle_agrees_with_pycocotools(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    bits = data.draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    mask = np.array(bits).reshape(height, width)
    theirs = reference.encode(np.asfortranarray(mask, dtype=np.uint8))
    np.testing.assert_array_equal(rle.decode(theirs, height, width), mask)
    for compressed in (True, False):
        ours = rle.encode(mask, compressed)
        read = ours if compressed else reference.frPyObjects(ours, height, width)
        np.testing.assert_array_equal(reference.decode(read), mask)
        np.testing.assert_array_equal(rle.decode(ours, height, width), mask)


@pytest.mark.parametrize(
    ("images", "annotations"),
    [
        ("train2017/{}", "annotations/instances_train2017.json"),
        ("images/train/{}", "annotations/train.json"),
        ("train/{}", "annotations/instances_train.json"),
        ("train/{}", "train/_annotations.coco.json"),
        ("images/train2017/{}", "annotations/person_keypoints_train2017.json"),
        ("train/images/{}", "train/annotations.json"),
    ],
)
def test_arrangements_of_folders(tmp_path: Path, images: str, annotations: str) -> None:
    for split in ("train", "val"):
        picture(tmp_path / images.format("a.png").replace("train", split))
        path = tmp_path / annotations.replace("train", split)
        save_json(path, coco_document([IMAGE], [BOX]))
    assert CocoSource.detect(tmp_path)
    source = CocoSource.open(tmp_path)
    assert not source.problems
    assert [(i.id, i.split) for i in source.items] == [
        (images.format("a.png"), "train"),
        (images.format("a.png").replace("train", "val"), "val"),
    ]


def test_one_file_at_the_root_and_splits_from_folders(tmp_path: Path) -> None:
    picture(tmp_path / "images/train/a.png")
    picture(tmp_path / "images/val/b.png")
    entries = [{**IMAGE, "file_name": "train/a.png"}, {"id": 6, "file_name": "images\\val\\b.png"}]
    save_json(tmp_path / "coco.json", coco_document(entries, []))
    source = CocoSource.open(tmp_path)
    assert [(i.id, i.split) for i in source.items] == [
        ("images/train/a.png", "train"),
        ("images/val/b.png", "val"),
    ]


def test_several_files_about_one_image(tmp_path: Path) -> None:
    source = open_one(tmp_path, BOX)
    caption = {"id": 90, "image_id": 5, "caption": "a dog"}
    document = {"info": {}, "images": [IMAGE], "annotations": [caption]}
    save_json(tmp_path / "annotations" / "captions.json", document)
    source = CocoSource.open(tmp_path)
    (item,) = source.items
    assert item.labels == ("dog",)
    assert len(item.files) == 3
    assert len(source.read(item).instances) == 1


def test_an_image_in_two_splits_is_held_back(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png")
    for split in ("train", "val"):
        save_json(tmp_path / f"annotations/{split}.json", coco_document([IMAGE], [BOX]))
    assert [i.split for i in CocoSource.open(tmp_path).items] == ["val"]


def test_rotated_by_exif(tmp_path: Path) -> None:
    source = open_one(tmp_path, BOX)
    stored = source.read(source.items[0]).image
    picture(tmp_path / "images" / "a.png", orientation=6)
    sample = source.read(source.items[0])  # the JSON says 40x30, the stored size
    np.testing.assert_array_equal(sample.image, stored)
    upright = open_one(tmp_path, BOX, image={**IMAGE, "width": 30, "height": 40})
    picture(tmp_path / "images" / "a.png", orientation=6)
    assert upright.read(upright.items[0]).image.shape == (40, 30, 3)


def test_another_size_than_the_file(tmp_path: Path) -> None:
    source = open_one(tmp_path, BOX, image={**IMAGE, "width": 80, "height": 60})
    with pytest.raises(SampleError, match=r"instances.json says the image is 80x60.*is 40x30"):
        source.read(source.items[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": [], "annotations": [', "not valid JSON"),
        ('{"annotations": [], "categories": []}', "has no 'images'"),
        ('{"images": [], "categories": []}', "has no 'annotations'"),
        (json.dumps({"images": [], "annotations": [BOX]}), "has no 'categories'"),
        ('{"images": {}, "annotations": [], "categories": []}', "must be a list"),
        ('{"images": [], "annotations": [], "categories": [{"id": 1}]}', "id and name"),
        (
            '{"images": [], "annotations": [{"segments_info": []}], "categories": []}',
            "can't be moved",
        ),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "x.json").write_text(text)
    assert CocoSource.detect(tmp_path)
    with pytest.raises(RequestError, match=message) as error:
        CocoSource.open(tmp_path)
    assert "annotations/x.json" in str(error.value)


@pytest.mark.parametrize("content", ["", "[1, 2]", '{"name": "x"}', "\x00\x01"])
def test_other_json_is_not_coco(tmp_path: Path, content: str) -> None:
    (tmp_path / "settings.json").write_text(content)
    assert not CocoSource.detect(tmp_path)
    assert not CocoSource.detect(tmp_path / "nothing")


def test_bad_entries_are_quarantined_and_the_rest_stays(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png")
    picture(tmp_path.parent / "outside.png")
    images = [
        IMAGE,
        {"id": 6, "file_name": "b.png"},
        {"id": 7, "file_name": "../outside.png"},
        {"id": 8, "file_name": "gone.png"},
        {"id": 5, "file_name": "b.png"},
        {"id": 9, "file_name": str(tmp_path.parent / "outside.png")},
        {"id": 10},
        "strange",
    ]
    annotations = [
        BOX,
        {**BOX, "id": 12, "image_id": 99},
        {**BOX, "id": 13, "image_id": 6, "category_id": 1},
        None,
    ]
    save_json(tmp_path / "x.json", coco_document(images, annotations))
    source = CocoSource.open(tmp_path)
    assert [i.id for i in source.items] == ["a.png"]
    reasons = "\n".join(f"{p.id}: {p.reason}" for p in source.problems)
    for part in (
        "../outside.png",
        "gone.png",
        "image 99",
        "category 1",
        "the id 5",
        "no file_name",
    ):
        assert part in reasons
    assert len(source.problems) == 9
    assert all("x.json" in p.reason for p in source.problems)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bbox": [1, 2, 3]}, "bbox must be"),
        ({"bbox": [1, 2, 3, 10**400]}, "beyond all bounds"),
        ({"bbox": [1, 2, 3, "x"]}, "list of numbers"),
        ({"segmentation": [[1, 2, 3]]}, "x and y for each point"),
        ({"segmentation": "text"}, "polygons or RLE"),
        ({"segmentation": {"size": [30, 40], "counts": [5, 7]}}, "12 pixels, the image has 1200"),
        ({"segmentation": {"size": [40, 30], "counts": [1200]}}, "size is"),
        ({"segmentation": {"size": [30, 40], "counts": "zz~"}}, "RLE"),
        ({"segmentation": {"size": [30, 40]}}, "no counts"),
        ({"category_id": 9, "keypoints": [1, 2, 2]}, "expected 9"),
    ],
)
def test_bad_annotations_name_file_and_id(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    source = open_one(tmp_path, {**BOX, **change})
    with pytest.raises(SampleError, match=message) as error:
        source.read(source.items[0])
    assert "annotations/instances.json, annotation 11" in str(error.value)


def test_strange_boxes_pass_through(tmp_path: Path) -> None:
    source = open_one(tmp_path, {**BOX, "bbox": [float("nan"), -5, -3, 900]})
    (instance,) = source.read(source.items[0]).instances
    np.testing.assert_array_equal(instance.box, [np.nan, -5, np.nan, 895])


@pytest.mark.parametrize(
    ("extra", "key"),
    [
        ({"score": float("nan")}, "score"),
        ({"attributes": {"sizes": [1, {"w": float("inf")}]}}, "attributes.sizes.1.w"),
        ({"id": float("nan")}, "id"),
    ],
)
def test_values_that_json_cannot_hold(tmp_path: Path, extra: dict[str, Any], key: str) -> None:
    for name in ("a.png", "b.png"):
        picture(tmp_path / "images" / name)
    images = [IMAGE, {"id": 6, "file_name": "b.png"}]
    annotations = [{**BOX, **extra}, {**BOX, "id": 12, "image_id": 6, "score": 0.5}]
    save_json(tmp_path / "annotations" / "all.json", coco_document(images, annotations))
    source = CocoSource.open(tmp_path)
    assert [i.id for i in source.items] == ["images/b.png"]
    (problem,) = source.problems
    assert problem.id == "images/a.png"
    assert f"'{key}'" in problem.reason
    assert "NaN" in problem.reason


def test_captions_with_values_that_json_cannot_hold(tmp_path: Path) -> None:
    caption = {"id": 3, "image_id": 5, "caption": "a dog", "agreement": float("-inf")}
    source = open_one(tmp_path, BOX, caption)
    assert not source.items
    assert "'agreement'" in source.problems[0].reason


def test_numbers_of_the_geometry_are_for_the_recipe(tmp_path: Path) -> None:
    nan = float("nan")
    source = open_one(tmp_path, {**BOX, "bbox": [nan, 1, 2, 3], "area": nan})
    (instance,) = read_one(source).instances
    assert instance.box is not None
    assert np.isnan(instance.box).any()


def test_images_that_no_file_names_are_noted(tmp_path: Path) -> None:
    source = open_one(tmp_path, BOX)
    assert source.info.notes == ()
    for name in ("val/z.png", "val/y.png", "b.png", "c.png", ".hidden.png"):
        picture(tmp_path / "images" / name)
    # An entry that can't be used names its image all the same.
    images = [IMAGE, {"id": 5, "file_name": "c.png"}]
    save_json(tmp_path / "annotations" / "instances.json", coco_document(images, [BOX]))
    (note,) = CocoSource.open(tmp_path).info.notes
    assert note == ("3 images that no COCO file names are left out, such as images/b.png")
