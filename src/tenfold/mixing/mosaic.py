"""Four pictures in one, with their objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError
from tenfold.mixing.batches import Array, is_tensor, take_images
from tenfold.mixing.blends import cut, place, shrink
from tenfold.mixing.mixer import Mixer, Numbers
from tenfold.params import param

Boxes = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tile:
    """Where one picture of a mosaic goes; all in pixels.

    Attributes:
        top, left, height, width: the part of the mosaic that it fills.
        small: height and width to which it is shrunk, at least those of the part.
        skip: rows and columns of the small picture that are cut off above and to the left.
    """

    top: int
    left: int
    height: int
    width: int
    small: tuple[int, int]
    skip: tuple[int, int]

    def move(self, boxes: Boxes, height: int, width: int) -> tuple[Boxes, NDArray[np.float64]]:
        """Boxes of the picture where the mosaic shows them.

        Args:
            boxes: (K, 4) x0, y0, x1, y1.
            height, width: of the picture before it was shrunk.

        Returns:
            The boxes clipped to the tile (nothing of some may be left: x1 <= x0), and the area
            of each in the mosaic if it weren't clipped.
        """
        scale = np.tile([self.small[1] / width, self.small[0] / height], 2)
        shift = np.tile([self.left - self.skip[1], self.top - self.skip[0]], 2)
        moved = boxes * scale + shift
        area = (moved[:, 2] - moved[:, 0]) * (moved[:, 3] - moved[:, 1])
        low = np.tile([self.left, self.top], 2)
        return np.clip(moved, low, low + np.tile([self.width, self.height], 2)), area


@dataclass(frozen=True)
class Mosaic(Mixer):
    """Four pictures in one, of the size of one, with their boxes.

    (Bochkovskiy, Wang & Liao, "YOLOv4", 2020, arXiv 2004.10934, section 3.3.) A point is drawn
    where the four parts meet. Each picture is shrunk, its proportions kept, until it just covers
    its part; what is too long then is cut off at a drawn place. So nothing is left empty, and
    objects get smaller. The label's weights are the shares of pixels. Rows of a batch of three
    or fewer meet some pictures twice.

    Args:
        margin: the meeting point stays this share of the height and width away from the edges.
        min_visibility: objects of which a smaller share stays visible are dropped.
        min_area: objects with a smaller visible area are dropped, px².
    """

    name: ClassVar[str] = "mosaic"
    pictures: ClassVar[int] = 4

    margin: float = param(0.25, "number", "of the meeting point from the edges", within=(0, 0.5))
    min_visibility: float = param(0.1, "number", "share of an object", within=(0, 1))
    min_area: float = param(1.0, "number", "of an object", within=(0, 1e12), unit="px²")

    def blend(self, pictures: Sequence[Array], numbers: Numbers) -> tuple[Array, tuple[float, ...]]:
        """The four tiles."""
        height, width = pictures[0].shape[:2]
        mixed = np.empty_like(pictures[0], order="C")
        shares = []
        for picture, tile in zip(pictures, self.tiles(height, width, numbers), strict=True):
            shares.append(tile.height * tile.width / (height * width))
            if tile.height and tile.width:
                small = shrink(picture, *tile.small)[tile.skip[0] :, tile.skip[1] :]
                mixed[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = (
                    small[: tile.height, : tile.width]
                )
        return mixed, tuple(shares)

    def tiles(self, height: int, width: int, numbers: Numbers) -> list[Tile]:
        """Where each of the four pictures goes, the row's own first."""
        u = numbers.uniforms
        row, column = (self.margin + (1 - 2 * self.margin) * v for v in u[:2])
        y, x = cut(row, height), cut(column, width)
        parts = [
            (0, 0, y, x),
            (0, x, y, width - x),
            (y, 0, height - y, x),
            (y, x, height - y, width - x),
        ]
        found = []
        for i, part in enumerate(np.argsort(u[2:6], kind="stable").tolist()):
            top, left, tall, wide = parts[part]
            scale = max(tall / height, wide / width)
            small = max(tall, round(height * scale), 1), max(wide, round(width * scale), 1)
            skip = place(u[6 + i], tall, small[0]), place(u[10 + i], wide, small[1])
            found.append(Tile(top, left, tall, wide, small, skip))
        return found

    def mix_objects(
        self,
        images: Any,
        boxes: Sequence[Any],
        labels: Sequence[Any] | None = None,
        *,
        seed: int,
        step: int = 0,
        ids: Sequence[int | str] | None = None,
    ) -> tuple[Any, list[Boxes], list[Array] | None]:
        """Mosaics of a batch with its objects; the same pictures that `mix` makes.

        Args:
            images: as for `mix`.
            boxes: for each image (K, 4) x0, y0, x1, y1 in pixels (the left edge of the first
                pixel is x = 0); K may differ, and be 0.
            labels: for each image (K,) of any dtype, one a box.
            seed, step, ids: as for `mix`.

        Returns:
            The images; for each (K', 4) float64 boxes of the objects that are visible, clipped
            to their tiles; and their labels (None without labels).

        Raises:
            RequestError: boxes or labels of another form or number; and as `mix`.
        """
        batch = take_images(images)
        count, height, width = batch.array.shape[:3]
        rows = _rows(boxes, count, "boxes", "(K, 4) for each image")
        known = [_boxes(row, image) for image, row in enumerate(rows)]
        named = None if labels is None else _labels(labels, known)
        out = np.empty(batch.array.shape, batch.array.dtype)
        moved: list[Boxes] = []
        kept: list[Array] = []
        for row, mix in enumerate(self.draw(count, seed=seed, step=step, ids=ids)):
            pictures = [batch.array[r] for r in mix.rows]
            if len(mix.rows) == 1:
                out[row] = pictures[0]
                tiles = [Tile(0, 0, height, width, (height, width), (0, 0))]
            else:
                out[row] = self.blend(pictures, mix.numbers)[0]
                tiles = self.tiles(height, width, mix.numbers)
            places = [
                tile.move(known[r], height, width) for tile, r in zip(tiles, mix.rows, strict=True)
            ]
            seen = [self._visible(clipped, area) for clipped, area in places]
            moved.append(
                np.concatenate([p[0][which] for p, which in zip(places, seen, strict=True)])
            )
            if named is not None:
                names = [named[r][which] for r, which in zip(mix.rows, seen, strict=True)]
                kept.append(np.concatenate(names))
        return batch.restore(out), moved, None if named is None else kept

    def _visible(self, clipped: Boxes, area: NDArray[np.float64]) -> NDArray[np.bool_]:
        sides = np.maximum(clipped[:, 2:] - clipped[:, :2], 0)
        left = sides[:, 0] * sides[:, 1]
        seen: NDArray[np.bool_] = (
            (left > 0) & (left >= self.min_area) & (left >= self.min_visibility * area)
        )
        return seen


def _rows(values: Sequence[Any], count: int, name: str, form: str) -> Sequence[Any]:
    if not hasattr(values, "__len__") or len(values) != count:
        got = f"{len(values)} entries" if hasattr(values, "__len__") else repr(values)
        raise RequestError(f"{name}: must be {form}, {count} in all, got {got}")
    return values


def _boxes(row: Any, image: int) -> Boxes:
    try:
        plain = row.detach().cpu().numpy() if is_tensor(row) else row
        found = np.asarray(plain, dtype=np.float64)
    except (TypeError, ValueError):
        raise RequestError(f"boxes: those of image {image} aren't rows of four numbers") from None
    if found.size == 0:
        return found.reshape(0, 4)
    if found.ndim != 2 or found.shape[1] != 4:
        raise RequestError(
            f"boxes: those of image {image} must be (K, 4) x0, y0, x1, y1, got shape {found.shape}"
        )
    bad = ~np.isfinite(found).all(axis=1) | (found[:, 2:] < found[:, :2]).any(axis=1)
    if bad.any():
        raise RequestError(
            f"boxes: image {image} has {found[bad][0].tolist()}, which is inverted or not finite; "
            "boxes are x0, y0, x1, y1"
        )
    return found


def _labels(labels: Sequence[Any], boxes: Sequence[Boxes]) -> list[Array]:
    rows = _rows(labels, len(boxes), "labels", "one a box for each image")
    found = []
    for image, (row, own) in enumerate(zip(rows, boxes, strict=True)):
        named = row.detach().cpu().numpy() if is_tensor(row) else np.asarray(row)
        if len(named) != len(own):
            raise RequestError(
                f"labels: image {image} has {len(named)} labels for {len(own)} boxes"
            )
        found.append(named)
    # An image without objects says nothing of the labels' dtype, but an empty list is float64.
    some = [named for named in found if len(named)]
    dtype = np.result_type(*some) if some else np.dtype(np.int64)
    return [named.astype(dtype) if not len(named) else named for named in found]
