"""Reading Pascal VOC."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotated import parse_voc, picture, save_voc, voc_object
from tenfold.errors import RequestError, SampleError
from tenfold.samples.sources.voc import VocSource

PART = (
    "<part><name>head</name><bndbox>"
    "<xmin>3</xmin><ymin>4</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></part>"
)
POINT = "<point><x>7</x><y>8</y></point>"


def test_boxes_count_from_one_and_include_the_end(tmp_path: Path) -> None:
    save_voc(tmp_path, "a", voc_object("cat", (1, 2, 10, 20)) + voc_object("dog", (5, 5, 5, 5.5)))
    assert VocSource.detect(tmp_path)
    source = pickle.loads(pickle.dumps(VocSource.open(tmp_path)))
    (item,) = source.items
    assert item.files == ("JPEGImages/a.png", "Annotations/a.xml")
    assert (item.labels, item.split) == (("cat", "dog"), None)
    assert source.info.classes == ("cat", "dog")
    cat, dog = source.read(item).instances
    assert cat.label == "cat"
    assert cat.box.tolist() == [0, 1, 10, 20]
    assert dog.box.tolist() == [4, 4, 5, 5.5]
    assert (cat.extra["difficult"], cat.extra["truncated"]) == (0, 0)


def test_parts_and_points_move(tmp_path: Path) -> None:
    save_voc(tmp_path, "a", voc_object("person", (1, 2, 10, 20), PART + POINT))
    source = VocSource.open(tmp_path)
    (item,) = source.items
    assert item.labels == ("person",)
    assert source.info.keypoint_pairs == ()
    person, head = source.read(item).instances
    assert person.keypoints is not None
    assert person.keypoints.tolist() == [[6.5, 7.5, 2]]
    assert head.label is None
    assert head.box is not None
    assert head.box.tolist() == [2, 3, 5, 6]


def test_splits(tmp_path: Path) -> None:
    for stem in ("a", "b", "c", "d e", "f"):
        save_voc(tmp_path, stem, "")
    main = tmp_path / "ImageSets" / "Main"
    main.mkdir(parents=True)
    (main / "train.txt").write_text("a\nd e\nb\n")
    (main / "val.txt").write_text("b\r\n")
    (main / "test.txt").write_text("c\n\nmissing\n")
    (main / "trainval.txt").write_text("a\nb\nd e\n")
    (main / "cat_train.txt").write_text("a  1\nd e -1\n")
    source = VocSource.open(tmp_path)
    splits = {Path(i.id).stem: i.split for i in source.items}
    assert splits == {"a": "train", "b": "val", "c": "test", "d e": "train", "f": None}
    assert [p.reason for p in source.problems] == [
        "ImageSets/Main/test.txt lists 'missing', which JPEGImages doesn't have"
    ]
    rows = next(one.rows for one in source.lists if one.name == "cat_train")
    assert rows == (("a", "1"), ("d e", "-1"))


def test_trainval_alone_is_for_training(tmp_path: Path) -> None:
    save_voc(tmp_path, "a", "")
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    (tmp_path / "ImageSets/Main/trainval.txt").write_text("a\n")
    assert [i.split for i in VocSource.open(tmp_path).items] == ["train"]


def test_segmentations_are_masks(tmp_path: Path) -> None:
    save_voc(tmp_path, "a", voc_object("cat", (1, 2, 10, 20)))
    indices = np.zeros((30, 40), np.uint8)
    indices[1:20, :10], indices[20] = 3, 255
    for folder in ("SegmentationClass", "SegmentationObject"):
        (tmp_path / folder).mkdir()
        image = Image.fromarray(indices)
        image.putpalette([v for i in range(256) for v in (i, 255 - i, i // 2)])
        image.save(tmp_path / folder / "a.png")
    source = VocSource.open(tmp_path)
    assert source.info.has_masks
    sample = source.read(source.items[0])
    np.testing.assert_array_equal(sample.masks["class"], indices)
    np.testing.assert_array_equal(sample.masks["object"], indices)


def test_an_image_without_annotation_has_no_objects(tmp_path: Path) -> None:
    save_voc(tmp_path, "a", "")
    picture(tmp_path / "JPEGImages" / "b.png")
    source = VocSource.open(tmp_path)
    assert [i.files for i in source.items][1] == ("JPEGImages/b.png",)
    assert source.read(source.items[1]).instances == ()


def test_size_and_orientation(tmp_path: Path) -> None:
    save_voc(tmp_path, "a", voc_object("cat", (1, 2, 10, 20)))
    picture(tmp_path / "JPEGImages/a.png", orientation=8)
    source = VocSource.open(tmp_path)
    assert source.read(source.items[0]).image.shape == (30, 40, 3)
    picture(tmp_path / "JPEGImages/a.png", width=20)
    with pytest.raises(SampleError, match=r"a\.xml says the image is 40x30, the file is 20x30"):
        source.read(source.items[0])


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    "<annotation><filename>&b;</filename></annotation>"
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<annotation><object>", "not valid XML"),
        ("", "not valid XML"),
        (BOMB, "declares entities"),
        ("<html></html>", "expected an <annotation>"),
        ("<annotation><object/></annotation>", "no <name>"),
    ],
)
def test_bad_xml_is_quarantined(tmp_path: Path, text: str, reason: str) -> None:
    save_voc(tmp_path, "a", "")
    save_voc(tmp_path, "b", "")
    (tmp_path / "Annotations" / "b.xml").write_text(text)
    source = VocSource.open(tmp_path)
    assert [i.id for i in source.items] == ["JPEGImages/a.png"]
    (problem,) = source.problems
    assert problem.id == "JPEGImages/b.png"
    assert reason in problem.reason


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ("<object><name>x</name></object>", "no <bndbox>"),
        (voc_object("x", (1, 2, "wide", 4)), "<xmax> must be a number, got 'wide'"),
        (voc_object("x", (1, 2, 3, 4), "<polygon/>"), "can't be moved"),
    ],
)
def test_bad_objects_are_named(tmp_path: Path, element: str, message: str) -> None:
    save_voc(tmp_path, "a", voc_object("y", (1, 2, 3, 4)) + element)
    source = VocSource.open(tmp_path)
    with pytest.raises(SampleError, match=r"Annotations/a\.xml: object 2: ") as error:
        source.read(source.items[0])
    assert message in str(error.value)


def test_strange_boxes_pass_through(tmp_path: Path) -> None:
    save_voc(tmp_path, "a", voc_object("x", ("nan", -4, 2, 900)))
    source = VocSource.open(tmp_path)
    (instance,) = source.read(source.items[0]).instances
    np.testing.assert_array_equal(instance.box, [np.nan, -5, 2, 900])


@pytest.mark.parametrize("name", ["../../secret.png", "gone.png", "/etc/passwd", "", "../a.png"])
def test_annotations_naming_other_images(tmp_path: Path, name: str) -> None:
    save_voc(tmp_path, "a", "")
    text = f"<annotation><filename>{name}</filename></annotation>"
    (tmp_path / "Annotations" / "z.xml").write_text(text)
    source = VocSource.open(tmp_path)
    assert len(source.items) == 1
    (problem,) = source.problems
    assert problem.id == "Annotations/z.xml"


def test_an_annotation_may_name_its_image(tmp_path: Path) -> None:
    save_voc(tmp_path, "a", voc_object("x", (1, 2, 3, 4)))
    (tmp_path / "Annotations/a.xml").rename(tmp_path / "Annotations/0001.xml")
    (item,) = VocSource.open(tmp_path).items
    assert item.files == ("JPEGImages/a.png", "Annotations/0001.xml")


def test_two_images_of_one_name(tmp_path: Path) -> None:
    save_voc(tmp_path, "a", "")
    picture(tmp_path / "JPEGImages" / "a.bmp")
    source = VocSource.open(tmp_path)
    assert len(source.items) == len(source.problems) == 1
    assert "rename one" in source.problems[0].reason


def test_not_voc(tmp_path: Path) -> None:
    assert not VocSource.detect(tmp_path)
    assert not VocSource.detect(tmp_path / "nothing")
    with pytest.raises(RequestError, match="JPEGImages"):
        VocSource.open(tmp_path)


def test_blood_cells(shared_data: Path) -> None:
    root = shared_data / "blood-cells-voc"
    source = VocSource.open(root)
    assert len(source.items) == 264
    assert not source.problems
    assert set(source.info.classes) == {"RBC", "WBC", "Platelets"}
    for item in source.items[::40]:
        expected = parse_voc(root / item.files[1])
        sample = source.read(item)
        assert sample.image.shape == (480, 640, 3)
        for instance, (name, (xmin, ymin, xmax, ymax)) in zip(
            sample.instances, expected, strict=True
        ):
            assert instance.label == name
            assert instance.box is not None
            assert instance.box.tolist() == [xmin - 1, ymin - 1, xmax, ymax]
