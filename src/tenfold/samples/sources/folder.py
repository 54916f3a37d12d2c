"""Image folders: `class/*`, `split/class/*`, and as a last resort images without labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from tenfold.errors import RequestError
from tenfold.long_list import kept
from tenfold.places import Place
from tenfold.samples.codec import decode_image
from tenfold.samples.sample import Sample
from tenfold.samples.source import MAX_PIXELS, DatasetInfo, Item, Quarantined, Source
from tenfold.samples.upright import sample_of
from tenfold.samples.walk import canonical_split, is_image, list_files, unsupported


@dataclass(frozen=True, eq=False)
class FolderSource(Source):
    """Images in one folder a class, perhaps in one folder a split.

    With a folder named for training (`train`, `training`), or with nothing but folders named for
    splits, the top level are splits and the next one classes; otherwise the top level are
    classes. Folders below a class belong to it. Images that lie beside the class folders have no
    class and are reported; if there are no class folders at all, all images are unlabelled.
    """

    layout: ClassVar[str] = "folder"

    root: Place
    items: Sequence[Item]
    info: DatasetInfo
    problems: tuple[Quarantined, ...] = field(default=())
    max_pixels: int = MAX_PIXELS

    @classmethod
    def detect(cls, root: Place) -> bool:
        """There is an image somewhere."""
        return root.is_dir() and any(is_image(f) for f in list_files(root).files)

    @classmethod
    def open(cls, root: Place, max_pixels: int = MAX_PIXELS) -> FolderSource:
        """List the images; no pixels are read."""
        root = root.absolute()
        if not root.is_dir():
            raise RequestError(f"{root} is not a folder of images; give the dataset's folder")
        listing = list_files(root)
        split_level = _has_splits(listing.files)
        deep = 1 if split_level else 0
        has_classes = any(f.count("/") > deep for f in listing.files if is_image(f))
        problems = [*listing.problems, *unsupported(listing.files)]

        def items() -> Iterator[Item]:
            for file in filter(is_image, listing.files):
                parts = file.split("/")
                split = canonical_split(parts[0]) if split_level and len(parts) > 1 else None
                if split_level and split is None:
                    reason = "it lies outside the split folders; move it into one"
                    problems.append(Quarantined(file, reason))
                elif has_classes and len(parts) < deep + 2:
                    reason = "it lies beside the class folders; move it into its class's folder"
                    problems.append(Quarantined(file, reason))
                else:
                    label = parts[deep] if has_classes else None
                    yield Item(file, split, label, files=(file,))

        found = kept(items())
        classes = tuple(sorted({str(i.label) for i in found if i.label is not None}))
        return cls(
            root,
            found,
            DatasetInfo(classes),
            tuple(sorted(problems, key=lambda p: p.id)),
            max_pixels,
        )

    def read(self, item: Item) -> Sample:
        """Decode the image."""
        decoded = decode_image(self.root / item.files[0], self.max_pixels)
        return sample_of(item.id, decoded, label=item.label)


def _has_splits(files: Iterable[str]) -> bool:
    """Whether the folders at the top are splits rather than classes."""
    tops = {f.split("/", 1)[0] for f in files if "/" in f and is_image(f)}
    splits = {canonical_split(top) for top in tops}
    return bool(tops) and ("train" in splits or None not in splits)
