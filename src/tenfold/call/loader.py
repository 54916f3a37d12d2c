"""Batches for training loops, read and augmented ahead by threads."""

from __future__ import annotations

import importlib
import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.call.ahead import ahead
from tenfold.call.collate import joined
from tenfold.call.items import Targets, whole
from tenfold.call.loading import AugmentedDataset, MapDataset, check_epoch
from tenfold.call.pipeline import Pipeline
from tenfold.call.stack import Empty, Stack
from tenfold.errors import MissingExtraError, RequestError
from tenfold.native.room import large_room
from tenfold.rng import Key, draws, uniform_rows

_PART = 64, 16
"""Items that a thread makes at a time, at most and at least: enough to make them ready together."""


class Loader:
    """Batches of augmented items, made ahead by threads.

        loader = Loader(photos, Pipeline("natural", seed=42, normalize="imagenet", layout="chw"))
        for epoch in range(epochs):
            for images, labels in loader: ...

    The batch is in the shape of the items: images as one contiguous array (N, H, W, C), or as the
    pipeline's `layout` and `normalize` say; numbers and masks as arrays; texts, and what belongs
    to objects (boxes and their labels), as lists.

    The order and the copies are pure functions of the pipeline's seed, the epoch and the item's
    index, whatever the number of threads, the size of batches, or where an epoch is begun. The
    copies are those of `AugmentedDataset` with the same pipeline and epoch. Each iteration is
    another epoch, counted from 0; `set_epoch` says which one comes next.

    Where several processes train together (`world` of them, each a `rank`), all have the same
    number of items: they take turns in one order of all items, which is filled up with
    items from its beginning (with `drop_last` cut) to a multiple of `world`. Together they see
    in each step what one process with `world` times the batch size would.

    Args:
        dataset: anything with `__len__` and `__getitem__`, which several threads may call at
            once; items are images, tuples (image, label) or dicts, see `AugmentedDataset`.
        pipeline: what may change; its results must be of one size
            (`Crop(height=224, width=224)`) if the images are of several.
        batch_size: items in a batch; in the last one there may be fewer.
        targets: what the items hold, as in `AugmentedDataset`.
        shuffle: in another order in each epoch, else as they come.
        drop_last: leave out a last batch of fewer items.
        threads: that read and augment, beside the one that trains; by default one a processor
            that this process may use, up to 16. 0: none, all is done when a batch is asked for.
        prefetch: batches ready or in the making at most, while one is used.
        rank: of this process, from 0.
        world: number of processes that share the items.
        torch: give torch tensors.
        pin_memory: in page-locked memory, from which copies to a GPU run beside the computing;
            with `torch`.

    Attributes:
        copies: the items augmented, for a look at one: `loader.copies[17]`.
        batch_size, threads: as given.

    Raises:
        RequestError: arguments that can't be used; in an iteration, items that don't fit
            `targets`, or can't be joined. It names the item.
        SampleError: in an iteration, an item that can't be used.
        MissingExtraError: torch is asked for and isn't installed.
    """

    def __init__(
        self,
        dataset: MapDataset,
        pipeline: Pipeline,
        batch_size: int = 64,
        *,
        targets: Targets = None,
        shuffle: bool = True,
        drop_last: bool = False,
        threads: int | None = None,
        prefetch: int = 4,
        rank: int = 0,
        world: int = 1,
        torch: bool = False,
        pin_memory: bool = False,
    ) -> None:
        self.copies = AugmentedDataset(dataset, pipeline, targets)
        self.batch_size = whole("batch_size", batch_size, 1)
        self.threads = _processors() if threads is None else whole("threads", threads, 0)
        self._prefetch = whole("prefetch", prefetch, 1)
        self._world = whole("world", world, 1)
        self._rank = whole("rank", rank, 0)
        if self._rank >= self._world:
            raise RequestError(f"rank: counts from 0, so it is below world={world}, got {rank}")
        if not len(dataset):
            raise RequestError("dataset: is empty; give one that has items")
        self._shuffle, self._drop_last = shuffle, drop_last
        if not len(self):
            raise RequestError(
                f"batch_size: {batch_size} is more than the {self._items} items there are, and "
                "drop_last=True leaves out incomplete batches; make it smaller"
            )
        self._tensors, self._empty = torch, _empty(torch, pin_memory)
        self._next = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; those after it count on.

        Args:
            epoch: from 0 to 2**32 - 1.
        """
        self._next = check_epoch(epoch)

    def __len__(self) -> int:
        """Batches in an epoch."""
        whole, rest = divmod(self._items, self.batch_size)
        return whole + (rest > 0 and not self._drop_last)

    def __iter__(self) -> Iterator[Any]:
        """The batches of the next epoch."""
        epoch, self._next = self._next, self._next + 1
        return self.batches(epoch)

    def batches(self, epoch: int, start: int = 0) -> Iterator[Any]:
        """The batches of an epoch, from one of them on: how an interrupted epoch is resumed.

        Args:
            epoch: from 0 to 2**32 - 1.
            start: number of batches to leave out, which are not made.
        """
        number, first = check_epoch(epoch), whole("start", start, 0)
        if first > len(self):
            raise RequestError(f"start: an epoch has {len(self)} batches, got {start}")
        return self._batches(number, first)

    def order(self, epoch: int) -> NDArray[np.intp]:
        """The items of an epoch in this process's order, (n,) numbers of the dataset.

        Args:
            epoch: from 0 to 2**32 - 1.
        """
        count, number = len(self.copies), check_epoch(epoch)
        order = np.arange(count)
        if self._shuffle:
            # Sorted by a keyed number each: no version of NumPy shuffles otherwise.
            (drawn,) = draws([Key(self.copies.pipeline.seed, "order", number)], ["shuffle"])
            order = np.argsort(uniform_rows(drawn.seeds, (count,))[0], kind="stable")
        everyone = np.resize(order, self._items * self._world)
        return np.ascontiguousarray(everyone[self._rank :: self._world])

    def __repr__(self) -> str:
        return f"Loader({self.copies!r}, batch_size={self.batch_size}, threads={self.threads})"

    @property
    def _items(self) -> int:
        """Of this process."""
        count = len(self.copies)
        return count // self._world if self._drop_last else math.ceil(count / self._world)

    def _batches(self, epoch: int, first: int) -> Iterator[Any]:
        order, size = self.order(epoch).tolist(), self.batch_size
        share = math.ceil(size * self._prefetch / max(self.threads, 1))
        part = min(max(share, _PART[1]), _PART[0])
        empty = self._empty or _Recycled(self._prefetch + 2)
        tasks = (
            _Batch(self, empty, order[i * size : (i + 1) * size], epoch, part)
            for i in range(first, len(self))
        )
        for task in ahead(tasks, self.threads, self._prefetch):
            yield task.joined

    def join(self, items: Sequence[Any], shape: Targets, images: NDArray[Any]) -> Any:
        """A batch in the form in which it is given."""
        return joined(items, shape, images, self._tensors)


class _Batch:
    """A batch in the making.

    Attributes:
        parts: see `tenfold.call.ahead.Task`.
        joined: when all parts are done, the batch.
    """

    joined: Any

    def __init__(
        self, loader: Loader, empty: Empty, places: Sequence[int], epoch: int, size: int
    ) -> None:
        self._loader, self._places, self._epoch, self._size = loader, places, epoch, size
        self.parts = self._left = math.ceil(len(places) / size)
        self._lock = threading.Lock()
        self._stack = Stack(len(places), empty)
        self._items: list[Any] = [None] * len(places)
        self._shape: Targets = None

    def run(self, part: int, stopped: Callable[[], bool]) -> None:
        """Make some items; with the last of them, the batch."""
        first = part * self._size
        places = self._places[first : first + self._size]
        copies = self._loader.copies.copies(places, self._epoch, self._stack, first)
        for k, (shape, item) in enumerate(copies, first):
            if stopped():
                return
            self._items[k], self._shape = item, shape
        with self._lock:
            self._left -= 1
            last = not self._left
        if last:
            assert self._stack.array is not None
            self.joined = self._loader.join(self._items, self._shape, self._stack.array)
            self._items, self._stack = [], Stack(0)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), 16)
    return min(os.cpu_count() or 1, 16)


class _Recycled:
    """Arrays for several threads, of which the memory is used again."""

    def __init__(self, pieces: int) -> None:
        self._room, self._lock = large_room(pieces), threading.Lock()

    def __call__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        with self._lock:
            return self._room(shape, dtype)


def _empty(tensors: bool, pinned: bool) -> Empty | None:
    """What makes the arrays of images, if it is a special one."""
    if not tensors:
        if pinned:
            raise RequestError("pin_memory: is torch's; pass torch=True as well")
        return None
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError:
        raise MissingExtraError("Loader(torch=True)", "torch") from None
    if not pinned:
        return None
    if not torch.cuda.is_available():
        raise RequestError("pin_memory: there is no GPU that CUDA reaches; leave it out")

    def locked(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        tensor = torch.empty(shape, dtype=getattr(torch, dtype.name), pin_memory=True)
        array: NDArray[Any] = tensor.numpy()
        return array

    return locked
