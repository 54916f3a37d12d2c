"""Every layout through `tenfold augment`, read again by tenfold and by readers that aren't."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from little import BUILDERS, HEIGHT, WIDTH, build, manifest, multiply, quarantine, tenfold, tree
from outsiders import READERS

from tenfold.samples.sources import open_source

COPIES = 3
HELD = {"folder": "test", "arrays": "test"}


@pytest.fixture(scope="module", params=BUILDERS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the dataset `in` and what was made of it, `out`; named by the layout."""
    place = tmp_path_factory.mktemp("layouts") / str(request.param)
    place.mkdir()
    build(place.name, place / "in")
    outcome = multiply(place / "in", place / "out", "--workers", 1, copies=COPIES)
    assert (outcome.code, outcome.err) == (0, "")
    return place


def test_counts(made: Path) -> None:
    kinds = Counter(line["kind"] for line in manifest(made / "out"))
    assert kinds == {"untouched": 2, "original": 4, "copy": 4 * COPIES}
    assert not quarantine(made / "out")
    assert not (made / "out" / ".tenfold").exists()
    assert (made / "out" / "report.html").is_file()


def test_tenfold_opens_it_again(made: Path) -> None:
    before, after = open_source(made / "in"), open_source(made / "out")
    assert after.layout == before.layout == made.name
    assert not after.problems
    assert len(after.items) == 2 + 4 * (1 + COPIES)
    assert after.info == before.info
    sizes = {after.read(item).image.shape[:2] for item in after.items}
    assert sizes == {(HEIGHT, WIDTH)}


@pytest.mark.parametrize("to", ["webdataset", "parquet"])
def test_into_files_of_many_samples(made: Path, to: str, tmp_path: Path) -> None:
    outcome = multiply(
        made / "in", tmp_path / "out", "--to", to, "--per-file", 3, copies=COPIES
    )  # fmt: skip
    assert (outcome.code, outcome.err) == (0, "")
    assert len([p for p in (tmp_path / "out").iterdir() if p.suffix in (".tar", ".parquet")]) >= 2
    before, after = open_source(made / "in"), open_source(tmp_path / "out")
    assert after.layout == to
    assert after.splits() == before.splits()
    for told in ("has_masks", "has_boxes", "has_keypoints"):
        assert getattr(after.info, told) == getattr(before.info, told)
    objects = {i.id: before.read(i) for i in before.items}
    for item in after.items:
        sample = after.read(item)
        assert sample.image.shape[:2] == (HEIGHT, WIDTH)
    for split in before.splits():
        times = 1 + COPIES if split == "train" else 1
        was = Counter(str(i.label) for i in before.items if i.split == split)
        now = Counter(str(i.label) for i in after.items if i.split == split)
        assert now == {label: times * count for label, count in was.items()}
    held = [i for i in before.items if i.split != "train"]
    kept = [after.read(i) for i in after.items if i.split != "train"]
    for item, sample in zip(held, kept, strict=True):
        np.testing.assert_array_equal(sample.image, objects[item.id].image)
        boxes = [i.box for i in objects[item.id].instances if "voc_part_of" not in i.extra]
        for mine, theirs in zip(sample.instances, boxes, strict=True):
            assert mine.box is not None
            assert theirs is not None
            assert np.allclose(mine.box, theirs, atol=1e-4)


def test_outsiders_agree(made: Path) -> None:
    read, held = READERS[made.name], HELD.get(made.name, "val")
    before, after = read(made / "in", "train"), read(made / "out", "train")
    assert len(before) == 4
    assert len(after) == 4 * (1 + COPIES)
    untouched = read(made / "out", held)
    assert len(untouched) == 2
    for name, seen in read(made / "in", held).items():
        np.testing.assert_array_equal(untouched[name].pixels, seen.pixels)
        assert untouched[name].labels == seen.labels
    for seen in after.values():
        assert seen.pixels.dtype == np.uint8
        assert all(
            0 <= x0 < x1 <= WIDTH and 0 <= y0 < y1 <= HEIGHT for x0, y0, x1, y1 in seen.boxes
        )
    labels = Counter(label for seen in before.values() for label in seen.labels)
    assert Counter(label for seen in after.values() for label in seen.labels) == {
        label: number * (1 + COPIES) for label, number in labels.items()
    }
    distinct = {seen.pixels.tobytes() for seen in after.values()}
    assert len(distinct) == len(after), "copies are alike"


def test_held_back_files_are_untouched(made: Path) -> None:
    if made.name == "arrays":
        with np.load(made / "in/data.npz") as before, np.load(made / "out/data.npz") as after:
            assert before.files == after.files
            for key in ("x_test", "y_test"):
                np.testing.assert_array_equal(before[key], after[key])
        return
    before, after = tree(made / "in"), tree(made / "out")
    rewritten = ("labels.csv", "instances_train.json", "instances_val.json", "train.txt")
    shared = [name for name in before if not name.decode().endswith(rewritten)]
    assert len(shared) >= 6
    for name in shared:
        assert after[name] == before[name], name
    if made.name == "coco":
        texts = [(made / d / "annotations/instances_val.json").read_text() for d in ("in", "out")]
        assert json.loads(texts[0]) == json.loads(texts[1])


def test_manifest_names_every_file_and_verify_agrees(made: Path) -> None:
    lines = manifest(made / "out")
    named = {file for line in lines for file in line["files"]}
    whole = {"labels.csv", "data.npz", "data.yaml", "recipe.yaml", "tenfold.json"}
    whole |= {"manifest.jsonl", "annotations/instances_train.json", "ImageSets/Main/train.txt"}
    whole |= {"annotations/instances_val.json", "ImageSets/Main/val.txt"}
    assert {name.decode() for name in tree(made / "out")} - named <= whole
    outcome = tenfold("verify", made / "out")
    assert outcome.code == 0
    assert " 0 not as" in outcome.out


@pytest.mark.parametrize("layout", ["coco", "arrays"])
def test_two_workers_give_the_same(layout: str, tmp_path: Path) -> None:
    build(layout, tmp_path / "in")
    for workers in (1, 2):
        assert multiply(tmp_path / "in", tmp_path / f"{workers}", "--workers", workers).code == 0
    assert tree(tmp_path / "1") == tree(tmp_path / "2")
