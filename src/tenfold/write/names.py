"""Names of outputs: a template for the stem, the parent's own spelling for the suffix."""

from __future__ import annotations

import hashlib
import os
import string
from pathlib import PurePosixPath

from tenfold.errors import RequestError, did_you_mean
from tenfold.samples.codec import SUFFIXES, format_named
from tenfold.write.writer import WriteOptions

FIELDS = ("stem", "copy", "ext")
_FORBIDDEN = frozenset('/\\:*?"<>|') | frozenset(map(chr, range(32)))
_LONGEST = 255
"""Bytes that a file's name may have on the usual file systems."""


def check_options(options: WriteOptions) -> None:
    """Refuse a template, format or quality that can't be used.

    Raises:
        RequestError: with the cure.
    """
    example = "'{stem}_aug_{copy:04d}'"
    try:
        parts = list(string.Formatter().parse(options.template))
        fields = {name for _, name, _, _ in parts if name is not None}
        unknown = sorted(fields - set(FIELDS))
        if unknown:
            hint = did_you_mean(unknown[0], FIELDS)
            raise RequestError(
                f"name template {options.template!r}: unknown field {{{unknown[0]}}}{hint}; "
                "it may use {stem}, {copy} and {ext}"
            )
        options.template.format(stem="x", copy=1, ext="png")
    except (ValueError, IndexError, KeyError) as error:
        if isinstance(error, RequestError):
            raise
        raise RequestError(
            f"name template {options.template!r}: {error}; write it like {example}"
        ) from None
    if "copy" not in fields:
        raise RequestError(
            f"name template {options.template!r} lacks {{copy}}, so that all copies would have "
            f"one name; write it like {example}"
        )
    bad = sorted({c for text, *_ in parts for c in text} & _FORBIDDEN)
    if bad:
        raise RequestError(
            f"name template {options.template!r}: {bad[0]!r} can't stand in a file's name"
        )
    if options.format is not None:
        format_named(options.format)
    if options.per_file is not None and options.per_file < 1:
        raise RequestError(f"per_file must be at least 1, got {options.per_file}; did you mean 1?")
    if not 1 <= options.quality <= 100:
        near = min(max(options.quality, 1), 100)
        raise RequestError(
            f"quality must be within 1..100, got {options.quality}; did you mean {near}?"
        )


def copy_stem(stem: str, ext: str, copy: int, options: WriteOptions) -> str:
    """Name of a copy without suffix."""
    return options.template.format(stem=stem, copy=copy, ext=ext)


def target_of(file: str, copy: int, options: WriteOptions) -> str:
    """Where a copy of an image file goes: beside its parent.

    The suffix stays as the parent spells it (`.JPG`, `.jpeg`) unless the format changes. A name
    too long for a file system has its parent's part cut short, with a hash of it in its place.

    Args:
        file: the parent, relative to the dataset, forward slashes.
        copy: 1, 2, ...; 0 is the parent itself.
        options: the template and the format.
    """
    if copy == 0:
        return file
    path = PurePosixPath(file)
    suffix = path.suffix
    if options.format is not None:
        known = SUFFIXES[format_named(options.format)]
        suffix = suffix if suffix.lower() in known else known[0]
    name = fitting(path.stem, path.suffix[1:], copy, options, suffix)
    folder = path.parent.as_posix()
    return name if folder == "." else f"{folder}/{name}"


def fitting(stem: str, ext: str, copy: int, options: WriteOptions, end: str) -> str:
    """A copy's file name that ends with `end` and isn't too long.

    Args:
        stem: of the parent.
        ext: of the parent, without dot.
        copy: 1, 2, ...
        options: the template.
        end: what comes after the templated part (suffix, `_mask.png`).
    """
    name = copy_stem(stem, ext, copy, options) + end
    raw = os.fsencode(stem)
    over = len(os.fsencode(name)) - _LONGEST
    if over <= 0:
        return name
    digest = hashlib.sha256(raw).hexdigest()[:12]
    short = os.fsdecode(raw[: max(len(raw) - over - 13, 0)])
    return copy_stem(f"{short}-{digest}", ext, copy, options) + end
