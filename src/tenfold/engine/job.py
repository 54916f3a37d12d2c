"""A job: everything that decides the bytes of an augmented dataset, before any is written."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

import tenfold
from tenfold.declare.recipe import Recipe
from tenfold.errors import RequestError, did_you_mean
from tenfold.plan.plan import Plan
from tenfold.samples.source import Item, Source
from tenfold.write.writer import WriteOptions, Writer

_LIBRARIES = ("numpy", "opencv-python-headless", "pillow", "simplejpeg", "tifffile")
_WORD = 2**64 - 1

MAX_SHARD = 32
"""Most items in a shard: a kill costs at most that much work."""


@dataclass(frozen=True)
class Job:
    """What to make of a source.

    Attributes:
        source: where the samples come from.
        writer: where they go.
        recipe: the declaration.
        seed: of all randomness.
        split: the split that is multiplied; None multiplies everything.
        copies: number of copies of each item of the source, in the items' order; None for an
            item that passes through untouched.
        originals: write the multiplied items' originals too.
        asked: what the request said in so many words ("copies", "balance"), part of `identity`.
    """

    source: Source
    writer: Writer
    recipe: Recipe
    seed: int
    split: str | None
    copies: Sequence[int | None] = field(repr=False)
    originals: bool = True
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """The recipe for this source."""
        return Plan(self.recipe, self.source.info)

    @property
    def destination(self) -> Path:
        """Where the outputs go."""
        return self.writer.destination

    @cached_property
    def recipe_hash(self) -> str:
        """See `Recipe.hash`."""
        return self.recipe.hash()

    @property
    def shard_size(self) -> int:
        """Items in a shard; depends on the number of items alone."""
        return max(1, min(MAX_SHARD, len(self.source.items) // 64))

    @property
    def shard_count(self) -> int:
        """Number of shards."""
        return -(-len(self.source.items) // self.shard_size)

    def shard(self, number: int) -> range:
        """The items of a shard."""
        first = number * self.shard_size
        return range(first, min(first + self.shard_size, len(self.source.items)))

    def outputs(self, item: int) -> int:
        """How many outputs an item gives, if nothing goes wrong."""
        copies = self.copies[item]
        return 1 if copies is None else copies + int(self.originals)

    def targets(self) -> Iterator[tuple[Item, int, str]]:
        """Every output: item, copy number (0: the original), main file."""
        for item, copies in zip(self.source.items, self.copies, strict=True):
            first = 0 if copies is None or self.originals else 1
            for copy in range(first, (copies or 0) + 1):
                yield item, copy, self.writer.target(item, copy)

    @cached_property
    def token(self) -> str:
        """A short name of everything in `identity` but where the source is mounted."""
        about = {name: value for name, value in self.identity().items() if name != "source"}
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]

    def identity(self) -> dict[str, Any]:
        """What must be equal for two runs to give the same bytes; plain data."""
        options: WriteOptions = self.writer.options
        return {
            "tenfold": tenfold.__version__,
            "source": str(self.source.root),
            "layout": self.source.layout,
            "items": len(self.source.items),
            **self.asked,
            "listing": self._listing,
            "recipe": self.recipe_hash,
            "seed": self.seed,
            "split": self.split,
            "originals": self.originals,
            "template": options.template,
            "format": options.format,
            "quality": options.quality,
            "max_pixels": self.source.max_pixels,
            "libraries": library_versions(),
        }

    @cached_property
    def _listing(self) -> str:
        """Hash of all that was listed: names, sizes, labels and what they are read by."""
        root = self.source.root
        digest = hashlib.sha256()
        for item, copies in zip(self.source.items, self.copies, strict=True):
            sizes = [_size(root / name) for name in item.files]
            told = [item.id, item.split, item.label, item.labels, copies, sizes, dict(item.extra)]
            digest.update(json.dumps(told, default=str, sort_keys=True).encode())
        return digest.hexdigest()


def library_versions() -> dict[str, str]:
    """Versions of the libraries that the bytes depend on."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed under this name"
    return found


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None  # read as a sample it will say why


def check_targets(job: Job) -> None:
    """Raise `RequestError` if two outputs would have the same name, whatever the letters' case.

    In layouts that tell annotations by the image's stem, a copy's stem must be new too.
    """
    # Eight bytes an output, not a name: there may be many millions.
    names = array("Q", (hash(own) & _WORD for _, _, own in _own_names(job)))
    words, counts = np.unique(np.frombuffer(names, dtype=np.uint64), return_counts=True)
    twice = set(words[counts > 1].tolist())
    if not twice:
        return
    seen: dict[str, tuple[str, int]] = {}
    for item, copy, own in _own_names(job):
        if hash(own) & _WORD not in twice:
            continue
        name = f"{item.id} (copy {copy})" if copy else item.id
        other, other_copy = seen.setdefault(own, (name, copy))
        if other != name and (copy or other_copy):
            target = job.writer.target(item, copy)
            what = "share the annotation of" if job.writer.by_stem else "both be written to"
            raise RequestError(
                f"{other} and {name} would {what} {target}; give another "
                "--name, such as '{stem}_{ext}_aug_{copy:04d}'"
            )


def _own_names(job: Job) -> Iterator[tuple[Item, int, str]]:
    """What each output that is a file must have for itself."""
    for item, copy, target in job.targets():
        if item.files:  # rows of an array have no file of their own
            path = PurePosixPath(target)
            own = path.with_suffix("") if job.writer.by_stem else path
            yield item, copy, own.as_posix().casefold()


def choose_split(source: Source, split: str | None) -> str | None:
    """The split to multiply: the one asked for, else `train`; None where there are no splits.

    Raises:
        RequestError: there is no such split.
    """
    splits = source.splits()
    if split is None:
        if not splits:
            return None
        if "train" in splits:
            return "train"
        raise RequestError(
            f"the dataset has the splits {', '.join(splits)} and none named train; "
            "say which one to multiply with --split"
        )
    if split not in splits:
        known = f"has the splits {', '.join(splits)}" if splits else "has no splits"
        raise RequestError(f"no split '{split}': the dataset {known}{did_you_mean(split, splits)}")
    return split


def copies_of(
    source: Source, split: str | None, copies: int, *, balance: bool, originals: bool
) -> list[int | None]:
    """How many copies each item gets; None for those outside the split.

    With `balance`, every class ends with as many samples as the largest one: its originals and
    `copies` a sample. An image with objects counts for its rarest class (the fewest images).
    """
    chosen = [split is None or item.split == split for item in source.items]
    if not balance:
        return [copies if take else None for take in chosen]
    images = Counter(
        label
        for item, take in zip(source.items, chosen, strict=True)
        if take
        for label in _labels(item)
    )
    if not images:
        cure = "; name their column with --label-column" if source.layout == "csv" else ""
        raise RequestError(f"--balance needs class labels, and this dataset has none{cure}")
    class_of = [
        min(_labels(item), key=lambda label: (images[label], str(label)), default=None)
        if take
        else None
        for item, take in zip(source.items, chosen, strict=True)
    ]
    sizes = Counter(label for label in class_of if label is not None)
    goal = max(sizes.values()) * (copies + int(originals))
    out: list[int | None] = []
    met: Counter[Any] = Counter()
    for label, take in zip(class_of, chosen, strict=True):
        if not take:
            out.append(None)
        elif label is None:
            out.append(copies)
        else:
            wanted = goal - sizes[label] * int(originals)
            share, rest = divmod(wanted, sizes[label])
            out.append(share + int(met[label] < rest))
            met[label] += 1
    return out


def _labels(item: Item) -> set[Any]:
    if item.labels:
        return set(item.labels)
    return set() if item.label is None else {item.label}
