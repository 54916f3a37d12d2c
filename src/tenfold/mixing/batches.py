"""Batches of images and labels from what a person passed, and back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError

Array = NDArray[Any]

DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """An array taken in, and how to give one back in the form in which it came.

    Attributes:
        array: images (N, H, W, C), or labels (N, K) float64; may share memory with what was
            passed, and is never written to.
        restore: turns an array of the same shape into the form that came in.
    """

    array: Array
    restore: Callable[[Array], Any]


def is_tensor(value: Any) -> bool:
    """Whether it is a torch tensor; who passes one has imported torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def take_images(images: Any) -> Batch:
    """A batch of images: NumPy (N, H, W, C) or (N, H, W), or torch (N, C, H, W).

    Raises:
        RequestError: another type, shape or dtype, with the cure.
    """
    if is_tensor(images):
        return _take_tensor(images)
    if not isinstance(images, np.ndarray):
        cure = "; numpy.stack(images) them" if isinstance(images, list | tuple) else ""
        raise RequestError(
            "images: must be a NumPy array (N, H, W, C) or a torch tensor (N, C, H, W), "
            f"got {type(images).__name__}{cure}"
        )
    if images.ndim not in (3, 4):
        raise RequestError(
            f"images: must be (N, H, W, C) or (N, H, W), got shape {images.shape}; "
            "mixing needs a batch"
        )
    _check(images, "astype")
    if images.ndim == 3:
        return Batch(images[..., None], lambda mixed: mixed[..., 0])
    first, *rest = images.shape[1:]
    if first in (1, 3, 4) and min(rest) > 8:
        raise RequestError(
            f"images: an array must be (N, H, W, C), got shape {images.shape}, which looks like "
            "(N, C, H, W); pass images.transpose(0, 2, 3, 1), or torch.from_numpy(images)"
        )
    return Batch(images, lambda mixed: mixed)


def take_labels(labels: Any, count: int, classes: int | None, like: Any) -> Batch:
    """Labels as rows of weights, (N, K) float64.

    Args:
        labels: class numbers, (N,) or whole numbers (N, 1), or one-hot or soft labels (N, K).
        count: N.
        classes: K; may be None for (N, K) labels.
        like: the images: if they are a torch tensor, so will the labels be, on that device.

    Raises:
        RequestError: no numbers, or other numbers than class numbers or weights.
    """
    tensor = is_tensor(labels)
    given = labels.detach().cpu().numpy() if tensor else np.asarray(labels)
    restore: Callable[[Array], Any] = lambda soft: soft  # noqa: E731
    if tensor or is_tensor(like):
        device = (labels if tensor else like).device
        restore = lambda soft: sys.modules["torch"].from_numpy(soft).to(device)  # noqa: E731
    if given.size == 0 and count == 0 and given.ndim == 1:
        given = given.astype(np.int64)
    if given.dtype.kind not in "biuf":
        raise RequestError(
            f"labels: must be class numbers or (N, K) weights, got {given.dtype}; number the "
            "classes first: names, labels = numpy.unique(labels, return_inverse=True)"
        )
    if given.shape[:1] != (count,) or given.ndim not in (1, 2):
        raise RequestError(
            f"labels: must be ({count},) or ({count}, K), one row an image, got shape {given.shape}"
        )
    whole = given.dtype.kind in "biu"
    if given.ndim == 1 or (given.shape[1] == 1 and whole):
        return Batch(_one_hot(given.reshape(count), classes), restore)
    if classes is not None and classes != given.shape[1]:
        raise RequestError(
            f"classes: is {classes}, but the labels have {given.shape[1]} columns; leave it out"
        )
    soft = given.astype(np.float64)
    if not np.isfinite(soft).all() or (soft < 0).any():
        raise RequestError("labels: weights must be finite and at least 0")
    return Batch(soft, restore)


def _take_tensor(images: Any) -> Batch:
    torch = sys.modules["torch"]
    if images.ndim != 4:
        raise RequestError(
            f"images: a tensor must be (N, C, H, W), got shape {tuple(images.shape)}; "
            "mixing needs a batch"
        )
    if images.dtype is torch.bfloat16:
        raise RequestError("images: is bfloat16, which NumPy doesn't know; pass images.float()")
    device = images.device
    array = images.detach().cpu().numpy()
    _check(array, "float")
    return Batch(
        array.transpose(0, 2, 3, 1),
        lambda mixed: torch.from_numpy(np.ascontiguousarray(mixed.transpose(0, 3, 1, 2))).to(
            device
        ),
    )


def _check(images: Array, cast: str) -> None:
    if images.dtype not in DTYPES:
        floating = images.dtype.kind == "f"
        call = "images.float()" if cast == "float" else "images.astype('float32')"
        cure = f"pass {call}" if floating else "cast them to the one that holds their values"
        raise RequestError(
            f"images: dtype must be uint8, uint16 or float32, got {images.dtype}; {cure}"
        )
    if 0 in images.shape[1:]:
        raise RequestError(f"images: are empty, their shape is {images.shape}")


def _one_hot(labels: Array, classes: int | None) -> Array:
    if classes is None:
        raise RequestError(
            "classes: is needed with labels that are class numbers; pass their count"
        )
    if isinstance(classes, bool) or not isinstance(classes, int | np.integer) or classes < 1:
        raise RequestError(f"classes: must be a whole number from 1, got {classes!r}")
    numbers = labels.astype(np.int64) if labels.dtype.kind != "f" else _whole(labels)
    outside = (numbers < 0) | (numbers >= classes)
    if outside.any():
        raise RequestError(
            f"labels: class numbers must be within 0..{classes - 1}, got "
            f"{numbers[outside][0]}; number the classes from 0"
        )
    soft = np.zeros((len(numbers), int(classes)))
    soft[np.arange(len(numbers)), numbers] = 1
    return soft


def _whole(labels: Array) -> Array:
    with np.errstate(invalid="ignore"):
        numbers = labels.astype(np.int64)
    odd = numbers != labels
    if odd.any():
        raise RequestError(f"labels: class numbers must be whole, got {labels[odd][0]}")
    return numbers
