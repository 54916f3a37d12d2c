"""What is done and what is left: one commit mark a shard, in a folder that goes at the end.

A mark is the shard's own record (manifest lines, what the writer needs to finish, quarantined
samples), written whole under a temporary name and then renamed: it is there, or the shard isn't
done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tenfold.engine.job import Job
from tenfold.engine.manifest import JOB, dumps, encode_lines, read_lines
from tenfold.errors import OutputError, RequestError
from tenfold.write.atomic import TEMPORARY, write_bytes, write_chunks
from tenfold.write.writer import STATE

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
}


class State:
    """The state folder of a destination."""

    def __init__(self, destination: Path) -> None:
        self.destination = destination
        self.folder = destination / STATE

    @property
    def started(self) -> bool:
        """There is unfinished work."""
        return (self.folder / "job.json").is_file()

    @property
    def finished(self) -> bool:
        """The dataset is whole."""
        return not self.folder.exists() and (self.destination / JOB).is_file()

    def identity(self) -> dict[str, Any] | None:
        """What the job in this destination is, if there is one."""
        path = self.folder / "job.json" if self.started else self.destination / JOB
        try:
            found = json.loads(path.read_text("utf-8"))["job"]
        except OSError:
            return None
        except (ValueError, KeyError, TypeError):
            found = None
        if not isinstance(found, dict) or "seed" not in found:
            raise RequestError(f"{path} is damaged; start again with --overwrite") from None
        return found

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

    def begin(self, job: Job) -> None:
        """Note the job; from here on the destination is ours."""
        write_bytes(self.folder / "job.json", dumps({"job": job.identity()}).encode())

    def require_started(self) -> None:
        """Raise `OutputError` if the job's mark is gone, and so the destination with it."""
        if not self.started:
            raise OutputError(
                f"{self.destination} is gone or was emptied during the run; "
                "find out why, then run the same command again"
            )

    def commit(self, shard: int, entries: list[dict[str, Any]]) -> None:
        """Mark a shard as done."""
        write_chunks(self._mark(shard), encode_lines(entries))

    def done(self, count: int) -> set[int]:
        """Which of `count` shards are done."""
        return {shard for shard in range(count) if self._mark(shard).is_file()}

    def entries(self, shards: Iterable[int]) -> Iterator[dict[str, Any]]:
        """The records of these shards, in order."""
        for shard in shards:
            yield from read_lines(self._mark(shard))

    def sweep(self) -> None:
        """Remove half-written files that a kill left behind."""
        for path in self.destination.rglob(f"*{TEMPORARY}"):
            if path.name.startswith("."):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """All is written: the state folder goes."""
        try:
            shutil.rmtree(self.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError(f"can't remove {self.folder}: {error.strerror or error}") from error

    def _mark(self, shard: int) -> Path:
        return self.folder / "shards" / f"{shard:08d}.jsonl"
