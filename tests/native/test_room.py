"""Arrays given out again: never while anybody can see them."""

from __future__ import annotations

import ctypes
import gc
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tenfold import Pipeline
from tenfold.native.library import ffi
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


VIEWS: dict[str, Callable[[Any], Any]] = {
    "slice of a slice": lambda a: a[3:][::2][1:],
    "other axes": lambda a: a.transpose(2, 0, 1),
    "other dtype": lambda a: a.view(np.int8),
    "other class": lambda a: a[:, :, 0].view(np.recarray),
    "bytes": lambda a: memoryview(a).cast("B")[10:],
    "buffer": lambda a: np.frombuffer(a, np.uint8)[5:],
    "broadcast": lambda a: np.broadcast_to(a, (2, *SHAPE)),
    "windows": lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, axis=0),
    "masked": lambda a: np.ma.array(a, copy=False).data[::2],
    "another library": np.from_dlpack,
    "a pointer": lambda a: a.ctypes.data_as(ctypes.c_void_p),
    "a pointer of cffi": ffi.from_buffer,
    "pickled aside": lambda a: _buffers(a)[0],
    "a method": lambda a: a.sum,
    "a generator": lambda a: (row for row in a),
}


def _buffers(array: Any) -> list[pickle.PickleBuffer]:
    buffers: list[pickle.PickleBuffer] = []
    pickle.dumps(array, 5, buffer_callback=buffers.append)
    return buffers


@pytest.mark.parametrize("name", VIEWS)
def test_any_view_keeps_its_array(name: str) -> None:
    array = room(SHAPE, np.uint8)
    where = address(array)
    view = VIEWS[name](array)
    del array
    others = [room(SHAPE, np.uint8) for _ in range(12)]
    assert where not in map(address, others)
    del view, others


def test_what_a_person_does_to_an_array_is_gone_with_it() -> None:
    def turn(array: Any) -> None:
        array.shape = (-1, 3)

    def lock(array: Any) -> None:
        array.flags.writeable = False

    for change in (turn, lock):
        change(room(SHAPE, np.uint8))
        for _ in range(5):
            array = room(SHAPE, np.uint8)
            assert array.shape == SHAPE
            assert array.flags.writeable
            assert type(array) is np.ndarray


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
