"""Small datasets on disk for tests of whole runs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def image_folder(root: Path, train: int = 24, test: int = 4, side: int = 24) -> Path:
    """`split/class/*.png` with two classes of made-up pictures."""
    for split, count in (("train", train), ("test", test)):
        for index in range(count):
            rng = np.random.default_rng([index, train, len(split)])
            picture = rng.integers(0, 255, (side, side + 4, 3), dtype=np.uint8)
            folder = root / split / "ab"[index % 2]
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"{index:03d}.png"), cv2.GaussianBlur(picture, (5, 5), 2))
    return root


def pairs(root: Path, count: int = 12) -> Path:
    """`images/*.png` with `masks/*.png`."""
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    for index in range(count):
        rng = np.random.default_rng(index)
        cv2.imwrite(
            str(root / "images" / f"{index}.png"),
            rng.integers(0, 255, (20, 30), dtype=np.uint8),
        )
        mask = np.zeros((20, 30), np.uint8)
        mask[5:15, 4 : 10 + index] = 1
        cv2.imwrite(str(root / "masks" / f"{index}.png"), mask)
    return root


def arrays(root: Path, count: int = 40) -> Path:
    """One `.npz` with images and labels."""
    root.mkdir(parents=True)
    rng = np.random.default_rng(0)
    np.savez(
        root / "data.npz",
        images=rng.integers(0, 255, (count, 12, 12), dtype=np.uint8),
        labels=np.arange(count) % 3,
    )
    return root
