"""NumPy arrays: one `.npz` file with images and what belongs to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tenfold.errors import RequestError, SampleError
from tenfold.long_list import kept_sorted
from tenfold.places import Place
from tenfold.samples.codec.tiff import cure_for
from tenfold.samples.npz import Member, load_member, read_members
from tenfold.samples.sample import (
    DTYPES,
    Array,
    Label,
    Sample,
    shared_range,
    value_range_of,
)
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.samples.walk import canonical_split

IMAGE_KEYS = ("images", "image", "imgs", "img", "x", "data", "pixels")
LABEL_KEYS = ("labels", "label", "y", "targets", "target", "classes", "class")
MASK_KEYS = ("masks", "mask", "segmentation", "segmentations")
SPLIT_KEYS = ("split", "splits", "subset", "partition")
CHANNELS_FIRST_MOST = 4
"""A second axis up to this long before a longer last one means channels first (N, C, H, W)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Arrays whose rows belong together: all of the file, or one split of it.

    Attributes:
        split: of all its rows; None where there is a split array or none at all.
        images: name of the array of images.
        rows: their number.
        labels, masks, splits: names of the arrays, or None.
        keys: all arrays with one entry a row, images first.
        channels_first: images are (N, C, H, W).
    """

    split: str | None
    images: str
    rows: int
    labels: str | None
    masks: str | None
    splits: str | None
    keys: tuple[str, ...]
    channels_first: bool


@dataclass(frozen=True, eq=False)
class ArraysSource(Source):
    """Rows of the arrays in a `.npz` file, or in a folder's only one.

    Images are (N, H, W), (N, H, W, C) or (N, C, H, W). Arrays of the same first length belong to
    the rows: labels, masks, a split, and any others, which copies repeat. Splits may also be in
    the names (`x_train`, `test_images`). Item ids are `file.npz#000017`, with the split before
    the number where names tell it (`file.npz#train/000017`); zeros keep rows and ids in one order.
    `Item.extra` is the group's number and the row.

    Float images share one value range, `DatasetInfo.value_range`: that of all float images in the
    file, whatever their split, so that a row without white or black means what it means in the
    others. Rows with NaN or infinite values don't count; they are refused when they are read.
    """

    layout: ClassVar[str] = "arrays"

    root: Place
    items: Sequence[Item]
    info: DatasetInfo
    file: Place
    members: tuple[Member, ...]
    groups: tuple[Group, ...]
    problems: tuple[Quarantined, ...] = ()
    max_pixels: int = MAX_PIXELS
    _loaded: dict[str, Array] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Without the arrays: every process maps its own."""
        return {**self.__dict__, "_loaded": {}}

    @classmethod
    def detect(cls, root: Place) -> bool:
        """It is a `.npz` file, or a folder with exactly one at its top and no images."""
        return _find(root) is not None

    @classmethod
    def open(cls, root: Place, max_pixels: int = MAX_PIXELS) -> ArraysSource:
        """Read the headers and the small arrays (labels, splits), and no images.

        But for float images, which are gone through once, in pieces, for their range of values.
        """
        root = root.absolute()
        file = _find(root)
        if file is None:
            raise RequestError(f"{root} is not an .npz file, nor a folder with exactly one")
        members = tuple(read_members(file))
        groups = _groups(members, file.name)
        by_name = {m.name: m for m in members}
        for group in groups:
            _check(by_name, group, file.name, max_pixels)
        loaded: dict[str, Array] = {}
        problems: list[Quarantined] = []

        def rows() -> Iterator[Item]:
            for number, group in enumerate(groups):
                for key in (group.labels, group.splits):
                    if key is not None:
                        loaded[key] = _load(file, by_name[key])
                prefix = f"{file.name}#{group.split}/" if len(groups) > 1 else f"{file.name}#"
                yield from _list_rows(prefix, number, group, loaded, problems)

        items = kept_sorted(rows(), key=lambda i: i.id)
        labels = {i.label for i in items if i.label is not None}
        ordered = sorted(labels, key=lambda v: (isinstance(v, str), v))
        floats = {
            group.images: _load(file, by_name[group.images])
            for group in groups
            if by_name[group.images].dtype.kind == "f"
        }
        info = DatasetInfo(
            classes=tuple(str(v) for v in ordered),
            has_masks=any(g.masks for g in groups),
            fixed_size=True,
            value_range=shared_range(floats.values()),
        )
        return cls(
            root,
            items,
            info,
            file,
            members,
            groups,
            tuple(problems),
            max_pixels,
            # unpacked already, if the file is compressed: not a second time
            floats,
        )

    def array(self, name: str) -> Array:
        """One array of the file, read-only; mapped or unpacked at its first use in a process."""
        if name not in self._loaded:
            member = next(m for m in self.members if m.name == name)
            self._loaded[name] = load_member(self.file, member)
        return self._loaded[name]

    def group(self, item: Item) -> Group:
        """The group that an item's row belongs to."""
        number: int = item.extra["group"]
        return self.groups[number]

    def row(self, item: Item) -> dict[str, Array]:
        """What every array of the group holds for an item."""
        at = item.extra["row"]
        # the ellipsis keeps a scalar an array, with the dtype of its column
        return {key: self.array(key)[at, ...] for key in self.group(item).keys}

    def read(self, item: Item) -> Sample:
        """One row as a sample."""
        group, at = self.group(item), item.extra["row"]
        image = self.array(group.images)[at]
        if image.ndim == 2:
            image = image[..., None]
        elif group.channels_first:
            image = np.moveaxis(image, 0, -1)
        image = np.array(image, dtype=image.dtype.newbyteorder("="), order="C")
        masks = {}
        if group.masks is not None:
            mask = np.array(self.array(group.masks)[at], order="C")
            mask = mask.astype(np.uint8 if mask.dtype == bool else mask.dtype.newbyteorder("="))
            masks["mask"] = mask[..., 0] if mask.ndim == 3 and mask.shape[2] == 1 else mask
        try:
            value_range = value_range_of(image)
        except SampleError as error:
            raise SampleError(f"{error}; replace them (by 0 or the median, say)") from None
        if image.dtype.kind == "f" and self.info.value_range is not None:
            value_range = self.info.value_range
        return Sample(item.id, image, item.label, masks=masks, value_range=value_range)


def row_hash(row: Mapping[str, Array]) -> str:
    """SHA-256 (hex) of a row: names, dtypes, shapes and bytes of all its arrays."""
    digest = hashlib.sha256()
    for key in sorted(row):
        value = np.ascontiguousarray(row[key])
        digest.update(f"{key}\0{value.dtype.str}\0{row[key].shape}\0".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def _find(root: Place) -> Place | None:
    try:
        if root.is_file():
            return root.absolute() if root.suffix.lower() == ".npz" else None
        if not root.is_dir():
            return None
        found = [
            p for p in root.iterdir()
            if p.suffix.lower() == ".npz" and not p.name.startswith(".") and p.is_file()
        ]  # fmt: skip
    except OSError:
        return None
    return found[0].absolute() if len(found) == 1 else None


def _load(file: Place, member: Member) -> Array:
    try:
        return load_member(file, member)
    except SampleError as error:
        raise RequestError(f"{file.name}: {error}") from None


def _split_name(name: str) -> tuple[str, str | None]:
    """`x_train` and `train_x` as ("x", "train"); any other name as it is."""
    for joint in ("_", "-", "."):
        for base, word in (name.rpartition(joint)[::2], name.partition(joint)[::-2]):
            split = canonical_split(word)
            if split and base:
                return base.lower(), split
    return name.lower(), None


def _groups(members: Sequence[Member], file: str) -> tuple[Group, ...]:
    found: dict[str | None, dict[str, Member]] = {}
    for member in members:
        base, split = _split_name(member.name)
        found.setdefault(split, {})[base] = member
    groups = [
        group
        for split, named in found.items()
        if (group := _group(split, named)) is not None
    ]  # fmt: skip
    if any(g.split is not None for g in groups):
        groups = [g for g in groups if g.split is not None]
    if not groups:
        names = ", ".join(f"{m.name} {m.dtype} {m.shape}" for m in members) or "nothing"
        raise RequestError(
            f"{file} holds no images: expected an array named {' or '.join(IMAGE_KEYS[:1])}, x "
            f"or data of shape (N, H, W) or (N, H, W, C), found {names}; "
            "save it again with numpy.savez(file, images=..., labels=...)"
        )
    return tuple(sorted(groups, key=lambda g: g.split or ""))


def _group(split: str | None, named: Mapping[str, Member]) -> Group | None:
    images = _pick(named, IMAGE_KEYS, lambda m: len(m.shape) in (3, 4))
    if images is None:
        return None
    rows = images.shape[0]
    first = len(images.shape) == 4 and (
        images.shape[1] <= CHANNELS_FIRST_MOST < images.shape[3]
    )  # fmt: skip
    height, width = images.shape[2:] if first else images.shape[1:3]
    same = {b: m for b, m in named.items() if m.shape[:1] == (rows,) and m is not images}

    def is_mask(m: Member) -> bool:
        return m.shape[1:3] == (height, width) and len(m.shape) <= 4 and m.dtype.kind in "uib"

    masks = _pick(same, MASK_KEYS, is_mask) or _pick(same, LABEL_KEYS, is_mask)
    labels = _pick(same, LABEL_KEYS, lambda m: m.shape in ((rows,), (rows, 1)))
    splits = _pick(same, SPLIT_KEYS, lambda m: m.shape == (rows,)) if split is None else None
    return Group(
        split,
        images.name,
        rows,
        labels.name if labels else None,
        masks.name if masks else None,
        splits.name if splits else None,
        (images.name, *(m.name for m in same.values())),
        first,
    )


def _pick(named: Mapping[str, Member], keys: Sequence[str], fits: Any) -> Member | None:
    return next((named[k] for k in keys if k in named and fits(named[k])), None)


def _check(members: Mapping[str, Member], group: Group, file: str, max_pixels: int) -> None:
    images = members[group.images]
    if images.dtype not in DTYPES:
        raise RequestError(
            f"{file}: array '{group.images}' is {images.dtype}, which isn't supported; "
            f"{cure_for(images.dtype)} and save it again"
        )
    if 0 in images.shape:
        raise RequestError(f"{file}: array '{group.images}' is empty, shape {images.shape}")
    height, width = images.shape[2:] if group.channels_first else images.shape[1:3]
    if height * width > max_pixels:
        raise RequestError(
            f"{file}: images of {width}x{height} pixels are over the limit of {max_pixels}; "
            "raise max_pixels if they are genuine"
        )
    for key in group.keys:
        if members[key].dtype.hasobject:
            raise RequestError(
                f"{file}: array '{key}' holds Python objects, which are never unpickled; "
                f"save it with a plain dtype (numpy.array({key}.tolist()), say)"
            )


def _list_rows(
    prefix: str, number: int, group: Group, loaded: Mapping[str, Array],
    problems: list[Quarantined],
) -> Iterator[Item]:  # fmt: skip
    """The items of a group; rows of no known split are put to the problems."""
    labels = None if group.labels is None else loaded[group.labels].reshape(-1)
    splits = None if group.splits is None else loaded[group.splits]
    digits = max(6, len(str(group.rows - 1)))
    for row in range(group.rows):
        name = f"{prefix}{row:0{digits}d}"
        split = group.split
        if splits is not None:
            told = splits[row].tolist()
            split = canonical_split(_text(told))
            if split is None:
                reason = f"its split is {told!r}; use train, val or test"
                problems.append(Quarantined(name, reason))
                continue
        label = None if labels is None else _label(labels[row].tolist())
        yield Item(name, split, label, extra={"group": number, "row": row})


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _label(value: Any) -> Label:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _text(value)
