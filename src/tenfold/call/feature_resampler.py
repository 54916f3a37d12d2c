"""More feature vectors of each class, with or without a fitted model."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.call.containers import pick
from tenfold.call.resampling import (
    Resampler,
    chosen_seed,
    class_sizes,
    copies_a_row,
    count_labels,
    numbered,
    pickable,
    plain_labels,
    shared_out,
)
from tenfold.errors import RequestError, did_you_mean
from tenfold.learned.generator import Generator, Variation
from tenfold.learned.latent import Reference, alter
from tenfold.rng import Key, draws_of_words
from tenfold.samples.sample import Array

_OUTPUTS = ("samples", "latents")
_STRATEGIES = ("auto", "not majority", "minority", "not minority", "all")


class FeatureResampler(Resampler):
    """Altered copies of feature vectors, with their labels: SMOTE's idea and its relatives.

    Fit it on the training part only: `X_train, y_train = resampler.fit_resample(X_train, y_train)`.
    It follows scikit-learn's conventions without needing it, and has the `fit_resample` of
    imbalanced-learn's samplers. With a `model` (a fitted generator of `tenfold.learned`) rows are
    altered in its latent space; without one, where they are.

    The randomness of copy c of row i comes from `Key(seed_, f"#{i}", c)` alone, so that it doesn't
    depend on how many copies others get.

    Args:
        method: "interpolation" (towards one of the nearest of the class; with strength (0, 1) it
            is the SMOTE of Chawla et al., 2002), "extrapolation", "noise", "prior", "mixture",
            "metric" or "reconstruction", see `tenfold.learned.latent.alter`; with a model what it
            offers, its default for None.
        strength: a number, or a pair from which each copy draws its own; see `Variation`.
        neighbours: K, the nearest of the class that a partner is drawn from.
        metric: "euclidean", "standardised", "cosine" or "mahalanobis".
        copies: a row, 0 to 1,000,000.
        sampling_strategy: which classes grow to what, in place of `copies`, in imbalanced-learn's
            words: "auto" or "not majority" (all but the largest grow to its size), "minority",
            "not minority", "all", or {class: rows in the end}. New rows are shared evenly among
            the class's rows.
        balance: every class ends with as many rows as the largest one gets by `copies`.
        seed: any integer; without one, entropy is drawn by each `fit_resample`.
        originals: they come first in what is returned; else copies only.
        model: a fitted generator of the rows' shape and classes.
        output: "samples", or "latents": the model's, (M, L), of originals as of copies.
        random_state: another name for `seed`.

    Attributes (after `fit_resample`):
        seed_: the seed that was used.
        sample_indices_: (M,) int64, the row of X that each output came from.
        copy_numbers_: (M,) int64, 0 for originals, else which copy it is.
    """

    def __init__(
        self,
        method: str | None = None,
        *,
        strength: float | tuple[float, float] | None = None,
        neighbours: int = 10,
        metric: str = "euclidean",
        copies: int = 9,
        sampling_strategy: str | Mapping[Any, int] | None = None,
        balance: bool = False,
        seed: int | None = None,
        originals: bool = True,
        model: Generator | None = None,
        output: str = "samples",
        random_state: Any = None,
    ) -> None:
        self.method = method
        self.strength = strength
        self.neighbours = neighbours
        self.metric = metric
        self.copies = copies
        self.sampling_strategy = sampling_strategy
        self.balance = balance
        self.seed = seed
        self.originals = originals
        self.model = model
        self.output = output
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any) -> tuple[Array, Any]:  # noqa: N803
        """Make the copies.

        Args:
            X: (N, D) of any float or integer dtype; with a model (N, *shape), or flat rows of it:
                images of floats from 0 to 1, or of uint8 or uint16. Never changed.
            y: one class a row, of any dtype and in any container (array, list, pandas Series).

        Returns:
            X of M rows in the shape and dtype in which it came (whole numbers are rounded), or
            (M, L) float32 for "latents": all originals in their order, then all copies, those of
            a row together. And y for them, in its own container and dtype.

        Raises:
            RequestError: arguments or arrays that can't be used, values that aren't finite (the
                message names the row), a class with a single row, classes or a shape that the
                model doesn't know.
        """
        X = np.asarray(X)  # noqa: N806
        if X.dtype.kind not in "fiu" or X.ndim < 2 or (self.model is None and X.ndim != 2):
            wanted = "numbers (N, D)" if self.model is None else "rows of the model's shape"
            raise RequestError(f"X: must be {wanted}, got {X.dtype} of shape {X.shape}")
        rows = len(X)
        if rows == 0:
            raise RequestError("X: there are no rows")
        count_labels(y, rows)
        finite = np.isfinite(X).reshape(rows, -1).all(axis=1)
        if not finite.all():
            raise RequestError(f"X: row {int(finite.argmin())} has values that aren't finite")
        if self.output not in _OUTPUTS:
            hint = did_you_mean(str(self.output), _OUTPUTS) or f"; known: {', '.join(_OUTPUTS)}"
            raise RequestError(f"no output '{self.output}'{hint}")
        if self.output == "latents" and self.model is None:
            raise RequestError('output="latents" needs a model: pass a fitted one')
        labels = plain_labels(y, "y")
        parents, numbers = numbered(self._counts(rows, labels))
        if self.method != "reconstruction":
            _require_two(labels, parents)
        self.seed_ = chosen_seed(self.seed, self.random_state)
        seeds = _seeds(self.seed_, parents, numbers)
        kept = np.arange(rows if self.originals else 0)
        variation = Variation(self.method, self.strength, self.neighbours, self.metric)
        if self.model is None:
            out = _plain(X, labels, kept, parents, seeds, variation)
        else:
            out = self._modelled(self.model, X, labels, kept, parents, seeds, variation)
        self._note(kept, parents, numbers)
        return out, pick(pickable(y), self.sample_indices_.tolist())

    def _counts(self, rows: int, labels: list[Any]) -> NDArray[np.int64]:
        if self.sampling_strategy is None:
            return copies_a_row(self.copies, rows, labels, self.balance, self.originals)
        if self.balance:
            raise RequestError("balance and sampling_strategy say the same; give one of them")
        return shared_out(labels, _wanted(self.sampling_strategy, class_sizes(labels)))

    def _modelled(
        self, model: Generator, given: Array, labels: list[Any], kept: Array, parents: Array,
        seeds: Array, variation: Variation,
    ) -> Array:  # fmt: skip
        """The rows that are kept, and the copies, by way of a model."""
        places = _places(labels, model)
        size = int(np.prod(model.shape))
        if given[0].size != size:
            raise RequestError(
                f"X: the model was fitted on {model.shape}, got rows of shape {given.shape[1:]}"
            )
        white = float(np.iinfo(given.dtype).max) if given.dtype.kind in "iu" else 1.0
        scale = np.float32(white if len(model.shape) == 3 else 1.0)
        values = given.reshape(len(given), *model.shape).astype(np.float32) / scale
        if self.output == "latents":
            latents = model.encode(values, places)
            own = Reference(latents, places, len(model.classes))
            made = alter(latents[parents], places[parents], seeds, own, variation)
            return np.concatenate([latents[kept], made])
        made = model.vary(values[parents], places[parents], seeds, variation) * scale
        return _with_originals(given, kept, made.reshape(len(parents), *given.shape[1:]))


def _plain(
    given: Array, labels: list[Any], kept: Array, parents: Array, seeds: Array, variation: Variation
) -> Array:
    """The rows that are kept, and copies altered where they are."""
    classes = {label: place for place, label in enumerate(class_sizes(labels))}
    places = np.array([classes[label] for label in labels], np.int64)
    # Less the columns' middles, so that float32 holds what tells rows apart (dates, say).
    middles = given.mean(axis=0, dtype=np.float64)
    centred = (given - middles).astype(np.float32)
    own = Reference(centred, places, len(classes))
    made = alter(centred[parents], places[parents], seeds, own, variation)
    return _with_originals(given, kept, made + middles)


def _require_two(labels: list[Any], parents: Array) -> None:
    """Every method learns from the other rows of the class."""
    sizes = class_sizes(labels)
    for row in np.unique(parents).tolist():
        if sizes[labels[row]] < 2:
            raise RequestError(
                f"y: class {labels[row]!r} has a single row ({row}), at least 2 are needed: add "
                "some, leave it out, or leave it as it is by sampling_strategy={class: rows}"
            )


def _with_originals(given: Array, kept: Array, made: Array) -> Array:
    """Both in the dtype of what was given."""
    if given.dtype.kind in "iu":
        bounds = np.iinfo(given.dtype)
        made = np.clip(np.rint(made), bounds.min, bounds.max)
    return np.concatenate([given[kept], made.astype(given.dtype)])


def _seeds(seed: int, parents: Array, numbers: Array) -> Array:
    """(M,) int64: one seed a copy."""
    words = {row: Key(seed, f"#{row}", 0).words() for row in set(parents.tolist())}
    each = np.array([words[row] for row in parents.tolist()], np.uint32).reshape(-1, 2)
    [draws] = draws_of_words(each, numbers.astype(np.uint32), ["latent"])
    return draws.seeds


def _places(labels: list[Any], model: Generator) -> Array:
    """Labels as places in the model's classes; a folder's name "7" is the number 7 as well."""
    known: dict[Any, int] = {str(label): place for place, label in enumerate(model.classes)}
    known.update({label: place for place, label in enumerate(model.classes)})
    for label in labels:
        if label not in known and str(label) not in known:
            told = ", ".join(map(str, model.classes[:20]))
            raise RequestError(f"y: the model knows no class {label!r}; it was fitted on: {told}")
    found = [known[label] if label in known else known[str(label)] for label in labels]
    return np.array(found, np.int64)


def _wanted(strategy: Any, sizes: dict[Any, int]) -> dict[Any, int]:
    """How many new rows each class gets, by imbalanced-learn's words."""
    largest, smallest = max(sizes.values()), min(sizes.values())
    if isinstance(strategy, Mapping):
        wanted = {}
        for label, goal in strategy.items():
            if label not in sizes:
                raise RequestError(f"sampling_strategy: y has no class {label!r}")
            try:
                wanted[label] = operator.index(goal) - sizes[label]
            except TypeError:
                wanted[label] = -1
            if wanted[label] < 0:
                raise RequestError(
                    f"sampling_strategy: class {label!r} has {sizes[label]} rows, it can only "
                    f"grow to a whole number above that, got {goal!r}"
                )
        return wanted
    if strategy not in _STRATEGIES:
        hint = did_you_mean(str(strategy), _STRATEGIES)
        raise RequestError(
            f"no sampling_strategy {strategy!r}{hint}; "
            f"known: {', '.join(_STRATEGIES)}, or {{class: rows}}"
        )
    # One class only is the majority (the minority), as in imbalanced-learn: the first of a draw.
    majority = next(label for label, size in sizes.items() if size == largest)
    minority = next(label for label, size in sizes.items() if size == smallest)
    left_out = {"auto": [majority], "not majority": [majority], "not minority": [minority]}
    grows = [minority] if strategy == "minority" else sizes
    return {
        label: largest - sizes[label] for label in grows if label not in left_out.get(strategy, [])
    }
