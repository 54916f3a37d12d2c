"""Pairs of an image and a label image (semantic segmentation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import PurePosixPath
from typing import ClassVar

from tenfold.errors import RequestError, SampleError
from tenfold.long_list import kept, kept_sorted
from tenfold.places import Place
from tenfold.samples.codec import decode_image, decode_mask
from tenfold.samples.sample import Sample
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.samples.upright import sample_of
from tenfold.samples.walk import (
    LAYERS,
    SIMULATION,
    canonical_split,
    is_image,
    list_files,
    unsupported,
)

IMAGE_FOLDERS = ("image", "images", "img", "imgs", "input", "inputs")
MASK_FOLDERS = frozenset(
    {
        "mask", "masks", "label", "labels", "annotation", "annotations", "gt", "ground_truth",
        "groundtruth", "seg", "segmentation", "segmentations", "target", "targets",
    }
)  # fmt: skip
MARKERS = tuple(
    joint + word
    for joint in "_-."
    for word in ("mask", "masks", "seg", "segmentation", "label", "labels", "gt", "annotation")
)
"""Endings that tell a mask from its image where both lie in one folder: `x.png`, `x_mask.png`."""

_Key = tuple[str, str, str]  # folder of the pair without the word for image or mask, split, stem
_Files = dict[_Key, list[str]]


@dataclass(frozen=True, eq=False)
class PairsSource(Source):
    """Images and masks matched by their names without suffix.

    Either two folders beside each other (`images/` and `masks/`, by whatever of the usual names),
    with splits above or below them; or one folder with `x.png` and `x_mask.png`. `Item.files` is
    (image, mask); an image without a mask, or a mask without an image, is reported.
    """

    layout: ClassVar[str] = "pairs"

    root: Place
    items: Sequence[Item]
    info: DatasetInfo
    problems: tuple[Quarantined, ...] = field(default=())
    max_pixels: int = MAX_PIXELS

    @classmethod
    def detect(cls, root: Place) -> bool:
        """There is at least one pair."""
        if not root.is_dir():
            return False
        files = _of_data(list_files(root).files)
        if not any(_may_be_mask(f) for f in files if is_image(f)):
            return False
        return any(key in masks for images, masks in _sorted_out(files) for key in images)

    @classmethod
    def open(cls, root: Place, max_pixels: int = MAX_PIXELS) -> PairsSource:
        """Match images and masks by their names; no pixels are read."""
        root = root.absolute()
        if not root.is_dir():
            raise RequestError(f"{root} is not a folder; give the folder of images and masks")
        listing = list_files(root)
        files = _of_data(listing.files)
        problems = [*listing.problems, *unsupported(files)]
        parts = _sorted_out(files)
        items = kept_sorted(
            (i for images, masks in parts for i in _matched(images, masks, problems)),
            key=lambda item: item.id,
        )
        return cls(
            root,
            items,
            DatasetInfo(has_masks=True),
            tuple(sorted(problems, key=lambda p: p.id)),
            max_pixels,
        )

    def read(self, item: Item) -> Sample:
        """Decode the image and its mask ("mask")."""
        image = decode_image(self.root / item.files[0], self.max_pixels)
        try:
            mask = decode_mask(self.root / item.files[1], self.max_pixels)
        except SampleError as error:
            raise SampleError(f"mask {item.files[1]}: {error}") from error
        if mask.mask.shape[:2] != image.image.shape[:2]:
            (h, w), (mh, mw) = image.image.shape[:2], mask.mask.shape[:2]
            raise SampleError(
                f"the image is {w}x{h}, its mask {item.files[1]} is {mw}x{mh}; "
                "they must have one size"
            )
        return sample_of(
            item.id,
            image,
            masks={"mask": mask.mask},
            encoding={"masks": {"mask": mask.encoding}},
        )


def _of_data(files: Sequence[str]) -> Sequence[str]:
    """Of a dataset that tenfold simulated, what aren't further masks of its images."""
    ends = tuple(
        f"{file.removesuffix(SIMULATION)}{LAYERS}/"
        for file in files
        if file == SIMULATION or file.endswith(f"/{SIMULATION}")
    )
    return kept(file for file in files if not file.startswith(ends)) if ends else files


def _matched(images: _Files, masks: _Files, problems: list[Quarantined]) -> Iterator[Item]:
    """The pairs among some images and masks; what has no partner is put to the problems."""
    for key, files in images.items():
        found = masks.get(key, [])
        if len(files) == 1 and len(found) == 1:
            yield Item(files[0], key[1] or None, files=(files[0], found[0]))
        elif not found:
            reason = "it has no mask of the same name; add one or take the image out"
            problems += [Quarantined(f, reason) for f in files]
        else:
            both = ", ".join([*files, *found])
            reason = f"image and mask can't be told apart among {both}; rename or remove some"
            problems += [Quarantined(f, reason) for f in files]
    for key, found in masks.items():
        if key not in images:
            reason = "it is a mask without an image of the same name; add one or take it out"
            problems += [Quarantined(f, reason) for f in found]


def _sorted_out(files: Sequence[str]) -> Iterator[tuple[_Files, _Files]]:
    """Images and masks by key; a few at a time: those that may belong together."""
    in_folders = {"image", "mask"} <= {_in_folders(f)[0] for f in filter(is_image, files)}
    place = _in_folders if in_folders else _in_one_folder

    listed = ((_bare(key), role, key, f) for f in files if is_image(f) for role, key in [place(f)])
    # a stable sort: files of one key stay in their order
    for _, group in groupby(kept_sorted(listed, key=itemgetter(0)), key=itemgetter(0)):
        images: _Files = {}
        masks: _Files = {}
        for _, role, key, file in group:
            (masks if role == "mask" else images).setdefault(key, []).append(file)
        if in_folders:
            _drop_markers(images, masks)
        yield images, masks


def _bare(key: _Key) -> _Key:
    """The key without markers: what a pair has in common, however it is named."""
    folder, split, stem = key
    while (shorter := without_marker(stem)) != stem:
        stem = shorter
    return folder, split, stem


def _may_be_mask(file: str) -> bool:
    *folders, name = file.lower().split("/")
    in_folder = not MASK_FOLDERS.isdisjoint(folders)
    return in_folder or PurePosixPath(name).stem.endswith(MARKERS)


def _in_folders(file: str) -> tuple[str, _Key]:
    """What a file is ("image", "mask") by the name of a folder, and its key; "" if none says."""
    parts = PurePosixPath(file).parts[:-1]
    at = next((i for i, p in enumerate(parts) if _role(p)), None)
    if at is None:
        return "", (file, "", "")
    rest = [p for i, p in enumerate(parts) if i != at]
    split = next((s for s in map(canonical_split, rest) if s), "")
    return _role(parts[at]) or "", ("/".join(rest), split, PurePosixPath(file).stem)


def _in_one_folder(file: str) -> tuple[str, _Key]:
    """What a file is by the ending of its name, and its key."""
    path = PurePosixPath(file)
    stem = without_marker(path.stem)
    split = next((s for s in map(canonical_split, path.parts[:-1]) if s), "")
    return "image" if stem == path.stem else "mask", (path.parent.as_posix(), split, stem)


def _role(folder: str) -> str | None:
    name = folder.lower()
    return "image" if name in IMAGE_FOLDERS else "mask" if name in MASK_FOLDERS else None


def _drop_markers(images: _Files, masks: _Files) -> None:
    """`images/x.png` may also have the mask `masks/x_mask.png`."""
    for key in [k for k in masks if k not in images]:
        plain = (key[0], key[1], without_marker(key[2]))
        if plain in images and plain not in masks:
            masks[plain] = masks.pop(key)


def without_marker(stem: str) -> str:
    """A mask's name without the ending that says it is one."""
    if not stem.lower().endswith(MARKERS):
        return stem
    marker = next(m for m in MARKERS if stem.lower().endswith(m))
    return stem[: len(stem) - len(marker)]
