"""Little datasets in every layout, made without tenfold, and the command line called in process."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

from annotated import coco_document, save_json
from tenfold.cli.main import run

WIDTH, HEIGHT = 16, 12
GENTLE = "version: 1\ninvariances:\n- rotation: 10\n- translation: 0.1\n- brightness: 0.2\n"
"""A recipe that suits every layout here."""


@dataclass(frozen=True)
class Outcome:
    """What a command gave."""

    code: int
    out: str
    err: str


def tenfold(*arguments: object) -> Outcome:
    """Run the command line in this process; neither of its streams is a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(a) if not isinstance(a, bytes) else os.fsdecode(a) for a in arguments])
    return Outcome(code, out.getvalue(), err.getvalue())


def multiply(source: Path, destination: Path, *more: object, copies: int = 2) -> Outcome:
    """`tenfold augment` with the gentle recipe, a seed and a few copies."""
    recipe = destination.parent / "gentle.yaml"
    recipe.write_text(GENTLE)
    fixed = ("--recipe", recipe, "--seed", 5, "--copies", copies)
    return tenfold("augment", source, destination, *fixed, *more)


def says(text: str, *words: str) -> None:
    """All of these words are in a message, whatever the case."""
    for word in words:
        assert word.lower() in text.lower(), f"{word!r} is not in: {text}"


def refused(outcome: Outcome, destination: Path, *words: str) -> None:
    """A bad request: exit 2, a message with these words on stderr, and nothing written."""
    assert outcome.code == 2, outcome
    assert "Traceback" not in outcome.err
    says(outcome.err, *words)
    assert outcome.out == ""
    assert not os.path.lexists(destination), "a refused request wrote something"


def tree(folder: Path) -> dict[bytes, str]:
    """SHA-256 of every file by its path, the report left out (it tells the time)."""
    base = os.fsencode(folder)
    found = {}
    for top, _, files in os.walk(base):
        for file in files:
            path = os.path.join(top, file)  # noqa: PTH118 (bytes)
            with open(path, "rb") as handle:
                digest = hashlib.sha256(handle.read()).hexdigest()
            found[os.path.relpath(path, base)] = digest
    return {k: v for k, v in found.items() if k not in (b"report.html", b"report.json")}


def manifest(folder: Path) -> list[dict[str, Any]]:
    """The lines of a manifest."""
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def quarantine(folder: Path) -> dict[str, str]:
    """Reasons by sample; empty where there is no such file."""
    path = folder / "quarantine.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return {entry["item"]: entry["reason"] for entry in map(json.loads, lines)}


def noise(seed: int, mode: str = "RGB", size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image.Image:
    """A picture that no other seed gives."""
    rng = np.random.default_rng(seed)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], len(mode))
    return Image.fromarray(rng.integers(0, 256, shape, np.uint8))


def save(path: Path, seed: int, mode: str = "RGB") -> None:
    """Save such a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise(seed, mode).save(path)


def folder(root: Path, train: int = 3, held: int = 2) -> Path:
    """`split/class/*.png`: `train` samples of cat and of dog, `held` test samples of cat."""
    for i in range(train):
        save(root / f"train/cat/{i}.png", i)
        save(root / f"train/dog/{i}.png", 100 + i)
    for i in range(held):
        save(root / f"test/cat/{i}.png", 200 + i)
    return root


def plain(root: Path, cats: int = 3, dogs: int = 3) -> Path:
    """`class/*.png`, no splits."""
    for i in range(cats):
        save(root / f"cat/{i}.png", i)
    for i in range(dogs):
        save(root / f"dog/{i}.png", 100 + i)
    return root


def _csv(root: Path) -> None:
    rows = ["file,label,split,note"]
    for i in range(6):
        save(root / f"pictures/{i}.png", i)
        rows.append(f'{i}.png,{"ab"[i % 2]},{"train" if i < 4 else "val"},"n, {i}"')
    (root / "labels.csv").write_text("\n".join(rows) + "\n")


def _coco(root: Path) -> None:
    number = 0
    for split, count in (("train", 4), ("val", 2)):
        images, annotations = [], []
        for i in range(count):
            number += 1
            name = f"{number:03d}.png"
            save(root / f"images/{split}/{name}", number)
            images.append(
                {"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT, "license": 4}
            )
            annotations += _coco_objects(number, i)
        save_json(root / f"annotations/instances_{split}.json", coco_document(images, annotations))


def _coco_objects(image: int, kind: int) -> list[dict[str, Any]]:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    mask[3:9, 4:11] = 1
    runs = coco_mask.encode(mask)
    common = {"image_id": image, "iscrowd": 0, "area": 42.0, "bbox": [4.0, 3.0, 7.0, 6.0]}
    shapes: list[dict[str, Any]] = [
        {"category_id": 2, "segmentation": [[4.0, 3.0, 11.0, 3.0, 11.0, 9.0, 4.0, 9.0]]},
        {"category_id": 7, "segmentation": {**runs, "counts": runs["counts"].decode()}},
        {"category_id": 9, "keypoints": [5, 4, 2, 6, 5, 2, 9, 7, 1], "num_keypoints": 3},
        {"category_id": 2},
    ]
    return [{"id": image * 10, **common, **shapes[kind]}]


def _voc(root: Path) -> None:
    lists: dict[str, list[str]] = {"train": [], "val": []}
    for i in range(6):
        stem = f"v{i}"
        lists["train" if i < 4 else "val"].append(stem)
        voc_sample(root, stem, i)
    for name, stems in lists.items():
        path = root / f"ImageSets/Main/{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{s}\n" for s in stems))


def voc_sample(root: Path, stem: str, seed: int, box: tuple[object, ...] = (5, 4, 11, 9)) -> None:
    """A picture and its annotation with one box (1-based, ends included)."""
    save(root / f"JPEGImages/{stem}.png", seed)
    tags = ("xmin", "ymin", "xmax", "ymax")
    inner = "".join(f"<{t}>{v}</{t}>" for t, v in zip(tags, box, strict=True))
    (root / "Annotations").mkdir(exist_ok=True)
    (root / f"Annotations/{stem}.xml").write_text(
        f"<annotation><filename>{stem}.png</filename><size><width>{WIDTH}</width>"
        f"<height>{HEIGHT}</height><depth>3</depth></size><object><name>cell</name>"
        f"<difficult>0</difficult><bndbox>{inner}</bndbox></object></annotation>"
    )


def _yolo(root: Path) -> None:
    for split, numbers in (("train", range(4)), ("val", range(4, 6))):
        for i in numbers:
            save(root / f"images/{split}/{i}.png", i)
            label = root / f"labels/{split}/{i}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text(f"{i % 2} 0.5 0.5 0.4 0.5\n")
    (root / "data.yaml").write_text(
        "train: images/train\nval: images/val\nnc: 2\nnames: [cell, debris]\n"
    )


def _pairs(root: Path) -> None:
    for split, numbers in (("train", range(4)), ("val", range(4, 6))):
        for i in numbers:
            save(root / f"{split}/images/{i}.png", i, "L")
            mask = np.zeros((HEIGHT, WIDTH), np.uint8)
            mask[3:9, 4 : 8 + i % 3] = 1 + i % 2
            path = root / f"{split}/masks/{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(path)


def _arrays(root: Path) -> None:
    rng = np.random.default_rng(0)
    root.mkdir(parents=True)
    np.savez(
        root / "data.npz",
        x_train=rng.integers(0, 256, (4, HEIGHT, WIDTH), np.uint8),
        y_train=np.array([0, 1, 0, 1]),
        weight_train=np.array([0.5, 1.0, 1.5, 2.0]),
        x_test=rng.integers(0, 256, (2, HEIGHT, WIDTH), np.uint8),
        y_test=np.array([1, 0]),
    )


def _folder(root: Path) -> None:
    folder(root, train=2)


BUILDERS: dict[str, Callable[[Path], None]] = {
    "folder": _folder,
    "csv": _csv,
    "coco": _coco,
    "voc": _voc,
    "yolo": _yolo,
    "pairs": _pairs,
    "arrays": _arrays,
}
"""Every layout: four samples to multiply (train), two held back (val or test)."""


def build(layout: str, root: Path) -> Path:
    """A dataset in that layout."""
    BUILDERS[layout](root)
    return root
