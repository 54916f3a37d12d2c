"""Arrays given out again: never while anybody can see them."""

from __future__ import annotations

import gc
import threading
from typing import Any

import numpy as np

from tenfold import Pipeline
from tenfold.native.room import room
from tenfold.ops import Brightness, Rotation

SHAPE = (200, 200, 3)


def address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def test_what_nobody_holds_is_given_out_again() -> None:
    first = address(room(SHAPE, np.uint8))
    assert address(room(SHAPE, np.uint8)) == first


def test_what_somebody_holds_is_not() -> None:
    held = [room(SHAPE, np.uint8) for _ in range(20)]
    assert len({address(array) for array in held}) == 20
    view = room(SHAPE, np.uint8)[5:9]
    window = room(SHAPE, np.uint8).data
    others = [address(room(SHAPE, np.uint8)) for _ in range(50)]
    assert address(view.base) not in others
    assert address(np.asarray(window)) not in others


def test_small_and_large_ones_are_fresh() -> None:
    for shape in ((4, 4, 3), (4000, 4000, 3)):
        first = room(shape, np.uint8)
        second = room(shape, np.uint8)
        assert not np.may_share_memory(first, second)


def test_each_thread_has_its_own() -> None:
    mine = address(room(SHAPE, np.uint8))
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(address(room(SHAPE, np.uint8))))
    thread.start()
    thread.join()
    assert found != [mine]


def test_results_stay_as_they_are_while_more_are_made() -> None:
    image = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    pipeline = Pipeline([Rotation(), Brightness()], seed=0)
    kept, copies = [], []
    for _ in range(40):
        kept.append(pipeline(image))
        copies.append(kept[-1].copy())
        gc.collect(0)
    for one, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(one, copy)
    assert len({address(one) for one in kept}) == 40
    halves = [pipeline(image)[::2] for _ in range(10)]
    before = [half.copy() for half in halves]
    for _ in range(10):
        pipeline(image)
    for half, copy in zip(halves, before, strict=True):
        np.testing.assert_array_equal(half, copy)
