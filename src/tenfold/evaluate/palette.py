"""Colours of classes, told apart by colour-blind people too."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tenfold.samples.sample import Label

Colour = tuple[int, int, int]

_OKABE_ITO: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)


def _paler(colour: Colour) -> Colour:
    r, g, b = ((c + 255) // 2 for c in colour)
    return r, g, b


PALETTE: tuple[Colour, ...] = _OKABE_ITO + tuple(_paler(c) for c in _OKABE_ITO)
"""RGB, 0..255: the seven hues of Okabe & Ito, "Color universal design" (2008), then their paler
shades; from the fifteenth class on they begin again."""

UNLABELLED: Colour = (190, 190, 190)
"""Colour of objects without a class."""


def class_colour(label: Label | None, classes: Sequence[Label] = ()) -> Colour:
    """The colour of a class, the same in every picture.

    Args:
        label: the class; None gives `UNLABELLED`.
        classes: all classes in the dataset's order. A class among them takes the colour of its
            place, so that the first fourteen all differ. Without them a number takes its own
            place and a name a place computed from its letters: stable, though two names may
            share a colour.
    """
    if label is None:
        return UNLABELLED
    if label in classes:
        return PALETTE[list(classes).index(label) % len(PALETTE)]
    if isinstance(label, int):
        return PALETTE[label % len(PALETTE)]
    digest = hashlib.blake2b(label.encode("utf-8", "surrogateescape"), digest_size=4).digest()
    return PALETTE[int.from_bytes(digest, "little") % len(PALETTE)]


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever reads better on `colour` (relative luminance of WCAG 2.1)."""
    linear = [
        c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4
        for c in colour
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if luminance > 0.179 else (255, 255, 255)
