"""The contract of a classifier that judges arms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from tenfold.learned.examples import Array, Examples

Labels = NDArray[np.int64]


class Predict(Protocol):
    """What a fitted classifier does."""

    def __call__(self, values: Array, /) -> Labels:
        """Classes of examples, (N, *shape) float32 -> (N,) int64."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A classifier after its fit.

    Attributes:
        predict: see there.
        chosen: the settings that the validation part chose, in types that JSON has.
        loss: its last mean training loss (cross-entropy, nats), where it has one; see
            `tenfold.study.measures.diversity`.
    """

    predict: Predict
    chosen: Mapping[str, Any]
    loss: float | None = None


class Classifier(ABC):
    """Something that is trained on one part, tuned on another, and judged on a third.

    Attributes:
        name: on the command line and in records.
    """

    name: ClassVar[str]

    @abstractmethod
    def fit(self, train: Examples, validation: Examples, seed: int) -> Fitted:
        """Train; whatever must be chosen is chosen by the validation part.

        Args:
            train: originals and copies.
            validation: never augmented.
            seed: of all randomness, from 0.

        Raises:
            RequestError: this classifier can't take such data.
        """


def rows(values: Array) -> Array:
    """Examples as rows, (N, features) float32."""
    return np.ascontiguousarray(values.reshape(len(values), -1), np.float32)


def accuracy(found: Labels, labels: Labels) -> float:
    """Share that is right, 0 to 1."""
    return float(np.mean(found == labels))
