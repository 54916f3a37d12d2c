"""Any estimator in scikit-learn's manner, by its import path."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.examples import Array, Examples
from tenfold.study.classifiers.classifier import Classifier, Fitted, Labels, rows


class Estimator(Classifier):
    """`package.module.Class`, made without arguments but its random state, fitted as it is.

    Args:
        path: where it is, "sklearn.ensemble.RandomForestClassifier".

    Raises:
        RequestError: it can't be imported, or has no `fit` and `predict`.
    """

    def __init__(self, path: str) -> None:
        self.name = path  # type: ignore[misc]
        module, _, what = path.rpartition(".")
        try:
            self._make: Any = getattr(importlib.import_module(module), what)
        except (ImportError, AttributeError, ValueError) as error:
            raise RequestError(f"classifier '{path}' can't be imported: {error}") from None
        if not (hasattr(self._make, "fit") and hasattr(self._make, "predict")):
            raise RequestError(f"classifier '{path}' has no fit and predict")

    def fit(self, train: Examples, validation: Examples, seed: int) -> Fitted:
        """See `Classifier.fit`; nothing is tuned."""
        seeded = "random_state" in inspect.signature(self._make).parameters
        model = self._make(**({"random_state": seed} if seeded else {}))
        model.fit(rows(train.values), train.labels)

        def predict(values: Array) -> Labels:
            return np.asarray(model.predict(rows(values)), np.int64)

        return Fitted(predict, {})
