"""From what was measured to what a run has to do."""

from __future__ import annotations

from benchmarks.scale.cases import COPIES
from benchmarks.scale.cluster import Cluster, Work
from benchmarks.scale.costs import Case, Costs, RealRun
from benchmarks.scale.simulation import WINDOW

OUTPUTS_AN_ITEM = COPIES + 1
_PAGE = 1000
"""Files that a store tells in answer to one request."""


def work_of(costs: Costs, case: Case, cluster: Cluster, items: float, per_shard: int) -> Work:
    """What `items` of this case are, cut into shards of so many."""
    store = cluster.store
    layout = "webdataset" if case.to else "files"
    asked = costs.requests[layout]
    made, outputs = per_shard * OUTPUTS_AN_ITEM, items * OUTPUTS_AN_ITEM
    shards = max(1, -(-int(items) // per_shard))
    reads = asked.reads_an_item * per_shard + asked.reads_a_shard
    writes = asked.writes_an_output * made + asked.writes_a_shard
    request = costs.request or 0.0
    begin = costs.command + items * costs.list_item + outputs * costs.check_output
    close = outputs * (costs.closing + costs.report)
    if store:
        begin += items / _PAGE * cluster.latency
        close += shards * asked.closing_reads_a_shard * (cluster.latency + request)
        # A mark is asked for twice whenever it is read; then the manifest goes there and back.
        passes = asked.closing_reads_a_shard / 2 + 2
        close += passes * outputs * costs.mark_bytes / cluster.stream
        close += shards * cluster.latency / WINDOW  # the marks are deleted
    ray = cluster.way == "ray" and costs.ray_shard is not None
    return Work(
        shards=shards,
        seconds=made * case.seconds + costs.shard[layout] + (reads + writes) * request * store,
        bytes_in=per_shard * case.bytes_in,
        bytes_out=made * (case.bytes_out + costs.mark_bytes),
        reads=reads,
        writes=writes,
        at_end=case.to is not None,
        head=(costs.ray_shard if ray else costs.parent_shard) or 0.0,
        head_in_flight=(costs.ray_in_flight or 0.0) if ray else 0.0,
        begin=begin,
        close=close,
        worker_start=costs.worker_start,
    )  # fmt: skip


def foretold(costs: Costs, run: RealRun) -> tuple[float, Work, Cluster]:
    """A real run's core-seconds, and what to simulate for its wall time."""
    case = costs.case(run.recipe, "jpg", run.to, "640x480")
    from benchmarks.scale.cluster import calm

    machine = calm(Cluster(nodes=1, cores=run.workers, way="parts", store=False))
    work = work_of(costs, case, machine, run.items, -(-run.items // run.shards))
    if run.workers == 1:  # which works in the command's own process
        from dataclasses import replace

        work = replace(work, worker_start=0.0, head=0.0)
    started = run.workers * work.worker_start
    core = work.begin + work.close + started + run.outputs * case.seconds
    layout = "webdataset" if run.to else "files"
    return core + run.shards * costs.shard[layout], work, machine


def memory(costs: Costs, items: float) -> float:
    """Bytes that a job of so many items needs at its beginning."""
    return items * costs.list_bytes + items * OUTPUTS_AN_ITEM * costs.check_bytes
