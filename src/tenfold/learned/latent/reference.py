"""What alterations refer to: the latents of the training examples, and their statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.examples import Array
from tenfold.learned.latent.covariance import shrunk

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Reference:
    """Vectors of known classes. Whatever is worked out from them is kept for the next call.

    Attributes:
        latents: (M, L) float32.
        labels: (M,) int64 from 0 to `classes` - 1; a class may have none.
        classes: how many there are.

    Raises:
        RequestError: shapes that don't fit, a label out of range, a value that isn't finite.
    """

    latents: Array
    labels: Array
    classes: int
    _kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        latents = np.ascontiguousarray(self.latents, np.float32)
        labels = np.ascontiguousarray(self.labels, np.int64)
        object.__setattr__(self, "latents", latents)
        object.__setattr__(self, "labels", labels)
        if latents.ndim != 2 or labels.shape != latents.shape[:1] or not latents.size:
            raise RequestError(
                "a reference needs vectors (M, L) and as many labels, "
                f"got shapes {latents.shape} and {labels.shape}"
            )
        if labels.min() < 0 or labels.max() >= self.classes:
            raise RequestError(f"labels must be places in the {self.classes} classes")
        if not np.isfinite(latents).all():
            raise RequestError("a reference's vectors must be finite numbers")

    @cached_property
    def rows(self) -> tuple[Array, ...]:
        """For each class, the places of its vectors, rising."""
        order = np.argsort(self.labels, kind="stable")
        ends = np.cumsum(np.bincount(self.labels, minlength=self.classes))
        return tuple(np.split(order, ends[:-1]))

    @cached_property
    def means(self) -> Array:
        """(classes, L) float64; zero for a class without vectors."""
        found = [self.latents[rows].astype(np.float64) for rows in self.rows]
        return np.stack([v.mean(axis=0) if len(v) else np.zeros(v.shape[1]) for v in found])

    @cached_property
    def centred(self) -> Array:
        """(M, L) float64: the vectors less their classes' means."""
        return np.asarray(self.latents - self.means[self.labels])

    @cached_property
    def spread(self) -> Array:
        """(L,) float64: the standard deviation of each dimension within classes, pooled."""
        free = max(1, len(self.latents) - sum(len(rows) > 0 for rows in self.rows))
        return np.asarray(np.sqrt((self.centred**2).sum(axis=0) / free))

    @cached_property
    def spreads(self) -> Array:
        """(classes, L) float64: the standard deviation of each dimension within each class.

        The pooled one where a class has fewer than two vectors.
        """
        return np.stack(
            [
                self.centred[rows].std(axis=0, ddof=1) if len(rows) > 1 else self.spread
                for rows in self.rows
            ]
        )

    @cached_property
    def within(self) -> Array:
        """(L, L) float64: the covariance within classes, pooled and shrunk."""
        return shrunk(self.centred)

    def covariance(self, label: int) -> Array:
        """(L, L) float64: of one class, drawn towards `within` as far as its vectors are few."""
        return self.keep(
            ("covariance", label), lambda: shrunk(self.centred[self.rows[label]], self.within)
        )

    def keep(self, name: Any, make: Callable[[], T]) -> T:
        """What `make` gave at the first call with this name."""
        if name not in self._kept:
            self._kept[name] = make()
        kept: T = self._kept[name]
        return kept
