"""What is listed, and what is never followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.samples.walk import canonical_split, is_image, list_files, safe_join, unsupported


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_sorted_and_without_what_is_hidden_or_ours(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.png", "b/10.png", "a.png", ".hidden/x.png", "b/.x.png", "manifest.jsonl",
          ".tenfold/parts/0.npz", "report.html", "recipe.yaml", "b/manifest.jsonl",
          "b/Thumbs.db", "__MACOSX/a.png")  # fmt: skip
    assert list_files(tmp_path).files == ("a.png", "b/10.png", "b/2.png", "b/manifest.jsonl")
    assert list_files(tmp_path).problems == ()


def test_links_that_loop_leave_or_lead_nowhere_are_reported(tmp_path: Path) -> None:
    root, outside = tmp_path / "data", tmp_path / "outside"
    touch(root, "a/x.png")
    touch(outside, "secret.png")
    (root / "a" / "loop").symlink_to(root)
    (root / "a" / "self").symlink_to("self")
    (root / "out").symlink_to(outside)
    (root / "out.png").symlink_to(outside / "secret.png")
    (root / "gone.png").symlink_to(root / "nothing.png")
    (root / "twin.png").symlink_to(root / "a" / "x.png")
    (root / "b").symlink_to("a")
    (root / "c").symlink_to("a")
    found = list_files(root)
    assert found.files == ("a/x.png", "b/x.png", "twin.png")
    reasons = {p.id: p.reason for p in found.problems}
    assert set(reasons) == {
        "a/loop", "a/self", "b/loop", "b/self", "c", "out", "out.png", "gone.png"
    }  # fmt: skip
    assert "loop" in reasons["a/loop"]
    assert "leaves" in reasons["out"]
    assert "leaves" in reasons["out.png"]
    assert "can't be reached" in reasons["gone.png"]
    assert "another link" in reasons["c"]


def test_links_that_multiply_end(tmp_path: Path) -> None:
    for i in range(30):
        touch(tmp_path, f"d{i}/x.png")
        if i:
            for name in ("p", "q"):
                (tmp_path / f"d{i - 1}" / name).symlink_to(tmp_path / f"d{i}")
    assert len(list_files(tmp_path).files) < 200


def test_odd_names(tmp_path: Path) -> None:
    odd = [b"caf\xe9.png", b"new\nline.png", b"space .png", "Ünï.png".encode()]
    for name in odd:
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).touch()  # noqa: PTH118
    files = list_files(tmp_path).files
    assert {os.fsencode(f) for f in files} == set(odd)
    assert all((tmp_path / f).exists() for f in files)


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    found = list_files(tmp_path)
    assert found.files == ()
    assert "pipe" in found.problems[0].reason


def test_folder_without_permission(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.png", "b/x.png")
    (tmp_path / "a").chmod(0)
    try:
        if os.access(tmp_path / "a", os.R_OK):
            pytest.skip("this user may read everything")
        found = list_files(tmp_path)
        assert found.files == ("b/x.png",)
        assert "permissions" in found.problems[0].reason
    finally:
        (tmp_path / "a").chmod(0o755)


def test_unlistable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a/x.png", "b/x.png")
    scan = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("a"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list_files(tmp_path)
    assert found.files == ("b/x.png",)
    assert found.problems[0].id == "a/"[:-1]


def test_a_link_that_cannot_be_read_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such are the links in /proc of processes of others."""
    touch(tmp_path, "a/x.png")
    (tmp_path / "a/exe").symlink_to("x.png")
    read = os.readlink

    def refuse(path: str) -> str:
        if str(path).endswith("exe"):
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(os, "readlink", refuse)
    found = list_files(tmp_path)
    assert found.files == ("a/x.png",)
    assert [p.id for p in found.problems] == ["a/exe"]
    assert "can't be reached: Permission denied" in found.problems[0].reason


@pytest.mark.parametrize(
    ("name", "split"),
    [("train", "train"), ("Training", "train"), ("VAL", "val"), ("valid", "val"),
     ("validation", "val"), ("dev", "val"), ("test", "test"), ("testing", "test"),
     ("trainer", None), ("", None)],
)  # fmt: skip
def test_splits(name: str, split: str | None) -> None:
    assert canonical_split(name) == split


def test_suffixes() -> None:
    assert all(map(is_image, ("a.jpg", "a.JPEG", "b/c.TIF", "x.webp", "x.bmp", "x.png")))
    assert not any(map(is_image, ("a.txt", "png", "a.png.txt", "a.gif")))
    assert [p.id for p in unsupported(["a.gif", "b.png", "c.HEIC"])] == ["a.gif", "c.HEIC"]


@pytest.mark.parametrize(
    "path", ["../x", "../../x", "/etc/passwd", "a/../../x", "", "a\0b", ".", "a/..", "link/x"]
)
def test_paths_that_leave_are_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "data"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    assert safe_join(root, path) is None


@pytest.mark.parametrize(
    ("path", "plain"), [("a/b.png", "a/b.png"), ("./a//b.png", "a/b.png"), ("a/../b", "b")]
)
def test_paths_inside_are_brought_to_normal_form(tmp_path: Path, path: str, plain: str) -> None:
    assert safe_join(tmp_path, path) == plain


@given(st.lists(st.sampled_from(["..", ".", "a", "b", "", "..."]), max_size=8))
def test_no_path_escapes(parts: list[str]) -> None:
    root = Path("/nowhere/data")
    found = safe_join(root, "/".join(parts))
    if found is not None:
        assert ".." not in found.split("/")
        assert os.path.normpath(root / found).startswith("/nowhere/data/")
