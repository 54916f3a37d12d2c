"""Image folders, written: every copy beside its parent."""

from __future__ import annotations

from collections.abc import Iterable

from tenfold.samples.sample import Sample
from tenfold.samples.source import Item
from tenfold.write.images import copy_files, image_bytes, write_files
from tenfold.write.names import target_of
from tenfold.write.writer import Line, Writer, Written


class FolderWriter(Writer):
    """Writes `class/*` and `split/class/*`; a copy's class is its parent's folder."""

    layout = "folder"

    def target(self, item: Item, copy: int) -> str:
        """The image's path."""
        return target_of(item.files[0], copy, self.options)

    def copy(self, item: Item) -> Written:
        """The image, byte for byte."""
        file = item.files[0]
        return Written(file, copy_files(self.source.root, self.destination, [file]))

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The image, encoded like its parent."""
        target = self.target(item, copy)
        files = {target: image_bytes(target, sample, self.options)}
        return Written(target, write_files(self.destination, files))

    def end_shard(self, shard: int) -> None:
        """Nothing is held back."""

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Nothing belongs to the dataset as a whole."""
        return {}
