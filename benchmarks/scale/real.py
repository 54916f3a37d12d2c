"""Real runs of the command, to be held against what the model foretells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.scale.cases import COPIES, PHOTO, pictures
from benchmarks.scale.costs import RealRun
from benchmarks.scale.overheads import children_seconds


def command_seconds(folder: Path, repeats: int, output: float) -> float:
    """Core-seconds of a small command, without what its outputs cost: `output` each.

    The report shows six samples with five copies each, which are made for it again.
    """
    items, copies = 8, 5
    spent = min(_run(folder, items, 1, None, copies)[0] for _ in range(repeats))
    return max(0.0, spent - items * (copies + 1) * output)


def real_runs(folder: Path, items: int, repeats: int) -> Iterator[RealRun]:
    """One and two workers, files and tars; the quickest of some repeats."""
    for to in (None, "webdataset"):
        for workers in (1, 2):
            tries = [_run(folder, items, workers, to, COPIES) for _ in range(repeats)]
            core, wall, others = min(tries, key=lambda one: one[1])
            size = max(1, min(32, items // 64))
            yield RealRun(
                workers=workers, items=items, outputs=items * (COPIES + 1),
                shards=-(-items // size), recipe="natural", to=to,
                core_seconds=min(core, *(one[0] for one in tries)), wall=wall, others=others,
            )  # fmt: skip


def _run(
    folder: Path, items: int, workers: int, to: str | None, copies: int
) -> tuple[float, float, float]:
    """Core-seconds, seconds, and cores that others kept busy."""
    source, where = pictures(folder, PHOTO, "jpg", items), folder / "real"
    shutil.rmtree(where, ignore_errors=True)
    layout = ["--to", to] if to else []
    before, busy, begun = children_seconds(), _busy(), perf_counter()
    subprocess.run(
        [sys.executable, "-m", "tenfold", "augment", source, where, "--preset", "natural",
         "--copies", str(copies), "--seed", "0", "--workers", str(workers), "--quiet", *layout],
        check=True, capture_output=True,
    )  # fmt: skip
    wall, core = perf_counter() - begun, children_seconds() - before
    return core, wall, max(0.0, _busy() - busy - core) / wall


def _busy() -> float:
    """Seconds that all processors were busy, or taken away, since the machine began."""
    try:
        told = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    except OSError:
        return 0.0
    user, nice, system, _, _, interrupts, soft, stolen = map(int, told)
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + interrupts + soft + stolen) / ticks
