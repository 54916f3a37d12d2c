"""What the items of a dataset hold: images and other targets in tuples, dicts, or alone."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tenfold.call.containers import is_pillow, is_tensor
from tenfold.call.targets import TARGET_ALIASES, TARGETS, check_names
from tenfold.declare.aliases import hint
from tenfold.errors import RequestError

Targets = str | None | Mapping[Any, Any] | Sequence[Any]
"""What an item holds, in the item's own shape: a target's name, None (leave it alone), a mapping
for a dict, or a sequence for a tuple or list."""


_PLAIN = (str, bytes, int, float, np.generic)  # made once: for each item it would show
_ROWS = (list, tuple)


def check_targets(targets: Targets) -> None:
    """`RequestError` for a description of items that can't be used."""
    found = list(names(targets))
    check_names(found)
    if "image" not in found:
        raise RequestError(f"targets: none is the image, got {targets!r}")
    twice = {name for name in found if found.count(name) > 1}
    if twice:
        raise RequestError(f"targets: {', '.join(sorted(twice))} is named twice")


def names(targets: Targets) -> Iterator[str]:
    """All targets' names in a description of items."""
    if isinstance(targets, str):
        yield targets
    elif isinstance(targets, Mapping):
        for part in targets.values():
            yield from names(part)
    elif isinstance(targets, Sequence):
        for part in targets:
            yield from names(part)
    elif targets is not None:
        raise RequestError(f"targets: must be names of targets, got {targets!r}")


def shape_of(item: Any) -> Targets:
    """What an item holds, if nobody said: only what leaves no doubt."""
    if isinstance(item, Mapping):
        return {name: name for name in item if name in TARGETS}
    if not isinstance(item, _ROWS):
        return "image"
    for position, part in enumerate(item[1:], 1):
        if not _is_label(part):
            raise RequestError(
                f"its part {position} is a {type(part).__name__}, which may have to move with "
                "the image; say what it is, targets=('image', 'mask'), or that it is to be left "
                "alone, targets=('image', None)"
            )
    return ("image", *[None] * (len(item) - 1))


def _is_label(part: Any) -> bool:
    """Numbers and texts, and rows of them (one-hot), don't move."""
    if part is None or isinstance(part, _PLAIN):
        return True
    return (isinstance(part, np.ndarray) or is_tensor(part)) and part.ndim < 2


def gather(item: Any, shape: Targets, where: str, given: dict[str, Any]) -> None:
    """Put the targets in an item into `given`."""
    if shape is None:
        return
    if isinstance(shape, str):
        given[shape] = item
        return
    if isinstance(shape, Mapping):
        if not isinstance(item, Mapping):
            raise RequestError(f"{where} is a {type(item).__name__}, but targets says a dict")
        for name, part in shape.items():
            if name not in item:
                raise RequestError(f"{where} has no '{name}'; it has {', '.join(map(str, item))}")
            gather(item[name], part, f"{where}['{name}']", given)
        for name, value in item.items():
            if name not in shape:
                _check_stays(str(name), value, where)
        return
    if not isinstance(item, _ROWS) or len(item) != len(shape):
        held = f"{len(item)} parts" if isinstance(item, _ROWS) else type(item).__name__
        raise RequestError(f"{where} has {held}, but targets names {len(shape)}")
    for position, (value, part) in enumerate(zip(item, shape, strict=True)):
        gather(value, part, f"{where}[{position}]", given)


def _check_stays(name: str, value: Any, where: str) -> None:
    """A part of a dict that nobody named must not be one that should have moved."""
    known = name in TARGETS or name in TARGET_ALIASES
    raster = is_pillow(value) or (hasattr(value, "ndim") and value.ndim >= 2)
    if raster or (known and not _is_label(value)):
        meant = hint(name, TARGETS, TARGET_ALIASES) if known else ""
        raise RequestError(
            f"{where}['{name}'] would be left behind unmoved{meant}; name it in targets= "
            f"({{'{name}': ...}}), or leave it alone with {{'{name}': None}}"
        )


def scatter(item: Any, shape: Targets, out: Mapping[str, Any]) -> Any:
    """An item like `item`, its targets replaced."""
    if shape is None:
        return item
    if isinstance(shape, str):
        return out[shape]
    if isinstance(shape, Mapping):
        return {**item, **{name: scatter(item[name], part, out) for name, part in shape.items()}}
    parts = [scatter(value, part, out) for value, part in zip(item, shape, strict=True)]
    if isinstance(item, tuple):
        return item._make(parts) if hasattr(item, "_make") else tuple(parts)
    return parts


def whole(name: str, value: Any, least: int) -> int:
    """A whole number; `RequestError` if it is none, or below `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise RequestError(f"{name}: must be a whole number from {least}, got {value!r}")
    return number
