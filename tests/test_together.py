"""Images made in company against images made alone: the same bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from tenfold import AugmentedDataset, Pipeline
from tenfold.call import loading
from tenfold.call.together import turns
from tenfold.errors import RequestError
from tenfold.ops import (
    Brightness,
    Contrast,
    Crop,
    Elastic,
    Gamma,
    GaussianBlur,
    GaussianNoise,
    Hue,
    Reflection,
    Rotation,
    Scaling,
)

SHAPES = [(20, 30, 3), (33, 17, 3), (20, 30, 3), (8, 8, 1), (20, 30, 3), (33, 17, 3), (50, 40, 3)]
OPS = [
    Crop(area=(0.2, 1), height=16, width=16),
    Reflection(),
    Rotation(degrees=20, probability=0.5),
    GaussianBlur(sigma=0.8, probability=0.5),
    Brightness(shift=0.2),
    Contrast(factor=(0.6, 1.4)),
    Hue(degrees=30),
]


def pictures(dtype: Any = np.uint8) -> list[Any]:
    rng = np.random.default_rng(3)
    images = [rng.integers(0, 256, shape).astype(np.uint8) for shape in SHAPES * 3]
    if dtype == np.uint8:
        return images
    return [(image / 255).astype(dtype) for image in images]


class Given:
    """A dataset of given items."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize(
    "last", [{}, {"normalize": "imagenet", "layout": "chw"}, {"layout": "chw"}]
)
def test_items_of_a_dataset(last: dict[str, Any], dtype: Any) -> None:
    images = [image for image in pictures(dtype) if image.shape[2] == 3]
    images += [images[0][:, :, 0], images[1][:, ::-1]]  # without channels; not contiguous
    if "normalize" in last:
        images.pop(-2)  # three means for one channel
    pipeline = Pipeline(OPS, seed=5, **last)
    dataset = AugmentedDataset(Given([(image, k) for k, image in enumerate(images)]), pipeline)
    dataset.set_epoch(2)
    made = dataset.__getitems__(range(len(images)))
    for k, (image, label) in enumerate(made):
        alone = pipeline(image=images[k], key=dataset.key(k, 2))["image"]
        assert label == k
        assert image.dtype == alone.dtype
        np.testing.assert_array_equal(image, alone)
        np.testing.assert_array_equal(dataset[k][0], alone)


def test_pillow_images_come_back_as_such() -> None:
    pipeline = Pipeline(OPS, seed=5)
    images = [Image.fromarray(a[:, :, 0] if a.shape[2] == 1 else a) for a in pictures()]
    images.append(images[0].convert("RGBA"))
    dataset = AugmentedDataset(Given(images), pipeline)
    dataset.set_epoch(0)
    for k, made in enumerate(dataset.__getitems__(range(len(images)))):
        assert made.mode == images[k].mode
        alone = pipeline(image=images[k], key=dataset.key(k, 0))["image"]
        assert made.tobytes() == alone.tobytes()


def test_few_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_ARMFUL", 3000)
    read: list[int] = []

    class Noting(Given):
        def __getitem__(self, index: int) -> Any:
            read.append(index)
            return self.items[index]

    images = [image for image in pictures() if image.shape[2] == 3]
    dataset = AugmentedDataset(Noting(images), Pipeline(OPS, seed=5))
    copies = dataset.copies(range(len(images)), 0)
    first = next(copies)[1]
    assert 1 <= len(read) <= 3
    rest = [one for _, one in copies]
    pipeline = dataset.pipeline
    for k, made in enumerate([first, *rest]):
        alone = pipeline(image=images[k], key=dataset.key(k, 0))["image"]
        np.testing.assert_array_equal(made, alone)


@pytest.mark.parametrize("threads", [1, 3])
def test_batches_of_several_sizes(threads: int) -> None:
    images = [image for image in pictures() if image.shape[2] == 3]
    pipeline = Pipeline(OPS, seed=5, normalize="unit", layout="chw")
    keys = [f"image {k}" for k in range(len(images))]
    batch = pipeline.batch(images, keys, threads=threads)
    assert batch.shape == (len(images), 3, 16, 16)
    for k, made in enumerate(batch):
        np.testing.assert_array_equal(made, pipeline(image=images[k], key=keys[k])["image"])
    with pytest.raises(RequestError, match=r"20x30x3 and 33x17x3.*Crop\(height="):
        Pipeline([Brightness(shift=0.1)], seed=1).batch(images, threads=threads)
    with pytest.raises(RequestError, match="several dtypes"):
        Pipeline(OPS, seed=1).batch([images[0], images[0].astype(np.float32)])


@pytest.mark.parametrize("last", [{}, {"normalize": "unit", "layout": "chw"}])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("chance", [1, 0.9])
def test_batches_of_many_small_images(chance: float, threads: int, last: dict[str, Any]) -> None:
    """With a chance of 0.9 some geometry meets, so that groups with it are made one by one."""
    ops = [
        Rotation(degrees=20),
        Elastic(probability=0.7),
        Gamma(gamma=(0.7, 1.4), probability=chance),
        Scaling(),
        GaussianNoise(std=0.03, probability=0.6),
    ]
    pipeline = Pipeline(ops, seed=5, **last)
    images = np.random.default_rng(1).integers(0, 256, (300, 31, 40, 1), np.uint8)
    before = images.copy()
    whole = pipeline.batch(images, range(300), threads=threads)
    np.testing.assert_array_equal(images, before)
    for given in (list(images), images[..., 0], np.asfortranarray(images)):
        again = pipeline.batch(given, range(300), threads=threads)
        np.testing.assert_array_equal(again.reshape(whole.shape), whole)
    for k in range(300):
        alone = pipeline(image=images[k], key=k)["image"]
        np.testing.assert_array_equal(whole[k], alone)


def test_each_kind_has_a_drawing_of_its_own() -> None:
    images = pictures()
    drawing = Pipeline(OPS, seed=5).drawing(list(range(len(images))))
    found = turns(dict(enumerate(images)), drawing)
    sizes = {}
    for k, (part, row) in found.items():
        sizes[images[k].shape] = part.count
        assert part.history(row) == drawing.history(k)
    assert sizes == {(20, 30, 3): 9, (33, 17, 3): 6, (8, 8, 1): 3, (50, 40, 3): 3}
    same = [images[0]] * 4
    assert all(part is drawing for part, _ in turns(dict(enumerate(same)), drawing).values())
