"""What generators learn from: the samples of a dataset as one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError

Array = NDArray[Any]
Label = str | int


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled images of one size, or labelled feature vectors of one length.

    Attributes:
        values: (N, H, W, C) float32, black 0 and white 1, C in the files' order (RGB); or (N, D)
            float32 in the features' own units.
        labels: (N,) int64, places in `classes`.
        classes: the names of the classes; a class may have no example here (a validation part).
        ids: (N,) names of the samples, for messages and pictures.

    Raises:
        RequestError: the shapes don't fit each other, a value isn't finite, a label is no place in
            `classes`, there is no example, or all values are the same.
    """

    values: Array
    labels: Array
    classes: tuple[Label, ...]
    ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, np.float32)
        labels = np.ascontiguousarray(self.labels, np.int64)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "classes", tuple(self.classes))
        object.__setattr__(self, "ids", tuple(self.ids) or tuple(map(str, range(len(values)))))
        if values.ndim not in {2, 4}:
            raise RequestError(f"examples are (N, H, W, C) or (N, D), got shape {values.shape}")
        if not len(values):
            raise RequestError("there are no examples to learn from")
        if labels.shape != (len(values),) or len(self.ids) != len(values):
            raise RequestError(
                f"{len(values)} examples need as many labels and ids, "
                f"got {labels.shape} and {len(self.ids)}"
            )
        if labels.min() < 0 or labels.max() >= len(self.classes):
            raise RequestError(f"labels must be places in the {len(self.classes)} classes")
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        if not finite.all():
            raise RequestError(f"{self.ids[int(finite.argmin())]}: a value isn't a finite number")
        if values.min() == values.max():
            raise RequestError(f"all values of all examples are {values.min():g}: nothing to learn")

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example: (H, W, C) or (D,)."""
        return tuple(self.values.shape[1:])

    def require(self, least: int) -> None:
        """Raise `RequestError` if a class has fewer examples than that."""
        counts = np.bincount(self.labels, minlength=len(self.classes))
        if counts.min() < least:
            few = int(counts.argmin())
            raise RequestError(
                f"class '{self.classes[few]}' has {counts[few]} "
                f"{'example' if counts[few] == 1 else 'examples'}, at least {least} are needed: "
                "add some or leave the class out"
            )

    def take(self, places: Array) -> Examples:
        """Some of the examples, in that order."""
        ids = tuple(self.ids[int(i)] for i in np.arange(len(self.values))[places])
        return Examples(self.values[places], self.labels[places], self.classes, ids)
