"""Feature vectors by imbalanced-learn's conventions, held against a plain SMOTE, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray

import tenfold
from tenfold import FeatureResampler
from tenfold.errors import RequestError
from tenfold.learned.generator import Generator, Variation
from tenfold.learned.latent import Reference, alter
from tenfold.rng import Key, draws, uniform_rows

Array = NDArray[Any]


def table(sizes: tuple[int, ...] = (9, 4, 6), wide: int = 3) -> tuple[Array, list[str]]:
    generator = np.random.default_rng(0)
    labels = [name for name, size in zip("abc", sizes, strict=False) for _ in range(size)]
    values = (
        generator.normal(size=(len(labels), wide))
        + 4.0 * np.array([ord(c) for c in labels])[:, None]
    )
    return values, labels


def plain_smote(values: Array, labels: list[str], row: int, copy: int, k: int, seed: int) -> Array:
    """One new row, as Chawla et al. write it, with the numbers that its key draws."""
    [drawn] = draws([Key(seed, f"#{row}", copy)], ["latent"])
    share, choice = uniform_rows(drawn.seeds, (2,))[0]
    others = [i for i, label in enumerate(labels) if label == labels[row] and i != row]
    near = sorted(others, key=lambda i: float(((values[i] - values[row]) ** 2).sum()))[:k]
    partner = values[near[int(choice * len(near))]]
    return np.asarray(values[row] + share * (partner - values[row]))


def test_interpolation_is_smote() -> None:
    values, labels = table()
    resampler = FeatureResampler("interpolation", strength=(0, 1), neighbours=5, copies=4, seed=3)
    made, kinds = resampler.fit_resample(values, labels)
    assert made.shape == (95, 3)
    assert made.dtype == np.float64
    assert np.array_equal(made[:19], values)
    assert kinds == [labels[i] for i in resampler.sample_indices_]
    for new, row, copy in zip(
        made, resampler.sample_indices_, resampler.copy_numbers_, strict=True
    ):
        if copy:
            wanted = plain_smote(values, labels, int(row), int(copy), 5, 3)
            np.testing.assert_allclose(new, wanted, rtol=1e-6)


def test_large_columns_keep_their_small_differences() -> None:
    """Dates, say: float32 alone would round 1.7e9 seconds to 128 of them."""
    values, labels = table()
    made, _ = FeatureResampler(seed=1).fit_resample(values, labels)
    late, _ = FeatureResampler(seed=1).fit_resample(values + 1.7e9, labels)
    np.testing.assert_allclose(late - 1.7e9, made, atol=1e-3)


def test_a_rows_copies_depend_on_no_other_rows_number_of_copies() -> None:
    values, labels = table()
    many, _ = FeatureResampler(seed=1, copies=5, originals=False).fit_resample(values, labels)
    few, _ = FeatureResampler(seed=1, copies=2, originals=False).fit_resample(values, labels)
    assert np.array_equal(many.reshape(19, 5, 3)[:, :2], few.reshape(19, 2, 3))
    resampler = FeatureResampler(seed=1, balance=True, copies=1)
    even, _ = resampler.fit_resample(values, labels)
    for new, row, copy in zip(
        even, resampler.sample_indices_, resampler.copy_numbers_, strict=True
    ):
        if 0 < copy <= 5:
            assert np.array_equal(new, many.reshape(19, 5, 3)[row, copy - 1])
    repeated, _ = FeatureResampler(random_state=1, balance=True, copies=1).fit_resample(
        values, labels
    )
    assert np.array_equal(repeated, even)


@pytest.mark.parametrize(
    ("strategy", "wanted"),
    [
        ("auto", {"a": 9, "b": 9, "c": 9}),
        ("not majority", {"a": 9, "b": 9, "c": 9}),
        ("minority", {"a": 9, "b": 9, "c": 6}),
        ("not minority", {"a": 9, "b": 4, "c": 9}),
        ("all", {"a": 9, "b": 9, "c": 9}),
        ({"b": 11, "a": 9}, {"a": 9, "b": 11, "c": 6}),
    ],
)
def test_strategies_of_imbalanced_learn(strategy: Any, wanted: dict[str, int]) -> None:
    values, labels = table()
    resampler = FeatureResampler(sampling_strategy=strategy, seed=0)
    _, kinds = resampler.fit_resample(values, np.array(labels))
    assert Counter(kinds.tolist()) == wanted
    each = Counter(resampler.sample_indices_[19:].tolist())
    for name in "abc":  # shared evenly among the class's rows
        counts = [each[i] for i, label in enumerate(labels) if label == name]
        assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_dtypes_are_kept_and_inputs_unchanged(dtype: str) -> None:
    values = (table()[0] - 380).astype(dtype)
    before = values.copy()
    made, labels = FeatureResampler("noise", seed=0, copies=2).fit_resample(values, table()[1])
    assert made.dtype == values.dtype
    assert np.array_equal(values, before)
    assert np.array_equal(made[:19], values)
    assert isinstance(labels, list)
    assert len(np.unique(made)) > len(np.unique(values))


@pytest.mark.parametrize("method", ["interpolation", "noise", "extrapolation", "prior", "mixture"])
def test_a_classifier_is_none_the_worse(method: str) -> None:
    """New rows are near their own class: a nearest-neighbour judge fitted on originals agrees."""
    values, labels = table((30, 30, 30))
    made, kinds = FeatureResampler(method, seed=0, originals=False).fit_resample(values, labels)
    nearest = ((made[:, None] - values) ** 2).sum(axis=2).argmin(axis=1)
    right = np.array(labels)[nearest] == np.array(kinds)
    assert right.mean() > 0.95
    assert np.abs(made - values.repeat(9, axis=0)).max() > 0.1


class Halving(Generator):
    """A model whose latents are half the values."""

    kind = "halving"
    methods = ("noise", "interpolation")
    shape = (2, 2, 1)
    classes = ("a", "7")

    def encode(self, values: Array, labels: Array) -> Array:
        return np.asarray(values.reshape(len(values), 4) / 2)

    def decode(self, latents: Array, labels: Array) -> Array:
        return np.asarray(latents.reshape(-1, 2, 2, 1) * 2)

    def sample(self, labels: Array, seeds: Array) -> Array:
        raise NotImplementedError

    def vary(self, values: Array, labels: Array, seeds: Array, variation: Variation) -> Array:
        return np.asarray(values * 0.5 + labels.reshape(-1, 1, 1, 1) * np.float32(0.25))

    def state(self) -> tuple[Mapping[str, Array], Mapping[str, Any]]:
        return {}, {}

    @classmethod
    def restore(cls, arrays: Mapping[str, Array], told: Mapping[str, Any]) -> Self:
        return cls()


@pytest.mark.parametrize("shape", [(6, 4), (6, 2, 2), (6, 2, 2, 1)])
def test_a_models_samples_in_the_shape_and_units_of_what_came(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    labels = ["a", 7, "a", 7, "a", 7]  # a folder's "7" is the number 7 as well
    made, _ = FeatureResampler(model=Halving(), copies=1, seed=0).fit_resample(values, labels)
    assert made.shape == (12, *shape[1:])
    add = 0.25 * 255 * (np.arange(6) % 2).reshape(6, *[1] * (len(shape) - 1))
    assert np.abs(made[6:] - (values * 0.5 + add)).max() < 0.5001  # rounded, not cut off


def test_a_models_latents() -> None:
    values = np.random.default_rng(0).random((6, 4), np.float32)
    labels = ["a", "7"] * 3
    resampler = FeatureResampler(
        "interpolation", model=Halving(), output="latents", copies=2, seed=0
    )
    made, kinds = resampler.fit_resample(values, labels)
    assert made.shape == (18, 4)
    assert np.array_equal(made[:6], values / 2)
    places = np.arange(6) % 2
    own = Reference(values / 2, places, 2)
    keys = [Key(0, f"#{i}", c) for i in range(6) for c in (1, 2)]
    wanted = alter(
        (values / 2).repeat(2, axis=0), places.repeat(2), draws(keys, ["latent"])[0].seeds,
        own, Variation("interpolation"),
    )  # fmt: skip
    assert np.array_equal(made[6:], wanted)
    assert kinds[6:] == ["a", "a", "7", "7"] * 3


def test_conventions_of_scikit_learn() -> None:
    resampler = FeatureResampler("noise", copies=3)
    assert resampler.get_params()["method"] == "noise"
    assert (
        repr(resampler.set_params(seed=4)) == "FeatureResampler(method='noise', copies=3, seed=4)"
    )
    with pytest.raises(RequestError, match="did you mean 'copies'"):
        resampler.set_params(copy=3)
    sklearn = pytest.importorskip("sklearn.base")
    assert sklearn.clone(resampler).get_params() == resampler.get_params()
    assert tenfold.FeatureResampler is FeatureResampler


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "smote"}, "no alteration 'smote'"),
        ({"sampling_strategy": "majority"}, "did you mean"),
        ({"sampling_strategy": {"z": 3}}, "no class 'z'"),
        ({"sampling_strategy": {"a": 3}}, "has 9 rows, it can only grow"),
        ({"sampling_strategy": "auto", "balance": True}, "say the same"),
        ({"output": "latent"}, "did you mean 'latents'"),
        ({"output": "latents"}, "needs a model"),
        ({"copies": -1}, "within 0"),
        ({"model": Halving()}, "fitted on"),
        ({"seed": 1, "random_state": 1}, "are the same"),
    ],
)
def test_arguments_that_cannot_be(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        FeatureResampler(**arguments).fit_resample(*table())


def test_arrays_that_cannot_be() -> None:
    values, labels = table()
    with pytest.raises(RequestError, match="class 'b' has a single row"):
        FeatureResampler().fit_resample(*table((3, 1)))
    only = FeatureResampler(sampling_strategy={"a": 5}).fit_resample(*table((3, 1)))
    assert Counter(only[1]) == {"a": 5, "b": 1}
    with pytest.raises(RequestError, match="no rows"):
        FeatureResampler().fit_resample(np.empty((0, 3)), [])
    with pytest.raises(RequestError, match=r"must be numbers \(N, D\)"):
        FeatureResampler().fit_resample(values[:, 0], labels)
    with pytest.raises(RequestError, match="one label a row, 19 in all, got 18"):
        FeatureResampler().fit_resample(values, labels[1:])
    with pytest.raises(RequestError, match="one label a row"):
        FeatureResampler().fit_resample(values, None)
    values[4, 1] = np.nan
    with pytest.raises(RequestError, match="row 4 has values that aren't finite"):
        FeatureResampler().fit_resample(values, labels)
    model = Halving()
    model.shape = (3,)  # type: ignore[assignment]
    with pytest.raises(RequestError, match="knows no class 'b'"):
        FeatureResampler(model=model).fit_resample(*table())
