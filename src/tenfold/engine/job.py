"""A job: everything that decides the bytes of an augmented dataset, before any is written."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import PurePosixPath
from typing import IO, Any

import numpy as np

import tenfold
from tenfold.compose.composer import Composer
from tenfold.declare.recipe import Recipe
from tenfold.errors import RequestError, did_you_mean
from tenfold.learned.copies import Generators
from tenfold.long_list import in_temporary_files, kept
from tenfold.places import Place
from tenfold.plan.plan import Plan
from tenfold.samples.sample import Label
from tenfold.samples.source import Item, Source
from tenfold.write.writer import WriteOptions, Writer

MOUNTED = ("source", "model_folders")
"""What a job's identity tells of where things are; the bytes don't depend on it."""

_LIBRARIES = ("numpy", "opencv-python-headless", "pillow", "simplejpeg", "tifffile")
_WORD = 2**64 - 1
_BITS, _AT_A_TIME, _SORTED = 6, 1 << 16, 1 << 19
"""Numbers are parted by so many bits, so many at a time, until so many can be sorted."""


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
            item that passes through untouched. See `tenfold.long_list.kept`.
        originals: write the multiplied items' originals too.
        asked: what the request said in so many words ("copies", "balance"), part of `identity`.
        generators: those of the recipe, found.
        composer: the recipe's `compose`, with what the source has to cut out.
    """

    source: Source
    writer: Writer
    recipe: Recipe
    seed: int
    split: str | None
    copies: Sequence[int | None] = field(repr=False)
    originals: bool = True
    asked: Mapping[str, Any] = field(default_factory=dict)
    generators: Generators = Generators()
    composer: Composer = Composer()

    @property
    def plan(self) -> Plan:
        """The recipe for this source."""
        return Plan(self.recipe, self.source.info)

    @property
    def destination(self) -> Place:
        """Where the outputs go."""
        return self.writer.destination

    @cached_property
    def recipe_hash(self) -> str:
        """See `Recipe.hash`."""
        return self.recipe.hash()

    @property
    def shard_size(self) -> int:
        """Items in a shard; see `Writer.shard_size`."""
        return self.writer.shard_size

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
        """A short name of everything in `identity` but where source and models are mounted."""
        about = {name: value for name, value in self.identity().items() if name not in MOUNTED}
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]

    def identity(self) -> dict[str, Any]:
        """What must be equal for two runs to give the same bytes; plain data."""
        options: WriteOptions = self.writer.options
        packing = {"to": options.to, "per_file": options.per_file}
        return {
            "tenfold": tenfold.__version__,
            "source": str(self.source.root),
            "layout": self.source.layout,
            "items": len(self.source.items),
            **self.source.about,
            **self.asked,
            "listing": self._listing,
            "recipe": self.recipe_hash,
            **self.generators.identity(),
            "seed": self.seed,
            "split": self.split,
            "originals": self.originals,
            "template": options.template,
            "format": options.format,
            "quality": options.quality,
            **{name: value for name, value in packing.items() if value is not None},
            "max_pixels": self.source.max_pixels,
            "libraries": library_versions((*self.writer.libraries, *self.generators.libraries)),
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


def library_versions(more: Sequence[str] = ()) -> dict[str, str]:
    """Versions of the libraries that the bytes depend on, and of `more`."""
    found = {}
    for name in (*_LIBRARIES, *more):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed under this name"
    return found


def _size(path: Place) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None  # read as a sample it will say why


def check_targets(job: Job) -> None:
    """Raise `RequestError` if two outputs would have the same name, whatever the letters' case.

    In layouts that tell annotations by the image's stem, a copy's stem must be new too.
    """
    # There may be many millions: eight bytes of a name will do, and those on disk.
    with in_temporary_files():
        twice = _occurring_twice(hash(own) & _WORD for _, _, own in _own_names(job))
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


def _occurring_twice(numbers: Iterable[int]) -> set[int]:
    """Which of many 64-bit numbers there are more than once."""
    numbers = iter(numbers)
    twice: set[int] = set()
    with ExitStack() as stack:
        # Equal numbers lie in the same part; all numbers of a part begin with the same bits.
        parts = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(1 << _BITS)]
        starts = np.arange(1, len(parts), dtype=np.uint64) << np.uint64(64 - _BITS)
        while len(some := np.fromiter(islice(numbers, _AT_A_TIME), dtype=np.uint64)):
            some.sort()
            ends = np.searchsorted(some, starts).tolist()
            for part, start, end in zip(parts, [0, *ends], [*ends, len(some)], strict=True):
                part.write(some[start:end].tobytes())
        for first_bits, part in enumerate(parts):
            few = part.tell() <= 8 * _SORTED
            part.seek(0)
            if few:
                found, counts = np.unique(np.frombuffer(part.read(), np.uint64), return_counts=True)
                twice.update(found[counts > 1].tolist())
            else:
                rest = _occurring_twice(_without_first_bits(part))
                twice.update((first_bits << 64 - _BITS) | (number >> _BITS) for number in rest)
    return twice


def _without_first_bits(part: IO[bytes]) -> Iterator[int]:
    while block := part.read(8 * _AT_A_TIME):
        yield from (np.frombuffer(block, np.uint64) << np.uint64(_BITS)).tolist()


def _own_names(job: Job) -> Iterator[tuple[Item, int, str]]:
    """What each output that is a file must have for itself."""
    for item, copy, target in job.targets():
        if item.files or job.writer.named_rows:  # rows of an array are told by their numbers
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
) -> Sequence[int | None]:
    """How many copies each item gets; None for those outside the split.

    With `balance`, every class ends with as many samples as the largest one: its originals and
    `copies` a sample. An image with objects counts for its rarest class (the fewest images).
    """

    def taken(item: Item) -> bool:
        return split is None or item.split == split

    if not balance:
        return kept(copies if taken(item) else None for item in source.items)
    images = Counter(label for i in source.items if taken(i) for label in _labels(i))
    if not images:
        cure = "; name their column with --label-column" if source.layout == "csv" else ""
        raise RequestError(f"--balance needs class labels, and this dataset has none{cure}")

    def class_of(item: Item) -> Label | None:
        return min(_labels(item), key=lambda label: (images[label], str(label)), default=None)

    sizes = Counter(class_of(i) for i in source.items if taken(i) and _labels(i))
    goal = max(sizes.values()) * (copies + int(originals))

    def balanced() -> Iterator[int | None]:
        met: Counter[Label | None] = Counter()
        for item in source.items:
            label = class_of(item)
            if not taken(item):
                yield None
            elif label is None:
                yield copies
            else:
                wanted = goal - sizes[label] * int(originals)
                share, rest = divmod(wanted, sizes[label])
                yield share + int(met[label] < rest)
                met[label] += 1

    return kept(balanced())


def _labels(item: Item) -> set[Label]:
    if item.labels:
        return set(item.labels)
    return set() if item.label is None else {item.label}
