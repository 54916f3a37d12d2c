"""UJIPEN's text on a small made-up file, its pictures at true scale, its parts, its errors."""

from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tenfold.datasets import load, ujipen
from tenfold.datasets.pen import draw_pen, read_pen
from tenfold.errors import MissingExtraError, PlaceError, RequestError

LITTLE = (
    "// UJI: 100 units per millimetre\r\n"
    "WORD a trn_UJI_W01-01\r\n"
    "  NUMSTROKES 2\r\n"
    "  POINTS 3 # 100 200 100 200 500 800\r\n"
    "  POINTS 1 # -30 40\r\n"
    "\r\n"
    "// Non-ASCII char: ntilde\r\n"
    "WORD ñ tst_UPV_W18-02\r\n"
    "  NUMSTROKES 1\r\n"
    "  POINTS 2 # 0 0 304 152\r\n"
)


def test_samples_strokes_and_units() -> None:
    first, second = read_pen(LITTLE)
    assert (first.character, first.part, first.writer, first.repetition) == (
        "a",
        "trn",
        "UJI_W01",
        1,
    )
    assert [s.tolist() for s in first.strokes] == [[[1, 2], [1, 2], [5, 8]], [[-0.3, 0.4]]]
    assert (second.character, second.part, second.writer) == ("ñ", "tst", "UPV_W18")
    assert second.strokes[0].tolist() == [[0, 0], [2, 1]]  # that tablet has 152 units a millimetre


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        (2, "WORD ab trn_UJI_W01-01", "line 2: WORD needs one character"),
        (2, "WORD a", "line 2: WORD needs one character and a session"),
        (2, "WORD a trn_XYZ_W01-01", "line 2: .* is no session"),
        (2, "POINTS 1 # 1 2", "line 2: expected WORD"),
        (3, "NUMSTROKES", "line 3: NUMSTROKES needs a number from 1"),
        (3, "NUMSTROKES 0", "line 3: NUMSTROKES needs a number from 1"),
        (3, "NUMSTROKES two", "line 3: 'two' is no whole number"),
        (3, "NUMSTROKES 3", "line 8: expected POINTS, got 'WORD"),
        (3, "NUMSTROKES 1", "line 5: expected WORD"),
        (4, "POINTS 3 # 100 200 100 200 500", "line 4: POINTS promises 3 points, .* got 5"),
        (4, "POINTS 1 100 200", "line 4: POINTS needs a count, #"),
        (4, "POINTS 1 # 1.5 2", "line 4: '1.5' is no whole number"),
        (4, "POINTS 0 #", "line 4: POINTS promises 0"),
        (8, "WORD a trn_UJI_W01-01", "line 8: 'a' by UJI_W01, repetition 1, .* in line 2"),
        (10, "", "line 8: the file ends within this sample; POINTS is missing"),
    ],
)
def test_malformed_lines_are_named(line: int, instead: str, message: str) -> None:
    lines = LITTLE.split("\r\n")
    lines[line - 1] = instead
    with pytest.raises(RequestError, match=message):
        read_pen("\r\n".join(lines))


@pytest.mark.parametrize("text", ["", "// nothing\n", "\n\n"])
def test_a_file_without_samples(text: str) -> None:
    with pytest.raises(RequestError, match="no sample in it"):
        read_pen(text)


def test_drawn_at_true_scale_in_the_middle() -> None:
    """A horizontal line of 6 mm in ink half a millimetre wide, 5 px a millimetre."""
    image = draw_pen([np.array([[10.0, 3.0], [16.0, 3.0]])], 70, 5, 0.5) / 255
    assert image.sum(axis=1).max() == pytest.approx(6 * 5 + 2.5, abs=1)  # round ends
    assert image.sum(axis=0).max() == pytest.approx(2.5, abs=0.3)
    assert image.sum() == pytest.approx(30 * 2.5 + np.pi * 1.25**2, rel=0.1)
    ys, xs = np.nonzero(image)
    assert xs.mean() == pytest.approx(34.5, abs=0.3)
    assert ys.mean() == pytest.approx(34.5, abs=0.3)
    half = draw_pen([np.array([[10.0, 3.0], [13.0, 3.0]])], 70, 5, 0.5) / 255
    assert image.sum(axis=1).max() - half.sum(axis=1).max() == pytest.approx(15, abs=0.5)


def test_dots_show_and_large_characters_fit() -> None:
    dot = draw_pen([np.array([[3.0, 3.0]])], 70, 5, 0.5)
    assert dot.max() == 255
    assert (dot.sum() / 255) == pytest.approx(np.pi * 1.25**2, rel=0.35)
    large = draw_pen(
        [np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 40.0], [0, 40], [0, 0]])], 70, 5, 0.5
    )
    assert large[35, :5].max() == 255
    assert large[35, -5:].max() == 255
    assert max(large[0].max(), large[-1].max(), large[:, 0].max(), large[:, -1].max()) < 128


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive as UCI's, with 3 of the 97 characters."""
    lines = ["// made up"]
    for writer in range(1, 61):
        site = "UJI" if writer <= 16 else "UPV"
        part = "trn" if writer <= 11 or 17 <= writer <= 45 else "tst"
        for character in "c?ñ":
            for repetition in (1, 2):
                lines += [
                    f"WORD {character} {part}_{site}_W{writer:02d}-{repetition:02d}",
                    "  NUMSTROKES 1",
                    f"  POINTS 2 # 0 0 {writer * 10} {ord(character) + repetition}",
                ]
    path = tmp_path_factory.mktemp("uji") / "uji.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ujipenchars2.txt", "\r\n".join(lines).encode())
        archive.writestr("uji2.names", "what it is")
    return path


def writers(ids: tuple[str, ...]) -> set[str]:
    return {name.split("/")[1].rsplit("-", 1)[0] for name in ids}


def test_posters_parts_are_by_writer(whole: Path) -> None:
    dataset = load("ujipen", file=whole, size=16)
    assert dataset.validation is not None
    assert dataset.test is not None
    counts = {part: np.bincount(e.labels).tolist() for part, e in dataset.parts.items()}
    assert counts == {"train": [60] * 3, "validation": [6] * 3, "test": [48] * 3}
    names = [writers(examples.ids) for examples in dataset.parts.values()]
    assert len(set.union(*names)) == sum(map(len, names)) == 57
    assert dataset.classes == ("?", "c", "ñ")
    assert {name.split("/")[0] for name in dataset.train.ids} == {"u003f", "u0063_c", "u00f1"}
    again, other = (load("ujipen", file=whole, size=16, seed=seed) for seed in (0, 1))
    assert again.train.ids == dataset.train.ids
    assert other.train.ids != dataset.train.ids
    assert 0.5 < dataset.train.values.max() <= 1
    assert dataset.train.shape == (16, 16, 1)


def test_official_parts(whole: Path) -> None:
    dataset = load("ujipen", split="official", file=whole, size=16)
    assert dataset.validation is None
    assert dataset.test is not None
    assert (len(writers(dataset.train.ids)), len(writers(dataset.test.ids))) == (40, 20)
    assert "UJI_W12" in writers(dataset.test.ids)


def test_text_of_either_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8", "iso-8859-15"):
        (tmp_path / "u.txt").write_bytes(LITTLE.replace("tst", "trn").encode(encoding))
        dataset = load("ujipen", split="official", file=tmp_path / "u.txt", size=8)
        assert dataset.classes == ("a", "ñ")


def test_requests_that_cannot_be_met(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="did you mean 'poster'"):
        load("ujipen", split="posters", file=whole)
    with pytest.raises(RequestError, match=r"within 8\.\.512"):
        load("ujipen", size=3, file=whole)
    with pytest.raises(RequestError, match="can't be read as UJIPEN"):
        load("ujipen", file=tmp_path / "nothing.zip")
    (tmp_path / "few.txt").write_text(LITTLE, encoding="utf-8")
    with pytest.raises(RequestError, match="57 writers, the file has 2"):
        load("ujipen", file=tmp_path / "few.txt")
    with zipfile.ZipFile(tmp_path / "foreign.zip", "w") as archive:
        archive.writestr("else.txt", "")
    with pytest.raises(RequestError, match="can't be read as UJIPEN"):
        load("ujipen", file=tmp_path / "foreign.zip")


def test_fetched_once_with_a_checksum(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for pooch: what it's asked for, and what becomes of its failures."""
    asked: dict[str, Any] = {}

    def retrieve(url: str, **told: Any) -> str:
        asked.update(told, url=url)
        return str(whole)

    pooch = SimpleNamespace(retrieve=retrieve, os_cache=lambda name: tmp_path / name)
    monkeypatch.setitem(sys.modules, "pooch", pooch)
    with pytest.raises(PlaceError, match="isn't the one expected"):  # it is made up
        load("ujipen")
    assert asked["url"].startswith("https://archive.ics.uci.edu/")
    assert asked["known_hash"] == "sha256:" + ujipen.ARCHIVE_SHA256
    data = zipfile.ZipFile(whole).read("ujipenchars2.txt")
    monkeypatch.setattr(ujipen, "TEXT_SHA256", hashlib.sha256(data).hexdigest())
    assert len(load("ujipen", size=8).train.ids) == 180

    def fails(url: str, **told: Any) -> str:
        raise ValueError("hash of downloaded file does not match")

    pooch.retrieve = fails
    with pytest.raises(PlaceError, match=r"can't be fetched .*does not match.*give it as file"):
        load("ujipen")
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingExtraError, match=r"tenfold\[datasets\]"):
        load("ujipen")
