"""What a check for leakage found: for the terminal, as JSON, as a picture."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

from tenfold.evaluate.duplicates import SMALLEST
from tenfold.evaluate.names import readable, shorten
from tenfold.plan.kernels.values import to_unit
from tenfold.richness.leaks import Leak, Leakage
from tenfold.richness.looks import TURNS
from tenfold.richness.pairs import Pair, write_pairs
from tenfold.samples.sample import Array

_LINES = 20
_SHOWN = 40
_ALIKE = 0.02
_KINDS = {
    "exact": "the same pixels", "lineage": "copies of one sample", "near": "looks the same",
    "moved": "cut or tilted",
}  # fmt: skip


def leakage_text(found: Leakage) -> str:
    """A summary and the first twenty pairs."""
    parts = ", ".join(f"{readable(name)} {count:,}" for name, count in found.parts.items())
    lines = [f"{parts} samples", ""]
    if found.leaks:
        known = Counter(leak.second.part for leak in found.leaks)
        for name, count in known.items():
            share = count / found.parts[name]
            lines.append(
                f"LEAKAGE: {count:,} of {found.parts[name]:,} samples of {readable(name)} "
                f"({share:.1%}) are in an earlier part too"
            )
        sought = [kind for kind in _KINDS if kind != "moved" or found.features]
        kinds = [(_KINDS[kind], len(found.of(kind))) for kind in sought]  # type: ignore[arg-type]
        lines.append("  " + ", ".join(f"{said}: {count:,}" for said, count in kinds))
        lines += [f"    {_told(leak)}" for leak in found.leaks[:_LINES]]
        if len(found.leaks) > _LINES:
            lines.append(f"    and {len(found.leaks) - _LINES:,} more")
        if found.usual > _ALIKE:
            lines.append(
                f"  ! {found.usual:.0%} of an earlier part's own samples look like another one of "
                "it: pictures of this kind are alike, or were taken in series; look at the pairs, "
                "and raise --threshold where they are strangers"
            )
    else:
        lines.append("no leakage found")
    if not found.lineage:
        lines.append("  no manifest: copies are found by their looks alone")
    if not found.features:
        lines.append("  without --features: crops and small turns aren't looked for")
    if found.small:
        lines.append(
            f"  {found.small:,} images are below {SMALLEST} pixels, where different pictures look "
            "alike: checked for the same pixels (turned and mirrored too) only"
        )
    if found.plain:
        lines.append(f"  {found.plain:,} images are nearly uniform: checked for same pixels only")
    if found.unreadable:
        lines.append(f"  ! {len(found.unreadable):,} can't be read, such as:")
        bad = found.unreadable[0]
        lines.append(f"      {readable(bad.id)}: {readable(bad.reason)}")
    return "\n".join(lines)


def leakage_plain(found: Leakage) -> dict[str, Any]:
    """Everything in plain types, for JSON."""
    return {
        "parts": found.parts,
        "leaks": [
            {
                "kind": leak.kind,
                "first": {"part": leak.first.part, "item": leak.first.item.id},
                "second": {"part": leak.second.part, "item": leak.second.item.id},
                "turn": TURNS[leak.turn],
                "likeness": None if math.isnan(leak.likeness) else leak.likeness,
            }
            for leak in found.leaks
        ],
        "unreadable": [{"item": q.id, "reason": q.reason} for q in found.unreadable],
        "too_small_for_near": found.small,
        "too_plain_for_near": found.plain,
        "lineage_checked": found.lineage,
        "features_checked": found.features,
        "alike_within_a_part": None if math.isnan(found.usual) else found.usual,
    }


def write_leaks(path: Path, found: Leakage) -> None:
    """Draw the surest forty pairs; there must be one."""
    pairs = [
        Pair(
            _picture(leak, first=True), _picture(leak, first=False),
            (
                _KINDS[leak.kind] + _number(leak), *([TURNS[leak.turn]] if leak.turn else []),
                f"{leak.first.part}: {shorten(_name(leak.first.item.id), 26)}",
                f"{leak.second.part}: {shorten(_name(leak.second.item.id), 26)}",
            ),
        )
        for leak in found.leaks[:_SHOWN]
    ]  # fmt: skip
    one = len(found.leaks) == 1
    told = [f"{len(found.leaks):,} {'sample is' if one else 'samples are'} in two parts."]
    if len(found.leaks) > len(pairs):
        told.append(f"The surest {len(pairs)} are shown.")
    write_pairs(path, pairs, ("earlier part", "later part"), "Leakage", told)


def _told(leak: Leak) -> str:
    turn = f", {TURNS[leak.turn]}" if leak.turn else ""
    said = f"{_KINDS[leak.kind]}{_number(leak)}{turn}"
    return f"{readable(leak.second.item.id)}  {readable(leak.first.item.id)}  ({said})"


def _number(leak: Leak) -> str:
    return f" {leak.likeness:.3f}" if leak.kind in {"near", "moved"} else ""


def _name(item: str) -> str:
    return readable(item.rsplit("/", 1)[-1])


def _picture(leak: Leak, *, first: bool) -> Array:
    entry = leak.first if first else leak.second
    sample = entry.source.read(entry.item)
    return to_unit(sample.image, sample.value_range)
