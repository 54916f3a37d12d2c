"""A dataset whose every visit gives another copy: for torch's DataLoader, or any loop."""

from __future__ import annotations

import multiprocessing
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.context import get_spawning_popen
from typing import Any, Protocol

import numpy as np

from tenfold.call.containers import is_pillow, is_tensor
from tenfold.call.pipeline import Pipeline
from tenfold.call.targets import TARGET_ALIASES, TARGETS, check_names
from tenfold.call.unkeyed import one_thread_in_workers
from tenfold.declare.aliases import hint
from tenfold.errors import RequestError, SampleError
from tenfold.plan.drawing import Drawing
from tenfold.rng import Key

Targets = str | None | Mapping[Any, Any] | Sequence[Any]
"""What an item holds, in the item's own shape: a target's name, None (leave it alone), a mapping
for a dict, or a sequence for a tuple or list."""

_MOST_EPOCH = 2**32 - 1
_NO_EPOCH = -1
_EXTRAS = ("valid", "keypoints_visible")  # what a dict has a place for


class MapDataset(Protocol):
    """Anything with a length and items by number."""

    def __len__(self) -> int:
        """The number of items."""

    def __getitem__(self, index: int, /) -> Any:
        """An item by its number, from 0."""


class Epoch:
    """The number of the epoch, shared with worker processes that live through many.

    Forked and spawned processes see what is set later; pickled otherwise it is a plain number.
    """

    def __init__(self, number: int = _NO_EPOCH) -> None:
        # Without a lock: eight aligned bytes are written at once, and a lock would bind it to
        # one way of starting processes.
        self._shared = multiprocessing.RawValue("q", number)

    @property
    def number(self) -> int | None:
        """The epoch, or None if nobody said."""
        number = int(self._shared.value)
        return None if number == _NO_EPOCH else number

    @number.setter
    def number(self, number: int) -> None:
        self._shared.value = number

    def __getstate__(self) -> Any:
        return int(self._shared.value) if get_spawning_popen() is None else self._shared

    def __setstate__(self, state: Any) -> None:
        self._shared = multiprocessing.RawValue("q", state) if isinstance(state, int) else state


class AugmentedDataset:
    """A dataset of copies: each visit of an item gives it augmented.

    Wrap the training part only, and shuffle, batch and split as before:

        train = AugmentedDataset(photos, Pipeline("natural", seed=42))
        loader = DataLoader(train, batch_size=64, shuffle=True, num_workers=4)
        for epoch in range(epochs):
            train.set_epoch(epoch)
            for images, labels in loader: ...

    With `set_epoch` a copy depends on the pipeline's seed, the item's index and the epoch only:
    it is the same for any number of workers, any batch size and any order, in a run that was
    resumed as in one that wasn't. Another epoch gives other copies.

    Without it, no copy repeats: not in another epoch, not in another worker. Which ones come then
    depends on the order of the visits, and in workers on torch's own seed.

    Args:
        dataset: anything with `__len__` and `__getitem__`; its items are images, tuples or
            dicts.
        pipeline: what may change.
        targets: what the items hold, in the items' own shape: `("image", "mask")`,
            `("image", {"boxes": "bboxes", "labels": "labels"})`, `{"img": "image", "id": None}`.
            None leaves a part alone. Without it: an image; or a tuple of an image and labels
            (numbers, texts); or a dict, whose keys are the targets' names. What might be a
            target and isn't named is refused, never left behind unmoved.
        then: called with each augmented item (to tensors, normalised...), in the worker.

    Attributes:
        dataset, pipeline, targets: as given.

    Raises:
        RequestError: unknown targets; or, on a visit, an item that doesn't fit them.
        SampleError: on a visit, an item that can't be used.
    """

    def __init__(
        self,
        dataset: MapDataset,
        pipeline: Pipeline,
        targets: Targets = None,
        *,
        then: Callable[[Any], Any] | None = None,
    ) -> None:
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise RequestError(
                f"dataset: needs __len__ and __getitem__, got {type(dataset).__name__}; "
                "call the pipeline on each sample of an iterable yourself"
            )
        if not isinstance(pipeline, Pipeline):
            raise RequestError(f"pipeline: must be a Pipeline, got {pipeline!r:.60}")
        if targets is not None:
            names = list(_names(targets))
            check_names(names)
            if "image" not in names:
                raise RequestError(f"targets: none is the image, got {targets!r}")
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise RequestError(f"targets: {', '.join(sorted(twice))} is named twice")
        self.dataset, self.pipeline, self.targets, self._then = dataset, pipeline, targets, then
        self._epoch = Epoch()

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes; call it before each, in the main process.

        Persistent workers learn of it too.

        Args:
            epoch: from 0 to 2**32 - 1.
        """
        number = operator.index(epoch)
        if not 0 <= number <= _MOST_EPOCH:
            raise RequestError(f"epoch must be within 0..{_MOST_EPOCH}, got {number}")
        self._epoch.number = number

    def key(self, index: int, epoch: int | None = None) -> Key:
        """The key of a copy: `pipeline(..., key=dataset.key(17, 3))` makes that one again.

        Args:
            index: of the item.
            epoch: the one that was set if not given, 0 if none was.
        """
        number = (self._epoch.number or 0) if epoch is None else epoch
        return Key(self.pipeline.seed, f"#{self._place(index)}", number)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        """One item, augmented; negative indices count from the end."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """Several items, augmented; torch asks so for whole batches, which draw at once."""
        one_thread_in_workers()
        places = [self._place(index) for index in indices]
        keys = None if self._epoch.number is None else [self.key(place) for place in places]
        drawing = self.pipeline.drawing(keys, len(places))
        return [self._augmented(place, drawing, k) for k, place in enumerate(places)]

    def __iter__(self) -> Iterator[Any]:
        """All items in order."""
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return f"AugmentedDataset({self.dataset!r}, {self.pipeline!r})"

    def _place(self, index: int) -> int:
        place, length = operator.index(index), len(self)
        if not -length <= place < length:
            raise IndexError(f"item {place} of {length}")
        return place % length

    def _augmented(self, place: int, drawing: Drawing, k: int) -> Any:
        item = self.dataset[place]
        try:
            shape = _shape_of(item) if self.targets is None else self.targets
            given: dict[str, Any] = {}
            _gather(item, shape, "item", given)
            out = self.pipeline.copy(drawing, k, given)
            moved = _scatter(item, shape, out)
            if isinstance(moved, dict):
                moved |= {name: out[name] for name in _EXTRAS if name in out}
            elif "valid" in out:
                raise RequestError(
                    "the recipe's validity has no place in such an item; "
                    "give items that are dicts, or set validity=False"
                )
        except (RequestError, SampleError) as error:
            kind = SampleError if isinstance(error, SampleError) else RequestError
            raise kind(f"item {place} of the dataset: {error}") from error
        return moved if self._then is None else self._then(moved)


def _names(targets: Targets) -> Iterator[str]:
    """All targets' names in a description of items."""
    if isinstance(targets, str):
        yield targets
    elif isinstance(targets, Mapping):
        for part in targets.values():
            yield from _names(part)
    elif isinstance(targets, Sequence):
        for part in targets:
            yield from _names(part)
    elif targets is not None:
        raise RequestError(f"targets: must be names of targets, got {targets!r}")


def _shape_of(item: Any) -> Targets:
    """What an item holds, if nobody said: only what leaves no doubt."""
    if isinstance(item, Mapping):
        return {name: name for name in item if name in TARGETS}
    if not isinstance(item, list | tuple):
        return "image"
    for position, part in enumerate(item[1:], 1):
        if not _is_label(part):
            raise RequestError(
                f"its part {position} is a {type(part).__name__}, which may have to move with "
                "the image; say what it is, targets=('image', 'mask'), or that it is to be left "
                "alone, targets=('image', None)"
            )
    return ("image", *[None] * (len(item) - 1))


def _is_label(part: Any) -> bool:
    """Numbers and texts, and rows of them (one-hot), don't move."""
    if part is None or isinstance(part, str | bytes | int | float | np.generic):
        return True
    return (isinstance(part, np.ndarray) or is_tensor(part)) and part.ndim < 2


def _gather(item: Any, shape: Targets, where: str, given: dict[str, Any]) -> None:
    """Put the targets in an item into `given`."""
    if shape is None:
        return
    if isinstance(shape, str):
        given[shape] = item
        return
    if isinstance(shape, Mapping):
        if not isinstance(item, Mapping):
            raise RequestError(f"{where} is a {type(item).__name__}, but targets says a dict")
        for name, part in shape.items():
            if name not in item:
                raise RequestError(f"{where} has no '{name}'; it has {', '.join(map(str, item))}")
            _gather(item[name], part, f"{where}['{name}']", given)
        for name, value in item.items():
            if name not in shape:
                _check_stays(str(name), value, where)
        return
    if not isinstance(item, list | tuple) or len(item) != len(shape):
        held = f"{len(item)} parts" if isinstance(item, list | tuple) else type(item).__name__
        raise RequestError(f"{where} has {held}, but targets names {len(shape)}")
    for position, (value, part) in enumerate(zip(item, shape, strict=True)):
        _gather(value, part, f"{where}[{position}]", given)


def _check_stays(name: str, value: Any, where: str) -> None:
    """A part of a dict that nobody named must not be one that should have moved."""
    known = name in TARGETS or name in TARGET_ALIASES
    raster = is_pillow(value) or (hasattr(value, "ndim") and value.ndim >= 2)
    if raster or (known and not _is_label(value)):
        meant = hint(name, TARGETS, TARGET_ALIASES) if known else ""
        raise RequestError(
            f"{where}['{name}'] would be left behind unmoved{meant}; name it in targets= "
            f"({{'{name}': ...}}), or leave it alone with {{'{name}': None}}"
        )


def _scatter(item: Any, shape: Targets, out: Mapping[str, Any]) -> Any:
    """An item like `item`, its targets replaced."""
    if shape is None:
        return item
    if isinstance(shape, str):
        return out[shape]
    if isinstance(shape, Mapping):
        return {**item, **{name: _scatter(item[name], part, out) for name, part in shape.items()}}
    parts = [_scatter(value, part, out) for value, part in zip(item, shape, strict=True)]
    if isinstance(item, tuple):
        return item._make(parts) if hasattr(item, "_make") else tuple(parts)
    return parts
