"""Inspection: what is in a dataset, and which pictures occur twice."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenfold.errors import RequestError, SampleError
from tenfold.evaluate.duplicates import (
    DuplicateFinder,
    Fingerprint,
    _close_pairs,
    perceptual_hash,
    pixel_digest,
)
from tenfold.evaluate.inspect import inspect_source
from tenfold.places import Place
from tenfold.samples.sample import Array, Instance, Sample
from tenfold.samples.source import DatasetInfo, Item, Quarantined, Source


class Memory(Source):
    """A dataset made of samples at hand; None can't be read."""

    layout = "memory"

    def __init__(
        self,
        samples: Mapping[str, tuple[Item, Sample | None]],
        classes: Sequence[str] = (),
        problems: Sequence[Quarantined] = (),
    ) -> None:
        self.root = Path("/memory")
        self.samples = samples
        self.items = [item for item, _ in samples.values()]
        self.info = DatasetInfo(classes=tuple(classes))
        self.problems = problems
        self.max_pixels = 1 << 30

    @classmethod
    def detect(cls, root: Place) -> bool:
        return False

    @classmethod
    def open(cls, root: Place, max_pixels: int = 0) -> Source:
        raise NotImplementedError

    def read(self, item: Item) -> Sample:
        sample = self.samples[item.id][1]
        if sample is None:
            raise SampleError("truncated: 3 of 9 bytes")
        return sample


def memory(*entries: tuple[str, str | None, str | None, Array | None], **more: object) -> Memory:
    """From (id, split, label, image)."""
    samples = {
        name: (
            Item(name, split, label),
            None if image is None else Sample(name, image, label=label),
        )
        for name, split, label, image in entries
    }
    return Memory(samples, **more)  # type: ignore[arg-type]


def photo(seed: int, height: int = 96, width: int = 128) -> Array:
    """Smooth random structure, like a photograph's low frequencies, with fine detail on top."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(
        rng.random((9, 12, 3)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    fine = rng.normal(0, 0.03, (height, width, 3))
    return np.asarray(np.clip(coarse + fine, 0, 1) * 255, np.uint8)


def jpeg(image: Array) -> Array:
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, [1, 60])[1], cv2.IMREAD_COLOR))


ALTERED: dict[str, Callable[[Array], Array]] = {
    "recompressed": jpeg,
    "half size": lambda x: np.asarray(cv2.resize(x, None, fx=0.5, fy=0.5, interpolation=3)),
    "brighter": lambda x: np.clip(x * 1.15, 0, 255).astype(np.uint8),
    "blurred": lambda x: np.asarray(cv2.GaussianBlur(x, (0, 0), 1.0)),
    "sixteen bits": lambda x: x.astype(np.uint16) * 257,
}


def groups(images: Sequence[Array], distance: int = 8) -> tuple[list[list[int]], list[list[int]]]:
    finder = DuplicateFinder(distance)
    for i, image in enumerate(images):
        top = 65535.0 if image.dtype == np.uint16 else 255.0
        finder.add(i, Fingerprint.of(Sample(str(i), image, value_range=(0.0, top))))
    return finder.exact(), finder.near()


def test_everything_is_counted() -> None:
    mask = np.zeros((40, 50), np.uint8)
    mask[:10] = 7
    box = Instance("RBC", box=np.array([1.0, 2.0, 3.0, 4.0]))
    image = np.zeros((40, 50, 1), np.uint16)
    deep = Sample("c", image, masks={"mask": mask}, instances=(box,), encoding={"format": "TIFF"})
    source = memory(
        ("a", "train", "cat", photo(1)),
        ("b", "test", "dog", photo(2)),
        ("d", "train", "dog", None),
        ("e", "train", "cat", photo(3)),
        classes=("cat", "dog", "emu"),
        problems=[Quarantined("link", "leads out of the folder")],
    )
    source.samples["c"] = (Item("c", "train", None, ("RBC", "RBC")), deep)  # type: ignore[index]
    source.items = [*source.items, source.samples["c"][0]]
    seen: list[tuple[int, int]] = []
    found = inspect_source(source, lambda *n: seen.append(n))
    assert seen == [(i, 5) for i in range(1, 6)]
    assert (found.listed, found.readable) == (5, 4)
    assert found.splits == {"train": 3, "test": 1}
    assert found.classes.images == {"train": {"cat": 2}, "test": {"dog": 1}}
    assert found.classes.objects == {"train": {"RBC": 2}}
    assert found.sizes == {(128, 96): 3, (50, 40): 1}
    assert found.dtypes == {"uint8": 3, "uint16": 1}
    assert found.channels == {3: 3, 1: 1}
    assert found.targets == {"masks": 1, "boxes": 1}
    assert found.mask_pixels == {0: 1500, 7: 500}
    assert [q.id for q in found.unreadable] == ["link", "d"]
    assert found.lonely == ["RBC", "dog"]
    assert found.absent == ["emu"]
    assert found.plain_pictures == 1
    assert found.duplicates == []
    text = found.text()
    for words in ("4 (2 more can't be used", "truncated: 3 of 9 bytes", "2 classes have one sample",
                  "named but in no sample: emu", "tiff (1)", "uint8 (3), uint16 (1)",
                  "0 (75.0%), 7 (25.0%)", "nearly uniform"):  # fmt: skip
        assert words in text, words


def test_exact_duplicates_leaks_and_conflicts() -> None:
    same = photo(1)
    found = inspect_source(
        memory(
            ("a", "train", "cat", same),
            ("b", "test", "cat", same.copy()),
            ("c", "train", "dog", photo(2)),
            ("d", "train", "emu", photo(2)),
            ("e", "val", "cat", photo(3)),
            ("f", "train", "cat", jpeg(photo(3))),
            ("g", "val", "cat", photo(4)),
        )
    )
    exact, near = found.groups("exact"), found.groups("near")
    assert [g.items for g in exact] == [("a", "b"), ("c", "d")]
    assert [g.items for g in near] == [("e", "f")]
    assert [g.items for g in found.leaks] == [("a", "b"), ("e", "f")]
    assert [g.items for g in found.conflicts] == [("c", "d")]
    assert found.conflicts[0].labels == ("dog", "emu")
    text = found.text()
    assert "2 groups of duplicates across splits (leakage)" in text
    assert "labels dog, emu" in text
    plain = json.loads(json.dumps(found.plain()))
    assert plain["duplicates"]["across_splits"] == 2
    assert plain["duplicates"]["groups"][0]["splits"] == ["test", "train"]


@pytest.mark.parametrize("how", ALTERED)
def test_altered_pictures_are_near_duplicates(how: str) -> None:
    images = [photo(i) for i in range(30)]
    exact, near = groups([*images, *(ALTERED[how](image) for image in images)])
    assert exact == []
    assert near == [[i, i + 30] for i in range(30)]


def test_different_pictures_are_not() -> None:
    assert groups([photo(i) for i in range(300)]) == ([], [])


def test_plain_and_faint_pictures_do_not_all_match() -> None:
    rng = np.random.default_rng(0)
    blank = [np.full((64, 64, 1), v, np.uint8) for v in range(20)]
    noisy = [rng.integers(120, 123, (64, 64, 1), np.uint8) for _ in range(20)]
    assert groups([*blank, *noisy]) == ([], [])


def test_colours_tell_pictures_apart() -> None:
    grey = photo(1).mean(axis=2)
    tinted = []
    for weights in ((1, 0.4, 0.4), (0.4, 0.4, 1)):
        tinted.append((grey[..., None] * weights).astype(np.uint8))
    assert groups(tinted) == ([], [])


def test_small_pictures_are_only_compared_exactly() -> None:
    rng = np.random.default_rng(0)
    digits = [rng.integers(0, 17, (8, 8, 1), np.uint8) for _ in range(5)]
    near_twin = digits[0].copy()
    near_twin[0, 0] ^= 1
    found = inspect_source(
        memory(*((f"{i}", None, "3", d) for i, d in enumerate([*digits, near_twin, digits[1]])))
    )
    assert [g.items for g in found.duplicates] == [("1", "6")]
    assert found.small == 7
    assert "checked for exact duplicates only" in found.text()
    assert "near duplicates: none" not in found.text()


def test_equal_bytes_of_another_shape_or_dtype_are_not_duplicates() -> None:
    image = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
    others: list[Array] = [image.reshape(4, 16, 1), image.reshape(8, 4, 2)]
    others.append(image.reshape(8, 8).view(np.uint16)[..., None])
    assert len({pixel_digest(x) for x in [image, *others]}) == 4
    assert pixel_digest(image) == pixel_digest(np.asfortranarray(image))


def test_many_equal_looking_pictures_make_one_group() -> None:
    base = photo(1)
    rng = np.random.default_rng(0)
    frames = [
        np.clip(base + rng.integers(-2, 3, base.shape), 0, 255).astype(np.uint8) for _ in range(150)
    ]
    assert groups(frames) == ([], [list(range(150))])


def test_the_hash_is_that_of_the_definition() -> None:
    grey = photo(5).mean(axis=2)[:32, :32].astype(np.float32)
    low = scipy.fft.dctn(grey.astype(np.float64), norm="ortho")[1:9, 1:9].ravel()
    bits = "".join("1" if v > np.median(low) else "0" for v in low)
    assert perceptual_hash(grey) == int(bits, 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 16), st.integers(0, 2**32))
def test_no_close_pair_is_missed(distance: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**64, 6, dtype=np.uint64)
    hashes = []
    for centre in centres.tolist():
        for _ in range(6):
            flips = rng.choice(64, rng.integers(0, 14), replace=False).tolist()
            hashes.append(centre ^ sum(1 << f for f in flips))
    slow = {
        (i, j)
        for i, j in itertools.combinations(range(len(hashes)), 2)
        if (hashes[i] ^ hashes[j]).bit_count() <= distance
    }
    fast = set()
    for a, b in _close_pairs(np.array(hashes, np.uint64), distance):
        fast |= set(zip(a.tolist(), b.tolist(), strict=True))
    assert fast == slow


@pytest.mark.parametrize(("distance", "correlation"), [(-1, 0.9), (17, 0.9), (8, 1.5)])
def test_impossible_thresholds_are_refused(distance: int, correlation: float) -> None:
    with pytest.raises(RequestError, match="must be within"):
        DuplicateFinder(distance, correlation)


def test_an_empty_dataset_and_strange_names() -> None:
    assert "samples" in inspect_source(memory()).text()
    evil = "a\nb\udcff\x1b[31m"
    found = inspect_source(memory((evil, evil, evil, photo(1)), (evil + "2", "s", evil, photo(1))))
    text = found.text()
    assert r"a\nb\xff\x1b[31m" in text
    assert all(line.isprintable() for line in text.split("\n"))
    json.dumps(found.plain())


def test_real_photographs(shared_data: Path) -> None:
    files = sorted((shared_data / "cifar10-folders" / "train").glob("*/*.jpg"))[::15]
    images = [np.array(Image.open(f).convert("RGB")) for f in files]
    exact, near = groups([*images, *(jpeg(x) for x in images[:50])])
    assert exact == []
    found = {tuple(g) for g in near}
    expected = {(i, len(images) + i) for i in range(50)}
    # JPEG at quality 60 takes much from 32 x 32 pixels; one or two may be lost.
    assert len(found & expected) >= 48
    assert found <= expected


def test_what_is_left_out_is_said() -> None:
    source = Memory({})
    source.info = DatasetInfo(notes=("3 images that no row of a.csv names are left out",))
    found = inspect_source(source)
    assert "! 3 images that no row of a.csv names are left out" in found.text()
    assert found.plain()["notes"] == list(source.info.notes)
