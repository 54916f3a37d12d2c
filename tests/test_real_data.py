"""Whole jobs on real data, read back by readers that are not ours.

`TENFOLD_COPIES=9 pytest tests/test_real_data.py` makes ten times the data; by default fewer.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tenfold.engine.manifest import read_lines
from tenfold.engine.replay import replay
from tenfold.engine.verify import verify
from tenfold.multiply import augment

COPIES = int(os.environ.get("TENFOLD_COPIES", "1"))


def multiply(source: Path, out: Path) -> Counter[str]:
    result = augment(source, out, copies=COPIES, seed=11, workers=2)
    assert result.complete
    assert result.quarantined == 0
    assert verify(out).problems == ()
    lines = list(read_lines(out / "manifest.jsonl"))
    copy = next(line for line in reversed(lines) if line["kind"] == "copy")
    assert replay(out / copy["file"]).identical
    return Counter(line["kind"] for line in lines)


def voc_objects(path: Path) -> tuple[tuple[int, int], list[tuple[str, list[float]]]]:
    root = ElementTree.parse(path).getroot()
    size = root.find("size")
    assert size is not None
    width, height = (int(size.findtext(name) or 0) for name in ("width", "height"))
    objects = [
        (
            str(found.findtext("name")),
            [float(found.findtext(f"bndbox/{side}") or "nan")
             for side in ("xmin", "ymin", "xmax", "ymax")],
        )
        for found in root.iter("object")
    ]  # fmt: skip
    return (width, height), objects


def test_blood_cells(shared_data: Path, tmp_path: Path) -> None:
    source, out = shared_data / "blood-cells-voc", tmp_path / "out"
    kinds = multiply(source, out)
    assert kinds == {"original": 264, "copy": 264 * COPIES}
    annotations = sorted((out / "Annotations").glob("*.xml"))
    assert len(annotations) == 264 * (COPIES + 1)
    cells = Counter()  # type: Counter[str]
    for path in annotations:
        size, objects = voc_objects(path)
        with Image.open(out / "JPEGImages" / f"{path.stem}.jpg") as image:
            image.load()
            assert image.size == size
            assert image.format == "JPEG"
        if "_aug_" not in path.stem:
            continue
        for name, (x0, y0, x1, y1) in objects:
            cells[name] += 1
            assert 1 <= x0 <= x1 <= size[0]
            assert 1 <= y0 <= y1 <= size[1]
    before = Counter(
        name for path in (source / "Annotations").glob("*.xml") for name, _ in voc_objects(path)[1]
    )
    for name, count in before.items():  # nearly all objects stay in view under a fitting recipe
        assert 0.95 * count * COPIES <= cells[name] <= count * COPIES


def test_cifar(shared_data: Path, tmp_path: Path) -> None:
    source, out = shared_data / "cifar10-folders", tmp_path / "out"
    kinds = multiply(source, out)
    assert kinds == {"original": 3000, "copy": 3000 * COPIES, "untouched": 1000}
    for folder in (source / "train").iterdir():
        files = list((out / "train" / folder.name).iterdir())
        assert len(files) == 300 * (COPIES + 1)
        with Image.open(files[0]) as image:
            image.load()
            assert (image.size, image.mode) == ((32, 32), "RGB")
    for path in (source / "test").rglob("*.jpg"):
        assert (out / path.relative_to(source)).read_bytes() == path.read_bytes()


def test_membranes(shared_data: Path, tmp_path: Path) -> None:
    source, out = shared_data / "em-membrane", tmp_path / "out"
    kinds = multiply(source, out)
    assert kinds == {"original": 22, "copy": 22 * COPIES}
    for path in (out / "image").iterdir():
        with Image.open(path) as image, Image.open(out / "label" / path.name) as label:
            assert image.size == label.size == (512, 512)
            picture, mask = np.asarray(image).astype(float), np.asarray(label)
        assert set(np.unique(mask).tolist()) <= {0, 255}
        # Membranes are dark: a mask that went its own way would not know where they are.
        assert picture[mask == 0].mean() < picture[mask == 255].mean() - 20


def test_pen_strokes(shared_data: Path, tmp_path: Path) -> None:
    source, out = shared_data / "uji-pen-v1", tmp_path / "out"
    kinds = multiply(source, out)
    assert kinds == {"original": 1364, "copy": 1364 * COPIES}
    (name,) = (p.name for p in source.glob("*.npz"))
    with np.load(source / name) as before, np.load(out / name) as after:
        assert set(before.files) == set(after.files)
        assert after["images"].shape == (1364 * (COPIES + 1), 70, 70)
        assert after["images"].dtype == np.uint8
        repeated = np.repeat(np.arange(1364), COPIES + 1)
        for key in ("labels", "writers", "repetitions"):
            np.testing.assert_array_equal(after[key], before[key][repeated])
        np.testing.assert_array_equal(after["images"][:: COPIES + 1], before["images"])


@pytest.mark.parametrize("name", ["blood-cells-voc", "cifar10-folders"])
def test_the_source_is_never_written(name: str, shared_data: Path) -> None:
    assert not list((shared_data / name).rglob("*_aug_*"))
    assert not (shared_data / name / ".tenfold").exists()
