"""May a job have this destination, and making it the job's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from tenfold.engine.job import Job, check_targets
from tenfold.engine.manifest import JOB, read_job
from tenfold.engine.state import State
from tenfold.errors import OutputError, RequestError
from tenfold.places import Place, Remote, nothing_written_yet, remove_tree
from tenfold.synth.source import SynthSource
from tenfold.write.writer import STATE

Existing = Literal["refuse", "resume", "overwrite"]
"""What to do with a destination that isn't empty."""


@nothing_written_yet()
def check_destination(job: Job, existing: Existing, *, shared: bool) -> None:
    """Refuse a destination that can't be used; writes nothing.

    Args:
        job: what is to be made.
        existing: what to do with a destination that isn't empty.
        shared: other runs may work on other shards of the same job in it.

    Raises:
        RequestError: with the cure.
    """
    destination, state = job.destination, State(job.destination)
    if isinstance(destination, Remote):
        destination.check_writable()
    if job.source.located:
        _apart(job.source.root, destination)
        _original(job.source.root)
    check_targets(job)
    above = () if isinstance(destination, Remote) else destination.parents
    nearest = next((p for p in (destination, *above) if p.exists()), None)
    if nearest is not None and not nearest.is_dir():
        raise RequestError(f"{nearest} is a file; give a folder for {destination}")
    if _empty(destination):
        return
    ours = state.started or (destination / JOB).is_file()
    if existing == "overwrite":
        if not ours:
            raise RequestError(
                f"{destination} wasn't made by tenfold, so --overwrite won't delete it; "
                "give another folder, or empty it yourself"
            )
    elif not ours:
        raise RequestError(f"{destination} is not empty; give a new or an empty folder")
    elif existing == "resume" or shared:
        state.require_same(job)
    elif state.started:
        raise RequestError(
            f"{destination} holds an unfinished run; use --resume to go on with it or "
            "--overwrite to start again"
        )
    else:
        raise RequestError(
            f"{destination} is complete; give another folder, or --overwrite to make it anew"
        )


@nothing_written_yet()
def prepare(job: Job, existing: Existing, *, shared: bool) -> State:
    """Check the destination (see `check_destination`) and make it the job's own.

    Raises:
        RequestError: the destination can't be used; nothing was written.
    """
    check_destination(job, existing, shared=shared)
    destination, state = job.destination, State(job.destination, job.token)
    state.clear_remains()
    if not _empty(destination):
        if existing != "overwrite":
            return state
        _clear(state)
    made = _missing(destination)
    try:
        first = state.begin(job)
    except (OutputError, OSError) as error:
        remove_tree(made[-1] if made else state.folder, ignore_errors=True)
        why = error.__cause__ or error
        raise RequestError(f"can't write to {destination}: {why}") from error
    if not first:  # another run was quicker
        check_destination(job, existing, shared=shared)
    return state


def _missing(destination: Place) -> list[Path]:
    """The folders that will be made."""
    if isinstance(destination, Remote):
        return []
    return [p for p in (destination, *destination.parents) if not p.exists()]


def _empty(destination: Place) -> bool:
    """Nothing is there yet, or nothing but a state folder in which no job was noted."""
    try:
        if not destination.exists():
            return True
        names = {path.name for path in destination.iterdir()}
    except NotADirectoryError:
        return False
    except OSError as error:
        raise RequestError(f"can't look into {destination}: {error.strerror or error}") from error
    names = {name for name in names if not name.startswith(f"{STATE}-done-")}
    return not names - {STATE} and not State(destination).started


def _apart(source: Place, destination: Place) -> None:
    """Outputs among the inputs would be inputs of the next run."""
    origin, target = source.resolve(), destination.resolve()
    if target == origin or origin in target.parents:
        raise RequestError(
            f"the destination {destination} lies in the source; give a folder outside of it"
        )
    if target in origin.parents:
        raise RequestError(
            f"the source {source} lies in the destination {destination}; give another folder"
        )


def _original(source: Place) -> None:
    """Copies of copies drift away from the data, and look like ten times what they are."""
    folder = source if source.is_dir() else source.parent
    if (folder / JOB).is_file() and not _simulated(folder):
        raise RequestError(
            f"{source} was made by tenfold ({JOB}); augment its source, or you multiply copies; "
            f"copy the folder without {JOB} if you mean it"
        )


def _simulated(dataset: Place) -> bool:
    """Whether a dataset of tenfold holds simulated individuals and no copies of them."""
    about = read_job(dataset)["job"]
    return about.get("layout") == SynthSource.layout and not about.get("copies")


def _clear(state: State) -> None:
    """Delete an earlier result; if that is interrupted, only --overwrite goes on with it."""
    folder = state.destination
    try:
        state.begin_clearing()
        for path in folder.iterdir():
            if path.name == STATE:
                continue
            if path.is_dir() and not path.is_symlink():
                remove_tree(path)
            else:
                path.unlink()
        remove_tree(state.folder)
    except OSError as error:
        name = os.fsdecode(error.filename or str(folder))
        raise RequestError(f"can't empty {folder}: {name}: {error.strerror or error}") from error
    except OutputError as error:
        raise RequestError(f"can't empty {folder}: {error}") from error
