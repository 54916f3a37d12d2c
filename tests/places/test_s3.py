"""Datasets on S3, as a local moto server plays it: whole commands, killed and shared ones too."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.datasets import arrays, image_folder
from tenfold.engine.manifest import tree_hash
from tenfold.engine.verify import verify
from tenfold.multiply import augment
from tenfold.places import Remote, place_of
from tenfold.write.atomic import write_new

pytest.importorskip("s3fs", reason="needs s3fs: pip install 'tenfold[s3]'")
pytest.importorskip("moto.server", reason="needs moto: pip install 'moto[s3]' flask flask-cors")

COPIES, SEED = 3, 1


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The server's URL, in the environment as a person would put it there."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    told = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(name, value)
        yield url
    server.stop()


@pytest.fixture
def bucket(endpoint: str, tmp_path: Path) -> Iterator[str]:
    """URL of a bucket of its own with an image folder in `src`; the same is in `tmp_path/src`."""
    import fsspec

    store = fsspec.filesystem("s3", use_listings_cache=False)
    name = f"b{time.time_ns()}"
    store.mkdir(name)
    image_folder(tmp_path / "src", train=24, test=4)
    store.put(str(tmp_path / "src"), f"{name}/src", recursive=True)
    yield f"s3://{name}"
    store.rm(name, recursive=True)


def expected(tmp_path: Path) -> str:
    augment(tmp_path / "src", tmp_path / "out", copies=COPIES, seed=SEED)
    return tree_hash(tmp_path / "out")


def command(bucket: str, *options: str, **settings: Any) -> subprocess.Popen[str]:
    words = [
        sys.executable, "-m", "tenfold", "augment", f"{bucket}/src", f"{bucket}/out",
        "--copies", str(COPIES), "--seed", str(SEED), "--quiet", *options,
    ]  # fmt: skip
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True, **settings)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, told = process.communicate(timeout=120)
    return process.returncode, told


def check(bucket: str, tmp_path: Path) -> None:
    """The dataset in the bucket is whole, and has the bytes of one made in a folder."""
    whole = expected(tmp_path)
    out = place_of(f"{bucket}/out")
    different = [
        name
        for name in names(f"{bucket}/out")
        if not name.startswith(("report.", "tenfold.json"))
        and (out / name).read_bytes() != (tmp_path / "out" / name).read_bytes()
    ]
    assert different == []
    found = verify(out)
    assert found.problems == ()
    assert found.tree == whole


def names(url: str) -> list[str]:
    place = place_of(url)
    assert isinstance(place, Remote)
    return list(place.files())


def test_two_workers_make_the_bytes_of_a_folder(bucket: str, tmp_path: Path) -> None:
    assert ended(command(bucket, "--workers", "2"))[0] == 0
    check(bucket, tmp_path)
    assert not [name for name in names(f"{bucket}/out") if name.startswith(".")]


def test_rows_of_arrays(bucket: str, tmp_path: Path) -> None:
    arrays(tmp_path / "npz", count=6)
    augment(tmp_path / "npz", f"{bucket}/rows", copies=2, seed=SEED)
    augment(tmp_path / "npz", tmp_path / "rows", copies=2, seed=SEED)
    assert tree_hash(place_of(f"{bucket}/rows")) == tree_hash(tmp_path / "rows")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_killed_run_is_resumed(bucket: str, tmp_path: Path, workers: str) -> None:
    process = command(bucket, "--workers", workers, start_new_session=True)
    end = time.monotonic() + 60
    while len([n for n in names(f"{bucket}/out") if n.endswith(".jsonl")]) < 3:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    there = names(f"{bucket}/out")
    assert ".tenfold/job.json" in there
    assert "tenfold.json" not in there
    code, told = ended(command(bucket))
    assert (code, "--resume" in told) == (2, True)
    assert ended(command(bucket, "--resume", "--workers", workers)) == (0, "")
    check(bucket, tmp_path)


def test_two_processes_make_a_shard_each(bucket: str, tmp_path: Path) -> None:
    parts = [command(bucket, "--shard", f"{index}/2") for index in range(2)]
    for part in parts:
        assert ended(part) == (0, "")
    if "tenfold.json" not in names(f"{bucket}/out"):  # each saw the other's last shard open
        assert ended(command(bucket, "--resume")) == (0, "")
    check(bucket, tmp_path)


def test_a_new_file_is_written_once(bucket: str) -> None:
    file = place_of(f"{bucket}/x")
    assert write_new(file, b"1")
    assert not write_new(file, b"2")
    assert file.read_bytes() == b"1"


def test_what_cannot_be_reached(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tenfold.cli.main import run

    def told(source: str, destination: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tenfold", "augment", source, destination],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "the bucket doesn't exist" in told("s3://no-such-bucket/x", f"{bucket}/out")
    assert "the bucket doesn't exist" in told(f"{bucket}/src", "s3://no-such-bucket/x")
    assert "does not exist" in told(f"{bucket}/sorce", f"{bucket}/out")
    assert run(["verify", f"{bucket}/none"]) == 2
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", "/nonexistent")
    assert "AWS_PROFILE" in told(f"{bucket}/src", f"{bucket}/out")
