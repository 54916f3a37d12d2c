"""The manifest: one JSON line an output, in the order of the source."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tenfold.errors import RequestError
from tenfold.long_list import kept, kept_sorted
from tenfold.places import Place, Remote, read_ahead
from tenfold.write.writer import STATE

MANIFEST = "manifest.jsonl"
RECIPE = "recipe.yaml"
JOB = "tenfold.json"
QUARANTINE = "quarantine.jsonl"
REPORT = ("report.html", "report.json")
_BLOCK = 1 << 20


def dumps(entry: Any) -> str:
    """One line of JSON, the same for equal content; undecodable names survive as escapes."""
    return json.dumps(entry, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def encode_lines(entries: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Entries as JSON lines."""
    for entry in entries:
        yield dumps(entry).encode() + b"\n"


def read_lines(path: Place) -> Iterator[dict[str, Any]]:
    """Entries of a JSON lines file.

    Raises:
        RequestError: the file is missing or damaged, naming the line.
    """
    for number, line in enumerate(raw_lines(path), 1):
        yield parsed(line, path, number)


def parsed(line: bytes, path: Place, number: int) -> Any:
    """A line of a JSON lines file. Raises `RequestError` if it is damaged."""
    try:
        return json.loads(line)
    except ValueError:
        raise RequestError(f"{path}, line {number}: not JSON; the file is damaged") from None


def raw_lines(path: Place) -> Iterator[bytes]:
    """The lines of a file, each with its end.

    Raises:
        RequestError: the file is missing, or can't be read.
    """
    try:
        with path.open("rb") as handle:
            yield from handle
    except OSError as error:
        raise RequestError(f"can't read {path}: {error.strerror or error}") from error


def manifest_lines(dataset: Place) -> Iterator[dict[str, Any]]:
    """The lines of a dataset's manifest.

    Raises:
        RequestError: it is missing or damaged, naming the line.
    """
    path = dataset / MANIFEST
    for number, line in enumerate(read_lines(path), 1):
        whole = isinstance(line, dict) and isinstance(line.get("files"), dict)
        if not whole or not isinstance(line.get("file"), str):
            raise RequestError(f"{path}, line {number}: not a manifest line; the file is damaged")
        yield line


def read_job(dataset: Place) -> dict[str, Any]:
    """What a finished dataset tells of its job: `job` and the hashes of its dataset-wide `files`.

    Raises:
        RequestError: it isn't a finished dataset that tenfold made, or the file is damaged.
    """
    path = dataset / JOB
    try:
        about = json.loads(path.read_bytes())
    except OSError as error:
        why = error.strerror or error
        raise RequestError(f"{dataset} isn't a dataset made by tenfold: {JOB}: {why}") from error
    except ValueError:
        about = None
    parts = [about.get(name) for name in ("job", "files")] if isinstance(about, dict) else []
    if not parts or not all(isinstance(part, dict) for part in parts):
        raise RequestError(f"{path} is damaged")
    return dict(about)


def file_hash(path: Place) -> str:
    """SHA-256 of a file, hex."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def tree_hash(folder: Place, known: Iterable[tuple[str, str]] = ()) -> str:
    """SHA-256 over names and contents of all files of a dataset.

    Left out are the report (it tells the time that the run took), unfinished work, and where the
    source was mounted. Two runs of one job have the same tree hash.

    Args:
        folder: the dataset's.
        known: path and SHA-256 (hex) of files that were read already, sorted by path.
    """
    digest = hashlib.sha256()
    found = kept(_with_hashes(_all_files(folder), known))
    for name, sha in read_ahead(folder, found, lambda each: [] if each[1] else [each[0]]):
        path = folder / name
        content = _job_hash(path) if name == JOB else sha or file_hash(path)
        encoded = name.encode("utf-8", "surrogateescape")
        digest.update(encoded + b"\0" + bytes.fromhex(content))
    return digest.hexdigest()


def _with_hashes(
    names: Iterable[str], known: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str | None]]:
    """The names that a tree hash counts, with the hashes that are known; both are sorted."""
    rest = iter(known)
    read, sha = next(rest, ("", ""))
    for name in names:
        while read < name and (more := next(rest, None)) is not None:
            read, sha = more
        if not name.startswith(STATE) and name not in REPORT:
            yield name, sha if read == name else None


def _all_files(folder: Place) -> Sequence[str]:
    """Paths of all files, sorted."""
    if isinstance(folder, Remote):
        return kept(folder.files())
    return kept_sorted(_below(folder, ""), key=str)


def _below(folder: Path, prefix: str) -> Iterator[str]:
    """Paths of all files; links are followed to files and not to folders."""
    folders: list[str] = []
    with suppress(PermissionError), os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif entry.is_file():
                yield prefix + entry.name
    for name in folders:
        yield from _below(folder / name, f"{prefix}{name}/")


def _job_hash(path: Place) -> str:
    """Hash of `tenfold.json` without the places of source and models; of the bytes if damaged."""
    try:
        about = json.loads(path.read_bytes())
        del about["job"]["source"]
        about["job"].pop("model_folders", None)
    except (ValueError, KeyError, TypeError):
        return file_hash(path)
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
