"""Samples in shards: found, told apart, and read one at a time."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from sharded import mask_of, objects_of, parquet, pixels, png, save_tar, webdataset
from tenfold.errors import MissingExtraError, RequestError, SampleError
from tenfold.samples import row_groups
from tenfold.samples.source import Source
from tenfold.samples.sources import open_source
from tenfold.samples.sources.packed import split_of

pytest.importorskip("pyarrow", reason="pyarrow (tenfold[parquet]) isn't installed")


@pytest.mark.parametrize("make", [webdataset, parquet])
def test_everything_of_a_sample_is_read(tmp_path: Path, make: object) -> None:
    source = open_source((webdataset if make is webdataset else parquet)(tmp_path / "data"))
    assert len(source.items) == 15
    assert len(source.splits()) == 2
    assert source.info.classes == ("cat", "dog")
    for number, item in enumerate(i for i in source.items if i.split == "train"):
        sample = source.read(item)
        assert np.array_equal(sample.image, pixels(number))
        assert np.array_equal(sample.masks["mask"], mask_of(number))
        assert item.label == sample.label == ("cat", "dog")[number % 2]
        assert item.labels == ("cat", "dog")
        assert [i.label for i in sample.instances] == ["cat", "dog"]
        boxes = [i.box.tolist() for i in sample.instances if i.box is not None]
        assert boxes == [[3, 4, 11, 10], [12, 5, 22, 15]]


def test_reading_is_random_and_survives_pickling(tmp_path: Path) -> None:
    for make in (webdataset, parquet):
        source = open_source(make(tmp_path / make.__name__))
        whole = {i.id: source.read(i).image for i in source.items}
        revived: Source = pickle.loads(pickle.dumps(source))
        order = np.random.default_rng(3).permutation(len(source.items))
        for at in (*order, *order[::-1]):
            item = revived.items[at]
            assert np.array_equal(revived.read(item).image, whole[item.id])


def test_a_large_row_group_is_streamed_and_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(parquet(tmp_path / "data", count=60))
    whole = [source.read(item).image for item in source.items]
    monkeypatch.setattr(row_groups, "SMALL", 0)
    monkeypatch.setattr(row_groups, "_BATCH", 2)
    streamed = open_source(tmp_path / "data")
    for at in (*range(len(whole)), *reversed(range(len(whole)))):
        assert np.array_equal(streamed.read(streamed.items[at]).image, whole[at])


def test_keypoints_and_outlines_in_json(tmp_path: Path) -> None:
    source = open_source(webdataset(tmp_path / "data"))
    assert source.info.has_keypoints
    second = source.read(source.items[0]).instances[1]
    assert second.keypoints is not None
    # COCO counts keypoints by pixels, tenfold from the edge of the first one
    assert second.keypoints.tolist() == [[14.5, 7.5, 2], [18.5, 9.5, 1]]
    assert [p.tolist() for p in second.polygons] == [[[12, 5], [22, 5], [22, 15], [12, 15]]]


@pytest.mark.parametrize(
    ("document", "count"),
    [(objects_of(0), 2), ({"annotations": objects_of(0)}, 2), (objects_of(0)[0], 1), ({"a": 1}, 0)],
)
def test_forms_of_objects(tmp_path: Path, document: object, count: int) -> None:
    fields = {"png": png(pixels(0)), "json": json.dumps(document).encode()}
    save_tar(tmp_path / "d" / "0.tar", [("a", fields)])
    source = open_source(tmp_path / "d")
    assert len(source.read(source.items[0]).instances) == count


def test_labels_of_img2dataset_and_of_text(tmp_path: Path) -> None:
    def write(name: str, texts: list[str], more: dict[str, object]) -> Source:
        samples = [
            (f"{i:09d}", {"jpg": png(pixels(i)), "json": json.dumps(more).encode(),
                          "txt": text.encode()})
            for i, text in enumerate(texts)
        ]  # fmt: skip
        save_tar(tmp_path / name / "00000.tar", samples)
        return open_source(tmp_path / name)

    captions = write("a", [f"picture {i}" for i in range(6)], {"caption": "x", "width": 30})
    assert {i.label for i in captions.items} == {None}
    classes = write("b", ["cat", "dog"] * 3, {"url": "x"})
    assert [i.label for i in classes.items] == ["cat", "dog"] * 3
    by_json = write("c", ["cat", "dog"] * 3, {"label": "bird"})
    assert {i.label for i in by_json.items} == {"bird"}
    forced = open_source(tmp_path / "c", label_column="txt")
    assert [i.label for i in forced.items] == ["cat", "dog"] * 3
    with pytest.raises(RequestError, match=r"no sample of .* named 'nothing'"):
        open_source(tmp_path / "c", label_column="nothing")


def test_bad_samples_are_named_and_the_others_stay(tmp_path: Path) -> None:
    save_tar(
        tmp_path / "train-000000.tar",
        [
            ("good", {"png": png(pixels(0)), "cls": b"1"}),
            ("../out", {"png": png(pixels(1))}),
            ("text", {"cls": b"1"}),
            ("two", {"png": png(pixels(2)), "jpg": b"x"}),
            ("broken", {"png": png(pixels(3)), "json": b"{"}),
        ],
    )
    whole = (tmp_path / "train-000000.tar").read_bytes()
    (tmp_path / "train-000001.tar").write_bytes(whole[:1500])
    (tmp_path / "train-000002.tar").write_bytes(b"")
    (tmp_path / "train-000003.tar").write_bytes(b"\x1f\x8b" + whole[2:])
    source = open_source(tmp_path)
    assert [i.id for i in source.items] == ["train-000000.tar#good"]
    told = {p.id: p.reason for p in source.problems}
    assert "below a folder" in told["train-000000.tar#../out"]
    assert "no image" in told["train-000000.tar#text"]
    assert "png, jpg" in told["train-000000.tar#two"]
    assert "not JSON" in told["train-000000.tar#broken"]
    assert "middle of a file" in told["train-000001.tar"]
    assert "empty" in told["train-000002.tar"]
    assert "compressed" in told["train-000003.tar"]


def test_fields_that_nobody_can_move_are_noted(tmp_path: Path) -> None:
    save_tar(tmp_path / "0.tar", [("a", {"png": png(pixels(0)), "depth.npy": b"123"})])
    assert "depth.npy" in open_source(tmp_path).info.notes[0]


def test_a_shard_that_changed_is_told(tmp_path: Path) -> None:
    source = open_source(webdataset(tmp_path / "data"))
    (tmp_path / "data" / "train-000000.tar").write_bytes(b"short")
    with pytest.raises(SampleError, match="ends too early"):
        source.read(source.items[0])


def test_one_shard_is_a_dataset(tmp_path: Path) -> None:
    for make, name in ((webdataset, "train-000000.tar"), (parquet, "train-00000-of-00001.parquet")):
        source = open_source(make(tmp_path / make.__name__) / name)
        assert source.layout == make.__name__
        assert {i.split for i in source.items} == {"train"}
        assert source.read(source.items[0]).image.shape == (20, 30, 3)


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet(tmp_path / "data")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"tenfold\[parquet\]"):
        open_source(tmp_path / "data")


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(RequestError, match="damaged or not Parquet"):
        open_source(tmp_path)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-00000-of-00010.parquet", "train"), ("validation-00000-of-00001.parquet", "val"),
        ("imagenet-train-000003.tar", "train"), ("test/0.tar", "test"), ("00000.tar", None),
        ("data-000000.tar", None), ("data/train-00000.parquet", "train"),
    ],
)  # fmt: skip
def test_splits_by_names(name: str, split: str | None) -> None:
    assert split_of(name) == split
