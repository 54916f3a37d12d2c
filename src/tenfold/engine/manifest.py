"""The manifest: one JSON line an output, in the order of the source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tenfold.errors import RequestError
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


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Entries of a JSON lines file.

    Raises:
        RequestError: the file is missing or damaged, naming the line.
    """
    try:
        with path.open("rb") as handle:
            for number, line in enumerate(handle, 1):
                try:
                    yield json.loads(line)
                except ValueError:
                    raise RequestError(
                        f"{path}, line {number}: not JSON; the file is damaged"
                    ) from None
    except OSError as error:
        raise RequestError(f"can't read {path}: {error.strerror or error}") from error


def manifest_lines(dataset: Path) -> Iterator[dict[str, Any]]:
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


def read_job(dataset: Path) -> dict[str, Any]:
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


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hex."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def tree_hash(folder: Path) -> str:
    """SHA-256 over names and contents of all files of a dataset.

    Left out are the report (it tells the time that the run took), unfinished work, and where the
    source was mounted. Two runs of one job have the same tree hash.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        relative = path.relative_to(folder)
        if relative.parts[0].startswith(STATE) or relative.as_posix() in REPORT:
            continue
        if not path.is_file():
            continue
        name = relative.as_posix().encode("utf-8", "surrogateescape")
        content = _job_hash(path) if relative.as_posix() == JOB else file_hash(path)
        digest.update(name + b"\0" + bytes.fromhex(content))
    return digest.hexdigest()


def _job_hash(path: Path) -> str:
    """Hash of `tenfold.json` without the place of the source; of the bytes if it is damaged."""
    try:
        about = json.loads(path.read_bytes())
        del about["job"]["source"]
    except (ValueError, KeyError, TypeError):
        return file_hash(path)
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
