"""Lists that lie on disk when they are long."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tenfold import long_list
from tenfold.errors import OutputError, RequestError
from tenfold.long_list import LongList, files_of, found_by, holds, kept, kept_sorted, without


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists that count as long are short in here."""
    monkeypatch.setattr(long_list, "IN_MEMORY", 100)
    monkeypatch.setattr(long_list, "_FAN", 3)


def numbers(count: int) -> LongList[int]:
    found = kept(iter(range(count)))
    assert isinstance(found, LongList)
    return found


def test_short_ones_are_tuples() -> None:
    assert kept(iter("abc")) == ("a", "b", "c")
    assert kept_sorted("cab", key=str) == ("a", "b", "c")
    assert kept(range(100)) == tuple(range(100))
    assert kept(()) == ()


@pytest.mark.parametrize("count", [101, 128, 1000, 1281])
def test_long_ones_are_sequences(count: int) -> None:
    found, truth = numbers(count), list(range(count))
    assert len(found) == count
    assert list(found) == truth
    order = random.Random(1).sample(truth, count)
    assert [found[i] for i in order] == order
    assert found[-1] == count - 1
    assert found[60:70] == tuple(range(60, 70))
    assert list(reversed(found)) == truth[::-1]
    for outside in (count, -count - 1):
        with pytest.raises(IndexError):
            found[outside]


@pytest.mark.parametrize("count", [0, 99, 100, 101, 2750, 5000])
def test_sorted_as_sorted_does(count: int) -> None:
    """Through several levels of merging; equal keys stay in their order."""
    rng = random.Random(count)
    pairs = [(str(rng.randrange(count // 3 + 1)), i) for i in range(count)]
    found: Sequence[tuple[str, int]] = kept_sorted(iter(pairs), key=lambda pair: pair[0])
    assert list(found) == sorted(pairs, key=lambda pair: pair[0])


def test_names_that_are_not_utf_8_survive() -> None:
    names = [f"\udcff{i}" for i in range(300)]
    assert list(kept(names)) == names


def test_searching() -> None:
    even = kept([f"{i:05d}" for i in range(0, 1000, 2)])
    odd = kept([f"{i:05d}" for i in range(1, 1000, 2)])
    assert all(holds(even, each) for each in even)
    assert not any(holds(even, each) for each in odd)
    assert list(without(even, odd)) == list(even)
    assert list(without(sorted([*even, *odd]), odd)) == list(even)


def test_another_process_reads_the_same_file() -> None:
    code = (
        "import pickle, sys; found = pickle.load(sys.stdin.buffer); print(len(found), found[777])"
    )
    packed = pickle.dumps(numbers(1000))
    assert len(packed) < 300
    gone = subprocess.run(
        [sys.executable, "-c", code], input=packed, capture_output=True, check=False
    )
    assert b"open the dataset again" in gone.stderr, "the list went, and its file with it"
    found = numbers(1000)
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(found), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"1000", b"777"]
    assert list(found) == list(range(1000)), "the other process left the file alone"


def test_a_revived_list_keeps_the_file_in_its_process() -> None:
    revived = pickle.loads(pickle.dumps(numbers(500)))
    with pytest.raises(OutputError, match="open the dataset again"):
        revived[3]
    found = numbers(500)
    revived = pickle.loads(pickle.dumps(found))
    del found
    assert revived[499] == 499


def test_its_file_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = kept_sorted((str(i) for i in range(1000)), key=str)
    assert len(list(tmp_path.iterdir())) == 1, "runs are deleted once they are merged"
    del found
    assert not list(tmp_path.iterdir())


def test_no_room_is_told_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(RequestError, match="TMPDIR"):
        numbers(1000)


def test_shipped_to_another_machine(tmp_path: Path) -> None:
    found = {"numbers": numbers(1000), "text": "x"}
    with files_of() as files:
        packed = pickle.dumps(found)
    (file,) = files
    there = tmp_path / file.name
    there.write_bytes(file.read_bytes())
    del found
    assert not file.exists()
    with found_by(lambda name: tmp_path / name):
        revived = pickle.loads(packed)
    assert list(revived["numbers"]) == list(range(1000))
    del revived
    assert there.exists(), "who unpickles it doesn't own its file"
