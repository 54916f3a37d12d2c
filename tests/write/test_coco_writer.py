"""Writing COCO, read back with pycocotools."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from annotated import coco_document, picture, run, save_json
from tenfold.errors import SampleError, TenfoldError
from tenfold.samples.sample import Instance
from tenfold.samples.sources.coco import CocoSource
from tenfold.samples.validate import clean
from tenfold.write.coco import CocoWriter, annotation_of
from tenfold.write.writer import WriteOptions

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

IMAGES = [
    {
        "id": 5,
        "file_name": "a.png",
        "width": 40,
        "height": 30,
        "license": 4,
        "coco_url": "http://x",
    },
    {"id": 8, "file_name": "b.png", "width": 40, "height": 30},
]
ANNOTATIONS: list[dict[str, Any]] = [
    {"id": 11, "image_id": 5, "category_id": 7, "bbox": [1.5, 2, 10, 20.25], "iscrowd": 0},
    {
        "id": 12, "image_id": 5, "category_id": 2, "bbox": [2, 3, 20, 10], "iscrowd": 0,
        "segmentation": [[2, 3, 22, 3, 22, 13, 2, 13]], "area": 200, "score": 0.5,
    },
    {
        "id": 13, "image_id": 8, "category_id": 9, "bbox": [0, 0, 40, 30], "iscrowd": 1,
        "segmentation": {"size": [30, 40], "counts": [0, 30, 1170]}, "area": 30,
        "keypoints": [10, 11, 2, 12, 13, 1, 0, 0, 0], "num_keypoints": 2,
    },
]  # fmt: skip


def load(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def dataset(root: Path) -> CocoSource:
    for name in ("a.png", "b.png"):
        picture(root / "train2017" / name)
    save_json(root / "annotations/instances_train2017.json", coco_document(IMAGES, ANNOTATIONS))
    return CocoSource.open(root)


def test_originals_and_copies_for_pycocotools(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in")
    writer = CocoWriter(source, tmp_path / "out", WriteOptions())
    copies = {(i.id, n): source.read(i) for i in source.items for n in (1, 2)}
    digests = run(source, writer, copies)
    assert sorted(digests) == sorted(
        p.relative_to(tmp_path / "out").as_posix()
        for p in (tmp_path / "out").rglob("*")
        if p.is_file()
    )
    before = load(tmp_path / "in/annotations/instances_train2017.json")
    after = load(tmp_path / "out/annotations/instances_train2017.json")
    assert after.dataset["licenses"] == before.dataset["licenses"]
    assert after.dataset["info"] == before.dataset["info"]
    assert after.dataset["categories"] == before.dataset["categories"]
    assert sorted(after.imgs) == [5, 8, 9, 10, 11, 12]
    assert sorted(after.anns) == [11, 12, 13, 14, 15, 16, 17, 18, 19]
    assert after.imgs[5] == before.imgs[5]
    assert after.imgs[9] == {
        "id": 9, "file_name": "a_aug_0001.png", "width": 40, "height": 30, "license": 4,
    }  # fmt: skip
    for image in after.imgs.values():
        assert (tmp_path / "out/train2017" / image["file_name"]).is_file()
    parents = {5: (9, 10), 8: (11, 12)}
    for parent, children in parents.items():
        theirs = before.loadAnns(before.getAnnIds(parent))
        for child in (parent, *children):
            ours = after.loadAnns(after.getAnnIds(child))
            for one, other in zip(theirs, ours, strict=True):
                for key in ("bbox", "category_id", "iscrowd", "segmentation", "keypoints", "score"):
                    assert one.get(key) == other.get(key), key
                if "segmentation" in one:
                    assert one["area"] == other["area"] == after.annToMask(other).sum()
                    np.testing.assert_array_equal(before.annToMask(one), after.annToMask(other))
                assert one.get("num_keypoints") == other.get("num_keypoints")
    again = CocoSource.open(tmp_path / "out")
    assert not again.problems
    assert len(again.items) == 6


def test_finish_gives_the_same_bytes_each_time(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in")
    copies = {(i.id, n): source.read(i) for i in source.items for n in (1, 2)}
    first, second = (
        run(source, CocoWriter(source, tmp_path / out, WriteOptions()), copies) for out in "ab"
    )
    assert first == second


def test_moved_geometry(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in")
    item = source.items[1]
    sample = source.read(item)
    (instance,) = sample.instances
    mask = np.zeros((20, 50), bool)
    mask[3:9, 4:14] = True
    keypoints = np.array([[49.9, 0.2, 2], [0, 0, 0], [7.25, 8.5, 1]])
    moved = instance.replace(mask=mask, box=np.array([4.0, 3, 14, 9]), keypoints=keypoints)
    image = np.zeros((20, 50, 3), np.uint8)
    child = sample.replace(image=image, instances=(moved,))
    run(source, CocoWriter(source, tmp_path / "out", WriteOptions()), {(item.id, 1): child})
    coco = load(tmp_path / "out/annotations/instances_train2017.json")
    (annotation,) = coco.loadAnns(coco.getAnnIds(9))
    assert coco.imgs[9]["width"] == 50
    assert coco.imgs[9]["height"] == 20
    np.testing.assert_array_equal(coco.annToMask(annotation), mask)
    assert annotation["area"] == 60
    assert annotation["bbox"] == [4, 3, 10, 6]
    assert annotation["keypoints"] == [49, 0, 2, 0, 0, 0, 6.75, 8, 1]
    assert annotation["num_keypoints"] == 2


def test_one_object_in_two_files_keeps_one_id_and_captions_stay(tmp_path: Path) -> None:
    root = tmp_path / "in"
    picture(root / "images/a.png")
    box = ANNOTATIONS[0]
    points = {**box, "category_id": 9, "keypoints": [1, 2, 2] * 3}
    save_json(root / "annotations/instances.json", coco_document(IMAGES[:1], [box]))
    save_json(root / "annotations/keypoints.json", coco_document(IMAGES[:1], [points]))
    caption = {"id": 90, "image_id": 5, "caption": "a dog"}
    document = {"info": {}, "images": IMAGES[:1], "annotations": [caption]}
    save_json(root / "annotations/captions.json", document)
    source = CocoSource.open(root)
    (item,) = source.items
    copies = {(item.id, 1): source.read(item)}
    run(source, CocoWriter(source, tmp_path / "out", WriteOptions(format="jpg")), copies)
    read = {
        name: json.loads((tmp_path / f"out/annotations/{name}.json").read_text())
        for name in ("instances", "keypoints", "captions")
    }
    for document in read.values():
        assert [i["id"] for i in document["images"]] == [5, 6]
        assert document["images"][1]["file_name"] == "a_aug_0001.jpg"
    assert read["captions"]["annotations"][1] == {"id": 91, "image_id": 6, "caption": "a dog"}
    assert "categories" not in read["captions"]
    ids = [read[name]["annotations"][1]["id"] for name in ("instances", "keypoints")]
    assert ids[0] == ids[1] == 92


def test_a_label_without_category(tmp_path: Path) -> None:
    source = dataset(tmp_path)
    instance = Instance("bird", np.array([0.0, 0, 1, 1]))
    with pytest.raises(SampleError, match="no category 'bird'"):
        annotation_of(instance, source.files[0], 30, 40)


JUNK: list[Any] = [
    None, True, -1, 0, 1e999, float("nan"), 10**30, "", "x", "../../y", "\0", "\ud800", [], {},
    [[]], [1], {"size": [30, 40]}, [None], [[1, 2, 3, 4, 5, 6]],
]  # fmt: skip


def spoil(document: Any, rng: random.Random) -> None:
    """Put something strange at a random place of a document."""
    node = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = rng.choice(keys)
        if not isinstance(node[key], (dict, list)) or rng.random() < 0.25:
            node[key] = copy.deepcopy(rng.choice(JUNK))
            return
        node = node[key]


def test_spoiled_files_raise_nothing_but_our_errors(tmp_path: Path) -> None:
    root = tmp_path / "in"
    source = dataset(root)
    for seed in range(120):
        document = copy.deepcopy(coco_document(IMAGES, ANNOTATIONS))
        spoil(document, random.Random(seed))
        save_json(root / "annotations/instances_train2017.json", document)
        copies = {}
        with contextlib.suppress(TenfoldError):
            source = CocoSource.open(root)
            for item in source.items:
                with contextlib.suppress(SampleError):
                    copies[item.id, 1] = clean(source.read(item), "clip")[0]
            run(source, CocoWriter(source, tmp_path / "out", WriteOptions()), copies)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*[st.floats(0, 0.4999)] * 4), max_size=4), st.data())
def test_boxes_survive(tmp_path: Path, boxes: list[tuple[float, ...]], data: st.DataObject) -> None:
    source = dataset(tmp_path)
    item = source.items[0]
    instances = tuple(
        Instance("cat", np.array([40 * a, 30 * b, 20 + 40 * c, 15 + 30 * d]))
        for a, b, c, d in boxes
    )
    record = CocoWriter(source, tmp_path / "out", WriteOptions()).write(
        item, 1, source.read(item).replace(instances=instances)
    )
    written = record.record["annotations"]["0"]
    for instance, annotation in zip(instances, written, strict=True):
        x, y, w, h = annotation["bbox"]
        assert instance.box is not None
        np.testing.assert_allclose([x, y, x + w, y + h], instance.box, atol=1.01e-4)
        assert x + w <= 40 + 1e-9
        assert annotation["area"] == pytest.approx(w * h, abs=1e-4)
