"""The writer for each layout."""

from __future__ import annotations

from pathlib import Path

from tenfold.errors import RequestError
from tenfold.samples.source import Source
from tenfold.write.arrays import ArraysWriter
from tenfold.write.coco import CocoWriter
from tenfold.write.flat import FlatWriter
from tenfold.write.folder import FolderWriter
from tenfold.write.names import check_options
from tenfold.write.pairs import PairsWriter
from tenfold.write.voc import VocWriter
from tenfold.write.writer import WriteOptions, Writer
from tenfold.write.yolo import YoloWriter

WRITERS: tuple[type[Writer], ...] = (
    ArraysWriter,
    CocoWriter,
    VocWriter,
    YoloWriter,
    PairsWriter,
    FlatWriter,
    FolderWriter,
)


def writer_for(source: Source, destination: Path, options: WriteOptions) -> Writer:
    """The writer that mirrors a source's layout.

    Args:
        source: where the samples come from.
        destination: folder to write to; nothing is written yet.
        options: checked here.

    Raises:
        RequestError: the options can't be used with this layout.
    """
    check_options(options)
    for writer in WRITERS:
        if writer.layout == source.layout:
            return writer(source, destination.absolute(), options)
    raise RequestError(f"no writer for the layout '{source.layout}'")
