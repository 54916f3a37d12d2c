"""The sources, one a layout, and how the layout of a dataset is told."""

from __future__ import annotations

from collections.abc import Sequence

from tenfold.errors import RequestError, did_you_mean
from tenfold.places import Place, listed, nothing_written_yet
from tenfold.samples.source import MAX_PIXELS, Item, Source
from tenfold.samples.sources.arrays import ArraysSource
from tenfold.samples.sources.coco import CocoSource
from tenfold.samples.sources.flat import FlatSource
from tenfold.samples.sources.folder import FolderSource
from tenfold.samples.sources.pairs import PairsSource
from tenfold.samples.sources.parquet import ParquetSource
from tenfold.samples.sources.voc import VocSource
from tenfold.samples.sources.webdataset import WebDatasetSource
from tenfold.samples.sources.yolo import YoloSource
from tenfold.samples.walk import SCANS_CURE, is_scan, list_files

SOURCES: tuple[type[Source], ...] = (
    ArraysSource,
    CocoSource,
    VocSource,
    YoloSource,
    WebDatasetSource,
    ParquetSource,
    PairsSource,
    FlatSource,
    FolderSource,
)
"""All layouts, in the order in which they are tried."""

LAYOUTS = tuple(source.layout for source in SOURCES)


def detect_layout(path: Place) -> type[Source]:
    """The source for what lies at a path.

    Raises:
        RequestError: there is nothing, or nothing that any source knows.
    """
    for source in SOURCES:
        if source.detect(path):
            return source
    if is_scan(path.name) or (path.is_dir() and any(map(is_scan, list_files(path).files))):
        raise RequestError(f"{path} holds no dataset: {SCANS_CURE}")
    if path.is_dir():
        raise RequestError(
            f"{path} holds no dataset: no images (JPEG, PNG, TIFF, WebP, BMP), no .npz file, no "
            "tar shards, no Parquet with images; give the folder that has them"
        )
    raise RequestError(f"{path} is not a dataset; give a folder of images or an .npz file")


@nothing_written_yet()
def open_source(
    path: Place,
    layout: str | None = None,
    max_pixels: int = MAX_PIXELS,
    *,
    label_column: str | None = None,
) -> Source:
    """Open a dataset.

    Args:
        path: its folder, or its `.npz` file.
        layout: one of `LAYOUTS`, or None to find out.
        max_pixels: images with more pixels are refused unread.
        label_column: the column of labels in a table beside the images, where it can't be told.

    Raises:
        RequestError: nothing there, an unknown layout, no samples, or a folder that merely
            contains the dataset; with the cure.
    """
    if max_pixels < 1:
        raise RequestError(f"max_pixels must be at least 1, got {max_pixels}")
    if layout is not None and layout not in LAYOUTS:
        hint = did_you_mean(layout, LAYOUTS)
        raise RequestError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}{hint}")
    try:
        there = path.exists()
        path = listed(path) if there else path
    except (OSError, ValueError) as error:
        raise RequestError(f"{path!r} can't be opened: {error}") from None
    if not there:
        raise RequestError(f"{path} does not exist; give the dataset's folder or .npz file")
    chosen = next((s for s in SOURCES if s.layout == layout), None) or detect_layout(path)
    source: Source
    if label_column is None:
        source = chosen.open(path, max_pixels)
    elif issubclass(chosen, FlatSource | ParquetSource | WebDatasetSource):
        source = chosen.open(path, max_pixels, label_column)
    else:
        raise RequestError(
            f"--label-column names a column of a table of labels, and {path} is read as "
            f"{chosen.layout}; leave it out, or put the table beside the images"
        )
    if not source.items:
        why = f" ({source.problems[0].id}: {source.problems[0].reason})" if source.problems else ""
        raise RequestError(f"{path} holds no usable samples as {chosen.layout}{why}")
    if layout is None and chosen is FolderSource:
        _require_classes(path, source.items)
    return source


def _require_classes(path: Place, items: Sequence[Item]) -> None:
    """Refuse a folder that merely contains the dataset: its one class would be the dataset.

    Such has a single folder at the top, with images in two or more folders below it, or in
    another layout.
    """
    labels = {item.label for item in items}
    if len(labels) != 1 or None in labels or any(item.split for item in items):
        return
    folders = {tuple(item.id.split("/")[:-1]) for item in items}
    inside = min(len(folder) for folder in folders)
    common = next(iter(folders))
    while any(folder[: len(common)] != common for folder in folders):
        common = common[:-1]
    top = path / common[0]
    if other := next((s for s in SOURCES[:-1] if s.detect(top)), None):
        raise RequestError(
            f"all {len(items):,} images lie below one folder, {common[0]}/, which is a dataset "
            f"by itself ({other.layout}); did you mean {top}?"
        )
    if inside > len(common):
        levels = max(len(folder) for folder in folders) - len(common) + 1
        raise RequestError(
            f"all {len(items):,} images lie below one folder, {'/'.join(common)}/, {levels} levels "
            f"up; did you mean {path.joinpath(*common)}? (If it is one class: --layout folder)"
        )


__all__ = [
    "LAYOUTS",
    "SOURCES",
    "ArraysSource",
    "CocoSource",
    "FlatSource",
    "FolderSource",
    "PairsSource",
    "ParquetSource",
    "VocSource",
    "WebDatasetSource",
    "YoloSource",
    "detect_layout",
    "open_source",
]
