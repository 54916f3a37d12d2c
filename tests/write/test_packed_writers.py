"""Many samples in few files: what other readers find in them, and one promise a shard."""

from __future__ import annotations

import gc
import io
import json
import signal
import subprocess
import sys
import tarfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotated import coco_document, picture, save_json
from engine.datasets import arrays, image_folder, pairs
from sharded import mask_of, objects_of, parquet, pixels, png, save_tar, webdataset
from tenfold.engine.manifest import read_lines, tree_hash
from tenfold.engine.replay import replay
from tenfold.engine.state import State
from tenfold.engine.verify import verify
from tenfold.errors import OutputError, RequestError
from tenfold.multiply import augment
from tenfold.places import place_of
from tenfold.samples.sources import open_source
from tenfold.write import atomic
from tenfold.write.writer import WriteOptions
from tenfold.write.writers import EXPORTS, writer_for

pytest.importorskip("pyarrow", reason="pyarrow (tenfold[parquet]) isn't installed")
import pyarrow as pa
import pyarrow.parquet as pq

MIRRORED = """
version: 1
keypoint_pairs: []
invariances: [{reflection: {axes: [horizontal], probability: 1}}]
"""
SAME = "version: 1\ninvariances: [{rotation: {degrees: 5, probability: 0}}]\n"
TURNED = "version: 1\nborder: reflect\ninvariances: [{rotation: 20}, {shot_noise: {}}]\n"

Maker = Callable[[Path], Path]


def multiply(source: Path, destination: Path, text: str = TURNED, **settings: Any) -> Path:
    rules = destination.parent / "rules.yaml"
    rules.write_text(text)
    options = WriteOptions(
        to=settings.pop("to", None), per_file=settings.pop("per_file", None),
        format=settings.pop("format", None),
    )  # fmt: skip
    augment(
        source, destination, recipe=rules, copies=settings.pop("copies", 3), seed=5,
        options=options, **settings,
    )  # fmt: skip
    return destination


def tar_samples(path: Path) -> dict[str, dict[str, bytes]]:
    """A shard as webdataset groups it: neighbours of one name, up to the first dot."""
    found: dict[str, dict[str, bytes]] = {}
    last = None
    with tarfile.open(path) as tar:
        for info in tar:
            assert (info.mtime, info.uid, info.gid, info.uname, info.mode) == (0, 0, 0, "", 0o644)
            folder, _, name = info.name.rpartition("/")
            key, _, field = name.partition(".")
            key = f"{folder}/{key}" if folder else key
            assert key == last or key not in found, "a sample's files must follow each other"
            last = key
            data = tar.extractfile(info)
            assert data is not None
            found.setdefault(key, {})[field] = data.read()
    return found


def rows_of(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def decoded(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("to", EXPORTS)
@pytest.mark.parametrize("make", [image_folder, pairs, arrays, webdataset, parquet])
def test_any_workers_parts_and_layout_give_the_same_bytes(
    tmp_path: Path, make: Maker, to: str
) -> None:
    source = make(tmp_path / "data")
    per_file = None if make is webdataset else 4
    one = multiply(source, tmp_path / "one", to=to, per_file=per_file)
    if make is image_folder:
        two = multiply(source, tmp_path / "two", to=to, per_file=per_file, workers=2)
        assert tree_hash(two) == tree_hash(one)
    for index in (1, 0):
        multiply(source, tmp_path / "parts", to=to, per_file=per_file, shard=(index, 2))
    assert tree_hash(tmp_path / "parts") == tree_hash(one)
    assert verify(one).problems == ()
    made, before = open_source(one), open_source(source)
    assert made.layout == to
    copied = {None, "train"}
    assert len(made.items) == sum(4 if i.split in copied else 1 for i in before.items)
    assert sorted(map(str, {i.label for i in made.items})) == sorted(
        map(str, {i.label for i in before.items})
    )
    assert made.splits() == before.splits()
    assert made.info.has_masks == before.info.has_masks


@pytest.mark.parametrize("to", EXPORTS)
def test_every_output_can_be_made_again(tmp_path: Path, to: str) -> None:
    source = image_folder(tmp_path / "data", 6, 2)
    out = multiply(source, tmp_path / "out", to=to, per_file=3)
    lines = list(read_lines(out / "manifest.jsonl"))
    for line in lines:
        again = replay(out / line["file"])
        assert again.identical, again.why
    file = out / lines[-1]["file"].partition("#")[0]
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert [p.file for p in verify(out).problems] == [file.name]
    assert not replay(out / lines[-1]["file"]).identical
    file.unlink()
    told = replay(out / lines[-1]["file"], output=tmp_path / "kept")
    assert "made again in" in told.why
    assert any(p.suffix == ".png" for p in (tmp_path / "kept").rglob("*"))


@pytest.mark.parametrize("to", EXPORTS)
def test_a_resumed_run_gives_the_same_bytes_wherever_it_failed(
    tmp_path: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = image_folder(tmp_path / "data", 12)
    whole = tree_hash(multiply(source, tmp_path / "whole", to=to, per_file=2))
    real, budget = atomic.write_chunks, [0]

    def failing(path: Path, chunks: Any) -> str:
        budget[0] -= 1
        if budget[0] < 0:
            raise OutputError(f"can't write {path}: no space left; --resume")
        return real(path, chunks)

    for module in list(sys.modules.values()):
        if getattr(module, "write_chunks", None) is real:
            monkeypatch.setattr(module, "write_chunks", failing)
    destination, failures = tmp_path / "out", 0
    while not State(destination).finished:
        budget[0] = 8
        existing = "resume" if State(destination).started else "refuse"
        try:
            multiply(source, destination, to=to, per_file=2, existing=existing)
        except OutputError:
            failures += 1
            assert failures < 50, "the run makes no progress"
    assert failures > 1
    assert tree_hash(destination) == whole


@pytest.mark.parametrize("to", EXPORTS)
def test_kills_leave_shards_whole_or_absent(tmp_path: Path, to: str) -> None:
    source = image_folder(tmp_path / "data", train=36, side=32)
    whole = multiply(source, tmp_path / "whole", to=to, per_file=4)
    rules = tmp_path / "rules.yaml"
    command = [
        sys.executable, "-m", "tenfold", "augment", str(source), str(tmp_path / "out"),
        "--recipe", str(rules), "--copies", "3", "--seed", "5", "--to", to, "--per-file", "4",
        "--quiet",
    ]  # fmt: skip
    for _ in range(2):
        process = subprocess.Popen([*command, *_resume(tmp_path / "out")])
        deadline = time.monotonic() + 60
        seen = len(_shards(tmp_path / "out"))
        while process.poll() is None and len(_shards(tmp_path / "out")) < seen + 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in _shards(tmp_path / "out"):
            assert path.read_bytes() == (whole / path.name).read_bytes()
    subprocess.run([*command, *_resume(tmp_path / "out")], check=True)
    assert tree_hash(tmp_path / "out") == tree_hash(whole)


def _resume(destination: Path) -> list[str]:
    state = State(destination)
    return ["--resume"] if state.started or state.finished else []


def _shards(destination: Path) -> list[Path]:
    if not destination.exists():
        return []
    return [p for p in destination.iterdir() if p.suffix in (".tar", ".parquet") and p.is_file()]


@pytest.mark.parametrize("to", EXPORTS)
def test_a_quarantined_sample_leaves_nothing_behind(tmp_path: Path, to: str) -> None:
    source = image_folder(tmp_path / "data", 6, 2)
    (source / "train" / "a" / "000.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    out = multiply(source, tmp_path / "out", to=to, per_file=4)
    assert [q["item"] for q in read_lines(out / "quarantine.jsonl")] == ["train/a/000.png"]
    made = open_source(out)
    assert len(made.items) == 5 * 4 + 2
    assert not any("a/000" in i.id and "train" in i.id for i in made.items)


@pytest.mark.parametrize("to", EXPORTS)
def test_a_sample_whose_last_copy_fails_leaves_nothing_behind(tmp_path: Path, to: str) -> None:
    source = image_folder(tmp_path / "data", 4, 1)
    Image.fromarray(pixels(0)).convert("RGBA").save(source / "train" / "b" / "001.png")
    # the original is held by then; JPEG can't hold the copies' opacity
    out = multiply(source, tmp_path / "out", to=to, per_file=5, format="jpg")
    assert [q["item"] for q in read_lines(out / "quarantine.jsonl")] == ["train/b/001.png"]
    assert len(open_source(out).items) == 3 * 4 + 1
    lines = list(read_lines(out / "manifest.jsonl"))
    assert all(replay(out / line["file"]).identical for line in lines[-5:])


def test_originals_are_byte_for_byte_and_copies_keep_their_fields(tmp_path: Path) -> None:
    source = webdataset(tmp_path / "data")
    out = multiply(source, tmp_path / "out", MIRRORED, copies=1)
    before = {
        number: list(tar_samples_of(source / name).items())
        for number, name in enumerate(["train-000000.tar", "train-000001.tar", "val-000000.tar"])
    }
    after: dict[str, dict[str, bytes]] = {}
    for path in sorted(out.glob("*.tar")):
        after |= tar_samples(path)
    # both training shards and the validation shard count from 0: keys get their shard's name
    fields = before[0][3][1]
    original, copy = after["train-000000/000003"], after["train-000000/000003_aug_0001"]
    assert original == fields
    assert list(copy) == list(fields)
    assert (copy["cls"], copy["txt"]) == (fields["cls"], fields["txt"])
    assert np.array_equal(decoded(copy["png"]), decoded(fields["png"])[:, ::-1])
    assert np.array_equal(decoded(copy["seg.png"]), decoded(fields["seg.png"])[:, ::-1])
    document = json.loads(copy["json"])
    assert (document["url"], document["width"]) == ("x3", 30)
    cat, dog = document["objects"]
    assert cat == {**objects_of(3)[0], "bbox": [30 - 11, 4, 8, 6], "area": 48}
    assert dog["keypoints"] == [29 - 14, 7, 2, 29 - 18, 9, 1]
    assert (out / "classes.txt").read_text() == "cat\ndog\n"
    assert sum("aug" in key for key in after) == 12
    assert after["val-000000/000000"] == before[2][0][1]


def tar_samples_of(path: Path) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = defaultdict(dict)
    with tarfile.open(path) as tar:
        for info in tar:
            key, _, field = info.name.partition(".")
            data = tar.extractfile(info)
            assert data is not None
            found[key][field] = data.read()
    return found


def test_rows_keep_their_columns(tmp_path: Path) -> None:
    source = parquet(tmp_path / "data")
    out = multiply(source, tmp_path / "out", MIRRORED, copies=1)
    before = pq.read_table(source / "train-00000-of-00001.parquet")
    files = sorted(out.glob("train-*.parquet"))
    assert [f.name for f in files][:2] == [f"train-{i:05d}-of-00012.parquet" for i in range(2)]
    tables = [pq.read_table(f) for f in files]
    assert all(t.schema.equals(before.schema, check_metadata=True) for t in tables)
    rows = pa.concat_tables(tables).to_pylist()
    assert rows[::2] == before.to_pylist()
    for original, copy in zip(rows[::2], rows[1::2], strict=True):
        image = decoded(copy["image"]["bytes"])
        assert np.array_equal(image, decoded(original["image"]["bytes"])[:, ::-1])
        mask = decoded(copy["mask"]["bytes"])
        assert np.array_equal(mask, decoded(original["mask"]["bytes"])[:, ::-1])
        assert copy["image"]["path"].endswith("_aug_0001.png")
        assert (copy["label"], copy["caption"]) == (original["label"], original["caption"])
        assert copy["objects"] == {
            "bbox": [[19, 4, 8, 6], [8, 5, 10, 10]], "category": [0, 1], "area": [48, 100],
        }  # fmt: skip


def coco(root: Path) -> Path:
    """Three pictures with a box, an outline, a run-length mask and keypoints."""
    images, annotations = [], []
    for n in range(3):
        picture(root / f"train2017/{n}.png")
        images.append({"id": n, "file_name": f"{n}.png", "width": 40, "height": 30})
        runs = {"size": [30, 40], "counts": [30 * 5 + 10, 8, 22, 8, 1200 - 198]}
        outline = [[4.5, 3, 12, 3, 12, 9]]
        annotations += [
            {"id": 3 * n, "image_id": n, "category_id": 2, "bbox": [4.5, 3, 7.5, 6], "area": 20,
             "segmentation": outline, "iscrowd": 0},
            {"id": 3 * n + 1, "image_id": n, "category_id": 7, "segmentation": runs, "iscrowd": 1,
             "bbox": [5, 10, 2, 8], "area": 16},
            {"id": 3 * n + 2, "image_id": n, "category_id": 9, "bbox": [20, 10, 10, 10],
             "area": 100, "keypoints": [22, 12, 2, 24, 13, 1, 0, 0, 0]},
        ]  # fmt: skip
    save_json(root / "annotations/instances_train2017.json", coco_document(images, annotations))
    return root


@pytest.mark.parametrize("to", EXPORTS)
def test_objects_of_another_layout_arrive(tmp_path: Path, to: str) -> None:
    source = coco(tmp_path / "data")
    out = multiply(source, tmp_path / "out", SAME, to=to, copies=1)
    before, made = open_source(source), open_source(out)
    assert len(made.items) == 2 * len(before.items)
    wanted = [before.read(i) for i in before.items for _ in range(2)]
    for expected, item in zip(wanted, made.items, strict=True):
        found = made.read(item)
        assert np.array_equal(found.image, expected.image)
        for mine, theirs in zip(found.instances, expected.instances, strict=True):
            assert mine.label == theirs.label
            for name in ("box", "keypoints", "mask"):
                a, b = getattr(mine, name), getattr(theirs, name)
                assert (a is None) == (b is None), name
                assert a is None or np.allclose(a, b, atol=1e-4), name
            assert [p.tolist() for p in mine.polygons] == [p.tolist() for p in theirs.polygons]


def test_another_format_for_copies(tmp_path: Path) -> None:
    for make in (webdataset, parquet):
        out = multiply(
            make(tmp_path / make.__name__), tmp_path / f"{make.__name__}-out", format="jpg"
        )
        made = open_source(out)
        copies = [i for i in made.items if i.label is not None]
        formats = {str(made.read(i).encoding["format"]) for i in copies}
        assert formats == {"png", "jpg"}


def test_what_nobody_can_move_is_not_given_to_copies(tmp_path: Path) -> None:
    fields = {"png": png(pixels(0)), "cls": b"1", "depth.npy": b"123"}
    save_tar(tmp_path / "data" / "train-0.tar", [("a", fields)])
    out = multiply(tmp_path / "data", tmp_path / "out", copies=1)
    made = tar_samples(out / "train-000000.tar")
    assert made["a"] == fields
    assert set(made["a_aug_0001"]) == {"png", "cls"}
    assert "depth.npy" in (out / "report.html").read_text()


def test_other_columns_of_images_are_empty_in_copies(tmp_path: Path) -> None:
    file = {"bytes": png(pixels(0)), "path": "a/0.png"}
    rows = [{"image": file, "depth": {"bytes": b"raw", "path": None}, "when": 1.5}]
    (tmp_path / "data").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "data" / "train.parquet")
    out = multiply(tmp_path / "data", tmp_path / "out", copies=1)
    original, copy = rows_of(out / "train-00000-of-00001.parquet")
    assert original == rows[0]
    assert (copy["depth"], copy["when"]) == (None, 1.5)
    assert copy["image"]["path"] == "a/000000_aug_0001.png"


@pytest.mark.parametrize("make", [webdataset, parquet])
def test_in_a_store_the_shards_are_the_same(tmp_path: Path, make: Maker) -> None:
    fsspec: Any = pytest.importorskip("fsspec", reason="fsspec (tenfold[cloud]) isn't installed")
    source = make(tmp_path / "data")
    store, name = fsspec.filesystem("memory"), f"{make.__name__}-{tmp_path.name}"
    for path in source.iterdir():
        store.pipe_file(f"/{name}/data/{path.name}", path.read_bytes())
    multiply(source, tmp_path / "out")
    far = place_of(f"memory://{name}/out")
    augment(
        place_of(f"memory://{name}/data"), far, recipe=tmp_path / "rules.yaml", copies=3, seed=5
    )
    assert tree_hash(far) == tree_hash(tmp_path / "out")
    assert verify(far).problems == ()


def test_keys_stay_apart_and_have_no_dots(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for name in ("a/x.v1.png", "a/x_v1.png", "a/y.png", "a/é long " + "n" * 150 + ".png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(len(name))).save(root / name)
    source = open_source(root)
    writer = writer_for(source, tmp_path / "out", WriteOptions(to="webdataset"))
    names = [writer.target(item, copy) for item in source.items for copy in range(3)]
    assert len(set(names)) == len(names)
    out = multiply(root, tmp_path / "made", to="webdataset", per_file=10, copies=1)
    made = tar_samples(out / "data-000000.tar")
    assert len(made) == 8
    assert all(set(fields) == {"png", "cls"} for fields in made.values())
    assert np.array_equal(decoded(made["a/y"]["png"]), pixels(len("a/y.png")))


def test_what_can_not_be_asked_for(tmp_path: Path) -> None:
    source = image_folder(tmp_path / "data", 2, 1)
    with pytest.raises(RequestError, match="did you mean 'parquet'"):
        multiply(source, tmp_path / "out", to="parqet")
    with pytest.raises(RequestError, match="--to webdataset"):
        multiply(source, tmp_path / "out", per_file=3)
    with pytest.raises(RequestError, match="per_file must be at least 1"):
        multiply(source, tmp_path / "out", to="parquet", per_file=0)
    with pytest.raises(RequestError, match="no place for validity masks"):
        multiply(source, tmp_path / "out", "validity: true\n" + SAME,
                 to="parquet")  # fmt: skip
    assert not (tmp_path / "out").exists()
    multiply(source, tmp_path / "out", to="webdataset")
    with pytest.raises(RequestError, match="with --to webdataset, now parquet"):
        multiply(source, tmp_path / "out", to="parquet", existing="resume")


# The communities' own readers, where they are installed.


@pytest.mark.filterwarnings("default")
def test_webdataset_reads_it(tmp_path: Path) -> None:
    wds: Any = pytest.importorskip("webdataset", reason="webdataset isn't installed")
    source = image_folder(tmp_path / "data", 6, 2)
    out = multiply(source, tmp_path / "out", to="webdataset", per_file=4, copies=2)
    shards = sorted(str(p) for p in out.glob("train-*.tar"))
    found = list(
        wds.WebDataset(shards, shardshuffle=False).decode("rgb8").to_tuple("__key__", "png", "cls")
    )
    assert len(found) == 18
    for key, image, label in found:
        if "aug" not in key:
            assert np.array_equal(image, decoded((source / f"{key}.png").read_bytes()))
        assert ("a", "b")[label] == key.split("/")[1]
    objects = multiply(coco(tmp_path / "coco"), tmp_path / "objects", to="webdataset", copies=1)
    shards = sorted(str(p) for p in objects.glob("*.tar"))
    for sample in wds.WebDataset(shards, shardshuffle=False).decode():
        assert [o["category"] for o in sample["json"]["objects"]] == ["cat", "dog", "person"]
    gc.collect()  # webdataset leaves its files open


@pytest.mark.filterwarnings("default")
def test_datasets_reads_it(tmp_path: Path) -> None:
    datasets: Any = pytest.importorskip("datasets", reason="datasets isn't installed")
    if not hasattr(datasets, "load_dataset"):
        pytest.skip("a module of these tests has the name of datasets: run this file alone")

    def load(folder: Path, kind: str) -> Any:
        return datasets.load_dataset(kind, data_dir=str(folder), cache_dir=str(tmp_path / "cache"))

    source = image_folder(tmp_path / "data", 6, 2)
    out = multiply(source, tmp_path / "out", to="parquet", per_file=4, copies=2)
    found = load(out, "parquet")
    assert {k: len(v) for k, v in found.items()} == {"train": 18, "test": 2}
    train = found["train"]
    assert train.features["label"].names == ["a", "b"]
    paths = train.cast_column("image", datasets.Image(decode=False))["image"]
    for row, file in zip(train, paths, strict=True):
        assert row["image"].size == (28, 24)
        assert file["path"].split("/")[-2] == ("a", "b")[row["label"]]
    made = load(multiply(coco(tmp_path / "coco"), tmp_path / "objects", to="parquet", copies=1),
                "parquet")["train"]  # fmt: skip
    assert made[0]["objects"]["bbox"][0] == [4.5, 3, 7.5, 6]
    again = load(multiply(parquet(tmp_path / "hub"), tmp_path / "hub-out", copies=1), "parquet")
    assert again["train"].features["objects"]["category"].feature.names == ["cat", "dog"]
    assert np.asarray(again["test"][0]["mask"]).tolist() == mask_of(12).tolist()
    tars = multiply(source, tmp_path / "tars", to="webdataset", per_file=4, copies=2)
    assert sorted({row["cls"] for row in load(tars, "webdataset")["train"]}) == [0, 1]
