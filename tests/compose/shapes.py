"""Datasets of plain shapes whose every pixel is known, in several layouts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tenfold.samples import rle

SIDE = 96
GROUND = (20, 20, 20)
SQUARE, DISC, BAR = (200, 40, 40), (40, 200, 40), (40, 40, 200)


def grid() -> Any:
    """Coordinates of the pixels' centres, x and y."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    return x, y


def square(x0: float, y0: float, side: float) -> Any:
    """Pixels whose centre lies in a square."""
    x, y = grid()
    return (x >= x0) & (x < x0 + side) & (y >= y0) & (y < y0 + side)


def disc(cx: float, cy: float, radius: float) -> Any:
    """Pixels whose centre lies in a disc."""
    x, y = grid()
    return (x - cx) ** 2 + (y - cy) ** 2 <= radius**2


def bar(x0: float, y0: float) -> Any:
    """Pixels of an upright bar, 8 x 24."""
    x, y = grid()
    return (x >= x0) & (x < x0 + 8) & (y >= y0) & (y < y0 + 24)


def scene(number: int) -> list[tuple[str, Any, tuple[int, int, int]]]:
    """Objects of a picture: many squares, a disc in every third, a bar in every fourth."""
    found = [("square", square(6 + number % 5, 8, 18), SQUARE)]
    found.append(("square", square(60, 64 + number % 4, 22), SQUARE))
    if number % 3 == 0:
        found.append(("disc", disc(70, 26, 12), DISC))
    if number % 4 == 0:
        found.append(("bar", bar(20, 60), BAR))
    return found


def painted(number: int) -> Any:
    """The picture of a scene."""
    image = np.full((SIDE, SIDE, 3), GROUND, np.uint8)
    for _, mask, colour in scene(number):
        image[mask] = colour
    image[0, 0] = number  # no two pictures are alike
    return image


def box_of(mask: Any) -> list[int]:
    """x0, y0, x1, y1."""
    ys, xs = np.nonzero(mask)
    return [int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1]


def _save(path: Path, image: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def coco(root: Path, count: int = 8, form: str = "mask", held: int = 2) -> Path:
    """`train` and `val` with masks (RLE), polygons (of squares and bars), boxes or keypoints."""
    names = ["square", "disc", "bar"]
    for split, first, number in (("train", 0, count), ("val", 100, held)):
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for k in range(first, first + number):
            name = f"{k:03d}.png"
            _save(root / split / name, painted(k))
            images.append({"id": k, "file_name": name, "width": SIDE, "height": SIDE})
            for label, mask, _ in scene(k):
                x0, y0, x1, y1 = box_of(mask)
                entry: dict[str, Any] = {
                    "id": len(annotations) + 1,
                    "image_id": k,
                    "category_id": names.index(label) + 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "iscrowd": 0,
                }
                if form == "mask":
                    entry["segmentation"] = rle.encode(mask, compressed=True)
                elif form == "polygons":
                    entry["segmentation"] = [[x0, y0, x1, y0, x1, y1, x0, y1]]
                elif form == "keypoints":
                    entry["segmentation"] = rle.encode(mask, compressed=True)
                    entry["keypoints"] = [x0, y0, 2, x1 - 1, y1 - 1, 2]
                    entry["num_keypoints"] = 2
                annotations.append(entry)
        categories: list[dict[str, Any]] = [
            {"id": i + 1, "name": n, "supercategory": ""} for i, n in enumerate(names)
        ]
        if form == "keypoints":
            for category in categories:
                category["keypoints"] = ["left_end", "right_end"]
        document = {"images": images, "annotations": annotations, "categories": categories}
        (root / "annotations").mkdir(exist_ok=True)
        (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(document))
    return root


def voc(root: Path, count: int = 8, masks: bool = False) -> Path:
    """Boxes, and perhaps SegmentationClass and SegmentationObject."""
    names = ["square", "disc", "bar"]
    for k in range(count):
        _save(root / "JPEGImages" / f"{k:03d}.png", painted(k))
        classes = np.zeros((SIDE, SIDE), np.uint8)
        objects = np.zeros((SIDE, SIDE), np.uint8)
        text = ""
        for n, (label, mask, _) in enumerate(scene(k), 1):
            x0, y0, x1, y1 = box_of(mask)
            classes[mask], objects[mask] = names.index(label) + 1, n
            text += (
                f"<object><name>{label}</name><truncated>0</truncated><bndbox>"
                f"<xmin>{x0 + 1}</xmin><ymin>{y0 + 1}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax>"
                "</bndbox></object>"
            )
        (root / "Annotations").mkdir(exist_ok=True)
        (root / "Annotations" / f"{k:03d}.xml").write_text(
            f"<annotation><filename>{k:03d}.png</filename><size><width>{SIDE}</width><height>"
            f"{SIDE}</height><depth>3</depth></size>{text}</annotation>"
        )
        if masks:
            _save(root / "SegmentationClass" / f"{k:03d}.png", classes)
            _save(root / "SegmentationObject" / f"{k:03d}.png", objects)
    return root


def yolo(root: Path, count: int = 8) -> Path:
    """Boxes as shares."""
    names = ["square", "disc", "bar"]
    for k in range(count):
        _save(root / "images" / "train" / f"{k:03d}.png", painted(k))
        rows = []
        for label, mask, _ in scene(k):
            x0, y0, x1, y1 = (v / SIDE for v in box_of(mask))
            middle = f"{(x0 + x1) / 2:.6f} {(y0 + y1) / 2:.6f} {x1 - x0:.6f} {y1 - y0:.6f}"
            rows.append(f"{names.index(label)} {middle}\n")
        (root / "labels" / "train").mkdir(parents=True, exist_ok=True)
        (root / "labels" / "train" / f"{k:03d}.txt").write_text("".join(rows))
    (root / "data.yaml").write_text(f"train: images/train\nval: images/train\nnames: {names}\n")
    return root


def pairs(root: Path, count: int = 8) -> Path:
    """Label images: 1 squares, 2 discs, 3 bars."""
    names = ["square", "disc", "bar"]
    for k in range(count):
        _save(root / "images" / f"{k:03d}.png", painted(k))
        classes = np.zeros((SIDE, SIDE), np.uint8)
        for label, mask, _ in scene(k):
            classes[mask] = names.index(label) + 1
        _save(root / "masks" / f"{k:03d}.png", classes)
    return root
