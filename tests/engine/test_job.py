"""How a request becomes a job: splits, copies, balance, shards, names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.datasets import image_folder
from tenfold.engine.job import Job, choose_split, copies_of
from tenfold.errors import RequestError
from tenfold.multiply import plan_job
from tenfold.places import Place
from tenfold.samples.sample import Sample
from tenfold.samples.source import DatasetInfo, Item, Source
from tenfold.write.folder import FolderWriter
from tenfold.write.writer import MAX_SHARD, WriteOptions


class Listing(Source):
    """A source that is a list only."""

    layout = "listing"

    def __init__(self, items: list[Item]) -> None:
        self.root, self.items, self.info = Path("/nowhere"), items, DatasetInfo()
        self.problems, self.max_pixels = (), 1

    @classmethod
    def detect(cls, root: Place) -> bool:
        return False

    @classmethod
    def open(cls, root: Place, max_pixels: int = 1) -> Source:
        raise NotImplementedError

    def read(self, item: Item) -> Sample:
        raise NotImplementedError


def listing(labels: list[Any], split: str | None = None) -> Listing:
    return Listing([Item(f"{i:05d}", split, label) for i, label in enumerate(labels)])


@given(
    st.lists(st.sampled_from("aabbbbcd"), min_size=1, max_size=60),
    st.integers(1, 9), st.booleans(),
)  # fmt: skip
def test_balance_makes_all_classes_as_large_as_the_largest(
    labels: list[str], copies: int, originals: bool
) -> None:
    source = listing(list(labels))
    made = copies_of(source, None, copies, balance=True, originals=originals)
    sizes: Counter[str] = Counter()
    for label, count in zip(labels, made, strict=True):
        assert count is not None
        assert count >= copies
        sizes[label] += count + int(originals)
    largest = max(Counter(labels).values())
    assert set(sizes.values()) == {largest * (copies + int(originals))}
    for label in set(labels):  # the work is spread evenly over a class's samples
        own = [c for c, of in zip(made, labels, strict=True) if of == label and c is not None]
        assert max(own) - min(own) <= 1


def test_balance_of_images_with_objects_counts_their_rarest_class() -> None:
    common, rare = ("cell", "cell"), ("cell", "platelet")
    source = Listing(
        [Item(str(i), None, None, labels) for i, labels in enumerate([common] * 8 + [rare] * 2)]
    )
    made = copies_of(source, None, 3, balance=True, originals=True)
    assert list(made) == [3] * 8 + [15] * 2


def test_balance_needs_labels() -> None:
    with pytest.raises(RequestError, match="needs class labels"):
        copies_of(listing([None, None]), None, 3, balance=True, originals=True)


def test_only_the_chosen_split_is_multiplied() -> None:
    source = Listing([Item("a", "train", "x"), Item("b", "test", "x"), Item("c", None, "x")])
    assert choose_split(source, None) == "train"
    made = copies_of(source, "train", 9, balance=False, originals=True)
    assert list(made) == [9, None, None]


@pytest.mark.parametrize(
    ("splits", "asked", "message"),
    [
        (["test", "val"], None, "none named train.*--split"),
        (["train"], "trian", "did you mean 'train'"),
        ([None], "train", "has no splits"),
    ],
)
def test_a_split_that_is_not_there_is_refused(
    splits: list[str | None], asked: str | None, message: str
) -> None:
    source = Listing([Item(str(i), split) for i, split in enumerate(splits)])
    with pytest.raises(RequestError, match=message):
        choose_split(source, asked)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5000))
def test_shards_cover_every_item_once(count: int) -> None:
    source = listing(["a"] * count)
    writer = FolderWriter(source, Path("out"), WriteOptions())
    job = Job(source, writer, None, 0, None, [1] * count)  # type: ignore[arg-type]
    covered = [i for s in range(job.shard_count) for i in job.shard(s)]
    assert covered == list(range(count))
    assert all(len(job.shard(s)) <= MAX_SHARD for s in range(job.shard_count))


def test_two_outputs_of_one_name_are_refused(tmp_path: Path) -> None:
    source = image_folder(tmp_path / "data", train=2, test=1)
    twin = source / "train" / "a" / "000.jpg"
    twin.write_bytes((source / "train" / "a" / "000.png").read_bytes())
    prepared = plan_job(
        source, tmp_path / "out", preset="natural", options=WriteOptions(format="png")
    )
    from tenfold.engine.job import check_targets

    with pytest.raises(RequestError, match=r"both be written to .*--name"):
        check_targets(prepared.job)


@pytest.mark.parametrize("copies", [-1, 10_000_000])
def test_numbers_of_copies_that_make_no_sense(tmp_path: Path, copies: int) -> None:
    with pytest.raises(RequestError, match="copies must be within"):
        plan_job(image_folder(tmp_path / "d", 2, 1), tmp_path / "out", copies=copies)
