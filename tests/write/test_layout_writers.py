"""Datasets out: originals byte for byte, copies read by other libraries, in the same layout."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from tenfold.errors import OutputError, RequestError, SampleError
from tenfold.samples.source import Source
from tenfold.samples.sources import open_source
from tenfold.samples.sources.arrays import ArraysSource, row_hash
from tenfold.write.arrays import read_row
from tenfold.write.flat import renamed
from tenfold.write.names import check_options, target_of
from tenfold.write.writer import STATE, Line, WriteOptions, Writer
from tenfold.write.writers import WRITERS, writer_for

PLAIN = WriteOptions()


def numbers(*shape: int, dtype: Any = np.uint8) -> Any:
    rng = np.random.default_rng(1)
    if dtype == np.float32:
        return rng.normal(size=shape).astype(np.float32)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype)


def save(path: Path, array: Any, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in (".tif", ".tiff"):
        tifffile.imwrite(path, array, **options)
    elif array.dtype == np.uint16:
        bgr = array[..., ::-1] if array.ndim == 3 else array
        path.write_bytes(cv2.imencode(".png", bgr)[1].tobytes())
    else:
        Image.fromarray(array).save(path, **options)


def tree(root: Path) -> dict[str, bytes]:
    return {
        os.fspath(p.relative_to(root)): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and STATE not in p.parts
    }


def run(
    source: Source, writer: Writer, copies: int, shard_size: int = 3, originals: bool = True
) -> tuple[list[Line], dict[str, str]]:
    """Every item's original and unchanged copies, by shards, in manifest order."""
    lines = []
    for shard, first in enumerate(range(0, len(source.items), shard_size)):
        for item in source.items[first : first + shard_size]:
            if originals:
                lines.append(Line(item.id, item.split, 0, writer.copy(item)))
            for copy in range(1, copies + 1):
                written = writer.write(item, copy, source.read(item))
                assert written.file == writer.target(item, copy)
                lines.append(Line(item.id, item.split, copy, written))
        writer.end_shard(shard)
    whole = writer.finish(iter(lines))
    for line in lines:
        for name, digest in line.written.files.items():
            data = (writer.destination / name).read_bytes()
            assert hashlib.sha256(data).hexdigest() == digest
    for name, digest in whole.items():
        assert hashlib.sha256((writer.destination / name).read_bytes()).hexdigest() == digest
    return lines, whole


def mixed_folder(root: Path) -> None:
    save(root / "train/a/1.png", numbers(9, 8))
    save(root / "train/a/2.png", numbers(9, 8, 3, dtype=np.uint16))
    save(root / "train/a/3.tif", numbers(9, 8, 6), photometric="minisblack", planarconfig="contig")
    save(root / "train/b/4.tiff", numbers(9, 8, dtype=np.float32))
    save(root / "train/b/5.JPG", numbers(9, 8, 3), format="JPEG")
    save(root / "train/b/6.webp", numbers(9, 8, 3), lossless=True)
    save(root / "test/b/7.bmp", numbers(9, 8, 3))
    save(root / "test/a/8.png", numbers(9, 8, 4))


def csv_folder(root: Path) -> None:
    for name in ("images/a.png", "images/b.png", "c.png"):
        save(root / name, numbers(5, 6, 3))
    (root / "labels.csv").write_bytes(
        b"\xef\xbb\xbfage;file;label;split\r\n"
        b'1;images/a.png;"x;y";train\r\n2;b;z;val\r\n3;c.png;;train\r\n'
    )


def pairs_folder(root: Path) -> None:
    save(root / "image/1.png", numbers(9, 8))
    save(root / "label/1.png", numbers(9, 8))
    save(root / "image/2.jpg", numbers(9, 8, 3))
    mask = Image.fromarray(numbers(9, 8) % 4)
    mask.putpalette(numbers(12).tobytes())
    mask.save(root / "label/2_mask.png")
    save(root / "image/3.tif", numbers(9, 8, dtype=np.uint16))
    save(root / "label/3.tif", numbers(9, 8, dtype=np.uint16))
    save(root / "image/4.png", numbers(9, 8, 3))
    save(root / "label/4.jpg", numbers(9, 8))


def arrays_folder(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        root / "d.npz", images=numbers(10, 6, 5, 2), labels=np.array(list("abcdefghij")),
        masks=numbers(10, 6, 5), who=np.arange(10) / 7, note=np.array(["all of it"]),
    )  # fmt: skip


MAKERS = [mixed_folder, csv_folder, pairs_folder, arrays_folder]


@pytest.mark.parametrize("make", MAKERS)
def test_copying_all_gives_the_same_dataset(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "in")
    source = open_source(tmp_path / "in")
    run(source, writer_for(source, tmp_path / "out", PLAIN), 0)
    mine, theirs = tree(tmp_path / "out"), tree(tmp_path / "in")
    assert set(mine) == set(theirs)
    for name, data in theirs.items():
        if name.endswith(".npz"):
            assert_same_arrays(mine[name], data)
        elif name.endswith(".csv"):
            assert sorted(mine[name].split(b"\r\n")) == sorted(data.split(b"\r\n"))
        else:
            assert mine[name] == data
    again = open_source(tmp_path / "out")
    assert again.layout == source.layout
    assert [(i.id, i.split, i.label, i.files) for i in again.items] == [
        (i.id, i.split, i.label, i.files) for i in source.items
    ]


def assert_same_arrays(mine: bytes, theirs: bytes) -> None:
    with np.load(io.BytesIO(mine)) as a, np.load(io.BytesIO(theirs)) as b:
        assert a.files == b.files
        for key in b.files:
            assert a[key].dtype == b[key].dtype
            assert np.array_equal(a[key], b[key])


@pytest.mark.parametrize("make", MAKERS)
def test_unchanged_copies_read_back_equal_and_same_bytes_twice(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "in")
    source = open_source(tmp_path / "in")
    for out, size in (("out", 3), ("other", 2)):
        writer = pickle.loads(pickle.dumps(writer_for(source, tmp_path / out, PLAIN)))
        run(source, writer, 2, size)
    assert tree(tmp_path / "out") == tree(tmp_path / "other")
    again = open_source(tmp_path / "out")
    assert not again.problems
    assert len(again.items) == 3 * len(source.items)
    if source.layout == "arrays":
        return  # rows have numbers, not names: see below
    by_id = {i.id: i for i in again.items}
    for item in source.items:
        first = source.read(item)
        for copy in (1, 2):
            twin = by_id[writer_for(source, tmp_path, PLAIN).target(item, copy)]
            assert (twin.label, twin.split) == (item.label, item.split)
            sample = again.read(twin)
            assert sample.image.dtype == first.image.dtype
            assert sample.image.shape == first.image.shape
            assert sample.alpha == first.alpha
            if first.encoding["format"] != "jpg":
                assert np.array_equal(sample.image, first.image)
            for name, mask in first.masks.items():
                assert np.array_equal(sample.masks[name], mask)
            assert sample.encoding["format"] == first.encoding["format"]


def test_other_libraries_read_the_copies(tmp_path: Path) -> None:
    mixed_folder(tmp_path / "in")
    source = open_source(tmp_path / "in")
    run(source, writer_for(source, tmp_path / "out", PLAIN), 1)
    out = tmp_path / "out" / "train"
    assert np.array_equal(np.array(Image.open(out / "a/1_aug_0001.png")), numbers(9, 8))
    deep: Any = cv2.imread(str(out / "a/2_aug_0001.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(deep[..., ::-1], numbers(9, 8, 3, dtype=np.uint16))
    assert np.array_equal(tifffile.imread(out / "a/3_aug_0001.tif"), numbers(9, 8, 6))
    floats = tifffile.imread(out / "b/4_aug_0001.tiff")
    assert floats.dtype == np.float32
    assert np.array_equal(floats, numbers(9, 8, dtype=np.float32))
    assert (out / "b/5_aug_0001.JPG").exists()


def test_other_format_and_what_it_cannot_hold(tmp_path: Path) -> None:
    mixed_folder(tmp_path / "in")
    source = open_source(tmp_path / "in")
    writer = writer_for(source, tmp_path / "out", WriteOptions(format="JPEG"))
    done, refused = set(), set()
    for item in source.items:
        try:
            done.add(writer.write(item, 1, source.read(item)).file)
        except SampleError as error:
            refused.add(item.id)
            assert "use" in str(error)  # noqa: PT017
    assert done == {
        "train/a/1_aug_0001.jpg", "train/b/5_aug_0001.JPG", "train/b/6_aug_0001.jpg",
        "test/b/7_aug_0001.jpg",
    }  # fmt: skip
    assert len(refused) == 4
    assert set(tree(tmp_path / "out")) == done


# ---- tables --------------------------------------------------------------------------------


def test_csv_rows_come_beside_their_parents(tmp_path: Path) -> None:
    csv_folder(tmp_path / "in")
    source = open_source(tmp_path / "in")
    run(source, writer_for(source, tmp_path / "out", PLAIN), 2)
    data = (tmp_path / "out" / "labels.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfage;file;label;split\r\n")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert [(r["age"], r["file"], r["label"], r["split"]) for r in rows] == [
        ("3", "c.png", "", "train"),
        ("3", "c_aug_0001.png", "", "train"),
        ("3", "c_aug_0002.png", "", "train"),
        ("1", "images/a.png", "x;y", "train"),
        ("1", "images/a_aug_0001.png", "x;y", "train"),
        ("1", "images/a_aug_0002.png", "x;y", "train"),
        ("2", "b", "z", "val"),
        ("2", "b_aug_0001", "z", "val"),
        ("2", "b_aug_0002", "z", "val"),
    ]


def test_parquet_keeps_types_metadata_and_compression(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for name in "ab":
        save(tmp_path / "in" / f"{name}.png", numbers(4, 4))
    table = arrow.table(
        {"image": ["b.png", "a.png"], "label": arrow.array([1, 0], arrow.int8()),
         "w": [[1.0], [2.0, 3.0]]}
    ).replace_schema_metadata({"made": "by hand"})  # fmt: skip
    parquet.write_table(table, tmp_path / "in" / "labels.parquet", compression="zstd")
    source = open_source(tmp_path / "in")
    run(source, writer_for(source, tmp_path / "out", PLAIN), 1)
    path = tmp_path / "out" / "labels.parquet"
    back = parquet.read_table(path)
    assert back.schema.equals(table.schema)
    assert back.schema.metadata[b"made"] == b"by hand"
    assert parquet.read_metadata(path).row_group(0).column(0).compression == "ZSTD"
    assert back.to_pydict() == {
        "image": ["a.png", "a_aug_0001.png", "b.png", "b_aug_0001.png"],
        "label": [0, 0, 1, 1],
        "w": [[2.0, 3.0], [2.0, 3.0], [1.0], [1.0]],
    }


@pytest.mark.parametrize(
    ("cell", "parent", "file", "says"),
    [
        ("d/a.png", "x/d/a.png", "x/d/a_1.jpg", "d/a_1.jpg"),
        ("a", "x/a.png", "x/a_1.png", "a_1"),
        ("d\\a.png", "d/a.png", "d/a_1.png", "d\\a_1.png"),
        ("a.b", "a.b.png", "a.b_1.png", "a.b_1"),
    ],
)
def test_cells_keep_their_manner(cell: str, parent: str, file: str, says: str) -> None:
    assert renamed(cell, parent, file) == says


# ---- pairs ---------------------------------------------------------------------------------


def test_masks_keep_palette_and_names_match(tmp_path: Path) -> None:
    pairs_folder(tmp_path / "in")
    source = open_source(tmp_path / "in")
    run(source, writer_for(source, tmp_path / "out", WriteOptions("{stem}+{copy}")), 1)
    names = set(tree(tmp_path / "out"))
    assert {"image/2+1.jpg", "label/2+1_mask.png", "label/4+1.png", "label/3+1.tif"} <= names
    old, new = tmp_path / "in/label/2_mask.png", tmp_path / "out/label/2+1_mask.png"
    with Image.open(old) as a, Image.open(new) as b:
        assert b.mode == "P"
        assert a.getpalette() == b.getpalette()
        assert np.array_equal(np.array(a), np.array(b))


# ---- arrays --------------------------------------------------------------------------------


@pytest.mark.parametrize("save_as", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(7, 6, 5), (7, 6, 5, 1), (7, 6, 5, 4), (7, 3, 8, 9)])
def test_rows_of_copies_follow_their_parents(
    tmp_path: Path, save_as: Any, dtype: Any, shape: tuple[int, ...]
) -> None:
    (tmp_path / "in").mkdir()
    content = {
        "x": numbers(*shape, dtype=dtype), "y": np.arange(7, dtype=np.int16)[:, None],
        "names": np.array(["long", "a"] * 3 + ["ü"]), "scale": np.float64(0.5),
        "big": np.arange(7, dtype=">i4"), "fortran": np.asfortranarray(numbers(7, 2, 3)),
    }  # fmt: skip
    save_as(tmp_path / "in/d.npz", **content)
    source = open_source(tmp_path / "in")
    lines, _ = run(source, writer_for(source, tmp_path / "out", PLAIN), 2)
    assert lines[1].written.file == "d.npz#000000_aug_0001"
    assert not lines[1].written.files
    with np.load(tmp_path / "out/d.npz") as back:
        assert back.files == list(content)
        for key in ("x", "y", "names", "big", "fortran"):
            assert back[key].dtype == content[key].dtype
            assert np.array_equal(back[key], np.repeat(content[key], 3, axis=0))
        assert back["scale"] == 0.5
    assert isinstance(source, ArraysSource)
    for i, line in enumerate(lines):
        row = read_row(tmp_path / "out", source, 0, i)
        assert row_hash(row) == line.written.record["sha256"]
    with pytest.raises(SampleError, match="no row 21"):
        read_row(tmp_path / "out", source, 0, 21)


def test_splits_of_an_npz_stay_apart(tmp_path: Path) -> None:
    content: dict[str, Any] = {}
    for split, rows in (("train", 5), ("test", 3)):
        content[f"x_{split}"], content[f"y_{split}"] = numbers(rows, 4, 4), np.arange(rows)
    np.savez(tmp_path / "d.npz", **content, classes=np.array(["a", "b"]))
    source = open_source(tmp_path / "d.npz")
    writer = writer_for(source, tmp_path / "out", PLAIN)
    lines = []
    for item in source.items:
        lines.append(Line(item.id, item.split, 0, writer.copy(item)))
        if item.split == "train":
            lines.append(Line(item.id, item.split, 1, writer.write(item, 1, source.read(item))))
    writer.end_shard(0)
    writer.finish(lines)
    with np.load(tmp_path / "out/d.npz") as back:
        assert back["classes"].tolist() == ["a", "b"]
        assert np.array_equal(back["x_test"], content["x_test"])
        assert np.array_equal(back["x_train"], np.repeat(content["x_train"], 2, axis=0))
        assert back["y_train"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_a_redone_shard_and_lost_rows(tmp_path: Path) -> None:
    arrays_folder(tmp_path / "in")
    source = open_source(tmp_path / "in")
    lines, _ = run(source, writer_for(source, tmp_path / "out", PLAIN), 1)
    whole = (tmp_path / "out/d.npz").read_bytes()
    fresh = writer_for(source, tmp_path / "out", PLAIN)
    for item in source.items[3:6]:  # a killed shard, done again by another process
        fresh.copy(item)
        fresh.write(item, 1, source.read(item))
    fresh.end_shard(1)
    fresh.finish(iter(lines))
    assert (tmp_path / "out/d.npz").read_bytes() == whole
    fewer = [line for line in lines if line.item != "d.npz#000004"]
    fresh.finish(fewer)
    with np.load(tmp_path / "out/d.npz") as back:
        assert "".join(back["labels"]) == "aabbccddffgghhiijj"
    next((tmp_path / "out" / STATE / "parts").iterdir()).unlink()
    with pytest.raises(OutputError, match="missing from the parts"):
        fresh.finish(lines)


def test_changed_masks_and_images_are_written(tmp_path: Path) -> None:
    arrays_folder(tmp_path / "in")
    source = open_source(tmp_path / "in")
    writer = writer_for(source, tmp_path / "out", PLAIN)
    item = source.items[2]
    sample = source.read(item)
    changed = sample.replace(image=255 - sample.image, masks={"mask": sample.masks["mask"][::-1]})
    line = Line(item.id, None, 1, writer.write(item, 1, changed))
    writer.end_shard(0)
    writer.finish([line])
    with np.load(tmp_path / "out/d.npz") as back:
        assert np.array_equal(back["images"], 255 - numbers(10, 6, 5, 2)[2:3])
        assert np.array_equal(back["masks"][0], numbers(10, 6, 5)[2, ::-1])
    with pytest.raises(SampleError, match=r"shape \(6, 5, 2\), this one would have \(3, 5, 2\)"):
        writer.write(item, 2, sample.replace(image=sample.image[:3], masks={}))


def test_bool_masks_refuse_what_they_cannot_hold(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", images=numbers(2, 4, 4), mask=numbers(2, 4, 4) > 99)
    source = open_source(tmp_path / "d.npz")
    writer = writer_for(source, tmp_path / "out", PLAIN)
    sample = source.read(source.items[0])
    writer.write(source.items[0], 1, sample)
    ignored = sample.replace(masks={"mask": np.full((4, 4), 255, np.uint8)})
    with pytest.raises(SampleError, match="can't hold the value 255"):
        writer.write(source.items[0], 2, ignored)


def test_memory_is_bounded_while_finishing(tmp_path: Path) -> None:
    import tracemalloc

    np.savez(tmp_path / "d.npz", images=numbers(400, 128, 128))
    source = open_source(tmp_path / "d.npz")
    writer = writer_for(source, tmp_path / "out", PLAIN)
    lines: list[Line] = []
    for shard in range(40):
        rows = source.items[10 * shard : 10 * shard + 10]
        for item in rows:
            lines.append(Line(item.id, None, 0, writer.copy(item)))
            lines += [Line(item.id, None, c, writer.write(item, c, source.read(item)))
                      for c in (1, 2, 3)]  # fmt: skip
        writer.end_shard(shard)
    tracemalloc.start()
    writer.finish(iter(lines))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "out/d.npz").stat().st_size > 26_000_000
    assert peak < 10_000_000


# ---- names and failures --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "options", "target"),
    [
        ("a/x.JPG", PLAIN, "a/x_aug_0003.JPG"),
        ("x.jpeg", WriteOptions(format="jpg"), "x_aug_0003.jpeg"),
        ("x.jpeg", WriteOptions(format="png"), "x_aug_0003.png"),
        ("a/b/x.tif", WriteOptions(format="tiff"), "a/b/x_aug_0003.tif"),
        ("x.y.png", WriteOptions("{copy}-{stem}.{ext}"), "3-x.y.png.png"),
        ("{stem}.png", PLAIN, "{stem}_aug_0003.png"),
    ],
)
def test_names(file: str, options: WriteOptions, target: str) -> None:
    assert target_of(file, 3, options) == target
    assert target_of(file, 0, options) == file


def test_long_names_are_cut_but_distinct() -> None:
    names = ["x" * 245 + c + ".png" for c in "ab"] + ["é" * 124 + ".png"]
    targets = [target_of(n, i, PLAIN) for n in names for i in (1, 2)]
    assert len(set(targets)) == 6
    assert all(len(os.fsencode(t)) <= 255 for t in targets)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (WriteOptions("{stem}_aug"), r"lacks \{copy\}"),
        (WriteOptions("{stem}_{copi}"), r"unknown field \{copi\}; did you mean 'copy'\?"),
        (WriteOptions("{stem}/{copy}"), "'/' can't stand"),
        (WriteOptions("{stem}_{copy:zz}"), "write it like"),
        (WriteOptions("{stem}_{copy"), "write it like"),
        (WriteOptions("{}_{copy}"), "unknown field"),
        (WriteOptions("{stem.__class__}{copy}"), "unknown field"),
        (WriteOptions(format="gif"), "format must be one of"),
        (WriteOptions(quality=0), "within 1..100, got 0; did you mean 1"),
    ],
)
def test_options_that_cannot_be_used(options: WriteOptions, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        check_options(options)


def test_format_of_arrays_is_refused(tmp_path: Path) -> None:
    arrays_folder(tmp_path)
    with pytest.raises(RequestError, match="stay in their"):
        writer_for(open_source(tmp_path), tmp_path / "out", WriteOptions(format="png"))


def odd_folder(root: Path) -> None:
    for name in (b"caf\xe9.png", b"new\nline.png", b"a b.png"):
        path = Path(os.fsdecode(os.path.join(os.fsencode(root), b"k", name)))  # noqa: PTH118
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded())


def encoded() -> bytes:
    out = io.BytesIO()
    Image.fromarray(numbers(4, 4)).save(out, "PNG")
    return out.getvalue()


def test_odd_names_go_through(tmp_path: Path) -> None:
    odd_folder(tmp_path / "in")
    source = open_source(tmp_path / "in")
    run(source, writer_for(source, tmp_path / "out", PLAIN), 1)
    names = {os.fsencode(n) for n in tree(tmp_path / "out")}
    assert names >= {b"k/caf\xe9.png", b"k/caf\xe9_aug_0001.png", b"k/new\nline_aug_0001.png"}


def test_odd_names_in_a_table(tmp_path: Path) -> None:
    odd_folder(tmp_path / "in")
    (tmp_path / "in/labels.csv").write_bytes(b'file,label\nk/caf\xe9.png,a\n"k/new\nline.png",b\n')
    source = open_source(tmp_path / "in")
    assert source.layout == "csv"
    run(source, writer_for(source, tmp_path / "out", PLAIN), 1)
    assert (tmp_path / "out/labels.csv").read_bytes() == (
        b"file,label\nk/caf\xe9.png,a\nk/caf\xe9_aug_0001.png,a\n"
        b'"k/new\nline.png",b\n"k/new\nline_aug_0001.png",b\n'
    )


def test_vanished_original_and_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mixed_folder(tmp_path / "in")
    source = open_source(tmp_path / "in")
    writer = writer_for(source, tmp_path / "out", PLAIN)
    sample = source.read(source.items[0])
    (tmp_path / "in" / source.items[0].id).unlink()
    with pytest.raises(SampleError, match="No such file"):
        writer.copy(source.items[0])

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        writer.write(source.items[0], 1, sample)
    assert tree(tmp_path / "out") == {}


def test_every_layout_has_its_writer() -> None:
    assert [w.layout for w in WRITERS] == [
        "arrays", "coco", "voc", "yolo", "webdataset", "parquet", "pairs", "csv", "folder",
        "synth",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["uji-pen-v1", "em-membrane"])
def test_real_data_goes_round(tmp_path: Path, shared_data: Path, name: str) -> None:
    root = shared_data / name
    source = open_source(root)
    keep = source.items[:40]
    writer = writer_for(source, tmp_path / "out", PLAIN)
    lines: list[Line] = []
    for item in keep:
        lines.append(Line(item.id, item.split, 0, writer.copy(item)))
        lines.append(Line(item.id, item.split, 1, writer.write(item, 1, source.read(item))))
    writer.end_shard(0)
    writer.finish(iter(lines))
    again = open_source(tmp_path / "out")
    assert again.layout == source.layout
    assert len(again.items) == 2 * len(keep)
    if name == "uji-pen-v1":
        file = "uji_pen_v1_70x70.npz"
        with np.load(root / file) as theirs, np.load(tmp_path / "out" / file) as mine:
            for key in theirs.files:
                assert np.array_equal(mine[key], np.repeat(theirs[key][:40], 2, axis=0))
        return
    for item in keep:
        for file in item.files:
            twin = tmp_path / "out" / target_of(file, 1, PLAIN)
            with Image.open(root / file) as a, Image.open(twin) as b:
                assert a.mode == b.mode
                assert np.array_equal(np.array(a), np.array(b))
