"""How a few real images look, as numbers: what a simulated one can be dressed in."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import ModelError, RequestError
from tenfold.places import Remote
from tenfold.samples.sample import Array
from tenfold.synth.dress.bank import Bank, padded_of, random_bank
from tenfold.synth.dress.pyramid import Planes, detail, planes_of, pyramid
from tenfold.synth.dress.reading import FLAT, checked, read_images, several
from tenfold.synth.dress.transport import QUANTILES, quantiles_of

SMALLEST = 32
"""Least height and width, px, of images that have a style or get one."""
_COARSEST = 24  # px: no level of a pyramid is smaller
_LEVELS = 5
_FILTERS = 128
_VALUES = 1 << 16  # of a response that are ranked
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Style:
    """Texture and colours of a few images: statistics only, no pixels.

    At each level of a pyramid and for each filter of a bank of random convolutions, the
    distribution of the filter's responses. Brightness is in 0..1; see `planes_of` for colours.

    Attributes:
        bank: the filters.
        tables: (levels, filters, QUANTILES) float32, quantiles of each response.
        channels: 1 grey, 3 RGB.
        details: (levels, channels) float32, grain of what the next level loses, see `grain`.
    """

    bank: Bank
    tables: NDArray[np.float32]
    details: NDArray[np.float32]

    @property
    def channels(self) -> int:
        """1 grey, 3 RGB."""
        return int(self.details.shape[1])

    @classmethod
    def of(cls, images: Sequence[Array] | Array) -> Style:
        """The style of a few images.

        Args:
            images: each (H, W), (H, W, 1) or (H, W, 3); uint8, uint16, or float32 within 0..1.
                All of them weigh the same, whatever their size.

        Raises:
            RequestError: no images, a constant one, grey among coloured ones, or one that is
                smaller than 32 px or of another shape or dtype.
        """
        found = [
            planes_of(_usable(image, f"style: image {number}"))
            for number, image in enumerate(several(images, "style"), start=1)
        ]
        if len({len(planes) for planes in found}) > 1:
            raise RequestError("style: some images are grey and some RGB; give all of one kind")
        levels = min(levels_of(planes) for planes in found)
        pyramids = [pyramid(planes, levels) for planes in found]
        bank = random_bank(len(found[0]), _FILTERS)
        return cls(
            bank,
            np.stack([_tables([p[level] for p in pyramids], bank) for level in range(levels)]),
            np.stack(
                [
                    np.mean([grain(detail(p[level])) for p in pyramids], axis=0)
                    for level in range(levels)
                ]
            ),
        )

    @classmethod
    def of_folder(cls, folder: str | os.PathLike[str] | Remote, most: int = 16) -> Style:
        """The style of the images in a folder; see `read_images` and `of`."""
        return cls.of(read_images(folder, most))

    def distance(self, image: Array) -> float:
        """How far an image's statistics are from the style's.

        The mean over levels and filters of the Wasserstein distance of the two distributions of
        responses, each in standard deviations of the style's: 0 for the same statistics.

        Raises:
            RequestError: an image of other channels, shape or dtype.
        """
        planes = self.planes(image)
        found = []
        for level, own in enumerate(pyramid(planes, min(len(self.tables), levels_of(planes)))):
            theirs = self.tables[level]
            gap = np.abs(_tables([own], self.bank) - theirs).mean(axis=1)
            found.append(gap / np.maximum(theirs.std(axis=1), 1e-3))
        return float(np.mean(found))

    def planes(self, image: Array) -> Planes:
        """`image` as planes; `RequestError` if it can't be dressed in this style."""
        found = planes_of(_usable(image, "style: the image", flat=True))
        if len(found) != self.channels:
            kinds = {1: "grey (1 channel)", 3: "RGB (3 channels)"}
            raise RequestError(
                f"style: the image is {kinds[len(found)]} and the style {kinds[self.channels]}; "
                "convert one of them"
            )
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the style to an .npz file."""
        Path(path).write_bytes(self.content())

    def content(self) -> bytes:
        """What `save` writes; the same bytes for the same style."""
        whole = io.BytesIO()
        np.savez_compressed(
            whole,
            format=np.array(_FORMAT),
            taps=self.bank.taps,
            weights=self.bank.weights,
            tables=self.tables,
            details=self.details,
        )
        return whole.getvalue()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Style:
        """The style in a file that `save` wrote; nothing in it is ever run.

        Raises:
            ModelError: no such file, a damaged or foreign one, or of another version.
        """
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as held:
                arrays = {name: held[name] for name in held.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(f"{path} is no style that can be read ({error})") from None
        names = "taps", "weights", "tables", "details"
        if int(arrays.get("format", 0)) != _FORMAT or not all(name in arrays for name in names):
            raise ModelError(f"{path} is no style of this version; make it anew from the images")
        taps, weights, tables, details = (arrays[name] for name in names)
        filters, levels, channels = len(weights), len(tables), details.shape[-1]
        if (
            taps.shape != (*weights.shape, 3)
            or tables.shape != (levels, filters, QUANTILES)
            or details.shape != (levels, channels)
            or channels not in (1, 3)
            or not all(np.isfinite(a).all() for a in (weights, tables, details))
        ):
            raise ModelError(f"{path} contradicts itself; make it anew from the images")
        return cls(Bank(taps, weights), tables, details)


def levels_of(planes: Planes) -> int:
    """Levels of a pyramid that suit planes of this size."""
    levels = 1
    while levels < _LEVELS and min(planes.shape[1:]) >> levels >= _COARSEST:
        levels += 1
    return levels


def grain(planes: Planes) -> NDArray[np.float32]:
    """(C,): standard deviation of each plane, were it normal, by its quartiles.

    Unlike the standard deviation itself it tells of surfaces and little of the edges among them.
    """
    ranked = np.sort(planes.reshape(len(planes), -1), axis=1)
    quarter = ranked.shape[1] // 4
    found: NDArray[np.float32] = (ranked[:, -1 - quarter] - ranked[:, quarter]) / np.float32(1.349)
    return found


def _usable(image: Array, what: str, *, flat: bool = False) -> Array:
    found = checked(image, what)
    if min(found.shape[:2]) < SMALLEST:
        raise RequestError(
            f"{what} is {found.shape[1]} x {found.shape[0]} px; {SMALLEST} x {SMALLEST} are needed"
        )
    if not flat and planes_of(found).std(axis=(1, 2)).max() < FLAT:
        raise RequestError(f"{what} is constant and has no texture; leave it out")
    return found


def _tables(levels: Sequence[Planes], bank: Bank) -> NDArray[np.float32]:
    """(filters, QUANTILES) of several images at one level."""
    padded = [padded_of(planes) for planes in levels]
    fair = max(_VALUES // len(padded), 1)
    out = np.empty((len(bank), QUANTILES), np.float32)
    for number in range(len(bank)):
        values = []
        for planes in padded:
            response = bank.respond(number, planes).ravel()
            # An odd step walks through all columns, so that no pattern of them is preferred.
            step = max(len(response) // fair, 1) | 1
            values.append(response[::step])
        out[number] = np.mean([quantiles_of(v) for v in values], axis=0)
    return out
