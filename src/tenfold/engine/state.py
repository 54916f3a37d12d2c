"""What is done and what is left: one commit mark a shard, in a folder that goes at the end.

A mark is the shard's own record (manifest lines, what the writer needs to finish, quarantined
samples), written whole under a temporary name and then renamed: it is there, or the shard isn't
done.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import zip_longest
from typing import Any

from tenfold.declare.parse import dump_recipe
from tenfold.engine.job import MOUNTED, Job
from tenfold.engine.manifest import JOB, MANIFEST, RECIPE, dumps, parsed, raw_lines, read_lines
from tenfold.errors import OutputError, RequestError
from tenfold.places import Place, Remote, names, remove_tree
from tenfold.write.atomic import TEMPORARY, lock, settle, write_bytes, write_chunks, write_new
from tenfold.write.writer import STATE

NOTE = "job.json"
"""What the state folder's job is."""

_MARK = re.compile(r"[0-9]+\.jsonl")
_OUTPUT, _NO_RECORD = b'{"line":', b',"record":null}\n'
"""How the entry of an output begins, and how it ends where its writer needs nothing of it."""
_LOOK_AGAIN = 5.0
"""Seconds after which a run asks a store again whether the destination is still its own."""
_seen: dict[tuple[str, str], float] = {}
"""When it was last its own, by folder and token."""

_OPTIONS = {
    "layout": "--layout",
    "label_column": "--label-column",
    "copies": "--copies",
    "seed": "--seed",
    "split": "--split",
    "template": "--name",
    "format": "--format",
    "quality": "--quality",
    "to": "--to",
    "per_file": "--per-file",
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

    def __init__(self, destination: Place, token: str | None = None) -> None:
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
        return not self.unfinished and (self.destination / JOB).is_file()

    @property
    def unfinished(self) -> bool:
        """There is a state folder."""
        # A store's folder goes file by file: what is left of it after its note counts for nothing.
        return self.started if isinstance(self.folder, Remote) else self.folder.exists()

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
            # The same data may be mounted elsewhere; its listing tells whether it is the same, and
            # a model's fingerprint.
            if name in MOUNTED or begun.get(name) == wanted.get(name):
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
        if not self._ours():
            raise OutputError(
                f"{self.destination} is gone, was emptied, or was given to another job during the "
                "run; find out why, then run the same command again"
            )

    def _ours(self) -> bool:
        if not isinstance(self.folder, Remote):
            return (self.folder / self.token).is_dir()
        mine = self.folder.url, self.token
        if time.monotonic() - _seen.get(mine, -_LOOK_AGAIN) >= _LOOK_AGAIN:  # it costs a request
            if self._note().get("token") != self.token:
                return False
            _seen[mine] = time.monotonic()
        return True

    def commit(self, shard: int, lines: list[str]) -> None:
        """Mark a shard as done, once all that it wrote is there."""
        settle()
        self.require_started()
        write_chunks(self._mark(shard), (line.encode() + b"\n" for line in lines))

    def done(self, count: int) -> bytearray:
        """For each of `count` shards, 1 if it is done, else 0."""
        found = bytearray(count)
        with suppress(OSError):
            for name in names(self.folder / self.token):
                if _MARK.fullmatch(name) and int(name[:-6]) < count:
                    found[int(name[:-6])] = 1
        return found

    def entries(self, shards: Iterable[int]) -> Iterator[dict[str, Any]]:
        """The records of these shards, in order."""
        for shard in shards:
            yield from read_lines(self._mark(shard))

    def lines(self, shards: Iterable[int]) -> Iterator[bytes]:
        """The manifest lines in these shards' records, in order, each with its end."""
        for shard in shards:
            mark = self._mark(shard)
            for number, raw in enumerate(raw_lines(mark), 1):
                if raw.startswith(_OUTPUT) and raw.endswith(_NO_RECORD):
                    yield raw[len(_OUTPUT) : -len(_NO_RECORD)] + b"\n"  # as it is: much quicker
                elif raw.startswith(_OUTPUT):
                    yield dumps(parsed(raw, mark, number)["line"]).encode() + b"\n"

    def others(self, shards: Iterable[int]) -> Iterator[dict[str, Any]]:
        """What these shards' records tell beside their outputs, in order."""
        for shard in shards:
            mark = self._mark(shard)
            for number, raw in enumerate(raw_lines(mark), 1):
                if not raw.startswith(_OUTPUT):
                    yield parsed(raw, mark, number)

    def sweep(self) -> None:
        """Remove half-written files that a kill left behind; nobody may be writing any more."""
        if isinstance(self.destination, Remote):
            return  # nothing is half-written in a store
        for path in self.destination.rglob(f".*{TEMPORARY}"):
            path.unlink(missing_ok=True)

    @contextmanager
    def finishing(self) -> Iterator[bool]:
        """One run at a time puts the dataset together.

        In a store, which has no locks, several may do it at a time: they write the same bytes (the
        report tells another time). When one of them is done and the marks go, the others stop.

        Yields:
            False if another run has done it meanwhile.
        """
        if isinstance(self.folder, Remote):
            try:
                yield not self.finished
            except (RequestError, OSError):
                if not self.finished:
                    raise
            return
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
        if isinstance(self.folder, Remote):
            (self.folder / NOTE).unlink(missing_ok=True)
            remove_tree(self.folder)
            return
        gone = f"{STATE}-done-{secrets.token_hex(8)}"
        try:
            self.folder.rename(self.folder.with_name(gone))
        except OSError as error:
            raise OutputError(f"can't remove {self.folder}: {error.strerror or error}") from error
        self.clear_remains()

    def clear_remains(self) -> None:
        """Delete closed state folders, also one that a kill left behind."""
        if isinstance(self.folder, Remote):
            remains = list(self.folder.files())  # first: if a job begins now, its files stay
            if not self.started:
                for name in remains:
                    (self.folder / name).unlink(missing_ok=True)
            return
        for folder in self.folder.parent.glob(f"{STATE}-done-*"):
            remove_tree(folder, ignore_errors=True)

    def _mark(self, shard: int) -> Place:
        return self.folder / self.token / f"{shard:08d}.jsonl"


def require_finished(dataset: Place) -> None:
    """Raise `RequestError` if what tenfold makes in this folder isn't finished."""
    if State(dataset).unfinished:
        raise RequestError(f"{dataset} is unfinished; repeat its command with --resume first")


def dataset_of(file: Place) -> Place:
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
    if name == "simulation":
        return "with other settings, or in another style"
    if name == "listing":
        return "with another list of samples (names, sizes, labels or splits have changed since)"
    if name == "models":
        before, after = dict(begun or {}), dict(now or {})
        others = ", ".join(n for n in before | after if before.get(n) != after.get(n))
        return f"with another model {others} (its files have changed since)"
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
