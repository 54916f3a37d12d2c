"""Every error tenfold raises on purpose, and the exit code that each one means.

An error names the thing, the value and the cure.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from typing import ClassVar


class TenfoldError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 3


class RequestError(TenfoldError, ValueError):
    """A request that can't be met as it stands; raised before anything is written."""

    exit_code: ClassVar[int] = 2


class RecipeError(RequestError):
    """A recipe that can't be used; `line` (1-based) is where in the file, if it came from one."""

    def __init__(self, message: str, line: int | None = None, file: str | None = None) -> None:
        self.message, self.line, self.file = message, line, file
        place = file or ("recipe" if line is not None else "")
        if line is not None:
            place += f", line {line}"
        super().__init__(f"{place}: {message}" if place else message)


class SampleError(TenfoldError):
    """One sample that can't be read, moved or written: it is quarantined and the run goes on."""

    exit_code: ClassVar[int] = 1


class OutputError(TenfoldError):
    """The output can't be written (disk full, folder gone): the run stops and can be resumed."""

    exit_code: ClassVar[int] = 3


class PlaceError(OutputError):
    """A place behind a URL can't be reached or refuses (network, credentials, no such bucket)."""


class ModelError(TenfoldError):
    """A file of a fitted model is missing, damaged, foreign or of another version."""

    exit_code: ClassVar[int] = 2


class MissingExtraError(RequestError):
    """An optional dependency is needed; the message says which extra installs it."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional dependency: pip install 'tenfold[{extra}]'")


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """`"; did you mean 'rotation'?"` for the option nearest to `word`, or `""` if none is near."""
    near = difflib.get_close_matches(word.lower(), list(options), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


_SHORT_OF = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE}


def machines_fault(error: BaseException | None) -> MemoryError | OSError | None:
    """What the machine was short of (memory, file handles, a share that went away), if that was it.

    Such an error says nothing of the sample at hand, so nothing may be decided by it: the result
    would depend on how busy the machine was.

    Args:
        error: what was caught; the errors that caused it are looked at, too.
    """
    while error is not None:
        if isinstance(error, MemoryError):
            return error
        if isinstance(error, OSError) and error.errno in _SHORT_OF:
            return error
        error = error.__cause__
    return None
