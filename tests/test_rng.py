"""Keyed randomness: known answers, independence, and what a number may depend on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.errors import RequestError
from tenfold.rng import (
    SLOTS,
    Key,
    derived_seed,
    draws,
    normal_rows,
    op_word,
    pixel_generator,
    uniform_rows,
)


def philox4x32(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x32-10 as the paper has it, in whole numbers of any size."""
    (a, b, c, d), (k, m) = counter, key
    for _ in range(10):
        left, right = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (right >> 32) ^ b ^ k, right & _LOW, (left >> 32) ^ d ^ m, left & _LOW
        k, m = (k + 0x9E3779B9) & _LOW, (m + 0xBB67AE85) & _LOW
    return [a, b, c, d]


_LOW = 0xFFFFFFFF


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
    words = [[int(word, 16) for word in text.split()] for text in (counter, key, expected)]
    assert philox4x32(words[0], words[1]) == words[2]


def test_draws_are_philox_of_the_key_the_copy_and_the_op() -> None:
    keys = [Key(7, "a", 0), Key(-1, "b", 2**32 - 1), Key(2**70, "", 5)]
    for name, found in zip(
        ("rotation", "blur#2"), draws(keys, ["rotation", "blur#2"]), strict=True
    ):
        for i, key in enumerate(keys):
            blocks = [
                philox4x32([k, op_word(name), key.copy, 0], list(key.words())) for k in range(5)
            ]
            expected = (np.array(blocks[:4], dtype=np.float64).ravel() + 0.5) / 2**32
            np.testing.assert_array_equal(found.uniforms[i], expected)
            assert found.seeds[i] == (blocks[4][0] << 21) | (blocks[4][1] >> 11)


def test_rows_are_philox_of_the_seed() -> None:
    seeds = np.array([0, 5, 2**53 - 1])
    rows = uniform_rows(seeds, (3, 7))
    assert rows.shape == (3, 3, 7)
    for seed, row in zip(seeds.tolist(), rows, strict=True):
        words = [philox4x32([k, 0, 0, 1], [seed & _LOW, seed >> 32]) for k in range(6)]
        expected = (np.array(words, dtype=np.float64).ravel()[:21] + 0.5) / 2**32
        np.testing.assert_array_equal(row.ravel(), expected)
        np.testing.assert_array_equal(row, uniform_rows(np.array([seed]), (3, 7))[0])


def test_normal_rows_are_normal_and_each_its_own() -> None:
    rows = normal_rows(np.arange(400), (5, 5, 2))
    assert rows.shape == (400, 5, 5, 2)
    assert abs(rows.mean()) < 4 / np.sqrt(rows.size)
    assert abs(rows.var() - 1) < 4 * np.sqrt(2 / rows.size)
    assert abs((rows**4).mean() - 3) < 4 * np.sqrt(96 / rows.size)
    flat = rows.reshape(400, -1)
    assert np.abs(np.corrcoef(flat.T) - np.eye(50)).max() < 5 / np.sqrt(400)
    np.testing.assert_array_equal(normal_rows(np.array([7]), (5, 5, 2))[0], rows[7])


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
