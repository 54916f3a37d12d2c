"""What is done and what is left: one commit mark a shard, in a folder that goes at the end.

A mark is the shard's own record (manifest lines, what the writer needs to finish, quarantined
samples), written whole under a temporary name and then renamed: it is there, or the shard isn't
done.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tenfold.declare.parse import dump_recipe
from tenfold.engine.job import Job
from tenfold.engine.manifest import JOB, MANIFEST, RECIPE, dumps, read_lines
from tenfold.errors import OutputError, RequestError
from tenfold.write.atomic import TEMPORARY, lock, write_bytes, write_chunks, write_new
from tenfold.write.writer import STATE

NOTE = "job.json"
"""What the state folder's job is."""

_OPTIONS = {
    "layout": "--layout",
    "label_column": "--label-column",
    "copies": "--copies",
    "seed": "--seed",
    "split": "--split",
    "template": "--name",
    "format": "--format",
    "quality": "--quality",
    "max_pixels": "--max-pixels",
    "tenfold": "tenfold",
}


class State:
    """The state folder of a destination.

    `job.json` says whose it is; the marks lie in a folder named by the job's token, so that a run
    whose destination was given to another job can't mark anything as that job's.

    Args:
        destination: the dataset's folder.
        token: of the job (`Job.token`); without it, of the job that was begun there.
    """

    def __init__(self, destination: Path, token: str | None = None) -> None:
        self.destination = destination
        self.folder = destination / STATE
        self._token = token

    @property
    def token(self) -> str:
        """The job's token; "none" where no job was begun."""
        if self._token is None:
            self._token = str(self._note().get("token", "none"))
        return self._token

    @property
    def started(self) -> bool:
        """There is unfinished work, of whatever job."""
        return (self.folder / NOTE).is_file()

    @property
    def finished(self) -> bool:
        """The dataset is whole."""
        return not self.folder.exists() and (self.destination / JOB).is_file()

    def identity(self) -> dict[str, Any] | None:
        """What the job in this destination is, if there is one.

        Raises:
            RequestError: its note is damaged, or an interrupted --overwrite was deleting it.
        """
        note = self._note()
        if not note:
            return None
        found = note.get("job")
        if not isinstance(found, dict) or "seed" not in found:
            what = "was being emptied" if note.get("clearing") else "has a damaged note of its job"
            path = (self.folder / NOTE) if self.started else self.destination / JOB
            raise RequestError(
                f"{self.destination} {what} ({path.name}); start again with --overwrite"
            )
        return found

    def _note(self) -> dict[str, Any]:
        path = self.folder / NOTE if self.started else self.destination / JOB
        try:
            found = json.loads(path.read_bytes())
        except OSError:
            return {}
        except ValueError:
            found = None
        return found if isinstance(found, dict) and found else {"damaged": True}

    def require_same(self, job: Job) -> None:
        """Refuse to go on with another job than the one that was begun."""
        begun, wanted = self.identity() or {}, job.identity()
        # The listing last: it follows from other things, which say more.
        for name in sorted({**wanted, **begun}, key=lambda name: name == "listing"):
            # The same data may be mounted elsewhere; its listing tells whether it is the same.
            if name == "source" or begun.get(name) == wanted.get(name):
                continue
            if name == "recipe":
                what = _recipes(self._begun_recipe(), job)
            else:
                what = _difference(name, begun.get(name), wanted.get(name))
            raise RequestError(
                f"{self.destination} was begun {what}; repeat the first command with --resume, "
                "or start again with --overwrite"
            )

    def _begun_recipe(self) -> str | None:
        """The begun job's recipe, written out; None if it isn't there."""
        try:
            if self.started:
                text = self._note().get("recipe")
                return text if isinstance(text, str) else None
            return (self.destination / RECIPE).read_text("utf-8")
        except (OSError, ValueError):
            return None

    def begin(self, job: Job) -> bool:
        """Note the job; from here on the destination is its own.

        Returns:
            False if another run noted a job first.
        """
        (self.folder / job.token).mkdir(parents=True, exist_ok=True)
        recipe = dump_recipe(job.recipe)
        note = {"job": job.identity(), "token": job.token, "recipe": recipe}
        return write_new(self.folder / NOTE, dumps(note).encode())

    def begin_clearing(self) -> None:
        """Note that all is being deleted: until a job is noted again, nothing here counts."""
        write_bytes(self.folder / NOTE, dumps({"clearing": True}).encode())

    def require_started(self) -> None:
        """Raise `OutputError` if the destination is gone, or now belongs to another job."""
        if not (self.folder / self.token).is_dir():
            raise OutputError(
                f"{self.destination} is gone, was emptied, or was given to another job during the "
                "run; find out why, then run the same command again"
            )

    def commit(self, shard: int, lines: list[str]) -> None:
        """Mark a shard as done."""
        self.require_started()
        write_chunks(self._mark(shard), (line.encode() + b"\n" for line in lines))

    def done(self, count: int) -> set[int]:
        """Which of `count` shards are done."""
        return {shard for shard in range(count) if self._mark(shard).is_file()}

    def entries(self, shards: Iterable[int]) -> Iterator[dict[str, Any]]:
        """The records of these shards, in order."""
        for shard in shards:
            yield from read_lines(self._mark(shard))

    def sweep(self) -> None:
        """Remove half-written files that a kill left behind; nobody may be writing any more."""
        for path in self.destination.rglob(f".*{TEMPORARY}"):
            path.unlink(missing_ok=True)

    @contextmanager
    def finishing(self) -> Iterator[bool]:
        """One run at a time puts the dataset together.

        Yields:
            False if another run has done it meanwhile.
        """
        try:
            handle = (self.folder / "finishing").open("wb")
        except FileNotFoundError:
            yield False
            return
        with handle:
            lock(handle)  # given back by the system, however this process ends
            yield not self.finished

    def close(self) -> None:
        """All is written: the state folder goes, in one step."""
        gone = self.destination / f"{STATE}-done-{secrets.token_hex(8)}"
        try:
            self.folder.rename(gone)
        except OSError as error:
            raise OutputError(f"can't remove {self.folder}: {error.strerror or error}") from error
        self.clear_remains()

    def clear_remains(self) -> None:
        """Delete closed state folders, also one that a kill left behind."""
        for folder in self.destination.glob(f"{STATE}-done-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _mark(self, shard: int) -> Path:
        return self.folder / self.token / f"{shard:08d}.jsonl"


def require_finished(dataset: Path) -> None:
    """Raise `RequestError` if what tenfold makes in this folder isn't finished."""
    if (dataset / STATE).exists():
        raise RequestError(f"{dataset} is unfinished; repeat its command with --resume first")


def dataset_of(file: Path) -> Path:
    """The dataset made by tenfold in which a file lies.

    Raises:
        RequestError: there is none, or it isn't finished.
    """
    for folder in file.absolute().parents:
        if State(folder).started:
            require_finished(folder)
        if (folder / MANIFEST).is_file() and (folder / JOB).is_file():
            return folder
    raise RequestError(f"{file} isn't in a dataset made by tenfold: no {MANIFEST} above it")


def _difference(name: str, begun: Any, now: Any) -> str:
    """What is different, in the words of the command line: "with --copies 3, now 9"."""
    if name == "originals":
        return "without --no-originals, now with it" if begun else "with --no-originals"
    if name == "balance":
        return "with --balance, now without" if begun else "without --balance, now with it"
    if name == "items":
        return f"with another list of samples ({begun} of them, now {now})"
    if name == "listing":
        return "with another list of samples (names, sizes, labels or splits have changed since)"
    if name == "libraries":
        before, after = dict(begun or {}), dict(now or {})
        changed = sorted(n for n in before | after if before.get(n) != after.get(n))
        told = (f"{n} {before.get(n)}, now {after.get(n)}" for n in changed)
        return f"with other library versions ({'; '.join(told)})"
    option = _OPTIONS.get(name, name)
    if begun is None:
        return f"without {option}, now with {option} {now}"
    return f"with {option} {begun}, now {'without it' if now is None else now}"


def _recipes(begun: str | None, job: Job) -> str:
    """How the recipe differs: names, and the first line that isn't the same."""
    if begun is None:
        return f"with another recipe than '{job.recipe.name}'"
    before, now = begun.splitlines(), dump_recipe(job.recipe).splitlines()
    first = next((line[6:] for line in before if line.startswith("name: ")), "custom")
    what = f"with the recipe '{first}', now "
    what += f"another '{first}'" if first == job.recipe.name else f"'{job.recipe.name}'"
    for number, (old, new) in enumerate(zip_longest(before, now), 1):
        if old != new:
            shown = [f"'{line.strip()}'" if line is not None else "no line" for line in (old, new)]
            return f"{what} (written out, line {number} was {shown[0]}, now {shown[1]})"
    return what
