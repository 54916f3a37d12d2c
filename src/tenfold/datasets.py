"""Embedded datasets: real data that needs no network, written as folders to try things on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tenfold.errors import MissingExtraError, RequestError, did_you_mean
from tenfold.write.atomic import write_bytes

EMBEDDED = ("digits",)
_TEST_SHARE = 0.25
_SHARE = 0.75


def write_embedded(name: str, folder: Path, size: int = 32) -> int:
    """Write an embedded dataset as an image folder, `split/class/*.png`.

    `digits`: the 1,797 handwritten digits that scikit-learn carries (the test set of UCI's
    "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, CC BY 4.0), 8x8 grey
    with 17 levels, enlarged with cubic interpolation so that small rotations show, three quarters
    of the side in the middle of the canvas so that strokes have room to move. The last
    quarter of the file is the test part, not a random one, since neighbours in the file tend to
    be by one writer.

    Args:
        name: of `EMBEDDED`.
        folder: new or empty.
        size: side in pixels, 8 to 512.

    Returns:
        The number of images.

    Raises:
        RequestError: unknown name, a folder that isn't empty.
        MissingExtraError: scikit-learn isn't installed.
    """
    if name not in EMBEDDED:
        raise RequestError(
            f"no embedded dataset '{name}'{did_you_mean(name, EMBEDDED)}; "
            f"known: {', '.join(EMBEDDED)}"
        )
    if not 8 <= size <= 512:
        raise RequestError(f"size must be within 8..512 px, got {size}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RequestError(f"{folder} is not empty; give a new or an empty folder")
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtraError("the embedded digits", "demo") from None
    digits = load_digits()
    train = round(len(digits.images) * (1 - _TEST_SHARE))
    scale = size * _SHARE / 8
    first = (size * (1 - _SHARE) + scale - 1) / 2  # where the centre of the first pixel goes
    place = np.array([[scale, 0, first], [0, scale, first]])
    for index, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        grey = (image * (255 / 16)).astype(np.float32)
        grey = cv2.warpAffine(grey, place, (size, size), flags=cv2.INTER_CUBIC)
        encoded = cv2.imencode(".png", np.clip(np.rint(grey), 0, 255).astype(np.uint8))[1]
        split = "train" if index < train else "test"
        write_bytes(folder / split / str(label) / f"{index:04d}.png", encoded.tobytes())
    return len(digits.images)
