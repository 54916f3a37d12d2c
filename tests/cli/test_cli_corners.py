"""Corners where layouts, names and terminals meet."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest
from little import (
    GENTLE,
    build,
    manifest,
    multiply,
    plain,
    quarantine,
    refused,
    save,
    says,
    tenfold,
    voc_sample,
)


def test_a_destination_beside_an_npz_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build("arrays", tmp_path / "in")
    monkeypatch.chdir(tmp_path / "in")
    Path("r.yaml").write_text(GENTLE)
    outcome = tenfold("augment", "data.npz", "out", "--recipe", "r.yaml", "--copies", 1)
    assert outcome.code == 0, outcome.err
    assert len(manifest(Path("out"))) == 10


def test_the_folder_of_an_npz_file_is_refused(tmp_path: Path) -> None:
    source = build("arrays", tmp_path / "in")
    assert multiply(source / "data.npz", source).code == 2


def test_rows_with_nan(tmp_path: Path) -> None:
    images = np.random.default_rng(0).random((4, 8, 8)).astype(np.float32)
    images[1, 0, 0] = np.nan
    (tmp_path / "in").mkdir()
    np.savez(tmp_path / "in/data.npz", images=images, labels=np.arange(4))
    outcome = multiply(tmp_path / "in", tmp_path / "out", copies=1)
    assert outcome.code == 1
    assert list(quarantine(tmp_path / "out")) == ["data.npz#000001"]
    says(outcome.err, "NaN", "replace")
    with np.load(tmp_path / "out/data.npz") as made:
        assert made["labels"].tolist() == [0, 0, 2, 2, 3, 3]
        assert np.isfinite(made["images"]).all()
        assert made["images"].dtype == np.float32


@pytest.mark.parametrize("layout", ["yolo", "voc", "pairs"])
def test_side_files_that_collide(tmp_path: Path, layout: str) -> None:
    """A copy of 0.png is 0_aug_0001.png; its labels would be those of 0_aug_0001.jpg."""
    source = build(layout, tmp_path / "in")
    if layout == "yolo":
        save(source / "images/train/0_aug_0001.jpg", 9)
        (source / "labels/train/0_aug_0001.txt").write_text("1 0.5 0.5 0.1 0.1\n")
    elif layout == "voc":
        voc_sample(source, "v0_aug_0001", 9)
        (source / "JPEGImages/v0_aug_0001.png").unlink()
        save(source / "JPEGImages/v0_aug_0001.jpg", 9)
    else:
        save(source / "train/images/0_aug_0001.jpg", 9, "L")
        save(source / "train/masks/0_aug_0001.png", 9, "L")
    refused(multiply(source, tmp_path / "out"), tmp_path / "out", "0_aug_0001", "--name")


def test_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    source = build("csv", tmp_path / "in")
    (source / "labels.csv").unlink()
    columns = {"id": list("012345"), "y": [0, 1] * 3, "split": ["train"] * 4 + ["test"] * 2}
    parquet.write_table(arrow.table(columns), source / "labels.parquet")
    assert multiply(source, tmp_path / "out", copies=1).code == 0
    rows = parquet.read_table(tmp_path / "out/labels.parquet").to_pylist()
    assert len(rows) == 10
    assert rows[:2] == [
        {"id": "0", "y": 0, "split": "train"},
        {"id": "0_aug_0001", "y": 0, "split": "train"},
    ]
    assert tenfold("replay", tmp_path / "out/pictures/0_aug_0001.png").code == 0


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    source = plain(tmp_path / "in")
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (25, 80))
    command = [sys.executable, "-m", "tenfold", "augment", str(source), str(tmp_path / "out")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=slave, check=False)
    assert select.select([master], [], [], 5)[0], "nothing was shown"
    shown = os.read(master, 100_000).decode()
    os.close(slave)
    os.close(master)
    assert done.returncode == 0
    says(shown, "60", "outputs/s", "<")
    assert b"outputs/s" not in done.stdout


def test_messages_count_in_english(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", 2, 1)
    (source / "cat/0.png").write_bytes(b"")
    says(multiply(source, tmp_path / "one", copies=1).err, "1 sample quarantined:")
    (source / "cat/1.png").write_bytes(b"")
    says(multiply(source, tmp_path / "two", copies=1).err, "2 samples quarantined:")
