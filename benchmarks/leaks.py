"""`python -m benchmarks.leaks`: how many planted crops and small turns `check-leakage` finds.

For each dataset: how many of the test part are taken for moved pictures of the training part (look
at them: some are), and how many of 150 pictures of the training part are found when they are
planted, changed, in place of the test part. The table in docs/richness.md.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.richness.leaks import Leakage, check_leakage
from tenfold.samples.sources import open_source

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PLANTED = 150
Image = NDArray[np.uint8]
Part = list[Image]


def photographs() -> tuple[Part, Part]:
    folder = DATA / "cifar10-folders"
    train, test = (sorted((folder / part).rglob("*.jpg")) for part in ("train", "test"))
    return [_read(file) for file in train], [_read(file) for file in test]


def letters() -> tuple[Part, Part]:
    """Two thirds of the writers, and the others."""
    with np.load(DATA / "uji-pen-v1" / "uji_pen_v1_70x70.npz") as found:
        images, writers = found["images"].reshape(-1, 70, 70), found["writers"]
    images = np.asarray(images * (255 if images.max() <= 1 else 1), np.uint8)
    names = np.unique(writers)
    first = np.isin(writers, names[: len(names) * 2 // 3])
    return list(images[first]), list(images[~first])


def drawings() -> tuple[Part, Part]:
    """Of the first 14 people who drew each character, and of the others."""
    parts: tuple[Part, Part] = [], []
    with zipfile.ZipFile(DATA / "omniglot" / "images_background_small1.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".png"):
                coded = np.frombuffer(archive.read(name), np.uint8)
                person = int(name.rpartition("_")[2].removesuffix(".png"))
                parts[person > 14].append(np.asarray(cv2.imdecode(coded, 0), np.uint8))
    return parts


def smears() -> tuple[Part, Part]:
    files = sorted((DATA / "blood-cells-voc" / "JPEGImages").glob("*.jpg"))
    images = [_read(file) for file in files]
    return images[: len(images) * 2 // 3], images[len(images) * 2 // 3 :]


def crop(image: Image, rng: np.random.Generator, share: float) -> Image:
    """A part of so much of the sides, anywhere, made as large as the whole."""
    height, width = image.shape[:2]
    h, w = round(height * share), round(width * share)
    y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    return np.asarray(cv2.resize(image[y : y + h, x : x + w], (width, height)), np.uint8)


def rotated(image: Image, degrees: float, corners: Any) -> Image:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderValue=corners), np.uint8)


def _middle(image: Image) -> list[float]:
    pixels = image.reshape(image.shape[0] * image.shape[1], -1)
    return [float(value) for value in np.median(pixels, axis=0)]


CHANGES: dict[str, Callable[[Image, np.random.Generator], Image]] = {
    "crop to 90 %": lambda image, rng: crop(image, rng, 0.9),
    "crop to 82 %": lambda image, rng: crop(image, rng, 0.82),
    "turned by 5 degrees": lambda image, _: rotated(image, 5, _middle(image)),
    "by -5, corners black": lambda image, _: rotated(image, -5, 0),
}
DATASETS = {
    "cifar10-folders": photographs, "UJI letters": letters, "Omniglot drawings": drawings,
    "blood smears": smears,
}  # fmt: skip


def looked_for(train: Part, test: Part) -> Leakage:
    with tempfile.TemporaryDirectory() as folder:
        for part, images in (("train", train), ("test", test)):
            (Path(folder) / part / "a").mkdir(parents=True)
            for k, image in enumerate(images):
                cv2.imwrite(f"{folder}/{part}/a/{k:05d}.png", image)
        return check_leakage([open_source(Path(folder))], features=True)


def lines() -> Iterator[str]:
    cv2.setNumThreads(1)
    for name, read in DATASETS.items():
        train, test = read()
        found = looked_for(train, test)
        yield f"{name}: {len(found.of('moved'))} of {len(test):,} of the test part called moved"
        rng = np.random.default_rng(0)
        chosen = rng.choice(len(train), min(PLANTED, len(train)), replace=False)
        for said, change in CHANGES.items():
            planted = [change(train[k], rng) for k in chosen]
            leaks = looked_for(train, planted).leaks
            right = sum(int(k.first.item.id[-9:-4]) == chosen[_number(k)] for k in leaks)
            yield f"  {said}: {right / len(chosen):.0%} found"


def _number(leak: Any) -> int:
    return int(leak.second.item.id[-9:-4])


def _read(file: Path) -> Image:
    return np.asarray(cv2.imread(str(file)), np.uint8)


if __name__ == "__main__":
    for line in lines():
        print(line, file=sys.stdout, flush=True)
