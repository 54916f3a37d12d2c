"""What Ray costs the driver for a shard: the engine's own loop with tasks that do nothing."""

from __future__ import annotations

from time import perf_counter, process_time
from typing import Any

_MANY = 3000


def ray_costs(repeats: int) -> tuple[float, float, float] | None:
    """Of a first task in a new worker, of a shard, and more of it for each other one in flight.

    Seconds: the first by the clock on the wall less what a second task takes, the others of the
    driver's processor time. None where Ray isn't installed.
    """
    try:
        import ray  # noqa: F401
    except ImportError:
        return None
    from tenfold.engine.ray import RayEngine

    with RayEngine("local", 2).connected() as engine:
        begun = perf_counter()
        _drive(1, 1)
        first = perf_counter() - begun
        begun = perf_counter()
        _drive(1, 1)
        first -= perf_counter() - begun
        engine.workers = None
        few = min(_drive(_MANY, 4) for _ in range(repeats))
        many = min(_drive(_MANY, _MANY) for _ in range(repeats))
    # With all begun at once, half of them are in flight on average.
    more = max(0.0, many - few) / (_MANY / 2 - 4)
    return first, max(few - 4 * more, 0.0), more


def _nothing(_parcel: list[Any], shard: int) -> int:
    import tenfold.engine.work  # noqa: F401

    return shard


def _drive(shards: int, room: int) -> float:
    """Processor time of the driver, a shard; as `RayEngine` does it."""
    import ray

    task = ray.remote(num_cpus=1, max_retries=0)(_nothing)
    parcel = ray.put(b"")
    start = process_time()
    waiting, flying = list(range(shards)), {}
    while waiting or flying:
        int(ray.cluster_resources().get("CPU", 0))
        for _ in range(min(len(waiting), room - len(flying))):
            shard = waiting.pop()
            flying[task.remote([parcel], shard)] = shard
        ready, _ = ray.wait(list(flying), timeout=5.0)
        for ref in ready:
            del flying[ref]
            ray.get(ref)
    return (process_time() - start) / shards
