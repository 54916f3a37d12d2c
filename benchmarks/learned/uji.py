"""`python -m benchmarks.learned.uji`: learned variety on handwritten characters, by its controls.

Every run is a line of the records' file, so that a stopped study goes on where it was.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.learned.arms import ARMS, COPIES, Arm, Maker, Recipe, fitted
from benchmarks.learned.classifiers import GAMMAS, Features, Score, best, network
from benchmarks.learned.page import PAGE, written
from benchmarks.learned.records import append, read
from benchmarks.learned.ujipen import Array, split

_NETWORKS = ("MLP", "CNN")
_RECORDS = Path(__file__).with_name("uji.jsonl")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing, and write the page."""
    parser = argparse.ArgumentParser(prog="benchmarks.learned.uji", description=__doc__)
    parser.add_argument("--assignments", type=int, default=5, help="of the writers to the parts")
    parser.add_argument("--first", type=int, default=0, help="number of the first of them")
    parser.add_argument("--workers", type=int, default=1, help="assignments at a time")
    parser.add_argument("--arms", default="", help="only arms whose name holds this")
    parser.add_argument("--no-networks", action="store_true", help="SVM and k-NN only")
    parser.add_argument("--records", type=Path, default=_RECORDS)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args(arguments)
    arms = [arm for arm in ARMS if options.arms in arm.name]
    numbers = range(options.first, options.first + options.assignments)
    work = partial(study, arms=arms, records=options.records, networks=not options.no_networks)
    if options.workers > 1:
        with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
            pool.map(work, numbers, chunksize=1)
    else:
        for number in numbers:
            work(number)
    text = written([r for r in read(options.records) if r["assignment"] in numbers])
    options.page.write_text(text, encoding="utf-8")
    print(text)


def study(assignment: int, arms: Sequence[Arm], records: Path, networks: bool) -> None:
    """One assignment's missing arms, on one thread."""
    cv2.setNumThreads(1)
    parts = split(assignment)
    maker = Maker(parts, assignment, fitted)
    done = {
        record["arm"]
        for record in read(records)
        if record["assignment"] == assignment and (not networks or "CNN" in record["scores"])
    }
    with threadpool_limits(1):
        for arm in arms:
            if arm.name in done:
                continue
            start = time.perf_counter()
            scores = run(arm, maker, networks)
            record = {
                "assignment": assignment,
                "arm": arm.name,
                "learned": arm.learned,
                "scores": {name: score.told() for name, score in scores.items()},
                "seconds": round(time.perf_counter() - start, 1),
                "writers": parts.writers,
            }
            append(records, record)
            short = " ".join(f"{k} {s.test:.1f} ({s.validation:.1f})" for k, s in scores.items())
            print(f"{assignment} {arm.name}: {short}, {record['seconds']} s", flush=True)


def run(arm: Arm, maker: Maker, networks: bool) -> dict[str, Score]:
    """An arm's best scores by classifier.

    SVM and k-NN: first the recipe, at the arm's first blur, then the blur, then the SVM's gamma,
    each classifier for itself; the SVM compares settings on three in ten samples and is then
    trained on all. The networks take recipe and blur with the best mean validation
    accuracy of the two, among those tried, and choose when to stop.
    """
    desk = _Desk(maker)
    first = {recipe: desk.tried(recipe, arm.blurs[0]) for recipe in arm.recipes or (None,)}
    chosen = {}
    for place, name in enumerate(("k-NN", "SVM")):
        recipe = max(first, key=lambda r: first[r][place].validation)
        found = {blur: desk.tried(recipe, blur)[place] for blur in arm.blurs}
        blur = max(found, key=lambda b: found[b].validation)
        score = found[blur]
        if name == "SVM":
            features = desk.features(recipe, blur)
            tried = best([score, *(features.machine(gamma) for gamma in GAMMAS[1:])])
            score = features.machine(tried.chosen["gamma"], whole=True)
        chosen[name] = _from(recipe, score)
    if networks:
        recipe, blur = desk.best()
        images, labels = desk.training_set(recipe)
        for kind in _NETWORKS:
            found_by = network(kind, images, labels, maker.split, blur, maker.seed)
            chosen[kind] = _from(recipe, found_by)
    return chosen


class _Desk:
    """What has been tried in an arm, so that nothing is done twice."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._sets: dict[Recipe | None, tuple[Array, Array]] = {}
        self._tried: dict[tuple[Recipe | None, float], tuple[Score, Score]] = {}

    def training_set(self, recipe: Recipe | None) -> tuple[Array, Array]:
        """Images and labels: the samples, and their copies if there is a recipe for them."""
        if recipe not in self._sets:
            parts = self._maker.split
            images, labels = parts.train, parts.train_labels
            if recipe is not None:
                images = np.concatenate([images, self._maker.copies(recipe)])
                labels = np.tile(labels, COPIES + 1)
            self._sets[recipe] = images, labels
        return self._sets[recipe]

    def features(self, recipe: Recipe | None, blur: float) -> Features:
        """The same as k-NN and SVM see it."""
        return Features(*self.training_set(recipe), self._maker.split, blur)

    def tried(self, recipe: Recipe | None, blur: float) -> tuple[Score, Score]:
        """k-NN's best score and the SVM's with its first gamma."""
        if (recipe, blur) not in self._tried:
            features = self.features(recipe, blur)
            self._tried[recipe, blur] = best(features.nearest()), features.machine(GAMMAS[0])
        return self._tried[recipe, blur]

    def best(self) -> tuple[Recipe | None, float]:
        """Recipe and blur with the best mean validation accuracy."""
        return max(self._tried, key=lambda k: sum(s.validation for s in self._tried[k]))


def _from(recipe: Recipe | None, score: Score) -> Score:
    told = recipe.told() if recipe else {}
    return Score(score.validation, score.test, {**score.chosen, **told})


if __name__ == "__main__":
    main()
