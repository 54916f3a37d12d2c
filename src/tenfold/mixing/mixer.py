"""The contract of a mixer: pictures of one batch and their labels, mixed by keyed numbers."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.mixing.batches import Array, take_images, take_labels
from tenfold.params import param, specs
from tenfold.rng import Key, draws

_MOST_STEP = 2**32 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """The random numbers of one row of a batch.

    Attributes:
        uniforms: (16,) float64 in the open interval (0, 1).
        seed: for randomness a pixel, see `tenfold.rng.pixel_generator`.
    """

    uniforms: NDArray[np.float64]
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """What was drawn for one row of a batch.

    Attributes:
        rows: of the pictures to be mixed, the row's own first; it alone if it stays as it is.
        numbers: what decides how.
    """

    rows: tuple[int, ...]
    numbers: Numbers


@dataclass(frozen=True, kw_only=True)
class Mixer(ABC):
    """A way to make one labelled picture of several.

    A subclass is a frozen dataclass whose fields are made by `tenfold.params.param`; it says its
    `name` and implements `blend`, for one row.

    Class variables:
        name: in `tenfold.mixing.MIXERS`, snake_case.
        pictures: how many become one, the row's own included.

    Args:
        probability: chance that a row is mixed, 0 to 1; the others stay as they are.
    """

    name: ClassVar[str]
    pictures: ClassVar[int] = 2

    probability: float = param(1.0, "number", "chance that a row is mixed", within=(0, 1))

    def __post_init__(self) -> None:
        for name, spec in specs(type(self)).items():
            value = spec.coerce(f"{self.name}: {name}", getattr(self, name))
            object.__setattr__(self, name, value)

    @abstractmethod
    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """Mix the pictures of one row; a pure function.

        Args:
            pictures: `self.pictures` arrays (H, W, C), the row's own first, all of one dtype;
                never written to.
            numbers: of the row.

        Returns:
            A picture of the same shape, dtype and range, and each picture's share of the label;
            the shares add up to 1.
        """

    def mix(
        self,
        images: Any,
        labels: Any,
        *,
        seed: int,
        step: int = 0,
        ids: Sequence[int | str] | None = None,
        classes: int | None = None,
    ) -> tuple[Any, Any]:
        """Mix a batch with itself: each row with others of the batch.

        The result is a pure function of the arguments. Each picture is the partner of exactly
        one other row (of one in each place, where more than two are mixed); a row is its own
        partner only where the batch has no other.

        Args:
            images: NumPy (N, H, W, C) or (N, H, W), or torch (N, C, H, W), of uint8, uint16 or
                float32; never changed.
            labels: class numbers (N,), whole numbers from 0, with `classes`; or one-hot or soft
                labels (N, K). NumPy, torch or lists.
            seed: any integer.
            step: number of the batch in the training, 0 to 2**32 - 1; another one gives another
                mix.
            ids: of the rows' samples, whole numbers or texts. With them the order of the rows
                doesn't matter: the batch, put in another order, gives the same rows in that
                order. Without them rows are known by their number in the batch.
            classes: K, the number of classes.

        Returns:
            Images in the form and dtype in which they came, sharing no memory with them, and
            float32 labels (N, K), whose rows add up to what the given rows add up to (1 for class
            numbers). They are torch tensors if the labels or the images were.

        Raises:
            RequestError: images, labels or another argument of a form that can't be mixed.
        """
        batch = take_images(images)
        known = take_labels(labels, len(batch.array), classes, like=images)
        out = np.empty(batch.array.shape, batch.array.dtype)
        soft = np.empty(known.array.shape, np.float64)
        for row, mix in enumerate(self.draw(len(out), seed=seed, step=step, ids=ids)):
            if len(mix.rows) == 1:
                out[row], soft[row] = batch.array[row], known.array[row]
                continue
            out[row], shares = self.blend([batch.array[r] for r in mix.rows], mix.numbers)
            soft[row] = sum(
                share * known.array[r] for share, r in zip(shares, mix.rows, strict=True)
            )
        return batch.restore(out), known.restore(soft.astype(np.float32))

    def draw(
        self,
        count: int,
        *,
        seed: int,
        step: int = 0,
        ids: Sequence[int | str] | None = None,
    ) -> list[Mix]:
        """Draw for a batch of `count` rows; see `mix` for the other arguments.

        The rows are put in a circle in drawn order, and each is mixed with those that follow it.
        """
        whole, number = _integer(seed, "seed"), _integer(step, "step")
        if not 0 <= number <= _MOST_STEP:
            raise RequestError(f"step must be within 0..{_MOST_STEP}, got {number}")
        if count == 0:
            return []
        keys = [Key(whole, name, number) for name in _names(count, ids)]
        word = f"mixing/{self.name}"
        own, meeting = draws(keys, [word, f"{word}/partners"])
        order = np.lexsort((meeting.uniforms[:, 1], meeting.uniforms[:, 0]))
        place = np.empty(count, np.intp)
        place[order] = np.arange(count)
        found = []
        for row, (uniforms, drawn_seed) in enumerate(
            zip(own.uniforms, own.seeds.tolist(), strict=True)
        ):
            rows = order[(place[row] + np.arange(self.pictures)) % count].tolist()
            mixed = meeting.uniforms[row, 2] < self.probability
            found.append(Mix(tuple(rows if mixed else rows[:1]), Numbers(uniforms, drawn_seed)))
        return found


def _names(count: int, ids: Sequence[int | str] | None) -> list[str]:
    """A distinct name for each row: of its sample, where that is known."""
    if ids is None:
        return [f"#{row}" for row in range(count)]
    if isinstance(ids, str) or not hasattr(ids, "__len__"):
        raise RequestError(f"ids: must be a sequence, one id a row, got {ids!r:.60}")
    if len(ids) != count:
        raise RequestError(f"ids: must be one a row, got {len(ids)} for {count} rows")
    seen: dict[str, int] = {}
    names = []
    for given in ids:
        name = str(given) if isinstance(given, str) else f"#{_integer(given, 'ids')}"
        seen[name] = seen.get(name, 0) + 1
        # A sample that comes twice in a batch isn't mixed the same way twice.
        names.append(name if seen[name] == 1 else f"{name}\0{seen[name]}")
    return names


def _integer(value: Any, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        kind = "whole numbers or texts" if name == "ids" else "a whole number"
        raise RequestError(f"{name}: must be {kind}, got {value!r:.60}") from None
