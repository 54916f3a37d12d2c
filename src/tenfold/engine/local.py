"""The local engine: shards worked on by this process or by worker processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

import cv2
from threadpoolctl import threadpool_limits

from tenfold.engine.job import Job
from tenfold.engine.work import ShardDone, work_shard
from tenfold.errors import OutputError, TenfoldError

_CURES = {
    -9: "if that was for want of memory, use fewer --workers",
    1: "in a script of your own, call tenfold under `if __name__ == '__main__':`, since worker "
    "processes import the script again",
}


class LocalEngine:
    """Works off shards on this machine.

    Args:
        workers: number of processes; 1 works in this one. The bytes don't depend on it.
    """

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers

    def run(self, job: Job, shards: Sequence[int]) -> Iterator[ShardDone]:
        """Do shards; yields each when it is committed, in any order.

        Raises:
            OutputError: the destination can't be written, or a worker died.
        """
        workers = min(self.workers, len(shards))
        if workers <= 1:
            yield from _work_here(job, shards)
        else:
            yield from _work_in_processes(job, shards, workers)


def _work_here(job: Job, shards: Sequence[int]) -> Iterator[ShardDone]:
    with single_threaded():
        for shard in shards:
            done = work_shard(job, shard)
            assert done is not None
            yield done


@contextmanager
def single_threaded() -> Iterator[None]:
    """OpenCV and BLAS on one thread: processes are the unit of parallel work."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        cv2.setNumThreads(before)


def stay_single_threaded() -> None:
    """The same in a worker process, for all its life."""
    cv2.setNumThreads(1)
    threadpool_limits(1)


def _work_in_processes(job: Job, shards: Sequence[int], workers: int) -> Iterator[ShardDone]:
    # Spawned, not forked: the same on every system, and no lock of a library's threads is copied.
    context = multiprocessing.get_context("spawn")
    waiting = iter(shards)
    crew: dict[Any, tuple[SpawnProcess, Connection]] = {}
    try:
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(job, theirs, os.getpid()), daemon=True)
            with _deaf_to_interrupts():
                process.start()
            theirs.close()
            crew[ours] = (process, ours)
            _send(ours, next(waiting, None))
        while crew:
            for connection in wait(list(crew)):
                process, ours = crew[connection]
                answer = _answer(process, ours)
                shard = next(waiting, None)
                _send(ours, shard)
                if shard is None:
                    del crew[connection]
                yield answer
    finally:
        for process, ours in crew.values():
            ours.close()
            process.terminate()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes begun here never see Ctrl-C, not even while they import: we stop them ourselves.

    A Ctrl-C that comes meanwhile is not lost, only told afterwards.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it later would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _send(connection: Connection, shard: int | None) -> None:
    """Give a worker its next shard; if it is dead, its silence tells so when it is asked."""
    with suppress(OSError):
        connection.send(shard)


def _answer(process: SpawnProcess, connection: Connection) -> ShardDone:
    try:
        answer = connection.recv()
    except (EOFError, OSError):
        process.join()
        code = process.exitcode
        why = f"was killed by signal {-code}" if code and code < 0 else f"ended with status {code}"
        raise OutputError(
            f"a worker process {why}; {_CURES.get(code or 0, 'see what it printed')}"
        ) from None
    if isinstance(answer, BaseException):
        raise answer
    assert isinstance(answer, ShardDone)
    return answer


def _serve(job: Job, connection: Connection, parent: int) -> None:
    """A worker: does the shards that it is sent until it is sent None, or is left alone."""
    stay_single_threaded()

    def go_on() -> bool:
        return os.getppid() == parent

    try:
        while (shard := connection.recv()) is not None:
            try:
                answer: ShardDone | TenfoldError | None = work_shard(job, shard, go_on)
            except TenfoldError as error:
                answer = OutputError(str(error))
            if answer is None:
                return
            connection.send(answer)
    except (EOFError, OSError, KeyboardInterrupt):
        return  # the parent is gone, or was interrupted: it says so itself
