"""The writer for each layout."""

from __future__ import annotations

from tenfold.errors import RequestError, did_you_mean
from tenfold.places import Place
from tenfold.samples.source import Source
from tenfold.write.arrays import ArraysWriter
from tenfold.write.coco import CocoWriter
from tenfold.write.flat import FlatWriter
from tenfold.write.folder import FolderWriter
from tenfold.write.names import check_options
from tenfold.write.packed import PackedWriter
from tenfold.write.pairs import PairsWriter
from tenfold.write.parquet import ParquetExport, ParquetWriter
from tenfold.write.synth import SynthWriter
from tenfold.write.voc import VocWriter
from tenfold.write.webdataset import WebDatasetExport, WebDatasetWriter
from tenfold.write.writer import WriteOptions, Writer
from tenfold.write.yolo import YoloWriter

WRITERS: tuple[type[Writer], ...] = (
    ArraysWriter,
    CocoWriter,
    VocWriter,
    YoloWriter,
    WebDatasetWriter,
    ParquetWriter,
    PairsWriter,
    FlatWriter,
    FolderWriter,
    SynthWriter,
)


EXPORTS: dict[str, type[PackedWriter]] = {
    "webdataset": WebDatasetExport,
    "parquet": ParquetExport,
}
"""Layouts that any source can be written to."""


def writer_for(source: Source, destination: Place, options: WriteOptions) -> Writer:
    """The writer that mirrors a source's layout, or writes the one that was asked for.

    Args:
        source: where the samples come from.
        destination: folder to write to; nothing is written yet.
        options: checked here.

    Raises:
        RequestError: the options can't be used with this layout.
    """
    check_options(options)
    place = destination.absolute()
    if options.to is not None and options.to not in EXPORTS:
        hint = did_you_mean(options.to, EXPORTS)
        raise RequestError(f"to must be one of {', '.join(EXPORTS)}, got {options.to!r}{hint}")
    if options.to is not None and options.to != source.layout:
        return EXPORTS[options.to](source, place, options)
    for writer in WRITERS:
        if writer.layout == source.layout:
            if options.per_file is not None and not issubclass(writer, PackedWriter):
                raise RequestError(
                    f"per_file is for layouts of many samples in a file ({', '.join(EXPORTS)}); "
                    f"{source.layout} has a file for each: leave it out, or give --to webdataset"
                )
            return writer(source, place, options)
    raise RequestError(f"no writer for the layout '{source.layout}'")
