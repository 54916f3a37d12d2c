"""What was found in a dataset, for the terminal and for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tenfold.evaluate.duplicates import SMALLEST
from tenfold.evaluate.names import by_split, listing, readable, shorten
from tenfold.evaluate.tally import ClassCounts
from tenfold.samples.source import Quarantined

_LINES = 8
_CLASSES = 20


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Samples with the same picture.

    Attributes:
        kind: "exact" (same pixels) or "near" (look the same).
        items: ids of the samples, at least two.
        splits: the splits that they are in, sorted; "" for none.
        labels: their distinct labels (of the whole image, or of the objects), sorted.
    """

    kind: Literal["exact", "near"]
    items: tuple[str, ...]
    splits: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def crosses(self) -> bool:
        """The group is in more than one split: what is trained on is also tested on."""
        return len(self.splits) > 1

    @property
    def conflicts(self) -> bool:
        """Same pixels, different labels."""
        return self.kind == "exact" and len(self.labels) > 1

    def plain(self) -> dict[str, Any]:
        """In plain types."""
        return {
            "kind": self.kind,
            "items": list(self.items),
            "splits": list(self.splits),
            "labels": list(self.labels),
        }


@dataclass(slots=True)
class Inspection:
    """What `inspect_source` found.

    Attributes:
        root, layout: of the source.
        listed: samples that the layout lists.
        readable: samples that could be read.
        splits: readable samples a split ("" where there is none).
        classes: of the readable samples, by split.
        samples_with: readable samples a class, of images and objects alike.
        order: names of the classes in the layout's order.
        sizes: (width, height) -> samples.
        dtypes, channels, formats: -> samples; opacity counts as a channel.
        targets: "masks", "boxes", "oriented boxes", "polygons", "instance masks", "keypoints"
            -> samples that have some.
        mask_pixels: mask value -> pixels; at most 256 values.
        unreadable: what can't be used, and why.
        notes: what the layout leaves out though nothing is wrong with it (`DatasetInfo.notes`).
        duplicates: groups of the same picture, exact ones first.
        near_distance: hash bits up to which near duplicates were looked for.
        small, plain_pictures: samples too small or too plain to look for near duplicates.
    """

    root: str
    layout: str
    listed: int
    order: tuple[str, ...] = ()
    readable: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    classes: ClassCounts = field(default_factory=ClassCounts)
    samples_with: Counter[str] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    dtypes: Counter[str] = field(default_factory=Counter)
    channels: Counter[int] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)
    mask_pixels: Counter[int] = field(default_factory=Counter)
    unreadable: list[Quarantined] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    duplicates: list[DuplicateGroup] = field(default_factory=list)
    near_distance: int = 0
    small: int = 0
    plain_pictures: int = 0

    @property
    def leaks(self) -> list[DuplicateGroup]:
        """Duplicates that cross splits."""
        return [g for g in self.duplicates if g.crosses]

    @property
    def conflicts(self) -> list[DuplicateGroup]:
        """Same pixels under different labels."""
        return [g for g in self.duplicates if g.conflicts]

    @property
    def lonely(self) -> list[str]:
        """Classes that occur in one sample only."""
        return sorted(c for c, n in self.samples_with.items() if n == 1)

    @property
    def absent(self) -> list[str]:
        """Classes that the layout names and no readable sample has."""
        return [c for c in self.order if c not in self.samples_with] if self.samples_with else []

    def groups(self, kind: Literal["exact", "near"]) -> list[DuplicateGroup]:
        """The duplicates of one kind."""
        return [g for g in self.duplicates if g.kind == kind]

    def plain(self) -> dict[str, Any]:
        """Everything in plain types, for JSON."""
        return {
            "root": self.root,
            "layout": self.layout,
            "listed": self.listed,
            "readable": self.readable,
            "splits": dict(sorted(self.splits.items())),
            "classes": {"order": list(self.order), **self.classes.plain()},
            "samples_with_class": dict(sorted(self.samples_with.items())),
            "single_sample_classes": self.lonely,
            "absent_classes": self.absent,
            "sizes": [
                {"width": w, "height": h, "samples": n}
                for (w, h), n in sorted(self.sizes.items(), key=lambda s: (-s[1], s[0]))
            ],
            "dtypes": dict(sorted(self.dtypes.items())),
            "channels": {str(c): n for c, n in sorted(self.channels.items())},
            "formats": dict(sorted(self.formats.items())),
            "targets": dict(sorted(self.targets.items())),
            "mask_pixels": {str(v): n for v, n in sorted(self.mask_pixels.items())},
            "unreadable": [{"item": q.id, "reason": q.reason} for q in self.unreadable],
            "notes": list(self.notes),
            "duplicates": {
                "near_distance_bits": self.near_distance,
                "too_small_for_near": self.small,
                "too_plain_for_near": self.plain_pictures,
                "groups": [g.plain() for g in self.duplicates],
                "across_splits": len(self.leaks),
                "label_conflicts": len(self.conflicts),
            },
        }

    def text(self) -> str:
        """A summary for the terminal."""
        lines = [readable(self.root), ""]
        facts = [("layout", self.layout), ("samples", self._samples())]
        if any(self.splits):
            parts = (f"{readable(s or '(none)')} {self.splits[s]:,}" for s in by_split(self.splits))
            facts.append(("splits", ", ".join(parts)))
        facts += [
            ("sizes", self._sizes()),
            ("values", _shares(self.dtypes, self.readable)),
            ("channels", _shares(self.channels, self.readable)),
        ]
        if self.formats:
            facts.append(("formats", _shares(self.formats, self.readable)))
        if self.targets:
            facts.append(("targets", _shares(self.targets, self.readable)))
        if self.mask_pixels:
            facts.append(("mask values", self._mask_values()))
        width = max(len(name) for name, _ in facts) + 2
        lines += [f"  {name:<{width}}{value}" for name, value in facts]
        lines += self._class_lines()
        lines += self._findings()
        return "\n".join(lines)

    def _samples(self) -> str:
        bad = len(self.unreadable)
        return f"{self.readable:,}" + (f" ({bad:,} more can't be used, see below)" if bad else "")

    def _sizes(self) -> str:
        if not self.sizes:
            return "none"
        if len(self.sizes) <= 4:
            named = {f"{w}x{h}": n for (w, h), n in self.sizes.items()}
            return _shares(Counter(named), self.readable)
        widths, heights = ([s[i] for s in self.sizes] for i in (0, 1))
        (w, h), n = self.sizes.most_common(1)[0]
        return (
            f"{len(self.sizes)} different, {min(widths)} to {max(widths)} wide, "
            f"{min(heights)} to {max(heights)} high; most often {w}x{h} ({n:,})"
        )

    def _mask_values(self) -> str:
        total = sum(self.mask_pixels.values())
        shown = sorted(self.mask_pixels.items())[:_LINES]
        parts = [f"{v} ({_percent(n, total)})" for v, n in shown]
        more = len(self.mask_pixels) - len(shown)
        return ", ".join(parts) + (f" and {more} more" if more else "")

    def _class_lines(self) -> list[str]:
        lines = []
        for title, counts in (("images", self.classes.images), ("objects", self.classes.objects)):
            if not counts:
                continue
            splits = by_split(counts)
            total = sum(counts.values(), Counter[str]())
            names = [c for c in self.order if c in total]
            names += sorted(set(total) - set(names))
            heads = [readable(s) or title for s in splits]
            if len(splits) > 1:
                heads.append("all")
            rows = [
                [f"{counts[s][c]:,}" for s in splits]
                + ([f"{total[c]:,}"] if len(splits) > 1 else [])
                for c in names
            ]
            wide = max([len(shorten(readable(c), 40)) for c in names] + [len("class")])
            columns = [
                max([len(h), *(len(r[i]) for r in rows[:_CLASSES])]) for i, h in enumerate(heads)
            ]
            of = f"{len(names)} {'class' if len(names) == 1 else 'classes'} of {title}"
            if len(names) > _CLASSES:
                of += f", {min(total.values()):,} to {max(total.values()):,} each"
            lines += ["", f"  {of}"]
            lines.append("    " + _row("class", wide, heads, columns))
            for name, row in list(zip(names, rows, strict=True))[:_CLASSES]:
                lines.append("    " + _row(shorten(readable(name), 40), wide, row, columns))
            if len(names) > _CLASSES:
                lines.append(f"    and {len(names) - _CLASSES} more")
        return lines

    def _findings(self) -> list[str]:
        lines = [""]
        if self.unreadable:
            lines.append(f"  ! {len(self.unreadable):,} can't be used")
            lines += _some([f"{readable(q.id)}: {readable(q.reason)}" for q in self.unreadable])
        lines += [f"  ! {readable(note)}" for note in self.notes]
        if self.lonely:
            one = len(self.lonely) == 1
            lines.append(
                f"  ! {'a class has' if one else f'{len(self.lonely)} classes have'} "
                f"one sample only: {listing(self.lonely)}"
            )
        if self.absent:
            lines.append(f"  ! named but in no sample: {listing(self.absent)}")
        if self.conflicts:
            lines.append(f"  ! {_groups(len(self.conflicts))} of equal pixels, different labels")
            lines += _some([_told(g, labels=True) for g in self.conflicts])
        if self.leaks:
            lines.append(
                f"  ! {_groups(len(self.leaks))} of duplicates across splits (leakage): "
                "results on the later split will look too good"
            )
            lines += _some([_told(g, splits=True) for g in self.leaks])
        for kind, title in (("exact", "exact duplicates"), ("near", "near duplicates")):
            found = self.groups(kind)  # type: ignore[arg-type]
            samples = sum(len(g.items) for g in found)
            if found:
                lines.append(f"  {title}: {_groups(len(found))}, {samples:,} samples")
                lines += _some([_told(g) for g in found if not (g.crosses or g.conflicts)])
            elif kind == "exact" or self.small < self.readable:
                lines.append(f"  {title}: none")
        if self.small:
            lines.append(
                f"  {self.small:,} images are below {SMALLEST} pixels, where different pictures "
                "look alike: checked for exact duplicates only"
            )
        if self.plain_pictures:
            lines.append(
                f"  {self.plain_pictures:,} images are nearly uniform: checked for exact "
                "duplicates only"
            )
        return lines


def _told(group: DuplicateGroup, labels: bool = False, splits: bool = False) -> str:
    text = listing(group.items, 3)
    if labels:
        text += f"  (labels {', '.join(shorten(readable(x), 30) or 'none' for x in group.labels)})"
    if splits:
        text += f"  ({group.kind}; {', '.join(readable(s) or 'no split' for s in group.splits)})"
    return text


def _some(lines: Sequence[str]) -> list[str]:
    shown = [f"      {line}" for line in lines[:_LINES]]
    return shown + ([f"      and {len(lines) - _LINES} more"] if len(lines) > _LINES else [])


def _groups(number: int) -> str:
    return "1 group" if number == 1 else f"{number:,} groups"


def _row(name: str, wide: int, cells: Sequence[str], columns: Sequence[int]) -> str:
    numbers = "  ".join(f"{c:>{w}}" for c, w in zip(cells, columns, strict=True))
    return f"{name:<{wide}}  {numbers}"


def _percent(part: int, total: int) -> str:
    share = 100 * part / total
    return "<0.1%" if 0 < share < 0.1 else f"{share:.1f}%"


def _shares(counts: Counter[Any], total: int) -> str:
    """`uint8`, or `uint8 (90), uint16 (10)` where not all samples have the first."""
    named = sorted(counts.items(), key=lambda c: (-c[1], str(c[0])))
    if not named:
        return "none"
    if len(named) == 1 and named[0][1] == total:
        return readable(named[0][0])
    return ", ".join(f"{readable(name)} ({number:,})" for name, number in named)
