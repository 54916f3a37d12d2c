"""The nearest neighbours' vote."""

from __future__ import annotations

import numpy as np

from tenfold.learned.examples import Array, Examples
from tenfold.study.classifiers.classifier import Classifier, Fitted, Labels, accuracy, rows
from tenfold.study.classifiers.distances import squared_distances

_NEIGHBOURS = (1, 3, 5, 9, 15, 25)
_BLOCK = 1024


class KNN(Classifier):
    """k is chosen on the validation part; equal votes go to the class that is nearer."""

    name = "knn"

    def fit(self, train: Examples, validation: Examples, seed: int) -> Fitted:
        """See `Classifier.fit`."""
        x, labels, classes = rows(train.values), train.labels, len(train.classes)
        most = min(max(_NEIGHBOURS), len(x))

        def nearest(values: Array) -> Labels:
            found = []
            for first in range(0, len(values), _BLOCK):
                apart = squared_distances(rows(values[first : first + _BLOCK]), x)
                near = np.argpartition(apart, most - 1, axis=1)[:, :most]
                order = np.argsort(np.take_along_axis(apart, near, 1), axis=1, kind="stable")
                found.append(labels[np.take_along_axis(near, order, 1)])
            return np.concatenate(found)

        held = nearest(validation.values)
        sizes = [k for k in _NEIGHBOURS if k <= most]
        best = max(
            sizes, key=lambda k: (accuracy(vote(held[:, :k], classes), validation.labels), -k)
        )
        return Fitted(lambda values: vote(nearest(values)[:, :best], classes), {"k": best})


def vote(near: Labels, classes: int) -> Labels:
    """The commonest class of each row of neighbours' classes, nearest first; ties to the nearer."""
    places = np.arange(len(near))
    counts = np.zeros((len(near), classes))
    for k in range(near.shape[1]):
        counts[places, near[:, k]] += 1 + 1e-6 * (near.shape[1] - k) ** 2 / near.shape[1] ** 2
    return np.asarray(counts.argmax(axis=1), np.int64)
