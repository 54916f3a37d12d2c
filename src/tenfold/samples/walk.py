"""The files of a dataset's folder: listed in one order, never beyond the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tenfold.samples.codec import SUFFIXES
from tenfold.samples.source import Quarantined

OWN_FILES = frozenset(
    {
        "manifest.jsonl",
        "quarantine.jsonl",
        "recipe.yaml",
        "report.html",
        "report.json",
        "tenfold.json",
    }
)
"""What tenfold itself puts at a dataset's top; never part of the data."""

IMAGE_SUFFIXES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
OTHER_IMAGES = frozenset(
    {
        ".avif", ".cr2", ".dng", ".exr", ".gif", ".hdr", ".heic", ".heif", ".j2k", ".jp2", ".jxl",
        ".nef", ".pbm", ".pgm", ".pnm", ".ppm", ".psd", ".svs", ".tga",
    }
)  # fmt: skip
"""Suffixes of image files that tenfold doesn't read: reported, not passed over in silence."""

_SCANS = (".dcm", ".dicom", ".nii", ".nii.gz")
SCANS_CURE = (
    "DICOM/NIfTI isn't read; export 16-bit PNG or TIFF (for instance with dcmj2pnm, or pydicom "
    "and tifffile)"
)
"""What to do with medical scans."""

_JUNK = frozenset({"__macosx", "desktop.ini", "thumbs.db"})
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


def canonical_split(name: str) -> str | None:
    """The split that a name stands for: "train", "val" or "test" in any case; else None."""
    return _SPLITS.get(name.strip().lower())


def is_image(name: str) -> bool:
    """Whether a file's name says that it is an image that tenfold reads."""
    return PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES


def is_scan(name: str) -> bool:
    """Whether a file's name says that it is DICOM or NIfTI."""
    return name.lower().endswith(_SCANS)


def unsupported(files: Iterable[str]) -> list[Quarantined]:
    """The files whose names say that they are images of a kind that tenfold doesn't read."""
    found = []
    for file in files:
        suffix = PurePosixPath(file).suffix.lower()
        if is_scan(file):
            found.append(Quarantined(file, SCANS_CURE))
        elif suffix in OTHER_IMAGES:
            reason = f"{suffix} images aren't supported; save it as PNG, TIFF or JPEG"
            found.append(Quarantined(file, reason))
    return found


def unnamed(images: Sequence[str], by: str) -> list[str]:
    """A note on images that are there and that nothing names; none if there are none.

    Args:
        images: their paths.
        by: what doesn't name them, as in "no row of labels.csv".
    """
    if not images:
        return []
    if len(images) == 1:
        return [f"1 image that {by} names is left out: {images[0]}"]
    return [f"{len(images):,} images that {by} names are left out, such as {min(images)}"]


def safe_join(root: Path, relative: str) -> str | None:
    """A path that something in the dataset names, brought to normal form.

    Args:
        root: the dataset's folder.
        relative: a path below it, with forward slashes.

    Returns:
        The path relative to the root without `.` and `..`, or None if it is empty or absolute,
        leaves the root (`../../x`, or by a link), or can't be a path. It need not exist.
    """
    if not relative or "\0" in relative or relative.startswith("/"):
        return None
    if PurePosixPath(relative).is_absolute() or Path(relative).drive:
        return None
    parts: list[str] = []
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    if not parts:
        return None
    try:
        base = os.path.realpath(root)
        real = os.path.realpath(os.path.join(base, *parts))  # noqa: PTH118 (PTH has no realpath)
    except (OSError, ValueError):
        return None
    return "/".join(parts) if _within(real, base) else None


@dataclass(frozen=True)
class Listing:
    """What lies in a folder.

    Attributes:
        files: paths relative to it, forward slashes, sorted; names that aren't UTF-8 have their
            odd bytes as surrogate escapes.
        problems: links that loop, lead out or nowhere; folders that can't be read.
    """

    files: tuple[str, ...] = ()
    problems: tuple[Quarantined, ...] = ()


@dataclass
class _Walk:
    base: str
    files: list[str] = field(default_factory=list)
    problems: list[Quarantined] = field(default_factory=list)
    linked: set[str] = field(default_factory=set)


def list_files(root: Path) -> Listing:
    """List all regular files under a folder.

    Left out: hidden files and folders, `OWN_FILES` at the top, system litter. A link is followed
    if it stays within the root and doesn't loop; a folder is entered through one link only.
    """
    walk = _Walk(os.path.realpath(root))
    _enter(walk, walk.base, "", (walk.base,))
    return Listing(tuple(sorted(walk.files)), tuple(sorted(walk.problems, key=lambda p: p.id)))


def _enter(walk: _Walk, folder: str, prefix: str, above: tuple[str, ...]) -> None:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda e: e.name)
    except OSError as error:
        reason = f"the folder can't be read: {error.strerror or error}; check its permissions"
        walk.problems.append(Quarantined(prefix.rstrip("/") or ".", reason))
        return
    for entry in found:
        name = prefix + entry.name
        if entry.name.startswith(".") or entry.name.lower() in _JUNK:
            continue
        if not prefix and entry.name in OWN_FILES:
            continue
        problem = _visit(walk, entry, name, above)
        if problem:
            walk.problems.append(Quarantined(name, problem))


def _visit(walk: _Walk, entry: os.DirEntry[str], name: str, above: tuple[str, ...]) -> str | None:
    """Take a file or enter a folder; why not, otherwise."""
    try:
        link = entry.is_symlink()
        real = os.path.realpath(entry.path) if link else entry.path
        if link and not _within(real, walk.base):
            return "a link that leaves the dataset; copy what it points to into the dataset"
        mode = entry.stat(follow_symlinks=link).st_mode
    except OSError as error:
        return f"can't be reached: {error.strerror or error}; remove it or restore what it names"
    if stat.S_ISREG(mode):
        walk.files.append(name)
        return None
    if not stat.S_ISDIR(mode):
        return "neither a file nor a folder (a pipe, a socket, a device?); remove it"
    if link:
        if real in above:
            return "a link to a folder that it lies in (a loop); remove it"
        if real in walk.linked:
            return "a link to a folder that another link leads to already; remove one"
        walk.linked.add(real)
    _enter(walk, real, name + "/", (*above, real))
    return None


def _within(real: str, base: str) -> bool:
    return real == base or real.startswith(base.rstrip(os.sep) + os.sep)
