"""Labels and images in a person's own containers, and what can't be mixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.mixing import MIXERS, Mixup, Mosaic, mixer

BATCH = np.random.default_rng(0).integers(0, 256, (4, 12, 10, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 2, 1, 2],
        (0, 2, 1, 2),
        np.array([0, 2, 1, 2], np.uint8),
        np.array([[0], [2], [1], [2]]),
        np.array([0.0, 2.0, 1.0, 2.0]),
        np.eye(3)[[0, 2, 1, 2]],
        np.eye(3, dtype=np.float32)[[0, 2, 1, 2]].tolist(),
        np.eye(3, dtype=bool)[[0, 2, 1, 2]],
    ],
)
def test_labels_in_every_form(labels: Any) -> None:
    soft = Mixup().mix(BATCH, labels, seed=0, classes=3)[1]
    expected = Mixup().mix(BATCH, np.eye(3)[[0, 2, 1, 2]], seed=0)[1]
    assert np.array_equal(soft, expected)


def test_several_classes_at_once_stay_weights() -> None:
    """Labels of which several hold at once (multi-hot) are mixed like any other weights."""
    many = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 1], [1, 1, 1]])
    soft = Mixup(alpha=1).mix(BATCH, many, seed=0)[1]
    rows = [m.rows for m in Mixup(alpha=1).draw(4, seed=0)]
    for row, (own, other) in enumerate(rows):
        low, high = np.minimum(many[own], many[other]), np.maximum(many[own], many[other])
        assert (soft[row] >= low).all()
        assert (soft[row] <= high).all()


@pytest.mark.parametrize(
    ("images", "labels", "arguments", "message"),
    [
        (BATCH[0, 0], [0], {}, "needs a batch"),
        (list(BATCH), [0] * 4, {}, r"got list; numpy.stack\(images\) them"),
        (BATCH.astype(np.float64), [0] * 4, {}, r"got float64; pass images.astype\('float32'\)"),
        (BATCH.astype(np.int64), [0] * 4, {}, "got int64"),
        (BATCH[:, :0], [0] * 4, {}, "are empty"),
        (BATCH.transpose(0, 3, 1, 2), [0] * 4, {}, r"images.transpose\(0, 2, 3, 1\)"),
        (BATCH, [0] * 3, {}, r"labels: must be \(4,\) or \(4, K\)"),
        (BATCH, [0] * 4, {"classes": None}, "classes: is needed"),
        (BATCH, [[0]] * 4, {"classes": None}, "classes: is needed"),
        (BATCH, [0] * 4, {"classes": 0}, "classes: must be a whole number from 1"),
        (BATCH, [0, 1, 2, 5], {"classes": 3}, r"within 0..2, got 5"),
        (BATCH, [0, 1, 2, -1], {"classes": 3}, r"within 0..2, got -1"),
        (BATCH, [0, 1, 2, 0.5], {"classes": 3}, "must be whole, got 0.5"),
        (BATCH, ["a", "b", "a", "b"], {}, r"numpy.unique\(labels, return_inverse=True\)"),
        (BATCH, np.eye(4), {"classes": 3}, "the labels have 4 columns"),
        (BATCH, -np.eye(4), {"classes": None}, "finite and at least 0"),
        (BATCH, np.eye(4) * np.nan, {"classes": None}, "finite and at least 0"),
        (BATCH, [0] * 4, {"seed": 0.5}, "seed: must be a whole number"),
        (BATCH, [0] * 4, {"step": -1}, "step must be within"),
        (BATCH, [0] * 4, {"ids": ["a"]}, "one a row, got 1 for 4 rows"),
        (BATCH, [0] * 4, {"ids": "abcd"}, "ids: must be a sequence"),
        (BATCH, [0] * 4, {"ids": [1.5, 2, 3, 4]}, "ids: must be whole numbers or texts"),
    ],
)
def test_what_cannot_be_mixed_says_why(
    images: Any, labels: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        Mixup().mix(images, labels, **{"seed": 0, "classes": 3, **arguments})


@pytest.mark.parametrize("name", MIXERS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_torch_batches(name: str, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    batch = BATCH.astype(dtype)
    tensor = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy())
    labels = torch.tensor([0, 2, 1, 2])
    mixed, soft = mixer(name).mix(tensor, labels, classes=3, seed=1)
    expected, weights = mixer(name).mix(batch, [0, 2, 1, 2], classes=3, seed=1)
    assert mixed.dtype == tensor.dtype
    assert mixed.shape == tensor.shape
    assert mixed.is_contiguous()
    assert np.array_equal(mixed.numpy().transpose(0, 2, 3, 1), expected)
    assert soft.dtype == torch.float32
    assert np.array_equal(soft.numpy(), weights)


def test_torch_labels_follow_the_images() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(BATCH.transpose(0, 3, 1, 2).copy())
    assert isinstance(Mixup().mix(tensor, [0, 1, 1, 0], classes=2, seed=0)[1], torch.Tensor)
    assert isinstance(Mixup().mix(BATCH, torch.eye(4), seed=0)[1], torch.Tensor)
    boxes = [torch.tensor([[1.0, 1.0, 5.0, 5.0]])] * 4
    mixed, moved, named = Mosaic().mix_objects(tensor, boxes, [torch.tensor([3])] * 4, seed=0)
    assert isinstance(mixed, torch.Tensor)
    assert named is not None
    assert all(len(a) == len(b) for a, b in zip(moved, named, strict=True))
    with pytest.raises(RequestError, match=r"images.float\(\)"):
        Mixup().mix(tensor.to(torch.bfloat16), torch.eye(4), seed=0)
    with pytest.raises(RequestError, match=r"images.float\(\)"):
        Mixup().mix(tensor.double(), torch.eye(4), seed=0)
    with pytest.raises(RequestError, match="needs a batch"):
        Mixup().mix(tensor[0], torch.eye(4), seed=0)
