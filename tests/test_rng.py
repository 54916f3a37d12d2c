"""Keyed randomness: known answers, independence, and what a number may depend on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.errors import RequestError
from tenfold.rng import SLOTS, Key, derived_seed, draws, philox4x32, pixel_generator


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # the known-answer tests that come with Random123 (kat_vectors, philox4x32 10)
        ("00000000 00000000 00000000 00000000", "00000000 00000000",
         "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
         "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
         "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)  # fmt: skip
def test_philox_gives_the_published_answers(counter: str, key: str, expected: str) -> None:
    words = [np.array([int(w, 16) for w in text.split()], dtype=np.uint64)
             for text in (counter, key, expected)]  # fmt: skip
    np.testing.assert_array_equal(philox4x32(words[0], words[1]), words[2])


def test_many_keys_in_one_call_equal_one_by_one() -> None:
    keys = [Key(7, f"sample {i % 3}", i) for i in range(12)]
    names = ["rotation", "blur", "blur#2"]
    together = draws(keys, names)
    for i, key in enumerate(keys):
        alone = draws([key], names)
        for many, one in zip(together, alone, strict=True):
            np.testing.assert_array_equal(many.uniforms[i], one.uniforms[0])
            assert many.seeds[i] == one.seeds[0]


def test_an_ops_numbers_do_not_depend_on_the_other_ops() -> None:
    key = [Key(1, "a", 1)]
    alone = draws(key, ["rotation"])[0]
    among = draws(key, ["blur", "rotation", "noise"])[1]
    np.testing.assert_array_equal(alone.uniforms, among.uniforms)


@given(st.integers(), st.text(), st.integers(0, 2**32 - 1))
def test_any_seed_name_and_copy_gives_numbers_in_the_open_interval(
    seed: int, name: str, copy: int
) -> None:
    name = name.encode("utf-8", "replace").decode()
    found = draws([Key(seed, name, copy)], ["op"])[0]
    assert found.uniforms.shape == (1, SLOTS)
    assert (found.uniforms > 0).all()
    assert (found.uniforms < 1).all()
    assert 0 <= int(found.seeds[0]) < 2**53


def test_every_part_of_the_key_changes_the_numbers() -> None:
    base = draws([Key(1, "a", 1)], ["op"])[0].uniforms
    others = [Key(2, "a", 1), Key(1, "b", 1), Key(1, "a", 2), Key(-1, "a", 1), Key(2**70, "a", 1)]
    for other in others:
        assert not np.isin(draws([other], ["op"])[0].uniforms, base).any()
    assert not np.isin(draws([Key(1, "a", 1)], ["op#2"])[0].uniforms, base).any()


def test_uniforms_are_uniform_and_independent_between_neighbouring_keys() -> None:
    keys = [Key(3, f"{i}", c) for i in range(500) for c in range(1, 5)]
    u = draws(keys, ["op"])[0].uniforms
    counts = np.histogram(u, bins=50, range=(0, 1))[0]
    expected = u.size / 50
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert chi2 < 49 + 5 * np.sqrt(2 * 49)
    correlation = np.asarray(np.corrcoef(u.T))[~np.eye(SLOTS, dtype=bool)]
    assert np.abs(correlation).max() < 5 / np.sqrt(len(keys))
    assert abs(np.asarray(np.corrcoef(u[:-1, 0], u[1:, 0]))[0, 1]) < 5 / np.sqrt(len(keys))


def test_pixel_randomness_is_a_function_of_its_seed() -> None:
    a, b, c = (pixel_generator(s).standard_normal(1000) for s in (5, 5, 6))
    np.testing.assert_array_equal(a, b)
    assert abs(np.asarray(np.corrcoef(a, c))[0, 1]) < 0.2


@pytest.mark.parametrize(
    ("copy", "message"),
    [
        (-1, r"copy must be within 0\.\.4294967295, got -1"),
        (2**32, r"copy must be within 0\.\.4294967295, got 4294967296; .* another seed"),
        (1.0, r"copy must be a whole number, 0 to 4294967295, got 1\.0"),
        ("1", "copy must be a whole number, 0 to 4294967295, got '1'"),
        (None, "whole number.*got None"),
        (True, "whole number.*got True"),
    ],
)
def test_copies_that_are_no_number_of_a_copy(copy: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        Key(1, "a", copy)


def test_copies_of_every_integer_type() -> None:
    alone = draws([Key(1, "a", 2**32 - 1)], ["op"])[0].uniforms
    numpys = draws([Key(1, "a", np.uint32(2**32 - 1))], ["op"])[0].uniforms  # type: ignore[arg-type]
    np.testing.assert_array_equal(alone, numpys)


def test_a_derived_seed_is_a_seed_of_its_own() -> None:
    seeds = [0, 1, 2, 2**53 - 1, *range(1000, 1400)]
    derived = [derived_seed(seed) for seed in seeds]
    assert derived == [derived_seed(seed) for seed in seeds]
    assert len({*seeds, *derived}) == 2 * len(seeds)
    assert all(type(seed) is int and 0 <= seed < 2**53 for seed in derived)
    first = [pixel_generator(seed).random(40) for seed in seeds]
    second = [pixel_generator(seed).random(40) for seed in derived]
    assert not np.isin(first, second).any()
    correlation = np.corrcoef(np.ravel(first), np.ravel(second))[0, 1]
    assert abs(correlation) < 5 / np.sqrt(40 * len(seeds))


def test_undecodable_names_are_names_too() -> None:
    found = draws([Key(1, "a\udcff.png", 1), Key(1, "a.png", 1)], ["op"])[0].uniforms
    assert (found[0] != found[1]).all()
