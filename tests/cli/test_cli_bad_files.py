"""Files that can't be read, odd names, links: quarantined with a reason, and the run goes on."""

from __future__ import annotations

import json
import os
import socket
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from little import (
    build,
    folder,
    manifest,
    multiply,
    plain,
    quarantine,
    refused,
    save,
    says,
    tenfold,
)

from tenfold.samples.sources import open_source


def png_header(width: int, height: int) -> bytes:
    """A PNG file of a few bytes that says it is that large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def half(path: Path) -> bytes:
    data = path.read_bytes()
    return data[: len(data) // 2]


BAD: dict[str, tuple[Callable[[Path], bytes], tuple[str, ...]]] = {
    "truncated.png": (half, ("damaged",)),
    "empty.png": (lambda _: b"", ("empty",)),
    "text.png": (lambda _: b"<html>404 not found</html>", ("not an image", "JPEG")),
    "nulls.jpg": (lambda _: bytes(3000), ("not an image",)),
    "bomb.png": (lambda _: png_header(100_000, 100_000), ("100000x100000", "max_pixels")),
    "stub.jpg": (lambda _: b"\xff\xd8\xff\xe0", ("damaged",)),
    "stub.tif": (lambda _: b"II*\0\x08\0\0\0", ("damaged",)),
    "stub.webp": (lambda _: b"RIFF\x10\0\0\0WEBPVP8 ", ("damaged",)),
    "stub.bmp": (lambda _: b"BM\0\0", ("damaged",)),
}


def one_bad(outcome: Any, destination: Path, item: str, outputs: int, *words: str) -> None:
    """The run went on, ended 1, and says of the one bad sample why, on stderr and on disk."""
    assert outcome.code == 1, outcome
    assert "Traceback" not in outcome.err
    found = quarantine(destination)
    assert list(found) == [item]
    says(found[item], *words)
    says(outcome.err, "1 sample", "quarantined", *words)
    assert len(manifest(destination)) == outputs
    assert item not in {line["item"] for line in manifest(destination)}
    assert not os.path.lexists(destination / item)
    assert tenfold("verify", destination).code == 0
    report = json.loads((destination / "report.json").read_text())
    assert any(words[0].lower() in json.dumps(v).lower() for v in report.values())


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("split", ["train", "test"])
def test_bad_image(tmp_path: Path, name: str, split: str) -> None:
    source = folder(tmp_path / "in", train=2, held=1)
    content, words = BAD[name]
    (source / split / "cat" / name).write_bytes(content(source / "train/cat/0.png"))
    outcome = multiply(source, tmp_path / "out")
    if split == "train":
        one_bad(outcome, tmp_path / "out", f"train/cat/{name}", 4 * 3 + 1, *words)
    else:  # passed through untouched, for tenfold has no business with it
        assert outcome.code == 0
        before, after = (tmp_path / d / "test/cat" / name for d in ("in", "out"))
        assert after.read_bytes() == before.read_bytes()


def test_max_pixels_is_an_option(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", cats=1, dogs=1)
    save(source / "cat/large.png", 1)
    from PIL import Image

    Image.new("RGB", (40, 40)).save(source / "cat/large.png")
    outcome = multiply(source, tmp_path / "out", "--max-pixels", 1000)
    one_bad(outcome, tmp_path / "out", "cat/large.png", 6, "40x40", "1000", "max_pixels")
    assert multiply(source, tmp_path / "fine", "--max-pixels", 1600).code == 0
    outcome = multiply(source, tmp_path / "none", "--max-pixels", 0)
    refused(outcome, tmp_path / "none", "max-pixels", "0")


@pytest.mark.parametrize("layout", ["coco", "voc", "yolo", "pairs", "csv"])
def test_bad_image_in_every_layout(tmp_path: Path, layout: str) -> None:
    source = build(layout, tmp_path / "in")
    item = next(i for i in open_source(source).items if i.split == "train")
    (source / item.files[0]).write_bytes(b"nothing")
    outcome = multiply(source, tmp_path / "out", copies=1)
    one_bad(outcome, tmp_path / "out", item.id, 2 + 3 * 2, "not an image")
    for file in item.files:
        assert file.endswith((".json", ".csv")) or not (tmp_path / "out" / file).exists()
    assert len(open_source(tmp_path / "out").items) == 8
    assert not open_source(tmp_path / "out").problems


def test_bad_mask(tmp_path: Path) -> None:
    source = build("pairs", tmp_path / "in")
    save(source / "train/masks/0.png", 1, "L")
    from PIL import Image

    Image.new("L", (5, 5)).save(source / "train/masks/0.png")
    outcome = multiply(source, tmp_path / "out", copies=1)
    one_bad(outcome, tmp_path / "out", "train/images/0.png", 8, "5x5", "16x12")
    assert not (tmp_path / "out/train/masks/0.png").exists()


def test_only_bad_images(tmp_path: Path) -> None:
    for name in ("a/1.png", "b/2.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        (tmp_path / "in" / name).write_bytes(b"")
    outcome = multiply(tmp_path / "in", tmp_path / "out")
    assert outcome.code == 1
    says(outcome.err, "2 samples quarantined", "a/1.png", "b/2.png", "empty")
    assert manifest(tmp_path / "out") == []


def _locked(path: Path) -> None:
    path.chmod(0)
    if os.access(path, os.R_OK):
        path.chmod(0o755 if path.is_dir() else 0o644)
        pytest.skip("this user may read everything (root); simulated in another test")


def test_unreadable_file(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", cats=2, dogs=1)
    _locked(source / "cat/0.png")
    outcome = multiply(source, tmp_path / "out")
    one_bad(outcome, tmp_path / "out", "cat/0.png", 6, "permission")


def test_unreadable_folder(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", cats=2, dogs=1)
    _locked(source / "cat")
    outcome = multiply(source, tmp_path / "out")
    (source / "cat").chmod(0o755)
    one_bad(outcome, tmp_path / "out", "cat", 3, "permission")


def test_unreadable_file_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = plain(tmp_path / "in", cats=2, dogs=1)
    real = Path.read_bytes

    def read_bytes(self: Path) -> bytes:
        if self.name == "0.png" and self.parent.name == "cat":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    outcome = multiply(source, tmp_path / "out")
    monkeypatch.undo()
    one_bad(outcome, tmp_path / "out", "cat/0.png", 6, "permission")


def test_unreadable_folder_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = plain(tmp_path / "in", cats=2, dogs=1)
    real = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("cat"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    outcome = multiply(source, tmp_path / "out")
    monkeypatch.undo()
    one_bad(outcome, tmp_path / "out", "cat", 3, "permission")


ODD_NAMES = {
    "not UTF-8": b"caf\xe9.png",
    "a newline": b"two\nlines.png",
    "an escape": b"\x1b[31mred.png",
    "a quote and spaces": b"a 'b' \"c\" $d.png",
    "markup": b"<script>alert(1)<.png",
    "a dash": b"--help.png",
    "braces and percents": b"{stem}%s{0}.png",
    "long": b"n" * 250 + b".png",
    "another alphabet": "猫🐈.png".encode(),
}


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_odd_names(tmp_path: Path, name: bytes) -> None:
    source = plain(tmp_path / "in", cats=1, dogs=1)
    odd = os.path.join(os.fsencode(source / "cat"), name)  # noqa: PTH118 (bytes)
    try:
        os.rename(source / "cat/0.png", odd)  # noqa: PTH104
    except OSError as error:
        pytest.skip(f"this file system doesn't take the name: {error}")
    outcome = multiply(source, tmp_path / "out", "--workers", 1)
    assert (outcome.code, outcome.err) == (0, "")
    found = os.listdir(os.fsencode(tmp_path / "out/cat"))  # noqa: PTH208 (bytes)
    assert len(found) == 3
    assert name in found
    assert tenfold("verify", tmp_path / "out").code == 0
    for file in found:
        path = os.path.join(os.fsencode(tmp_path / "out/cat"), file)  # noqa: PTH118
        assert tenfold("replay", path).code == 0
    looked = tenfold("inspect", source)
    assert looked.code == 0
    assert "\x1b" not in looked.out
    shown = tenfold("preview", source, "-o", tmp_path / "contact.png", "--rows", 2, "--copies", 1)
    assert shown.code == 0
    page = (tmp_path / "out/report.html").read_text("utf-8")
    assert "<script>alert(1)<" not in page


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_odd_names_of_bad_files(tmp_path: Path, name: bytes) -> None:
    source = plain(tmp_path / "in", cats=1, dogs=1)
    odd = os.path.join(os.fsencode(source / "cat"), name)  # noqa: PTH118 (bytes)
    with open(odd, "wb"):
        pass
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 1
    says(outcome.err, "quarantined", "empty")
    lines = outcome.err.splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    outcome.err.encode("utf-8")
    assert list(quarantine(tmp_path / "out")) == ["cat/" + os.fsdecode(name)]
    page = (tmp_path / "out/report.html").read_text("utf-8")
    assert "<script>alert(1)<" not in page


def test_links(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", cats=2, dogs=1)
    outside = tmp_path / "secret.png"
    save(outside, 99)
    (source / "cat/leaves.png").symlink_to(outside)
    (source / "cat/loop.png").symlink_to("loop.png")
    (source / "cat/dangling.png").symlink_to("gone.png")
    (source / "cat/up").symlink_to("..", target_is_directory=True)
    (source / "cat/good.png").symlink_to("0.png")
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 1
    bad = quarantine(tmp_path / "out")
    expected = {"leaves.png": "leaves", "loop.png": "link", "dangling.png": "No such file",
                "up": "loop"}  # fmt: skip
    assert set(bad) == {f"cat/{name}" for name in expected}
    for name, word in expected.items():
        says(bad[f"cat/{name}"], word)
    assert len(manifest(tmp_path / "out")) == 2 * 4
    good = tmp_path / "out/cat/good.png"
    assert not good.is_symlink()
    assert good.read_bytes() == (source / "cat/0.png").read_bytes()


def test_a_source_that_is_a_link(tmp_path: Path) -> None:
    plain(tmp_path / "in", cats=1, dogs=1)
    (tmp_path / "link").symlink_to("in", target_is_directory=True)
    assert multiply(tmp_path / "link", tmp_path / "out").code == 0
    assert len(manifest(tmp_path / "out")) == 6


def test_neither_file_nor_folder(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", cats=1, dogs=1)
    os.mkfifo(source / "cat/pipe.png")
    with socket.socket(socket.AF_UNIX) as end:
        here = Path.cwd()
        os.chdir(source / "dog")  # paths of sockets must be short
        try:
            end.bind("socket.png")
        finally:
            os.chdir(here)
    outcome = multiply(source, tmp_path / "out", copies=1)
    assert outcome.code == 1
    assert set(quarantine(tmp_path / "out")) == {"cat/pipe.png", "dog/socket.png"}
    assert len(manifest(tmp_path / "out")) == 4


def test_kinds_that_tenfold_does_not_read_are_reported(tmp_path: Path) -> None:
    source = plain(tmp_path / "in", cats=1, dogs=1)
    (source / "cat/movie.gif").write_bytes(b"GIF89a")
    outcome = multiply(source, tmp_path / "out", copies=1)
    one_bad(outcome, tmp_path / "out", "cat/movie.gif", 4, ".gif", "PNG")
