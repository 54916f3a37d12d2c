"""What the runs of a study found, one line each in a file that a kill can't spoil."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import OutputError, RequestError

RECORDS = "records.jsonl"


@dataclass(frozen=True, slots=True)
class Run:
    """One training and its test.

    Attributes:
        arm: name.
        classifier: name.
        dose: copies of each original.
        size: training samples of each class, None for all.
        repeat, fold: which parts.
    """

    arm: str
    classifier: str
    dose: int
    size: int | None
    repeat: int
    fold: int


@dataclass(frozen=True, slots=True)
class Record:
    """What a run found.

    Attributes:
        run: see there.
        arm: fingerprint of the arm as it was.
        seed: of its randomness.
        right: which test samples were classified right, in the order of the parts; base64 of
            packed bits.
        tested: number of test samples.
        accuracy: share of them that is right, 0 to 1.
        validation: the same of the validation part.
        trained: number of training samples, copies included.
        chosen: what the validation part chose.
        loss: last training loss, None if the classifier has none.
        affinity: accuracy of the plain model on copies of the validation part less that on the
            validation part itself; None where it wasn't measured.
        seconds: of making the copies, the fit and the test.
        failed: why there is nothing: the arm or its classifier failed. Scores are 0 then, and mean
            nothing.
    """

    run: Run
    arm: str
    seed: int
    right: str
    tested: int
    accuracy: float
    validation: float
    trained: int
    chosen: Mapping[str, Any] = field(default_factory=dict)
    loss: float | None = None
    affinity: float | None = None
    seconds: float = 0.0
    failed: str = ""

    def hits(self) -> NDArray[np.bool_]:
        """`right`, unpacked: (tested,) bool."""
        bits = np.frombuffer(base64.b64decode(self.right), np.uint8)
        return np.unpackbits(bits, count=self.tested).astype(bool)

    def line(self) -> str:
        """As it is written."""
        return json.dumps(asdict(self), sort_keys=True)


def packed(right: NDArray[np.bool_]) -> str:
    """(N,) bool as base64 of packed bits."""
    return base64.b64encode(np.packbits(right).tobytes()).decode()


class Records:
    """The lines of a study's folder, and what they say.

    Args:
        folder: of the study; made if it isn't there.
        about: what makes two studies one (data, seed...): lines of another are refused.
        arms: name -> fingerprint of the arms as they are now.

    Raises:
        RequestError: the folder holds another study, or an arm was another when it was run.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any], arms: Mapping[str, str]) -> None:
        self.file = folder / RECORDS
        self.found: dict[Run, Record] = {}
        folder.mkdir(parents=True, exist_ok=True)
        head = json.dumps({"study": about}, sort_keys=True)
        lines = _whole_lines(self.file)
        if not lines:
            self._append(head)
        elif lines[0] != head:
            raise RequestError(
                f"{folder} holds another study ({_difference(lines[0], about)}); "
                "give another folder"
            )
        for line in lines[1:]:
            told = json.loads(line)
            record = Record(**{**told, "run": Run(**told["run"])})
            if arms.get(name := record.run.arm, record.arm) != record.arm:
                raise RequestError(
                    f"the arm '{name}' was another when {folder} was begun (its recipe or model "
                    "has changed); give another folder"
                )
            self.found.setdefault(record.run, record)

    def add(self, records: Iterable[Record]) -> None:
        """Write records, each in one piece; a run that is there already is left as it is."""
        for record in records:
            if record.run not in self.found:
                self._append(record.line())
                self.found[record.run] = record

    def _append(self, line: str) -> None:
        try:
            with self.file.open("r+b" if self.file.exists() else "w+b") as handle:
                handle.seek(0, os.SEEK_END)
                if end := handle.tell():  # a kill may have left half a line
                    handle.seek(end - 1)
                    if handle.read(1) != b"\n":
                        _cut(handle)
                handle.write(line.encode() + b"\n")
                handle.flush()
                os.fsync(handle.fileno())
        except OSError as error:
            raise OutputError(f"can't write {self.file}: {error.strerror or error}") from error


def _cut(handle: Any) -> None:
    handle.seek(0)
    handle.truncate(handle.read().rfind(b"\n") + 1)
    handle.seek(0, os.SEEK_END)


def _whole_lines(file: Path) -> list[str]:
    if not file.exists():
        return []
    text = file.read_bytes()
    return text[: text.rfind(b"\n") + 1].decode().splitlines()


def _difference(head: str, about: Mapping[str, Any]) -> str:
    try:
        before = json.loads(head)["study"]
    except (ValueError, KeyError, TypeError):
        return "or something else than a study"
    now = json.loads(json.dumps(about))
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return ", ".join(f"{name} was {before.get(name)!r}" for name in sorted(changed))[:300]
