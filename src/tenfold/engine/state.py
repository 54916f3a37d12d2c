"""What is done and what is left: one commit mark a shard, in a folder that goes at the end.

A mark is the shard's own record (manifest lines, what the writer needs to finish, quarantined
samples), written whole under a temporary name and then renamed: it is there, or the shard isn't
done.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenfold.engine.job import Job
from tenfold.engine.manifest import JOB, dumps, read_lines
from tenfold.errors import OutputError, RequestError
from tenfold.write.atomic import TEMPORARY, lock, write_bytes, write_chunks, write_new
from tenfold.write.writer import STATE

NOTE = "job.json"
"""What the state folder's job is."""

_ABOUT = {
    "tenfold": "version of tenfold",
    "items": "number of samples",
    "listing": "list of samples, or the number of copies",
    "recipe": "recipe",
    "seed": "seed",
    "split": "--split",
    "originals": "--no-originals",
    "template": "--name",
    "format": "--format",
    "quality": "--quality",
    "max_pixels": "--max-pixels",
    "libraries": "set of library versions",
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
        for name, value in wanted.items():
            # The same data may be mounted elsewhere; its listing tells whether it is the same.
            if name != "source" and begun.get(name) != value:
                what = _ABOUT.get(name, name)
                raise RequestError(
                    f"{self.destination} was begun with another {what} ({begun.get(name)!r}, now "
                    f"{value!r}); repeat the first command with --resume, or start again "
                    "with --overwrite"
                )

    def begin(self, job: Job) -> bool:
        """Note the job; from here on the destination is its own.

        Returns:
            False if another run noted a job first.
        """
        (self.folder / job.token).mkdir(parents=True, exist_ok=True)
        note = {"job": job.identity(), "token": job.token}
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
        gone = self.destination / f"{STATE}-done-{os.getpid()}"
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
