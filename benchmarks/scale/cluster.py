"""What a run runs on, what it has to do, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

DAY = 86400.0

Way = Literal["ray", "parts", "jobs"]
"""One job on a Ray cluster; one job in parts (`--shard I/N`), one for each node; or each node has
jobs of its own, each with a piece of the source, and a dataset of its own."""


@dataclass(frozen=True)
class Cluster:
    """Machines and a store. Everything random is drawn by key: see `simulate`.

    Attributes:
        nodes, cores: machines, and workers on each.
        way: how the work gets to them.
        jobs_a_node: with the way "jobs": they list and close side by side. That each has only its
            share of the node's workers isn't simulated: they work as one.
        store: source and destination are in an object store; else they cost no time at all.
        node_rate, store_rate: bytes a second of one node's network, and of the store in all.
        read_rate, write_rate: requests a second that the store takes for a prefix.
        prefixes: over which the store has spread the files.
        latency: seconds of a request.
        stream: bytes a second of one upload.
        mtbf: seconds from one failure of a node to the next, on average (exponential).
        restart: seconds until it is back.
        node_sigma: of the logarithm of nodes' slowness.
        slow_share, slow_factor: so many nodes need so many times as long.
        shard_sigma: of the logarithm of shards' durations (their mean stays).
        tail_share, tail_alpha, tail_most: so many shards take longer by a Pareto factor with
            this exponent, and no more than this (a link that hangs is given up some time).
        seed: of all that is random.
    """

    nodes: int = 100
    cores: int = 32
    way: Way = "ray"
    jobs_a_node: int = 1
    store: bool = True
    node_rate: float = 2.5e9
    store_rate: float = 100e9
    read_rate: float = 5500
    write_rate: float = 3500
    prefixes: int = 16
    latency: float = 0.03
    stream: float = 90e6
    mtbf: float = 30 * DAY
    restart: float = 600
    node_sigma: float = 0.05
    slow_share: float = 0.02
    slow_factor: float = 2.0
    shard_sigma: float = 0.2
    tail_share: float = 1e-4
    tail_alpha: float = 1.5
    tail_most: float = 100.0
    seed: int = 0


def calm(cluster: Cluster) -> Cluster:
    """The same machines, all alike, without failures."""
    from dataclasses import replace

    return replace(cluster, mtbf=math.inf, node_sigma=0, slow_share=0, shard_sigma=0, tail_share=0)


def datasets(cluster: Cluster) -> int:
    """How many datasets a run makes, each listed and closed by a process of its own."""
    return cluster.nodes * cluster.jobs_a_node if cluster.way == "jobs" else 1


@dataclass(frozen=True)
class Work:
    """A run's work. All but `begin` and `close` is for one shard.

    Attributes:
        shards: of all jobs together.
        seconds: of a core.
        bytes_in, bytes_out: from and to the store.
        reads, writes: requests.
        at_end: what is written goes out when all is made (tar, Parquet), not meanwhile.
        head, head_in_flight: seconds of the process that hands out shards; more of it for each
            shard that is in flight.
        begin: seconds until a job can begin: listing, checking.
        close: seconds in which one process puts a job's dataset together.
        worker_start: seconds.
    """

    shards: int
    seconds: float
    bytes_in: float = 0
    bytes_out: float = 0
    reads: float = 0
    writes: float = 0
    at_end: bool = False
    head: float = 0
    head_in_flight: float = 0
    begin: float = 0
    close: float = 0
    worker_start: float = 0


@dataclass(frozen=True)
class Outcome:
    """What a run took; seconds.

    Attributes:
        wall: all in all.
        begin, steady, tail, close: of that: until the first shard began; until no shard was left
            to begin (with many jobs or parts, in the median one); until the last of all was done;
            until its dataset was closed.
        computed: core-seconds of the shards that were committed.
        lost: core-seconds of those that a failure took away.
        commits: shards committed.
        failures: of nodes and of Ray's head.
        deaths: most failures that one shard met; at 4 the engine gives up.
        load: resource -> share of the time in which it was busy, until no shard was left.
    """

    wall: float
    begin: float
    steady: float
    tail: float
    close: float
    computed: float
    lost: float
    commits: int
    failures: int
    deaths: int
    load: Mapping[str, float]

    def efficiency(self, cores: int) -> float:
        """Share of all cores' time that went into shards which were committed."""
        return self.computed / (cores * self.wall)

    @property
    def bound(self) -> str:
        """What took most of the time."""
        parts = {
            "listing": self.begin, "steady": self.steady, "stragglers": self.tail,
            "closing": self.close,
        }  # fmt: skip
        longest = max(parts, key=lambda part: parts[part])
        return longest if longest != "steady" else max(self.load, key=lambda name: self.load[name])
