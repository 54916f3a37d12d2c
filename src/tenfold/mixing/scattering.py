"""Pictures mixed in many small pieces (Summers & Dinneen, WACV 2019, arXiv 1805.11272).

Each piece is of the first picture with a probability that is itself uniform in (0, 1); the
label's weights are the shares that came out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tenfold.mixing.batches import Array
from tenfold.mixing.blends import Mask, by_mask
from tenfold.mixing.mixer import Mixer, Numbers
from tenfold.rng import pixel_generator


def _scattered(shape: tuple[int, ...], numbers: Numbers) -> Mask:
    mask: Mask = pixel_generator(numbers.seed).random(shape) < numbers.uniforms[0]
    return mask


@dataclass(frozen=True)
class RandomRows(Mixer):
    """Each row of pixels from either picture."""

    name: ClassVar[str] = "random_rows"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """Rows are independent."""
        return by_mask(_scattered((pictures[0].shape[0], 1, 1), numbers), *pictures)


@dataclass(frozen=True)
class RandomColumns(Mixer):
    """Each column of pixels from either picture."""

    name: ClassVar[str] = "random_columns"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """Columns are independent."""
        return by_mask(_scattered((1, pictures[0].shape[1], 1), numbers), *pictures)


@dataclass(frozen=True)
class RandomPixels(Mixer):
    """Each pixel from either picture."""

    name: ClassVar[str] = "random_pixels"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """Pixels are independent, their channels go together."""
        return by_mask(_scattered((*pictures[0].shape[:2], 1), numbers), *pictures)


@dataclass(frozen=True)
class RandomElements(Mixer):
    """Each channel of each pixel from either picture."""

    name: ClassVar[str] = "random_elements"

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """All values are independent."""
        return by_mask(_scattered(pictures[0].shape, numbers), *pictures)
