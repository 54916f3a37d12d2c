"""Rows of numbers and labels in a person's own containers: lists, tuples, NumPy, torch, pandas."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.samples.sample import Points


def is_tensor(value: Any) -> bool:
    """Whether it is a torch tensor; who passes one has imported torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_pillow(value: Any) -> bool:
    """Whether it is a PIL image; who passes one has imported PIL."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)


def numbers(value: Any, name: str) -> Points:
    """A new float64 array of what a person passed.

    Raises:
        RequestError: it isn't numbers, or its rows are not equally long.
    """
    try:
        plain = value.detach().cpu().double().numpy() if is_tensor(value) else value
        return np.array(plain, dtype=np.float64)
    except (TypeError, ValueError):
        raise RequestError(
            f"{name}: must be rows of numbers, all equally long, got {value!r:.80}; "
            "pass classes as labels="
        ) from None


def take_rows(
    value: Any, name: str, columns: tuple[int, ...]
) -> tuple[Points, Callable[[NDArray[Any]], Any]]:
    """Rows of numbers, (N, columns) or (N, K, columns).

    Returns:
        float64 rows that share no memory with `value`, and what turns such rows back into the
        form that came in (see `like`).

    Raises:
        RequestError: not numbers, ragged, or of another number of columns.
    """
    rows = numbers(value, name)
    if rows.size == 0 and (rows.ndim < 2 or rows.shape[-1] not in columns):
        rows = rows.reshape(0, columns[0])
    if rows.ndim not in (2, 3) or rows.shape[-1] not in columns:
        wanted = " or ".join(str(c) for c in columns)
        cure = "; pass what stands beside the numbers as labels=" if rows.ndim == 2 else ""
        raise RequestError(
            f"{name}: must be rows of {wanted} numbers, got shape {rows.shape}{cure}"
        )
    return rows, lambda moved: like(moved, value)


def like(rows: NDArray[Any], original: Any) -> Any:
    """Rows in the container of `original`, nested as it is.

    Floating arrays and tensors keep their dtype; whole numbers become float64 (tensors float32),
    since moved coordinates are seldom whole. Booleans stay so.
    """
    if is_tensor(original):
        torch = sys.modules["torch"]
        moved = torch.from_numpy(np.array(rows))
        if rows.dtype == bool:
            return moved.to(original.device)
        dtype = original.dtype if original.dtype.is_floating_point else torch.float32
        return moved.to(original.device, dtype)
    if isinstance(original, np.ndarray):
        if rows.dtype == bool:
            return rows.copy()
        return rows.astype(original.dtype if original.dtype.kind == "f" else np.float64)
    if not isinstance(original, list | tuple):
        return rows.copy()
    if rows.ndim == 1:
        return _container(original, rows.tolist())
    if not original or np.ndim(original[0]) == 0:
        return _container(original, rows.tolist())
    return _container(original, [like(row, original[0]) for row in rows])


def pick(labels: Any, rows: list[int]) -> Any:
    """The chosen labels in the container in which they came."""
    if isinstance(labels, list | tuple):
        return _container(labels, [labels[i] for i in rows])
    if hasattr(labels, "iloc"):  # pandas counts rows so
        return labels.iloc[rows]
    if is_tensor(labels):
        torch = sys.modules["torch"]
        return labels[torch.tensor(rows, dtype=torch.long, device=labels.device)]
    return labels[np.array(rows, dtype=np.intp)]


def duplicate(labels: Any) -> Any:
    """Labels that pass through untouched, in a container of their own."""
    return labels.clone() if is_tensor(labels) else copy.copy(labels)


def _container(original: Sequence[Any], values: list[Any]) -> Any:
    """Values in a container of the kind of `original`."""
    if isinstance(original, tuple) and hasattr(original, "_make"):
        return original._make(values) if len(values) == len(original) else tuple(values)
    return tuple(values) if isinstance(original, tuple) else values
