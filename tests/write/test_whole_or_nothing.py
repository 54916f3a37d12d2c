"""A sample that can't be written as a whole leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from annotated import save_voc, save_yolo, voc_object
from tenfold.errors import OutputError, SampleError
from tenfold.samples.sources import open_source
from tenfold.write import atomic
from tenfold.write.writer import WriteOptions
from tenfold.write.writers import writer_for


def noise(*shape: int) -> Any:
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def save(path: Path, array: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, array)
    else:
        Image.fromarray(array).save(path)


def files(root: Path) -> list[Path]:
    return [p for p in root.rglob("*") if p.is_file()]


def test_a_missing_second_file_leaves_no_orphan(tmp_path: Path) -> None:
    save(tmp_path / "pairs/images/x.png", noise(6, 5, 3))
    save(tmp_path / "pairs/masks/x.png", noise(6, 5))
    save_voc(tmp_path / "voc", "x", voc_object("cat", (1, 2, 10, 20)))
    save_yolo(tmp_path / "yolo", "images/x.png", "0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "yolo/data.yaml").write_text("names: [cat]\n")
    for layout, second in (
        ("pairs", "masks/x.png"),
        ("voc", "Annotations/x.xml"),
        ("yolo", "labels/x.txt"),
    ):
        source = open_source(tmp_path / layout, layout)
        writer = writer_for(source, tmp_path / "out" / layout, WriteOptions())
        (item,) = source.items
        assert item.files[1] == second
        (tmp_path / layout / second).unlink()
        with pytest.raises(SampleError, match=f"{second} can't be read: No such file"):
            writer.copy(item)
    assert not files(tmp_path / "out")


def test_a_copy_that_cannot_be_encoded_leaves_no_orphan(tmp_path: Path) -> None:
    save(tmp_path / "in/images/x.tif", noise(6, 5).astype(np.float32))
    save(tmp_path / "in/masks/x.png", noise(6, 5))
    source = open_source(tmp_path / "in")
    (item,) = source.items
    sample = source.read(item)
    writer = writer_for(source, tmp_path / "out", WriteOptions(format="png"))
    with pytest.raises(SampleError, match="float32"):
        writer.write(item, 1, sample)
    huge = sample.replace(masks={"mask": np.full((6, 5), 1 << 40, np.int64)})
    with pytest.raises(SampleError, match="mask"):
        writer_for(source, tmp_path / "out", WriteOptions()).write(item, 1, huge)
    assert not files(tmp_path / "out")


def test_a_write_that_fails_halfway_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "in/image/x.png", noise(6, 5, 3))
    save(tmp_path / "in/label/x.png", noise(6, 5))
    source = open_source(tmp_path / "in")
    item = source.items[0]
    sample = source.read(item)
    writer = writer_for(source, tmp_path / "out", WriteOptions())
    whole = atomic.write_bytes

    def full(path: Path, data: bytes) -> str:
        if path.parent.name == "label":
            raise OutputError("No space left")
        return whole(path, data)

    monkeypatch.setattr("tenfold.write.images.write_soon", full)
    with pytest.raises(OutputError, match="No space left"):
        writer.write(item, 1, sample)
    with pytest.raises(OutputError, match="No space left"):
        writer.copy(item)
    assert not files(tmp_path / "out")
