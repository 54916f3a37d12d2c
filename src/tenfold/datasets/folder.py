"""A dataset written as a folder of images, so that every command can read it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tenfold.datasets.catalogue import Dataset
from tenfold.errors import RequestError
from tenfold.learned.examples import Array, Examples
from tenfold.write.atomic import write_bytes

_FOLDERS = {"validation": "val"}  # a part is called as the other commands know it


def write_folder(dataset: Dataset, folder: Path) -> int:
    """Write images as `split/class/*.png`.

    A sample's path is its id, which begins with a folder for its class: the class's name where
    that can be a folder's. Splits are `train`, `val` and `test`.

    Args:
        dataset: of images with 1 or 3 channels.
        folder: new or empty.

    Returns:
        The number of images.

    Raises:
        RequestError: a folder that isn't empty, or a dataset of no such images.
        OutputError: it can't be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RequestError(f"{folder} is not empty; give a new or an empty folder")
    shape = dataset.train.shape
    if len(shape) != 3 or shape[2] not in {1, 3}:
        raise RequestError(
            f"dataset '{dataset.name}' has examples of shape {shape}: only images with 1 or 3 "
            "channels can be written as a folder"
        )
    count = 0
    for part, examples in dataset.parts.items():
        for path, value in zip(_paths(examples), examples.values, strict=True):
            write_bytes(folder / _FOLDERS.get(part, part) / f"{path}.png", _png(value))
            count += 1
    return count


def _paths(examples: Examples) -> list[str]:
    """Where each sample goes below its split: its id, if that begins with a folder."""
    if all(_safe(name) for name in examples.ids):
        return list(examples.ids)
    return [
        f"{examples.classes[label]}/{row:05d}" for row, label in enumerate(examples.labels.tolist())
    ]


def _safe(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 2 and all(
        part.replace("_", "").replace("-", "").isalnum() and part.isascii() for part in parts
    )


def _png(value: Array) -> bytes:
    picture = np.rint(np.clip(value, 0, 1) * 255).astype(np.uint8)
    return bytes(cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))[1])
