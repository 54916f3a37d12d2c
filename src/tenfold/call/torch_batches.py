"""Batches for torch's DataLoader, written where torch takes them over."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.call.collate import joined
from tenfold.call.items import whole
from tenfold.call.stack import Stack
from tenfold.call.unkeyed import one_thread_in_workers, torch_worker
from tenfold.errors import MissingExtraError, RequestError
from tenfold.native.room import Room, large_room
from tenfold.samples.sample import Array

if TYPE_CHECKING:
    from tenfold.call.loading import AugmentedDataset

_PIECES = 3
"""Batches of which the memory is used again: one in use, one in the making, one to spare."""
_OURS = ("dataset", "collate_fn", "batch_sampler")


def dataloader(
    dataset: AugmentedDataset, batch_size: int, shuffle: bool, options: dict[str, Any]
) -> Any:
    """See `AugmentedDataset.dataloader`."""
    for name in _OURS:
        if name in options:
            raise RequestError(f"{name}: can't be given here; make torch's DataLoader yourself")
    size = whole("batch_size", batch_size, 1)
    try:
        data: Any = importlib.import_module("torch.utils.data")
    except ImportError:
        raise MissingExtraError("AugmentedDataset.dataloader", "torch") from None
    if options.get("sampler") is None:
        options = {**options, "shuffle": shuffle}
    return data.DataLoader(_Whole(dataset), size, collate_fn=_only, **options)


class _Whole:
    """Gives whole batches where torch asks for several items."""

    def __init__(self, dataset: AugmentedDataset) -> None:
        self._dataset = dataset
        self._room: Room | None = None

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> Any:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        one_thread_in_workers()
        images = _Shared() if torch_worker() is not None else self._own()
        stack = Stack(len(indices), images)
        made = list(self._dataset.batch(indices, stack))
        assert stack.array is not None
        rows: Any = images.tensor if isinstance(images, _Shared) else stack.array
        return [joined([item for _, item in made], made[-1][0], rows, True)]

    def _own(self) -> Room:
        if self._room is None:
            self._room = large_room(_PIECES)
        return self._room

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_room": None}


class _Shared:
    """An array in memory that torch hands to another process without copying it."""

    tensor: Any = None

    def __call__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        torch: Any = importlib.import_module("torch")
        size = int(np.prod(shape)) * dtype.itemsize
        empty = torch.empty(0, dtype=getattr(torch, dtype.name))
        # As torch's own default_collate does it in a worker.
        self.tensor = empty.set_(torch.UntypedStorage._new_shared(size), 0, shape)
        array: Array = self.tensor.numpy()
        return array


def _only(batches: list[Any]) -> Any:
    return batches[0]
