"""Small datasets in shards for tests, made without tenfold."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def pixels(seed: int, height: int = 20, width: int = 30) -> Any:
    """A picture, no two alike."""
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def png(array: Any) -> bytes:
    """A PNG file's content."""
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def mask_of(seed: int) -> Any:
    """A label image of the size of `pixels`."""
    mask = np.zeros((20, 30), np.uint8)
    mask[4:12, 3 : 9 + seed % 5] = 1 + seed % 3
    return mask


def objects_of(seed: int) -> list[dict[str, Any]]:
    """Two objects as COCO annotates them."""
    return [
        {"bbox": [3, 4, 8, 6], "category": "cat", "iscrowd": 0, "track": seed},
        {
            "bbox": [12, 5, 10, 10],
            "category": "dog",
            "segmentation": [[12, 5, 22, 5, 22, 15, 12, 15]],
            "keypoints": [14, 7, 2, 18, 9, 1],
        },
    ]


def save_tar(path: Path, samples: Sequence[tuple[str, Mapping[str, bytes]]]) -> None:
    """A shard with these files for each key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for key, fields in samples:
            for field, data in fields.items():
                info = tarfile.TarInfo(f"{key}.{field}")
                info.size, info.mtime = len(data), 1_700_000_000
                tar.addfile(info, io.BytesIO(data))


def webdataset(root: Path, count: int = 12) -> Path:
    """Two training shards and one for validation: class, caption, mask and objects."""
    root.mkdir(parents=True, exist_ok=True)
    for split, first, last in (("train", 0, 5), ("train", 5, count), ("val", count, count + 3)):
        samples = []
        for i in range(first, last):
            document = {"width": 30, "height": 20, "url": f"x{i}", "objects": objects_of(i)}
            fields = {
                "png": png(pixels(i)),
                "cls": str(i % 2).encode(),
                "txt": f"a caption of number {i}".encode(),
                "json": json.dumps(document).encode(),
                "seg.png": png(mask_of(i)),
            }
            samples.append((f"{i - first:06d}", fields))
        number = int(first > 0) if split == "train" else 0
        save_tar(root / f"{split}-{number:06d}.tar", samples)
    (root / "classes.txt").write_text("cat\ndog\n")
    return root


def parquet(root: Path, count: int = 12) -> Path:
    """The same, as the datasets library writes it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    root.mkdir(parents=True, exist_ok=True)
    classes = {"names": ["cat", "dog"], "_type": "ClassLabel"}
    numbers = {"feature": {"dtype": "float64", "_type": "Value"}, "_type": "Sequence"}
    features = {
        "image": {"_type": "Image"},
        "mask": {"_type": "Image"},
        "label": classes,
        "caption": {"dtype": "string", "_type": "Value"},
        "objects": {
            "bbox": {"feature": numbers, "_type": "Sequence"},
            "category": {"feature": classes, "_type": "Sequence"},
            "area": numbers,
        },
    }
    file = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema(
        [
            ("image", file), ("mask", file), ("label", pa.int64()), ("caption", pa.string()),
            (
                "objects",
                pa.struct(
                    [
                        ("bbox", pa.list_(pa.list_(pa.float64()))),
                        ("category", pa.list_(pa.int64())),
                        ("area", pa.list_(pa.float64())),
                    ]
                ),
            ),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )  # fmt: skip
    for split, first, last in (("train", 0, count), ("test", count, count + 3)):
        rows = [
            {
                "image": {"bytes": png(pixels(i)), "path": f"{i}.png"},
                "mask": {"bytes": png(mask_of(i)), "path": None},
                "label": i % 2,
                "caption": f"a caption of number {i}",
                "objects": {
                    "bbox": [o["bbox"] for o in objects_of(i)],
                    "category": [0, 1],
                    "area": [48.0, 100.0],
                },
            }
            for i in range(first, last)
        ]
        table = pa.Table.from_pylist(rows, schema=schema)
        pq.write_table(table, root / f"{split}-00000-of-00001.parquet", row_group_size=5)
    return root
