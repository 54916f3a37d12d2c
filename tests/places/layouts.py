"""A small dataset in each layout that has files of its own for the dataset as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from engine.datasets import arrays, image_folder, pairs

XML = """<annotation><filename>{name}</filename><size><width>24</width><height>20</height>
<depth>3</depth></size><object><name>cat</name><bndbox><xmin>3</xmin><ymin>4</ymin><xmax>14</xmax>
<ymax>15</ymax></bndbox></object></annotation>"""


def pictures(folder: Path, count: int = 5) -> list[str]:
    """Some PNG files of 24x20 pixels; their names."""
    folder.mkdir(parents=True)
    names = [f"{index}.png" for index in range(count)]
    for index, name in enumerate(names):
        rng = np.random.default_rng(index)
        cv2.imwrite(str(folder / name), rng.integers(0, 255, (20, 24, 3), dtype=np.uint8))
    return names


def table(root: Path) -> Path:
    """`labels.csv` beside `images/`."""
    names = pictures(root / "images")
    rows = [f"images/{name},{'ab'[index % 2]}" for index, name in enumerate(names)]
    (root / "labels.csv").write_text("file,label\n" + "\n".join(rows) + "\n")
    return root


def parquet(root: Path) -> Path:
    """`labels.parquet` beside `images/`."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    names = pictures(root / "images")
    columns = {"file": [f"images/{n}" for n in names], "label": ["a", "b", "a", "b", "a"]}
    pq.write_table(pa.table(columns), root / "labels.parquet")
    return root


def coco(root: Path) -> Path:
    """`annotations/instances_train.json` with `train/`."""
    names = pictures(root / "train")
    (root / "annotations").mkdir()
    document = {
        "images": [
            {"id": i, "file_name": n, "width": 24, "height": 20} for i, n in enumerate(names)
        ],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "bbox": [3, 4, 10, 9], "area": 90}
            for i, _ in enumerate(names)
        ],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (root / "annotations" / "instances_train.json").write_text(json.dumps(document))
    return root


def voc(root: Path) -> Path:
    """`JPEGImages`, `Annotations` and a list in `ImageSets/Main`."""
    names = pictures(root / "JPEGImages")
    (root / "Annotations").mkdir()
    (root / "ImageSets" / "Main").mkdir(parents=True)
    for name in names:
        (root / "Annotations" / f"{name[:-4]}.xml").write_text(XML.format(name=name))
    (root / "ImageSets" / "Main" / "train.txt").write_text("".join(f"{n[:-4]}\n" for n in names))
    return root


def yolo(root: Path) -> Path:
    """`images/train`, `labels/train` and `data.yaml`."""
    names = pictures(root / "images" / "train")
    (root / "labels" / "train").mkdir(parents=True)
    for name in names:
        (root / "labels" / "train" / f"{name[:-4]}.txt").write_text("0 0.5 0.5 0.4 0.5\n")
    (root / "data.yaml").write_text(
        "path: .\ntrain: images/train\nval: images/train\nnames: [cat]\n"
    )
    return root


MAKERS: tuple[Callable[[Path], Path], ...] = (
    image_folder, pairs, arrays, table, parquet, coco, voc, yolo,
)  # fmt: skip
