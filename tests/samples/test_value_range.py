"""Black and white of float images: one fact of a dataset, not a guess an image."""

from __future__ import annotations

import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from tenfold import Pipeline, Recipe
from tenfold.call.resampler import ImageResampler
from tenfold.errors import SampleError
from tenfold.ops import Invert
from tenfold.plan.plan import Plan
from tenfold.rng import Key
from tenfold.samples import sample as module
from tenfold.samples.sample import Array, Sample, float_range, shared_range, value_range_of
from tenfold.samples.source import Source
from tenfold.samples.sources import open_source
from tenfold.samples.validate import clean

NEGATIVE = Recipe((Invert(probability=1),))
FLOATS = st.floats(-1e6, 1e6, width=32)


def with_a_blank_row() -> Array:
    images = np.random.default_rng(2).integers(0, 256, (5, 6, 7)).astype(np.float32)
    images[3] = 0
    images[0, 0, :2] = 0, 255
    return images


def negatives(source: Source, recipe: Recipe = NEGATIVE) -> Array:
    plan = Plan(recipe, source.info)
    out = []
    for item in source.items:
        sample, _, _ = clean(source.read(item), "clip", value_range=recipe.value_range)
        history = plan.draw([Key(1, item.id, 1)])[0]
        out.append(plan.run(sample, history).sample.image[..., 0])
    return np.stack(out)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_blank_row_means_what_it_means_in_the_others(
    tmp_path: Path, save: Any, order: Any
) -> None:
    images = with_a_blank_row()
    save(tmp_path / "d.npz", images=np.asarray(images, order=order))
    source = open_source(tmp_path)
    assert source.info.value_range == (0, 255)
    revived = pickle.loads(pickle.dumps(source))
    for one in (source, revived):
        np.testing.assert_allclose(negatives(one), 255 - images, atol=1e-3)


def test_splits_share_it_and_spoiled_rows_do_not_count(tmp_path: Path) -> None:
    train, test = with_a_blank_row(), with_a_blank_row() + 100
    train[2, 0, 0], test[1, 1, 1] = np.nan, np.inf
    train[2, 1], test[1, 2] = -9999, 9999
    np.savez(tmp_path / "d.npz", x_train=train, x_test=test)
    source = open_source(tmp_path)
    assert source.info.value_range == (0, 355)
    for item in source.items:
        if item.id in ("d.npz#train/000002", "d.npz#test/000001"):
            with pytest.raises(SampleError, match="NaN"):
                source.read(item)
        else:
            assert source.read(item).value_range == (0, 355)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.zeros((3, 4, 4), np.uint8), None),
        (np.zeros((3, 4, 4), np.uint16), None),
        (np.full((3, 4, 4), 0.25, np.float32), (0, 1)),
        (np.full((3, 4, 4), 100, np.float32), (0, 100)),
        (np.full((3, 4, 4), -7, np.float32), (-7, 1)),
        (np.full((3, 4, 4), np.nan, np.float32), None),
        (np.linspace(-1, 1, 48, dtype=np.float32).reshape(3, 4, 4), (-1, 1)),
    ],
)
def test_ranges_of_arrays(tmp_path: Path, images: Array, expected: Any) -> None:
    np.savez(tmp_path / "d.npz", images=images)
    source = open_source(tmp_path)
    assert source.info.value_range == expected
    if images.dtype.kind != "f":
        top = np.iinfo(images.dtype).max
        assert source.read(source.items[0]).value_range == (0, top)


@given(st.lists(st.lists(FLOATS, min_size=6, max_size=6), min_size=1, max_size=9), st.booleans())
def test_shared_range_against_all_values(rows: list[list[float]], fortran: bool) -> None:
    images = np.array(rows, np.float32).reshape(-1, 2, 3)
    low, high = float(images.min()), float(images.max())
    stack = np.asfortranarray(images) if fortran else images
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", 40)  # one image a piece
        found = shared_range([stack[:1], stack])
    assert found is not None
    assert found[0] < found[1]
    assert found[0] <= low
    assert found[1] >= high
    if low == high or (low >= 0 and high <= 1):
        assert found == (min(low, 0), max(high, 1))
    else:
        assert found == (low, high)
    assert found == float_range(low, high) == value_range_of(images)


def test_memory_is_bounded_while_opening(tmp_path: Path) -> None:
    images = np.zeros((512, 256, 128), np.float32)
    images[-1, 0, 0] = 300
    np.savez(tmp_path / "d.npz", images=images)
    del images
    tracemalloc.start()
    try:
        source = open_source(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert source.info.value_range == (0, 300)
    assert peak < 8 << 20, "64 MiB of images, mapped"


def test_float_files_have_their_own(tmp_path: Path) -> None:
    for name, values in (("flat", [100, 100]), ("wide", [-1000, 2000]), ("nan", [0, np.nan])):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.array([values] * 2, np.float32))
    source = open_source(tmp_path)
    items = {item.id: item for item in source.items}
    assert source.info.value_range is None
    assert source.read(items["flat.tif"]).value_range == (0, 100)
    assert source.read(items["wide.tif"]).value_range == (-1000, 2000)
    with pytest.raises(SampleError, match="NaN"):
        source.read(items["nan.tif"])
    said = Recipe((Invert(probability=1),), value_range=(-1000, 3000))
    source = type(source).open(tmp_path)
    kept = [i for i in source.items if i.id != "nan.tif"]
    for item, expected in zip(kept, ([1900, 1900], [3000, 0]), strict=True):
        sample, _, _ = clean(source.read(item), "clip", value_range=said.value_range)
        plan = Plan(said, source.info)
        out = plan.run(sample, plan.draw([Key(1, item.id, 1)])[0]).sample
        np.testing.assert_allclose(out.image[0, :, 0], expected, atol=1e-3)


def test_what_a_person_says_is_for_floats() -> None:
    low = Sample("a", np.full((3, 3, 1), 5, np.float32), value_range=(0.0, 9.0))
    whole = Sample("a", np.full((3, 3, 1), 5, np.uint16), value_range=(0.0, 65535.0))
    assert clean(low, "clip", value_range=(-1.0, 6.0))[0].value_range == (-1, 6)
    assert clean(low, "clip")[0].value_range == (0, 9)
    assert clean(whole, "clip", value_range=(-1.0, 6.0))[0].value_range == (0, 65535)


def test_python_call() -> None:
    scan = np.array([[-1000, 0, 500], [3000, 4000, -2000]], np.float32)[..., None]
    turned = Pipeline([Invert(probability=1)], seed=1, value_range=(-1000, 3000))(image=scan)
    expected = [[3000, 2000, 1500], [-1000, -1000, 3000]]
    np.testing.assert_allclose(turned["image"][..., 0], expected, atol=1e-3)


def resampled(images: Array, recipe: Recipe) -> Array:
    return ImageResampler(recipe, copies=1, originals=False, seed=1).fit_resample(images)[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_at_hand(dtype: Any) -> None:
    images = with_a_blank_row().astype(dtype)
    said = Recipe((Invert(probability=1),), value_range=(0, 511))
    turned = resampled(images, said)
    np.testing.assert_allclose(turned, 511 - images, atol=1e-3)
