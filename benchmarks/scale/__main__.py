"""`python -m benchmarks.scale measure | simulate`; see `make bench-scale`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from benchmarks.scale.costs import COSTS, Costs

_T = TypeVar("_T")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, or simulate what was measured; a full run writes the file, or the section."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description=__doc__)
    parser.add_argument("what", choices=("measure", "simulate"))
    parser.add_argument("--quick", action="store_true", help="small, and prints instead of writing")
    options = parser.parse_args(arguments)
    if options.what == "measure":
        costs = measure(options.quick)
        if options.quick:
            print(costs.written())
        else:
            COSTS.write_text(costs.written(), encoding="utf-8")
        return
    from benchmarks.scale.page import DOCUMENT, TITLE, section
    from benchmarks.sections import replaced

    text = section(Costs.read(), outputs=1e6 if options.quick else 1e9)
    print(text)
    if not options.quick:
        page = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(replaced(page, TITLE, text), encoding="utf-8")


def measure(quick: bool) -> Costs:
    """All that can be measured here; what needs Ray or S3 is kept from before without them."""
    from benchmarks.peers import _processor
    from benchmarks.scale import cases, overheads, ray_costs, real, s3_costs

    repeats = 1 if quick else 3
    with tempfile.TemporaryDirectory(prefix="tenfold-scale-") as where:
        folder = Path(where)
        found = tuple(map(_said, cases.measured(folder, quick)))
        natural = next(c for c in found if c.recipe == "natural")
        layouts = {"files": None, "webdataset": "webdataset"}
        close, report, mark = overheads.closing(folder, 64 if quick else 640, repeats)
        start, parent = overheads.workers(folder, repeats)
        listed = overheads.listing(folder, (300, 600) if quick else (8000, 24000))
        costs = Costs(
            processor=_processor(), versions=_versions(), cases=found,
            shard={
                name: overheads.shard_seconds(folder, to, 3 * repeats)
                for name, to in layouts.items()
            },
            list_item=listed[0], list_bytes=listed[1],
            check_output=listed[2], check_bytes=listed[3],
            closing=close, report=report, mark_bytes=mark,
            worker_start=start, parent_shard=parent,
            command=real.command_seconds(folder, repeats, natural.seconds),
            request=s3_costs.request_seconds(repeats),
            ray_start=None, ray_shard=None, ray_in_flight=None,
            requests={n: overheads.requests(folder, to) for n, to in layouts.items()},
            runs=tuple(map(_said, real.real_runs(folder, 8 if quick else 128, repeats))),
        )  # fmt: skip
        if not quick:  # Ray comes last, and may be long
            COSTS.write_text(_with_the_rest(costs).written(), encoding="utf-8")
        if (ray := ray_costs.ray_costs(repeats)) is not None:
            costs = replace(costs, ray_start=ray[0], ray_shard=ray[1], ray_in_flight=ray[2])
    return _with_the_rest(costs)


def _with_the_rest(costs: Costs) -> Costs:
    return kept_from(Costs.read(), costs) if COSTS.exists() else costs


def kept_from(before: Costs, now: Costs) -> Costs:
    """What was measured now, with what couldn't be taken from before."""
    names = ("request", "ray_start", "ray_shard", "ray_in_flight")
    missing = {n: getattr(before, n) for n in names if getattr(now, n) is None}
    return replace(now, **missing)


def _said(thing: _T) -> _T:
    print(thing, file=sys.stderr)
    return thing


def _versions() -> dict[str, str]:
    names = ("tenfold", "numpy", "opencv-python-headless", "simplejpeg", "pyarrow", "ray", "s3fs")
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main()
