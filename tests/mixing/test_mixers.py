"""What every mixer promises: shares that can be measured, keyed numbers, nothing else changed."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.errors import RequestError
from tenfold.mixing import MIXERS, mixer
from tenfold.mixing.mixer import Mixer

EVERY = pytest.mark.parametrize("name", MIXERS)
DTYPES = ("uint8", "uint16", "float32")
# What shows each pixel as it was, in one picture or the other.
MASKS = [
    n for n in MIXERS if n not in ("mixup", "noisy_mixup", "bc_plus", "vh_mixup", "vh_bc_plus")
]


def images(shape: tuple[int, ...], dtype: str, seed: int = 0) -> np.ndarray[Any, Any]:
    """Read-only noise over the whole range of the dtype, its ends included."""
    generator = np.random.default_rng(seed)
    if dtype == "float32":
        found = generator.random(shape).astype(np.float32)
    else:
        found = generator.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    flat = found.reshape(-1)
    flat[: flat.size // 3] = 0
    flat[-(flat.size // 3) :] = 1 if dtype == "float32" else np.iinfo(dtype).max
    found.setflags(write=False)
    return found


@EVERY
@settings(max_examples=12, deadline=None)
@given(
    count=st.integers(1, 6),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    channels=st.integers(1, 5),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(-(2**70), 2**70),
    step=st.integers(0, 2**32 - 1),
)
def test_any_batch_is_mixed(
    name: str,
    count: int,
    height: int,
    width: int,
    channels: int,
    dtype: str,
    seed: int,
    step: int,
) -> None:
    batch = images((count, height, width, channels), dtype)
    labels = np.arange(count) % 3
    labels.setflags(write=False)
    before = batch.copy()
    mixed, soft = mixer(name).mix(batch, labels, classes=3, seed=seed, step=step)
    assert mixed.shape == batch.shape
    assert mixed.dtype == batch.dtype
    assert mixed.min() >= batch.min()
    assert mixed.max() <= batch.max()
    assert not np.shares_memory(mixed, batch)
    assert np.array_equal(batch, before)
    assert soft.shape == (count, 3)
    assert soft.dtype == np.float32
    assert (soft >= 0).all()
    assert soft.sum(axis=1) == pytest.approx(np.ones(count), abs=1e-6)


@pytest.mark.parametrize("name", [n for n in MIXERS if "bc_plus" not in n])  # weights of waves
@pytest.mark.parametrize("size", [(16, 16), (7, 5), (1, 9), (9, 1), (1, 1), (33, 20)])
def test_the_label_is_the_share_of_the_picture(name: str, size: tuple[int, int]) -> None:
    """Of a white picture and a black one, the mean of the mix is white's share."""
    batch = np.zeros((2, *size, 3), np.float32)
    batch[0] = 1
    for step in range(20):
        mixed, soft = mixer(name).mix(batch, np.eye(2), seed=3, step=step)
        means = mixed.mean(axis=(1, 2, 3), dtype=np.float64)
        if name in MASKS:
            assert set(np.unique(mixed)) <= {0, 1}
            assert np.array_equal(means.astype(np.float32), soft[:, 0])
        elif name == "noisy_mixup":
            # The noise averages out, except where it is clipped at 0 or 1: by less than its
            # standard deviation over sqrt(2 pi).
            pixels = size[0] * size[1]
            assert means == pytest.approx(soft[:, 0], abs=0.025 * (0.4 + 5 / np.sqrt(pixels)))
        else:
            assert means == pytest.approx(soft[:, 0], abs=1e-6)


@EVERY
def test_a_batch_of_one_is_mixed_with_itself(name: str) -> None:
    batch = images((1, 6, 5, 3), "uint8")
    mixed, soft = mixer(name).mix(batch, [2], classes=4, seed=0)
    assert soft.tolist() == [[0, 0, 1, 0]]
    if (
        name in MASKS
        and name not in ("random_square", "mosaic", "resizemix")
        and ("interval" not in name)
    ):
        assert np.array_equal(mixed, batch)


@EVERY
def test_a_constant_batch_stays_what_it_is(name: str) -> None:
    for dtype, value in (("uint8", 200), ("uint16", 65535), ("float32", 0.1), ("float32", -3.7)):
        batch = np.full((3, 11, 6, 2), value, dtype)
        mixed, _ = mixer(name).mix(batch, np.eye(3), seed=1)
        assert np.array_equal(mixed, batch)


@EVERY
def test_an_empty_batch_stays_empty(name: str) -> None:
    mixed, soft = mixer(name).mix(np.zeros((0, 4, 4, 1), np.uint8), [], classes=2, seed=0)
    assert mixed.shape == (0, 4, 4, 1)
    assert soft.shape == (0, 2)


@EVERY
def test_grey_batches_and_strides(name: str) -> None:
    batch = images((4, 10, 12, 1), "uint16")
    labels = [0, 1, 1, 0]
    mixed, soft = mixer(name).mix(batch, labels, classes=2, seed=5)
    flat, same = mixer(name).mix(batch[..., 0], labels, classes=2, seed=5)
    assert np.array_equal(flat, mixed[..., 0])
    assert np.array_equal(same, soft)
    turned = np.asfortranarray(batch)
    again, _ = mixer(name).mix(turned, labels, classes=2, seed=5)
    assert np.array_equal(again, mixed)


@EVERY
def test_known_samples_may_come_in_any_order(name: str) -> None:
    batch, labels = images((6, 8, 9, 3), "uint8"), np.eye(6)
    ids: list[Any] = ["a", "b", 17, "#17b", "e", np.int64(4)]
    mixed, soft = mixer(name).mix(batch, labels, seed=2, step=9, ids=ids)
    order = np.random.default_rng(0).permutation(6)
    other, turned = mixer(name).mix(
        batch[order], labels[order], seed=2, step=9, ids=[ids[i] for i in order]
    )
    assert np.array_equal(other, mixed[order])
    assert np.array_equal(turned, soft[order])


@EVERY
def test_seed_and_step_give_another_mix(name: str) -> None:
    batch, labels = images((8, 16, 16, 3), "uint8"), np.eye(8)
    one = mixer(name).mix(batch, labels, seed=1, step=1)[0]
    assert np.array_equal(one, mixer(name).mix(batch, labels, seed=1, step=1)[0])
    assert not np.array_equal(one, mixer(name).mix(batch, labels, seed=2, step=1)[0])
    assert not np.array_equal(one, mixer(name).mix(batch, labels, seed=1, step=2)[0])


def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "import hashlib, numpy as np\n"
        "from tenfold.mixing import MIXERS, mixer\n"
        "x = np.arange(5 * 13 * 8 * 3, dtype=np.uint8).reshape(5, 13, 8, 3)\n"
        "d = hashlib.sha256()\n"
        "for name in MIXERS:\n"
        "    a, b = mixer(name).mix(x, np.eye(5), seed=4, step=2)\n"
        "    d.update(a.tobytes() + b.tobytes())\n"
        "found = d.hexdigest()\n"
    )
    here: dict[str, Any] = {}
    exec(code, here)
    done = subprocess.run(
        [sys.executable, "-c", code + "print(found)"],
        capture_output=True, text=True, check=True, timeout=60,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert done.stdout.strip() == here["found"]


@EVERY
def test_every_picture_is_a_partner_once_and_nobody_its_own(name: str) -> None:
    method = mixer(name)
    for count in (4, 5, 32):
        for step in range(5):
            rows = np.array([m.rows for m in method.draw(count, seed=0, step=step)])
            assert rows.shape == (count, method.pictures)
            for column in rows.T:
                assert sorted(column) == list(range(count))
            assert all(len(set(row)) == method.pictures for row in rows.tolist())


def test_every_partner_is_equally_likely() -> None:
    stats = pytest.importorskip("scipy.stats")
    met = np.zeros((5, 5))
    for step in range(2000):
        for row, mix in enumerate(mixer("mixup").draw(5, seed=11, step=step)):
            met[row, mix.rows[1]] += 1
    assert np.trace(met) == 0
    for row in range(5):
        assert stats.chisquare(np.delete(met[row], row)).pvalue > 1e-3


def test_a_sample_that_comes_twice_is_mixed_in_two_ways() -> None:
    first, second, _ = mixer("mixup", alpha=1).draw(3, seed=0, ids=["a", "a", "b"])
    assert first.numbers.seed != second.numbers.seed


@EVERY
def test_probability_leaves_rows_as_they_are(name: str) -> None:
    batch, labels = images((200, 6, 6, 1), "uint8"), np.arange(200) % 7
    mixed, soft = mixer(name, probability=0).mix(batch, labels, classes=7, seed=0)
    assert np.array_equal(mixed, batch)
    assert np.array_equal(soft, np.eye(7)[labels])
    drawn = mixer(name, probability=0.3).draw(4000, seed=0)
    assert sum(len(m.rows) > 1 for m in drawn) / 4000 == pytest.approx(0.3, abs=0.03)


@EVERY
def test_names_values_and_pickles(name: str) -> None:
    method = mixer(name)
    assert isinstance(method, Mixer)
    assert type(method).name == name
    assert pickle.loads(pickle.dumps(method)) == method
    assert method == mixer(name)
    assert type(method).__doc__


def test_mistakes_are_named_with_the_cure() -> None:
    with pytest.raises(RequestError, match="unknown mixer 'mixpu'; did you mean 'mixup'"):
        mixer("mixpu")
    with pytest.raises(
        RequestError, match="mixup: unknown parameter 'alhpa'; did you mean 'alpha'"
    ):
        mixer("mixup", alhpa=1)
    with pytest.raises(RequestError, match=r"mixup: alpha: must be within 0.001..1000, got 0"):
        mixer("mixup", alpha=0)
    with pytest.raises(RequestError, match=r"cutmix: probability: must be within 0..1"):
        mixer("cutmix", probability=2)
