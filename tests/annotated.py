"""Small annotated datasets for tests, and readers of the layouts that are not tenfold's."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tenfold.samples.sample import Sample
from tenfold.samples.source import Source
from tenfold.write.writer import Line, Writer


def picture(path: Path, width: int = 40, height: int = 30, orientation: int = 1) -> None:
    """Save a picture with a gradient (no two pixels alike), perhaps with an EXIF orientation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 6 % 256, y * 8 % 256, (x + y) % 256], axis=-1).astype(np.uint8)
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
    image.save(path, exif=exif)


def run(source: Source, writer: Writer, samples: dict[tuple[str, int], Sample]) -> dict[str, str]:
    """What the engine does: originals, then the given copies, then `finish`."""
    lines: list[Line] = []
    digests: dict[str, str] = {}
    for item in source.items:
        lines.append(Line(item.id, item.split, 0, writer.copy(item)))
        for (id_, copy), sample in sorted(samples.items()):
            if id_ == item.id:
                written = writer.write(item, copy, sample)
                assert written.file == writer.target(item, copy)
                # records go through JSON on their way to the manifest
                record = json.loads(json.dumps(written.record))
                assert record == written.record
                lines.append(Line(item.id, item.split, copy, written))
    for line in lines:
        digests.update(line.written.files)
    writer.end_shard(0)
    return {**digests, **writer.finish(iter(lines))}


def coco_document(images: Iterable[Any], annotations: Iterable[Any], **more: Any) -> dict[str, Any]:
    """A COCO JSON document with three categories, ids with gaps."""
    people = ["nose", "left_eye", "right_eye"]
    return {
        "info": {"description": "tests", "year": 2024},
        "licenses": [{"id": 4, "name": "CC BY"}],
        "categories": [
            {"id": 2, "name": "cat", "supercategory": "animal"},
            {"id": 7, "name": "dog", "supercategory": "animal"},
            {"id": 9, "name": "person", "keypoints": people, "skeleton": [[1, 2]]},
        ],
        "images": list(images),
        "annotations": list(annotations),
        **more,
    }


def save_json(path: Path, document: object) -> None:
    """Save a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def voc_object(name: str, box: Sequence[object], more: str = "") -> str:
    """A VOC object element."""
    tags = ("xmin", "ymin", "xmax", "ymax")
    inner = "".join(f"<{t}>{v}</{t}>" for t, v in zip(tags, box, strict=True))
    return (
        f"<object><name>{name}</name><pose>Left</pose><truncated>0</truncated>"
        f"<difficult>0</difficult><bndbox>{inner}</bndbox>{more}</object>"
    )


def save_voc(root: Path, stem: str, objects: str, width: int = 40, height: int = 30) -> None:
    """Save a picture and its VOC annotation."""
    picture(root / "JPEGImages" / f"{stem}.png", width, height)
    (root / "Annotations").mkdir(exist_ok=True)
    (root / "Annotations" / f"{stem}.xml").write_text(
        f"<annotation><folder>VOC</folder><filename>{stem}.png</filename>"
        f"<path>/home/someone/{stem}.png</path><source><database>ours</database></source>"
        f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
        f"<segmented>0</segmented>{objects}</annotation>"
    )


def parse_voc(path: Path) -> list[tuple[str, tuple[float, ...]]]:
    """(class, xmin ymin xmax ymax) of a VOC file, read with the standard library."""
    found = []
    for element in ET.parse(path).getroot().iter("object"):
        frame = element.find("bndbox")
        assert frame is not None
        box = tuple(float(frame.findtext(t, "nan")) for t in ("xmin", "ymin", "xmax", "ymax"))
        found.append((element.findtext("name", ""), box))
    return found


def save_yolo(root: Path, image: str, rows: str | None, width: int = 40, height: int = 30) -> None:
    """Save a picture and its label file (None: no file)."""
    picture(root / image, width, height)
    if rows is not None:
        head, _, tail = image.rpartition("images/")
        label = (root / f"{head}labels/{tail}").with_suffix(".txt")
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text(rows)


def parse_yolo(path: Path) -> list[tuple[int, list[float]]]:
    """(class, numbers) of each row, refused as Ultralytics refuses them."""
    found = []
    for line in path.read_text().splitlines():
        first, *rest = line.split()
        numbers = [float(v) for v in rest]
        assert all(0 <= v <= 1 for v in numbers[:4]), line
        found.append((int(first), numbers))
    return found
