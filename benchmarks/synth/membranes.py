"""Are simulated cells of use where real slices are few? `python -m benchmarks.synth.membranes`.

ISBI 2012 membranes (22 slices of 512x512 with masks; the last six are held out for the test): a
small U-Net learns membranes from 1, 2, 5 or 10 real slices,

- real: those alone;
- classic: transformed anew at each step (flips, quarter turns, rotation, elastic bends, tones);
- simulated: first trained on simulated pictures, then on the real ones;
- both: first on simulated, then on the real ones, transformed all along.

All arms take the same number of steps. Simulated cells get their sizes, membranes, grain and grey
levels from the very slices that the arm may train on (`tenfold.synth.tissue.measure`). Each seed
draws its slices and everything else anew. Scores: F1 of membrane pixels at probability 0.5, and
the adapted Rand score of the cells (Arganda-Carreras et al., Front. Neuroanat. 2015) after cutting
the probabilities at the threshold that was best on the arm's own training slices. Records are kept
in the folder, so that a run goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.synth.unet import Array, Batch, UNet, probabilities, train
from tenfold import Key, Pipeline
from tenfold.declare.parse import load_recipe
from tenfold.study.statistics import estimate
from tenfold.synth.tissue.measure import measure
from tenfold.synth.tissue.packed_cells import PackedCells

DATA = Path(os.environ.get("TENFOLD_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
HELD_OUT, COUNTS = 6, (1, 2, 5, 10)
ARMS = ("real", "classic", "simulated", "both")
SIDE, BATCH = 96, 8
_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_CLASSIC = """
version: 1
border: {mode: reflect}
invariances:
  - reflection: {axes: [horizontal, vertical, transpose]}
  - rotation: 25
  - scaling: {factor: [0.85, 1.15]}
  - elastic: {amplitude: [0, 0.02], cells: 4}
  - brightness: 0.12
  - contrast: [0.8, 1.25]
"""


class Slices:
    """Crops of pictures with their membranes, transformed or not.

    Args:
        images: (N, H, W) uint8.
        membranes: (N, H, W) bool.
        seed: of which crops come.
        recipe: what is done to them, or None.
    """

    def __init__(self, images: Array, membranes: Array, seed: int, recipe: str | None) -> None:
        self._images, self._membranes, self._seed = images, membranes, seed
        self._pipeline = None if recipe is None else Pipeline(load_recipe(recipe), seed=seed)

    def batch(self, step: int) -> tuple[Array, Array]:
        """The crops of a step, a pure function of seed and step."""
        random = np.random.default_rng([self._seed, step])
        images, membranes = [], []
        for k in range(BATCH):
            which = int(random.integers(len(self._images)))
            y, x = random.integers(0, self._images.shape[1] - SIDE + 1, 2)
            image = self._images[which, y : y + SIDE, x : x + SIDE, None]
            mask = self._membranes[which, y : y + SIDE, x : x + SIDE].astype(np.uint8)
            if self._pipeline is not None:
                key = Key(self._seed, f"{step} {k}", 1)
                made = self._pipeline(image=np.ascontiguousarray(image), mask=mask, key=key)
                image, mask = made["image"], made["mask"]
            images.append(image[:, :, 0])
            membranes.append(mask > 0)
        return np.stack(images), np.stack(membranes)


def real(folder: Path) -> tuple[Array, Array]:
    """All slices (N, H, W) uint8 in their order, and their membranes (N, H, W) bool."""
    files = sorted((folder / "image").glob("*.png"), key=lambda file: int(file.stem))
    images = [cv2.imread(str(f), cv2.IMREAD_GRAYSCALE) for f in files]
    masks = [cv2.imread(str(folder / "label" / f.name), cv2.IMREAD_GRAYSCALE) for f in files]
    return np.stack(images), np.stack(masks) == 0


def simulated(images: Array, membranes: Array, count: int, seed: int) -> tuple[Array, Array]:
    """Pictures like these, and their membranes."""
    cells = PackedCells.of(measure(list(images), [(~m).astype(np.uint8) for m in membranes]))
    made = [cells.make(seed * 1000 + number) for number in range(count)]
    return (
        np.stack([one.image[:, :, 0] for one in made]),
        np.stack([one.masks["boundary"] > 0 for one in made]),
    )


def scores(network: UNet, images: Array, membranes: Array, threshold: float) -> list[list[float]]:
    """F1 and adapted Rand of each picture."""
    found = [probabilities(network, image) for image in images]
    pairs = zip(found, membranes, strict=True)
    return [[_f1(p > 0.5, truth), _rand(p > threshold, truth)] for p, truth in pairs]


def _f1(found: Array, truth: Array) -> float:
    both = np.count_nonzero(found & truth)
    return 2 * both / max(1, np.count_nonzero(found) + np.count_nonzero(truth))


def _rand(found: Array, truth: Array) -> float:
    """Adapted Rand F-score of the cells, 1 for the same regions; true membrane isn't counted."""
    from skimage.metrics import adapted_rand_error

    regions = [
        cv2.connectedComponents((~mask).astype(np.uint8), connectivity=4)[1]
        for mask in (truth, found)
    ]
    return 1 - float(adapted_rand_error(*regions, ignore_labels=(0,))[0])


def _best_threshold(network: UNet, images: Array, membranes: Array) -> float:
    found = [probabilities(network, image) for image in images]
    means = [
        np.mean([_rand(p > t, m) for p, m in zip(found, membranes, strict=True)])
        for t in _THRESHOLDS
    ]
    return _THRESHOLDS[int(np.argmax(means))]


def runs(seeds: int, counts: Sequence[int]) -> Iterator[tuple[int, int, str]]:
    """Seed, number of real slices, arm."""
    for seed in range(seeds):
        for count in counts:
            for arm in ARMS:
                yield seed, count, arm


def run(
    data: tuple[Array, Array], seed: int, count: int, arm: str, steps: int, pictures: int
) -> dict[str, Any]:
    """One training and its scores on the slices held out."""
    images, membranes = data
    pool = len(images) - HELD_OUT
    chosen = np.random.default_rng([seed, 1]).permutation(pool)[:count]
    own = images[chosen], membranes[chosen]
    torch.manual_seed(seed)
    network = UNet()
    first = steps // 2 if arm in ("simulated", "both") else 0
    declared = _CLASSIC if arm in ("classic", "both") else None
    if first:
        made = simulated(*own, pictures, seed)
        batch: Batch = Slices(*made, seed, declared).batch
        train(network, batch, first)
    train(network, Slices(*own, seed + 100, declared).batch, steps - first)
    threshold = _best_threshold(network, *own)
    return {
        "seed": seed, "count": count, "arm": arm, "threshold": threshold,
        "scores": scores(network, images[pool:], membranes[pool:], threshold),
    }  # fmt: skip


def table(records: Sequence[dict[str, Any]], seeds: int, counts: Sequence[int]) -> str:
    """What was found, Markdown."""
    found = {(r["seed"], r["count"], r["arm"]): np.array(r["scores"]) for r in records}
    lines = []
    for number, name in enumerate(("F1 of membrane pixels, %", "adapted Rand score of cells, %")):
        heads = ("real slices", *ARMS, "simulated - real", "both - classic")
        lines += [f"### {name}", "", f"| {' | '.join(heads)} |", "| ---: " * len(heads) + "|"]
        for count in counts:

            def of(arm: str, count: int = count, number: int = number) -> Array:
                return 100 * np.stack([found[s, count, arm][:, number] for s in range(seeds)])

            cells = [f"{of(arm).mean():.1f}" for arm in ARMS]
            for a, b in (("simulated", "real"), ("both", "classic")):
                e = estimate(of(a) - of(b))
                cells.append(f"{e.mean:+.1f} [{e.low:+.1f}, {e.high:+.1f}]")
            lines.append(f"| {count} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what isn't recorded yet, and print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.synth.membranes", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the records")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS), help="of slices")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--pictures", type=int, default=24, help="simulated for each arm")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    data = real(DATA / "em-membrane")
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "membranes.jsonl"
    records = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {(r["seed"], r["count"], r["arm"]) for r in records}
    for seed, count, arm in runs(options.seeds, options.counts):
        if (seed, count, arm) in done:
            continue
        start = time.process_time()
        record = run(data, seed, count, arm, options.steps, options.pictures)
        record["seconds"] = round(time.process_time() - start, 1)
        records.append(record)
        with file.open("a") as handle:
            handle.write(json.dumps(record) + "\n")
        f1, rand = 100 * np.mean(record["scores"], axis=0)
        print(f"seed {seed}, {count} slices, {arm}: F1 {f1:.1f}, Rand {rand:.1f}", flush=True)
    print(table(records, options.seeds, options.counts))


if __name__ == "__main__":
    main()
