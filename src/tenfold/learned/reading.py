"""Examples from a dataset on disk, and a part of them held out to watch a fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from tenfold.errors import RequestError, SampleError
from tenfold.learned.examples import Array, Examples, Label
from tenfold.learned.sizing import sized
from tenfold.ops.colour_science import LUMA_601
from tenfold.plan.kernels.values import to_unit
from tenfold.rng import pixel_generator
from tenfold.samples.sample import Sample
from tenfold.samples.source import Item, Source
from tenfold.samples.validate import clean

_LUMA = LUMA_601.astype(np.float32)
_LEFT = 2  # examples of a class that stay when others are held out

Unusable = Callable[[Item, SampleError], None]


def _raised(item: Item, error: SampleError) -> None:
    raise RequestError(
        f"{item.id}: {str(error).removeprefix(f'{item.id}: ')}; mend the file, or take it out"
    ) from error


def examples_of(
    source: Source,
    *,
    split: str | None = None,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    value_range: tuple[float, float] | None = None,
    classes: Sequence[Label] | None = None,
    unusable: Unusable = _raised,
    progress: Callable[[int], None] = lambda _: None,
) -> Examples:
    """Read labelled images into one array, 0 black and 1 white by the dataset's value range.

    Args:
        source: a dataset with whole-image labels.
        split: which part of it; None reads all.
        size: (height, width) to which the images are brought; None wants images of one size.
        channels: 1 makes colours grey, 3 repeats grey; None wants images of one kind.
        value_range: black and white, as a recipe says it; None: as the source says.
        classes: names of the classes in the order of their numbers; None: those that occur.
        unusable: told of each image that can't be used, which is then passed over; raises
            `RequestError` for the first, unless given.
        progress: told of each image read.

    Returns:
        The examples, in the source's order.

    Raises:
        RequestError: images of several sizes or channels, opacity, data without a label on each
            image or with objects or masks, a class that isn't among `classes`, nothing to read.
    """
    check_labels(source, split)
    items = [i for i in source.items if split is None or i.split == split]
    names = tuple(classes) if classes is not None else _classes(source, items)
    place = {str(name): k for k, name in enumerate(names)}
    pictures: list[Array] = []
    labels: list[int] = []
    ids: list[str] = []
    for item in items:
        if (number := place.get(str(item.label))) is None:
            raise RequestError(
                f"{item.id}: class '{item.label}' isn't among {_listed(names)}; "
                "fit on data that has it, or leave it out"
            )
        try:
            sample, _, _ = clean(source.read(item), "clip", value_range=value_range)
            picture = picture_of(sample)
        except SampleError as error:
            unusable(item, error)
            progress(1)
            continue
        pictures.append(_fitted(picture, item, size, channels))
        if (now := pictures[-1].shape) != (first := pictures[0].shape):
            raise RequestError(_mixed(ids[0], first, item.id, now))
        labels.append(number)
        ids.append(item.id)
        progress(1)
    if not pictures:
        where = f" in the split '{split}'" if split is not None else ""
        raise RequestError(f"{source.root} has no readable images{where}")
    return Examples(np.stack(pictures), np.array(labels), names, tuple(ids))


def check_labels(source: Source, split: str | None = None) -> None:
    """Raise `RequestError` unless each image of a source has a label, and nothing but a label."""
    info = source.info
    kinds = {"masks": info.has_masks, "boxes": info.has_boxes, "keypoints": info.has_keypoints}
    if found := [name for name, there in kinds.items() if there]:
        raise RequestError(
            f"the dataset has {' and '.join(found)}, and images without annotations "
            "are needed here; use data with one label an image (a folder a class, a table, arrays)"
        )
    bare = next(
        (i for i in source.items if i.label is None and (split is None or i.split == split)), None
    )
    if bare is not None:
        cure = "name their column with --label-column" if source.layout == "csv" else (
            "put the images in a folder a class, or name their labels in a table"
        )  # fmt: skip
        raise RequestError(f"{bare.id} has no label, and classes are needed here; {cure}")


def picture_of(sample: Sample) -> Array:
    """A sample's image as a generator takes it: (H, W, C) float32, 0 black and 1 white, clipped.

    Raises:
        SampleError: it has opacity, or values that are no numbers.
    """
    if sample.alpha:
        raise SampleError("opacity is of no use here; save the image without it")
    if sample.image.dtype.kind == "f" and not np.isfinite(sample.image).all():
        raise SampleError("the image has NaN or infinite values")
    unit = to_unit(sample.image, sample.value_range)
    return np.clip(unit, 0, 1, out=unit)


def held_out(
    examples: Examples, share: float, *, seed: int = 0, group: str | None = None
) -> tuple[Examples, Examples | None]:
    """Part examples into those to train on and those to watch, each class in the same share.

    With groups (the writer, the patient), a group goes to one part as a whole, so that the part
    watched is of others than those learned from. Without, two of each class stay at least.

    Args:
        examples: all of them.
        share: to hold out, 0 (nothing) to 0.5.
        seed: of the choice; it doesn't depend on the examples' order.
        group: regular expression whose first group (or, without one, whose match) in an example's
            id names its group.

    Returns:
        The two parts; None for the second if nothing can be held out.

    Raises:
        RequestError: the share is out of range, the expression is none or doesn't match an id,
            there is one group only, or a class would be left with fewer than two examples.
    """
    if not 0 <= share <= 0.5:
        raise RequestError(f"the part held out must be within 0..0.5, got {share:g}")
    if share == 0:
        return examples, None
    order = np.argsort(np.array(examples.ids), kind="stable")
    order = order[pixel_generator(seed).permutation(len(order))]
    if group is not None:
        chosen = _grouped(examples, order, share, group)
    else:
        chosen = _stratified(examples, order, share)
    if not chosen.any():
        return examples, None
    train = examples.take(np.flatnonzero(~chosen))
    if group is not None:
        train.require(_LEFT)
    return train, examples.take(np.flatnonzero(chosen))


def _stratified(examples: Examples, order: Array, share: float) -> Array:
    chosen = np.zeros(len(examples.values), dtype=bool)
    due = 0.0  # what a class is too small to give, the next one gives
    for number in range(len(examples.classes)):
        members = order[examples.labels[order] == number]
        due += share * len(members)
        take = max(0, min(int(due + 1e-9), len(members) - _LEFT))
        due -= take
        chosen[members[:take]] = True
    return chosen


def group_names(ids: Sequence[str], pattern: str) -> list[str]:
    """The group of each sample (its writer, its patient), read from its id.

    Args:
        ids: of the samples.
        pattern: regular expression; its first group, or without one its match, is the name.

    Raises:
        RequestError: it is none, or isn't found in an id.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise RequestError(f"the group '{pattern}' is no regular expression: {error}") from None
    names = []
    for name in ids:
        if (found := expression.search(name)) is None:
            raise RequestError(f"the group '{pattern}' isn't found in {name}; correct it")
        names.append(found[1] if expression.groups else found[0])
    return names


def _grouped(examples: Examples, order: Array, share: float, pattern: str) -> Array:
    names = group_names(examples.ids, pattern)
    groups = list(dict.fromkeys(names[int(i)] for i in order))
    if len(groups) < 2:
        raise RequestError(f"the group '{pattern}' is '{groups[0]}' everywhere; correct it")
    sizes = Counter(names)
    held: set[str] = set()
    for name in groups[:-1]:
        if sum(sizes[g] for g in held) >= share * len(names):
            break
        held.add(name)
    return np.array([name in held for name in names])


def _classes(source: Source, items: Iterable[Item]) -> tuple[Label, ...]:
    """Classes that occur, in the dataset's order where it has one."""
    there = dict.fromkeys(_plain(item.label) for item in items if item.label is not None)
    named = [name for name in source.info.classes if name in there]
    rest = sorted(there.keys() - set(named), key=lambda label: (isinstance(label, str), label))
    return (*named, *rest)


def _plain(label: Label) -> Label:
    """Without NumPy's types."""
    return label if isinstance(label, str) else int(label)


def _fitted(
    picture: Array, item: Item, size: tuple[int, int] | None, channels: int | None
) -> Array:
    has = picture.shape[2]
    if channels is not None and channels != has:
        if channels == 1 and has == 3:
            picture = (picture @ _LUMA)[:, :, None]
        elif has == 1:
            picture = np.repeat(picture, channels, axis=2)
        else:
            raise RequestError(f"{item.id} has {has} channels, which can't be made {channels}")
    return picture if size is None else sized(picture, *size)


def _mixed(first_id: str, first: tuple[int, ...], other_id: str, other: tuple[int, ...]) -> str:
    if first[2] != other[2]:
        return (
            f"images with {first[2]} channels ({first_id}) and with {other[2]} ({other_id}): "
            "convert them to one kind first"
        )
    sizes = f"{first[1]}x{first[0]} ({first_id}) and {other[1]}x{other[0]} ({other_id})"
    return (
        f"images of mixed sizes, {sizes}: one is needed; say which with "
        f"--size {min(first[0], other[0])}x{min(first[1], other[1])} (height x width)"
    )


def _listed(names: Sequence[Label]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:8])
    return shown + ("..." if len(names) > 8 else "")
