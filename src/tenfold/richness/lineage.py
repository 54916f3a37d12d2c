"""Which samples are copies of which: by what the manifests of tenfold's outputs say."""

from __future__ import annotations

from collections.abc import Iterable

from tenfold.engine.manifest import MANIFEST, file_hash, manifest_lines
from tenfold.errors import RequestError
from tenfold.places import Place
from tenfold.samples.source import Item, Source

Family = tuple[str, str]


class Lineage:
    """Families: a sample and all copies that tenfold made of it, or with objects of it.

    Files are known by their content, so that they are found wherever they were moved.

    Args:
        folders: datasets that tenfold made.

    Raises:
        RequestError: one of them has no manifest, or a damaged one.
    """

    def __init__(self, folders: Iterable[Place]) -> None:
        self._families: dict[str, tuple[tuple[Family, ...], str]] = {}
        for folder in folders:
            if not (folder / MANIFEST).exists():
                raise RequestError(
                    f"{folder} has no {MANIFEST}; give the folder that `tenfold augment` wrote"
                )
            for line in manifest_lines(folder):
                first = next(iter(line["files"].values()), None)
                parents = [part["parent"] for part in (line.get("composed") or {}).get("parts", ())]
                names = dict.fromkeys([str(line.get("item")), *map(str, parents)])
                families = tuple((str(folder), name) for name in names)
                made = line.get("kind") == "copy"
                if first is not None:
                    self._families[first] = families, "a copy" if made else "the original"

    def __bool__(self) -> bool:
        return bool(self._families)

    def of(self, source: Source, item: Item) -> tuple[tuple[Family, ...], str] | None:
        """The families of a sample and what it is in them; None if it belongs to none.

        A composed copy is of the family of each sample that it has something of, its background's
        first.
        """
        if not self._families or not item.files:
            return None
        return self._families.get(file_hash(source.root / item.files[0]))


def with_manifest(folders: Iterable[Place]) -> list[Place]:
    """Those of some datasets that tenfold made."""
    return [folder for folder in folders if (folder / MANIFEST).exists()]
