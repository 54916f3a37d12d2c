"""YOLO datasets, written: images and label files one by one, data.yaml and lists at the end.

data.yaml is written as it was but for what would lead to the source: a `path` that is no folder
of the dataset becomes `""`, which means the YAML file's own folder (Ultralytics,
`check_det_dataset`), and splits given by such a path are given relative to it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

import yaml

from tenfold.errors import OutputError, RequestError, SampleError
from tenfold.places import Place
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.sources.yolo import YoloSource
from tenfold.samples.sources.yolo_config import SPLITS
from tenfold.samples.sources.yolo_paths import PathList, label_path, resolve
from tenfold.samples.sources.yolo_rows import row_of
from tenfold.write.atomic import write_bytes
from tenfold.write.images import copy_files, image_bytes, write_files
from tenfold.write.names import target_of
from tenfold.write.writer import Line, WriteOptions, Writer, Written


class YoloWriter(Writer):
    """Writes YOLO datasets in the arrangement of folders of the source."""

    layout = "yolo"
    by_stem = True

    def __init__(self, source: Source, destination: Place, options: WriteOptions) -> None:
        if not isinstance(source, YoloSource):
            raise RequestError(f"the YOLO writer needs a YOLO source, got {source.layout}")
        super().__init__(source, destination, options)
        self.config, self.lists = source.config, tuple(source.lists)

    def target(self, item: Item, copy: int) -> str:
        """The image's path, named by the template beside its parent's."""
        return target_of(item.files[0], copy, self.options)

    def copy(self, item: Item) -> Written:
        """The image and its label file, byte for byte."""
        _check_name(item.id)
        return Written(item.files[0], copy_files(self.source.root, self.destination, item.files))

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The image, and a label file if the parent has one or there are objects."""
        target = self.target(item, copy)
        _check_name(target)
        rows = [row_of(i, self.config, sample.height, sample.width) for i in sample.instances]
        files = {target: image_bytes(target, sample, self.options)}
        if item.extra["label"] is not None or rows:  # a composed copy has more than its parent
            files[label_path(target)] = "".join(f"{row}\n" for row in rows).encode("ascii")
        return Written(target, write_files(self.destination, files))

    def end_shard(self, shard: int) -> None:
        """Nothing is held back."""

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Write data.yaml, a file of class names, and lists with copies beside their parents."""
        outputs: dict[str, list[str]] = {}
        if self.lists:
            for line in lines:
                outputs.setdefault(line.item, []).append(line.written.file)
        root, digests = self.source.root, {}
        if self.config.path is not None:
            text = _source_bytes(root, self.config.path).decode("utf-8-sig")
            changed = adjusted(text, self.config.data, root)
            digests[self.config.path] = write_bytes(
                self.destination / self.config.path, changed.encode()
            )
        if self.config.names_file is not None:
            name = self.config.names_file
            digests[name] = write_bytes(self.destination / name, _source_bytes(root, name))
        for one in self.lists:
            data = _list_text(one, outputs).encode("utf-8", "surrogateescape")
            digests[one.path] = write_bytes(self.destination / one.path, data)
        return digests


def adjusted(text: str, data: Any, root: Place) -> str:
    """data.yaml for another folder.

    Args:
        text: of the file.
        data: its content.
        root: of the dataset it belongs to.

    Returns:
        The text as it was where nothing leads out of the folder; else with those lines changed,
        each with its old value in a comment (or, where a value spans lines, written anew).
    """
    changes: dict[str, Any] = {}
    base = data.get("path")
    moved = isinstance(base, str) and not _stays(base, root)
    if moved:
        changes["path"] = ""
    for key in SPLITS:
        value = data.get(key)
        listed = value if isinstance(value, list) else [value]
        new = [_relative(v, base, root, moved) if isinstance(v, str) else v for v in listed]
        if new != listed:
            changes[key] = new if isinstance(value, list) else new[0]
    if not changes:
        return text
    expected = {**data, **changes}
    lines = text.split("\n")
    for key, value in changes.items():
        for i, line in enumerate(lines):
            if re.match(rf"{key}\s*:", line):
                old = " ".join(str(data[key]).split())
                lines[i] = f"{key}: {_scalar(value)}  # was {old}"
    edited = "\n".join(lines)
    try:
        if yaml.safe_load(edited) == expected:
            return edited
    except yaml.YAMLError:
        pass  # a value went over several lines
    return yaml.safe_dump(expected, sort_keys=False, allow_unicode=True)


def _stays(base: str, root: Place) -> bool:
    plain = base.replace("\\", "/")
    if plain in ("", ".", "./"):
        return True
    normal = posixpath.normpath(plain)
    return not normal.startswith(("/", "..")) and (root / normal).is_dir()


def _relative(value: str, base: object, root: Place, moved: bool) -> str:
    if not value or not (moved or value.startswith("/") or value[1:2] == ":"):
        return value
    where = resolve(root, base, value)
    return value if where is None or posixpath.normpath(value) == where else where


def _scalar(value: Any) -> str:
    """A YAML value on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=1 << 20, allow_unicode=True)
    return text.removesuffix("\n...\n").rstrip("\n")


def _list_text(one: PathList, outputs: dict[str, list[str]]) -> str:
    folder = posixpath.dirname(one.path)
    rows = []
    for line, image in one.rows:
        for output in outputs.get(image or "", []):
            if line.startswith("/") or line[1:2] == ":":
                rows.append("./" + posixpath.relpath(output, folder or "."))
            else:
                place, separator, _ = line.replace("\\", "/").rpartition("/")
                rows.append(place + separator + PurePosixPath(output).name)
    return "".join(f"{row}\n" for row in rows)


def _source_bytes(root: Place, name: str) -> bytes:
    try:
        return (root / name).read_bytes()
    except OSError as error:
        raise OutputError(
            f"can't read {name} of the source again: {error.strerror}; put it back"
        ) from error


def _check_name(path: str) -> None:
    if "\n" in path or "\r" in path:
        raise SampleError(
            "YOLO's lists can't hold a path with a line break; rename the file or folder"
        )
