"""A support vector machine with a Gaussian kernel."""

from __future__ import annotations

import numpy as np

from tenfold.learned.examples import Array, Examples
from tenfold.study.classifiers.classifier import Classifier, Fitted, Labels, accuracy, rows
from tenfold.study.classifiers.distances import squared_distances

_COSTS = (1.0, 10.0, 100.0)
_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)  # of gamma, times 1 / (features x variance)
_TUNED_ON = 1500
_BLOCK = 2048


class SVM(Classifier):
    """C and gamma are chosen on the validation part, from at most 1,500 training rows.

    Distances are one matrix product, of which every gamma makes its kernel, and the solver
    (LIBSVM, one against one) gets the kernel's values: for thousands of pixels a row that is some
    dozen times quicker than to let it compute them.
    """

    name = "svm"

    def fit(self, train: Examples, validation: Examples, seed: int) -> Fitted:
        """See `Classifier.fit`."""
        from sklearn.svm import SVC

        x, held = rows(train.values), rows(validation.values)
        unit = 1 / max(float(x.shape[1] * x.var(dtype=np.float64)), 1e-12)
        some = _some(train.labels, seed)
        inner, outer = squared_distances(x[some], x[some]), squared_distances(held, x[some])
        best, chosen = -1.0, (1.0, unit)
        for width in _WIDTHS:
            gamma = width * unit
            kernel, judged = np.exp(-gamma * inner), np.exp(-gamma * outer)
            for cost in _COSTS:
                machine = SVC(C=cost, kernel="precomputed", cache_size=500)
                machine.fit(kernel, train.labels[some])
                right = accuracy(machine.predict(judged), validation.labels)
                if right > best:
                    best, chosen = right, (cost, gamma)
        cost, gamma = chosen
        machine = SVC(C=cost, kernel="precomputed", cache_size=500)
        machine.fit(_kernel(x, x, gamma), train.labels)
        support = machine.support_

        def predict(values: Array) -> Labels:
            found = []
            for first in range(0, len(values), _BLOCK):
                kernel = np.zeros((len(values[first : first + _BLOCK]), len(x)), np.float32)
                kernel[:, support] = _kernel(
                    rows(values[first : first + _BLOCK]), x[support], gamma
                )
                found.append(machine.predict(kernel))
            return np.concatenate(found).astype(np.int64)

        return Fitted(predict, {"C": cost, "gamma": gamma})


def _kernel(a: Array, b: Array, gamma: float) -> Array:
    distances = squared_distances(a, b)
    distances *= -gamma
    return np.asarray(np.exp(distances, out=distances))


def _some(labels: Labels, seed: int) -> Labels:
    """Places of at most `_TUNED_ON` rows, each class in its share, of every class two at least."""
    if len(labels) <= _TUNED_ON:
        return np.arange(len(labels))
    order = np.random.default_rng(seed).permutation(len(labels))
    chosen = []
    for number in np.unique(labels):
        members = order[labels[order] == number]
        chosen.append(members[: max(2, round(_TUNED_ON * len(members) / len(labels)))])
    return np.sort(np.concatenate(chosen))
