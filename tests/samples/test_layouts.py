"""How layouts are told apart, listed and read; every file is made here by other libraries."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tenfold.errors import RequestError, SampleError
from tenfold.samples.sources import LAYOUTS, SOURCES, open_source
from tenfold.samples.sources.arrays import ArraysSource


def picture(path: Path, value: int = 7, size: tuple[int, int] = (6, 5), mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode in ("L", "P") else (value, 0, 255 - value)).save(path)


def table(path: Path, rows: list[list[Any]], **options: Any) -> None:
    with path.open("w", newline="") as handle:
        csv.writer(handle, **options).writerows(rows)


# ---- image folders -------------------------------------------------------------------------


def test_classes(tmp_path: Path) -> None:
    for name in ("cat/1.png", "cat/deep/2.jpg", "dog/3.tif"):
        picture(tmp_path / name)
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    source = open_source(tmp_path)
    assert source.layout == "folder"
    assert [(i.id, i.split, i.label, i.files) for i in source.items] == [
        ("cat/1.png", None, "cat", ("cat/1.png",)),
        ("cat/deep/2.jpg", None, "cat", ("cat/deep/2.jpg",)),
        ("dog/3.tif", None, "dog", ("dog/3.tif",)),
    ]
    assert source.info.classes == ("cat", "dog")
    assert source.splits() == ()
    sample = source.read(source.items[0])
    assert sample.label == "cat"
    assert sample.image.shape == (5, 6, 3)


def test_splits_with_classes_and_strays(tmp_path: Path) -> None:
    for name in ("Train/cat/1.png", "valid/cat/1.png", "test/dog/1.png", "train_lost/x/1.png",
                 "Train/2.png", "3.png", "Train/cat/a.gif"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("gif"):
            (tmp_path / name).write_bytes(b"GIF89a")
        else:
            picture(tmp_path / name)
    source = open_source(tmp_path)
    assert {(i.id, i.split, i.label) for i in source.items} == {
        ("Train/cat/1.png", "train", "cat"),
        ("test/dog/1.png", "test", "dog"),
        ("valid/cat/1.png", "val", "cat"),
    }
    assert source.splits() == ("test", "train", "val")
    assert [p.id for p in source.problems] == [
        "3.png", "Train/2.png", "Train/cat/a.gif", "train_lost/x/1.png"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "cure"),
    [
        (["big/cat/1.png", "big/dog/2.png"], "big"),
        (["big/a/x/1.png", "big/a/y/1.png", "big/b/x/1.png"], "big"),
        (["one/two/cat/1.png", "one/two/dog/1.png"], "one/two"),
        (["data/train/cat/1.png", "data/test/cat/1.png"], "data"),
    ],
)
def test_the_parent_of_a_dataset(tmp_path: Path, names: list[str], cure: str) -> None:
    for name in names:
        picture(tmp_path / name)
    with pytest.raises(RequestError) as error:
        open_source(tmp_path)
    assert f"all {len(names)} images lie below one folder, {cure}/, " in str(error.value)
    assert f"did you mean {tmp_path / cure}?" in str(error.value)
    assert {i.label for i in open_source(tmp_path, "folder").items} == {names[0].split("/")[0]}
    open_source(tmp_path / cure)


def test_the_parent_of_another_layout(tmp_path: Path) -> None:
    picture(tmp_path / "shots/1.png")
    table(tmp_path / "shots/labels.csv", [["file", "label"], ["1.png", "a"]])
    with pytest.raises(RequestError, match=r"shots/, which is a dataset by itself \(csv\)"):
        open_source(tmp_path)
    assert open_source(tmp_path, "folder").info.classes == ("shots",)


@pytest.mark.parametrize(
    "names",
    [
        ["cat/1.png", "cat/2.png"],
        ["cat/1.png", "cat/deep/2.png", "cat/other/3.png"],
        ["cat/2019/1.png", "cat/2019/2.png"],
        ["train/cat/1.png", "train/cat/2.png"],
    ],
)
def test_one_class_is_a_dataset(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        picture(tmp_path / name)
    assert open_source(tmp_path).info.classes == ("cat",)


def test_the_parent_of_alphabets(tmp_path: Path) -> None:
    """Omniglot's archives unpack to `images_background_small1/ALPHABET/character01/*.png`."""
    inside = tmp_path / "images_background_small1"
    for number in range(6):
        picture(inside / f"Greek{number % 2}/character0{number % 3}/{number}.png")
    with pytest.raises(RequestError, match=r"images_background_small1/, 3 levels up; did you mean"):
        open_source(tmp_path)


@pytest.mark.parametrize("name", ["1.dcm", "a/1.DCM", "brain.nii", "a/brain.nii.gz"])
def test_scans_are_told_from_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"\0" * 128 + b"DICM")
    for place in (tmp_path, path):
        with pytest.raises(RequestError, match="DICOM/NIfTI isn't read; export 16-bit PNG or TIFF"):
            open_source(place)
    picture(tmp_path / "a/1.png")
    (problem,) = open_source(tmp_path).problems
    assert problem.id == name
    assert "dcmj2pnm" in problem.reason


def test_class_named_test_is_a_class(tmp_path: Path) -> None:
    for name in ("test/1.png", "blank/1.png"):
        picture(tmp_path / name)
    assert [i.label for i in open_source(tmp_path).items] == ["blank", "test"]


@pytest.mark.parametrize("folder", ["", "train/"])
def test_unlabelled(tmp_path: Path, folder: str) -> None:
    picture(tmp_path / f"{folder}1.png")
    (item,) = open_source(tmp_path).items
    assert item.label is None
    assert item.split == ("train" if folder else None)


def test_bad_files_are_listed_and_fail_when_read(tmp_path: Path) -> None:
    picture(tmp_path / "a/good.png")
    (tmp_path / "a/empty.png").touch()
    (tmp_path / "a/text.jpg").write_text("hello")
    source = open_source(tmp_path)
    assert len(source.items) == 3
    for item in source.items:
        if "good" in item.id:
            source.read(item)
        else:
            with pytest.raises(SampleError, match=r"empty|not an image"):
                source.read(item)


# ---- pairs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "mask", "split"),
    [
        ("image/1.png", "label/1.png", None),
        ("Images/1.jpg", "Masks/1.png", None),
        ("train/img/1.jpg", "train/gt/1.png", "train"),
        ("images/val/1.jpg", "annotations/val/1.tif", "val"),
        ("images/a/b/1.jpg", "masks/a/b/1.png", None),
        ("images/1.jpg", "masks/1_mask.png", None),
        ("1.png", "1_mask.png", None),
        ("test/1.jpg", "test/1-seg.png", "test"),
    ],
)
def test_pairs_are_matched(tmp_path: Path, image: str, mask: str, split: str | None) -> None:
    picture(tmp_path / image)
    picture(tmp_path / mask, 3, mode="L")
    source = open_source(tmp_path)
    assert source.layout == "pairs"
    (item,) = source.items
    assert item.files == (image, mask)
    assert item.split == split
    assert source.info.has_masks
    assert not source.problems
    sample = source.read(item)
    assert sample.masks["mask"].shape == (5, 6)
    assert (sample.masks["mask"] == 3).all()


def test_pairs_that_lack_something(tmp_path: Path) -> None:
    for name in ("images/1.png", "images/2.png", "images/3.png", "images/3.jpg", "images/4.png"):
        picture(tmp_path / name)
    for name in ("masks/1.png", "masks/3.png", "masks/5.png", "masks/4.png"):
        picture(tmp_path / name, 1, (9, 9) if "4" in name else (6, 5), "L")
    source = open_source(tmp_path)
    assert [i.id for i in source.items] == ["images/1.png", "images/4.png"]
    reasons = {p.id: p.reason for p in source.problems}
    assert set(reasons) == {"images/2.png", "images/3.png", "images/3.jpg", "masks/5.png"}
    assert "no mask" in reasons["images/2.png"]
    with pytest.raises(SampleError, match=r"6x5, its mask masks/4\.png is 9x9"):
        source.read(source.items[1])


def test_broken_mask_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "images/1.png")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks/1.png").write_bytes(b"oh")
    source = open_source(tmp_path)
    with pytest.raises(SampleError, match=r"mask masks/1\.png: not an image"):
        source.read(source.items[0])


def test_real_pairs(shared_data: Path) -> None:
    source = open_source(shared_data / "em-membrane")
    assert source.layout == "pairs"
    assert len(source.items) == 22
    sample = source.read(source.items[0])
    truth: Any = cv2.imread(str(source.root / source.items[0].files[1]), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(np.squeeze(sample.masks["mask"]), truth)


# ---- tables --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        (["filename", "label"], ["a.png", "b.png"]),
        (["Image", "dx"], ["images/a.png", "images/b.png"]),
        (["age", "class", "image_id"], ["a", "b"]),
        (["label", "path"], ["./images/a.png", "images\\b.png"]),
        (["id", "file_name", "category"], ["a.png", "b.png"]),
        (None, ["a.png", "b.png"]),
    ],
)
def test_tables_are_understood(tmp_path: Path, header: list[str] | None, cells: list[str]) -> None:
    for name in ("images/a.png", "images/b.png", "images/unlisted.png"):
        picture(tmp_path / name)
    columns = header or ["filename", "label"]
    at = next(i for i, c in enumerate(columns) if c.lower() in (
        "filename", "image", "image_id", "path", "file_name"))  # fmt: skip
    label = next(i for i, c in enumerate(columns) if c in ("label", "dx", "class", "category"))
    rows = []
    for i, cell in enumerate(cells):
        row = [str(10 + i)] * len(columns)
        row[at], row[label] = cell, "cat" if i else "dog"
        rows.append(row)
    table(tmp_path / "labels.csv", [header, *rows] if header else rows)
    source = open_source(tmp_path)
    assert source.layout == "csv"
    assert [(i.id, i.label) for i in source.items] == [
        ("images/a.png", "dog"),
        ("images/b.png", "cat"),
    ]
    assert source.read(source.items[1]).label == "cat"


@pytest.mark.parametrize("options", [{"delimiter": ";"}, {"delimiter": "\t"}, {"quoting": 1}])
def test_dialects(tmp_path: Path, options: dict[str, Any]) -> None:
    picture(tmp_path / "a,b.png")
    table(tmp_path / "x.csv", [["file", "label"], ["a,b.png", 'say "hi"\nthere']], **options)
    assert [(i.id, i.label) for i in open_source(tmp_path).items] == [
        ("a,b.png", 'say "hi"\nthere')
    ]


def test_table_split_column_and_bad_rows(tmp_path: Path) -> None:
    for name in "abcd":
        picture(tmp_path / f"{name}.png")
    picture(tmp_path / "one" / "twin.png")
    picture(tmp_path / "two" / "twin.png")
    rows = [["file", "label", "split"], ["a.png", "1", "training"], ["b.png", "2", "dev"],
            ["c.png", "1", "holdout"], ["gone.png", "1", "train"], ["../../x.png", "1", "train"],
            ["/etc/x.png", "1", "train"], ["a.png", "2", "train"], ["twin.png", "1", "test"],
            ["d.png", "", "test"]]  # fmt: skip
    table(tmp_path / "labels.csv", rows)
    source = open_source(tmp_path)
    assert [(i.id, i.split, i.label) for i in source.items] == [
        ("a.png", "train", "1"),
        ("b.png", "val", "2"),
        ("d.png", "test", None),
    ]
    reasons = {p.id.split(": ")[1]: p.reason for p in source.problems}
    assert "'holdout'" in reasons["c.png"]
    assert "missing" in reasons["gone.png"]
    assert "inside the dataset" in reasons["../../x.png"]
    assert "inside the dataset" in reasons["/etc/x.png"]
    assert "another row" in reasons["a.png"]
    assert "one/twin.png or two/twin.png" in reasons["twin.png"]


def test_a_table_for_each_split(tmp_path: Path) -> None:
    for split in ("train", "test"):
        picture(tmp_path / split / "1.png")
        table(tmp_path / f"{split}.csv", [["id", "label"], ["1", split[0]]])
    assert [(i.id, i.split, i.label) for i in open_source(tmp_path).items] == [
        ("test/1.png", "test", "t"),
        ("train/1.png", "train", "t"),
    ]


def graded(root: Path, *more: str) -> None:
    """Two pictures, and a table with columns that may be anything."""
    for name in "ab":
        picture(root / f"{name}.png")
    rows = [["filename", "Score A", "age", *more], ["a.png", "1", "40"], ["b.png", "2", "50"]]
    table(root / "labels.csv", [rows[0], *(row + ["x"] * len(more) for row in rows[1:])])


def test_a_table_without_known_labels(tmp_path: Path) -> None:
    graded(tmp_path)
    source = open_source(tmp_path)
    assert [i.label for i in source.items] == [None, None]
    assert source.info.notes == (
        "no label column among Score A, age; name one with --label-column",
    )


@pytest.mark.parametrize("column", ["Score A", "score_a"])
def test_a_label_column_that_is_named(tmp_path: Path, column: str) -> None:
    graded(tmp_path, "label")
    assert [i.label for i in open_source(tmp_path).items] == ["x", "x"]
    source = open_source(tmp_path, label_column=column)
    assert [i.label for i in source.items] == ["1", "2"]
    assert source.info.classes == ("1", "2")
    assert source.info.notes == ()
    again = pickle.loads(pickle.dumps(source))
    assert again.label_column == column


def test_label_columns_that_cannot_be_used(tmp_path: Path) -> None:
    graded(tmp_path)
    with pytest.raises(RequestError, match=r"no column 'aeg' .* Score A, age; did you mean 'age'"):
        open_source(tmp_path, label_column="aeg")
    with pytest.raises(RequestError, match="no column 'filename'"):
        open_source(tmp_path, label_column="filename")
    with pytest.raises(RequestError, match="read as folder; leave it out"):
        open_source(tmp_path, "folder", label_column="age")


@pytest.mark.parametrize("column", ["dx", "Finding Labels", "Grade", "species", "breed"])
def test_fields_have_their_own_words_for_labels(tmp_path: Path, column: str) -> None:
    graded(tmp_path, column)
    assert [i.label for i in open_source(tmp_path).items] == ["x", "x"]


def test_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    picture(tmp_path / "a.png")
    content = {"file": ["a.png"], "label": [3], "weight": [0.5]}
    parquet.write_table(arrow.table(content), tmp_path / "labels.parquet")
    (item,) = open_source(tmp_path).items
    assert (item.id, item.label) == ("a.png", 3)


def test_tables_that_cannot_be_used(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text("file,label\na.png,1,2\n")
    with pytest.raises(RequestError, match=r"labels\.csv, line 2: 3 cells"):
        open_source(tmp_path)
    (tmp_path / "labels.csv").write_text('file,label\n"a.png,1\n')
    with pytest.raises(RequestError, match="quotes"):
        open_source(tmp_path)
    table(tmp_path / "labels.csv", [["file", "label"], ["b.png", "1"]])
    with pytest.raises(RequestError, match="no table whose rows name"):
        open_source(tmp_path, "csv")
    for name in ("labels.csv", "more.csv"):
        table(tmp_path / name, [["file", "label"], ["a.png", "1"]])
    with pytest.raises(RequestError, match="several tables"):
        open_source(tmp_path, "csv")


# ---- arrays --------------------------------------------------------------------------------


def numbers(*shape: int, dtype: Any = np.uint8) -> Any:
    rng = np.random.default_rng(1)
    if dtype == np.float32:
        return rng.normal(size=shape).astype(np.float32)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(12, 7, 9), (12, 7, 9, 1), (12, 7, 9, 5), (12, 3, 7, 9)])
def test_arrays(tmp_path: Path, save: Any, dtype: Any, shape: tuple[int, ...]) -> None:
    images = numbers(*shape, dtype=dtype)
    labels = np.array(["a", "b"] * 6)
    masks = numbers(12, 7, 9)
    save(tmp_path / "d.npz", images=images, labels=labels, masks=masks, who=np.arange(12),
         names=np.array(["x"]))  # fmt: skip
    source = open_source(tmp_path / "d.npz")
    assert isinstance(source, ArraysSource)
    assert [i.id for i in source.items][:2] == ["d.npz#000000", "d.npz#000001"]
    assert [i.label for i in source.items] == labels.tolist()
    assert source.info.fixed_size
    assert source.info.has_masks
    copy = pickle.loads(pickle.dumps(source))
    for number in (11, 0, 5):
        sample = copy.read(copy.items[number])
        truth = images[number]
        if shape[1] == 3:
            truth = np.moveaxis(truth, 0, -1)
        assert np.array_equal(np.squeeze(sample.image), np.squeeze(truth))
        assert sample.image.dtype == dtype
        assert np.array_equal(sample.masks["mask"], masks[number])
    assert set(source.row(source.items[0])) == {"images", "labels", "masks", "who"}


def test_folder_with_one_npz_and_pickle_stays_small(tmp_path: Path) -> None:
    images = numbers(500, 20, 20)
    np.savez(tmp_path / "d.npz", x=images, y=np.arange(500))
    source = open_source(tmp_path)
    source.read(source.items[3])
    assert len(pickle.dumps(source)) < images.nbytes
    np.savez(tmp_path / "e.npz", x=images)
    with pytest.raises(RequestError):
        open_source(tmp_path)


@pytest.mark.parametrize("names", ["{}_{}", "{1}_{0}"])
def test_splits_in_names(tmp_path: Path, names: str) -> None:
    content = {}
    for split, rows in (("train", 5), ("test", 3)):
        content[names.format("x", split)] = numbers(rows, 6, 6)
        content[names.format("y", split)] = np.arange(rows)[:, None]
    np.savez(tmp_path / "d.npz", **content)
    source = open_source(tmp_path / "d.npz")
    assert [(i.id, i.split, i.label) for i in source.items[:4]] == [
        ("d.npz#test/000000", "test", 0),
        ("d.npz#test/000001", "test", 1),
        ("d.npz#test/000002", "test", 2),
        ("d.npz#train/000000", "train", 0),
    ]
    assert np.array_equal(
        source.read(source.items[3]).image[..., 0], content[names.format("x", "train")][0]
    )


def test_split_array_and_masks_as_labels(tmp_path: Path) -> None:
    split = np.array(["train", "valid", "what"])
    np.savez(tmp_path / "d.npz", x=numbers(3, 6, 6), y=numbers(3, 6, 6) > 100, split=split)
    source = open_source(tmp_path)
    assert [i.split for i in source.items] == ["train", "val"]
    assert "'what'" in source.problems[0].reason
    assert source.read(source.items[0]).masks["mask"].dtype == np.uint8


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"images": np.zeros((2, 4, 4))}, "float64.*float32"),
        ({"images": np.zeros((2, 4, 4), np.int16)}, "int16.*32768"),
        ({"images": np.zeros((2, 16), np.uint8)}, "no images.*images uint8"),
        ({"images": np.zeros((0, 4, 4), np.uint8)}, "empty"),
        ({"images": np.zeros((2, 4, 4), np.uint8), "labels": np.array([{}, 1], object)},
         "Python objects"),
        ({"images": np.zeros((2, 400, 400), np.uint8)}, "over the limit of 100000"),
    ],
)  # fmt: skip
def test_arrays_that_cannot_be_used(tmp_path: Path, content: Any, says: str) -> None:
    np.savez(tmp_path / "d.npz", **content)
    with pytest.raises(RequestError, match=says):
        open_source(tmp_path, max_pixels=100_000)


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    np.savez(tmp_path / "d.npz", images=numbers(2, 4, 4), note=np.array([Trap()], object))
    source = open_source(tmp_path)
    source.read(source.items[0])
    assert not (tmp_path / "sprung").exists()


def test_damaged_npz(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez_compressed(path, images=numbers(20, 30, 30))
    whole = path.read_bytes()
    for data in (b"", whole[: len(whole) // 2], b"hello"):
        path.write_bytes(data)
        with pytest.raises(RequestError, match="truncated or not"):
            open_source(path)
    broken = bytearray(whole)
    broken[500:600] = bytes(100)
    path.write_bytes(bytes(broken))
    source = open_source(path)
    with pytest.raises(SampleError, match="damaged"):
        source.read(source.items[0])


def test_nan_in_one_row(tmp_path: Path) -> None:
    images = np.zeros((3, 4, 4), np.float32)
    images[1, 2, 2] = np.nan
    np.savez(tmp_path / "d.npz", images=images)
    source = open_source(tmp_path)
    source.read(source.items[0])
    with pytest.raises(SampleError, match="NaN"):
        source.read(source.items[1])


def test_real_arrays(shared_data: Path) -> None:
    file = shared_data / "uji-pen-v1" / "uji_pen_v1_70x70.npz"
    source = open_source(file.parent)
    with np.load(file) as truth:
        assert [i.label for i in source.items] == truth["labels"].tolist()
        assert np.array_equal(source.read(source.items[77]).image[..., 0], truth["images"][77])


# ---- telling layouts apart -----------------------------------------------------------------


def test_requests_that_cannot_be_met(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="does not exist"):
        open_source(tmp_path / "gone")
    with pytest.raises(RequestError, match="holds no dataset"):
        open_source(tmp_path)
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(RequestError, match="not a dataset"):
        open_source(tmp_path / "x.txt")
    picture(tmp_path / "a/x.png")
    with pytest.raises(RequestError, match=r"got 'foldr'; did you mean 'folder'\?"):
        open_source(tmp_path, "foldr")
    with pytest.raises(RequestError, match="max_pixels"):
        open_source(tmp_path, max_pixels=0)
    picture(tmp_path / "images/1.png")
    with pytest.raises(RequestError, match=r"no usable samples as pairs.*no mask"):
        open_source(tmp_path, "pairs")


def test_every_layout_is_known_once() -> None:
    assert LAYOUTS == (
        "arrays", "coco", "voc", "yolo", "webdataset", "parquet", "pairs", "csv", "folder"
    )  # fmt: skip
    assert len({s.layout for s in SOURCES}) == len(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_detecting_never_raises(tmp_path: Path, source: Any) -> None:
    for name in ("labels.csv", "data.yaml", "annotations/x.json", "Annotations/x.xml", "x.npz",
                 "images/x.jpg", "labels/x.txt", "labels.parquet"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\xff\x00{[<broken")
    source.detect(tmp_path)
    assert not source.detect(tmp_path / "gone")


def test_images_that_no_row_names_are_noted(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "one/twin", "two/twin"):
        picture(tmp_path / f"{name}.png")
    rows = [["file", "label", "split"], ["a.png", "1", "train"], ["b.png", "2", "holdout"],
            ["twin.png", "1", "test"]]  # fmt: skip
    table(tmp_path / "labels.csv", rows)
    source = open_source(tmp_path)
    assert len(source.problems) == 2
    assert source.info.notes == ("1 image that no row of labels.csv names is left out: c.png",)
    picture(tmp_path / "d.png")
    assert open_source(tmp_path).info.notes == (
        "2 images that no row of labels.csv names are left out, such as c.png",
    )
    table(tmp_path / "labels.csv", [*rows, ["c.png", "1", "train"], ["d.png", "1", "train"]])
    assert open_source(tmp_path).info.notes == ()
    (tmp_path / "labels.csv").unlink()
    table(tmp_path / "train.csv", [["a.png", "1"], ["c.png", "1"]])
    table(tmp_path / "test.csv", [["b.png", "1"], ["d.png", "1"]])
    (note,) = open_source(tmp_path).info.notes
    assert "2 images that no row of test.csv or train.csv names" in note
