"""A finished dataset held against its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenfold.engine.manifest import file_hash, manifest_lines, read_job, tree_hash
from tenfold.engine.state import require_finished
from tenfold.samples.walk import list_files


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A file that isn't as the manifest says, or isn't in it."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of all files found.

    Attributes:
        files: checked.
        problems: missing or changed files, and files that the manifest doesn't name.
        tree: see `tenfold.engine.manifest.tree_hash`.
    """

    files: int
    problems: tuple[Mismatch, ...]
    tree: str


def verify(dataset: Path) -> Verification:
    """Hash every file that the manifest names, and look for others.

    Hidden files, system litter and what tenfold itself puts at the top are no others.

    Raises:
        RequestError: it isn't a finished dataset that tenfold made.
    """
    require_finished(dataset)
    expected = read_job(dataset)["files"]
    files, problems = 0, []
    listing = list_files(dataset)
    others = {*listing.files, *(problem.id for problem in listing.problems)}
    for line in manifest_lines(dataset):
        for name, sha in line["files"].items():
            files += 1
            problems += _mismatch(dataset, name, sha)
            others.discard(name)
    for name, sha in expected.items():
        files += 1
        problems += _mismatch(dataset, name, sha)
        others.discard(name)
    problems += [Mismatch(name, "isn't in the manifest") for name in sorted(others)]
    return Verification(files, tuple(problems), tree_hash(dataset))


def _mismatch(dataset: Path, name: str, sha: str) -> list[Mismatch]:
    try:
        found = file_hash(dataset / name)
    except FileNotFoundError:
        return [Mismatch(name, "is missing")]
    except OSError as error:
        return [Mismatch(name, f"can't be read: {error.strerror or error}")]
    return [] if found == sha else [Mismatch(name, "was changed")]
