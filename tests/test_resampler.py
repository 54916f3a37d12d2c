"""Arrays by scikit-learn's conventions: which row a copy comes from, and the bytes it must have."""

from __future__ import annotations

import inspect
from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tenfold.call.loading import AugmentedDataset
from tenfold.call.pipeline import Pipeline
from tenfold.call.resampler import ImageResampler
from tenfold.errors import RequestError, SampleError
from tenfold.ops import Crop, GaussianNoise, Rotation
from tenfold.rng import Key

OPS = [Rotation(degrees=20), GaussianNoise()]


def images(shape: tuple[int, ...], dtype: str = "uint8") -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(0)
    found = (generator.random(shape) * (1 if dtype.startswith("f") else 255)).astype(dtype)
    found.setflags(write=False)
    return found


@pytest.mark.parametrize("shape", [(6, 9, 8), (6, 9, 8, 1), (6, 9, 8, 3), (6, 9, 8, 4), (6, 1, 1)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_copies_are_what_a_pipeline_makes_for_the_key(shape: tuple[int, ...], dtype: str) -> None:
    pixels = images(shape, dtype)
    resampler = ImageResampler(OPS, copies=3, seed=5)
    new, labels = resampler.fit_resample(pixels, np.arange(6))
    pipeline = Pipeline(OPS, seed=5)
    assert new.shape == (24, *shape[1:])
    assert new.dtype == pixels.dtype
    assert np.array_equal(new[:6], pixels)
    assert np.array_equal(labels, resampler.sample_indices_)
    for row, parent, copy in zip(
        new, resampler.sample_indices_, resampler.copy_numbers_, strict=True
    ):
        if copy:
            assert np.array_equal(
                row, pipeline(pixels[parent], key=Key(5, f"#{parent}", int(copy)))
            )
    assert Counter(
        zip(resampler.sample_indices_[6:], resampler.copy_numbers_[6:], strict=True)
    ) == {(parent, copy): 1 for parent in range(6) for copy in (1, 2, 3)}


def test_copy_c_is_epoch_c_of_a_dataset() -> None:
    pixels = images((4, 10, 10, 3))
    new, _ = ImageResampler(OPS, copies=2, seed=1, originals=False).fit_resample(pixels)
    dataset = AugmentedDataset(pixels, Pipeline(OPS, seed=1))
    dataset.set_epoch(2)
    assert np.array_equal(new[1::2], np.stack([dataset[i] for i in range(4)]))


def test_a_rows_copies_depend_on_nothing_else() -> None:
    pixels = images((5, 8, 8))
    new, _ = ImageResampler(OPS, copies=4, seed=1, originals=False).fit_resample(pixels)
    fewer, _ = ImageResampler(OPS, copies=2, seed=1, originals=False).fit_resample(pixels[:3])
    assert np.array_equal(fewer.reshape(3, 2, 8, 8), new.reshape(5, 4, 8, 8)[:3, :2])


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_flat_rows(dtype: str) -> None:
    pixels = images((5, 6, 7), dtype)
    flat, _ = ImageResampler(OPS, copies=2, seed=1, shape=(6, 7)).fit_resample(
        pixels.reshape(5, 42)
    )
    assert flat.shape == (15, 42)
    assert flat.dtype == pixels.dtype
    exact = pixels.astype(np.float32) if dtype == "float64" else pixels
    whole, _ = ImageResampler(OPS, copies=2, seed=1).fit_resample(exact)
    assert np.array_equal(flat[5:], whole[5:].reshape(10, 42))
    assert np.array_equal(flat[:5], pixels.reshape(5, 42))
    coloured = ImageResampler(OPS, copies=1, seed=1, shape=[2, 7, 3])
    assert coloured.fit_resample(pixels.reshape(5, 42))[0].shape == (10, 42)


@pytest.mark.parametrize(
    "labels",
    [
        ["cat", "dog", "cat", "bird"],
        ("cat", "dog", "cat", "bird"),
        np.array(["cat", "dog", "cat", "bird"]),
        np.array(["cat", None, 3, 2.5], object),
        np.array([1, 2, 1, 3], np.uint8),
        np.array([0.5, 0.25, 0.125, 1], np.float16),
        np.eye(4, dtype=bool),
    ],
)
def test_labels_of_any_kind_are_kept(labels: Any) -> None:
    resampler = ImageResampler(OPS, copies=2, seed=0)
    _, new = resampler.fit_resample(images((4, 5, 5)), labels)
    assert type(new) is type(labels)
    assert len(new) == 12
    if isinstance(labels, np.ndarray):
        assert new.dtype == labels.dtype
    for label, parent in zip(new, resampler.sample_indices_, strict=True):
        assert np.array_equal(label, labels[parent])


@pytest.mark.parametrize("originals", [True, False])
@pytest.mark.parametrize("copies", [1, 9])
def test_balance_lifts_every_class_to_the_largest(originals: bool, copies: int) -> None:
    y = np.array(["a"] * 7 + ["b"] * 3 + ["c"])
    resampler = ImageResampler(OPS, copies=copies, seed=0, balance=True, originals=originals)
    _, new = resampler.fit_resample(images((11, 4, 4)), y)
    goal = 7 * (copies + originals)
    assert Counter(new.tolist()) == {"a": goal, "b": goal, "c": goal}
    made = Counter(resampler.sample_indices_.tolist())
    for name in "abc":
        of_rows = [made[row] for row in np.flatnonzero(y == name)]
        assert max(of_rows) - min(of_rows) <= 1


def test_balance_agrees_with_a_job_on_disk() -> None:
    from tenfold.engine.job import copies_of
    from tenfold.samples.source import Item

    labels = [0, 1, 0, 2, 0, 1, 0]
    listed: Any = SimpleNamespace(items=[Item(str(i), label=n) for i, n in enumerate(labels)])
    expected = copies_of(listed, None, 3, balance=True, originals=True)
    resampler = ImageResampler(OPS, copies=3, seed=0, balance=True)
    resampler.fit_resample(images((7, 4, 4)), labels)
    assert np.bincount(resampler.sample_indices_[7:]).tolist() == list(expected)


def test_without_labels_and_without_copies() -> None:
    pixels = images((3, 5, 5))
    new, labels = ImageResampler(OPS, copies=0).fit_resample(pixels)
    assert labels is None
    assert np.array_equal(new, pixels)
    assert not np.shares_memory(new, pixels)
    nothing, none = ImageResampler(OPS, seed=0).fit_resample(pixels[:0], [])
    assert nothing.shape == (0, 5, 5)
    assert none == []


def test_seeds() -> None:
    pixels = images((3, 9, 9))
    free = ImageResampler(OPS, copies=2)
    first = free.fit_resample(pixels)[0]
    assert np.array_equal(
        ImageResampler(OPS, copies=2, seed=free.seed_).fit_resample(pixels)[0], first
    )
    assert not np.array_equal(free.fit_resample(pixels)[0], first)
    named = ImageResampler(OPS, copies=2, random_state=7).fit_resample(pixels)[0]
    assert np.array_equal(ImageResampler(OPS, copies=2, seed=7).fit_resample(pixels)[0], named)
    for make in (np.random.RandomState, np.random.default_rng):
        one, two = (
            ImageResampler(OPS, copies=2, random_state=make(3)).fit_resample(pixels)[0]
            for _ in "12"
        )
        assert np.array_equal(one, two)


def test_parameters_by_convention() -> None:
    resampler = ImageResampler(OPS, copies=3, random_state=1)
    arguments = inspect.signature(ImageResampler).parameters
    assert list(resampler.get_params()) == list(arguments)
    assert resampler.get_params()["declaration"] is OPS
    assert resampler.set_params(copies=5, balance=True) is resampler
    assert (resampler.copies, resampler.balance) == (5, True)
    with pytest.raises(ValueError, match="unknown parameter 'copeis'; did you mean 'copies'"):
        resampler.set_params(seed=3, copeis=2)
    assert resampler.seed is None
    assert "copies=5" in repr(resampler)
    assert "seed" not in repr(resampler)


def test_scikit_learn_clones_it_and_learns_from_it() -> None:
    sklearn = pytest.importorskip("sklearn.base")
    from sklearn.datasets import load_digits
    from sklearn.neighbors import KNeighborsClassifier

    resampler = ImageResampler([Rotation(degrees=15)], copies=9, seed=0, shape=(8, 8))
    twin = sklearn.clone(resampler)
    assert twin is not resampler
    assert twin.get_params() == resampler.get_params()
    digits = load_digits()
    # Few labelled digits; the others come much later in the file, most by other writers.
    pixels, y = digits.data[:100], digits.target[:100]
    far, truth = digits.data[900:], digits.target[900:]
    plain = KNeighborsClassifier(1).fit(pixels, y).score(far, truth)
    more, labels = twin.fit_resample(pixels, y)
    assert more.shape == (1000, 64)
    assert not hasattr(resampler, "seed_")
    assert KNeighborsClassifier(1).fit(more, labels).score(far, truth) > plain


@pytest.mark.parametrize(
    ("pixels", "y", "arguments", "message"),
    [
        (images((4, 25)), None, {}, r"say shape=\(height, width\)"),
        (images((4, 25)), None, {"shape": (5, 6)}, "are 30 numbers"),
        (images((4, 25)), None, {"shape": 25}, r"shape: must be \(height, width\)"),
        (images((4, 25)), None, {"shape": (0, 25)}, r"shape: must be \(height, width\)"),
        (images((4, 5, 5)), [1, 2], {}, "one label a row, 4 in all, got 2"),
        (images((4, 5, 5)), 3, {}, "one label a row, 4 in all, got 3"),
        (images((4, 5, 5)), None, {"copies": -1}, "copies must be within"),
        (images((4, 5, 5)), None, {"copies": 1.5}, "copies: must be a whole number"),
        (images((4, 5, 5)), None, {"copies": 0, "originals": False}, "leaves nothing"),
        (images((4, 5, 5)), None, {"balance": True}, "needs labels"),
        (images((4, 5, 5)), np.eye(4), {"balance": True}, "one class a row"),
        (images((4, 5, 5)), None, {"seed": 1, "random_state": 1}, "give one of them"),
        (images((4, 5, 5)), None, {"seed": "one"}, "seed: must be an integer"),
        (images((4, 5, 5)), None, {"declaration": [Crop(height=3, width=3)]}, "crop"),
        (images((4, 5, 5)), None, {"declaration": "documnet"}, "document"),
        (images((4, 5, 5)).astype(int), None, {}, "got int64"),
        (["a", "b"], None, {}, "must be an array of numbers"),
    ],
)
def test_what_cannot_be_done_says_why(
    pixels: Any, y: Any, arguments: dict[str, Any], message: str
) -> None:
    resampler = ImageResampler(**{"declaration": OPS, **arguments})
    with pytest.raises(RequestError, match=message):
        resampler.fit_resample(pixels, y)


def test_a_row_that_cannot_be_moved_is_named() -> None:
    pixels = images((4, 5, 5), "float32").copy()
    pixels[2, 1, 1] = np.nan
    with pytest.raises(SampleError, match=r"row 2: .*NaN"):
        ImageResampler(OPS, copies=1, seed=0).fit_resample(pixels)
