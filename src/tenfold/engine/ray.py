"""The Ray engine: the same shards as tasks of a cluster, the same bytes.

Unlike the local engine it survives workers that die: their shards are begun again elsewhere. A
shard that is done twice writes the same bytes under the same names, so nothing has to be undone.
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
import secrets
import socket
import time
import warnings
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from typing import Any

import tenfold
from tenfold.engine.job import Job, library_versions
from tenfold.engine.local import single_threaded
from tenfold.engine.state import State
from tenfold.engine.work import ShardDone, work_shard
from tenfold.errors import MissingExtraError, OutputError, RequestError, TenfoldError
from tenfold.long_list import files_of, found_by
from tenfold.places import Place, local_copy, remove_tree
from tenfold.write.atomic import write_chunks

_DEATHS = 4
"""So many workers may die of one shard before it is taken to be the shard's fault."""
_LOOK = 5.0
"""Seconds after which the size of the cluster is looked at again."""
_REACH = 10.0
"""Seconds within which the head of a cluster must answer."""
_LATE = 90.0
"""Seconds after which a node's files must be seen here: NFS remembers up to 60 s that a file
wasn't there."""

_CHUNK = 1 << 20


class RayEngine:
    """Works off shards on a Ray cluster.

    Source and destination must be folders that all nodes see under the same path, and all nodes
    need the same tenfold and libraries; a node for which that doesn't hold ends the run.

    Args:
        address: `host:port` of a cluster's head, `auto` for the cluster that this machine belongs
            to, `local` for one of our own on this machine, for the time of the run. Without it,
            the one that this process is connected to, the one named by the environment variable
            `RAY_ADDRESS`, or one of our own.
        workers: CPUs used; all of the cluster's without it. The bytes don't depend on it.

    Raises:
        MissingExtraError: Ray isn't installed.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        _ray()
        self.address = address
        self.workers = workers

    @contextmanager
    def connected(self) -> Iterator[RayEngine]:
        """This engine, connected to its cluster; `run` does so itself where nobody did before.

        Only a cluster that was started here is stopped at the end.

        Raises:
            RequestError: there is no such cluster.
        """
        ray = _ray()
        if ray.is_initialized():
            yield self
            return
        address = self.address or os.environ.get("RAY_ADDRESS") or "local"
        _check_reachable(address)
        settings: dict[str, Any] = {"address": address}
        if address == "local":
            settings |= {"include_dashboard": False, "num_cpus": self.workers}
        try:
            with _no_telemetry(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ray.init(**settings, log_to_driver=False, logging_level=logging.CRITICAL)
        # Ray ends the process if what it reaches at the address doesn't answer as Ray does.
        except (Exception, SystemExit) as error:
            ray.shutdown()
            raise RequestError(f"can't use the Ray cluster '{address}': {error}") from error
        try:
            yield self
        finally:
            ray.shutdown()

    def run(self, job: Job, shards: Sequence[int]) -> Iterator[ShardDone]:
        """Do shards; yields each when it is committed, in any order.

        Raises:
            OutputError: the destination can't be written, a node doesn't see it or differs from
                this one, or a shard ends all workers that try it. What is done is kept.
        """
        if not shards:
            return
        with self.connected():
            yield from self._run(job, shards)

    def _run(self, job: Job, shards: Sequence[int]) -> Iterator[ShardDone]:
        ray = _ray()
        # Begun again by us, not by Ray: a death leaves half-written files to be swept away.
        task = ray.remote(num_cpus=1, max_retries=0)(_work)
        folder, name = State(job.destination, job.token).folder, secrets.token_hex(8)
        stop, lists = folder / f"stop-{name}", folder / f"lists-{name}"
        waiting, deaths = array("q", reversed(shards)), Counter[int]()
        flying: dict[Any, int] = {}
        try:
            parcel = ray.put((_environment(), _packed(job, lists), lists))
            while waiting or flying:
                for _ in range(min(len(waiting), self._room() - len(flying))):
                    shard = waiting.pop()
                    # In a list, so that Ray hands over the reference and not what it refers to.
                    flying[task.remote([parcel], shard, stop)] = shard
                ready, _ = ray.wait(list(flying), timeout=_LOOK)
                for ref in ready:
                    shard = flying.pop(ref)
                    done = _answer(ref)
                    if done is None:
                        deaths[shard] += 1
                        _check_deaths(job, shard, deaths[shard])
                        waiting.append(shard)
                    else:
                        yield done
        finally:
            _stop(list(flying), stop)
            with suppress(OutputError, OSError):  # a destination that is gone has none
                remove_tree(lists, ignore_errors=True)
        _await_marks(job, shards)
        if deaths:
            _sweep(job)

    def _room(self) -> int:
        """How many tasks may be under way; a few wait at the nodes, so that no CPU does."""
        if self.workers is not None:
            return self.workers
        return 2 * max(1, int(_ray().cluster_resources().get("CPU", 0)))


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise MissingExtraError("--engine ray", "ray") from None
    return ray


def _check_reachable(address: str) -> None:
    """Ray itself needs two minutes to find out, and tells of it at length."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACH).close()
    except (OSError, OverflowError) as error:
        raise RequestError(
            f"no Ray cluster answers at {address} ({error}); check --address, or leave it out "
            "to work on this machine"
        ) from error


@contextmanager
def _no_telemetry() -> Iterator[None]:
    """Ray's usage statistics are switched by the environment that it is started in."""
    name = "RAY_USAGE_STATS_ENABLED"
    before = os.environ.get(name)
    os.environ[name] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _packed(job: Job, lists: Place) -> bytes:
    """The job pickled; its long lists are copied to where all nodes see them."""
    with files_of() as files:
        packed: bytes = _ray().cloudpickle.dumps(job)
    for file in files:
        with file.open("rb") as content:
            write_chunks(lists / file.name, iter(partial(content.read, _CHUNK), b""))
    return packed


def _answer(ref: Any) -> ShardDone | None:
    """What a task gave; None if its worker died."""
    errors = _ray().exceptions
    try:
        answer = _ray().get(ref)
    except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError):
        return None
    except errors.RayTaskError as error:
        cause = error.cause
        why = f"{type(cause).__name__}: {cause}" if cause else str(error)
        raise OutputError(f"a task failed on the Ray cluster: {why}") from error
    except errors.RayError as error:
        raise OutputError(f"the Ray cluster failed: {error}") from error
    if isinstance(answer, OutputError):
        raise answer
    assert isinstance(answer, ShardDone)
    return answer


def _check_deaths(job: Job, shard: int, deaths: int) -> None:
    if deaths < _DEATHS:
        return
    items = [job.source.items[i].id for i in job.shard(shard)]
    raise OutputError(
        f"{deaths} workers died of shard {shard} (samples {items[0]} to {items[-1]}), for lack "
        "of memory or by one of these samples; use fewer --workers or larger machines, and run "
        "the same command with --resume"
    )


def _stop(refs: list[Any], stop: Place) -> None:
    """Tell tasks to stop, and wait until they have: the next run must be alone.

    By a file, as `ray.cancel` brings down this process (a failed check in Ray's core) when a task
    ends just then.
    """
    ray = _ray()
    if not refs or not ray.is_initialized():
        return
    with suppress(OSError):  # a destination that is gone stops them too
        stop.touch()
    ray.wait(refs, num_returns=len(refs), timeout=_REACH)
    with suppress(OSError):
        stop.unlink()


def _await_marks(job: Job, shards: Sequence[int]) -> None:
    """Wait until the other nodes' commit marks are seen here; if they never are, others complain.

    A network file system may show them late.
    """
    state, end = State(job.destination, job.token), time.monotonic() + _LATE
    while True:
        done = state.done(job.shard_count)
        if all(done[shard] for shard in shards):
            return
        if time.monotonic() > end or not state.started:
            return
        time.sleep(1)


def _sweep(job: Job) -> None:
    """Remove what dead workers left half-written, unless others still write in the destination."""
    state = State(job.destination, job.token)
    if all(state.done(job.shard_count)):
        with state.finishing() as ours:
            if ours:
                state.sweep()


# What follows runs in the workers.


def _work(parcel: list[Any], shard: int, stop: Place) -> ShardDone | OutputError | None:
    """A task: do and commit a shard, unless told to stop.

    Errors are handed back: Ray would wrap raised ones.
    """
    try:
        job = _unpack(parcel[0])
        _check_folders(job)
        with single_threaded():
            return work_shard(job, shard, lambda: not stop.exists())
    except TenfoldError as error:
        return OutputError(str(error))


@lru_cache(maxsize=1)
def _unpack(parcel: Any) -> Job:
    """The job; kept, as a worker does many of its shards."""
    expected, packed, lists = _ray().get(parcel)
    for name, found in _environment().items():
        if found != expected[name]:
            raise OutputError(
                f"the node {socket.gethostname()} has {name} {found}, this run needs "
                f"{expected[name]}; install the same on all nodes, and go on with --resume"
            )
    with found_by(lambda name: local_copy(lists / name)):
        job = pickle.loads(packed)
    assert isinstance(job, Job)
    return job


def _environment() -> dict[str, str]:
    """Versions of everything that the bytes depend on."""
    about = {"tenfold": tenfold.__version__, "python": platform.python_version()}
    return about | library_versions()


def _check_folders(job: Job) -> None:
    """Without the source each sample would be quarantined; without the destination all is lost."""
    for folder, there in (
        (job.source.root, job.source.root.exists()),
        (job.destination, State(job.destination, job.token).started),
    ):
        if not there:
            raise OutputError(
                f"{folder} isn't there, seen from the node {socket.gethostname()}: it was removed "
                "during the run, or isn't shared; --engine ray needs a source and a destination "
                "that all nodes see under the same path"
            )
