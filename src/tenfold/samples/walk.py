"""The files of a dataset's folder: listed in one order, never beyond the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tenfold.long_list import kept, kept_sorted
from tenfold.places import Place, Remote
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

SIMULATION, LAYERS = "synth.yaml", "layers"
"""What tells that a dataset was simulated, and the folder of all masks but the first."""

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


def unnamed(images: Iterable[str], by: str) -> list[str]:
    """A note on images that are there and that nothing names; none if there are none.

    Args:
        images: their paths, sorted.
        by: what doesn't name them, as in "no row of labels.csv".
    """
    first, count = "", 0
    for image in images:
        first, count = first or image, count + 1
    if count < 2:
        return [f"1 image that {by} names is left out: {first}"] if count else []
    return [f"{count:,} images that {by} names are left out, such as {first}"]


def safe_join(root: Place, relative: str) -> str | None:
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
    if isinstance(root, Remote):  # where there are no links
        return "/".join(parts)
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

    files: Sequence[str] = ()
    problems: tuple[Quarantined, ...] = ()


@dataclass
class _Walk:
    base: str
    problems: list[Quarantined] = field(default_factory=list)
    linked: set[str] = field(default_factory=set)


def list_files(root: Place) -> Listing:
    """List all regular files under a folder.

    Left out: hidden files and folders, `OWN_FILES` at the top, system litter. A link is followed
    if it stays within the root and doesn't loop; a folder is entered through one link only.
    """
    if isinstance(root, Remote):
        return _list_objects(root)
    walk = _Walk(os.path.realpath(root))
    files = kept_sorted(_enter(walk, walk.base, "", (walk.base,)), key=str)
    return Listing(files, tuple(sorted(walk.problems, key=lambda p: p.id)))


def _list_objects(root: Remote) -> Listing:
    """What `_enter` lists, of the names in a store; there, any text may be a name."""
    problems = []

    def files() -> Iterator[str]:
        for name in root.files():
            parts = name.split("/")
            if any(part in ("", ".", "..") for part in parts) or "\0" in name:
                problems.append(Quarantined(name, "its name is no path of a file; rename it"))
            elif not any(_left_out(part, at == 0) for at, part in enumerate(parts)):
                yield name

    return Listing(kept(files()), tuple(problems))


def _left_out(name: str, top: bool) -> bool:
    """Whether a file or folder of that name is none of the data."""
    return name.startswith(".") or name.lower() in _JUNK or (top and name in OWN_FILES)


def _enter(walk: _Walk, folder: str, prefix: str, above: tuple[str, ...]) -> Iterator[str]:
    """The files of a folder, in no order; then those of what lies in it, sorted by name."""
    others: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _left_out(entry.name, not prefix):
                    continue
                if entry.is_file(follow_symlinks=False):
                    yield prefix + entry.name
                else:
                    others.append(entry)
    except OSError as error:
        reason = f"the folder can't be read: {error.strerror or error}; check its permissions"
        walk.problems.append(Quarantined(prefix.rstrip("/") or ".", reason))
        return
    for entry in sorted(others, key=lambda e: e.name):
        name = prefix + entry.name
        problem = yield from _visit(walk, entry, name, above)
        if problem:
            walk.problems.append(Quarantined(name, problem))


def _visit(
    walk: _Walk, entry: os.DirEntry[str], name: str, above: tuple[str, ...]
) -> Generator[str, None, str | None]:
    """Follow a link or enter a folder; why not, otherwise."""
    try:
        link = entry.is_symlink()
        real = os.path.realpath(entry.path) if link else entry.path
        if link and not _within(real, walk.base):
            return "a link that leaves the dataset; copy what it points to into the dataset"
        mode = entry.stat(follow_symlinks=link).st_mode
    except OSError as error:
        return f"can't be reached: {error.strerror or error}; remove it or restore what it names"
    if stat.S_ISREG(mode):
        yield name
        return None
    if not stat.S_ISDIR(mode):
        return "neither a file nor a folder (a pipe, a socket, a device?); remove it"
    if link:
        if real in above:
            return "a link to a folder that it lies in (a loop); remove it"
        if real in walk.linked:
            return "a link to a folder that another link leads to already; remove one"
        walk.linked.add(real)
    yield from _enter(walk, real, name + "/", (*above, real))
    return None


def _within(real: str, base: str) -> bool:
    return real == base or real.startswith(base.rstrip(os.sep) + os.sep)
