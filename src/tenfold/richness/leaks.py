"""Leakage: what is tested on and was trained on, exactly, nearly, turned, moved, or as a copy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, SampleError
from tenfold.evaluate.duplicates import close_between
from tenfold.evaluate.names import by_split
from tenfold.richness.lineage import Family, Lineage
from tenfold.richness.looks import Look, grey_of, likeness, turned
from tenfold.richness.moved import candidates, closely, likely
from tenfold.samples.source import Item, Quarantined, Source

Kind = Literal["exact", "lineage", "near", "moved"]
_BITS = 12
_EACH = 8
_PROBES = 500
LIKE = 0.95
"""Least likeness of near duplicates, see `likeness`."""
MOVED = 0.96
"""Least likeness of moved ones, see `tenfold.richness.moved.laid_on`."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A sample that was looked at.

    Attributes:
        part: the split, or the dataset, that it is in.
        source, item: where it can be read again.
        look: what it looks like.
        family: see `Lineage.of`.
    """

    part: str
    source: Source
    item: Item
    look: Look
    family: tuple[tuple[Family, ...], str] | None = None


@dataclass(frozen=True, eq=False)
class Leak:
    """A sample that is in two parts.

    Attributes:
        kind: "exact" (the same pixels), "lineage" (copies of one sample, by the manifest), "near"
            (looks the same) or "moved" (one is cut out of the other, or turned a little).
        first, second: the two; the second is in the later part.
        turn: how the second must be laid to look like the first, a place in `TURNS`.
        likeness: 1 for the same pixels; of near ones see there, of moved ones where they cover
            each other; of copies NaN.
    """

    kind: Kind
    first: Entry
    second: Entry
    turn: int = 0
    likeness: float = 1.0


Looking = Callable[[Sequence[Entry], Sequence[Entry], float], Iterator[Leak]]


@dataclass(slots=True)
class Leakage:
    """What was found.

    Attributes:
        parts: name -> samples, in the order in which they are used.
        leaks: one for each sample of a later part that an earlier part knows, the surest first.
        unreadable: what couldn't be looked at.
        small, plain: samples too small or too plain to look for near duplicates.
        lineage: whether there was a manifest.
        features: whether moved ones were looked for.
        usual: share of an earlier part's own samples that look like another of that part; NaN
            where no near or moved ones were found. Where pictures are alike by nature it is large.
    """

    parts: dict[str, int]
    leaks: list[Leak] = field(default_factory=list)
    unreadable: list[Quarantined] = field(default_factory=list)
    small: int = 0
    plain: int = 0
    lineage: bool = False
    features: bool = False
    usual: float = math.nan

    def of(self, kind: Kind) -> list[Leak]:
        """The leaks of one kind."""
        return [leak for leak in self.leaks if leak.kind == kind]


def check_leakage(
    sources: Sequence[Source], *, lineage: Lineage | None = None, like: float = LIKE,
    features: bool = False, progress: Callable[[int], None] = lambda _: None,
) -> Leakage:  # fmt: skip
    """Look for samples that are in two splits of a dataset, or in two datasets.

    Each sample is read once; some 1,200 bytes of it are kept. Pairs are found by their hashes
    (multi-index hashing), so tens of thousands of samples take no longer than reading them.

    Args:
        sources: one with splits, or two or more, each of which then counts as one part.
        lineage: manifests to know copies by.
        like: least likeness of near duplicates, 0.8 to 1. Turned and mirrored ones, of which
            there are eight times as many to choose from, must come twice as near to 1; moved ones
            to 0.96 at least.
        features: look for moved ones too, by features: some hundredths of a second a sample.
        progress: told of each sample read.

    Raises:
        RequestError: one source without splits, or `like` out of range.
    """
    if not 0.8 <= like <= 1:
        raise RequestError(f"the threshold must be within 0.8..1, got {like:g}")
    if not sources or (len(sources) == 1 and len(sources[0].splits()) < 2):
        where = sources[0].root if sources else "nothing"
        raise RequestError(
            f"{where} has no splits to compare; give a second dataset, or put the images into "
            "train/ and test/"
        )
    found = Leakage({}, lineage=bool(lineage), features=features)
    entries = list(_looked_at(sources, lineage or Lineage([]), found, progress))
    names = {entry.part for entry in entries}
    order = by_split(names) if len(sources) == 1 else _names(sources)
    parts = {name: [e for e in entries if e.part == name] for name in order}
    found.parts = {name: len(part) for name, part in parts.items()}
    known: dict[int, Leak] = {}
    for first, second in combinations(parts, 2):
        for leak in (*_exact(parts[first], parts[second]), *_kin(parts[first], parts[second])):
            known.setdefault(id(leak.second), leak)
        rest = [e for e in parts[second] if id(e) not in known]
        for leak in _near(parts[first], rest, like):
            known.setdefault(id(leak.second), leak)
        if features:
            rest = [e for e in rest if id(e) not in known]
            for leak in _moved(parts[first], rest, like):
                known.setdefault(id(leak.second), leak)
    rank = {"exact": 0, "lineage": 1, "near": 2, "moved": 3}
    for kind, look in {"near": _near, "moved": _moved}.items():
        some = next((leak for leak in known.values() if leak.kind == kind), None)
        if some is not None:
            usual = _usual(parts[some.first.part], look, like)
            found.usual = usual if math.isnan(found.usual) else max(usual, found.usual)
    found.leaks = sorted(known.values(), key=lambda k: (rank[k.kind], -k.likeness))
    return found


def _names(sources: Sequence[Source]) -> list[str]:
    short = [source.root.name for source in sources]
    return short if len(set(short)) == len(short) else [str(source.root) for source in sources]


def _looked_at(
    sources: Sequence[Source], lineage: Lineage, found: Leakage, progress: Callable[[int], None]
) -> Iterator[Entry]:
    names = _names(sources)
    for source, name in zip(sources, names, strict=True):
        for item in source.items:
            progress(1)
            try:
                look = Look.of(source.read(item))
                family = lineage.of(source, item)
            except (SampleError, OSError) as error:
                found.unreadable.append(Quarantined(item.id, str(error)))
                continue
            found.small += look.why == "small"
            found.plain += look.why == "plain"
            part = name if len(sources) > 1 else item.split or "no split"
            yield Entry(part, source, item, look, family)


def _exact(first: Sequence[Entry], second: Sequence[Entry]) -> Iterator[Leak]:
    as_it_is: dict[bytes, Entry] = {}
    laid: dict[bytes, Entry] = {}
    for entry in first:
        as_it_is.setdefault(entry.look.digest, entry)
        # A picture of one colour is the same as any other of it: that says nothing turned.
        if entry.look.orbit is not None and entry.look.why != "plain":
            laid.setdefault(entry.look.orbit, entry)
    for entry in second:
        if (twin := as_it_is.get(entry.look.digest)) is not None:
            yield Leak("exact", twin, entry)
        elif entry.look.orbit is not None and (twin := laid.get(entry.look.orbit)) is not None:
            yield Leak("exact", twin, entry, _turn_between(twin, entry))


def _turn_between(first: Entry, second: Entry) -> int:
    wanted, image = first.source.read(first.item).image, second.source.read(second.item).image
    same = (turn for turn in range(8) if np.array_equal(turned(image, turn), wanted))
    return next(same, 0)


def _kin(first: Sequence[Entry], second: Sequence[Entry]) -> Iterator[Leak]:
    families = {f: e for e in reversed(first) if e.family is not None for f in e.family[0]}
    for entry in second:
        known = (families.get(f) for f in (entry.family[0] if entry.family is not None else ()))
        if (twin := next(filter(None, known), None)) is not None:
            yield Leak("lineage", twin, entry, likeness=float("nan"))


def _near(first: Sequence[Entry], second: Sequence[Entry], like: float) -> Iterator[Leak]:
    """The likest of the first part for each entry of the second that looks like one of them.

    Quick for what is plainly the same (hashes within 3 bits), then thorough for the rest; of very
    many look-alikes (a film's frames) only the nearest by hash are compared.
    """
    theirs = [e for e in first if e.look.hashes is not None]
    ours = [e for e in second if e.look.hashes is not None]
    if not theirs or not ours:
        return
    hashes = np.array([e.look.hashes[0] for e in theirs if e.look.hashes is not None], np.uint64)
    details = np.stack([e.look.detail for e in theirs if e.look.detail is not None])
    for bits in (3, _BITS):
        best: dict[int, tuple[float, int, int]] = {}
        for turn in range(8):
            needed = like if turn == 0 else (1 + like) / 2
            own = np.array([e.look.hashes[turn] for e in ours if e.look.hashes is not None])
            laid = np.stack(
                [turned(e.look.detail, turn) for e in ours if e.look.detail is not None]
            )
            for asked, answered in close_between(own.astype(np.uint64), hashes, bits):
                i, j = _nearest_few(own, hashes, asked, answered)
                alike = likeness(laid[i], details[j])
                for k in np.flatnonzero(alike >= needed):
                    said = float(alike[k]), turn, int(j[k])
                    place = int(i[k])
                    if said[0] > best.get(place, (0.0, 0, 0))[0]:
                        best[place] = said
        for place, (alike_most, turn, twin) in best.items():
            yield Leak("near", theirs[twin], ours[place], turn, min(alike_most, 1.0))
        ours = [e for k, e in enumerate(ours) if k not in best]
        if not ours:
            return


def _moved(first: Sequence[Entry], second: Sequence[Entry], like: float) -> Iterator[Leak]:
    """The likest of the first part for each entry of the second that is it, moved a little."""
    theirs = [e for e in first if e.look.detail is not None]
    ours = [e for e in second if e.look.detail is not None]
    if not theirs or not ours:
        return
    before = np.stack([e.look.detail for e in theirs if e.look.detail is not None])
    after = np.stack([e.look.detail for e in ours if e.look.detail is not None])
    best: dict[int, tuple[float, int]] = {}
    for pair in candidates(before, after):
        start = likely(before[pair.first], after[pair.second], pair.start)
        if start is not None:
            alike = closely(_grey(theirs[pair.first]), _grey(ours[pair.second]), start)
            best[pair.second] = max(best.get(pair.second, (0.0, 0)), (alike, pair.first))
    for place, (alike, twin) in best.items():
        if alike >= max(like, MOVED):
            yield Leak("moved", theirs[twin], ours[place], likeness=min(alike, 1.0))


def _grey(entry: Entry) -> NDArray[np.float32]:
    return grey_of(entry.source.read(entry.item))


def _usual(part: Sequence[Entry], look: Looking, like: float) -> float:
    """Share of a part's own samples, of some 500, that look like another of that part."""
    step = max(2, len(part) // _PROBES)
    probes = part[::step]
    rest = [entry for k, entry in enumerate(part) if k % step]
    return sum(1 for _ in look(rest, probes, like)) / len(probes)


def _nearest_few(
    own: NDArray[Any], hashes: NDArray[np.uint64], asked: NDArray[np.int64],
    answered: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Of pairs that may come repeatedly: the nearest eight of each that is asked for."""
    bits = np.bitwise_count(own[asked].astype(np.uint64) ^ hashes[answered])
    order = np.lexsort((answered, bits, asked))
    asked, answered = asked[order], answered[order]
    starts = np.flatnonzero(np.r_[True, asked[1:] != asked[:-1]])
    rank = np.arange(len(asked)) - np.repeat(starts, np.diff(np.r_[starts, len(asked)]))
    return asked[rank < _EACH], answered[rank < _EACH]
