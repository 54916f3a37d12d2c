"""Measurements as a page for people: tables and what they say. No library is needed to write it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.timing import Rate, geometric_mean

OURS = "tenfold"
PEERS = ("albumentationsx", "kornia", "Pillow", "torchvision")
_LEVEL = 0.05  # ratios this near to 1 are no difference


@dataclass(frozen=True)
class Result:
    """A row's rates.

    Attributes:
        name: of the row.
        kind: `transform` or `recipe`.
        note: where the libraries mean different things.
        rates: library -> images a second; a library that can't do it is absent.
    """

    name: str
    kind: str
    note: str
    rates: Mapping[str, Rate]

    @property
    def fastest_peer(self) -> str:
        """The fastest library but tenfold."""
        return max((p for p in self.rates if p != OURS), key=lambda p: self.rates[p].median)

    @property
    def ratio(self) -> float:
        """tenfold's rate over the fastest peer's."""
        return self.rates[OURS].median / self.rates[self.fastest_peer].median


@dataclass(frozen=True)
class Conditions:
    """Where and how it was measured.

    Attributes:
        processor: its name.
        cache: of the third level, as a person writes it; "" if not known.
        versions: library -> version.
        missing: library -> why it was not measured.
        photos, side, scans: pictures used.
        rounds: turns of each library.
        seconds: of a turn, about.
        repeats: times that a row of too much spread was measured again, at most.
        wall: time by the clock on the wall over processor time.
    """

    processor: str
    cache: str
    versions: Mapping[str, str]
    missing: Mapping[str, str]
    photos: int
    side: int
    scans: int
    rounds: int
    seconds: float
    repeats: int
    wall: float


def page(results: Sequence[Result], conditions: Conditions) -> str:
    """The whole page, Markdown."""
    peers = [p for p in PEERS if any(p in r.rates for r in results)]
    recipes = [r for r in results if r.kind == "recipe"]
    transforms = [r for r in results if r.kind == "transform"]
    parts = [
        "# How fast tenfold is beside its peers",
        "Written by `make bench-peers`, which sets up an environment of its own (`.venv-bench`), "
        "measures and writes this page. Nothing here is edited by hand.",
        _reading(results),
    ]
    for title, chosen in (("Recipes", recipes), ("Single transforms", transforms)):
        if chosen:
            parts += [
                f"## {title}",
                "Images a second; the fastest in bold. *Ratio*: tenfold by the fastest peer.",
                table(chosen, peers),
            ]
    notes = [r for r in results if r.note]
    if notes:
        parts += [
            "## What the rows mean, and where the libraries mean different things",
            "\n".join(f"- **{r.name}**: {r.note}." for r in notes),
        ]
    parts += ["## How it was measured", method(conditions, results)]
    return "\n\n".join(parts) + "\n"


def table(results: Iterable[Result], peers: Sequence[str]) -> str:
    """A Markdown table, one row a result."""
    columns = [OURS, *peers]
    lines = [
        f"| | {' | '.join(columns)} | ratio |",
        f"| --- |{' ---: |' * (len(columns) + 1)}",
    ]
    for result in results:
        best = max(result.rates.values(), key=lambda rate: rate.median)
        cells = []
        for library in columns:
            rate = result.rates.get(library)
            text = "" if rate is None else number(rate.median)
            cells.append(f"**{text}**" if rate is best else text)
        lines.append(f"| {result.name} | {' | '.join(cells)} | {factor(result.ratio)} |")
    return "\n".join(lines)


def number(rate: float) -> str:
    """Three digits that count, with a comma for thousands."""
    if rate >= 100:
        digits = len(str(int(rate))) - 3
        return f"{round(rate, -digits):,.0f}"
    return f"{rate:.1f}" if rate >= 10 else f"{rate:.2f}"


def factor(ratio: float) -> str:
    """A ratio as a person reads it."""
    return f"{ratio:.1f}" if ratio >= 9.95 else f"{ratio:.2f}"


def _reading(results: Sequence[Result]) -> str:
    """What the numbers say, the unfavourable part included."""
    lines = ["## What it says", ""]
    for kind, words in (("recipe", "recipes"), ("transform", "single transforms")):
        chosen = [r for r in results if r.kind == kind]
        if not chosen:
            continue
        mean = geometric_mean([r.ratio for r in chosen])
        faster = [r for r in chosen if r.ratio > 1 + _LEVEL]
        slower = sorted((r for r in chosen if r.ratio < 1 - _LEVEL), key=lambda r: r.ratio)
        level = [r for r in chosen if r not in faster and r not in slower]
        lines.append(
            f"- Of {len(chosen)} {words} tenfold is the fastest in {len(faster)}, level (within "
            f"5 %) in {len(level)}, **slower than the fastest peer in {len(slower)}**. The "
            f"geometric mean of the ratios is **{factor(mean)}**."
        )
        if slower:
            lines.append(f"- Slower: {', '.join(map(_slower, slower))}.")
        if faster:
            top = sorted(faster, key=lambda r: -r.ratio)[:5]
            lines.append(
                "- Furthest ahead: "
                + ", ".join(f"{r.name} ({factor(r.ratio)} times {r.fastest_peer})" for r in top)
                + "."
            )
    lines += [
        "",
        "Two things beside the transforms themselves shape these numbers. tenfold fuses: however "
        "many geometric ops there are, the pixels are resampled once, and runs of curves become "
        "one table; so a recipe costs less than its parts. And a call costs some fixed time "
        "(drawing keyed numbers, checking the targets, keeping the history for a replay), which "
        "shows where a transform takes some ten microseconds only, and in small images (R4).",
    ]
    return "\n".join(lines)


def _slower(result: Result) -> str:
    return f"{result.name} ({factor(result.ratio)} of {result.fastest_peer})"


def method(conditions: Conditions, results: Sequence[Result]) -> str:
    """Versions, processor, and what was done so that the comparison is fair."""
    versions = ", ".join(f"{name} {version}" for name, version in conditions.versions.items())
    cache = f", {conditions.cache} of third-level cache" if conditions.cache else ""
    spreads = [(rate.spread, r.name, who) for r in results for who, rate in r.rates.items()]
    lines = [
        f"- {versions}.",
        f"- {conditions.processor}{cache}.",
        "- One process pinned to one core; every library on one thread (OpenCV, torch, OpenMP and "
        "the linear algebra libraries told so); peers' telemetry and update checks off.",
        f"- {conditions.photos} distinct made-up pictures of {conditions.side}x{conditions.side}x3 "
        f"uint8 ({conditions.photos * conditions.side**2 * 3 / 1e6:.0f} MB, more than the cache "
        f"holds); for R4 {conditions.scans} of 70x70x1.",
        f"- {conditions.rounds} rounds. In each, every library gets one turn of about "
        f"{conditions.seconds:g} s (at least one call), another one first each time, so that a "
        "slow spell hits all alike. The numbers are medians over the rounds.",
        "- Processor time of the process is counted, user's and system's, so that other programs "
        "matter less and no library gains by threads. By the clock on the wall it took "
        f"{conditions.wall:.2f} times as long.",
        "- Each call draws its parameters anew. Every result is made contiguous within the timed "
        "part.",
        "- Each library as it likes it best: Pillow gets its own images and torchvision uint8 "
        "tensors; kornia float tensors, prepared outside the timed part, alone and in batches of "
        "eight, the better of the two counting (for the recipes also the way from uint8 and "
        "back). tenfold and albumentationsx get NumPy arrays. tenfold is called as anyone would: "
        "`Pipeline([...])(image)`.",
        "- Empty cells: the library has no such transform. Ranges of parameters are as near to "
        "each other as the libraries allow.",
        "- A row in which any library's rounds spread by more than 25 % (the middle half, by the "
        f"median) is measured again, up to {conditions.repeats} times, and the calmest run counts.",
    ]
    if spreads:
        widest = max(spreads)
        lines[-1] += f" The widest left: {widest[0]:.0%} ({widest[1]}, {widest[2]})."
    lines += [f"- Not measured: {name} ({why})." for name, why in conditions.missing.items()]
    lines.append("- Not in the table: whole jobs on disk, which `tenfold bench` measures.")
    return "\n".join(lines)
