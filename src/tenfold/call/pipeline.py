"""The Python call: a declaration as a function from targets to targets."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from tenfold.call.batches import run_batch
from tenfold.call.declaration import Declaration, as_recipe, with_settings
from tenfold.call.finish import Finish, Layout, Normalize, Place, filled
from tenfold.call.objects import BOX_FORMATS, BoxFormat, Objects, take_objects
from tenfold.call.quick import Kind, Quick
from tenfold.call.stack import Stack
from tenfold.call.targets import (
    Picture,
    as_owned,
    check_names,
    take_image,
    take_mask,
)
from tenfold.call.unkeyed import Calls, numbered
from tenfold.errors import RequestError, did_you_mean
from tenfold.plan.drawing import Drawing, History
from tenfold.plan.explain import explain
from tenfold.plan.plan import Plan, history_from_json, history_json
from tenfold.rng import Key, fresh_seed
from tenfold.samples.sample import Array, Sample, Schema, value_range_of
from tenfold.samples.source import DatasetInfo
from tenfold.samples.validate import clean

Image = TypeVar("Image")
Name = SupportsIndex | str | Key
"""Which copy: a whole number, a text, or a full key."""

_OBJECTS = ("bboxes", "oriented_bboxes", "polygons", "instance_masks", "keypoints", "labels")
_MOST_VALUE = 2**24  # of a mask whose values trade places: a table of all of them is made


@dataclass(frozen=True, slots=True)
class _Taken:
    """One call's targets, ready to be moved, and what gives them back."""

    plan: Plan
    sample: Sample
    image: Picture
    masks: Mapping[str, Picture]
    listed: bool  # the masks came as a list
    objects: Objects


class Pipeline:
    """A declaration, applied to samples in memory.

    Args:
        declaration: a `Recipe`, the path of a recipe file, the name of a preset, a recipe as
            text or as plain data, or op objects.
        seed: any integer; without one, entropy is drawn and kept in `seed`.
        bbox_format: of `bboxes`: `pascal_voc` (x0, y0, x1, y1 in pixels), `coco` (x0, y0, width,
            height in pixels) or `yolo` (x centre, y centre, width, height as shares of the
            picture's width and height).
        alpha: whether the images' last channel is opacity, which moves but keeps its values.
            None: PIL images say it by their mode, and uint8 images of four channels are RGBA.
        normalize: (mean, std) of values 0 (black) to 1 (white), "imagenet" or "unit": the image
            comes back as float32, normalised in the last pass; see `tenfold.call.finish.Finish`.
        layout: of the image that comes back, "chw" or "hwc"; "same" as it came (PIL images come
            back as arrays if they are normalised or "chw").
        settings: any attribute of `Recipe` (`border="reflect"`, `ignore_value=255`,
            `keypoint_pairs=[(0, 1)]`, `min_visibility=0.3`...), overriding the declaration's.

    Attributes:
        recipe: the declaration with the settings.
        seed: the seed.

    Coordinates are continuous, in pixels: the left edge of the first pixel is x = 0, its centre
    x = 0.5.

    Raises:
        RequestError: the declaration or a setting can't be used.
    """

    def __init__(
        self,
        declaration: Declaration,
        *,
        seed: int | None = None,
        bbox_format: BoxFormat = "pascal_voc",
        alpha: bool | None = None,
        normalize: Normalize | None = None,
        layout: Layout = "same",
        **settings: Any,
    ) -> None:
        if bbox_format not in BOX_FORMATS:
            hint = did_you_mean(str(bbox_format), BOX_FORMATS)
            raise RequestError(
                f"bbox_format must be one of {', '.join(BOX_FORMATS)}, got {bbox_format!r}{hint}"
            )
        self.recipe = with_settings(as_recipe(declaration), settings)
        if self.recipe.generators:
            raise RequestError(
                "generators: a pipeline applies a recipe's invariances alone; make learned copies "
                "with `tenfold augment`, or leave them out here: Pipeline(recipe, generators=())"
            )
        if self.recipe.compose is not None:
            raise RequestError(
                "compose: a pipeline sees one sample at a time; compose copies with `tenfold "
                "augment`, or leave it out here: Pipeline(recipe, compose=None)"
            )
        self.seed = _as_seed(seed)
        self.bbox_format: BoxFormat = bbox_format
        self.alpha = alpha
        self._finish = Finish(normalize, layout)
        self._calls = Calls(self.seed, self.recipe)
        self._quick = Quick(self.recipe, alpha)
        self._served: set[Schema] = set()

    @overload
    def __call__(self, image: Image, /, *, key: Name | None = None) -> Image: ...

    @overload
    def __call__(self, /, *, key: Name | None = None, **targets: Any) -> dict[str, Any]: ...

    def __call__(self, /, *image: Any, key: Name | None = None, **targets: Any) -> Any:
        """Make one copy of a sample.

        `pipeline(image)` gives the new image, as a `transform=` of a torchvision dataset does;
        `pipeline(image=..., ...)` takes any targets and gives a dict.

        Args:
            image: an image alone, if there are no other targets.
            key: which copy: the same pipeline seed and key give the same result, on any machine
                and in any process. An integer, a text (the sample's name), or a `Key`. Without
                one each call is another: see `tenfold.call.unkeyed.Calls`.
            targets: `image`, and what belongs to it:

                - `image`: NumPy (H, W) or (H, W, C), torch (C, H, W) or (H, W), or PIL, of
                  uint8, uint16 or float32 (within [0, 1], or with black and white at its own
                  least and greatest value).
                - `mask`: a label image of the same height and width, of any integer dtype, or
                  `masks`: a list of them.
                - `bboxes`: N rows, see `bbox_format`.
                - `oriented_bboxes`: (N, 4, 2) corners in order round each box, or (N, 8).
                - `polygons`: N lists of outlines, each (K, 2) or flat; or N outlines.
                - `instance_masks`: (N, H, W), or a list; what isn't 0 is the object.
                - `keypoints`: (K, 2) x, y or (K, 3) x, y, visibility (0 not labelled, 1 hidden,
                  2 visible) of the picture, or (N, K, 2) or (N, K, 3) of the objects.
                - `labels`: one an object; or anything, passed through, if there are no objects.

        Returns:
            The same targets in the types in which they came, sharing no memory with them.
            Objects no longer in view are left out of all their targets, and `kept` holds the
            places of those that stay. Boxes come from the object's mask or outlines where there
            are any. All keypoints are given back; those out of view have visibility 0 (for rows
            of two numbers see `keypoints_visible`). `valid`, (H, W) bool, if the recipe has
            `validity`. `history`: what was drawn, plain data that `replay` takes.

        Raises:
            RequestError: a target that can't be taken, or that this recipe can't move.
            SampleError: an image or keypoints that can't be used (NaN...), or with
                `invalid="raise"` a box that can't.
        """
        if image:
            return self._alone(image, key, targets)
        return self.copy(*self._draw(key), targets)

    def copy(self, drawing: Drawing, k: int, targets: dict[str, Any]) -> dict[str, Any]:
        """Copy k of a drawing, as a call gives it; see `__call__` for the targets."""
        kind = self._quick.kind(targets["image"]) if targets.keys() == {"image"} else None
        if kind is None:
            return self._give(self._take(targets), drawing.history(k))
        together = drawing.count > 1 and self._quick.repeats(kind)
        image = self._rendered(targets["image"], kind, drawing, k, together)
        return {"image": image, "history": history_json(drawing.history(k))}

    def batch(
        self,
        images: Any,
        keys: Sequence[Name] | None = None,
        *,
        threads: int = 1,
    ) -> NDArray[Any]:
        """Make one copy of each of many images in one call.

        Args:
            images: (N, H, W, C) or (N, H, W) uint8, uint16 or float32, or a sequence of such
                images, (H, W, C) or (H, W); of several sizes if the recipe gives them one
                (`Crop(height=224, width=224)`). Those of one shape and dtype are quickest.
            keys: one an image, as in a call; without them each copy is another.
            threads: among which the images are shared; they give the same result.

        Returns:
            (N, H', W', C), or (N, H', W') for images without channels, of the images' dtype; with
            `normalize` float32, with `layout="chw"` (N, C, H', W').

        Raises:
            RequestError: results of several shapes or dtypes, another number of keys; and as in
                a call.
        """
        return run_batch(self, images, keys, threads)

    def render(self, image: Any, drawing: Drawing, k: int, place: Place | None = None) -> Any:
        """Copy k of a drawing, of an image without other targets.

        Args:
            image: as in a call; in the container in which it comes it goes. If there are more
                copies than one in the drawing, all its images should be of one shape and dtype.
            drawing: what was drawn.
            k: which of its copies.
            place: gives the array to write to, which is returned, whatever the container was.
        """
        together = drawing.count > 1
        if (kind := self._quick.kind(image)) is not None:
            return self._rendered(image, kind, drawing, k, together, place)
        came = take_image(image, self.alpha)
        kind = None if came.alpha else self._quick.kind(came.array)
        if kind is None:
            given = self._give(self._take({"image": image}), drawing.history(k))["image"]
        else:
            moved = self._quick.run(came.array, kind, drawing, k, together)
            value_range = self._quick.value_range(came.array, kind)
            given = self._finish.give(moved, value_range, came)
        return given if place is None else filled(place, given)

    def render_many(
        self, images: Array, drawing: Drawing, first: int, stack: Stack, row: int
    ) -> bool:
        """Copies `first` on of a drawing, of small images of one shape, in one call a pass.

        Args:
            images: (n, H, W, C), contiguous.
            drawing: what was drawn; all its images should be like these.
            first: which of its copies is that of the first image.
            stack: where to.
            row: of the stack, the first image's.

        Returns:
            Whether it could; if not, nothing was written, and `render` can do it.
        """
        kind = self._quick.kind(images[0])
        moved = None if kind is None else self._quick.run_many(images, kind, drawing, first)
        if kind is None or moved is None:
            return False
        if self._finish.idle:
            stack.fill(row, moved)
            return True
        for k, image in enumerate(moved, row):
            self._finish.array(image, self._quick.value_range(image, kind), stack.row(k))
        return True

    @property
    def layout(self) -> Layout:
        """Of the images that come back."""
        return self._finish.layout

    def draw(self, keys: Sequence[Name]) -> list[list[dict[str, Any]]]:
        """The histories that calls with these keys get, for `replay`.

        Drawing for many keys in one call costs hardly more than for one.
        """
        drawing = self.drawing(keys)
        return [history_json(drawing.history(k)) for k in range(drawing.count)]

    def drawing(self, keys: Sequence[Name] | None, count: int = 0) -> Drawing:
        """What calls with these keys draw, or, if there are none, the next `count` calls."""
        if keys is None:
            return self._calls.many(count)
        return Drawing.of(self.recipe, [self._key(key) for key in keys])

    def replay(self, history: Sequence[Mapping[str, Any]], /, **targets: Any) -> dict[str, Any]:
        """Apply a `history` again: to the same sample (the same bytes come out), or to another.

        Args:
            history: from a call or `draw` of a pipeline of the same recipe; JSON keeps it.
            targets: as in a call.

        Raises:
            RequestError: not a history, or one of another recipe; and as in a call.
        """
        try:
            drawn = history_from_json([dict(entry) for entry in history])
        except (TypeError, ValueError, KeyError):
            raise RequestError(
                f"history: must be the list that a call gives as 'history', got {history!r:.80}"
            ) from None
        return self._give(self._take(targets), drawn)

    def explain(
        self,
        height: int = 512,
        width: int = 512,
        channels: int = 3,
        targets: Sequence[str] = ("image",),
    ) -> str:
        """The passes over the pixels that such images get, one a line.

        Args:
            height, width, channels: of an image.
            targets: names of all that will be passed; boxes and keypoints change the border.
        """
        check_names(targets)
        schema = Schema(
            height,
            width,
            channels,
            has_masks="mask" in targets or "masks" in targets,
            has_boxes=any(name in targets for name in _OBJECTS[:4]),
            has_keypoints="keypoints" in targets,
            keypoint_pairs=self.recipe.keypoint_pairs,
        )
        return "\n".join(explain(Plan(self.recipe), schema))

    def __repr__(self) -> str:
        ops = ", ".join(self.recipe.op_names())
        return f"Pipeline({self.recipe.name}: {ops}; seed={self.seed})"

    def _alone(self, image: tuple[Any, ...], key: Any, targets: Mapping[str, Any]) -> Any:
        if len(image) > 1 or targets:
            raise RequestError(
                "only an image alone may come without its name; "
                "write pipeline(image=image, mask=mask, ...)"
            )
        (one,) = image
        kind = self._quick.kind(one)
        drawing, k = self._draw(key)
        if kind is None:
            return self._give(self._take({"image": one}), drawing.history(k))["image"]
        together = key is None and self._quick.repeats(kind)
        return self._rendered(one, kind, drawing, k, together)

    def _rendered(
        self, image: Array, kind: Kind, drawing: Drawing, k: int, together: bool,
        place: Place | None = None,
    ) -> Array:  # fmt: skip
        """Copy k of an image of a kind, alone, in its last form."""
        moved = self._quick.run(image, kind, drawing, k, together)
        if place is None and self._finish.idle:
            return moved
        return self._finish.array(moved, self._quick.value_range(image, kind), place)

    def _draw(self, key: Name | None) -> tuple[Drawing, int]:
        return self._calls.next() if key is None else (self.drawing([key]), 0)

    def _key(self, key: Name) -> Key:
        if isinstance(key, Key):
            return key
        return (
            Key(self.seed, key, 0)
            if isinstance(key, str)
            else numbered(self.seed, _as_integer(key, "key"))
        )

    def _take(self, targets: dict[str, Any]) -> _Taken:
        check_names(targets)
        if "image" not in targets:
            raise RequestError("image: is missing; pass image=")
        image = take_image(targets["image"], self.alpha)
        size = image.array.shape[:2]
        masks = self._take_masks(targets, size)
        objects = Objects()
        if any(name in targets for name in _OBJECTS):
            objects = take_objects(targets, size, self.bbox_format)
        info = DatasetInfo(
            has_masks=bool(masks), has_boxes=objects.boxed, has_keypoints=objects.pointed
        )
        plan = Plan(self.recipe, info)
        sample = Sample(
            id="sample",
            image=image.array,
            masks={name: picture.array for name, picture in masks.items()},
            instances=objects.instances,
            alpha=image.alpha,
            value_range=value_range_of(image.array),
        )
        schema = plan.schema(sample)
        if schema not in self._served:
            plan.check(schema)
            if len(self._served) < 4096:
                self._served.add(schema)
        if objects.instances or self.recipe.value_range is not None:
            sample = clean(sample, self.recipe.invalid, value_range=self.recipe.value_range)[0]
        return _Taken(plan, sample, image, masks, "masks" in targets, objects)

    def _take_masks(self, targets: Mapping[str, Any], size: tuple[int, int]) -> dict[str, Picture]:
        given: dict[str, Any] = {}
        if "mask" in targets:
            given["mask"] = targets["mask"]
        if "masks" in targets:
            if not isinstance(targets["masks"], list | tuple):
                raise RequestError(
                    "masks: must be a list of masks; pass one mask, of any number of channels, "
                    "as mask=, and one mask an object as instance_masks="
                )
            given |= {f"masks[{i}]": mask for i, mask in enumerate(targets["masks"])}
        taken = {}
        for name, value in given.items():
            picture = take_mask(value, name, size, self.recipe.ignore_value)
            if self.recipe.mask_pairs:
                _check_swappable(picture.array, name)
            taken[name] = picture
        return taken

    def _give(self, taken: _Taken, history: History) -> dict[str, Any]:
        before = taken.sample
        moved = taken.plan.run(before, history).sample
        image = as_owned(moved.image, before.image)
        out: dict[str, Any] = {"image": self._finish.give(image, before.value_range, taken.image)}
        masks = [
            picture.restore(as_owned(moved.masks[name], before.masks[name]))
            for name, picture in taken.masks.items()
        ]
        if "mask" in taken.masks:
            out["mask"] = masks.pop(0)
        if taken.listed:
            out["masks"] = masks
        out |= taken.objects.give(moved.instances, (moved.height, moved.width))
        if moved.valid is not None:
            out["valid"] = moved.valid
        out["history"] = history_json(history)
        return out


def _as_seed(seed: object) -> int:
    return fresh_seed() if seed is None else _as_integer(seed, "seed")


def _as_integer(value: Any, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        cure = "; pass a whole number" if name == "seed" else "; pass a whole number, text or Key"
        raise RequestError(f"{name}: must be an integer, got {value!r}{cure}") from None


def _check_swappable(mask: Array, name: str) -> None:
    whole = mask.dtype.kind in "iu"
    if not whole or (mask.size and not 0 <= mask.min() <= mask.max() < _MOST_VALUE):
        raise RequestError(
            f"{name}: values of mask_pairs trade places in a reflection, so masks must hold whole "
            f"numbers from 0 to {_MOST_VALUE - 1}, got {mask.dtype} from {np.min(mask)} to "
            f"{np.max(mask)}; give ignored pixels a value such as 255"
        )
