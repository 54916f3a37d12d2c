"""The recipe's `compose` at work: which copies are composed, and of what.

Which parents, which of their objects and where they go are pure functions of (seed, sample, copy),
the dataset and the recipe; what was decided stands in the manifest line, from which the copy is
made again without deciding anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tenfold.compose.canvas import Canvas
from tenfold.compose.cutting import cut_out, extent
from tenfold.compose.emptying import Emptied, holes_of
from tenfold.compose.parents import Parent, Parents
from tenfold.compose.parts import Parts, drawn
from tenfold.compose.placing import Matrix, Placed, linear, moved_size, pose
from tenfold.declare.compose import ComposeUse
from tenfold.declare.recipe import Recipe
from tenfold.errors import RequestError, SampleError, machines_fault
from tenfold.ops.geometry import Reflection
from tenfold.plan.instances import Counts, Keep
from tenfold.rng import Key, derived_seed, draws, pixel_generator
from tenfold.samples.sample import Label, Sample
from tenfold.samples.source import Item, Source

_DRAW = "compose"
"""The word that keys the draws, as an op's name does; no op is called so."""

_OBJECTS_TRIED = 8  # and as many of other classes, so that one that can't be cut starves none
_PLACES_TRIED = 24
_SURVEYED = 64


@dataclass(frozen=True, eq=False)
class Composed:
    """A composed sample.

    Attributes:
        sample: with all labels.
        told: what the manifest line tells of it, plain data.
        counts: objects of the background (and of those pasted first) that were dropped.
    """

    sample: Sample
    told: dict[str, Any]
    counts: Counts


@dataclass(frozen=True, eq=False)
class Composer:
    """The recipe's `compose`, ready for a dataset; without one nothing is composed.

    Attributes:
        recipe: the declaration.
        parents: where objects come from; None without `compose`.
        parts: which there are; None where copies are only made again.
        values: of label images without objects: value -> how often it is wanted.
        pairs: numbers of keypoints that trade places in a reflection; None if nobody said.
    """

    recipe: Recipe | None = None
    parents: Parents | None = None
    parts: Parts | None = None
    values: Mapping[Label, float] = field(default_factory=dict)
    pairs: tuple[tuple[int, int], ...] | None = None

    @classmethod
    def of(
        cls, recipe: Recipe, source: Source, copies: Sequence[int | None], originals: bool
    ) -> Composer:
        """List what can be cut out.

        Args:
            recipe: the declaration.
            source: where samples come from.
            copies: of each item; None for those that pass through, which are never cut.
            originals: whether they will be in the result, too.

        Raises:
            RequestError: there are no objects to cut out, or nothing tells which pixels of its
                layers they have.
        """
        if recipe.compose is None:
            return cls()
        if not source.located:
            raise RequestError(
                "compose: simulated individuals can't be composed, as their layers number their "
                "own objects; remove 'compose' from the recipe, and let the synthesiser put more "
                "objects into its pictures"
            )
        made = cls.again(recipe, source)
        assert made.parents is not None
        parts = Parts.of(source, copies, recipe.compose, originals)
        values: Mapping[Label, float] = {}
        if not parts.classes:
            if not made.parents.by_masks:
                raise RequestError(
                    f"compose: {source.root} has no labelled objects to cut out; give boxes, "
                    "outlines or masks (COCO, VOC, YOLO, image and mask pairs), or remove "
                    "'compose' from the recipe. For images with a class each there are "
                    "'generators' (docs/learned.md) and mixing (docs/mixing.md)"
                )
            values = _values_wanted(parts, made.parents)
        return cls(recipe, made.parents, parts, values, made.pairs)

    @classmethod
    def again(cls, recipe: Recipe, source: Source) -> Composer:
        """For `again` only: nothing is listed."""
        if recipe.compose is None:
            return cls()
        pairs = recipe.keypoint_pairs
        pairs = source.info.keypoint_pairs if pairs is None else pairs
        return cls(recipe, Parents(source, recipe, recipe.compose), pairs=pairs)

    def __bool__(self) -> bool:
        return self.recipe is not None

    @property
    def transforms(self) -> bool:
        """Whether the recipe's invariances are applied to what is composed, too."""
        return self._use.transforms

    def explain(self) -> Iterator[str]:
        """What will be composed, in words."""
        if self.parts is None:
            return
        use = self._use
        low, high = use.objects
        number = str(low) if low == high else f"{low} to {high}"
        yield (
            f"{use.share:.3g} of the copies: composed, with {number} objects of other samples"
            + (" on backgrounds without their own" if use.backgrounds == "inpainted" else "")
            + (", then the passes below" if use.transforms else "")
        )
        chances = sorted(zip(self.parts.chances, map(str, self.parts.classes), strict=True))
        if chances:
            told = ", ".join(f"{name} {chance:.1%}" for chance, name in reversed(chances[-12:]))
            yield f"  of the objects pasted: {told}"

    def draw(self, keys: Sequence[Key]) -> list[int | None]:
        """For each copy the seed of its composition; None where nothing is composed."""
        if not self or not keys:
            return [None] * len(keys)
        (drawn,) = draws(keys, [_DRAW])
        composed = (drawn.uniforms[:, 0] < self._use.share).tolist()
        return [s if c else None for s, c in zip(drawn.seeds.tolist(), composed, strict=True)]

    def make(self, item: Item, sample: Sample, seed: int) -> Composed:
        """A composed copy of a sample.

        Args:
            item: of the source.
            sample: cleaned.
            seed: from `draw`.

        Raises:
            SampleError: its label image is not of objects.
        """
        use, rng = self._use, pixel_generator(seed)
        canvas, low_high = self._canvas(sample, seed), use.objects
        count = low_high[0] + int(rng.random() * (low_high[1] - low_high[0] + 1))
        told: list[dict[str, Any]] = []
        for _ in range(count):
            for parent, number, place in self._tries(canvas, item, rng):
                canvas.paste(parent, number, place)
                told.append(_told(parent, number, place))
                break
        made = self._composed(sample, canvas, seed, told)
        if len(told) < count:
            made.told["missing"] = count - len(told)
        return made

    def again_from(self, sample: Sample, told: Mapping[str, Any]) -> Composed:
        """The copy of which a manifest line tells.

        Raises:
            RequestError: a parent is gone.
        """
        assert self.parents is not None
        canvas = self._canvas(sample, int(told["seed"]))
        wanted = {part["parent"] for part in told["parts"]}
        items = {i.id: i for i in self.parents.source.items if i.id in wanted}
        for part in told["parts"]:
            name = part["parent"]
            parent = self.parents.get(items[name]) if name in items else None
            if parent is None or int(part["instance"]) >= len(parent.sample.instances):
                raise RequestError(
                    f"'{name}', of which this copy has an object, is no longer in "
                    f"{self.parents.source.root} as it was; say where it is with --source"
                )
            matrix = np.eye(3)
            matrix[:2] = np.array(part["matrix"]).reshape(2, 3)
            number = int(part["instance"])
            canvas.paste(parent, number, canvas.place(parent, number, matrix))
        return self._composed(sample, canvas, int(told["seed"]), list(told["parts"]))

    @property
    def _use(self) -> ComposeUse:
        assert self.recipe is not None
        assert self.recipe.compose is not None
        return self.recipe.compose

    def _canvas(self, sample: Sample, seed: int) -> Canvas:
        recipe, use = self.recipe, self._use
        assert recipe is not None
        assert self.parents is not None
        if use.backgrounds == "inpainted":
            sample = self._emptied(sample, derived_seed(seed))
        else:
            sample = self.parents.with_objects(sample)
        keep = Keep(recipe.min_area, recipe.min_visibility, self.pairs or ())
        return Canvas(sample, recipe, use, keep)

    def _emptied(self, sample: Sample, seed: int) -> Sample:
        """A sample without its objects; where they were, the background goes on."""
        assert self.parents is not None
        last = self.parents.emptied
        if last is None or last[0] is not sample:
            found = self.parents.with_objects(sample)
            last = self.parents.emptied = sample, emptied(found)
        masks = {name: mask.copy() for name, mask in sample.masks.items()}
        for mask in masks.values():
            mask[last[1].holes] = 0
        return sample.replace(image=last[1].picture(seed), masks=masks, instances=())

    def _composed(
        self, sample: Sample, canvas: Canvas, seed: int, parts: list[dict[str, Any]]
    ) -> Composed:
        assert self.parents is not None
        made, counts = canvas.result()
        if self.parents.by_masks:  # its objects are in the label image
            made, counts = made.replace(instances=()), Counts()
        told = {"seed": seed, "backgrounds": self._use.backgrounds, "parts": parts}
        return Composed(made, told, counts)

    def _tries(
        self, canvas: Canvas, item: Item, rng: np.random.Generator
    ) -> Iterator[tuple[Parent, int, Placed]]:
        """Objects with places where they may lie, as they are drawn."""
        use = self._use
        entries = item.extra.get("entries")
        files = None if entries is None else frozenset(entry[0] for entry in entries)
        failed: set[Label] = set()
        for tried in range(2 * _OBJECTS_TRIED):
            u, v, w, turn, size, *flips = rng.random(8).tolist()
            others = failed if tried >= _OBJECTS_TRIED else frozenset[Label]()
            label, parent = self._drawn(item, u, v, others)
            numbers = [] if parent is None or label is None else parent.usable.get(label, [])
            if label in others:  # there is no class left
                return
            if label is not None:
                failed.add(label)
            if parent is None or not numbers or not canvas.takes(parent, files):
                continue
            number = numbers[int(w * len(numbers))]
            low, high = use.scale
            degrees = (2 * turn - 1) * use.rotation
            turned = linear(degrees, low * (high / low) ** size, self._mirrored(parent, flips))
            cutout = parent.cutout(number)
            room = np.array([canvas.sample.width, canvas.sample.height])
            room = room - moved_size(cutout, turned)
            if room.min() < 0:
                continue
            for _ in range(_PLACES_TRIED):
                matrix: Matrix = pose(cutout, turned, rng.random(2) * room, room)
                place = canvas.place(parent, number, matrix)
                if canvas.fits(place):
                    yield parent, number, place

    def _drawn(
        self, item: Item, u: float, v: float, failed: Set[Label]
    ) -> tuple[Label | None, Parent | None]:
        """A class, and another sample that may have objects of it; None where there is none."""
        assert self.parents is not None
        assert self.parts is not None
        label, index = self.parts.draw(u, v, failed)
        other = self.parents.source.items[index]
        parent = None if other.id == item.id else self.parents.get(other)
        if label is None and parent is not None:
            label = self._value(parent, u, failed)
        return label, parent

    def _value(self, parent: Parent, u: float, failed: Set[Label]) -> Label | None:
        """A value of a label image, by how much it is wanted."""
        usable = sorted(parent.usable, key=str)
        if not usable:
            return None
        there = [float(len(parent.usable[value])) for value in usable]
        most = max(self.values.values(), default=1.0)
        wanted = [self.values.get(value, most) for value in usable]
        return usable[drawn(u, usable, wanted if self._use.rare_first else there, there, failed)]

    def _mirrored(self, parent: Parent, u: Sequence[float]) -> tuple[str, ...]:
        """Along which axes an object is mirrored: as the recipe's reflections allow."""
        assert self.recipe is not None
        if self.pairs is None and any(i.keypoints is not None for i in parent.sample.instances):
            return ()
        axes = {a for op in self.recipe.ops if isinstance(op, Reflection) for a in op.axes}
        known = ("horizontal", "vertical", "transpose")
        return tuple(a for a, v in zip(known, u, strict=True) if a in axes and v < 0.5)


def emptied(sample: Sample) -> Emptied:
    """A sample's picture without its objects.

    Args:
        sample: objects known by their boxes alone are taken out with all of their boxes.
    """
    objects = [i for i in sample.instances if extent(i) is not None]
    cutouts = [cut_out(i, sample.image, "box") for i in objects]
    windows, regions = [c.window for c in cutouts], [c.region for c in cutouts]
    return Emptied(sample.image, holes_of(windows, regions, sample.height, sample.width))


def _told(parent: Parent, number: int, place: Placed) -> dict[str, Any]:
    return {
        "parent": parent.item.id,
        "instance": number,
        "label": parent.sample.instances[number].label,
        "matrix": place.matrix[:2].reshape(-1).tolist(),
    }


def _values_wanted(parts: Parts, parents: Parents) -> dict[Label, float]:
    """How often each value of label images is wanted, by the parts found in some of them.

    Raises:
        RequestError: no part of a label image can be cut out.
        SampleError: by the fault of the machine, see `machines_fault`.
    """
    source = parents.source
    found: Counter[Label] = Counter()
    step = max(1, len(parts.entries) // _SURVEYED)
    why = "none of its parts can be cut out (they are small, or reach the edge)"
    for place in range(0, len(parts.entries), step):
        item = source.items[parts.entries[place][1]]
        try:
            sample = parents.with_objects(source.read(item))
        except SampleError as error:
            if machines_fault(error) is not None:
                raise
            why = str(error).removeprefix("compose: ")
            continue
        parent = Parent(item, sample, parents.use)
        found.update({value: len(numbers) for value, numbers in parent.usable.items()})
    if not found:
        raise RequestError(
            f"compose: the masks of {source.root} give no objects: {why}; remove 'compose' from "
            "the recipe"
        )
    return {value: 1.0 / number for value, number in found.items()}
