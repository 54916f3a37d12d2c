"""Cross-fitted classifiers: each sample is judged by those that never saw it or its group."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.learned.examples import Array, Examples
from tenfold.study.classifiers import classifier
from tenfold.study.classifiers.classifier import Fitted
from tenfold.study.splits import Parts, StudyData, parts

Bools = NDArray[np.bool_]
Said = Callable[[str], None]


class Judges:
    """Classifiers of every kind and fold, fitted on unchanged samples.

    Args:
        data: a test part of its own is left out: it stays untouched for the final test.
        names: of classifiers.
        folds: into how many parts the samples are cut, group by group.
        seed: of the cut and of the classifiers.
        said: told what is done.

    Attributes:
        data: without the test part.
        parts: of each fold.
        groups: (N,) numbers from 0.
        plain: (J, N) whether each kind of classifier is right about the unchanged samples.

    Raises:
        RequestError: feature vectors, one class only, too few samples or groups for the folds.
    """

    def __init__(
        self,
        data: StudyData,
        names: Sequence[str],
        folds: int,
        seed: int,
        said: Said = lambda _: None,
    ) -> None:
        examples = data.examples
        if len(examples.shape) != 3:
            raise RequestError(
                "calibrate changes images, and these are feature vectors: how much noise they "
                "bear, a study tells (tenfold study SRC --arms none,noise)"
            )
        kept = np.arange(len(examples.labels))
        if data.tested is not None:
            kept = np.flatnonzero(~data.tested)
        if len(np.unique(examples.labels[kept])) < 2:
            raise RequestError(
                "all samples are of one class: whether a label survives can't be seen; give "
                "samples of two classes or more"
            )
        if folds < 2:
            raise RequestError(f"--folds must be 2 or more, got {folds}")
        if not names:
            raise RequestError("calibrate needs a classifier, svm or knn")
        groups = None if data.groups is None else data.groups[kept]
        self.data = StudyData(_present(examples.take(kept)), groups)
        self.data.examples.require(folds)
        count = len(kept)
        self.groups = np.unique(
            np.arange(count) if groups is None else groups, return_inverse=True
        )[1]
        self.names, self.seed = tuple(names), seed
        self.parts: list[Parts] = [
            parts(self.data, repeat=0, fold=fold, folds=folds, size=None, seed=seed)
            for fold in range(folds)
        ]
        self._fitted: list[list[Fitted]] = []
        for name in names:
            said(f"{name}, unchanged samples")
            made, all_ = classifier(name), self.data.examples
            self._fitted.append(
                [made.fit(all_.take(p.train), all_.take(p.validation), seed) for p in self.parts]
            )
        self.plain = self.right(self.data.examples.values)

    def right(self, values: Array) -> Bools:
        """(N, H, W, C) the samples, changed somehow -> (J, N) whether each kind reads the label."""
        labels = self.data.examples.labels
        out = np.zeros((len(self.names), len(labels)), bool)
        for row, fitted in zip(out, self._fitted, strict=True):
            for part, one in zip(self.parts, fitted, strict=True):
                row[part.test] = one.predict(values[part.test]) == labels[part.test]
        return out

    def trained_with(self, copies: Sequence[Array]) -> Bools:
        """The same classifiers trained on copies too, judging the unchanged samples.

        Args:
            copies: (N, H, W, C) each, a copy of every sample; folds take those of their own
                training part, so that no one learns from a copy of what it is tested on.

        Returns:
            (J, N) whether each kind is right.
        """
        examples = self.data.examples
        out = np.zeros((len(self.names), len(examples.labels)), bool)
        for row, name in zip(out, self.names, strict=True):
            made = classifier(name)
            for part in self.parts:
                values = [examples.values[part.train], *(copy[part.train] for copy in copies)]
                labels = np.tile(examples.labels[part.train], len(values))
                train = Examples(np.concatenate(values), labels, examples.classes)
                fitted = made.fit(train, examples.take(part.validation), self.seed)
                found = fitted.predict(examples.values[part.test])
                row[part.test] = found == examples.labels[part.test]
        return out


def _present(examples: Examples) -> Examples:
    """Without classes of which there is no sample."""
    there, labels = np.unique(examples.labels, return_inverse=True)
    if len(there) == len(examples.classes):
        return examples
    names = tuple(examples.classes[int(k)] for k in there)
    return Examples(examples.values, labels, names, examples.ids)
