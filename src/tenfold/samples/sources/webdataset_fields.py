"""The files of a WebDataset sample: the image, its masks, and what stays as it is."""

from __future__ import annotations

from functools import lru_cache

from tenfold.samples.source import Item
from tenfold.samples.sources.packed import image_suffix, is_mask

LABEL_FIELDS = ("cls", "cls2", "class")
_TEXTS = (*LABEL_FIELDS, "caption", "count", "id", "index", "inx", "jsn", "json", "text",
          "transcript", "txt")  # fmt: skip
"""Fields (by their last part) that stay true when the picture moves; the others aren't given to
copies. After webdataset's `autodecode`."""


def is_json(name: str) -> bool:
    """Whether a field holds JSON."""
    return name.lower().rpartition(".")[2] in ("json", "jsn")


def is_text(name: str) -> bool:
    """Whether a field stays true when the picture moves."""
    return name.lower().rpartition(".")[2] in _TEXTS


@lru_cache(maxsize=4096)  # few kinds of samples, and very many of each
def mask_fields(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that hold masks."""
    return tuple(n for n in names if image_suffix(n) and is_mask(n.rpartition(".")[0]))


@lru_cache(maxsize=4096)
def image_field(names: tuple[str, ...]) -> str | None:
    """The field of the image; None if there is none, or it can't be told from others."""
    images = _images(names)
    plain = [n for n in images if "." not in n]
    for few in (images, plain):
        if len(few) == 1:
            return few[0]
    return None


def _images(names: tuple[str, ...]) -> list[str]:
    """Fields of images that aren't masks."""
    return [n for n in names if image_suffix(n) and n not in mask_fields(names)]


@lru_cache(maxsize=4096)
def left_fields(names: tuple[str, ...]) -> tuple[str, ...]:
    """Fields that aren't given to copies."""
    moved = (image_field(names), *mask_fields(names))
    return tuple(n for n in names if n not in moved and not is_text(n))


def fields_of(item: Item) -> tuple[str, ...]:
    """The names of a sample's fields, in order."""
    return tuple(m[0] for m in item.extra["members"])


def image_problem(fields: tuple[str, ...]) -> str | None:
    """Why a sample has no image; None if it has one."""
    if image_field(fields) is not None:
        return None
    if images := _images(fields):
        return f"its image can't be told among {', '.join(images)}; name masks as in seg.png"
    return f"it has no image (its fields are {', '.join(fields)})"
