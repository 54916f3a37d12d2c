"""`AugmentedDataset.dataloader`: torch's batches, byte for byte, written in place."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

from tenfold import AugmentedDataset, Pipeline
from tenfold.errors import MissingExtraError, RequestError
from tenfold.ops import Brightness, Crop, Rotation

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is optional")
SIZE = 11
SMALL = np.random.default_rng(1).integers(0, 256, (SIZE, 20, 24, 3), dtype=np.uint8)
LARGE = np.random.default_rng(2).integers(0, 256, (SIZE, 150, 200, 3), dtype=np.uint8)


class Photos:
    def __init__(self, images: Any) -> None:
        self.images = images

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.images[index], index


def train(images: Any, **settings: Any) -> AugmentedDataset:
    ops = [Rotation(degrees=40), Crop(height=16, width=16), Brightness(shift=0.3)]
    pipeline = Pipeline(ops, seed=5, normalize="imagenet", layout="chw")
    return AugmentedDataset(Photos(images), pipeline, **settings)


def batches(loader: Any) -> list[tuple[bytes, list[int]]]:
    return [(images.numpy().tobytes(), labels.tolist()) for images, labels in loader]


@needs_torch
@pytest.mark.parametrize("images", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_those_of_torchs_own_loader(images: Any, workers: int) -> None:
    from torch.utils.data import DataLoader

    data = train(images)
    data.set_epoch(3)
    own = batches(data.dataloader(4, shuffle=False, num_workers=workers))
    assert own == batches(DataLoader(data, 4))
    assert [labels for _, labels in own] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]


@needs_torch
def test_a_batch_that_is_kept_stays_as_it_is() -> None:
    data = train(LARGE)
    kept = [images for images, _ in data.dataloader(2, shuffle=False)]
    before = [images.clone() for images in kept]
    for _ in data.dataloader(2, shuffle=False):
        pass
    assert all(bool((a == b).all()) for a, b in zip(kept, before, strict=True))
    assert len({images.data_ptr() for images in kept}) == len(kept)


@needs_torch
def test_options_are_torchs() -> None:
    data = train(SMALL)
    loader = data.dataloader(4, drop_last=True)
    assert len(loader) == 2
    seen = [label for _, labels in batches(loader) for label in labels]
    assert len(set(seen)) == 8
    assert seen != sorted(seen)  # shuffled: one order in 40,320 would be that
    assert [labels for _, labels in batches(data.dataloader(4, sampler=[7, 2]))] == [[7, 2]]


@needs_torch
def test_what_torch_cant_be_told_here_is_refused() -> None:
    with pytest.raises(RequestError, match="collate_fn: can't be given here"):
        train(SMALL).dataloader(collate_fn=list)
    with pytest.raises(RequestError, match="batch_size: must be a whole number from 1, got 0"):
        train(SMALL).dataloader(0)
    with pytest.raises(RequestError, match="can't join what `then` makes"):
        train(SMALL, then=lambda item: item).dataloader()


def test_without_torch_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch.utils.data", None)
    with pytest.raises(MissingExtraError, match="torch"):
        train(SMALL).dataloader()


def test_small_images_made_together_are_as_made_alone() -> None:
    data = train(SMALL)
    data.set_epoch(2)
    together = data.__getitems__(list(range(SIZE)))
    for index, (image, _) in enumerate(together):
        alone = data.pipeline(SMALL[index], key=data.key(index))
        assert np.array_equal(image, alone)
