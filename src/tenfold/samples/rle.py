"""COCO's run-length encoded masks, both forms, checked.

The format (Lin et al., "Microsoft COCO", ECCV 2014; `maskApi.c` of its API): a mask is read in
column-major order as runs of zeros and ones in turn, zeros first. The uncompressed form lists
the run lengths; the compressed form is a string of 6-bit characters (offset 48) with 5 bits of
payload each, where from the third run on the difference to the run two before is stored.

Decoding is done here and not by pycocotools, which fills the rest of a mask with whatever is in
memory when the runs are shorter than the mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import SampleError


def decode(segmentation: Mapping[str, Any], height: int, width: int) -> NDArray[np.bool_]:
    """A COCO `segmentation` mapping as a mask.

    Args:
        segmentation: `size` [height, width] and `counts`, a list of runs or a string.
        height: of the image, pixels.
        width: likewise.

    Returns:
        (height, width) bool.

    Raises:
        SampleError: keys are missing, the size is another one, or the runs don't fill it.
    """
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if not isinstance(size, Sequence) or list(size) != [height, width]:
        raise SampleError(
            f"the RLE mask's size is {size!r}, the image's [{height}, {width}]; "
            "correct the annotation"
        )
    if isinstance(counts, (str, bytes)):
        runs = _runs(counts)
    elif isinstance(counts, Sequence):
        runs = [c for c in counts if isinstance(c, int) and not isinstance(c, bool)]
        if len(runs) != len(counts):
            raise SampleError("the RLE mask's counts are not all whole numbers")
    else:
        raise SampleError("the RLE mask has no counts (a list of runs or a string)")
    if any(run < 0 for run in runs) or sum(runs) != height * width:
        raise SampleError(
            f"the RLE mask's runs make {sum(runs)} pixels, the image has {height * width}; "
            "the annotation is damaged or of another image"
        )
    values = np.arange(len(runs)) % 2 == 1
    flat = np.repeat(values, np.array(runs, dtype=np.int64))
    return np.ascontiguousarray(flat.reshape(width, height).T)


def encode(mask: NDArray[np.bool_], compressed: bool = True) -> dict[str, Any]:
    """A mask as a COCO `segmentation` mapping that survives JSON.

    Args:
        mask: (H, W) bool.
        compressed: a string of counts; else a list of runs.
    """
    size = [int(mask.shape[0]), int(mask.shape[1])]
    if compressed:
        from pycocotools import mask as coco

        encoded = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
        return {"size": size, "counts": encoded["counts"].decode("ascii")}
    flat = mask.T.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    if flat[0]:
        runs.insert(0, 0)
    return {"size": size, "counts": runs}


def _runs(counts: str | bytes) -> list[int]:
    """Run lengths of the compressed form."""
    try:
        text = counts.encode("ascii") if isinstance(counts, str) else counts
    except UnicodeEncodeError:
        raise SampleError("the RLE mask's counts have characters outside ASCII") from None
    runs: list[int] = []
    value = shift = 0
    for character in text:
        digit = character - 48
        if not 0 <= digit < 64:
            raise SampleError(f"the RLE mask's counts have a strange character {chr(character)!r}")
        value |= (digit & 31) << shift
        shift += 5
        if digit & 32:
            continue
        if digit & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    if shift:
        raise SampleError("the RLE mask's counts end in the middle of a number")
    return runs
