"""A run as events: shards begun, made and committed, nodes that fail and come back.

Links, the store and the process that hands out shards are queues, served in order. A core does
a shard at a time. Which numbers are random is fixed by key (seed, and which node or shard), so that
runs which differ in one setting meet the same slow nodes, slow shards and failures.
"""

from __future__ import annotations

import heapq
import math
import statistics
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale.cluster import Cluster, Outcome, Work, datasets

WINDOW = 16
"""Files under way at a time in a worker, as `tenfold.places.transfer` has it."""
_MADE, _COMMIT, _FAIL, _BACK = range(4)
_HEAD = -1


class Queue:
    """Serves one after the other; a rate of infinity costs nothing."""

    def __init__(self, rate: float) -> None:
        self.rate, self.free, self.busy = rate, 0.0, 0.0

    def take(self, now: float, amount: float) -> float:
        """When so much more is served that is asked for now."""
        spent = amount / self.rate
        self.free = (self.free if self.free > now else now) + spent
        self.busy += spent
        return self.free


class _Job:
    """Shards that are handed out by one process."""

    def __init__(self, shards: range, nodes: list[int]) -> None:
        self.shards, self.nodes = shards, nodes
        self.next = 0
        self.returned: list[int] = []
        self.done = 0
        self.head = Queue(1.0)
        self.idle: list[int] = []
        self.drained = self.ended = self.began = 0.0

    def pop(self) -> int | None:
        if self.returned:
            return self.returned.pop()
        if self.next == len(self.shards):
            return None
        self.next += 1
        return self.shards[self.next - 1]

    @property
    def left(self) -> int:
        return len(self.shards) - self.done


def simulate(work: Work, cluster: Cluster) -> Outcome:
    """Run `work` on `cluster`."""
    return _Run(work, cluster).outcome()


class _Run:
    def __init__(self, work: Work, cluster: Cluster) -> None:
        self.work, self.cluster = work, cluster
        nodes = cluster.nodes
        self.slow = node_slowness(cluster)
        self.factors = shard_factors(cluster, work.shards).tolist()
        shared = cluster.way == "ray"
        self.jobs = (
            [_Job(range(work.shards), list(range(nodes)))]
            if shared
            else [_Job(range(n, work.shards, nodes), [n]) for n in range(nodes)]
        )
        self.job_of = [self.jobs[0 if shared else n] for n in range(nodes)]
        # A part lists all, as it is one job's; a job of its own lists its piece.
        self.begin = work.begin / datasets(cluster)
        rate = cluster.node_rate if cluster.store else math.inf
        self.links = [Queue(rate) for _ in range(nodes)]
        self.store = Queue(cluster.store_rate if cluster.store else math.inf)
        self.reads = Queue(cluster.read_rate * cluster.prefixes if cluster.store else math.inf)
        self.writes = Queue(cluster.write_rate * cluster.prefixes if cluster.store else math.inf)
        self.latency = cluster.latency if cluster.store else 0.0
        self.epochs = [0] * nodes
        self.running: list[dict[int, float]] = [{} for _ in range(nodes)]
        self.failing = [_stream(cluster.seed, 3, n) for n in range(nodes + 1)]  # the last: the head
        self.events: list[tuple[float, int, int, int, int, int]] = []
        self.pushed = 0
        self.open = sum(1 for job in self.jobs if len(job.shards))
        self.computed = self.lost = 0.0
        self.failures = 0
        self.deaths: Counter[int] = Counter()

    def _push(self, at: float, kind: int, node: int, epoch: int = 0, shard: int = 0) -> None:
        self.pushed += 1
        heapq.heappush(self.events, (at, self.pushed, kind, node, epoch, shard))

    def outcome(self) -> Outcome:
        """Work off all events."""
        for node in range(self.cluster.nodes):
            self._push(self.begin + self.work.worker_start, _BACK, node)
            self._push_failure(node, 0.0)
        if self.cluster.way == "ray":
            self._push_failure(_HEAD, 0.0)
        while self.open:
            now, _, kind, node, epoch, shard = heapq.heappop(self.events)
            if kind == _FAIL:
                self._fail(now, node)
            elif epoch != self.epochs[node]:
                continue
            elif kind == _BACK:
                for _ in range(self.cluster.cores):
                    self._begin_shard(now, node)
            elif kind == _MADE:
                self._push(self._sent(now, node), _COMMIT, node, epoch, shard)
            else:
                self._commit(now, node, shard)
        return self._told()

    def _begin_shard(self, now: float, node: int) -> None:
        work, job = self.work, self.job_of[node]
        shard = job.pop()
        if shard is None:
            job.idle.append(node)
            return
        job.drained = now
        flying = min(job.left, 2 * self.cluster.cores * len(job.nodes))
        now = job.head.take(now, work.head + work.head_in_flight * flying)
        self.running[node][shard] = now
        ready = now + work.seconds * self.slow[node] * self.factors[shard]
        if self.cluster.store:
            moved = work.bytes_in + (0 if work.at_end else work.bytes_out)
            asked = work.reads + (0 if work.at_end else work.writes)
            ready = max(
                ready, now + asked * self.latency / WINDOW, self.links[node].take(now, moved),
                self.store.take(now, moved), self.reads.take(now, work.reads),
            )  # fmt: skip
            if not work.at_end:
                ready = max(ready, self.writes.take(now, work.writes))
            ready += self.latency  # of the first file
            if not work.at_end:
                ready += 2 * self.latency  # of the last file, and of the mark
        kind = _MADE if work.at_end and self.cluster.store else _COMMIT
        self._push(ready, kind, node, self.epochs[node], shard)

    def _sent(self, now: float, node: int) -> float:
        """When a file of many samples, and then its mark, are in the store."""
        work = self.work
        sent = max(
            now + work.bytes_out / self.cluster.stream, self.links[node].take(now, work.bytes_out),
            self.store.take(now, work.bytes_out), self.writes.take(now, work.writes),
        )  # fmt: skip
        return sent + 2 * self.latency

    def _commit(self, now: float, node: int, shard: int) -> None:
        job = self.job_of[node]
        del self.running[node][shard]
        self.computed += self.work.seconds * self.slow[node] * self.factors[shard]
        job.done += 1
        if job.done == len(job.shards):
            job.ended = now
            self.open -= 1
        else:
            self._begin_shard(now, node)

    def _push_failure(self, node: int, now: float) -> None:
        if self.cluster.mtbf < math.inf:
            gap = self.failing[node].exponential(self.cluster.mtbf)
            self._push(now + float(gap), _FAIL, node)

    def _fail(self, now: float, node: int) -> None:
        self._push_failure(node, now)
        job = self.jobs[0] if node == _HEAD else self.job_of[node]
        if not job.left:
            return
        self.failures += 1
        # A node of Ray's comes back into the run; any other, and Ray's head, begin again.
        alone = self.cluster.way == "ray" and node != _HEAD
        back = now + self.cluster.restart + (0 if alone else self.begin) + self.work.worker_start
        for lost in job.nodes if node == _HEAD else [node]:
            self._take_away(now, lost, max(back, self.begin))
        # Cores that had nothing to do take what came back.
        waiting, job.idle = job.idle, []
        for other in waiting:
            self._begin_shard(now, other)

    def _take_away(self, now: float, node: int, back: float) -> None:
        job = self.job_of[node]
        self.epochs[node] += 1
        job.idle = [n for n in job.idle if n != node]
        for shard, began in self.running[node].items():
            self.lost += max(0.0, now - began)
            self.deaths[shard] += 1
            job.returned.append(shard)
        self.running[node].clear()
        self._push(back, _BACK, node, self.epochs[node])

    def _told(self) -> Outcome:
        job = max((j for j in self.jobs if len(j.shards)), key=lambda j: j.ended)
        # Parts are put together by one of them.
        close = self.work.close / datasets(self.cluster)
        close += self._again(close)
        drained = statistics.median(j.drained for j in self.jobs if len(j.shards))
        span = max(max(j.drained for j in self.jobs) - self.begin, 1e-12)
        cores = self.cluster.nodes * self.cluster.cores
        load = {
            "cores": self.computed / cores / max(job.ended - self.begin, 1e-12),
            "links of the nodes": max(link.busy for link in self.links) / span,
            "bandwidth of the store": self.store.busy / span,
            "requests to the store": max(self.reads.busy, self.writes.busy) / span,
            "handing out shards": max(j.head.busy for j in self.jobs) / span,
        }
        return Outcome(
            wall=job.ended + close, begin=self.begin,
            steady=drained - self.begin, tail=job.ended - drained,
            close=close, computed=self.computed, lost=self.lost,
            commits=sum(j.done for j in self.jobs), failures=self.failures,
            deaths=max(self.deaths.values(), default=0), load=load,
        )  # fmt: skip

    def _again(self, close: float) -> float:
        """Time lost by failures of the machine that closes: it lists again, and begins anew."""
        lost, random = 0.0, _stream(self.cluster.seed, 4, 0)
        if self.cluster.mtbf < math.inf:
            while (until := float(random.exponential(self.cluster.mtbf))) < close:
                lost += until + self.cluster.restart + self.begin
        return lost


def _stream(seed: int, kind: int, number: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, (kind << 40) + number]))


def node_slowness(cluster: Cluster) -> list[float]:
    """For each node, how many times as long it needs."""
    slow = []
    for node in range(cluster.nodes):
        random = _stream(cluster.seed, 1, node)
        factor = math.exp(cluster.node_sigma * random.standard_normal())
        slow.append(factor * (cluster.slow_factor if random.random() < cluster.slow_share else 1.0))
    return slow


def shard_factors(cluster: Cluster, shards: int) -> NDArray[np.float64]:
    """For each shard, by how much it takes longer than the mean: lognormal, with a Pareto tail."""
    random = _stream(cluster.seed, 2, 0)
    sigma = cluster.shard_sigma
    factors = np.exp(sigma * random.standard_normal(shards) - sigma * sigma / 2)
    hit = random.random(shards) < cluster.tail_share
    longer = 1 + random.pareto(cluster.tail_alpha, int(hit.sum()))
    factors[hit] *= np.minimum(longer, cluster.tail_most)
    return factors
