"""Where YOLO's files point: label paths, the splits of data.yaml, lists of images."""

from __future__ import annotations

import posixpath
from collections.abc import Set
from dataclasses import dataclass
from pathlib import PurePosixPath

from tenfold.errors import RequestError
from tenfold.places import Place, relative
from tenfold.samples.walk import canonical_split


@dataclass(frozen=True, slots=True)
class PathList:
    """A text file of image paths.

    Attributes:
        path: relative to the root.
        rows: (line as written, image relative to the root or None if it isn't there).
    """

    path: str
    rows: tuple[tuple[str, str | None], ...]


def label_path(image: str) -> str:
    """The label file of an image (see `tenfold.samples.sources.yolo`); relative paths."""
    parts = list(PurePosixPath(image).parts)
    folders = parts[:-1]
    if "images" in folders:
        parts[len(folders) - 1 - folders[::-1].index("images")] = "labels"
    return PurePosixPath(*parts).with_suffix(".txt").as_posix()


def resolve(root: Place, base: object, value: str) -> str | None:
    """A split's folder or list, relative to the root, or None if it isn't inside.

    What data.yaml says holds on the machine where it was written. So its `path` is tried and
    left out, `../` at the start (which exporters write) is ignored, and of an absolute path from
    elsewhere the longest end that exists counts; a single last folder only if it names a split.
    """
    value = value.replace("\\", "/")
    prefixes = [str(base).replace("\\", "/")] if isinstance(base, str) and base else []
    for text in [*(posixpath.join(p, value) for p in prefixes), value]:
        for candidate in _candidates(root, text):
            place = root / candidate
            if place.exists() and relative(place.resolve(), root.resolve()) is not None:
                return candidate
    return None


def _candidates(root: Place, text: str) -> list[str]:
    plain = posixpath.normpath(text)
    if not plain.startswith("/") and not (len(plain) > 1 and plain[1] == ":"):
        while plain.startswith("../"):
            plain = plain[3:]
        return [] if plain == ".." else [plain]
    inside = posixpath.relpath(plain, root.as_posix()) if plain.startswith("/") else ".."
    if inside != ".." and not inside.startswith("../"):
        return [inside]
    parts = plain.strip("/").split("/")
    ends = ["/".join(parts[i:]) for i in range(1, len(parts) - 1)]
    last = parts[-1]
    if last.endswith(".txt") or canonical_split(last):
        ends.append(last)
    return ends


def read_list(root: Place, path: str, known: Set[str]) -> PathList:
    """Read a list of images.

    Args:
        root: of the dataset.
        path: of the list, relative.
        known: images of the dataset, relative to the root.

    Raises:
        RequestError: it can't be read.
    """
    try:
        text = (root / path).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise RequestError(f"can't read {path}: {error.strerror}; check permissions") from error
    folder = posixpath.dirname(path)
    rows = []
    for raw in text.split("\n"):
        line = raw.strip()
        if line:
            rows.append((line, _image_of(root, folder, line.replace("\\", "/"), known)))
    return PathList(path, tuple(rows))


def _image_of(root: Place, folder: str, line: str, known: Set[str]) -> str | None:
    if not line.startswith("/") and line[1:2] != ":":
        # "./" means the list's folder; other relative paths, the folder one happens to work in
        places = [posixpath.join(folder, line), line]
        return next((p for p in map(posixpath.normpath, places) if p in known), None)
    inside = posixpath.relpath(line, root.as_posix()) if line.startswith("/") else ".."
    parts = line.strip("/").split("/")
    ends = [inside, *("/".join(parts[i:]) for i in range(1, len(parts)))]
    return next((p for p in ends if p in known), None)
