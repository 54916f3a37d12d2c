"""Pascal VOC's files: annotations as XML, and the lists in ImageSets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

from tenfold.errors import RequestError, SampleError
from tenfold.places import Place, entries

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SPLIT_LISTS = {"test": "test", "val": "val", "valid": "val", "train": "train", "trainval": "train"}
"""Lists of ImageSets/Main that say the split, the one held back most first: an image in several
takes the first."""

COPY_FOLDERS = ("Main", "Segmentation")
"""Folders of ImageSets whose lines get a line for each copy beside them. Others (Layout, Action)
number the objects of an image, and keep the originals' lines only."""


@dataclass(frozen=True, slots=True)
class ImageList:
    """One list of images.

    Attributes:
        path: relative to the root, forward slashes.
        rows: (stem, rest of the line, usually "" or a flag -1, 0, 1).
    """

    path: str
    rows: tuple[tuple[str, str], ...]

    @property
    def folder(self) -> str:
        """Main, Segmentation, ..."""
        return self.path.rsplit("/", 2)[-2]

    @property
    def name(self) -> str:
        """The file's name without extension."""
        return self.path.rsplit("/", 1)[-1].removesuffix(".txt")


def parse_xml(path: Place) -> Element:
    """The root element of an annotation file.

    Raises:
        SampleError: it can't be read, is not XML, declares entities, or is no annotation.
    """
    try:
        root: Element = SafeTree.fromstring(path.read_bytes())
    except OSError as error:
        raise SampleError(f"can't read {path.name}: {error.strerror}") from error
    except DefusedXmlException as error:
        raise SampleError(
            f"{path.name} declares entities or names outside files, which annotations have no use "
            "for; take the declarations out"
        ) from error
    except (SafeTree.ParseError, ValueError, LookupError) as error:
        raise SampleError(f"{path.name} is not valid XML: {error}; export it again") from error
    if root.tag != "annotation":
        raise SampleError(f"{path.name}: expected an <annotation>, got <{root.tag}>")
    return root


def image_size(root: Element) -> tuple[int, int] | None:
    """Width and height as the annotation says, or None where it doesn't (or says zero)."""
    sizes = []
    for name in ("width", "height"):
        try:
            sizes.append(int(float(root.findtext(f"size/{name}", ""))))
        except (ValueError, OverflowError):
            return None
    return (sizes[0], sizes[1]) if min(sizes) > 0 else None


def read_lists(root: Place, stems: frozenset[str]) -> list[ImageList]:
    """All lists below ImageSets, sorted by path.

    Args:
        root: of the dataset.
        stems: of the images; a line that is one of them as a whole has no flag, even if the stem
            has spaces.

    Raises:
        RequestError: a list can't be read.
    """
    lists = []
    for folder in _entries(root / "ImageSets", directories=True):
        for name in _entries(root / "ImageSets" / folder, directories=False):
            if not name.endswith(".txt"):
                continue
            shown = f"ImageSets/{folder}/{name}"
            try:
                text = (root / shown).read_bytes().decode("utf-8", "surrogateescape")
            except OSError as error:
                raise RequestError(
                    f"can't read {shown}: {error.strerror}; check permissions"
                ) from error
            lists.append(ImageList(shown, tuple(_rows(text, stems))))
    return lists


def _rows(text: str, stems: frozenset[str]) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        whole = line.strip()
        if not whole:
            continue
        if whole in stems:
            yield whole, ""
            continue
        stem, rest = whole, ""
        pieces: Sequence[str] = whole.split(None, 1)
        if len(pieces) == 2:
            stem, rest = pieces
            for start in (whole.rsplit(None, 1), whole.rsplit(None, 2)):
                if stem not in stems and start[0] in stems:  # a stem with spaces, then flags
                    stem, rest = start[0], " ".join(start[1:])
                    break
        yield stem, rest


def split_of_stems(lists: Sequence[ImageList]) -> dict[str, str]:
    """The split of each listed stem."""
    splits: dict[str, str] = {}
    main = {image_list.name: image_list for image_list in lists if image_list.folder == "Main"}
    for name, split in SPLIT_LISTS.items():
        if name in main:
            for stem, _ in main[name].rows:
                splits.setdefault(stem, split)
    return splits


def _entries(folder: Place, directories: bool) -> list[str]:
    try:
        return [e.name for e in entries(folder) if (e.is_dir if directories else e.is_file)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RequestError(
            f"can't list {folder.name}: {error.strerror}; check permissions"
        ) from error
