"""One write is one promise: the same bytes however a job is worked off."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets import arrays, image_folder, pairs
from tenfold.engine.manifest import read_lines, tree_hash
from tenfold.engine.state import State
from tenfold.engine.verify import verify
from tenfold.errors import OutputError
from tenfold.multiply import augment
from tenfold.write import atomic

RECIPE = """
version: 1
border: {mode: constant, value: 0}
validity: %s
invariances:
  - rotation: 20
  - elastic: 0.01
  - brightness: 0.2
  - shot_noise: {photons: [100, 1000]}
  - erase: {probability: 0.5}
"""

Maker = Callable[[Path], Path]


def recipe(folder: Path, validity: bool = False) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(RECIPE % str(validity).lower())
    return path


def run(source: Path, destination: Path, **settings: Any) -> str:
    rules = recipe(destination.parent)
    augment(source, destination, recipe=rules, copies=3, seed=5, **settings)
    return tree_hash(destination)


@pytest.mark.parametrize("make", [image_folder, pairs, arrays])
def test_one_and_two_workers_give_the_same_bytes(tmp_path: Path, make: Maker) -> None:
    source = make(tmp_path / "data")
    one = run(source, tmp_path / "one", workers=1)
    assert run(source, tmp_path / "two", workers=2) == one
    assert verify(tmp_path / "one").problems == ()
    assert not (tmp_path / "one" / ".tenfold").exists()


@pytest.mark.parametrize("make", [image_folder, arrays])
def test_three_shards_in_any_order_give_the_same_bytes(tmp_path: Path, make: Maker) -> None:
    source = make(tmp_path / "data")
    whole = run(source, tmp_path / "whole")
    parts = tmp_path / "parts"
    for index in (2, 0, 1):
        assert not State(parts).finished
        augment(
            source, parts, recipe=recipe(tmp_path), copies=3, seed=5, shard=(index, 3)
        )  # fmt: skip
    assert State(parts).finished
    assert tree_hash(parts) == whole


def test_shards_made_apart_and_copied_together_finish_with_resume(tmp_path: Path) -> None:
    source = image_folder(tmp_path / "data")
    whole = run(source, tmp_path / "whole")
    joined = tmp_path / "joined"
    for index in range(3):
        part = tmp_path / f"machine{index}" / "out"
        part.parent.mkdir()
        augment(source, part, recipe=recipe(tmp_path), copies=3, seed=5, shard=(index, 3))
        subprocess.run(["cp", "-r", f"{part}/.", str(joined)], check=True)
    assert run(source, joined, existing="resume") == whole


def test_a_resumed_run_gives_the_same_bytes_wherever_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = image_folder(tmp_path / "data", train=8)
    whole = run(source, tmp_path / "whole")
    destination = tmp_path / "out"
    real = atomic.write_chunks
    budget = [0]

    def failing(path: Path, chunks: Any) -> str:
        budget[0] -= 1
        if budget[0] < 0:
            raise OutputError(f"can't write {path}: no space left; --resume")
        return real(path, chunks)

    failures = 0
    for module in list(sys.modules.values()):
        if getattr(module, "write_chunks", None) is real:
            monkeypatch.setattr(module, "write_chunks", failing)
    while not State(destination).finished:
        budget[0] = 7  # a little further each time
        try:
            existing = "resume" if State(destination).started else "refuse"
            augment(
                source, destination, recipe=recipe(tmp_path), copies=3, seed=5,
                existing=existing,  # type: ignore[arg-type]
            )  # fmt: skip
        except OutputError:
            failures += 1
            assert failures < 50, "the run makes no progress"
    assert failures > 3
    monkeypatch.undo()
    assert tree_hash(destination) == whole


def test_twenty_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    source = image_folder(tmp_path / "data", train=160, side=48)
    rules = recipe(tmp_path)
    whole = tmp_path / "whole"
    start = time.perf_counter()
    command = [
        sys.executable, "-m", "tenfold", "augment", str(source), "DST", "--recipe", str(rules),
        "--copies", "6", "--seed", "5", "--workers", "2", "--quiet",
    ]  # fmt: skip
    subprocess.run([*command[:5], str(whole), *command[6:]], check=True)
    length = time.perf_counter() - start
    destination = tmp_path / "out"
    rng = random.Random(3)
    kills = 0
    while kills < 20:
        resume = ["--resume"] if State(destination).identity() is not None else []
        process = subprocess.Popen(
            [*command[:5], str(destination), *command[6:], *resume],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        time.sleep(rng.uniform(0.2, 0.6) * length)
        if process.poll() is None:
            # Now and then only the parent: its workers must notice that they are alone.
            victim = os.kill if kills % 3 == 0 else os.killpg
            victim(process.pid, signal.SIGKILL)
        _, complaint = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), complaint.decode()
        kills += 1
        if State(destination).finished:
            assert tree_hash(destination) == tree_hash(whole)
            subprocess.run(["rm", "-rf", str(destination)], check=True)
    resume = ["--resume"] if State(destination).identity() is not None else []
    subprocess.run([*command[:5], str(destination), *command[6:], *resume], check=True)
    assert tree_hash(destination) == tree_hash(whole)
    assert not list(destination.rglob("*.part"))


def test_a_worker_that_dies_stops_the_run_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = image_folder(tmp_path / "data")

    class Dying:
        """A process that is killed as soon as it starts."""

        def __init__(self, real: Any) -> None:
            self.real = real

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

        def start(self) -> None:
            self.real.start()
            os.kill(self.real.pid, signal.SIGKILL)

    context = multiprocessing.get_context("spawn")
    real = context.Process

    class Context:
        Pipe = staticmethod(context.Pipe)

        @staticmethod
        def Process(**settings: Any) -> Any:  # noqa: N802
            return Dying(real(**settings))

    monkeypatch.setattr(multiprocessing, "get_context", lambda _: Context)
    with pytest.raises(OutputError, match=r"killed by signal 9.*--workers"):
        run(source, tmp_path / "out", workers=2)
    monkeypatch.undo()
    assert run(source, tmp_path / "out", existing="resume") == run(source, tmp_path / "whole")


def test_originals_and_untouched_parts_are_the_same_bytes(tmp_path: Path) -> None:
    source = image_folder(tmp_path / "data")
    run(source, tmp_path / "out")
    originals = sorted(p.relative_to(source) for p in source.rglob("*.png"))
    for name in originals:
        assert (tmp_path / "out" / name).read_bytes() == (source / name).read_bytes()
    lines = list(read_lines(tmp_path / "out" / "manifest.jsonl"))
    kinds = [line["kind"] for line in lines]
    assert (kinds.count("original"), kinds.count("copy"), kinds.count("untouched")) == (24, 72, 4)
    assert {line["split"] for line in lines if line["kind"] == "copy"} == {"train"}


def test_validity_masks_tell_which_pixels_are_real(tmp_path: Path) -> None:
    import cv2

    source = pairs(tmp_path / "data", count=3)
    augment(
        source, tmp_path / "out", recipe=recipe(tmp_path, validity=True), copies=2, seed=1
    )  # fmt: skip
    lines = [
        line for line in read_lines(tmp_path / "out" / "manifest.jsonl") if line["kind"] == "copy"
    ]
    assert len(lines) == 6
    shares = []
    for line in lines:
        valid = cv2.imread(
            str(tmp_path / "out" / "validity" / f"{line['file']}.png"), cv2.IMREAD_UNCHANGED
        )
        assert valid is not None
        assert set(valid.reshape(-1).tolist()) <= {0, 255}
        shares.append(float((valid == np.uint8(255)).mean()))
    assert 0.5 < min(shares) < 1
    assert verify(tmp_path / "out").problems == ()
