"""What sources of many samples in few files have in common: names of files and of fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from tenfold.errors import RequestError
from tenfold.places import Place
from tenfold.samples.codec import SUFFIXES
from tenfold.samples.walk import OWN_FILES, Listing, canonical_split, is_image, list_files

MASK_WORDS = frozenset(
    {
        "annotation", "gt", "label", "labels", "mask", "masks", "seg", "segm", "segmentation",
        "semantic", "target",
    }
)  # fmt: skip
"""A field of images with one of these words in its name holds masks."""

CLASSES = "classes.txt"
"""Beside shards of samples: the names of the classes, one a line, for labels that are numbers."""


def shards_at(root: Place, suffix: str) -> tuple[Place, Listing]:
    """The shards of a dataset: the folder, and the listing of files with that suffix.

    Args:
        root: a folder, or one shard.
        suffix: ".tar", ".parquet".
    """
    if root.is_file():
        found = (root.name,) if root.name.lower().endswith(suffix) else ()
        return root.parent, Listing(found)
    listing = list_files(root)
    files = tuple(f for f in listing.files if f.lower().endswith(suffix) and f not in OWN_FILES)
    return root, Listing(files, listing.problems)


def holds_shards(root: Place, suffix: str) -> bool:
    """Whether there are shards, and no images beside them (which would be the dataset)."""
    try:
        if root.is_file():
            return root.name.lower().endswith(suffix)
        if not root.is_dir():
            return False
        files = list_files(root).files
    except OSError:
        return False
    return any(f.lower().endswith(suffix) for f in files) and not any(map(is_image, files))


def split_of(file: str) -> str | None:
    """The split that a shard's folders or its name tell: `train/0.tar`, `train-00000-of-00010`."""
    path = PurePosixPath(file)
    words = [w for part in path.parts[:-1] for w in (part, *re.split(r"[-_.]", part))]
    words += re.split(r"[-_.\d]+", path.stem)
    return next((s for s in map(canonical_split, words) if s), None)


def is_mask(field: str) -> bool:
    """Whether the name of a field of images says that it holds masks."""
    return not MASK_WORDS.isdisjoint(re.split(r"[-_.\d]+", field.lower()))


def mask_names(fields: Iterable[str]) -> dict[str, str]:
    """Names of a sample's masks (`Sample.masks`) by field: "mask" where there is one."""
    listed = list(fields)
    return {listed[0]: "mask"} if len(listed) == 1 else {name: name for name in listed}


def image_suffix(name: str) -> str | None:
    """How a format's files are spelled that a name or field ends with ("jpg"); None if none is."""
    end = "." + name.lower().rpartition(".")[2]
    return next((known[0][1:] for known in SUFFIXES.values() if end in known), None)


def class_names(folder: Place) -> tuple[str, ...]:
    """The names in `CLASSES`; none where there is no such file.

    Raises:
        RequestError: it can't be read.
    """
    path = folder / CLASSES
    if not path.is_file():
        return ()
    try:
        return tuple(path.read_bytes().decode("utf-8-sig").splitlines())
    except (OSError, ValueError) as error:
        raise RequestError(f"{path} can't be read: {error}; write it as UTF-8") from None
