"""The contract of a generator: what learns a dataset's variety and makes new samples of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from tenfold.learned.examples import Array, Label

Views = Callable[[Array, int], Array]
"""(places, epoch) -> values: these examples as the declaration lets them look in that epoch.

Places are (n,) int64 in the training examples; the values have the examples' shape and units.
"""

Progress = Callable[[str, int, int], None]
"""(what is said of the state, steps done, steps in all)."""


@dataclass(frozen=True, slots=True)
class Variation:
    """How a sample is altered.

    Attributes:
        method: one of the generator's `methods`; None is its first.
        strength: how far it goes, in the method's own unit (interpolation's and extrapolation's
            lambda, noise's share of each dimension's spread...); a pair is the range from which
            each copy draws its own; None is the method's default.
        neighbours: K, the number of nearest neighbours of the same class that partners are drawn
            from, where the method takes partners.
        metric: in which neighbours are near: "euclidean", "standardised" (each dimension in its
            own spread), "cosine" or "mahalanobis" (the pooled covariance within classes).
    """

    method: str | None = None
    strength: float | tuple[float, float] | None = None
    neighbours: int = 10
    metric: str = "euclidean"


class Generator(ABC):
    """A fitted model. It never changes after the fit; all randomness comes from seeds.

    Every value that a row becomes depends on that row, its label and its seed only, but floating
    point sums may depend on how many rows are worked on together; who needs the same bytes again
    gives the same rows (the engine gives one).

    Attributes:
        kind: the word for it in recipes and model files.
        methods: what `vary` offers, the default first.
        libraries: packages, beside those that tenfold always has, that its bytes depend on.
        shape: of one example, (H, W, C) or (D,).
        classes: the names of the classes it was fitted on; labels are places in it.
    """

    kind: ClassVar[str]
    methods: ClassVar[tuple[str, ...]]
    libraries: ClassVar[tuple[str, ...]] = ()
    shape: tuple[int, ...]
    classes: tuple[Label, ...]

    @abstractmethod
    def encode(self, values: Array, labels: Array) -> Array:
        """Project into the latent space.

        Args:
            values: (N, *shape) float32, as `Examples.values`.
            labels: (N,) int64.

        Returns:
            (N, L) float32; for a variational model the means.

        Raises:
            RequestError: another shape, or a label that is no place in `classes`.
        """

    @abstractmethod
    def decode(self, latents: Array, labels: Array) -> Array:
        """From the latent space, (N, L), to examples, (N, *shape) float32; see `encode`."""

    @abstractmethod
    def sample(self, labels: Array, seeds: Array) -> Array:
        """New examples of these classes, from nothing but the model.

        Args:
            labels: (N,) int64.
            seeds: (N,) int64 from 0 to 2^53, one a sample.

        Returns:
            (N, *shape) float32.
        """

    @abstractmethod
    def vary(self, values: Array, labels: Array, seeds: Array, variation: Variation) -> Array:
        """Altered copies of given examples: one for each row.

        Args:
            values: (N, *shape) float32.
            labels: (N,) int64.
            seeds: (N,) int64 from 0 to 2^53, one a copy.
            variation: see there.

        Returns:
            (N, *shape) float32; images from 0 to 1.

        Raises:
            RequestError: as `encode`; or the variation asks for what this generator doesn't offer.
        """

    @abstractmethod
    def state(self) -> tuple[Mapping[str, Array], Mapping[str, Any]]:
        """All that makes it: arrays by name, and the rest in types that JSON has."""

    @classmethod
    @abstractmethod
    def restore(cls, arrays: Mapping[str, Array], told: Mapping[str, Any]) -> Self:
        """The generator whose `state` this was.

        Raises:
            ModelError: something is missing or of another shape than the rest says.
        """
