"""Readers of the layouts that share nothing with tenfold (Pillow, NumPy, pycocotools, ours)."""

from __future__ import annotations

import contextlib
import csv
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image
from pycocotools.coco import COCO

from annotated import parse_voc, parse_yolo


@dataclass(frozen=True)
class Seen:
    """A sample as an outsider sees it: its picture, its labels, its boxes (x0 y0 x1 y1 px)."""

    pixels: NDArray[Any]
    labels: tuple[object, ...] = ()
    boxes: tuple[tuple[float, ...], ...] = ()
    mask: NDArray[Any] | None = field(default=None)


def pixels(path: Path) -> NDArray[Any]:
    """A picture, read by Pillow."""
    with Image.open(path) as image:
        return np.array(image)


def _folder(root: Path, split: str) -> dict[str, Seen]:
    files = sorted((root / split).glob("*/*.png"))
    return {f"{split}/{p.parent.name}/{p.name}": Seen(pixels(p), (p.parent.name,)) for p in files}


def _csv(root: Path, split: str) -> dict[str, Seen]:
    with (root / "labels.csv").open(newline="") as handle:
        rows = [r for r in csv.DictReader(handle) if r["split"] == split]
    assert all(r["note"].startswith("n, ") for r in rows)
    return {r["file"]: Seen(pixels(root / "pictures" / r["file"]), (r["label"],)) for r in rows}


def _coco(root: Path, split: str) -> dict[str, Seen]:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(root / f"annotations/instances_{split}.json"))
    found = {}
    for number, entry in coco.imgs.items():
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=[number]))
        picture = pixels(root / "images" / split / entry["file_name"])
        assert picture.shape[:2] == (entry["height"], entry["width"])
        for annotation in annotations:
            if annotation.get("segmentation"):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)  # pycocotools, NumPy 2
                    assert coco.annToMask(annotation).any()
        boxes = tuple(
            (a["bbox"][0], a["bbox"][1], a["bbox"][0] + a["bbox"][2], a["bbox"][1] + a["bbox"][3])
            for a in annotations
        )
        names = tuple(coco.loadCats(a["category_id"])[0]["name"] for a in annotations)
        found[entry["file_name"]] = Seen(picture, names, boxes)
    return found


def _voc(root: Path, split: str) -> dict[str, Seen]:
    found = {}
    for stem in (root / f"ImageSets/Main/{split}.txt").read_text().splitlines():
        objects = parse_voc(root / f"Annotations/{stem}.xml")
        found[stem] = Seen(
            pixels(root / f"JPEGImages/{stem}.png"),
            tuple(name for name, _ in objects),
            tuple((b[0] - 1, b[1] - 1, b[2], b[3]) for _, b in objects),
        )
    return found


def _yolo(root: Path, split: str) -> dict[str, Seen]:
    config = yaml.safe_load((root / "data.yaml").read_text())
    found = {}
    for path in sorted((root / config[split]).glob("*.png")):
        picture = pixels(path)
        height, width = picture.shape[:2]
        rows = parse_yolo(root / "labels" / split / f"{path.stem}.txt")
        boxes = tuple(
            ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
            for _, (x, y, w, h) in rows
        )
        found[path.name] = Seen(picture, tuple(config["names"][c] for c, _ in rows), boxes)
    return found


def _pairs(root: Path, split: str) -> dict[str, Seen]:
    found = {}
    for path in sorted((root / split / "images").glob("*.png")):
        mask = pixels(root / split / "masks" / path.name)
        found[path.name] = Seen(pixels(path), mask=mask)
        assert mask.shape == found[path.name].pixels.shape[:2]
    return found


def _arrays(root: Path, split: str) -> dict[str, Seen]:
    with np.load(root / "data.npz", allow_pickle=False) as arrays:
        images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
        if split == "train":
            assert len(arrays["weight_train"]) == len(images)
    return {
        str(i): Seen(image, (int(label),))
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    }


READERS: dict[str, Callable[[Path, str], dict[str, Seen]]] = {
    "folder": _folder,
    "csv": _csv,
    "coco": _coco,
    "voc": _voc,
    "yolo": _yolo,
    "pairs": _pairs,
    "arrays": _arrays,
}
"""Samples by name, of one split of a dataset that `little.build` made (or of what came of it)."""
