"""A finished dataset held against its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenfold.engine.manifest import file_hash, manifest_lines, read_job, tree_hash
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
    expected = read_job(dataset)["files"]
    files, problems = 0, []
    for line in manifest_lines(dataset):
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
