"""The Ray engine: the bytes of the local one, whoever dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from engine.datasets import arrays, image_folder
from tenfold import long_list
from tenfold.cli.main import run
from tenfold.engine import ray as module
from tenfold.engine.destination import prepare
from tenfold.engine.manifest import tree_hash
from tenfold.engine.ray import RayEngine
from tenfold.engine.state import State
from tenfold.engine.work import ShardDone
from tenfold.errors import MissingExtraError, OutputError, RequestError
from tenfold.multiply import Prepared, augment, carry_out, plan_job
from tenfold.places import Place
from tenfold.samples.sample import Sample
from tenfold.samples.source import MAX_PIXELS, Item, Source
from tenfold.samples.sources import open_source
from tenfold.testing import check_engine
from tenfold.write.atomic import TEMPORARY

COMMAND = [sys.executable, "-m", "tenfold", "augment"]
SETTINGS: dict[str, Any] = {"copies": 3, "seed": 5}


@pytest.fixture(scope="module")
def engine() -> Iterator[RayEngine]:
    """An engine on a cluster of this module's own."""
    ray = pytest.importorskip("ray")
    # Workers don't have the folder of the tests on their path.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with RayEngine("local", workers=2).connected() as connected:
        yield connected


class Deadly(Source):
    """Kills the process that reads one of its items, so many times; notes the process's number."""

    layout: ClassVar[str] = "folder"

    def __init__(self, inner: Source, victim: int, notes: Path, times: int) -> None:
        self.inner, self.victim, self.notes, self.times = inner, victim, notes, times
        self.root, self.items, self.info = inner.root, inner.items, inner.info
        self.problems, self.max_pixels = inner.problems, inner.max_pixels
        notes.mkdir()

    @classmethod
    def detect(cls, root: Place) -> bool:
        return False

    @classmethod
    def open(cls, root: Place, max_pixels: int = MAX_PIXELS) -> Source:
        raise NotImplementedError

    def read(self, item: Item) -> Sample:
        me = os.getpid()
        if item == self.items[self.victim] and len(list(self.notes.iterdir())) < self.times:
            (self.notes / str(me)).touch()
            (self.notes.parent / "out" / f".{me}-x{TEMPORARY}").write_bytes(b"half")
            os.kill(me, signal.SIGKILL)
        return self.inner.read(item)


def deadly(tmp_path: Path, times: int) -> tuple[Prepared, Path]:
    """A job of shards of two samples, of which the second one of a shard is deadly."""
    source = open_source(image_folder(tmp_path / "data", train=140))
    prepared = plan_job(source, tmp_path / "out", **SETTINGS)
    assert prepared.job.shard_size == 2
    notes = tmp_path / "notes"
    job = Deadly(source, 41, notes, times)
    prepared = plan_job(job, tmp_path / "out", recipe=prepared.job.recipe, **SETTINGS)
    return prepared, notes


def local(tmp_path: Path) -> str:
    augment(tmp_path / "data", tmp_path / "local", **SETTINGS)
    return tree_hash(tmp_path / "local")


@pytest.mark.parametrize("make", [image_folder, arrays])
def test_the_bytes_of_the_local_engine(
    engine: RayEngine, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    check_engine(engine, open_source(make(tmp_path / "data")))


def test_long_lists_are_read_from_the_destination(
    engine: RayEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the temporary files of this machine are not those of a node."""
    monkeypatch.setattr(long_list, "IN_MEMORY", 8)
    prepared = plan_job(image_folder(tmp_path / "data"), tmp_path / "out", **SETTINGS)
    there: list[int] = []

    def look(done: ShardDone) -> None:
        there.append(len(list((tmp_path / "out").rglob("lists-*/tenfold-list-*"))))

    carry_out(prepared, engine, progress=look)
    assert set(there) == {2}, "items and copies"
    assert tree_hash(tmp_path / "out") == local(tmp_path)


def test_progress_is_told_of_each_shard_once(engine: RayEngine, tmp_path: Path) -> None:
    prepared = plan_job(image_folder(tmp_path / "data"), tmp_path / "out", **SETTINGS)
    told: list[ShardDone] = []
    result = carry_out(prepared, engine, progress=told.append)
    assert sorted(done.shard for done in told) == list(range(prepared.job.shard_count))
    assert sum(done.outputs for done in told) == result.outputs == prepared.outputs


def test_a_killed_worker_changes_nothing(
    engine: RayEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    prepared, notes = deadly(tmp_path, times=1)
    result = carry_out(prepared, engine)
    assert len(list(notes.iterdir())) == 1
    assert result.complete
    assert tree_hash(tmp_path / "out") == local(tmp_path)
    assert capfd.readouterr().err == ""


def test_a_shard_that_kills_all_its_workers_is_named(engine: RayEngine, tmp_path: Path) -> None:
    prepared, notes = deadly(tmp_path, times=99)
    with pytest.raises(OutputError, match=r"4 workers died of shard 20 .*--resume") as caught:
        carry_out(prepared, engine)
    assert prepared.job.source.items[41].id in str(caught.value)
    assert len(list(notes.iterdir())) == 4
    assert State(tmp_path / "out").started


def test_what_ray_began_the_local_engine_finishes(engine: RayEngine, tmp_path: Path) -> None:
    source = image_folder(tmp_path / "data", train=140)
    prepared = plan_job(source, tmp_path / "out", **SETTINGS)
    seen = []

    def interrupt(done: ShardDone) -> None:
        seen.append(done)
        if len(seen) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(prepared, engine, progress=interrupt)
    done = State(tmp_path / "out").done(prepared.job.shard_count)
    assert all(done[d.shard] for d in seen)
    assert not all(done)
    time.sleep(1)
    assert State(tmp_path / "out").done(prepared.job.shard_count) == done, "tasks go on"
    assert not list((tmp_path / "out").rglob("stop-*"))
    result = augment(source, tmp_path / "out", existing="resume", **SETTINGS)
    assert result.resumed == sum(done)
    assert tree_hash(tmp_path / "out") == local(tmp_path)


@pytest.mark.parametrize("lost", ["out", "data"])
def test_a_folder_that_a_node_does_not_see_ends_the_run(
    engine: RayEngine, tmp_path: Path, lost: str
) -> None:
    source = image_folder(tmp_path / "data", train=140)
    job = plan_job(source, tmp_path / "out", **SETTINGS).job
    prepare(job, "refuse", shared=False)
    (tmp_path / lost).rename(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="that all nodes see") as caught:
        list(engine.run(job, range(job.shard_count)))
    assert type(caught.value) is OutputError
    assert str(tmp_path / lost) in str(caught.value)


def test_a_node_with_other_libraries_ends_the_run(
    engine: RayEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = plan_job(image_folder(tmp_path / "data"), tmp_path / "out", **SETTINGS)
    real = module._environment()
    monkeypatch.setattr(module, "_environment", lambda: {**real, "numpy": "0.1"})
    with pytest.raises(OutputError, match=rf"has numpy {real['numpy']}, this run needs 0\.1"):
        carry_out(prepared, engine)


def test_an_error_that_is_not_ours_is_told_in_a_line(engine: RayEngine, tmp_path: Path) -> None:
    prepared = plan_job(image_folder(tmp_path / "data"), tmp_path / "out", **SETTINGS)
    prepared.job.writer.end_shard = None  # type: ignore[assignment, method-assign]
    with pytest.raises(OutputError, match=r"^a task failed on the Ray cluster: TypeError: .*$"):
        carry_out(prepared, engine)


def processes(mark: str) -> list[str]:
    """The programs that were started, at whatever remove, with `mark` in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "comm").read_text().strip())
        except OSError:
            continue
    return found


def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def marks(destination: Path) -> int:
    return len(list((destination / ".tenfold").glob("*/*.jsonl")))


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_ctrl_c_on_the_command_line_ends_the_cluster_too(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    source, out = image_folder(tmp_path / "data", train=140), tmp_path / "out"
    options = [str(source), str(out), "--copies", "6", "--seed", "5"]
    mark = f"TENFOLD_TEST_MARK={tmp_path}"
    process = subprocess.Popen(
        [*COMMAND, *options, "--engine", "ray", "--address", "local", "--workers", "2"],
        env={**os.environ, "TENFOLD_TEST_MARK": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        until(lambda: marks(out) > 2)
        assert "gcs_server" in processes(mark)
        os.killpg(process.pid, signal.SIGINT)
        said, complained = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said == b""
    assert complained.strip() == b"tenfold: interrupted; repeat the command with --resume to go on"
    until(lambda: processes(mark) == [], 10)
    assert State(out).started
    assert run(["augment", *options, "--resume", "--quiet"]) == 0
    assert run(["augment", str(source), str(tmp_path / "local"), *options[2:], "--quiet"]) == 0
    assert tree_hash(out) == tree_hash(tmp_path / "local")


CLUSTER = """
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
try:
    node = cluster.add_node(num_cpus=1)
    print(cluster.address, flush=True)
    input()
    cluster.remove_node(node, allow_graceful=False)
    input()
except EOFError:
    pass
finally:
    cluster.shutdown()
"""


def test_a_node_that_is_lost_changes_nothing_and_the_cluster_stays(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    source, out = image_folder(tmp_path / "data", train=140), tmp_path / "out"
    settings = ["--copies", "6", "--seed", "5", "--quiet"]
    cluster = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert cluster.stdin is not None
    assert cluster.stdout is not None
    try:
        address = cluster.stdout.readline().strip()
        process = subprocess.Popen(
            [*COMMAND, str(source), str(out), *settings, "--engine", "ray", "--address", address],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,  # Ray prints that a node is lost
        )  # fmt: skip
        until(lambda: marks(out) > 2)
        cluster.stdin.write("\n")
        cluster.stdin.flush()
        assert process.communicate(timeout=120)[1] == b""
        assert process.returncode == 0
        host, port = address.split(":")
        socket.create_connection((host, int(port)), 5).close()
    finally:
        cluster.communicate(timeout=30)
    assert run(["augment", str(source), str(tmp_path / "local"), *settings]) == 0
    assert tree_hash(out) == tree_hash(tmp_path / "local")


def test_no_cluster_at_the_address_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    source, out = image_folder(tmp_path / "data"), tmp_path / "out"
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    told = pytest.raises(RequestError, match=f"no Ray cluster answers at {address}")
    with told, RayEngine(address).connected():
        pass
    assert run(["augment", str(source), str(out), "--engine", "ray", "--address", address]) == 2
    assert not out.exists()


def test_without_ray_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tenfold\[ray\]'"):
        RayEngine()
    source, out = image_folder(tmp_path / "data"), tmp_path / "out"
    assert run(["augment", str(source), str(out), "--engine", "ray"]) == 2
    assert "tenfold[ray]" in capfd.readouterr().err
    assert not out.exists()


def test_an_address_without_ray_is_refused(tmp_path: Path) -> None:
    source = image_folder(tmp_path / "data")
    assert run(["augment", str(source), str(tmp_path / "out"), "--address", "auto"]) == 2
    assert not (tmp_path / "out").exists()
