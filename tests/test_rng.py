"""Keyed randomness: known answers, independence, and what a number may depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.rng import SLOTS, Key, draws, philox4x32, pixel_generator


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


def test_undecodable_names_are_names_too() -> None:
    found = draws([Key(1, "a\udcff.png", 1), Key(1, "a.png", 1)], ["op"])[0].uniforms
    assert (found[0] != found[1]).all()
