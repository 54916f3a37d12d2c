"""Training loops fed with R1, an epoch at a time: `python -m benchmarks.loops`.

The same torch DataLoader with albumentationsx and with tenfold, and tenfold's own Loader. Writes
the section "Training loops" of docs/benchmarks.md; see `make bench-loops`.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.page import factor, number
from benchmarks.peers import ONE_THREAD, PAGE
from benchmarks.sections import LOOPS, replaced
from benchmarks.timing import Rate, summary

BATCH = 64
DATA = Path(os.environ.get("TENFOLD_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


@dataclass(frozen=True)
class Case:
    """What is fed.

    Attributes:
        name: of the row.
        data: a map dataset of (image, label), for tenfold.
        theirs: the same for albumentationsx.
        side: of the crops.
    """

    name: str
    data: Any
    theirs: Any
    side: int


class Labelled:
    """A dataset of (image, label), gone through several times in an epoch."""

    def __init__(self, data: Any, times: int = 1, keep: bool = False) -> None:
        self._data = list(data) if keep else data
        self._times = times

    def __len__(self) -> int:
        return self._times * len(self._data)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        item = self._data[index % len(self._data)]
        return item if isinstance(item, tuple) else (item, 0)


class ReadByOpenCV:
    """Image files as the documentation of albumentationsx reads them."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> Any:
        import cv2

        return cv2.imread(str(self._files[index]), cv2.IMREAD_COLOR_RGB)


class Transformed:
    """A dataset as users of albumentationsx write it."""

    def __init__(self, data: Labelled, transform: Callable[..., Any]) -> None:
        self._data, self._transform = data, transform

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image, label = self._data[index]
        return self._transform(image=image)["image"], label


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; a full run also writes the section."""
    parser = argparse.ArgumentParser(prog="benchmarks.loops", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few pictures: does it run at all?")
    parser.add_argument("--rounds", type=int, help="epochs of each loop; 7 by default")
    parser.add_argument("--only", metavar="NAME", help="cases whose name has NAME in it")
    options = parser.parse_args(arguments)
    os.environ.update(ONE_THREAD)
    warnings.filterwarnings("ignore")
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rounds = options.rounds or (1 if options.quick else 7)
    rows = []
    with ExitStack() as stack:
        for case in _cases(stack, options.quick):
            if options.only and options.only not in case.name:
                continue
            rates = _measured(_loops(case), len(case.data), rounds)
            rows.append((case.name, rates))
            said = ", ".join(f"{k} {number(r.median)} ({r.spread:.0%})" for k, r in rates.items())
            print(f"{case.name}: {said}", file=sys.stderr)
    text = section(rows, rounds)
    print(text)
    if not (options.quick or options.only or options.rounds):
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(replaced(page, LOOPS, text), encoding="utf-8")


def section(rows: Sequence[tuple[str, dict[str, Rate]]], rounds: int) -> str:
    """What was measured, Markdown."""
    lines = [
        f"Images a second of an epoch of R1 in batches of {BATCH} (random resized crop, flip, "
        "colour jitter, normalised float32 CHW tensors), by the clock on the wall, while nothing "
        "else consumes them. *Ratio*: tenfold by albumentationsx in the same loop; for tenfold's "
        "own loader, by albumentationsx in torch's with as many workers (none for one thread). "
        f"Written by `make bench-loops`; medians of {rounds} epochs in turns.",
        "",
        "| | torch DataLoader | albumentationsx | tenfold | ratio | tenfold's Loader | | ratio |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for name, rates in rows:
        for workers, threads in ((0, 1), (2, 2)):
            theirs = rates[f"albumentationsx, {workers} workers"].median
            ours, own = rates[f"tenfold, {workers} workers"], rates[f"Loader, {threads} threads"]
            lines.append(
                f"| {name} | {workers} workers | {number(theirs)} | {number(ours.median)} | "
                f"{factor(ours.median / theirs)} | {threads} thread{'s' * (threads > 1)} | "
                f"{number(own.median)} | {factor(own.median / theirs)} |"
            )
    lines += [
        "",
        "*Each read by its own*: for albumentationsx by `cv2.imread`, as in its documentation, for "
        "tenfold by `SourceDataset` (simplejpeg). *Same reader*: by `SourceDataset` for both, so "
        "that decoding, which bounds both, takes the same time. tenfold's batches come from "
        "`AugmentedDataset.dataloader`, torch's DataLoader with batches written in place. OpenCV "
        "and torch are on one thread; workers live through all epochs, and a first epoch isn't "
        "counted.",
    ]
    return "\n".join(lines)


def _cases(stack: ExitStack, quick: bool) -> list[Case]:
    from tenfold import SourceDataset

    small, photos = DATA / "cifar10-folders", DATA / "blood-cells-voc" / "JPEGImages"
    if not (small.is_dir() and photos.is_dir()):
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        small, photos = _made_up(folder, 20 if quick else 300)
    tiny: Any = SourceDataset(small)
    large: Any = SourceDataset(photos, layout="folder")
    their_tiny: Any = ReadByOpenCV(sorted((small / "train").rglob("*.jpg")))
    their_large: Any = ReadByOpenCV(sorted(photos.glob("*.jpg")))
    times = 1 if quick else 3
    if quick:
        tiny, their_tiny = ([data[i] for i in range(128)] for data in (tiny, their_tiny))
        large, their_large = ([data[i] for i in range(8)] for data in (large, their_large))

    def files(name: str, ours: Any, theirs: Any, side: int) -> list[Case]:
        if len(ours) != len(theirs):
            raise ValueError(f"{len(ours)} and {len(theirs)} {name}: not the same files")
        data = Labelled(ours, times)
        return [
            Case(f"{name}, each read by its own", data, Labelled(theirs, times), side),
            Case(f"{name}, same reader", data, data, side),
        ]

    kept = Labelled(tiny, times, keep=True)
    return [
        Case("32x32 in memory", kept, kept, 32),
        *files("32x32 JPEG files", tiny, their_tiny, 32),
        *files("640x480 JPEG files to 224x224", large, their_large, 224),
    ]


def _made_up(folder: Path, count: int) -> tuple[Path, Path]:
    """Pictures of these sizes where the real ones aren't there."""
    import cv2

    from benchmarks.inputs import made_up

    small, photos = folder / "small", folder / "photos"
    for name in "ab":
        (small / "train" / name).mkdir(parents=True)
    photos.mkdir()
    for k, photo in enumerate(made_up(count, 0, 640).photos):
        cv2.imwrite(str(photos / f"{k}.jpg"), photo[:480])
        for i in range(4):
            piece = cv2.resize(photo[i * 100 : i * 100 + 256, :256], (32, 32))
            cv2.imwrite(str(small / "train" / "ab"[k % 2] / f"{k}-{i}.jpg"), piece)
    return small, photos


def _loops(case: Case) -> dict[str, Callable[[], Any]]:
    """Name -> one epoch, as an iterable."""
    import albumentations as A  # noqa: N812
    from torch.utils.data import DataLoader

    from benchmarks.rows import MEAN, R1, ROWS, STD
    from tenfold import AugmentedDataset, Loader, Pipeline
    from tenfold import ops as t

    theirs = A.Compose(
        [
            A.RandomResizedCrop((case.side, case.side), p=1),
            A.HorizontalFlip(p=0.5),
            A.ColorJitter((0.6, 1.4), (0.6, 1.4), (0.6, 1.4), (-0.1, 0.1), p=1),
            A.Normalize(MEAN, STD),
            A.ToTensorV2(),
        ],
        telemetry=False,
    )
    _, *others = next(row.ops for row in ROWS if row.name == R1)
    crop = t.Crop(area=(0.08, 1), height=case.side, width=case.side)
    pipeline = Pipeline(
        [crop, *others], seed=0, border="constant", normalize="imagenet", layout="chw"
    )
    loops: dict[str, Callable[[], Any]] = {}
    for workers in (0, 2):
        options: Any = {"num_workers": workers, "persistent_workers": workers > 0}
        loader = DataLoader(Transformed(case.theirs, theirs), BATCH, shuffle=True, **options)
        loops[f"albumentationsx, {workers} workers"] = loader.__iter__
        loader = AugmentedDataset(case.data, pipeline).dataloader(BATCH, **options)
        loops[f"tenfold, {workers} workers"] = loader.__iter__
    for threads in (1, 2):
        own = Loader(case.data, pipeline, BATCH, threads=threads, torch=True)
        loops[f"Loader, {threads} threads"] = own.__iter__
    return loops


def _measured(loops: dict[str, Callable[[], Any]], items: int, rounds: int) -> dict[str, Rate]:
    for epoch in loops.values():
        _run(epoch, items)
    names = list(loops)
    rates: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            rates[name].append(items / _run(loops[name], items))
    return {name: summary(found) for name, found in rates.items()}


def _run(epoch: Callable[[], Any], items: int) -> float:
    """Seconds of an epoch."""
    gc.collect()
    seen, start = 0, perf_counter()
    for images, _ in epoch():
        seen += len(images)
    spent = perf_counter() - start
    if seen != items:
        raise ValueError(f"an epoch has {items} items, came {seen}")
    return spent


if __name__ == "__main__":
    main()
