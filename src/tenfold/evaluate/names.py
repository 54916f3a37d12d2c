"""Names as a person may safely read them: file names and labels can hold anything."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence


def readable(name: object) -> str:
    r"""`name` on one line, with everything unprintable escaped.

    Undecodable bytes of a file name (surrogate escapes) become `\xNN`, control characters
    `\n`, `\t`, `\x1b`, and invisible or direction-changing characters `\uNNNN`. Markup is left
    as it is: escaping it is the business of whoever writes markup.
    """
    return "".join(c if c.isprintable() else _escape(c) for c in str(name))


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # PEP 383: a byte that isn't in the file system's encoding
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, the middle left out where it is longer."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def heading(dataset: str, recipe: str) -> str:
    """`cells: natural`, the title of a page or sheet; a name that both share stands there once."""
    if dataset.strip().casefold() == recipe.strip().casefold():
        return dataset
    return ": ".join(name for name in (dataset, recipe) if name)


def by_split(splits: Iterable[str]) -> list[str]:
    """Names of splits in the order in which they are used: train, val, test, then the others."""
    usual = ("train", "val", "test")
    return sorted(splits, key=lambda s: (usual.index(s) if s in usual else len(usual), s))


def listing(names: Iterable[object], limit: int = 6) -> str:
    """`a, b, c and 12 more`."""
    shown = [readable(n) for n in names]
    if len(shown) <= limit:
        return ", ".join(shown)
    return f"{', '.join(shown[:limit])} and {len(shown) - limit} more"


def duration(seconds: float) -> str:
    """`3 h 04 min`, `2 min 05 s`, `12.3 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def shell(words: Sequence[str]) -> str:
    r"""A command line to paste into a shell; unprintable characters as in bash's `$'\n'`."""
    return " ".join(
        shlex.quote(word)
        if readable(word) == word
        else "$'" + readable(word.replace("\\", "\\\\").replace("'", "\\'")) + "'"
        for word in words
    )
