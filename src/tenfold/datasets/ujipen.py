"""UJIPEN: 97 characters by 60 writers, twice each, fetched once and kept."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tenfold.datasets.catalogue import Dataset
from tenfold.datasets.pen import Penned, draw_pen, read_pen
from tenfold.errors import MissingExtraError, PlaceError, RequestError, did_you_mean
from tenfold.learned.examples import Examples
from tenfold.rng import pixel_generator

URL = "https://archive.ics.uci.edu/static/public/177/uji+pen+characters+version+2.zip"
ARCHIVE_SHA256 = "0881b522911b99d9922820289441b50fd3d307f71cd7f9cc70e86872424a5f90"
TEXT_SHA256 = "cc56f72f8477e763dd06a44746ba05a679e9232468aac93b3a7aad46a0300d61"
SPLITS = ("poster", "official")

_MEMBER = "ujipenchars2.txt"
_ABOUT = (
    '"UJI Pen Characters (Version 2)", F. Prat, M. J. Castro, D. Llorens, A. Marzal and J. M. '
    "Vilar, UCI 177, CC BY 4.0"
)
_PER_MM = 5 / 70  # of the side: a side is 14 mm
_INK_MM = 0.5
_POSTER = {"train": 30, "validation": 3, "test": 24}  # writers, with two samples of a class each


def load_ujipen(
    split: str = "poster", size: int = 70, seed: int = 0, file: str | Path | None = None
) -> Dataset:
    """11,640 characters written on tablets: 97 classes, 60 writers, 2 samples each.

    Strokes are drawn at true scale, 14 mm a side, in ink half a millimetre wide, white on black,
    the middle of their bounding box in the middle; the few that are larger are made to fit. So c
    and C keep their sizes, but a comma and an apostrophe, which differ by their height on the
    line, look alike.

    A sample's id is `<folder>/<site>_W<writer>-<repetition>`; the folder is the character's code
    point, since file systems know neither "c" beside "C" nor "?".

    Args:
        split: "poster", 60, 6 and 48 samples a class for training, validation and test, by writer
            (30, 3 and 24 of the 60), as Jorge et al. (VISAPP 2018) count them; which writers they
            took isn't known. "official": the archive's 40 writers for training and 20 for test.
        size: side in pixels, 8 to 512.
        seed: of the choice of writers for "poster".
        file: the archive or the text in it, if they are here already; else it is fetched from UCI
            and kept in the user's cache.

    Raises:
        RequestError: an option that can't be used, a file that isn't UJIPEN.
        MissingExtraError: pooch, which fetches, isn't installed.
        PlaceError: it can't be fetched, or what came isn't what was expected.
    """
    if split not in SPLITS:
        raise RequestError(
            f"no split '{split}'{did_you_mean(split, SPLITS)}; known: {', '.join(SPLITS)}"
        )
    if not 8 <= size <= 512:
        raise RequestError(f"size must be within 8..512 px, got {size}")
    samples = read_pen(_text(_fetched() if file is None else Path(file), ours=file is None))
    classes = tuple(sorted({one.character for one in samples}))
    parts = _official(samples) if split == "official" else _poster(samples, seed)
    return Dataset(
        "ujipen",
        {part: _drawn(ones, classes, size) for part, ones in parts.items()},
        _ABOUT,
    )


def _fetched() -> Path:
    try:
        import pooch
    except ImportError:
        raise MissingExtraError("fetching UJIPEN", "datasets") from None
    try:
        return Path(
            pooch.retrieve(
                URL,
                known_hash=f"sha256:{ARCHIVE_SHA256}",
                fname="ujipen-2.zip",
                path=pooch.os_cache("tenfold"),
            )
        )
    except (OSError, ValueError) as error:
        raise PlaceError(
            f"UJIPEN can't be fetched from {URL}: {error}; fetch it in another way and give it "
            "as file"
        ) from error


def _text(path: Path, ours: bool) -> str:
    """The text of an archive, or of the file itself."""
    try:
        data = path.read_bytes()
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = archive.read(_MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise RequestError(f"{path} can't be read as UJIPEN: {error}") from None
    if ours and hashlib.sha256(data).hexdigest() != TEXT_SHA256:
        raise PlaceError(f"{path}: {_MEMBER} isn't the one expected; delete it and try again")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("iso-8859-15")  # has the euro sign, and never fails


def _official(samples: Sequence[Penned]) -> dict[str, list[Penned]]:
    parts = {
        "train": [one for one in samples if one.part == "trn"],
        "test": [one for one in samples if one.part == "tst"],
    }
    return {part: ones for part, ones in parts.items() if ones}


def _poster(samples: Sequence[Penned], seed: int) -> dict[str, list[Penned]]:
    writers = sorted({one.writer for one in samples})
    needed = sum(_POSTER.values())
    if len(writers) < needed:
        raise RequestError(
            f"split 'poster' needs {needed} writers, the file has {len(writers)}; "
            "take split 'official'"
        )
    order = [writers[i] for i in pixel_generator(seed).permutation(len(writers))]
    parts, first = {}, 0
    for part, count in _POSTER.items():
        chosen = set(order[first : first + count])
        parts[part] = [one for one in samples if one.writer in chosen]
        first += count
    return parts


def _drawn(samples: Sequence[Penned], classes: tuple[str, ...], size: int) -> Examples:
    place = {character: number for number, character in enumerate(classes)}
    images = np.stack([draw_pen(one.strokes, size, size * _PER_MM, _INK_MM) for one in samples])
    return Examples(
        images[..., None].astype(np.float32) / 255,
        np.array([place[one.character] for one in samples]),
        classes,
        tuple(f"{_folder(one.character)}/{one.writer}-{one.repetition}" for one in samples),
    )


def _folder(character: str) -> str:
    """A name for a character's folder, the same on every file system."""
    named = f"_{character}" if character.isascii() and character.isalnum() else ""
    return f"u{ord(character):04x}{named}"
