"""Keep only copies that a classifier, which hasn't seen their original, takes for their class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.errors import MissingExtraError, RequestError, did_you_mean
from tenfold.learned.examples import Array, Examples

JUDGES = ("neighbours", "logistic")
"""Classifiers from scikit-learn: the 5 nearest examples, or logistic regression on standardised
values."""

_FOLDS = 5
_NEAREST = 5


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a filter found.

    Attributes:
        kept: (N,) bool, True where a copy is still taken for its class.
        rejected: share of the copies that aren't, 0 to 1.
        by_class: (classes,) float64, the same for each class; NaN where it has no copies.
        originals: share of the originals that aren't taken for their class either, each by a fold
            that hasn't seen it. Where this is high, the judge is a poor one.
    """

    kept: Array
    rejected: float
    by_class: Array
    originals: float

    def __str__(self) -> str:
        return (
            f"{100 * self.rejected:.1f} % of {len(self.kept)} copies rejected "
            f"({100 * self.originals:.1f} % of the originals would be)"
        )


def judge_copies(
    copies: Array, parents: Array, labels: Array, originals: Examples, judge: str = "neighbours"
) -> Verdict:
    """Ask a cross-fitted classifier what the copies are.

    The originals are cut into five parts (as many as the smallest class has examples, if those
    are fewer), in each of which every class's examples are neighbours in the order given: files
    by one writer, say, fall together. A copy is judged by the classifier fitted on the parts that
    its original isn't in. A copy without an original is judged by all; more than half must agree.

    What is cut away is what the judge gets wrong, too: it makes copies more typical, so that a
    filter that rejects many also narrows the variety.

    Args:
        copies: (N, *shape) float32, or latents of the same kind as `originals.values`.
        parents: (N,) int64 places in the originals, -1 for copies without one.
        labels: (N,) int64 the classes that copies should be of.
        originals: the training part.
        judge: of `JUDGES`.

    Raises:
        RequestError: an unknown judge, other shapes, fewer than two classes or fewer than two
            originals in a class.
        MissingExtraError: scikit-learn isn't installed.
    """
    if judge not in JUDGES:
        raise RequestError(
            f"no judge '{judge}'{did_you_mean(judge, JUDGES)}; known: {', '.join(JUDGES)}"
        )
    flat = np.asarray(copies, np.float32).reshape(len(copies), -1)
    seen = originals.values.reshape(len(originals.values), -1)
    parents, labels = np.asarray(parents, np.int64), np.asarray(labels, np.int64)
    if flat.shape[1] != seen.shape[1] or not (len(flat) == len(parents) == len(labels)):
        raise RequestError(
            f"copies of shape {copies.shape[1:]}, {len(parents)} parents and {len(labels)} labels "
            f"don't fit {len(copies)} copies of originals of shape {originals.shape}"
        )
    if len(parents) and not (parents.min() >= -1 and parents.max() < len(seen)):
        raise RequestError(f"parents must be places in the {len(seen)} originals, or -1")
    folds = _folds(originals)
    count = int(folds.max()) + 1
    votes = np.zeros(len(flat))
    own = np.zeros(len(flat), bool)
    known = np.zeros(len(seen), bool)
    fold_of = np.where(parents < 0, -1, folds[parents])
    for fold in range(count):
        left_out = folds == fold
        model = _judge(judge, originals.labels[~left_out]).fit(
            seen[~left_out], originals.labels[~left_out]
        )
        known[left_out] = model.predict(seen[left_out]) == originals.labels[left_out]
        mine, anyone = fold_of == fold, fold_of == -1
        if mine.any():
            own[mine] = model.predict(flat[mine]) == labels[mine]
        if anyone.any():
            votes[anyone] += model.predict(flat[anyone]) == labels[anyone]
    kept = np.where(fold_of == -1, votes > count / 2, own)
    return Verdict(kept, _share(~kept), _by_class(kept, labels, originals), _share(~known))


def _folds(originals: Examples) -> Array:
    """(N,) the part each example is in."""
    counts = np.bincount(originals.labels)
    if (counts > 0).sum() < 2:
        raise RequestError("a filter needs examples of at least two classes to tell them apart")
    few = int(counts[counts > 0].min())
    if few < 2:
        name = originals.classes[int(np.flatnonzero(counts == few)[0])]
        raise RequestError(
            f"class '{name}' has 1 example, a filter needs at least 2: "
            "add some or leave the class out"
        )
    parts = min(_FOLDS, few)
    folds = np.empty(len(originals.labels), np.int64)
    for label in np.flatnonzero(counts):
        rows = np.flatnonzero(originals.labels == label)
        folds[rows] = np.arange(len(rows)) * parts // len(rows)
    return folds


def _judge(name: str, labels: Array) -> Any:
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise MissingExtraError("filtering copies", "learn") from None
    if name == "logistic":
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    nearest = min(_NEAREST, int(np.bincount(labels)[np.unique(labels)].min()))
    return KNeighborsClassifier(nearest, weights="distance")


def _share(these: Array) -> float:
    return float(these.mean()) if len(these) else 0.0


def _by_class(kept: Array, labels: Array, originals: Examples) -> Array:
    wide = len(originals.classes)
    all_of, out = np.bincount(labels, minlength=wide), np.bincount(labels[~kept], minlength=wide)
    return np.where(all_of > 0, out / np.maximum(all_of, 1), np.nan)
