"""Classifiers that judge arms: each is tuned on the validation part only."""

from __future__ import annotations

from collections.abc import Callable

from tenfold.errors import RequestError, did_you_mean
from tenfold.study.classifiers.classifier import Classifier, Fitted
from tenfold.study.classifiers.estimator import Estimator
from tenfold.study.classifiers.knn import KNN
from tenfold.study.classifiers.networks import CNN, MLP
from tenfold.study.classifiers.svm import SVM
from tenfold.study.extras import require

_NEEDS = {"svm": "sklearn", "mlp": "torch", "cnn": "torch"}
NAMES = {"svm": "SVM", "knn": "k-NN", "mlp": "MLP", "cnn": "CNN"}
"""As a person reads them."""

BUILT_IN: dict[str, Callable[[], Classifier]] = {c.name: c for c in (SVM, KNN, MLP, CNN)}


def classifier(name: str) -> Classifier:
    """The classifier of that name, or the scikit-learn estimator at that import path.

    Raises:
        RequestError: there is none.
        MissingExtraError: it needs a package that isn't installed.
    """
    if name in BUILT_IN:
        if (module := _NEEDS.get(name)) is not None:
            require(module, f"the classifier {name}")
        return BUILT_IN[name]()
    if "." in name:
        return Estimator(name)
    hint = did_you_mean(name, BUILT_IN)
    raise RequestError(
        f"no classifier '{name}'{hint}; there are {', '.join(BUILT_IN)}, and any estimator by its "
        "import path, sklearn.ensemble.RandomForestClassifier"
    )


__all__ = ["NAMES", "Classifier", "Fitted", "classifier"]
