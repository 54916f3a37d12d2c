"""What a run costs beside its outputs: beginning, shards, closing, workers, requests."""

from __future__ import annotations

import multiprocessing
import pickle
import resource
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time, sleep
from typing import Any

from benchmarks.scale.cases import COPIES, SMALL, core_seconds, job_of, pictures
from benchmarks.scale.costs import Requests
from tenfold.declare.presets import preset
from tenfold.engine.destination import prepare
from tenfold.engine.job import Job, check_targets
from tenfold.engine.local import LocalEngine, single_threaded
from tenfold.engine.manifest import MANIFEST, read_lines
from tenfold.engine.run import finish
from tenfold.engine.state import State
from tenfold.engine.work import work_shard
from tenfold.evaluate.tally import collect
from tenfold.places import Place, place_of, transfer
from tenfold.places.remote import Remote


def least(repeats: int, measure: Callable[[int], float]) -> float:
    """The least of some repeats; each is told its number."""
    return min(measure(number) for number in range(repeats))


def shard_seconds(folder: Path, to: str | None, repeats: int) -> float:
    """Core-seconds of a shard beside its outputs: the same outputs in many shards and in one."""
    count, recipe = 128, preset("natural")
    source = pictures(folder, SMALL, "jpg", count)

    def seconds(per_file: int, number: int) -> float:
        where = folder / f"shards-{to}-{per_file}-{number}"
        return count * core_seconds(job_of(source, where, recipe, to, per_file, copies=0))

    many, one = least(repeats, lambda n: seconds(1, n)), least(repeats, lambda n: seconds(count, n))
    return max(0.0, (many - one) / (count - 1))


def listing(folder: Path, counts: tuple[int, int]) -> tuple[float, float, float, float]:
    """Seconds and bytes of memory for an item that is listed, and for an output's name."""
    found = []
    for count in counts:
        source = folder / f"list-{count}"
        first = pictures(folder, SMALL, "jpg", 8)
        data = next(first.rglob("*.jpg"))
        for k in range(count):
            path = source / f"class{k % 100:03d}" / f"picture-{k:08d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.hardlink_to(data)

        def begin(source: Path = source) -> Job:
            job = job_of(source, folder / "nowhere", preset("natural"))
            job.identity()
            return job

        job = begin()
        found.append((*_spent(begin), *_spent(lambda job=job: check_targets(job))))
    (time, room, checked, names), (time2, room2, checked2, names2) = found
    items = counts[1] - counts[0]
    outputs = items * (COPIES + 1)
    return (
        (time2 - time) / items, (room2 - room) / items,
        (checked2 - checked) / outputs, (names2 - names) / outputs,
    )  # fmt: skip


def _spent(do: Callable[[], object]) -> tuple[float, float]:
    """Seconds, the least of three, and the peak of memory allocated by Python, bytes."""

    def timed(_: int) -> float:
        start = process_time()
        do()
        return process_time() - start

    seconds = least(2, timed)
    tracemalloc.start()
    do()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


def closing(folder: Path, items: int, repeats: int) -> tuple[float, float, float]:
    """Seconds to close, seconds for the report, bytes of mark: each for an output."""
    source = pictures(folder, SMALL, "jpg", items)
    job = job_of(source, folder / "closing", preset("natural"), per_file=32)
    core_seconds(job)
    state = State(job.destination, job.token)
    outputs = items * (COPIES + 1)

    def timed(do: Callable[[], object]) -> Callable[[int], float]:
        def once(_: int) -> float:
            start = process_time()
            do()
            return (process_time() - start) / outputs

        return once

    close = least(repeats, timed(lambda: finish(job, state)))
    report = least(repeats, timed(lambda: collect(read_lines(job.destination / MANIFEST))))
    return close, report, (job.destination / MANIFEST).stat().st_size / outputs


def workers(folder: Path, repeats: int) -> tuple[float, float]:
    """Core-seconds of a worker's start, and of the parent for a shard."""
    count, recipe = 256, preset("natural")
    source = pictures(folder, SMALL, "jpg", count)

    def run(number: int, per_file: int) -> tuple[float, float]:
        """Of the workers, and of the parent."""
        where = folder / f"workers-{number}-{per_file}"
        job = job_of(source, where, recipe, per_file=per_file, copies=1)
        prepare(job, "refuse", shared=False)
        own, children = process_time(), children_seconds()
        list(LocalEngine(2).run(job, range(job.shard_count)))
        while multiprocessing.active_children():  # time of children counts once they are reaped
            sleep(0.01)
        return children_seconds() - children, process_time() - own

    def alone(number: int) -> float:
        job = job_of(source, folder / f"alone-{number}", recipe, per_file=1, copies=1)
        return core_seconds(job) * 2 * count

    many = [run(number, 1) for number in range(repeats)]
    few = [run(number, count // 2) for number in range(repeats)]
    start = max(0.0, min(m[0] for m in many) - least(repeats, alone)) / 2
    parent = (min(m[1] for m in many) - min(f[1] for f in few)) / (count - 2)
    return start, max(0.0, parent)


def children_seconds() -> float:
    """Processor time of all children that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def requests(folder: Path, to: str | None) -> Requests:
    """Requests counted on a store in memory, with two sizes of shards to tell parts apart."""
    copies, count, recipe = 3, 32, preset("natural")
    local = pictures(folder, SMALL, "jpg", count)
    origin = place_of(f"memory://scale-in-{to}")
    for file in sorted(local.rglob("*.jpg")):
        (origin / file.relative_to(local).as_posix()).write_bytes(file.read_bytes())
    found: list[tuple[int, Counter[str], Counter[str]]] = []
    for per_file in (4, 16):
        where: Place = place_of(f"memory://scale-out-{to}-{per_file}")
        job = job_of(origin, where, recipe, to, per_file, copies)
        state = prepare(job, "refuse", shared=False)
        transfer._kept.clear()  # workers remember nothing of what the job's planning looked at
        with single_threaded(), _counted() as working:
            for shard in range(job.shard_count):
                work_shard(pickle.loads(pickle.dumps(job)), shard)  # as they get it: not listed
        with _counted() as ending:
            finish(job, state)
        found.append((job.shard_count, working, ending))
    (many, work, end), (few, work2, end2) = found
    outputs = count * (copies + 1)
    reads = (work["read"] - work2["read"]) / (many - few)
    writes = (work["write"] - work2["write"]) / (many - few)
    return Requests(
        reads_an_item=(work["read"] - reads * many) / count,
        writes_an_output=(work["write"] - writes * many) / outputs,
        reads_a_shard=reads,
        writes_a_shard=writes,
        closing_reads_a_shard=(end["read"] - end2["read"]) / (many - few),
    )


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Requests of a `Remote`, by kind."""
    seen: Counter[str] = Counter()
    kinds = {"_info": "read", "_read": "read", "write_bytes": "write", "create": "write"}
    before = {name: getattr(Remote, name) for name in kinds}

    def counting(name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            seen[kinds[name]] += 1
            return before[name](*args, **options)

        return call

    try:
        for name in kinds:
            setattr(Remote, name, counting(name))
        yield seen
    finally:
        for name, method in before.items():
            setattr(Remote, name, method)
