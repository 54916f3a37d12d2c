"""The sources, one a layout, and how the layout of a dataset is told."""

from __future__ import annotations

from pathlib import Path

from tenfold.errors import RequestError, did_you_mean
from tenfold.samples.source import MAX_PIXELS, Source
from tenfold.samples.sources.arrays import ArraysSource
from tenfold.samples.sources.coco import CocoSource
from tenfold.samples.sources.flat import FlatSource
from tenfold.samples.sources.folder import FolderSource
from tenfold.samples.sources.pairs import PairsSource
from tenfold.samples.sources.voc import VocSource
from tenfold.samples.sources.yolo import YoloSource

SOURCES: tuple[type[Source], ...] = (
    ArraysSource,
    CocoSource,
    VocSource,
    YoloSource,
    PairsSource,
    FlatSource,
    FolderSource,
)
"""All layouts, in the order in which they are tried."""

LAYOUTS = tuple(source.layout for source in SOURCES)


def detect_layout(path: Path) -> type[Source]:
    """The source for what lies at a path.

    Raises:
        RequestError: there is nothing, or nothing that any source knows.
    """
    for source in SOURCES:
        if source.detect(path):
            return source
    if path.is_dir():
        raise RequestError(
            f"{path} holds no dataset: no images (JPEG, PNG, TIFF, WebP, BMP), no .npz file; "
            "give the folder that has them"
        )
    raise RequestError(f"{path} is not a dataset; give a folder of images or an .npz file")


def open_source(path: Path, layout: str | None = None, max_pixels: int = MAX_PIXELS) -> Source:
    """Open a dataset.

    Args:
        path: its folder, or its `.npz` file.
        layout: one of `LAYOUTS`, or None to find out.
        max_pixels: images with more pixels are refused unread.

    Raises:
        RequestError: nothing there, an unknown layout, or no samples; with the cure.
    """
    if max_pixels < 1:
        raise RequestError(f"max_pixels must be at least 1, got {max_pixels}")
    if layout is not None and layout not in LAYOUTS:
        hint = did_you_mean(layout, LAYOUTS)
        raise RequestError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}{hint}")
    try:
        there = path.exists()
    except (OSError, ValueError) as error:
        raise RequestError(f"{path!r} can't be opened: {error}") from None
    if not there:
        raise RequestError(f"{path} does not exist; give the dataset's folder or .npz file")
    chosen = next((s for s in SOURCES if s.layout == layout), None) or detect_layout(path)
    source = chosen.open(path, max_pixels)
    if not source.items:
        why = f" ({source.problems[0].id}: {source.problems[0].reason})" if source.problems else ""
        raise RequestError(f"{path} holds no usable samples as {chosen.layout}{why}")
    return source


__all__ = [
    "LAYOUTS",
    "SOURCES",
    "ArraysSource",
    "CocoSource",
    "FlatSource",
    "FolderSource",
    "PairsSource",
    "VocSource",
    "YoloSource",
    "detect_layout",
    "open_source",
]
