"""A finished dataset held against its manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tenfold.engine.manifest import JOB, MANIFEST, file_hash, read_lines, tree_hash
from tenfold.errors import RequestError
from tenfold.write.writer import STATE


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A file that isn't as the manifest says."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of all files found.

    Attributes:
        files: checked.
        problems: missing or changed files.
        tree: see `tenfold.engine.manifest.tree_hash`.
    """

    files: int
    problems: tuple[Mismatch, ...]
    tree: str


def verify(dataset: Path) -> Verification:
    """Hash every file that the manifest names.

    Raises:
        RequestError: it isn't a finished dataset that tenfold made.
    """
    if (dataset / STATE).exists():
        raise RequestError(f"{dataset} is unfinished; repeat its command with --resume first")
    if not (dataset / JOB).is_file():
        raise RequestError(f"{dataset} isn't a dataset made by tenfold: it has no {JOB}")
    expected = dict(json.loads((dataset / JOB).read_text("utf-8"))["files"])
    files, problems = 0, []
    for line in read_lines(dataset / MANIFEST):
        for name, sha in line["files"].items():
            files += 1
            problems += _mismatch(dataset, name, sha)
    for name, sha in expected.items():
        files += 1
        problems += _mismatch(dataset, name, sha)
    return Verification(files, tuple(problems), tree_hash(dataset))


def _mismatch(dataset: Path, name: str, sha: str) -> list[Mismatch]:
    try:
        found = file_hash(dataset / name)
    except OSError as error:
        return [Mismatch(name, f"can't be read: {error.strerror or error}")]
    return [] if found == sha else [Mismatch(name, "was changed")]
