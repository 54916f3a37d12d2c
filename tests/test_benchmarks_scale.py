"""The cost model and the simulation of large runs: against formulas, and against themselves."""

from __future__ import annotations

import dataclasses
import importlib
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import ROOT


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture
def scale() -> Any:
    """`Cluster`, `Work`, `calm` and `simulate` in one."""

    class Names:
        cluster: Any = importlib.import_module("benchmarks.scale.cluster")
        simulation: Any = importlib.import_module("benchmarks.scale.simulation")

        def work(self, shards: int, seconds: float, **more: float) -> Any:
            return self.cluster.Work(shards, seconds, **more)

        def calm(self, **settings: Any) -> Any:
            settings = {"store": False, **settings}
            return self.cluster.calm(self.cluster.Cluster(**settings))

        def wild(self, **settings: Any) -> Any:
            """Few nodes that fail often."""
            usual = {"nodes": 4, "cores": 3, "store": False, "mtbf": 60.0, "restart": 5.0}
            return self.cluster.Cluster(**{**usual, **settings})

        def ones(self, count: int) -> Any:
            return np.ones(count)

        def run(self, work: Any, cluster: Any) -> Any:
            return self.simulation.simulate(work, cluster)

    return Names()


@pytest.mark.parametrize("way", ["ray", "parts", "jobs"])
@pytest.mark.parametrize(("nodes", "cores", "shards"), [(1, 1, 5), (1, 4, 9), (3, 2, 18)])
def test_equal_shards_take_whole_rounds(
    scale: Any, way: str, nodes: int, cores: int, shards: int
) -> None:
    got = scale.run(
        scale.work(shards, 2.5, begin=6, close=3, worker_start=0.5),
        scale.calm(nodes=nodes, cores=cores, way=way),
    )
    serial = 9 / (nodes if way == "jobs" else 1)
    assert got.wall == pytest.approx(serial + 0.5 + 2.5 * math.ceil(shards / (nodes * cores)))
    assert got.commits == shards
    assert got.computed == pytest.approx(2.5 * shards)
    assert got.wall == pytest.approx(got.begin + got.steady + got.tail + got.close)


def test_each_resource_can_bound_a_run(scale: Any) -> None:
    shards, cores = 400, 8
    store = {"store": True, "nodes": 2, "cores": cores // 2, "latency": 0.0}
    plenty = {"node_rate": 1e12, "store_rate": 1e12, "read_rate": 1e12, "write_rate": 1e12}
    cases = {
        "cores": (scale.work(shards, 4.0), {}, shards * 4.0 / cores),
        "handing out shards": (scale.work(shards, 0.1, head=0.5), {}, shards * 0.5),
        "links of the nodes": (
            scale.work(shards, 0.1, bytes_in=30, bytes_out=70),
            {"node_rate": 100.0},
            shards / 2,
        ),
        "bandwidth of the store": (
            scale.work(shards, 0.1, bytes_in=30, bytes_out=70),
            {"store_rate": 100.0},
            shards,
        ),
        "requests to the store": (
            scale.work(shards, 0.1, writes=90),
            {"write_rate": 10.0, "prefixes": 3},
            shards * 3,
        ),
    }
    for name, (work, settings, seconds) in cases.items():
        got = scale.run(work, scale.calm(**{**store, **plenty, **settings}))
        assert got.bound == name
        assert got.wall == pytest.approx(seconds, rel=0.03), name
    assert scale.run(scale.work(9, 1.0, begin=50), scale.calm()).bound == "listing"
    assert scale.run(scale.work(9, 1.0, close=50), scale.calm()).bound == "closing"


def test_a_packed_file_goes_out_when_it_is_made(scale: Any) -> None:
    settings = {"nodes": 1, "cores": 1, "store": True, "latency": 0.5, "stream": 10.0}
    work = scale.work(3, 2.0, bytes_out=40.0, writes=2, at_end=True)
    got = scale.run(work, scale.calm(**settings))
    # first file, pixels, upload, its answer and the mark's
    assert got.wall == pytest.approx(3 * (0.5 + 2.0 + 4.0 + 2 * 0.5))
    loose = dataclasses.replace(work, at_end=False)
    assert scale.run(loose, scale.calm(**settings)).wall == pytest.approx(3 * (2.0 + 3 * 0.5))


def test_a_slow_node_gets_less_where_shards_are_handed_out(scale: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(scale.simulation, "node_slowness", lambda _: [1.0, 3.0])
    work = scale.work(400, 1.0)
    parts = scale.run(work, scale.calm(nodes=2, cores=1, way="parts"))
    shared = scale.run(work, scale.calm(nodes=2, cores=1, way="ray"))
    assert parts.wall == pytest.approx(200 * 3.0)
    assert shared.wall == pytest.approx(400 / (1 + 1 / 3), rel=0.01)


@pytest.mark.parametrize("way", ["ray", "parts", "jobs"])
def test_a_run_is_the_same_for_a_seed(scale: Any, way: str) -> None:
    work = scale.work(300, 2.0, begin=3, close=4, worker_start=1)
    first, again = (scale.run(work, scale.wild(way=way, seed=5)) for _ in range(2))
    assert first == again
    assert first != scale.run(work, scale.wild(way=way, seed=6))


@pytest.mark.parametrize("way", ["ray", "parts", "jobs"])
@pytest.mark.parametrize("seed", range(6))
def test_failures_only_cost_time_and_all_work_is_done_once(scale: Any, way: str, seed: int) -> None:
    work = scale.work(300, 2.0, begin=3, close=40, worker_start=1)
    equal = {"node_sigma": 0, "slow_share": 0, "shard_sigma": 0, "tail_share": 0}
    unhurt = scale.run(work, scale.wild(way=way, seed=seed, mtbf=math.inf, **equal))
    hurt = scale.run(work, scale.wild(way=way, seed=seed, **equal))
    assert hurt.failures > 0
    assert hurt.lost > 0
    assert hurt.deaths > 0
    assert hurt.wall > unhurt.wall
    assert hurt.commits == unhurt.commits == 300
    assert hurt.computed == pytest.approx(600)
    assert unhurt.failures == unhurt.deaths == unhurt.lost == 0


@pytest.mark.parametrize(("way", "back"), [("ray", 9 + 5 + 1), ("parts", 9 + 5 + 3 + 1)])
def test_a_failure_costs_its_shard_and_the_way_back(
    scale: Any, monkeypatch: pytest.MonkeyPatch, way: str, back: float
) -> None:
    class Stream:
        """The node fails at 9, and never again; nothing else does."""

        def __init__(self, kind: int, number: int) -> None:
            self.gaps = [9.0] if (kind, number) == (3, 0) else []

        def exponential(self, mean: float) -> float:
            return self.gaps.pop() if self.gaps else math.inf

    equal = scale.calm(nodes=1, cores=1, way=way)
    cluster = dataclasses.replace(equal, mtbf=100.0, restart=5.0)
    monkeypatch.setattr(scale.simulation, "node_slowness", lambda _: [1.0])
    monkeypatch.setattr(scale.simulation, "shard_factors", lambda _, n: scale.ones(n))
    monkeypatch.setattr(scale.simulation, "_stream", lambda _, kind, n: Stream(kind, n))
    got = scale.run(scale.work(5, 2.0, begin=3, close=7, worker_start=1), cluster)
    # from 4 on; two shards are done and the third is under way when it fails
    assert got.wall == pytest.approx(back + 3 * 2.0 + 7)
    assert got.lost == pytest.approx(1.0)
    assert (got.failures, got.deaths, got.commits) == (1, 1, 5)


def test_shards_differ_about_their_mean(scale: Any) -> None:
    cluster = scale.cluster.Cluster(shard_sigma=0.3, tail_share=0)
    factors = scale.simulation.shard_factors(cluster, 200_000)
    assert factors.mean() == pytest.approx(1, abs=0.005)
    tailed = dataclasses.replace(cluster, tail_share=0.01)
    longer = scale.simulation.shard_factors(tailed, 200_000)
    assert (longer > factors).mean() == pytest.approx(0.01, abs=0.002)
    assert (longer >= factors).all()


def test_what_was_measured_is_read_back(tmp_path: Path) -> None:
    costs = importlib.import_module("benchmarks.scale.costs")
    found = costs.Costs.read()
    (tmp_path / "costs.json").write_text(found.written())
    assert costs.Costs.read(tmp_path / "costs.json") == found
    natural = found.case("natural", "jpg", None, "640x480")
    assert 0 < natural.seconds < 1
    assert sum(natural.stages.values()) < 3 * natural.seconds


def test_work_adds_up(scale: Any) -> None:
    work_of = importlib.import_module("benchmarks.scale.work").work_of
    costs = importlib.import_module("benchmarks.scale.costs").Costs.read()
    case = costs.case("natural", "jpg", "webdataset", "640x480")
    disk = work_of(costs, case, scale.cluster.Cluster(store=False), 6400, 64)
    assert disk.shards == 100
    assert disk.seconds == pytest.approx(640 * case.seconds + costs.shard["webdataset"])
    assert disk.close == pytest.approx(64_000 * (costs.closing + costs.report))
    store = work_of(costs, case, scale.cluster.Cluster(), 6400, 64)
    assert store.seconds >= disk.seconds
    assert store.close > disk.close
    assert store.writes == pytest.approx(costs.requests["webdataset"].writes_a_shard)


def test_the_section_is_written_from_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks.scale", "simulate", "--quick"])
    importlib.import_module("benchmarks.scale.__main__").main()
    told = capsys.readouterr().out
    assert "800 jobs, tar" in told
    assert "each node fails once a day" in told
    assert told.count("| natural |") >= 4
