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
long_list.IN_MEMORY = 256  # as for a dataset sixteen times as long
from tenfold.engine.verify import verify
from tenfold.multiply import augment
from tenfold.places import place_of
from tenfold.write.writer import WriteOptions

def job(source, out, to):
    # no copies: all that a job does but for the work on pixels, which is the same for each sample
    result = augment(source, out, copies=0, seed=1, options=WriteOptions(to=to))
    assert result.complete and not verify(place_of(out)).problems

source, short, out, to = sys.argv[1:]
job(short, out + "-first", to or None)  # what is made once and kept
tracemalloc.start()
job(source, out, to or None)
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


def peak(source: Path, short: Path, out: Path, to: str) -> float:
    """Most megabytes that Python held at a time."""
    command = [sys.executable, "-c", JOB, str(source), str(short), str(out), to]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / 1e6


@pytest.mark.parametrize(("masks", "to"), [(False, ""), (True, ""), (False, "webdataset")])
def test_ten_times_the_samples_take_no_more_memory(tmp_path: Path, masks: bool, to: str) -> None:
    """Lists in memory would take 1 kB a sample and more, which is 3 MB of difference."""
    lengths = 300, 3000
    first = tiny_pictures(tmp_path / "few", 300, masks)
    peaks = [
        peak(tiny_pictures(tmp_path / str(n), n, masks), first, tmp_path / f"out{n}", to)
        for n in lengths
    ]
    assert peaks[1] - peaks[0] < 1, f"megabytes for {lengths} samples: {peaks}"


@pytest.mark.parametrize("to", [None, "webdataset"])
@pytest.mark.parametrize("balance", [False, True])
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
                source, out, preset="natural", copies=2, seed=3, workers=workers,
                balance=balance and source is data, options=WriteOptions(to=to),
            )  # fmt: skip
            hashes[source.name].add(tree_hash(out))
    assert {name: len(found) for name, found in hashes.items()} == {"data": 1, "pairs": 1}
