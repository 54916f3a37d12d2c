"""Datasets on disk as datasets for training."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from sharded import mask_of, parquet, pixels, webdataset
from tenfold import AugmentedDataset, Loader, Pipeline, SourceDataset
from tenfold.errors import RequestError, SampleError
from tenfold.ops import Crop, Reflection, Rotation


def save(path: Path, array: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def folder(root: Path) -> Path:
    """Two classes in two splits, and no `cat` in `val`."""
    for split, names in (("train", ("cat", "dog")), ("val", ("dog",))):
        for number, name in enumerate(names):
            for k in range(4):
                save(root / split / name / f"{k}.png", pixels(10 * number + k))
    return root


def test_a_labelled_folder(tmp_path: Path) -> None:
    data = SourceDataset(folder(tmp_path))
    assert data.classes == ("cat", "dog")
    assert len(data) == 8
    assert data.ids[5] == "train/dog/1.png"
    image, label = data[5]
    np.testing.assert_array_equal(image, pixels(11))
    assert label == 1
    held_out = SourceDataset(tmp_path, "val")
    assert [label for _, label in held_out] == [1] * 4
    assert "8 items, folder" in repr(data)
    loader = Loader(data, Pipeline([Rotation(degrees=20)], seed=1), 4, threads=2)
    images, labels = next(iter(loader))
    assert images.shape == (4, 20, 30, 3)
    assert set(labels.tolist()) <= {0, 1}


def test_without_labels_it_is_images(tmp_path: Path) -> None:
    for k in range(3):
        save(tmp_path / f"{k}.png", pixels(k))
    data = SourceDataset(tmp_path)
    np.testing.assert_array_equal(data[2], pixels(2))
    assert next(iter(Loader(data, Pipeline([Reflection()], seed=1)))).shape == (3, 20, 30, 3)


@pytest.mark.parametrize("make", [webdataset, parquet])
def test_objects_masks_and_labels(make: Any, tmp_path: Path) -> None:
    if make is parquet:
        pytest.importorskip("pyarrow")
    data = SourceDataset(make(tmp_path), polygons=True)
    assert data.classes == ("cat", "dog")
    assert len(data) == 12
    item = data[7]
    np.testing.assert_array_equal(item["image"], pixels(7))
    np.testing.assert_array_equal(item["mask"], mask_of(7))
    np.testing.assert_array_equal(item["bboxes"], [[3, 4, 11, 10], [12, 5, 22, 15]])
    assert item["labels"].tolist() == [0, 1]
    assert item["label"] == 1
    if make is webdataset:
        assert [len(outlines) for outlines in item["polygons"]] == [0, 1]
        np.testing.assert_array_equal(item["keypoints"][1], [[14.5, 7.5, 2], [18.5, 9.5, 1]])
        assert not item["keypoints"][0].any()
    flip = Pipeline([Reflection(probability=1)], seed=1, keypoint_pairs=[])
    moved = AugmentedDataset(data, flip)[7]
    np.testing.assert_array_equal(moved["image"], pixels(7)[:, ::-1])
    np.testing.assert_array_equal(moved["bboxes"], [[19, 4, 27, 10], [8, 5, 18, 15]])
    batch = next(iter(Loader(data, flip, 6, shuffle=False, threads=2)))
    assert batch["image"].shape == (6, 20, 30, 3)
    assert batch["mask"].shape == (6, 20, 30)
    assert len(batch["bboxes"]) == 6
    assert batch["label"].tolist() == [0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize("make", [folder, webdataset, parquet])
def test_threads_and_copies_sent_to_processes_read_the_same(make: Any, tmp_path: Path) -> None:
    if make is parquet:
        pytest.importorskip("pyarrow")
    data = SourceDataset(make(tmp_path))

    def image_of(item: Any) -> Any:
        return item["image"] if isinstance(item, dict) else item[0]

    expected = [image_of(data[i]).tobytes() for i in range(len(data))]
    sent = pickle.loads(pickle.dumps(data))
    with ThreadPoolExecutor(4) as pool:
        for one in (data, sent):
            order = [*range(len(data))] * 3
            read = list(pool.map(lambda i, d=one: image_of(d[i]).tobytes(), order))
            assert read == expected * 3


def test_jpegs_decoded_smaller(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 256).astype(np.uint8)
    image = np.dstack([np.tile(ramp, (192, 1))] * 3)
    for name in "ab":
        (tmp_path / name).mkdir()
        data = simplejpeg.encode_jpeg(np.ascontiguousarray(image), 95, "RGB", "444")
        (tmp_path / name / "x.jpg").write_bytes(data)
        save(tmp_path / name / "y.png", image)
    whole, smaller = SourceDataset(tmp_path), SourceDataset(tmp_path, least_side=48)
    assert smaller[0][0].shape == (48, 64, 3)
    assert smaller[1][0].shape == (192, 256, 3)
    means = whole[0][0].reshape(48, 4, 64, 4, 3).mean(axis=(1, 3))
    assert np.abs(means - smaller[0][0]).max() < 3
    assert SourceDataset(tmp_path, least_side=97)[0][0].shape == (192, 256, 3)
    loader = Loader(smaller, Pipeline([Crop(height=24, width=24)], seed=0))
    assert next(iter(loader))[0].shape == (4, 24, 24, 3)


def test_what_can_not_be_used(tmp_path: Path) -> None:
    root = folder(tmp_path / "a")
    with pytest.raises(RequestError, match=r"no split 'vall'.*train, val.*did you mean 'val'"):
        SourceDataset(root, "vall")
    (root / "train" / "cat" / "2.png").write_bytes(b"nothing")
    with pytest.raises(SampleError, match=r"train/cat/2.png: not an image"):
        SourceDataset(root)[2]
    with pytest.raises(SampleError, match=r"train/cat/2.png") as caught:
        list(Loader(SourceDataset(root), Pipeline([Reflection()], seed=1)))
    assert caught.value.__notes__ == ["(item 2 of the dataset)"]
    with pytest.raises(RequestError, match="least_side: is for labelled folders"):
        SourceDataset(webdataset(tmp_path / "b"), least_side=10)
    with pytest.raises(RequestError, match="does not exist"):
        SourceDataset(tmp_path / "c")
    plain = tmp_path / "d"
    save(plain / "x" / "1.png", pixels(1))
    save(plain / "y" / "1.png", pixels(1))
    with pytest.raises(RequestError, match="no split 'val': the dataset has no splits"):
        SourceDataset(plain, "val")


def test_real_boxes(shared_data: Path) -> None:
    data = SourceDataset(shared_data / "blood-cells-voc")
    item = data[0]
    assert data.classes == ("Platelets", "RBC", "WBC")
    assert item["bboxes"].shape == (len(item["labels"]), 4)
    crop = Pipeline([Crop(area=(0.3, 1), height=96, width=96)], seed=1)
    for threads in (0, 2):
        batch = next(iter(Loader(data, crop, 4, threads=threads, shuffle=False)))
        assert batch["image"].shape == (4, 96, 96, 3)
        for boxes, labels in zip(batch["bboxes"], batch["labels"], strict=True):
            assert len(boxes) == len(labels)
            assert boxes.min(initial=0) >= 0
            assert boxes.max(initial=0) <= 96
