"""tenfold beside other libraries, on one thread: `python -m benchmarks.peers`.

See `make bench-peers`. A full run takes some ten minutes and writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
ONE_THREAD = {
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
    ),
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "ALBUMENTATIONS_NO_TELEMETRY": "1",
}
MODULES = {
    "albumentationsx": "benchmarks.with_albumentationsx",
    "kornia": "benchmarks.with_kornia",
    "Pillow": "benchmarks.with_pillow",
    "torchvision": "benchmarks.with_torchvision",
}
VERSIONS = (
    "tenfold", "albumentationsx", "kornia", "torchvision", "Pillow", "torch", "numpy",
    "opencv-python-headless",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; a full run also writes the page."""
    options = _parsed(arguments)
    os.environ.update(ONE_THREAD)  # before any of the libraries is imported
    core = _pin(options.core)
    warnings.filterwarnings("ignore")  # peers' own

    from benchmarks import page, timing
    from benchmarks.inputs import made_up
    from benchmarks.rows import ROWS, tenfold_variants
    from benchmarks.sections import LOOPS, replaced, section

    rows = [r for r in ROWS if not options.only or any(n in r.name for n in options.only)]
    if not rows:
        sys.exit(f"no row is named so; known: {', '.join(r.name for r in ROWS)}")
    photos, scans, side = (4, 12, 128) if options.quick else (128, 600, 512)
    inputs = made_up(photos, scans, side)
    found, missing = _peers(inputs)
    _one_thread()
    known = {row.name for row in ROWS}
    for peer, variants in found.items():
        if unknown := set(variants) - known:
            raise KeyError(f"{peer} has rows that tenfold hasn't: {', '.join(sorted(unknown))}")

    pace, clock, results = timing.QUICK if options.quick else timing.FULL, timing.Clock(), []
    print(f"core {core}; {photos} pictures", file=sys.stderr)
    for row in rows:
        libraries = {page.OURS: tenfold_variants(row, inputs)}
        libraries |= {peer: v[row.name] for peer, v in found.items() if row.name in v}
        if len(libraries) == 1:
            continue
        rates = timing.settled(libraries, pace, clock)
        results.append(page.Result(row.name, row.kind, row.note, rates))
        said = ", ".join(
            f"{who} {page.number(rate.median)} (spread {rate.spread:.0%})"
            for who, rate in rates.items()
        )
        print(f"{row.name}: {said}; {page.factor(results[-1].ratio)}", file=sys.stderr)
    conditions = page.Conditions(
        processor=_processor(), cache=_cache(), versions=_versions(missing), missing=missing,
        photos=photos, side=side, scans=scans, rounds=pace.rounds,
        seconds=pace.seconds, repeats=pace.repeats,
        wall=clock.wall / clock.processor,
    )  # fmt: skip
    text = page.page(results, conditions)
    if options.save:
        plain = {"results": [asdict(r) for r in results], "conditions": asdict(conditions)}
        Path(options.save).write_text(json.dumps(plain, indent=1), encoding="utf-8")
    if options.quick:
        print("A quick look: the pictures are too small and the turns too short to say anything.\n")
    if options.quick or options.only:
        print(text)
    else:
        loops = section(PAGE.read_text(encoding="utf-8"), LOOPS) if PAGE.exists() else ""
        PAGE.write_text(replaced(text, LOOPS, loops) if loops else text, encoding="utf-8")
        print(f"written: {PAGE.relative_to(PAGE.parents[1])}", file=sys.stderr)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.peers", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small pictures, few rounds: does it run at all?"
    )
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="rows whose name has NAME in it; repeatable"
    )
    parser.add_argument("--core", type=int, help="processor core to run on; the last by default")
    parser.add_argument("--save", metavar="FILE", help="the numbers as JSON too")
    return parser.parse_args(arguments)


def _peers(inputs: Any) -> tuple[dict[str, Mapping[str, Any]], dict[str, str]]:
    """What the installed peers can do, and why the others were left out."""
    found: dict[str, Mapping[str, Any]] = {}
    missing: dict[str, str] = {}
    for peer, module in MODULES.items():
        try:
            found[peer] = importlib.import_module(module).variants(inputs)
        except (ImportError, RuntimeError) as error:
            missing[peer] = f"does not load: {error}"
    if not found:
        sys.exit("no peer is installed; run `make bench-peers`")
    return found, missing


def _pin(core: int | None) -> int | None:
    if not hasattr(os, "sched_setaffinity"):
        return None
    chosen = max(os.sched_getaffinity(0)) if core is None else core
    os.sched_setaffinity(0, {chosen})
    return chosen


def _one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


def _versions(missing: Mapping[str, str]) -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for name in VERSIONS:
        if name not in missing:
            found[name] = version(name)
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    plain = {key.strip(): value.strip() for key, value in fields.items()}
    name = plain.get("model name", platform.machine())
    known = (
        ("family", plain.get("cpu family")),
        ("model", plain.get("model")),
    )
    said = ", ".join(f"{word} {value}" for word, value in known if value)
    vectors = "AVX-512" if "avx512f" in plain.get("flags", "") else ""
    return ", ".join(part for part in (name, said, vectors) if part)


def _cache() -> str:
    size = Path("/sys/devices/system/cpu/cpu0/cache/index3/size")
    try:
        kibibytes = int(size.read_text(encoding="ascii").strip().removesuffix("K"))
    except (OSError, ValueError):
        return ""
    return f"{kibibytes / 1024:.0f} MiB"


if __name__ == "__main__":
    main()
