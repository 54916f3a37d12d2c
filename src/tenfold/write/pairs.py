"""Pairs of image and mask, written: each copy beside its parent, the mask always lossless."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from tenfold.samples.codec import SUFFIXES, encode_mask, mask_format
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item
from tenfold.write.images import copy_files, image_bytes, write_files
from tenfold.write.names import fitting, target_of
from tenfold.write.writer import Line, Writer, Written


class PairsWriter(Writer):
    """Writes pairs in the folders of their parents, with names that match again.

    A copy of `images/x.jpg` and `masks/x_mask.png` is `images/x_aug_0001.jpg` and
    `masks/x_aug_0001_mask.png`.
    """

    layout = "pairs"
    by_stem = True

    def target(self, item: Item, copy: int) -> str:
        """The image's path."""
        return target_of(item.files[0], copy, self.options)

    def copy(self, item: Item) -> Written:
        """Image and mask, byte for byte."""
        return Written(item.files[0], copy_files(self.source.root, self.destination, item.files))

    def write(self, item: Item, copy: int, sample: Sample) -> Written:
        """The image like its parent; the mask in its own format, or as PNG if that was lossy."""
        encoding = sample.encoding.get("masks", {}).get("mask", {})
        mask = encode_mask(sample.masks["mask"], encoding)
        target = self.target(item, copy)
        mask_target = self._mask_target(item, copy, mask_format(encoding))
        files = {target: image_bytes(target, sample, self.options), mask_target: mask}
        return Written(target, write_files(self.destination, files))

    def _mask_target(self, item: Item, copy: int, name: str) -> str:
        image, mask = (PurePosixPath(f) for f in item.files)
        marker = mask.stem[len(image.stem) :] if mask.stem.startswith(image.stem) else ""
        known = SUFFIXES[name]
        suffix = mask.suffix if mask.suffix.lower() in known else known[0]
        file = fitting(image.stem, image.suffix[1:], copy, self.options, marker + suffix)
        return (mask.parent / file).as_posix()

    def end_shard(self, shard: int) -> None:
        """Nothing is held back."""

    def finish(self, lines: Iterable[Line]) -> dict[str, str]:
        """Nothing belongs to the dataset as a whole."""
        return {}
