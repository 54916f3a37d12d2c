"""A finished dataset held against its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import itemgetter

from tenfold.engine.manifest import file_hash, manifest_lines, read_job, tree_hash
from tenfold.engine.state import require_finished
from tenfold.long_list import kept_sorted, without
from tenfold.places import Place, listed, nothing_written_yet, read_ahead
from tenfold.samples.walk import list_files

_BATCH = 1024


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


@nothing_written_yet()
def verify(dataset: Place) -> Verification:
    """Hash every file that the manifest names, and look for others.

    Hidden files, system litter and what tenfold itself puts at the top are no others.

    Raises:
        RequestError: it isn't a finished dataset that tenfold made.
    """
    require_finished(dataset)
    expected = read_job(dataset)["files"]
    dataset = listed(dataset)
    problems: list[Mismatch] = []
    named = kept_sorted(_checked(dataset, expected, problems), key=itemgetter(0))
    listing = list_files(dataset)
    there = merge(listing.files, sorted(problem.id for problem in listing.problems))
    others = without(there, map(itemgetter(0), named))
    problems += [Mismatch(name, "isn't in the manifest") for name in others]
    known = ((name, sha) for name, sha in named if sha is not None)
    return Verification(len(named), tuple(problems), tree_hash(dataset, known))


def _checked(
    dataset: Place, whole: Mapping[str, str], problems: list[Mismatch]
) -> Iterator[tuple[str, str | None]]:
    """Every file that should be there with the hash that it has; None if it can't be read."""
    for name, sha in _in_batches(dataset, _expected(dataset, whole)):
        found, reason = _hash_of(dataset / name)
        if found != sha:
            problems.append(Mismatch(name, reason or "was changed"))
        yield name, found


def _expected(dataset: Place, whole: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every file that should be there, with its hash."""
    for line in manifest_lines(dataset):
        yield from line["files"].items()
    yield from whole.items()


def _in_batches(dataset: Place, files: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same, read ahead a batch at a time."""
    while batch := list(islice(files, _BATCH)):
        yield from read_ahead(dataset, batch, lambda file: [file[0]])


def _hash_of(path: Place) -> tuple[str | None, str]:
    """A file's hash, or why there is none."""
    try:
        return file_hash(path), ""
    except FileNotFoundError:
        return None, "is missing"
    except OSError as error:
        return None, f"can't be read: {error.strerror or error}"
