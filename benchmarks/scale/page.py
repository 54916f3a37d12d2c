"""The section of docs/scale.md: what was measured, and what the simulation says."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from benchmarks.page import number
from benchmarks.scale.cluster import DAY, Cluster, Outcome, Way, calm
from benchmarks.scale.costs import Case, Costs
from benchmarks.scale.simulation import simulate
from benchmarks.scale.work import OUTPUTS_AN_ITEM, foretold, memory, work_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "scale.md"
TITLE = "What it costs, and a thousand million outputs"
PHOTO = "640x480"
PER_FILE = 320
JOBS = 8


def section(costs: Costs, outputs: float) -> str:
    """Markdown, without the title."""
    items = outputs / OUTPUTS_AN_ITEM
    parts = [
        "Written by `make bench-scale`: `python -m benchmarks.scale measure` measures one machine "
        "and writes [costs.json](../benchmarks/scale/costs.json), `python -m benchmarks.scale "
        "simulate` reads that, simulates and writes this section. Nothing here is edited by hand.",
        "### An output",
        _conditions(costs),
        _cases(costs),
        "### Everything else",
        _overheads(costs),
        "### Foretold and real",
        _real(costs),
        f"### {outputs:,.0f} outputs, simulated",
        *_simulated(costs, items),
    ]
    return "\n\n".join(parts)


def _conditions(costs: Costs) -> str:
    spread = max(case.spread for case in costs.cases)
    return (
        f"Processor time (user and system) of one core of {costs.processor}; the least of some "
        f"repeats, whose median is up to {spread:.0%} above. Made-up photographs; each has itself "
        "and nine copies written (JPEG quality 95; PNG as tenfold writes it). *All*: a whole job's "
        "shards by outputs. The stages are measured alone, for a copy."
    )


def _cases(costs: Costs) -> str:
    lines = [
        "| recipe | pictures | written | all, ms | decode | augment | encode | write, hash | kB | "
        "outputs a core-hour | core-hours for 10⁹ | TB for 10⁹ |",
        f"| --- | --- | --- |{' ---: |' * 9}",
    ]
    for case in costs.cases:
        stages = [f"{1e3 * case.stages[s]:.3f}" for s in ("decode", "augment", "encode", "write")]
        lines.append(
            f"| {case.recipe} | {case.size} {_FORMATS[case.format]} | {_LAYOUTS[case.to]} | "
            f"{1e3 * case.seconds:.2f} | {' | '.join(stages)} | {case.bytes_out / 1e3:.1f} | "
            f"{number(3600 / case.seconds)} | {number(1e9 * case.seconds / 3600)} | "
            f"{number(case.bytes_out / 1e3)} |"
        )
    return "\n".join(lines)


_FORMATS = {"jpg": "JPEG", "png": "PNG"}
_LAYOUTS = {None: "files", "webdataset": "tar", "parquet": "Parquet"}


def _overheads(costs: Costs) -> str:
    requests = costs.requests
    rows = [
        ("the command: imports, planning, the report's examples", f"{costs.command:.2f} s"),
        ("a worker's start", f"{costs.worker_start:.2f} s"),
        ("to list and check, an item", f"{1e6 * costs.list_item:.0f} µs, "
         f"{costs.list_bytes:.0f} bytes of memory"),
        ("to check names, an output", f"{1e6 * costs.check_output:.1f} µs, "
         f"{costs.check_bytes:.0f} bytes of memory"),
        ("a shard, in the worker (files; tar)", f"{1e3 * costs.shard['files']:.2f}; "
         f"{1e3 * costs.shard['webdataset']:.2f} ms"),
        ("a shard, in the parent of `--workers`", f"{1e3 * costs.parent_shard:.2f} ms"),
        ("closing, an output: marks joined, manifest written", f"{1e6 * costs.closing:.0f} µs"),
        ("the report, an output", f"{1e6 * costs.report:.0f} µs"),
        ("a line of a mark, and of the manifest, an output", f"{costs.mark_bytes:.0f} bytes"),
    ]  # fmt: skip
    if costs.ray_start is not None and costs.ray_shard is not None:
        more = (costs.ray_in_flight or 0.0) * 1000
        rows += [
            ("Ray: a task in a new worker", f"{costs.ray_start:.2f} s by the clock"),
            ("Ray: a shard, in the driver", f"{1e3 * costs.ray_shard:.2f} ms, and "
             f"{1e3 * more:.2f} ms for each 1,000 in flight"),
        ]  # fmt: skip
    if costs.request is not None:
        rows.append(
            ("S3: a request of 70 kB, in the worker (s3fs)", f"{1e3 * costs.request:.2f} ms")
        )
    files, tar = requests["files"], requests["webdataset"]
    rows += [
        ("requests to a store: an item read", f"{files.reads_an_item:.0f}"),
        ("requests to a store: an output written (files; tar)",
         f"{files.writes_an_output:.0f}; {tar.writes_an_output:.0f}"),
        ("requests to a store: a shard (files; tar)",
         f"{files.writes_a_shard:.0f}; {tar.writes_a_shard:.0f}"),
        ("requests to a store: closing, a shard, one after the other",
         f"{files.closing_reads_a_shard:.0f}"),
    ]  # fmt: skip
    return "\n".join(["| | |", "| --- | ---: |", *(f"| {a} | {b} |" for a, b in rows)])


def _real(costs: Costs) -> str:
    lines = [
        "`tenfold augment` on photographs of 640x480 with `natural`, whole, in turns; the model is "
        "given nothing of these runs. *Others*: cores that other programs kept busy meanwhile; "
        "seconds by the clock can only agree where those and the workers had cores enough.",
        "",
        "| written | workers | outputs | core-seconds | foretold | | seconds | foretold | | "
        "others |",
        f"| --- |{' ---: |' * 9}",
    ]
    for run in costs.runs:
        core, work, machine = foretold(costs, run)
        wall = simulate(work, machine).wall
        lines.append(
            f"| {_LAYOUTS[run.to]} | {run.workers} | {run.outputs} | {run.core_seconds:.2f} | "
            f"{core:.2f} | {core / run.core_seconds - 1:+.0%} | {run.wall:.2f} | {wall:.2f} | "
            f"{wall / run.wall - 1:+.0%} | {run.others:.1f} |"
        )
    return "\n".join(lines)


def _simulated(costs: Costs, items: float) -> list[str]:
    """The main table, what follows from it, and the sensitivities."""
    base = Cluster()
    files = costs.case("natural", "jpg", None, PHOTO)
    tar = costs.case("natural", "jpg", "webdataset", PHOTO)

    def run(way: Way, case: Case, per_file: int, jobs: int = 1) -> Outcome:
        cluster = replace(base, way=way, jobs_a_node=jobs)
        return simulate(work_of(costs, case, cluster, items, per_file), cluster)

    rows = {
        "one job, Ray, files": run("ray", files, 32),
        "one job, Ray, tar, 32 samples a file": run("ray", tar, 32),
        f"one job, Ray, tar, {PER_FILE}": run("ray", tar, PER_FILE),
        f"one job in {base.nodes} parts, tar, {PER_FILE}": run("parts", tar, PER_FILE),
        f"{base.nodes} jobs, tar, {PER_FILE}": run("jobs", tar, PER_FILE),
        f"{base.nodes * JOBS} jobs, files": run("jobs", files, 32, JOBS),
        f"{base.nodes * JOBS} jobs, tar, {PER_FILE}": (best := run("jobs", tar, PER_FILE, JOBS)),
    }
    return [
        _assumed(base, items),
        _table(rows, base.nodes * base.cores),
        _reading(costs, items, rows, base, best),
        "#### What changes it",
        f"From the last row ({JOBS} jobs a node, tar, {PER_FILE} samples a file), one thing "
        "changed at a time. *Slower*: by that row.",
        _sensitivity(costs, items, base, best),
    ]


def _assumed(base: Cluster, items: float) -> str:
    return (
        f"{items:,.0f} photographs of 640x480, nine copies each by `natural`; "
        f"{base.nodes} nodes of {base.cores} cores like the one measured, source and destination "
        f"in an object store. Assumed, not measured: {base.node_rate / 1e9:.1f} GB/s a node and "
        f"{base.store_rate / 1e9:.0f} GB/s in all, {base.read_rate:,.0f} reads and "
        f"{base.write_rate:,.0f} writes a second for each of {base.prefixes} prefixes (S3 states "
        f"these two), {1e3 * base.latency:.0f} ms a request, {base.stream / 1e6:.0f} MB/s an "
        f"upload, a failure of each node every {base.mtbf / DAY:.0f} days and "
        f"{base.restart / 60:.0f} minutes until it is back, {base.slow_share:.0%} of the nodes "
        f"{base.slow_factor:.0f} times slower, shards that differ by {base.shard_sigma:.0%}, "
        f"one of {1 / base.tail_share:,.0f} up to {base.tail_most:.0f} times longer (Pareto, "
        f"{base.tail_alpha}). The shards are handed out, begun again after a failure and joined "
        "as the engine does it ([simulation.py](../benchmarks/scale/simulation.py)); "
        "everything drawn is drawn by key."
    )


def _table(rows: dict[str, Outcome], cores: int) -> str:
    lines = [
        "| | listing | work | stragglers | closing | **all** | cores at work | failures | "
        "core-hours lost | what bounds it |",
        f"| --- |{' ---: |' * 8} --- |",
    ]
    for name, o in rows.items():
        lines.append(
            f"| {name} | {_time(o.begin)} | {_time(o.steady)} | {_time(o.tail)} | {_time(o.close)} "
            f"| **{_time(o.wall)}** | {o.efficiency(cores):.1%} | {o.failures} | "
            f"{o.lost / 3600:.2f} | {o.bound} |"
        )
    return "\n".join(lines)


def _reading(
    costs: Costs, items: float, rows: dict[str, Outcome], base: Cluster, best: Outcome
) -> str:
    """What the table says of tenfold, and the advice."""
    names = list(rows)
    small, tar32, tar = (rows[name] for name in names[:3])
    room = memory(costs, items)
    made = costs.case("natural", "jpg", "webdataset", PHOTO)
    tiny = costs.case("natural", "jpg", "webdataset", "32x32")
    asked = costs.requests["files"]
    asking = asked.reads_an_item / OUTPUTS_AN_ITEM + asked.writes_an_output
    asking *= costs.request or 0.0
    closing = costs.closing + costs.report
    lines = [
        "- **One job doesn't go so far.** Its list is made, its names are checked and its "
        f"manifest is joined by one process: {_time(tar.begin)} before the first shard, "
        f"{_time(tar.close)} after the last, {_time(tar.steady + tar.tail)} of work between. "
        f"The list and the check need some {room / 1e9:.0f} GB of memory (from "
        "what some thousands of items need), the manifest has "
        f"{items * OUTPUTS_AN_ITEM * costs.mark_bytes / 1e12:.2f} TB. Parts (`--shard I/N`) list "
        "everything N times, side by side, and end in the same closing.",
        f"- **Closing is the bottleneck.** It takes {1e6 * closing:.0f} µs of one core for an "
        f"output, making one {1e6 * made.seconds:,.0f} µs of any: from "
        f"{made.seconds / closing:.0f} cores a job on, or {tiny.seconds / closing:.0f} for "
        "pictures of 32x32, it takes longer than the work.",
        f"- **Cut the source, not only the job.** {base.nodes * JOBS} pieces of the source "
        f"(folders of classes, ranges of tars) as jobs of their own, {JOBS} a node, each with its "
        f"own destination, list and close side by side: {_time(best.wall)} instead of "
        f"{_time(tar.wall)}, and {room / base.nodes / JOBS / 1e9:.2f} GB of memory each. "
        "The pieces are datasets of their own; training reads their tars together. A sample's "
        "copies depend on its name below its source's root: same names get the same draws.",
        f"- **Tar, not files.** The same with a file an output: {_time(rows[names[5]].wall)}, and "
        f"{items * OUTPUTS_AN_ITEM:,.0f} objects that somebody has to list again; {_bound(small)}. "
        f"Requests also cost processor time in the workers: {1e3 * asking:.1f} ms an output, where "
        f"making it costs {1e3 * made.seconds:.1f}.",
        f"- **`--per-file` {PER_FILE} rather than 32.** A shard of 32 costs its mark, its task "
        f"and {costs.requests['webdataset'].closing_reads_a_shard:.0f} requests one after the "
        f"other when the dataset is closed: {_time(tar32.close)} of closing instead of "
        f"{_time(tar.close)} in one job. More than some hundred samples a file gain little more, "
        "and a failure takes more with it.",
        "- **Slow nodes** cost where a node's share is fixed (jobs, parts): Ray's nodes work for "
        f"{_time(tar.steady + tar.tail)}, those of the last row for "
        f"{_time(best.steady + best.tail)}. More jobs than nodes, taken from a queue (a SLURM "
        "array; not simulated), are shared as Ray shares shards. **Failures** cost the "
        "shards under way, and in parts and jobs a new list; a shard that hangs isn't begun "
        "elsewhere. Numbers below.",
    ]
    return "\n".join(lines)


def _bound(outcome: Outcome) -> str:
    return f"as one job it is bound by {outcome.bound}"


def _sensitivity(costs: Costs, items: float, base: Cluster, best: Outcome) -> str:
    tar = costs.case("natural", "jpg", "webdataset", PHOTO)
    small = costs.case("natural", "jpg", "webdataset", "32x32")
    jobs = replace(base, way="jobs", jobs_a_node=JOBS)

    def run(
        cluster: Cluster, case: Case = tar, per_file: int = PER_FILE
    ) -> tuple[Cluster, Outcome]:
        return cluster, simulate(work_of(costs, case, cluster, items, per_file), cluster)

    rows = {f"{n} node{'s' * (n > 1)}": run(replace(jobs, nodes=n)) for n in (1, 10, 1000)}
    rows |= {f"{n} samples a file": run(jobs, per_file=n) for n in (32, 100, 1000, 3200)}
    rows |= {
        "1 job a node": run(replace(jobs, jobs_a_node=1)),
        "32 jobs a node": run(replace(jobs, jobs_a_node=32)),
        "nothing random": run(calm(jobs)),
        "no failures": run(replace(jobs, mtbf=math.inf)),
        "each node fails once a day": run(replace(jobs, mtbf=DAY)),
        "each node fails once an hour": run(replace(jobs, mtbf=DAY / 24)),
        "no slow nodes": run(replace(jobs, slow_share=0)),
        "a fifth of the nodes slow": run(replace(jobs, slow_share=0.2)),
        "one shard in 100 up to 100 times longer": run(replace(jobs, tail_share=0.01)),
        "10 GB/s of the store in all": run(replace(jobs, store_rate=10e9)),
        "0.3 GB/s a node": run(replace(jobs, node_rate=0.3e9)),
        "one prefix": run(replace(jobs, prefixes=1)),
        "200 ms a request": run(replace(jobs, latency=0.2)),
        "pictures of 32x32": run(jobs, small),
        "pictures of 32x32, 3200 samples a file": run(jobs, small, 3200),
    }
    lines = [
        "| | listing | work | stragglers | closing | **all** | slower | cores at work | failures | "
        "what bounds it |",
        f"| --- |{' ---: |' * 8} --- |",
    ]
    for name, (cluster, o) in rows.items():
        lines.append(
            f"| {name} | {_time(o.begin)} | {_time(o.steady)} | {_time(o.tail)} | "
            f"{_time(o.close)} | **{_time(o.wall)}** | {o.wall / best.wall:.2f} | "
            f"{o.efficiency(cluster.nodes * cluster.cores):.1%} | {o.failures} | {o.bound} |"
        )
    return "\n".join(lines)


def _time(seconds: float) -> str:
    """As a person says it, two or three digits."""
    for size, unit in ((DAY, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (unit == "min" and seconds >= 60):
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
