"""Full disks, folders that vanish, kills: exit 3, nothing half-written, and resuming completes."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from little import build, manifest, multiply, plain, says, tenfold, tree

from tenfold.engine import local
from tenfold.engine.manifest import tree_hash
from tenfold.engine.work import work_shard
from tenfold.write import atomic


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Six pictures."""
    return plain(tmp_path / "in")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A destination that isn't there."""
    return tmp_path / "out"


def stopped(outcome: Any, out: Path, *words: str) -> None:
    """Exit 3 with the file and the cure; what is there is whole, and marked as unfinished."""
    assert outcome.code == 3, outcome
    assert "Traceback" not in outcome.err
    says(outcome.err, *words)
    assert outcome.out == ""
    assert not list(out.rglob("*.part"))


def same_as_undisturbed(source: Path, out: Path) -> None:
    whole = out.with_name("undisturbed")
    assert multiply(source, whole).code == 0
    assert tree(out) == tree(whole)
    assert tree_hash(out) == tree_hash(whole)
    assert (out / "report.html").is_file()
    assert (out / "report.json").is_file()
    assert tenfold("verify", out).code == 0


def fail(patch: pytest.MonkeyPatch, name: str, after: int, number: int) -> None:
    """`os.replace`, or `os.open` of a new file, fails after so many good calls."""
    real = getattr(os, name)
    good = iter(range(after))

    def failing(first: Any, *rest: Any, **more: Any) -> Any:
        counts = name == "replace" or rest[0] & os.O_CREAT
        if counts and str(first).endswith(atomic.TEMPORARY) and next(good, None) is None:
            raise OSError(number, os.strerror(number), str(first))
        return real(first, *rest, **more)

    patch.setattr(os, name, failing)


@pytest.mark.parametrize("call", ["replace", "open"])
@pytest.mark.parametrize("after", [2, 3, 4, 11, 23, 24, 25, 26, 27])
def test_full_disk(source: Path, out: Path, call: str, after: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fail(patch, call, after, errno.ENOSPC)
        outcome = multiply(source, out)
    stopped(outcome, out, "No space left", "--resume", str(out))
    assert multiply(source, out, "--resume").code == 0
    same_as_undisturbed(source, out)


@pytest.mark.parametrize("after", [28, 29])
def test_full_disk_at_the_report(source: Path, out: Path, after: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fail(patch, "replace", after, errno.ENOSPC)
        outcome = multiply(source, out)
    stopped(outcome, out, "No space left", "--resume", "report")
    assert multiply(source, out, "--resume").code == 0
    same_as_undisturbed(source, out)


def test_full_disk_before_the_first_file(source: Path, out: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fail(patch, "replace", 0, errno.ENOSPC)
        outcome = multiply(source, out)
    assert outcome.code == 2
    says(outcome.err, "No space left")
    assert "--resume" not in outcome.err
    assert not out.exists()
    assert multiply(source, out).code == 0


@pytest.mark.parametrize("layout", ["coco", "voc", "yolo", "pairs", "csv", "arrays"])
def test_full_disk_in_every_layout(tmp_path: Path, layout: str) -> None:
    source, out = build(layout, tmp_path / "in"), tmp_path / "out"
    for after in (3, 7, 1, 0):
        with pytest.MonkeyPatch.context() as patch:
            fail(patch, "replace", after, errno.ENOSPC)
            outcome = multiply(source, out, *(["--resume"] if out.exists() else []))
        if outcome.code == 0:
            break
        stopped(outcome, out, "No space left")
    assert multiply(source, out, "--resume").code == 0
    same_as_undisturbed(source, out)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full(tmp_path: Path, small_disk: Path) -> None:
    source = plain(tmp_path / "in", 8, 8)
    recipe = tmp_path / "gentle.yaml"
    recipe.write_text("version: 1\ninvariances:\n- rotation: 10\n")
    job = ("--recipe", recipe, "--seed", 1, "--copies", 3, "--workers", 1)
    out = small_disk / "out"
    stopped(tenfold("augment", source, out, *job), out, "No space left", "--resume")
    done = len(list(out.glob(".tenfold/*/*.jsonl")))
    assert done >= 1
    remount = ["mount", "-o", "remount,size=8m", str(small_disk)]
    subprocess.run(remount, check=True, capture_output=True)
    assert tenfold("augment", source, out, *job, "--resume").code == 0
    assert tenfold("augment", source, tmp_path / "whole", *job).code == 0
    assert tree(tmp_path / "whole") == tree(out)


def vanish(patch: pytest.MonkeyPatch, out: Path, after: int) -> None:
    """The destination is deleted by someone once so many shards are done."""
    good = iter(range(after))

    def work(*arguments: Any) -> Any:
        if next(good, None) is None and out.exists() and not out.with_name("gone").exists():
            out.rename(out.with_name("gone"))
        return work_shard(*arguments)

    patch.setattr(local, "work_shard", work)


@pytest.mark.parametrize("after", [1, 4])
def test_the_destination_vanishes(source: Path, out: Path, after: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        vanish(patch, out, after)
        outcome = multiply(source, out)
    assert outcome.code == 3, outcome
    says(outcome.err, str(out))


def test_the_destination_becomes_a_file(source: Path, out: Path) -> None:
    good = iter(range(2))

    def work(*arguments: Any) -> Any:
        if next(good, None) is None and out.is_dir():
            out.rename(out.with_name("gone"))
            out.write_text("in the way")
        return work_shard(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "work_shard", work)
        outcome = multiply(source, out)
    assert outcome.code == 3, outcome
    says(outcome.err, str(out))
    out.unlink()
    out.with_name("gone").rename(out)
    assert multiply(source, out, "--resume").code == 0
    same_as_undisturbed(source, out)


def test_a_destination_that_may_not_be_written(source: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fail(patch, "open", 0, errno.EACCES)
        outcome = multiply(source, tmp_path / "out")
    assert outcome.code == 2
    says(outcome.err, "permission denied", str(tmp_path / "out"))


def test_the_source_vanishes(source: Path, out: Path) -> None:
    good = iter(range(2))

    def work(*arguments: Any) -> Any:
        if next(good, None) is None and source.exists():
            source.rename(source.with_name("gone"))
        return work_shard(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "work_shard", work)
        outcome = multiply(source, out)
    assert outcome.code == 1
    says(outcome.err, "4 samples quarantined", "No such file")
    assert len(manifest(out)) == 6


def test_killed_and_resumed(source: Path, out: Path) -> None:
    whole = out.with_name("undisturbed")
    assert multiply(source, whole, copies=60).code == 0
    recipe = out.parent / "gentle.yaml"
    command = [sys.executable, "-m", "tenfold", "augment", str(source), str(out), "--resume"]
    command += ["--recipe", str(recipe), "--seed", "5", "--copies", "60", "--workers", "1"]
    kills = 0
    for _ in range(3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        marks = len(list(out.glob(".tenfold/*/*.jsonl")))
        while process.poll() is None and len(list(out.glob(".tenfold/*/*.jsonl"))) <= marks:
            time.sleep(0.002)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert tree(out) == tree(whole)
    job = json.loads((out / "tenfold.json").read_text())["job"]
    assert job["seed"] == 5


def test_interrupted_workers(source: Path, out: Path) -> None:
    """Ctrl-C in a terminal reaches all processes: one message, exit 130, nothing left running."""
    assert multiply(source, out.with_name("x")).code == 0
    recipe = out.parent / "gentle.yaml"
    command = [sys.executable, "-m", "tenfold", "augment", str(source), str(out), "--workers", "2"]
    command += ["--recipe", str(recipe), "--seed", "5", "--copies", "30000"]
    process = subprocess.Popen(
        # A job of a shell ignores Ctrl-C, and so would its children.
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    while process.poll() is None and not list(out.glob("*/*_aug_*")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert output == ""
    assert "Traceback" not in errors
    says(errors, "interrupted", "--resume")
    for _ in range(500):  # multiprocessing's own helper needs a moment to see that it is alone
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail("a process of an interrupted run is still there")
