"""Normalised images and the order of their axes, against plain arithmetic."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tenfold import Pipeline
from tenfold.errors import RequestError
from tenfold.ops import Brightness, Invert, Rotation

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
OPS = [Rotation(degrees=20), Brightness(shift=0.1)]


def picture(dtype: Any, channels: int = 3) -> Any:
    levels = np.random.default_rng(1).integers(0, 256, (13, 9, channels))
    if dtype == np.float32:
        return (levels / 255).astype(np.float32)
    return (levels * (257 if dtype == np.uint16 else 1)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("layout", ["same", "hwc", "chw"])
def test_normalised_is_what_numpy_makes_of_the_plain_result(dtype: Any, layout: Any) -> None:
    image = picture(dtype)
    plain = Pipeline(OPS, seed=3)(image, key=5).astype(np.float64)
    top = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    expected = (plain / top - MEAN) / STD
    if layout == "chw":
        expected = expected.transpose(2, 0, 1)
    pipeline = Pipeline(OPS, seed=3, normalize="imagenet", layout=layout)
    out = pipeline(image, key=5)
    assert out.dtype == np.float32
    assert out.flags.c_contiguous
    np.testing.assert_allclose(out, expected, atol=2e-6)
    by_name = pipeline(image=image, key=5)["image"]
    np.testing.assert_array_equal(by_name, out)
    with_mask = pipeline(image=image, mask=np.zeros((13, 9), np.uint8), key=5)["image"]
    np.testing.assert_array_equal(with_mask, out)
    again = pickle.loads(pickle.dumps(pipeline))(image, key=5)
    np.testing.assert_array_equal(again, out)


def test_a_value_range_says_what_black_and_white_are() -> None:
    image = np.full((4, 4, 1), 1000, np.uint16)
    pipeline = Pipeline([], normalize=(0.5, 0.25), value_range=(0, 4000))
    np.testing.assert_allclose(pipeline(image), -1.0)


def test_layout_alone_only_turns_the_axes() -> None:
    image = picture(np.uint8)
    out = Pipeline([Invert(probability=1)], layout="chw")(image)
    np.testing.assert_array_equal(out, 255 - image.transpose(2, 0, 1))
    grey = Pipeline([Invert(probability=1)], layout="chw")(image[:, :, 0])
    np.testing.assert_array_equal(grey, 255 - image[None, :, :, 0])
    same = Pipeline([], normalize="unit")(image[:, :, 0])
    np.testing.assert_allclose(same, image[:, :, 0] / 255, atol=1e-7)


def test_pil_images_come_back_as_arrays() -> None:
    image = picture(np.uint8)
    out: Any = Pipeline([], normalize="unit", layout="chw")(Image.fromarray(image))
    np.testing.assert_allclose(out, image.transpose(2, 0, 1) / 255, atol=1e-7)
    assert isinstance(Pipeline([])(Image.fromarray(image)), Image.Image)


def test_torch_tensors_keep_their_order() -> None:
    torch = pytest.importorskip("torch")
    image = picture(np.uint8)
    out = Pipeline([], normalize="imagenet")(torch.from_numpy(image.transpose(2, 0, 1).copy()))
    expected = ((image / 255 - MEAN) / STD).transpose(2, 0, 1)
    np.testing.assert_allclose(out.numpy(), expected, atol=2e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"normalize": "imagenett"}, "did you mean 'imagenet'"),
        ({"normalize": ((0, 0, 0), (1, 0, 1))}, "std must be above 0"),
        ({"normalize": 0.5}, "must be"),
        ({"layout": "cwh"}, "did you mean 'chw'"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        Pipeline([], **settings)


def test_as_many_numbers_as_channels() -> None:
    with pytest.raises(RequestError, match="mean has 3 numbers, the image 1"):
        Pipeline([], normalize="imagenet")(np.zeros((4, 4, 1), np.uint8))
