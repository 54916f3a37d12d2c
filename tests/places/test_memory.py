"""Datasets behind URLs, in fsspec's store in memory: the same bytes as in a folder."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from engine.datasets import image_folder, pairs
from places.layouts import MAKERS
from tenfold.cli.main import run as command
from tenfold.engine import work
from tenfold.engine.local import LocalEngine
from tenfold.engine.manifest import tree_hash
from tenfold.engine.replay import replay
from tenfold.engine.state import State
from tenfold.engine.verify import verify
from tenfold.errors import OutputError, PlaceError, RequestError
from tenfold.multiply import augment, carry_out, plan_job
from tenfold.places import (
    Remote,
    entries,
    listed,
    local_copy,
    piece,
    place_of,
    read_ahead,
    transfer,
)
from tenfold.samples.sources import open_source
from tenfold.samples.walk import list_files
from tenfold.write.atomic import write_bytes, write_new

Memory = Any
Maker = Callable[[Path], Path]
SRC, DST = "memory://bucket/src", "memory://bucket/out"


@pytest.fixture
def store() -> Iterator[Memory]:
    """The store, empty."""
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    yield memory
    memory.store.clear()


def remote(url: str) -> Remote:
    place = place_of(url)
    assert isinstance(place, Remote)
    return place


def files(store: Memory, folder: str) -> dict[str, bytes]:
    return {n.removeprefix(folder + "/"): store.cat_file(n) for n in store.find(folder)}


def tree(folder: Path) -> dict[str, bytes]:
    found = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def comparable(found: dict[str, bytes]) -> dict[str, bytes]:
    """Without what tells time and place."""
    return {
        n: d for n, d in found.items() if n not in ("report.html", "report.json", "tenfold.json")
    }


@pytest.mark.parametrize("make", MAKERS)
def test_every_layout_has_the_same_files_in_a_store(
    tmp_path: Path, store: Memory, make: Maker
) -> None:
    source = make(tmp_path / "src")
    store.put(str(source), "/bucket/src", recursive=True)
    augment(source, tmp_path / "out", copies=2, seed=3)
    augment(SRC, DST, copies=2, seed=3)
    expected = tree(tmp_path / "out")
    assert comparable(files(store, "/bucket/out")) == comparable(expected)
    assert set(files(store, "/bucket/out")) == set(expected)
    there, here = verify(place_of(DST)), verify(tmp_path / "out")
    assert there == here
    assert there.problems == ()
    assert open_source(place_of(SRC)).layout == open_source(source).layout


@pytest.mark.parametrize("make", [image_folder, pairs])
def test_a_store_and_a_folder_go_together(tmp_path: Path, store: Memory, make: Maker) -> None:
    source = make(tmp_path / "src")
    store.put(str(source), "/bucket/src", recursive=True)
    augment(source, tmp_path / "one", copies=1, seed=3)
    augment(SRC, tmp_path / "two", copies=1, seed=3)
    augment(source, DST, copies=1, seed=3)
    one = tree_hash(tmp_path / "one")
    assert tree_hash(tmp_path / "two") == one
    assert tree_hash(place_of(DST)) == one


def test_shards_and_interruptions_end_in_the_same_bytes(
    tmp_path: Path, store: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = image_folder(tmp_path / "src")
    augment(source, tmp_path / "out", copies=2, seed=3)
    marks = 0
    commit = State.commit

    def stop(self: State, shard: int, lines: list[str]) -> None:
        nonlocal marks
        marks += 1
        if marks == 5:
            raise OutputError("out of luck")
        commit(self, shard, lines)

    monkeypatch.setattr(State, "commit", stop)
    with pytest.raises(OutputError, match="luck"):
        augment(source, DST, copies=2, seed=3, shard=(1, 2))
    assert State(place_of(DST)).started
    with pytest.raises(RequestError, match="unfinished"):
        verify(place_of(DST))
    with pytest.raises(RequestError, match="--resume"):
        augment(source, DST, copies=2, seed=3)
    augment(source, DST, copies=2, seed=3, shard=(0, 2))
    assert not State(place_of(DST)).finished
    augment(source, DST, copies=2, seed=3, existing="resume")
    assert State(place_of(DST)).finished
    assert tree_hash(place_of(DST)) == tree_hash(tmp_path / "out")
    assert not [name for name in store.find("/bucket/out") if ".tenfold" in name]


def test_no_mark_before_all_its_files_are_there(
    tmp_path: Path, store: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = image_folder(tmp_path / "src", train=2, test=0)
    put = Remote.write_bytes
    late = threading.Event()
    timer = threading.Timer(0.5, late.set)

    def slow(self: Remote, data: bytes) -> None:
        if self.suffix == ".png":
            late.wait()
        if ".tenfold/" in self.url and self.suffix == ".jsonl":
            assert late.is_set()
            assert len([n for n in store.find("/bucket/out") if n.endswith(".png")]) >= 3
        put(self, data)

    monkeypatch.setattr(Remote, "write_bytes", slow)
    timer.start()
    augment(source, DST, copies=2, seed=3)
    assert verify(place_of(DST)).problems == ()


def test_a_write_that_fails_in_the_background_leaves_its_shard_open(
    tmp_path: Path, store: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = image_folder(tmp_path / "src", train=2, test=0)
    put = Remote.write_bytes

    def failing(self: Remote, data: bytes) -> None:
        if self.name.endswith("aug_0002.png"):
            raise PlaceError("the network is gone")
        put(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Remote, "write_bytes", failing)
        with pytest.raises(OutputError, match="network"):
            augment(source, DST, copies=2, seed=3)
    assert not any(State(place_of(DST)).done(2))
    augment(source, DST, copies=2, seed=3, existing="resume")
    assert verify(place_of(DST)).problems == ()


def test_unreachable_sources_stop_the_run_and_missing_files_are_quarantined(
    tmp_path: Path, store: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(str(image_folder(tmp_path / "src", train=3, test=0)), "/bucket/src", recursive=True)
    prepared = plan_job(SRC, DST, copies=1, seed=3)
    transfer._kept.clear()  # what planning has read
    read = Remote._read

    def failing(self: Remote) -> bytes:
        if self.name == "001.png":
            raise PlaceError("403")
        return read(self)

    with monkeypatch.context() as patch:
        patch.setattr(Remote, "_read", failing)
        with pytest.raises(OutputError, match="403"):
            carry_out(prepared, LocalEngine())
    store.rm_file("/bucket/src/train/b/001.png")
    transfer._kept.clear()
    result = augment(prepared.job.source, DST, copies=1, seed=3, existing="resume")
    assert result.quarantined == 1


def test_two_runs_that_finish_at_once(
    tmp_path: Path, store: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = image_folder(tmp_path / "src", train=4, test=0)
    augment(source, tmp_path / "out", copies=1, seed=3)
    entries_of = State.entries
    asked = 0

    def overtaken(self: State, shards: Any) -> Iterator[dict[str, Any]]:
        nonlocal asked
        asked += 1
        if asked == 2:  # another run finishes while this one is at it
            augment(source, DST, copies=1, seed=3, existing="resume")
        yield from entries_of(self, shards)

    monkeypatch.setattr(State, "entries", overtaken)
    result = augment(source, DST, copies=1, seed=3)
    assert result.complete
    assert tree_hash(place_of(DST)) == tree_hash(tmp_path / "out")
    assert not State(place_of(DST)).started


def test_a_late_mark_of_another_job_does_no_harm(tmp_path: Path, store: Memory) -> None:
    source = image_folder(tmp_path / "src", train=4, test=0)
    augment(source, DST, copies=1, seed=3)
    store.pipe_file("/bucket/out/.tenfold/0123456789abcdef/00000000.jsonl", b"{}\n")
    assert State(place_of(DST)).finished
    assert verify(place_of(DST)).problems == ()
    augment(source, DST, copies=1, seed=3, existing="resume")
    assert not [name for name in store.find("/bucket/out") if ".tenfold" in name]
    augment(source, DST, copies=1, seed=4, existing="overwrite")
    assert verify(place_of(DST)).problems == ()


def test_destinations_that_are_refused(tmp_path: Path, store: Memory) -> None:
    source = image_folder(tmp_path / "src", train=2, test=0)
    store.put(str(source), "/bucket/src", recursive=True)
    store.pipe_file("/bucket/other/x.txt", b"mine")
    for destination, why in (
        ("memory://bucket/other", "not empty"),
        ("memory://bucket/src/out", "lies in the source"),
        ("memory://bucket", "lies in the destination"),
        ("memory://bucket/other/x.txt", "is a file"),
        ("https://example.org/out", "can't be written to|http"),
    ):
        with pytest.raises(RequestError, match=why):
            augment(SRC, destination, copies=1, seed=3)
    with pytest.raises(RequestError, match="wasn't made by tenfold"):
        augment(SRC, "memory://bucket/other", copies=1, seed=3, existing="overwrite")
    assert store.cat_file("/bucket/other/x.txt") == b"mine"


def test_verify_and_replay_tell_what_changed(tmp_path: Path, store: Memory) -> None:
    source = image_folder(tmp_path / "src", train=2, test=0)
    store.put(str(source), "/bucket/src", recursive=True)
    augment(SRC, DST, copies=1, seed=3)
    file = remote(DST) / "train/a/000_aug_0001.png"
    assert replay(file).identical
    store.pipe_file("/bucket/out/train/a/000_aug_0001.png", b"other")
    store.rm_file("/bucket/out/train/b/001.png")
    store.pipe_file("/bucket/out/new.png", b"new")
    told = {p.file: p.reason for p in verify(place_of(DST)).problems}
    assert told == {
        "train/a/000_aug_0001.png": "was changed",
        "train/b/001.png": "is missing",
        "new.png": "isn't in the manifest",
    }
    assert not replay(file).identical
    replay(file, output=tmp_path / "again")
    assert (tmp_path / "again" / "train/a/000_aug_0001.png").stat().st_size > 5


def test_commands(tmp_path: Path, store: Memory, capsys: pytest.CaptureFixture[str]) -> None:
    store.put(str(pairs(tmp_path / "src")), "/bucket/src", recursive=True)
    assert command(["augment", SRC, DST, "--copies", "1", "--seed", "1", "--quiet"]) == 0
    assert command(["verify", DST]) == 0
    assert command(["inspect", SRC, "--quiet"]) == 0
    assert command(["preview", SRC, "-o", str(tmp_path / "sheet.png")]) == 0
    assert command(["replay", f"{DST}/images/3_aug_0001.png"]) == 0
    assert "identical" in capsys.readouterr().out
    assert command(["augment", "memory://bucket/none", DST]) == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s3:/bucket/x", "did you mean s3://bucket/x"),
        ("s33://bucket/x", "no protocol 's33'; did you mean 's3'"),
        ("s3://", "names no bucket"),
        ("simplecache::s3://bucket/x", "leave out"),
    ],
)
def test_slips_in_urls(url: str, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        place_of(url)


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from tenfold.places import stores

    stores.filesystem.cache_clear()
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(RequestError, match=r"tenfold\[gs\]"):
        place_of("gs://bucket/x")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(RequestError, match=r"tenfold\[cloud\]"):
        place_of("memory://never/seen")
    stores.filesystem.cache_clear()


def test_archives_are_read_in_place(tmp_path: Path, store: Memory) -> None:
    source = image_folder(tmp_path / "src", train=4, test=0)
    augment(source, tmp_path / "one", copies=1, seed=3)
    shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path, "src")
    store.put(str(tmp_path / "all.zip"), "/bucket/all.zip")
    augment("zip://src::memory://bucket/all.zip", tmp_path / "two", copies=1, seed=3)
    assert tree_hash(tmp_path / "two") == tree_hash(tmp_path / "one")
    with pytest.raises(RequestError, match="can't be written to"):
        augment(source, "zip://out::memory://bucket/all.zip", copies=1, seed=3)


def test_paths_stay_paths(tmp_path: Path) -> None:
    assert place_of(str(tmp_path)) == tmp_path
    assert place_of(f"file://{tmp_path}") == tmp_path
    assert place_of("a:b/c") == Path("a:b/c")
    code = "import sys, tenfold.multiply as m; m.place_of('x'); print('fsspec' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_listings_are_those_of_folders(tmp_path: Path, store: Memory) -> None:
    for name in (
        "b/x.png",
        "a.png",
        "a/y.txt",
        ".hid/x.png",
        "b/.z",
        "Thumbs.db",
        "manifest.jsonl",
    ):
        (tmp_path / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / name).write_bytes(b"12345")
    store.put(str(tmp_path / "src"), "/bucket/src", recursive=True)
    for place in (remote(SRC), listed(remote(SRC))):
        assert list_files(place) == list_files(tmp_path / "src")
        assert entries(place) == entries(tmp_path / "src")
        assert sorted(p.name for p in place.iterdir()) == sorted(
            p.name for p in (tmp_path / "src").iterdir()
        )
        for name in ("a", "a.png", "b/x.png", "none"):
            mine, theirs = place / name, tmp_path / "src" / name
            assert (mine.exists(), mine.is_file(), mine.is_dir()) == (
                theirs.exists(), theirs.is_file(), theirs.is_dir(),
            )  # fmt: skip
        assert (place / "a.png").stat().st_size == 5
        assert piece(place / "a.png", 1, 3) == b"23"
        assert local_copy(place / "a.png").read_bytes() == b"12345"


def test_names_that_would_leave_the_folder_are_reported(store: Memory) -> None:
    for name in ("a/../../x.png", "a//x.png", "ok.png"):
        store.store[f"/bucket/src/{name}"] = store._open("/t", "wb")
    found = list_files(remote(SRC))
    assert found.files == ("ok.png",)
    assert {p.id for p in found.problems} == {"a/../../x.png", "a//x.png"}


def test_a_worker_reads_ahead_without_the_listing(store: Memory) -> None:
    for number in range(40):
        store.pipe_file(f"/bucket/src/{number:02d}", bytes([number]) * number)
    root = pickle.loads(pickle.dumps(listed(remote(SRC))))
    names = [f"{number:02d}" for number in range(40)]
    read = []
    for name in read_ahead(root, names, lambda n: [n]):
        assert (root / name).stat().st_size == int(name)
        read.append((root / name).read_bytes())
    assert read == [bytes([number]) * number for number in range(40)]


def test_what_was_read_is_forgotten_with_its_listing(store: Memory) -> None:
    for content in (b"old", b"newer"):
        store.pipe_file("/bucket/src/x", content)
        assert (listed(remote(SRC)) / "x").read_bytes() == content
        assert local_copy(remote(SRC) / "x").read_bytes() == content


def test_one_of_two_gets_to_write_a_new_file(store: Memory) -> None:
    assert write_new(remote(DST) / "x", b"1")
    assert not write_new(remote(DST) / "x", b"2")
    assert (remote(DST) / "x").read_bytes() == b"1"
    assert len(write_bytes(remote(DST) / "y", b"2")) == 64


def test_names_with_signs_of_patterns_are_names(store: Memory) -> None:
    for name in ("a[1].png", "a1.png", "b*.png", "b2.png", "c?.png"):
        (remote(SRC) / name).write_bytes(name.encode())
    for name in ("a[1].png", "b*.png", "c?.png"):
        assert (remote(SRC) / name).read_bytes() == name.encode()
        (remote(SRC) / name).unlink()
    assert sorted(remote(SRC).files()) == ["a1.png", "b2.png"]


def test_the_work_of_a_shard_leaves_nothing_under_way(
    tmp_path: Path, store: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenfold.places.transfer import uploads

    source = image_folder(tmp_path / "src", train=2, test=0)

    def failing(*_: object, **__: object) -> None:
        raise OutputError("stop")

    monkeypatch.setattr(work, "_entry", failing)
    with pytest.raises(OutputError, match="stop"):
        augment(source, DST, copies=2, seed=3)
    assert not uploads._pending
