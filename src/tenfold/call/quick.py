"""Images alone, the quick way: copies are drawn and lowered together, ahead of the calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.call.targets import as_owned, take_image
from tenfold.declare.recipe import Recipe
from tenfold.plan.block import Block
from tenfold.plan.drawing import Drawing
from tenfold.plan.plan import Plan
from tenfold.samples.sample import Array, Sample, Schema, value_range_of
from tenfold.samples.validate import holds

_MOST = 4096  # kinds of images remembered


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of all arrays of one shape and dtype.

    Attributes:
        schema: of such images.
        value_range: their black and white; None for floats, each of which has its own.
    """

    schema: Schema
    value_range: tuple[float, float] | None


class Quick:
    """Images in NumPy arrays without other targets, for one recipe.

    Args:
        recipe: the declaration.
        alpha: as in `Pipeline`.
    """

    def __init__(self, recipe: Recipe, alpha: bool | None) -> None:
        self._plan, self._recipe, self._alpha = Plan(recipe), recipe, alpha
        self._kinds: dict[Any, Kind | None] = {}
        self._last: Any = None

    def kind(self, image: Any) -> Kind | None:
        """What is known of such images; None for anything that must go the general way.

        Raises:
            RequestError: no image, or one that this recipe can't move.
        """
        if type(image) is not np.ndarray or image.ndim != 3:
            return None
        form = image.shape, image.dtype
        try:
            return self._kinds[form]
        except KeyError:
            found = self._look(image)
            if len(self._kinds) < _MOST:
                self._kinds[form] = found
            return found

    def repeats(self, kind: Kind) -> bool:
        """Whether the last image was of this kind too, so that more of it are to be expected."""
        last, self._last = self._last, kind
        return last is kind

    def run(self, image: Array, kind: Kind, drawing: Drawing, k: int, together: bool) -> Array:
        """Copy k of an image: a new array, contiguous.

        Args:
            image: (H, W, C) of that kind.
            kind: see `kind`.
            drawing: what was drawn.
            k: which of its copies.
            together: lower all copies of the drawing, since more will be asked for.
        """
        value_range = self.value_range(image, kind)
        block = drawing.block(kind.schema) if together else None
        if block is None or block.odd[k]:
            sample = Sample("sample", image, value_range=value_range)
            moved = self._plan.run(sample, drawing.history(k)).sample.image
            return np.ascontiguousarray(as_owned(moved, image))
        if not image.flags.c_contiguous:
            image = np.ascontiguousarray(image)
        moved = block.run(image, k, value_range)
        return image.copy() if moved is image else moved

    def run_many(self, images: Array, kind: Kind, drawing: Drawing, first: int) -> Array | None:
        """Copies `first` on of as many images: (n, H, W, C), perhaps the images themselves.

        None if they must be made one by one.

        Args:
            images: (n, H, W, C), contiguous, each of that kind.
            kind: see `kind`.
            drawing: what was drawn.
            first: the first image's copy.
        """
        if kind.value_range is None:
            return None
        block = drawing.block(kind.schema)
        if not isinstance(block, Block) or any(block.odd[first : first + len(images)]):
            return None
        return block.run_many(images, first, kind.value_range)

    def value_range(self, image: Array, kind: Kind) -> tuple[float, float]:
        """Black and white of an image."""
        return value_range_of(image) if kind.value_range is None else kind.value_range

    def _look(self, image: Array) -> Kind | None:
        picture = take_image(image, self._alpha)
        wanted = self._recipe.value_range
        if picture.alpha or self._recipe.validity:
            return None
        value_range = None if image.dtype.kind == "f" else value_range_of(image)
        if wanted is not None and holds(image.dtype, wanted):
            value_range = wanted
        sample = Sample("sample", picture.array, value_range=value_range or (0.0, 1.0))
        schema = self._plan.schema(sample)
        self._plan.check(schema)
        return Kind(schema, value_range)
