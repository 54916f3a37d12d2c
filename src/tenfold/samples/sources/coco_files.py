"""COCO's JSON files: where they lie, what is in them, and where their images are.

One file is parsed once. What is kept of it is text: an image's entry and its annotations are
handed to the image's item as JSON, which is small, travels to workers, and is written back
without loss.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tenfold.errors import RequestError
from tenfold.places import Place, entries, piece, relative
from tenfold.samples.walk import OWN_FILES, canonical_split

_KEYS = re.compile(rb'"(images|annotations|categories)"\s*:')
_HEAD = 1 << 16
_UNMOVABLE = ("segments_info", "dp_I", "dp_masks")
_IMAGE_FOLDERS = ("images", "data", "Images")


@dataclass(frozen=True, slots=True)
class CocoFile:
    """What belongs to one JSON file as a whole.

    Attributes:
        path: relative to the dataset's root.
        split: what its name or folder says, canonical, or None.
        head: JSON of everything but images and annotations (info, licenses, categories...).
        categories: (id, name) in the file's order.
        keypoints: (id, names of its keypoints) of the categories that have any.
    """

    path: str
    split: str | None
    head: str
    categories: tuple[tuple[Any, str], ...]
    keypoints: tuple[tuple[Any, tuple[str, ...]], ...]

    def name(self, category: object) -> str | None:
        """The name of a category id, or None if there is no such category."""
        return next((name for id_, name in self.categories if id_ == category), None)

    def category(self, name: object) -> Any:
        """The (first) category id with that name, or None."""
        return next((id_ for id_, n in self.categories if n == name), None)


def find(root: Place) -> list[Place]:
    """JSON files that look like COCO: in `annotations`, the root, and the folders of the splits.

    Only the first and last 64 KiB of each are read; nothing is raised for strange content.
    """
    folders = [root / "annotations", root]
    try:
        names = [e.name for e in entries(root) if e.is_dir]
    except OSError:
        return []
    folders += [root / n for n in names if n != "annotations" and not n.startswith(".")]
    found = []
    for folder in folders:
        try:
            files = [e.name for e in entries(folder) if e.is_file and e.name.endswith(".json")]
        except OSError:
            continue
        need = 1 if folder.name == "annotations" else 2
        ours = OWN_FILES if folder == root or "tenfold.json" in files else frozenset()
        found += [folder / n for n in files if n not in ours and _looks_like_coco(folder / n, need)]
    return found


def _looks_like_coco(path: Place, need: int) -> bool:
    try:
        text = piece(path, 0, _HEAD)
        if not text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return False
        size = path.stat().st_size
        if size > _HEAD:
            text += piece(path, max(_HEAD, size - _HEAD), size)
    except OSError:
        return False
    return len(set(_KEYS.findall(text))) >= need


def load(path: Place, root: Place) -> tuple[CocoFile, list[Any], list[Any]]:
    """Parse one file.

    Returns:
        The file as a whole, its image entries, its annotations.

    Raises:
        RequestError: it can't be used; the message names the file and the cure.
    """
    shown = relative(path, root) or path.name
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise RequestError(f"can't read {shown}: {error.strerror}; check permissions") from error
    except (ValueError, RecursionError) as error:
        raise RequestError(
            f"{shown} is not valid JSON ({error}); export it again, or move it out of the folder"
        ) from error
    if not isinstance(document, dict):
        raise RequestError(f"{shown}: expected a mapping with images, annotations and categories")
    images = _listed(document, "images", shown)
    if "annotations" not in document and path.name.startswith("image_info"):
        document["annotations"] = []  # COCO's own test sets have no annotations
    annotations = _listed(document, "annotations", shown)
    uses_categories = any(isinstance(a, Mapping) and "category_id" in a for a in annotations)
    if "categories" not in document and annotations and not uses_categories:
        document["categories"] = []  # captions have no categories
        head = {k: v for k, v in document.items() if k not in ("annotations", "categories")}
    else:
        head = {k: v for k, v in document.items() if k != "annotations"}
    head.pop("images")
    categories, keypoints = _categories(_listed(document, "categories", shown), shown)
    for annotation in annotations:
        if isinstance(annotation, Mapping):
            for key in _UNMOVABLE:
                if key in annotation:
                    raise RequestError(
                        f"{shown}: annotations with '{key}' (panoptic, DensePose) can't be moved "
                        "with the image; move the file out of the folder"
                    )
    file = CocoFile(shown, _split(path, root), json.dumps(head), categories, keypoints)
    return file, images, annotations


def _listed(document: Mapping[str, Any], key: str, shown: str) -> list[Any]:
    if key not in document:
        raise RequestError(f"{shown} has no '{key}'; add \"{key}\": [] if there are none")
    value = document[key]
    if not isinstance(value, list):
        raise RequestError(f"{shown}: '{key}' must be a list, got {type(value).__name__}")
    return value


def _categories(
    listed: list[Any], shown: str
) -> tuple[tuple[tuple[Any, str], ...], tuple[tuple[Any, tuple[str, ...]], ...]]:
    categories: list[tuple[Any, str]] = []
    keypoints: list[tuple[Any, tuple[str, ...]]] = []
    for entry in listed:
        if not isinstance(entry, Mapping) or "id" not in entry or "name" not in entry:
            raise RequestError(f"{shown}: a category needs id and name, got {entry!r}")
        if not isinstance(entry["id"], (int, str)):
            raise RequestError(
                f"{shown}: a category's id must be a number, got {entry['id']!r:.80}"
            )
        if any(entry["id"] == id_ for id_, _ in categories):
            raise RequestError(
                f"{shown}: two categories have the id {entry['id']!r}; give each its own"
            )
        categories.append((entry["id"], str(entry["name"])))
        names = entry.get("keypoints")
        if isinstance(names, list) and names:
            keypoints.append((entry["id"], tuple(str(n) for n in names)))
    return tuple(categories), tuple(keypoints)


def _split(path: Place, root: Place) -> str | None:
    """`instances_train2017.json`, `train/_annotations.coco.json` -> `train`."""
    words = [*re.split(r"[^A-Za-z]+", path.stem)]
    if path.parent != root:
        words.append(path.parent.name)
    return next((s for s in map(canonical_split, words) if s), None)


def image_folders(file: CocoFile, root: Place) -> list[str]:
    """Folders (relative to the root, "" for it) in which a file's images may lie, likely first."""
    folder = PurePosixPath(file.path).parent
    base = folder.parent if folder.name == "annotations" else folder
    words = set(re.split(r"[_\-.]", PurePosixPath(file.path).stem))
    places = [base / n for n in _IMAGE_FOLDERS]
    found: list[PurePosixPath] = []
    for place in [base, *places]:
        for name in _subfolders(root / place.as_posix()):
            if name in words or (file.split and canonical_split(name) == file.split):
                found += [place / name / "images", place / name]
    found += [folder, *places, base, PurePosixPath(), *map(PurePosixPath, _IMAGE_FOLDERS)]
    distinct = dict.fromkeys("" if p == PurePosixPath() else p.as_posix() for p in found)
    return [p for p in distinct if (root / p).is_dir()]


def _subfolders(folder: Place) -> Iterator[str]:
    try:
        yield from [e.name for e in entries(folder) if e.is_dir]
    except OSError:
        return


def not_json(annotation: Mapping[str, Any], leave: Sequence[str]) -> str | None:
    """The first key with a value that JSON doesn't have: NaN or an infinite number.

    Args:
        annotation: as parsed by Python, which takes them.
        leave: keys not looked at.

    Returns:
        The key, with dots before inner keys and numbers (`scores.1`); None if all is well.
    """
    found = (_not_finite(v, str(k)) for k, v in annotation.items() if k not in leave)
    return next((key for key in found if key is not None), None)


def _not_finite(value: Any, where: str) -> str | None:
    if isinstance(value, float):
        return None if math.isfinite(value) else where
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    found = (_not_finite(part, f"{where}.{key}") for key, part in inner)
    return next((key for key in found if key is not None), None)


def keypoint_pairs(names: tuple[str, ...]) -> tuple[tuple[int, int], ...] | None:
    """Left and right keypoints, from names like `left_eye` and `right_eye` or `eye_l`, `eye_r`.

    Returns:
        Index pairs, or None if no name says left or right, or one of them has no partner.
    """
    lower = [n.lower() for n in names]
    pairs = []
    for i, name in enumerate(lower):
        if not re.search(r"left|(?:^|[_\-. ])l(?:$|[_\-. ])", name):
            if _other_side(name) != name and _other_side(name) not in lower:
                return None
            continue
        if _other_side(name) not in lower:
            return None
        pairs.append((i, lower.index(_other_side(name))))
    return tuple(pairs) or None


def _other_side(name: str) -> str:
    swap = {"left": "right", "right": "left", "l": "r", "r": "l"}
    return re.sub(
        r"left|right|(?<![a-z0-9])[lr](?![a-z0-9])", lambda match: swap[match.group()], name
    )
