"""YOLO's data.yaml: classes, keypoints, task, and where the splits are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tenfold.errors import RequestError
from tenfold.places import Place

SPLITS = {"test": "test", "val": "val", "validation": "val", "train": "train"}
"""Keys of data.yaml that name images, the split held back most first."""

_NAMES_FILES = ("classes.txt", "labels/classes.txt", "obj.names")


@dataclass(frozen=True, slots=True)
class YoloConfig:
    """What holds for the whole dataset.

    Attributes:
        path: of the YAML file relative to the root, or None if there is none.
        data: its content.
        names: of the classes by index; () if nobody names them.
        classes: how many there are, or None if nobody says.
        names_file: a text file of names, used where the YAML has none.
        keypoints: (K, values a point: 2 or 3), or None.
        keypoint_pairs: from `flip_idx`, or None.
        oriented: rows of eight coordinates are oriented boxes; None if the YAML doesn't say.
    """

    path: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    classes: int | None = None
    names_file: str | None = None
    keypoints: tuple[int, int] | None = None
    keypoint_pairs: tuple[tuple[int, int], ...] | None = None
    oriented: bool | None = None

    def split_values(self) -> list[tuple[str, str]]:
        """(canonical split, path as written) of all images named, most held back first."""
        found = []
        for key, split in SPLITS.items():
            value = self.data.get(key)
            for entry in value if isinstance(value, list) else [value]:
                if isinstance(entry, str) and entry:
                    found.append((split, entry))
        return found


def find_yaml(root: Place) -> Place | None:
    """The dataset's YAML file: data.yaml, dataset.yaml, or the first that names classes."""
    try:
        files = sorted(p for p in root.iterdir() if p.suffix.lower() in (".yaml", ".yml"))
    except OSError:
        return None
    files.sort(key=lambda p: p.stem.lower() not in ("data", "dataset"))
    return next((p for p in files if _has_classes(p)), None)


def names_splits(root: Place) -> bool:
    """Whether there is such a YAML file and it says where the splits are."""
    path = find_yaml(root)
    return path is not None and bool(_keys(path) & {b"train", b"val", b"validation"})


def _has_classes(path: Place) -> bool:
    return bool(_keys(path) & {b"names", b"nc"})


def _keys(path: Place) -> set[bytes]:
    """The keys at the top of a YAML file that make it YOLO's; none for a recipe."""
    try:
        text = path.read_bytes() if path.is_file() and path.stat().st_size < 1 << 24 else b""
    except OSError:
        return set()
    pattern = rb"^[\"']?(names|nc|train|val|validation|invariances)[\"']?\s*:"
    keys = set(re.findall(pattern, text, re.MULTILINE))
    return set() if b"invariances" in keys else keys


def load(root: Place) -> YoloConfig:
    """Read and check the YAML file, if there is one.

    Raises:
        RequestError: it is broken or contradicts itself; the message names file and cure.
    """
    path = find_yaml(root)
    data: Mapping[str, Any] = {}
    if path is not None:
        try:
            data = yaml.safe_load(path.read_bytes().decode("utf-8-sig"))
        except OSError as error:
            raise RequestError(
                f"can't read {path.name}: {error.strerror}; check permissions"
            ) from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise RequestError(f"{path.name} is not valid YAML: {error}") from error
        if not isinstance(data, Mapping):
            raise RequestError(f"{path.name}: expected a mapping with names, train, val")
    shown = path.name if path is not None else None
    names, classes, names_file = _names(data, root, shown)
    keypoints = _keypoints(data, shown)
    task = data.get("task")
    return YoloConfig(
        path=shown,
        data=data,
        names=names,
        classes=classes,
        names_file=names_file,
        keypoints=keypoints,
        keypoint_pairs=_pairs(data, shown, keypoints),
        oriented=None if task is None else task == "obb",
    )


def _names(
    data: Mapping[str, Any], root: Place, shown: str | None
) -> tuple[tuple[str, ...], int | None, str | None]:
    names, classes, names_file = data.get("names"), data.get("nc"), None
    found: tuple[str, ...] = ()
    if isinstance(names, Mapping):
        try:
            numbered = {int(k): str(v) for k, v in names.items()}
        except (TypeError, ValueError):
            raise RequestError(f"{shown}: names must be numbered by whole numbers") from None
        if any(k < 0 or k > 1_000_000 for k in numbered):
            raise RequestError(f"{shown}: names must be numbered from 0, got {min(numbered)}")
        last = max(numbered, default=-1)
        found = tuple(numbered.get(i, str(i)) for i in range(last + 1))
    elif isinstance(names, list):
        found = tuple(str(n) for n in names)
    elif names is not None:
        raise RequestError(f"{shown}: names must be a list or a numbered mapping, got {names!r}")
    else:
        names_file = next((n for n in _NAMES_FILES if (root / n).is_file()), None)
        if names_file is not None:
            try:
                text = (root / names_file).read_text("utf-8-sig")
            except (OSError, ValueError) as error:
                raise RequestError(f"can't read {names_file}: {error}") from error
            found = tuple(line.strip() for line in text.splitlines() if line.strip())
    if classes is None:
        return found, len(found) or None, names_file
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 1:
        raise RequestError(f"{shown}: nc must be a whole number above 0, got {classes!r}")
    if found and len(found) != classes:
        raise RequestError(
            f"{shown}: nc is {classes}, but there are {len(found)} names; make them agree"
        )
    return found, classes, names_file


def _keypoints(data: Mapping[str, Any], shown: str | None) -> tuple[int, int] | None:
    shape = data.get("kpt_shape")
    if shape is None:
        return None
    ok = (
        isinstance(shape, list)
        and len(shape) == 2
        and all(isinstance(v, int) and not isinstance(v, bool) for v in shape)
    )
    if not ok or shape[0] < 1 or shape[1] not in (2, 3):
        raise RequestError(
            f"{shown}: kpt_shape must be [number of keypoints, 2 or 3], got {shape!r}"
        )
    return shape[0], shape[1]


def _pairs(
    data: Mapping[str, Any], shown: str | None, keypoints: tuple[int, int] | None
) -> tuple[tuple[int, int], ...] | None:
    flip = data.get("flip_idx")
    if flip is None or keypoints is None:
        return None
    count = keypoints[0]
    whole = isinstance(flip, list) and all(isinstance(v, int) for v in flip)
    if (
        not whole
        or sorted(flip) != list(range(count))
        or any(flip[j] != i for i, j in enumerate(flip))
    ):
        raise RequestError(
            f"{shown}: flip_idx must pair the {count} keypoints of kpt_shape with each other, "
            f"got {flip!r}; write for each keypoint the number of its mirror image (its own if "
            "it has none)"
        )
    return tuple((i, j) for i, j in enumerate(flip) if i < j)
