"""The loader: its order and copies are functions of seed, epoch and index, and of nothing else."""

from __future__ import annotations

import gc
import importlib.util
import threading
import time
from collections import Counter
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tenfold import AugmentedDataset, Loader, Pipeline
from tenfold.call import ahead as ahead_module
from tenfold.errors import MissingExtraError, RequestError, SampleError
from tenfold.ops import Brightness, Crop, Reflection, Rotation

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is optional")
COUNT = 43
IMAGES = np.random.default_rng(1).integers(0, 256, (COUNT, 16, 20, 3), dtype=np.uint8)
PIPELINE = Pipeline(
    [Crop(area=(0.3, 1), height=12, width=12), Rotation(degrees=30), Brightness(shift=0.2)],
    seed=9, normalize="imagenet", layout="chw",
)  # fmt: skip
SAME_SIZE = Pipeline([Reflection(probability=1)], seed=1, keypoint_pairs=[])


class Photos:
    """Images with a class; counts who asks for what."""

    def __init__(self, count: int = COUNT) -> None:
        self.count = count
        self.asked: list[int] = []
        self.threads: set[int] = set()

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Any, int]:
        self.asked.append(index)
        self.threads.add(threading.get_ident())
        return IMAGES[index], index


class Slow(Photos):
    """Lets other threads go first."""

    def __getitem__(self, index: int) -> tuple[Any, int]:
        time.sleep(0.002)
        return super().__getitem__(index)


class Given(Photos):
    """A dataset of given items."""

    def __init__(self, items: list[Any]) -> None:
        super().__init__(len(items))
        self.items = items

    def __getitem__(self, index: int) -> Any:
        return self.items[index]


def seen(batches: Any) -> list[tuple[int, bytes]]:
    return [
        (int(label), image.tobytes())
        for images, labels in batches
        for image, label in zip(images, labels, strict=True)
    ]


def our_threads() -> int:
    return sum(t.name.startswith(ahead_module._NAME) for t in threading.enumerate())


def test_a_batch_is_arrays() -> None:
    batches = list(Loader(Photos(), PIPELINE, 8, threads=2))
    assert [len(images) for images, _ in batches] == [8, 8, 8, 8, 8, 3]
    for images, labels in batches:
        assert isinstance(images, np.ndarray)
        assert images.shape[1:] == (3, 12, 12)
        assert images.dtype == np.float32
        assert images.flags.c_contiguous
        assert labels.dtype == np.int64
    assert sorted(int(n) for _, labels in batches for n in labels) == list(range(COUNT))


def test_copies_are_those_of_the_augmented_dataset() -> None:
    dataset = AugmentedDataset(Photos(), PIPELINE)
    for epoch in (0, 1, 7):
        dataset.set_epoch(epoch)
        expected = {label: image.tobytes() for image, label in dataset}
        for threads, size in ((0, 8), (1, 43), (3, 5), (2, 100)):
            loader = Loader(Photos(), PIPELINE, size, threads=threads)
            assert dict(seen(loader.batches(epoch))) == expected


def test_threads_and_parts_change_nothing() -> None:
    expected = seen(Loader(Photos(), PIPELINE, 40, threads=0).batches(3))
    assert len(expected) == COUNT
    for threads in (1, 2, 5):
        photos = Slow()
        loader = Loader(photos, PIPELINE, 40, threads=threads, prefetch=1)
        assert seen(loader.batches(3)) == expected
    assert len(photos.threads) > 1  # a batch was made in parts of 16


def test_each_iteration_is_the_next_epoch() -> None:
    loader = Loader(Photos(), PIPELINE, 8, threads=2)
    first, second = seen(loader), seen(loader)
    assert [label for label, _ in first] != [label for label, _ in second]
    assert not {image for _, image in first} & {image for _, image in second}
    loader.set_epoch(0)
    assert seen(loader) == first
    assert seen(loader) == second
    assert seen(loader.batches(1)) == second
    assert loader.copies[5][1] == 5


def test_an_epoch_is_resumed_without_making_what_was_made() -> None:
    photos = Photos()
    loader = Loader(photos, PIPELINE, 8, threads=2)
    whole = seen(loader.batches(4))
    photos.asked.clear()
    assert seen(loader.batches(4, start=3)) == whole[24:]
    assert sorted(photos.asked) == sorted(label for label, _ in whole[24:])
    assert seen(loader.batches(4, start=6)) == []
    with pytest.raises(RequestError, match="start: an epoch has 6 batches"):
        loader.batches(4, start=7)


def test_the_order() -> None:
    loader = Loader(Photos(), PIPELINE, 8)
    assert Loader(Photos(), PIPELINE, 8, shuffle=False).order(5).tolist() == list(range(COUNT))
    assert loader.order(5).tolist() != loader.order(6).tolist()
    assert sorted(loader.order(5)) == list(range(COUNT))
    other = Loader(Photos(), Pipeline([Brightness()], seed=10), 8)
    assert other.order(5).tolist() != loader.order(5).tolist()
    # Every item comes first equally often: chi-squared of 42 degrees of freedom, 99.99 %
    counts = Counter(int(loader.order(epoch)[0]) for epoch in range(20 * COUNT))
    assert sum((counts[i] - 20) ** 2 / 20 for i in range(COUNT)) < 90


@pytest.mark.parametrize("drop_last", [False, True])
def test_ranks_share_an_epoch(drop_last: bool) -> None:
    def made(world: int, size: int) -> list[Any]:
        ranks = [
            Loader(Photos(), PIPELINE, size, threads=1, drop_last=drop_last, rank=r, world=world)
            for r in range(world)
        ]
        assert len({len(loader) for loader in ranks}) == 1
        return [list(loader.batches(2)) for loader in ranks]

    alone, shared = made(1, 12), made(3, 4)
    assert len({sum(len(labels) for _, labels in batches) for batches in shared}) == 1
    for step, (_, labels) in enumerate(alone[0][:3]):
        together = [int(n) for batches in shared for n in batches[step][1]]
        assert sorted(together) == sorted(int(n) for n in labels)
    times = Counter(int(n) for batches in shared for _, labels in batches for n in labels)
    if drop_last:
        assert set(times.values()) == {1}
        assert sum(times.values()) == 36  # three batches of four for each
    else:
        assert set(times) == set(range(COUNT))
        assert sum(times.values()) == 45  # two come twice
    tiny = [Loader(Photos(2), PIPELINE, 4, rank=r, world=5) for r in range(5)]
    assert [len(loader.order(0)) for loader in tiny] == [1] * 5


def test_lengths() -> None:
    for size in (1, 7, 42, 43, 44):
        for drop_last in (False, True):
            if drop_last and size == 44:
                continue
            loader = Loader(Photos(), PIPELINE, size, drop_last=drop_last, threads=1)
            assert len(loader) == len(list(loader))


def test_no_more_is_made_ahead_than_asked_for() -> None:
    photos = Photos()
    batches = iter(Loader(photos, PIPELINE, 4, shuffle=False, threads=2, prefetch=2))
    next(batches)
    before, deadline = -1, time.monotonic() + 20
    while before != len(photos.asked) and time.monotonic() < deadline:
        before = len(photos.asked)
        time.sleep(0.05)
    assert 4 < len(photos.asked) <= 3 * 4
    batches.close()  # type: ignore[attr-defined]


def test_a_break_ends_the_threads() -> None:
    loader = Loader(Photos(), PIPELINE, 4, threads=3)
    for _ in loader:
        assert our_threads() > 0
        break
    gc.collect()
    assert our_threads() == 0
    assert len(list(loader)) == len(loader)
    assert our_threads() == 0


def test_iterators_side_by_side() -> None:
    loader = Loader(Photos(), PIPELINE, 8, threads=2)
    both = list(zip(loader.batches(0), loader.batches(1), strict=True))
    assert seen(a for a, _ in both) == seen(loader.batches(0))
    assert seen(b for _, b in both) == seen(loader.batches(1))


def test_without_threads_it_all_happens_in_this_one() -> None:
    photos = Photos()
    list(Loader(photos, PIPELINE, 8, threads=0))
    assert photos.threads == {threading.get_ident()}
    photos = Photos()
    list(Loader(photos, PIPELINE, 8, threads=1))
    assert threading.get_ident() not in photos.threads


class Broken(Photos):
    """One item can't be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def __getitem__(self, index: int) -> tuple[Any, int]:
        if index == 20:
            raise self.error
        return super().__getitem__(index)


@pytest.mark.parametrize("threads", [0, 2])
def test_errors_come_where_the_batch_was_due_and_name_the_item(threads: int) -> None:
    loader = Loader(Broken(OSError("no such thing")), PIPELINE, 8, shuffle=False, threads=threads)
    batches = iter(loader)
    next(batches)
    next(batches)
    with pytest.raises(OSError, match="no such thing") as caught:
        next(batches)
    assert caught.value.__notes__ == ["(item 20 of the dataset)"]
    assert our_threads() == 0
    bad = np.full((8, 8, 3), np.nan, np.float32)
    with pytest.raises(SampleError, match=r"item 1 of the dataset: .*NaN"):
        list(Loader(Given([np.zeros_like(bad), bad]), SAME_SIZE, threads=threads))


def test_other_items() -> None:
    def only(items: list[Any], pipeline: Pipeline = SAME_SIZE, **settings: Any) -> Any:
        (batch,) = Loader(Given(items), pipeline, shuffle=False, threads=2, **settings)
        return batch

    images, masks = IMAGES[:3], IMAGES[3:6, :, :, 0]
    flipped = images[:, :, ::-1]
    np.testing.assert_array_equal(only(list(images)), flipped)
    np.testing.assert_array_equal(only([Image.fromarray(i) for i in images]), flipped)
    np.testing.assert_array_equal(only(list(images[..., 0])), flipped[..., 0])
    pairs = list(zip(images, masks, strict=True))
    both = only(pairs, targets=("image", "mask"))
    np.testing.assert_array_equal(both[0], flipped)
    np.testing.assert_array_equal(both[1], masks[:, :, ::-1])
    items = [
        {
            "image": image, "mask": mask, "bboxes": np.array([[1.0, 2, 5, 6]] * k).reshape(k, 4),
            "labels": np.arange(k), "name": f"{k}.png", "weight": k / 2,
        }
        for k, (image, mask) in enumerate(pairs)
    ]  # fmt: skip
    out = only(items)
    np.testing.assert_array_equal(out["image"], flipped)
    np.testing.assert_array_equal(out["mask"], masks[:, :, ::-1])
    assert [boxes.tolist() for boxes in out["bboxes"]] == [[[15.0, 2, 19, 6]] * k for k in range(3)]
    assert [labels.tolist() for labels in out["labels"]] == [[], [0], [0, 1]]
    assert out["name"] == ["0.png", "1.png", "2.png"]
    np.testing.assert_array_equal(out["weight"], [0, 0.5, 1])
    hot = only([(image, np.eye(3)[k], str(k)) for k, image in enumerate(images)])
    np.testing.assert_array_equal(hot[1], np.eye(3))
    assert hot[2] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([IMAGES[0], IMAGES[1, :9]], r"16x20x3 and 9x20x3.*Crop\(height=224"),
        ([(IMAGES[0], 1), (IMAGES[1], "cat")], r"item\[1\]: is a number in some items and a str"),
        ([(IMAGES[0], 1), (IMAGES[1], None)], "None in some items and a number in others"),
        ([(IMAGES[0], np.zeros(3)), (IMAGES[1], np.zeros(4))], "is 3 and 4, .*equally long"),
        ([{"image": IMAGES[0], "a": 1}, {"image": IMAGES[1]}], "the same entries"),
        ([IMAGES[0], IMAGES[1].astype(np.float32)], "several dtypes"),
        ([(IMAGES[0], IMAGES[0, :, :, 0])], r"targets=\('image', 'mask'\)"),
    ],
)
def test_items_that_make_no_batch(items: list[Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        list(Loader(Given(items), SAME_SIZE, shuffle=False, threads=1))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": 0}, "batch_size: must be a whole number from 1, got 0"),
        ({"batch_size": 2.5}, "batch_size: must be a whole number"),
        ({"threads": -1}, "threads: must be a whole number from 0"),
        ({"prefetch": 0}, "prefetch: must be"),
        ({"rank": 2, "world": 2}, "rank: counts from 0"),
        ({"batch_size": 100, "drop_last": True}, "batch_size: 100 is more than the 43 items"),
        ({"pin_memory": True}, "pass torch=True"),
        ({"targets": ("img",)}, "did you mean 'image'"),
    ],
)
def test_wrong_arguments(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        Loader(Photos(), PIPELINE, **settings)


def test_an_empty_dataset() -> None:
    with pytest.raises(RequestError, match="dataset: is empty"):
        Loader(Photos(0), PIPELINE)


def test_boxes_in_another_format_are_refused() -> None:
    photos = Photos()
    photos.bbox_format = "coco"  # type: ignore[attr-defined]
    with pytest.raises(RequestError, match="bbox_format='coco'"):
        Loader(photos, PIPELINE)


@pytest.mark.skipif(HAS_TORCH, reason="torch is there")
def test_torch_is_named_where_it_is_missing() -> None:
    with pytest.raises(MissingExtraError, match=r"tenfold\[torch\]"):
        Loader(Photos(), PIPELINE, torch=True)


@needs_torch
def test_tensors_share_the_memory() -> None:
    import torch

    arrays = list(Loader(Photos(), PIPELINE, 8, threads=2).batches(0))
    tensors = list(Loader(Photos(), PIPELINE, 8, threads=2, torch=True).batches(0))
    for (images, labels), (theirs, numbers) in zip(arrays, tensors, strict=True):
        assert isinstance(theirs, torch.Tensor)
        assert theirs.dtype == torch.float32
        assert theirs.is_contiguous()
        assert numbers.dtype == torch.int64
        np.testing.assert_array_equal(theirs.numpy(), images)
        np.testing.assert_array_equal(numbers.numpy(), labels)
    if not torch.cuda.is_available():
        with pytest.raises(RequestError, match="no GPU"):
            Loader(Photos(), PIPELINE, torch=True, pin_memory=True)


@needs_torch
def test_items_of_tensors() -> None:
    import torch

    items = [
        (torch.from_numpy(i.transpose(2, 0, 1)), torch.tensor(k)) for k, i in enumerate(IMAGES)
    ]
    (batch,) = Loader(Given(items), SAME_SIZE, shuffle=False, threads=1, torch=True)
    np.testing.assert_array_equal(batch[0].numpy(), IMAGES[:, :, ::-1].transpose(0, 3, 1, 2))
    assert batch[1].tolist() == list(range(COUNT))
