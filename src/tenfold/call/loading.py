"""A dataset whose every visit gives another copy: for torch's DataLoader, or any loop."""

from __future__ import annotations

import multiprocessing
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import get_spawning_popen
from typing import Any, Protocol, SupportsIndex

from tenfold.call.finish import Place, filled
from tenfold.call.items import Targets, check_targets, gather, scatter, shape_of
from tenfold.call.pipeline import Pipeline
from tenfold.call.stack import Stack
from tenfold.call.together import Turn, group_of, joined, turns
from tenfold.call.torch_batches import dataloader
from tenfold.call.unkeyed import one_thread_in_workers
from tenfold.errors import RequestError, SampleError
from tenfold.plan.drawing import Drawing
from tenfold.rng import Key
from tenfold.samples.sample import Array

_MOST_EPOCH = 2**32 - 1
_NO_EPOCH = -1
_ARMFUL = 1 << 23  # bytes of images read ahead of being made; the cache still has them then
_IMAGE = {"image"}
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


@dataclass(slots=True)
class _Visit:
    """An item that was read: its place, the item, what it holds, its targets by name."""

    place: int
    item: Any
    shape: Targets
    given: dict[str, Any]


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
            check_targets(targets)
        check_box_format(dataset, pipeline)
        self.dataset, self.pipeline, self.targets, self._then = dataset, pipeline, targets, then
        self._epoch = Epoch()

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes; call it before each, in the main process.

        Persistent workers learn of it too.

        Args:
            epoch: from 0 to 2**32 - 1.
        """
        self._epoch.number = check_epoch(epoch)

    def key(self, index: int, epoch: int | None = None) -> Key:
        """The key of a copy: `pipeline(..., key=dataset.key(17, 3))` makes that one again.

        Args:
            index: of the item.
            epoch: the one that was set if not given, 0 if none was.
        """
        number = (self._epoch.number or 0) if epoch is None else epoch
        return self._key(_place(index, len(self)), number)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        """One item, augmented; negative indices count from the end."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """Several items, augmented; torch asks so for whole batches, which draw at once."""
        one_thread_in_workers()
        made = [one for _, one in self.batch(indices)]
        return made if self._then is None else [self._then(one) for one in made]

    def batch(
        self, indices: Sequence[int], stack: Stack | None = None
    ) -> Iterator[tuple[Targets, Any]]:
        """`copies` of the epoch that was set; negative indices count from the end."""
        length = len(self)
        return self.copies([_place(i, length) for i in indices], self._epoch.number, stack)

    def dataloader(self, batch_size: int = 64, *, shuffle: bool = True, **options: Any) -> Any:
        """Torch's DataLoader over this dataset, without copying each batch once more.

            loader = train.dataloader(64, num_workers=4)

        Batches are those of `DataLoader(train, batch_size, shuffle)`: images as one tensor,
        numbers as tensors, what belongs to objects as lists. But images are written where torch
        takes them over, which saves a good part of the time of large ones; without workers, in
        memory of batches that nobody holds any more.

        Args:
            batch_size: items in a batch.
            shuffle: as torch does it.
            options: others of torch's (num_workers, pin_memory, drop_last, sampler...).

        Raises:
            RequestError: an option that can't be given here, or a dataset with `then`.
            MissingExtraError: torch isn't installed.
        """
        if self._then is not None:
            raise RequestError(
                "dataloader: can't join what `then` makes of items; leave `then` out (normalize= "
                "and layout= of the pipeline may do what it did), or use torch's DataLoader"
            )
        return dataloader(self, batch_size, shuffle, options)

    def copies(
        self, places: Sequence[int], epoch: int | None, stack: Stack | None = None, first: int = 0
    ) -> Iterator[tuple[Targets, Any]]:
        """Items augmented, in order, each with what it holds; without `then`.

        A few are read before the first is made, so that images of one shape and dtype are made
        ready together.

        Args:
            places: numbers of the items, from 0.
            epoch: None for copies that no call has given yet.
            stack: where the images are written to.
            first: its row for the first of them.
        """
        keys = None if epoch is None else [self._key(place, epoch) for place in places]
        drawing = self.pipeline.drawing(keys, len(places))
        alone = not self.pipeline.recipe.validity
        k = 0
        for held in _armfuls(map(self._visit, places)):
            images = {
                i: visit.given["image"]
                for i, visit in enumerate(held, k)
                if alone and visit.given.keys() == _IMAGE
            }
            try:
                done = self._together(images, drawing, stack, first) if len(images) > 1 else {}
            except (RequestError, SampleError) as error:
                raise _named(error, places[next(iter(images))]) from error
            drawn = turns({i: images[i] for i in images if i not in done}, drawing)
            for visit in held:
                row = None if stack is None else stack.row(first + k)
                yield visit.shape, self._copy(visit, drawing, k, drawn.get(k), row, done.get(k))
                k += 1

    def _together(
        self, images: Mapping[int, Any], drawing: Drawing, stack: Stack | None, first: int
    ) -> dict[int, Array]:
        """The copies of small images of one kind, made some dozens in a call."""
        numbers = list(images)
        group = group_of(list(images.values()))
        if group == 1 or len(numbers) != numbers[-1] - numbers[0] + 1:
            return {}
        done: dict[int, Array] = {}
        for start in numbers[::group]:
            some = [images[k] for k in range(start, min(start + group, numbers[-1] + 1))]
            rows, row = (Stack(len(some)), 0) if stack is None else (stack, first + start)
            if not self.pipeline.render_many(joined(some), drawing, start, rows, row):
                return done
            assert rows.array is not None
            done.update(enumerate(rows.array[row : row + len(some)], start))
        return done

    def __iter__(self) -> Iterator[Any]:
        """All items in order."""
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return f"AugmentedDataset({self.dataset!r}, {self.pipeline!r})"

    def _key(self, place: int, epoch: int) -> Key:
        return Key(self.pipeline.seed, f"#{place}", epoch)

    def _visit(self, place: int) -> _Visit:
        try:
            item = self.dataset[place]
        except Exception as error:
            error.add_note(f"(item {place} of the dataset)")
            raise
        try:
            shape = shape_of(item) if self.targets is None else self.targets
            given: dict[str, Any] = {}
            gather(item, shape, "item", given)
        except RequestError as error:
            raise _named(error, place) from error
        return _Visit(place, item, shape, given)

    def _copy(
        self, visit: _Visit, drawing: Drawing, k: int, turn: Turn | None, row: Place | None,
        made: Array | None,
    ) -> Any:  # fmt: skip
        try:
            if made is not None:
                out = {"image": made}
            elif turn is not None:
                out = {"image": self.pipeline.render(visit.given["image"], *turn, row)}
            else:
                out = self.pipeline.copy(drawing, k, visit.given)
                if row is not None:
                    out["image"] = filled(row, out["image"])
            moved = scatter(visit.item, visit.shape, out)
            if isinstance(moved, dict):
                moved |= {name: out[name] for name in _EXTRAS if name in out}
            elif "valid" in out:
                raise RequestError(
                    "the recipe's validity has no place in such an item; "
                    "give items that are dicts, or set validity=False"
                )
        except (RequestError, SampleError) as error:
            raise _named(error, visit.place) from error
        return moved


def check_epoch(epoch: SupportsIndex) -> int:
    """The number of an epoch; `RequestError` if it can't be one."""
    number = operator.index(epoch)
    if not 0 <= number <= _MOST_EPOCH:
        raise RequestError(f"epoch must be within 0..{_MOST_EPOCH}, got {number}")
    return number


def check_box_format(dataset: Any, pipeline: Pipeline) -> None:
    """`RequestError` if a dataset says how its boxes are written, and the pipeline otherwise."""
    theirs = getattr(dataset, "bbox_format", pipeline.bbox_format)
    if theirs != pipeline.bbox_format:
        raise RequestError(
            f"the dataset's boxes are {theirs}, the pipeline takes {pipeline.bbox_format}; "
            f"make it Pipeline(..., bbox_format={theirs!r})"
        )


def _named(error: RequestError | SampleError, place: int) -> RequestError | SampleError:
    kind = SampleError if isinstance(error, SampleError) else RequestError
    return kind(f"item {place} of the dataset: {error}")


def _place(index: SupportsIndex, length: int) -> int:
    place = operator.index(index)
    if not -length <= place < length:
        raise IndexError(f"item {place} of {length}")
    return place % length


def _armfuls(visits: Iterable[_Visit]) -> Iterator[list[_Visit]]:
    """A few visits at a time: many small images, few large ones."""
    held: list[_Visit] = []
    size = 0
    for visit in visits:
        held.append(visit)
        size += getattr(visit.given.get("image"), "nbytes", _ARMFUL // 16)
        if size >= _ARMFUL:
            yield held
            held, size = [], 0
    if held:
        yield held
