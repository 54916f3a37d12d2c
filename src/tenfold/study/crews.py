"""Who works a study off: processes of this machine, or tasks of a Ray cluster.

Both only return records; they are written by the process that asked.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

from tenfold.engine.local import stay_single_threaded
from tenfold.engine.ray import RayEngine
from tenfold.errors import OutputError, TenfoldError
from tenfold.study.design import Design
from tenfold.study.records import Record, Run
from tenfold.study.splits import StudyData
from tenfold.study.trials import Trials


class Crew(Protocol):
    """Works off blocks of runs, several at once, each on one thread.

    Attributes:
        size: blocks that may be under way.
    """

    size: int

    def begin(self, block: Sequence[Run], ends: float | None) -> None:
        """Have a block done; of its runs none is begun after `ends` (`time.monotonic`)."""

    def finished(self) -> list[Record]:
        """The records of a block that was begun; waits for one."""


@contextmanager
def processes(data: StudyData, design: Design, workers: int) -> Iterator[Crew]:
    """So many processes of this machine."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers, context, initializer=_begin, initargs=(data, design)
    ) as pool:  # fmt: skip
        yield _Processes(pool, workers)


@contextmanager
def cluster(data: StudyData, design: Design, engine: RayEngine) -> Iterator[Crew]:
    """The CPUs of a Ray cluster; the data are sent to it, models that arms name are not.

    Raises:
        MissingExtraError: Ray isn't installed.
        RequestError: there is no such cluster.
    """
    with engine.connected():
        yield _Tasks(data, design, engine.workers)


class _Processes:
    def __init__(self, pool: ProcessPoolExecutor, size: int) -> None:
        self.size = size
        self._pool = pool
        self._under_way: set[Future[list[Record]]] = set()

    def begin(self, block: Sequence[Run], ends: float | None) -> None:
        self._under_way.add(self._pool.submit(_do_here, block, ends))

    def finished(self) -> list[Record]:
        done = next(iter(wait(self._under_way, return_when=FIRST_COMPLETED).done))
        self._under_way.remove(done)
        return done.result()


class _Tasks:
    def __init__(self, data: StudyData, design: Design, workers: int | None) -> None:
        import ray

        self._ray: Any = ray
        self.size = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._task = self._ray.remote(num_cpus=1)(_do_there)
        self._parcel = self._ray.put((data, design))
        self._under_way: list[Any] = []

    def begin(self, block: Sequence[Run], ends: float | None) -> None:
        left = None if ends is None else ends - time.monotonic()  # each node has its own clock
        # In a list, so that Ray hands over the reference and not what it refers to.
        self._under_way.append(self._task.remote([self._parcel], block, left))

    def finished(self) -> list[Record]:
        (done, *_), self._under_way = self._ray.wait(self._under_way)
        try:
            records: list[Record] = self._ray.get(done)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, TenfoldError):
                raise error.cause from None
            raise OutputError(f"a task failed on the Ray cluster: {error.cause!r}") from error
        except self._ray.exceptions.RayError as error:
            raise OutputError(f"the Ray cluster failed: {error}") from error
        return records


# What follows runs in the workers.

_worker: list[Trials] = []


def _begin(data: StudyData, design: Design) -> None:
    """In a worker process, which does nothing else in its life."""
    _alone()
    _worker.append(Trials(data, design))


def _do_here(block: Sequence[Run], ends: float | None) -> list[Record]:
    return _done(_worker[0], block, ends)


def _do_there(parcel: list[Any], block: Sequence[Run], left: float | None) -> list[Record]:
    return _done(_trials(parcel[0]), block, None if left is None else time.monotonic() + left)


@lru_cache(maxsize=1)
def _trials(parcel: Any) -> Trials:
    """Kept, as a worker does many blocks."""
    import ray

    _alone()
    return Trials(*ray.get(parcel))


def _alone() -> None:
    stay_single_threaded()
    try:
        import torch  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        pass
    else:
        torch.set_num_threads(1)


def _done(trials: Trials, block: Sequence[Run], ends: float | None) -> list[Record]:
    """The records of a block's runs; none is begun after `ends`."""
    return [trials.do(run) for run in block if ends is None or time.monotonic() < ends]
