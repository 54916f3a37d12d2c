"""Arrays in, ten times the arrays out, by the conventions of scikit-learn and imbalanced-learn."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.call.containers import pick
from tenfold.call.declaration import Declaration
from tenfold.call.pipeline import Pipeline
from tenfold.call.resampling import (
    Resampler,
    chosen_seed,
    copies_a_row,
    count_labels,
    numbered,
    pickable,
)
from tenfold.call.targets import take_image
from tenfold.errors import RequestError, SampleError
from tenfold.plan.plan import Plan
from tenfold.rng import Key
from tenfold.samples.sample import Array, Sample, value_range_of
from tenfold.samples.source import DatasetInfo
from tenfold.samples.validate import clean

_AT_ONCE = 4096  # copies drawn in one call


class ImageResampler(Resampler):
    """Augmented copies of the rows of an array, with their labels.

    Fit it on the training part only: `X_train, y_train = resampler.fit_resample(X_train, y_train)`.
    It follows scikit-learn's conventions (`get_params`, `set_params`, `clone`; arguments are kept
    as they are and checked by `fit_resample`) without needing scikit-learn, and has the
    `fit_resample` of imbalanced-learn's samplers.

    Copy c (1, 2, ...) of row i has the key `Key(seed_, f"#{i}", c)`: the same numbers, and the
    same bytes, that `Pipeline(declaration, seed=seed_)(X[i], key=...)` gives for that key, and
    that `AugmentedDataset` gives for item i in epoch c. So a row's copies don't depend on `copies`,
    on `balance`, or on the rows beside it.

    Args:
        declaration: what may change; anything that `Pipeline` takes.
        copies: a row, 0 to 1,000,000.
        seed: any integer; without one, entropy is drawn by each `fit_resample`.
        balance: every class ends with as many rows as the largest one gets, its originals and
            `copies` a row.
        originals: they come first in what is returned; else copies only.
        shape: (H, W) or (H, W, C) of an image where X holds it as a flat row.
        random_state: another name for `seed`; NumPy's generators are taken too, and give it one
            number.

    Attributes (after `fit_resample`):
        seed_: the seed that was used.
        sample_indices_: (M,) int64, the row of X that each output came from.
        copy_numbers_: (M,) int64, 0 for originals, else which copy it is.
    """

    def __init__(
        self,
        declaration: Declaration,
        *,
        copies: int = 9,
        seed: int | None = None,
        balance: bool = False,
        originals: bool = True,
        shape: Sequence[int] | None = None,
        random_state: Any = None,
    ) -> None:
        self.declaration = declaration
        self.copies = copies
        self.seed = seed
        self.balance = balance
        self.originals = originals
        self.shape = shape
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any = None) -> tuple[Array, Any]:  # noqa: N803
        """Make the copies.

        Args:
            X: (N, H, W) or (N, H, W, C), or (N, H*W*C) with `shape`; uint8, uint16, float32, or
                float64 (whose copies are made in float32). Never changed.
            y: labels, one a row, of any dtype and in any container (array, list, pandas Series);
                or None, if they aren't needed for `balance`.

        Returns:
            X of M rows in the shape and dtype in which it came: all originals in their order,
            then all copies, those of a row together. And y for them (None if it was None), in
            its own container and dtype.

        Raises:
            RequestError: an argument, or arrays, that can't be used; a recipe that changes the
                images' size, which an array has no place for.
            SampleError: an image that can't be moved (NaN...); the message names its row.
        """
        X = np.asarray(X)  # noqa: N806
        images = self._images(X)
        rows = len(images)
        if y is not None:
            count_labels(y, rows)
        counts = copies_a_row(self.copies, rows, y, self.balance, self.originals)
        plan = Plan(Pipeline(self.declaration, seed=0).recipe, DatasetInfo(fixed_size=True))
        self.seed_ = chosen_seed(self.seed, self.random_state)
        first = rows if self.originals else 0
        parents, numbers = numbered(counts)
        out = np.empty((first + len(parents), *images.shape[1:]), X.dtype)
        out[:first] = images[:first]
        _fill(out[first:], images, plan, self.seed_, parents, numbers)
        self._note(np.arange(first), parents, numbers)
        labels = None if y is None else pick(pickable(y), self.sample_indices_.tolist())
        return out.reshape(len(out), *X.shape[1:]), labels

    def _images(self, X: Array) -> Array:  # noqa: N803
        if X.dtype.kind in "OSU":
            raise RequestError(
                f"X: must be an array of numbers, got {X.dtype}; images of one size are needed"
            )
        if self.shape is None:
            if X.ndim in (3, 4):
                return X
            cure = "; say shape=(height, width)" if X.ndim == 2 else ""
            raise RequestError(f"X: must be (N, H, W) or (N, H, W, C), got shape {X.shape}{cure}")
        shape = _shape(self.shape)
        if X.shape[1:] == shape or (X.ndim == 2 and X.shape[1] == np.prod(shape)):
            return X.reshape(len(X), *shape)
        raise RequestError(
            f"X: rows of shape {shape} are {np.prod(shape)} numbers, got shape {X.shape}"
        )


def _shape(shape: Any) -> tuple[int, ...]:
    try:
        found = tuple(operator.index(side) for side in shape)
    except TypeError:
        found = ()
    if len(found) not in (2, 3) or min(found) < 1:
        raise RequestError(f"shape: must be (height, width) or (height, width, C), got {shape!r}")
    return found


def _fill(
    out: Array,
    images: Array,
    plan: Plan,
    seed: int,
    parents: NDArray[np.int64],
    numbers: NDArray[np.int64],
) -> None:
    """Write the copies into `out`: copy `numbers[k]` of row `parents[k]` into row k."""
    cast = np.float32 if images.dtype == np.float64 else images.dtype
    row, sample = -1, None
    for start in range(0, len(parents), _AT_ONCE):
        chunk = range(start, min(start + _AT_ONCE, len(parents)))
        keys = [Key(seed, f"#{parents[k]}", int(numbers[k])) for k in chunk]
        drawing = plan.drawing(keys)
        for place, k in enumerate(chunk):
            try:
                if sample is None or parents[k] != row:
                    row = int(parents[k])
                    first = sample is None
                    sample = _sample(
                        images[row].astype(cast, copy=False), row, plan.recipe.value_range
                    )
                    if first:
                        plan.check(plan.schema(sample))
                made = plan.copy(sample, drawing, place).sample.image
                out[k] = made.reshape(out.shape[1:])
            except SampleError as error:
                raise SampleError(f"row {row}: {error}") from error


def _sample(image: Array, row: int, said: tuple[float, float] | None) -> Sample:
    picture = take_image(image)
    sample = Sample(
        id=f"#{row}",
        image=picture.array,
        alpha=picture.alpha,
        value_range=value_range_of(picture.array),
    )
    return clean(sample, "clip", value_range=said)[0]
