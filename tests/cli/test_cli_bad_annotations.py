"""Annotations and tables that lie, point elsewhere or are broken; recipes from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from little import (
    GENTLE,
    HEIGHT,
    WIDTH,
    build,
    folder,
    manifest,
    multiply,
    plain,
    quarantine,
    refused,
    save,
    says,
    tenfold,
    voc_sample,
)

from annotated import coco_document, parse_voc, parse_yolo, save_json

OUTSIDE = ["../../x.png", "/etc/hostname", "a/../../../x.png", "..\\..\\x.png", "", "x\0y.png"]


def coco(root: Path, names: list[Any], boxes: list[list[float]] | None = None) -> Path:
    """Pictures 0.png, 1.png and a COCO file that names these images, each with a box."""
    for i in range(2):
        save(root / f"images/{i}.png", i)
    images = [
        {"id": i + 1, "file_name": n, "width": WIDTH, "height": HEIGHT} for i, n in enumerate(names)
    ]
    annotations = [
        {
            "id": i + 1,
            "image_id": i + 1,
            "category_id": 2,
            "bbox": boxes[i] if boxes else [4, 3, 5, 6],
            "area": 30,
            "iscrowd": 0,
        }
        for i in range(len(names))
    ]
    save_json(root / "annotations/instances.json", coco_document(images, annotations))
    return root


@pytest.mark.parametrize("name", [*OUTSIDE, "missing.png", 7, None])
def test_coco_names_what_is_not_there(tmp_path: Path, name: Any) -> None:
    save(tmp_path / "x.png", 9)
    source = coco(tmp_path / "a/in", ["0.png", "1.png", name])
    outcome = multiply(source, tmp_path / "out")
    assert outcome.code == 1, outcome
    (reason,) = quarantine(tmp_path / "out").values()
    says(reason, "annotations/instances.json")
    assert len(manifest(tmp_path / "out")) == 6
    document = json.loads((tmp_path / "out/annotations/instances.json").read_text())
    assert len(document["images"]) == 6
    assert len(document["annotations"]) == 6


@pytest.mark.parametrize("name", [*OUTSIDE[:4], "missing.png"])
def test_csv_names_what_is_not_there(tmp_path: Path, name: str) -> None:
    save(tmp_path / "x.png", 9)
    source = build("csv", tmp_path / "a/in")
    with (source / "labels.csv").open("a") as handle:
        handle.write(f'{name},a,train,"n, 9"\n')
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 1
    ((where, reason),) = quarantine(tmp_path / "out").items()
    says(where, "labels.csv, row 7")
    says(reason, "missing" if "missing" in name else "inside" if ".png" in name else "")
    assert len(manifest(tmp_path / "out")) == 10


@pytest.mark.parametrize("name", [*OUTSIDE[:4], "missing.png"])
def test_voc_names_what_is_not_there(tmp_path: Path, name: str) -> None:
    save(tmp_path / "x.png", 9)
    source = build("voc", tmp_path / "a/in")
    (source / "Annotations/other.xml").write_text(
        f"<annotation><filename>{name}</filename></annotation>"
    )
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 1
    assert list(quarantine(tmp_path / "out")) == ["Annotations/other.xml"]
    assert len(manifest(tmp_path / "out")) == 10
    assert not (tmp_path / "out/Annotations/other.xml").exists()


def test_voc_entities(tmp_path: Path) -> None:
    source = build("voc", tmp_path / "in")
    (source / "Annotations/v0.xml").write_text(
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
        "<annotation><object><name>&a;</name></object></annotation>"
    )
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 1
    says(quarantine(tmp_path / "out")["JPEGImages/v0.png"], "entities")


def test_voc_list_names_a_missing_image(tmp_path: Path) -> None:
    source = build("voc", tmp_path / "in")
    with (source / "ImageSets/Main/train.txt").open("a") as handle:
        handle.write("../../x\n")
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 1
    ((where, reason),) = quarantine(tmp_path / "out").items()
    says(where, "ImageSets/Main/train.txt")
    says(reason, "../../x")
    assert "../../x" not in (tmp_path / "out/ImageSets/Main/train.txt").read_text()


def test_yolo_list_names_what_is_not_there(tmp_path: Path) -> None:
    save(tmp_path / "x.png", 9)
    source = build("yolo", tmp_path / "a/in")
    (source / "train.txt").write_text("./images/train/0.png\n../../x.png\n./images/none.png\n")
    (source / "data.yaml").write_text("train: train.txt\nval: images/val\nnames: [cell, debris]\n")
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 1
    says("".join(quarantine(tmp_path / "out")), "../../x.png", "none.png")
    assert not any("x.png" in line["file"] for line in manifest(tmp_path / "out"))


BOXES = {
    "outside": [40.0, 30.0, 5.0, 5.0],
    "half out": [-4.0, 3.0, 10.0, 6.0],
    "inverted": [9.0, 9.0, -5.0, -5.0],
    "NaN": [float("nan"), 1.0, 5.0, 5.0],
    "infinite": [1.0, 1.0, float("inf"), 5.0],
}


@pytest.mark.parametrize("invalid", ["clip", "drop", "raise"])
@pytest.mark.parametrize("kind", BOXES)
def test_invalid_boxes_in_coco(tmp_path: Path, kind: str, invalid: str) -> None:
    source = coco(tmp_path / "in", ["0.png", "1.png"], [BOXES[kind], [4.0, 3.0, 5.0, 6.0]])
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"{GENTLE}invalid: {invalid}\n")
    outcome = tenfold(
        "augment", source, tmp_path / "out", "--recipe", recipe, "--seed", 1, "--copies", 2
    )
    lines = manifest(tmp_path / "out")
    if invalid == "raise":
        assert outcome.code == 1
        ((item, reason),) = quarantine(tmp_path / "out").items()
        assert item == "images/0.png"
        says(reason, "box of 'cat'", "invalid: clip or drop")
        assert len(lines) == 3
        return
    assert outcome.code == 0, outcome
    original = next(e for e in lines if e["item"] == "images/0.png" and e["kind"] == "original")
    kept = invalid == "clip" and kind == "half out"
    assert original["annotations"] == {"clipped": int(kept), "dropped": int(not kept)}
    copies = [e for e in lines if e["item"] == "images/0.png" and e["kind"] == "copy"]
    assert all(e["labels"] == (["cat"] if kept else []) for e in copies)
    # valid JSON for everyone: no NaN in what tenfold wrote of its own accord
    document = json.loads((tmp_path / "out/annotations/instances.json").read_text())
    of_copies = {i["id"] for i in document["images"] if "_aug_" in i["file_name"]}
    assert len(of_copies) == 4
    for annotation in document["annotations"]:
        if annotation["image_id"] in of_copies:
            x, y, w, h = annotation["bbox"]
            assert x >= 0 <= y
            assert 0 < w <= WIDTH - x + 1e-6
            assert 0 < h <= HEIGHT - y + 1e-6


@pytest.mark.parametrize("box", [(40, 30, 45, 35), (9, 9, 3, 3), ("nan", 1, 5, 5)])
def test_invalid_boxes_in_voc(tmp_path: Path, box: tuple[object, ...]) -> None:
    source = build("voc", tmp_path / "in")
    voc_sample(source, "v0", 0, box)
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 0, outcome
    assert parse_voc(tmp_path / "out/Annotations/v0_aug_0001.xml") == []
    before, after = (tmp_path / d / "Annotations/v0.xml" for d in ("in", "out"))
    assert before.read_bytes() == after.read_bytes()


@pytest.mark.parametrize("row", ["0 -2.5 -2.5 0.1 0.1", "0 0.5 0.5 -0.2 0.2", "0 nan 0.5 0.1 0.1"])
def test_invalid_boxes_in_yolo(tmp_path: Path, row: str) -> None:
    source = build("yolo", tmp_path / "in")
    (source / "labels/train/0.txt").write_text(row + "\n")
    assert multiply(source, tmp_path / "out", copies=1).code == 0
    assert parse_yolo(tmp_path / "out/labels/train/0_aug_0001.txt") == []


@pytest.mark.parametrize(
    "row",
    ["7 0.5 0.5 0.1 0.1", "cat 0.5 0.5 0.1 0.1", "0 0.5 0.5", "0 a b c d", "0 50 50 20 20"],
)
def test_broken_rows_in_yolo(tmp_path: Path, row: str) -> None:
    source = build("yolo", tmp_path / "in")
    (source / "labels/train/0.txt").write_text(row + "\n")
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 1
    says(quarantine(tmp_path / "out")["images/train/0.png"], "labels/train/0.txt, line 1")


@pytest.mark.parametrize(
    ("layout", "file", "content", "words"),
    [
        ("coco", "annotations/instances_train.json", '{"images": [', ("valid JSON", "again")),
        ("yolo", "data.yaml", "names: [a\ntrain: x", ("data.yaml", "YAML")),
        ("yolo", "data.yaml", "nc: 3\nnames: [a]\ntrain: images/train", ("nc is 3", "agree")),
        ("csv", "labels.csv", 'file,label\n0.png,a\n1.png,"b', ("labels.csv", "line")),
        ("csv", "labels.csv", "file,label\n0.png,a\n1.png,b,c\n", ("line 3", "3 cells")),
        ("arrays", "data.npz", "PK\x03\x04nonsense", ("data.npz",)),
    ],
)
def test_broken_files_of_the_whole(
    tmp_path: Path, layout: str, file: str, content: str, words: tuple[str, ...]
) -> None:
    source = build(layout, tmp_path / "in")
    (source / file).write_text(content)
    refused(multiply(source, tmp_path / "out"), tmp_path / "out", *words)


def test_arrays_of_objects_are_never_unpickled(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    images = np.zeros((2, 4, 4), np.uint8)
    np.savez(tmp_path / "in/data.npz", images=images, labels=np.array([{}, []], object))
    refused(multiply(tmp_path / "in", tmp_path / "out"), tmp_path / "out", "labels", "object")


def test_classes_with_one_sample(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", cats=3, dogs=1)
    assert multiply(source, tmp_path / "out").code == 0
    assert sum(line["label"] == "dog" for line in manifest(tmp_path / "out")) == 3
    assert multiply(source, tmp_path / "even", "--balance").code == 0
    labels = [line["label"] for line in manifest(tmp_path / "even")]
    assert labels.count("dog") == labels.count("cat") == 9
    says(tenfold("inspect", source).out, "dog")


@pytest.mark.parametrize("kind", ["nothing", "empty folder", "empty classes", "text", "no split"])
def test_empty_datasets(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "in"
    if kind != "nothing":
        source.mkdir()
    if kind == "empty classes":
        (source / "cat").mkdir()
    if kind == "text":
        (source / "notes.txt").write_text("no image")
    if kind == "no split":
        folder(source, train=0, held=2)
    words = {"nothing": "does not exist", "no split": "none named train"}
    refused(multiply(source, tmp_path / "out"), tmp_path / "out", words.get(kind, "no dataset"))
    if kind not in ("nothing", "no split"):
        for command in ("inspect", "preview"):
            assert tenfold(command, source).code == 2


def test_empty_coco(tmp_path: Path) -> None:
    source = coco(tmp_path / "in", [])
    refused(multiply(source, tmp_path / "out"), tmp_path / "out", "no usable samples")


RECIPES = {
    "from a newer version": (
        "version: 2\ninvariances: [{rotation: 5}]\n",
        ("version 2", "newer tenfold", "upgrade"),
    ),
    "misspelt": ("version: 1\ninvariances:\n- rotaton: 5\n", ("line 3", "did you mean 'rotation'")),
    "beyond range": ("version: 1\ninvariances:\n- rotation: 540\n", ("line 3", "540", "180")),
    "wrong type": ("version: 1\ninvariances: 7\n", ("line 2", "7")),
    "no YAML": ("version: [1\n", ("line",)),
    "empty": ("", ("empty",)),
    "binary": ("\0\1\2", ()),
    "unknown key": ("version: 1\ninvariance: []\n", ("line 2", "did you mean 'invariances'")),
}


@pytest.mark.parametrize("kind", RECIPES)
def test_recipes_that_cannot_be_used(tmp_path: Path, kind: str) -> None:
    source = plain(tmp_path / "in", 1, 1)
    text, words = RECIPES[kind]
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(text)
    outcome = tenfold("augment", source, tmp_path / "out", "--recipe", recipe)
    refused(outcome, tmp_path / "out", "mine.yaml", *words)
    assert tenfold("recipe", "check", recipe).code == 2
    assert tenfold("preview", source, "--recipe", recipe, "-o", tmp_path / "p.png").code == 2
    assert not (tmp_path / "p.png").exists()
