"""The memory of a job doesn't grow with the number of samples."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.datasets import image_folder, pairs
from tenfold import long_list
from tenfold.engine.manifest import tree_hash
from tenfold.multiply import augment
from tenfold.write.writer import WriteOptions

JOB = """
import sys, tracemalloc
from tenfold import long_list
long_list.IN_MEMORY, long_list._BLOCK = 256, 8  # as for a dataset sixteen times as long
from tenfold.engine.verify import verify
from tenfold.multiply import augment
from tenfold.places import place_of
from tenfold.write.writer import WriteOptions

def job(source, out, to):
    # no copies: all that a job does but for the work on pixels, which is the same for each sample
    result = augment(source, out, copies=0, seed=1, options=WriteOptions(to=to))
    assert result.complete and not verify(place_of(out)).problems

short, long, out, to = sys.argv[1:]
sys.intern = lambda text: text  # pathlib's names: Python's table of them grows by leaps
job(short, out + "0", to or None)  # what is made once and kept
tracemalloc.start()
for number, source in enumerate((short, long), 1):
    tracemalloc.reset_peak()
    job(source, out + str(number), to or None)
    print(tracemalloc.get_traced_memory()[1])
"""


def tiny_pictures(root: Path, count: int, masks: bool) -> Path:
    """Very many files of very few contents."""
    one = root.with_suffix(".png")
    cv2.imwrite(str(one), np.full((4, 4), 1, np.uint8))
    for i in range(count):
        for folder in ("images", "masks") if masks else (f"class{i % 3}",):
            name = root / "train" / folder / f"{i:06d}.png"
            name.parent.mkdir(parents=True, exist_ok=True)
            os.link(one, name)
    return root


@pytest.mark.parametrize(
    ("masks", "to", "lengths"), [(False, "", (500, 2500)), (True, "webdataset", (400, 1600))]
)
def test_more_samples_take_no_more_memory(
    tmp_path: Path, masks: bool, to: str, lengths: tuple[int, int]
) -> None:
    """With lists in memory they take 2.5 MB more and beyond."""
    sources = [tiny_pictures(tmp_path / str(n), n, masks) for n in lengths]
    command = [sys.executable, "-c", JOB, *map(str, sources), str(tmp_path / "out"), to]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    few, many = (int(peak) / 1e6 for peak in done.stdout.split())
    assert many - few < 1.0, f"most megabytes that Python held at a time: {few}, then {many}"


@pytest.mark.parametrize(("to", "balance"), [(None, True), ("webdataset", False)])
def test_long_lists_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str | None, balance: bool
) -> None:
    """On disk or not, with one worker or two; so do the masks' pairs."""
    data, more = image_folder(tmp_path / "data", train=30), pairs(tmp_path / "pairs", 30)
    hashes: dict[str, set[str]] = {"data": set(), "pairs": set()}
    for name, workers in (("in memory", 1), ("on disk", 1), ("on disk, two", 2)):
        if name == "on disk":
            monkeypatch.setattr(long_list, "IN_MEMORY", 8)
        for source in (data, more):
            out = tmp_path / name / source.name
            augment(
                source, out, preset="document", copies=2, seed=3, workers=workers,
                balance=balance and source is data, options=WriteOptions(to=to),
            )  # fmt: skip
            hashes[source.name].add(tree_hash(out))
    assert {name: len(found) for name, found in hashes.items()} == {"data": 1, "pairs": 1}
