"""What `fit_resample` samplers share: scikit-learn's conventions, counts of copies, seeds."""

from __future__ import annotations

import inspect
import operator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tenfold.call.containers import is_tensor
from tenfold.errors import RequestError, did_you_mean
from tenfold.rng import fresh_seed
from tenfold.samples.sample import Array

_MOST_COPIES = 1_000_000


class Resampler:
    """Arguments by name, kept as they are until they are used: `get_params`, `set_params`.

    Attributes (after `fit_resample`):
        seed_: the seed that was used.
        sample_indices_: (M,) int64, the row of X that each output came from.
        copy_numbers_: (M,) int64, 0 for originals, else which copy it is.
    """

    seed_: int
    sample_indices_: NDArray[np.int64]
    copy_numbers_: NDArray[np.int64]

    @classmethod
    def _parameters(cls) -> dict[str, Any]:
        """The arguments' names and defaults."""
        found = inspect.signature(cls).parameters.items()
        return {name: parameter.default for name, parameter in found}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments by name, by scikit-learn's convention; there is nothing deep in them."""
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Self:
        """Change arguments, by scikit-learn's convention.

        Raises:
            RequestError: an unknown one; none is changed then.
        """
        known = self._parameters()
        for name in params:
            if name not in known:
                hint = did_you_mean(name, known) or f"; known: {', '.join(known)}"
                raise RequestError(f"unknown parameter '{name}'{hint}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def _note(self, kept: Array, parents: Array, numbers: Array) -> None:
        """Note where each output came from: rows that are kept, then copies of their parents."""
        self.sample_indices_ = np.concatenate([kept, parents]).astype(np.int64)
        self.copy_numbers_ = np.concatenate([np.zeros_like(kept), numbers]).astype(np.int64)

    def __repr__(self) -> str:
        told = []
        for name, default in self._parameters().items():
            value = getattr(self, name)
            if default is inspect.Parameter.empty:
                told.append(repr(value))
            elif value is not default:
                told.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(told)})"


def count_labels(y: Any, rows: int) -> None:
    """Raise `RequestError` if labels aren't one a row."""
    if not hasattr(y, "__len__") or len(y) != rows:
        got = len(y) if hasattr(y, "__len__") else repr(y)
        raise RequestError(f"y: must be one label a row, {rows} in all, got {got}")


def pickable(y: Any) -> Any:
    """Labels in a container that rows can be picked from."""
    picks = isinstance(y, list | tuple | np.ndarray) or hasattr(y, "iloc") or is_tensor(y)
    return y if picks else np.asarray(y)


def plain_labels(y: Any, purpose: str) -> list[Any]:
    """One class a row, of any container, as a list.

    A list, not an array for `numpy.unique`: labels of mixed types can't be sorted.

    Raises:
        RequestError: several numbers a row; the message begins with `purpose`.
    """
    labels = np.asarray(y.detach().cpu() if is_tensor(y) else y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise RequestError(f"{purpose}: needs one class a row, got y of shape {labels.shape}")
    found: list[Any] = labels.tolist()
    return found


def class_sizes(labels: list[Any]) -> dict[Any, int]:
    """How many rows each class has, in the order in which they are met."""
    sizes: dict[Any, int] = {}
    for label in labels:
        sizes[label] = sizes.get(label, 0) + 1
    return sizes


def copies_a_row(copies: Any, rows: int, y: Any, balance: bool, originals: bool) -> Array:
    """(rows,) int64: how many copies each row gets; see `ImageResampler`.

    Raises:
        RequestError: no number of copies, or nothing would be left; `balance` without labels.
    """
    try:
        copies = operator.index(copies)
    except TypeError:
        raise RequestError(f"copies: must be a whole number, got {copies!r}") from None
    if not 0 <= copies <= _MOST_COPIES:
        raise RequestError(f"copies must be within 0..{_MOST_COPIES}, got {copies}")
    if copies == 0 and not originals:
        raise RequestError("copies 0 without originals leaves nothing; did you mean copies 9?")
    if not balance:
        return np.full(rows, copies, np.int64)
    if y is None:
        raise RequestError("balance: needs labels; pass y")
    labels = plain_labels(y, "balance")
    sizes = class_sizes(labels)
    kept = int(bool(originals))
    goal = max(sizes.values(), default=0) * (copies + kept)
    return shared_out(labels, {label: goal - size * kept for label, size in sizes.items()})


def shared_out(labels: list[Any], copies: dict[Any, int]) -> NDArray[np.int64]:
    """Copies a row, for so many a class: as in a job on disk.

    Where that doesn't divide evenly, the class's first rows get one more.
    """
    sizes = class_sizes(labels)
    met: dict[Any, int] = {}
    counts = []
    for label in labels:
        share, rest = divmod(copies.get(label, 0), sizes[label])
        counts.append(share + int(met.get(label, 0) < rest))
        met[label] = met.get(label, 0) + 1
    return np.array(counts, np.int64)


def numbered(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each copy, those of a row together: its row, and its number from 1."""
    parents = np.repeat(np.arange(len(counts)), counts)
    return parents, np.arange(len(parents)) - np.repeat(np.cumsum(counts) - counts, counts) + 1


def chosen_seed(seed: Any, state: Any) -> int:
    """The seed that `seed` or `random_state` means; one from entropy if both are None.

    Raises:
        RequestError: both are given, or what is given is no integer and no generator.
    """
    if state is not None and seed is not None:
        raise RequestError("seed and random_state are the same; give one of them")
    if state is None:
        state = seed
    if state is None:
        return fresh_seed()
    if isinstance(state, np.random.RandomState):
        return int(state.randint(2**31 - 1))
    if isinstance(state, np.random.Generator):
        return int(state.integers(2**63))
    try:
        return operator.index(state)
    except TypeError:
        raise RequestError(f"seed: must be an integer, got {state!r:.60}") from None
