"""UJI Pen Characters v1 as a folder of images: `python -m benchmarks.study.uji_folder DIR`.

One folder a character (upper-case letters as `upper_A`, as not all file systems tell cases apart),
one PNG a sample, named for its writer and repetition: `a/w03_1.png`. So `tenfold study` reads it
and keeps writers together by `--group '(w\\d+)'`. The data (CC BY 4.0) are found where
TENFOLD_SHARED_DATA points, or in ../shared/data.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

DATA = Path(os.environ.get("TENFOLD_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILE = DATA / "uji-pen-v1" / "uji_pen_v1_70x70.npz"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(prog="benchmarks.study.uji_folder", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    if not FILE.exists():
        sys.exit(f"{FILE} isn't there; say where the data are with TENFOLD_SHARED_DATA")
    with np.load(FILE, allow_pickle=False) as file:
        columns = [file[name] for name in ("images", "labels", "writers", "repetitions")]
    writers = {name: number for number, name in enumerate(np.unique(columns[2]), 1)}
    for image, label, writer, repetition in zip(*columns, strict=True):
        character = str(label)
        own = folder / (f"upper_{character}" if character.isupper() else character)
        own.mkdir(parents=True, exist_ok=True)
        name = own / f"w{writers[writer]:02d}_{repetition}.png"
        if not cv2.imwrite(str(name), image):
            sys.exit(f"{name} can't be written")
    print(f"{len(columns[0])} images of {len(writers)} writers in {folder}")


if __name__ == "__main__":
    main()
