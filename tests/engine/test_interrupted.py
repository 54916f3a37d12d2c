"""What is left when a run, or an emptying, stops at an awkward moment, or meets another run."""

from __future__ import annotations

import csv
import errno
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.datasets import image_folder
from tenfold.engine.job import Job
from tenfold.engine.local import LocalEngine
from tenfold.engine.manifest import read_lines, tree_hash
from tenfold.engine.state import State
from tenfold.engine.work import ShardDone
from tenfold.errors import OutputError, RequestError
from tenfold.multiply import augment, carry_out, plan_job
from tenfold.samples.sources.folder import FolderSource

SETTINGS: dict[str, Any] = {"preset": "natural", "copies": 2}


class Stopping:
    """An engine that fails after some shards, as if it had been killed."""

    def __init__(self, after: int) -> None:
        self.after = after

    def run(self, job: Job, shards: Sequence[int]) -> Iterator[ShardDone]:
        yield from LocalEngine().run(job, shards[: self.after])
        raise KeyboardInterrupt


def stopped(source: Path, out: Path, after: int = 3, seed: int = 1) -> None:
    with pytest.raises(KeyboardInterrupt):
        carry_out(plan_job(source, out, seed=seed, **SETTINGS), Stopping(after))


def whole(source: Path, out: Path, seed: int = 1, **settings: Any) -> str:
    augment(source, out, seed=seed, **SETTINGS, **settings)
    return tree_hash(out)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return image_folder(tmp_path / "data", train=8, test=2)


def test_a_table_that_was_edited_is_another_job(source: Path, tmp_path: Path) -> None:
    """Records hold places in the table: going on with another table would mix up labels."""
    flat = tmp_path / "flat"
    flat.mkdir()
    rows = []
    for index, path in enumerate(sorted((source / "train").rglob("*.png"))):
        shutil.copy(path, flat / f"{index}.png")
        rows.append({"file": f"{index}.png", "label": path.parent.name})
    table = flat / "labels.csv"

    def write(listed: list[dict[str, str]]) -> None:
        with table.open("w", newline="") as handle:
            writer = csv.DictWriter(handle, ["file", "label"])
            writer.writeheader()
            writer.writerows(listed)

    write(rows)
    stopped(flat, tmp_path / "out")
    write(rows[::-1])
    with pytest.raises(RequestError, match="begun with another list of samples"):
        whole(flat, tmp_path / "out", existing="resume")


def test_other_library_versions_are_another_job(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(source, tmp_path / "out")
    monkeypatch.setattr("tenfold.engine.job.library_versions", lambda more=(): {"numpy": "1.0"})
    with pytest.raises(RequestError, match="library versions"):
        whole(source, tmp_path / "out", existing="resume")


def test_a_run_whose_destination_was_given_away_stops(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    class Robbed:
        def run(self, job: Job, shards: Sequence[int]) -> Iterator[ShardDone]:
            yield from LocalEngine().run(job, shards[:3])
            whole(source, out, seed=2, existing="overwrite")
            (out / ".tenfold").mkdir()  # and yet another one has begun
            (out / ".tenfold" / "job.json").write_text("{}")
            yield from LocalEngine().run(job, shards[3:])

    with pytest.raises(OutputError, match="given to another job"):
        carry_out(plan_job(source, out, seed=1, **SETTINGS), Robbed())
    seeds = {line["key"]["seed"] for line in read_lines(out / "manifest.jsonl") if line["key"]}
    assert seeds == {2}


def test_a_kill_while_the_state_is_closed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    real = shutil.rmtree

    def killed(path: Path, **more: Any) -> None:
        if ".tenfold-done-" in str(path):
            raise KeyboardInterrupt
        real(path, **more)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            whole(source, out)
    assert list(out.glob(".tenfold-done-*"))
    assert whole(source, out, existing="resume") == whole(source, tmp_path / "undisturbed")
    assert not list(out.glob(".tenfold*"))


@pytest.mark.parametrize("deleted", [0, 1, 3])
def test_an_interrupted_overwrite(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deleted: int
) -> None:
    out = tmp_path / "out"
    whole(source, out)
    left = [deleted]

    def slow(real: Any) -> Any:
        def delete(path: Any, *rest: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return real(path, *rest, **more)

        return delete

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", slow(shutil.rmtree))
        patch.setattr(Path, "unlink", slow(Path.unlink))
        with pytest.raises(KeyboardInterrupt):
            whole(source, out, seed=2, existing="overwrite")
    with pytest.raises(RequestError, match="--overwrite"):
        whole(source, out, existing="resume")
    assert whole(source, out, seed=2, existing="overwrite") == whole(
        source, tmp_path / "undisturbed", seed=2
    )


def test_a_destination_begun_but_without_a_job_counts_as_empty(
    source: Path, tmp_path: Path
) -> None:
    (tmp_path / "out" / ".tenfold").mkdir(parents=True)
    assert whole(source, tmp_path / "out") == whole(source, tmp_path / "undisturbed")


def test_what_json_cannot_hold_costs_one_sample_only(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenfold.engine import work

    real = work.object_labels

    def strange(sample: Any) -> Any:
        return [float("nan")] if sample.id.endswith("000.png") else real(sample)

    monkeypatch.setattr(work, "object_labels", strange)
    result = augment(source, tmp_path / "out", seed=1, **SETTINGS)
    assert result.quarantined == 1
    (entry,) = read_lines(tmp_path / "out" / "quarantine.jsonl")
    assert entry["item"] == "train/a/000.png"
    assert not list((tmp_path / "out" / "train" / "a").glob("000*"))


@pytest.mark.parametrize("trouble", [MemoryError(), OSError(errno.EMFILE, "Too many open files")])
def test_want_of_memory_or_handles_stops_instead_of_quarantining(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    real = FolderSource.read
    calls = [0]

    def read(self: FolderSource, item: Any) -> Any:
        calls[0] += 1
        if calls[0] == 5:
            raise trouble
        return real(self, item)

    prepared = plan_job(source, tmp_path / "out", seed=1, **SETTINGS)
    monkeypatch.setattr(FolderSource, "read", read)
    with pytest.raises(OutputError):
        carry_out(prepared, LocalEngine())
    monkeypatch.undo()
    assert whole(source, tmp_path / "out", existing="resume") == whole(
        source, tmp_path / "undisturbed"
    )


def test_shards_that_start_and_end_together(source: Path, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "tenfold", "augment", str(source), "OUT", "--preset", "natural",
        "--copies", "2", "--seed", "1", "--quiet",
    ]  # fmt: skip
    for round_ in range(2):
        out = tmp_path / f"out{round_}"
        command[5] = str(out)
        runs = [
            subprocess.Popen([*command, "--shard", f"{i}/3"], stderr=subprocess.PIPE)
            for i in range(3)
        ]
        told = [run.communicate()[1].decode() for run in runs]
        assert [run.returncode for run in runs] == [0, 0, 0], told
        assert State(out).finished
        assert tree_hash(out) == whole(source, tmp_path / f"whole{round_}")


def test_the_place_of_the_source_is_not_part_of_the_dataset(source: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "data"
    shutil.copytree(source, elsewhere)
    first, second = tmp_path / "first", tmp_path / "second"
    assert whole(source, first) == whole(elsewhere, second)
    noted = [json.loads((out / "tenfold.json").read_text())["job"] for out in (first, second)]
    assert noted[0]["source"] != noted[1]["source"]
