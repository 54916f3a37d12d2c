"""The handwritten digits that scikit-learn carries."""

from __future__ import annotations

import cv2
import numpy as np

from tenfold.datasets.catalogue import Dataset
from tenfold.errors import MissingExtraError, RequestError
from tenfold.learned.examples import Examples

_TEST_SHARE = 0.25
_SHARE = 0.75  # of the canvas's side that a digit's own frame takes
_ABOUT = (
    '"Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI, CC BY 4.0; '
    "the test set of it, by scikit-learn"
)


def load_digits(size: int = 32) -> Dataset:
    """The 1,797 handwritten digits of scikit-learn, in the parts "train" and "test".

    They are the test set of UCI's "Optical Recognition of Handwritten Digits" (E. Alpaydin and C.
    Kaynak, CC BY 4.0), 8x8 grey with 17 levels, enlarged with cubic interpolation so that small
    rotations show, three quarters of the side in the middle of the canvas so that strokes have
    room to move. The last quarter of the file is the test part, not a random one, since
    neighbours in the file tend to be by one writer.

    Args:
        size: side in pixels, 8 to 512.

    Raises:
        RequestError: another size.
        MissingExtraError: scikit-learn isn't installed.
    """
    if not 8 <= size <= 512:
        raise RequestError(f"size must be within 8..512 px, got {size}")
    try:
        from sklearn import datasets
    except ImportError:
        raise MissingExtraError("the embedded digits", "demo") from None
    digits = datasets.load_digits()
    scale = size * _SHARE / 8
    first = (size * (1 - _SHARE) + scale - 1) / 2  # where the centre of the first pixel goes
    place = np.array([[scale, 0, first], [0, scale, first]])
    drawn = np.empty((len(digits.images), size, size, 1), np.uint8)
    for index, image in enumerate(digits.images):
        grey = (image * (255 / 16)).astype(np.float32)
        grey = cv2.warpAffine(grey, place, (size, size), flags=cv2.INTER_CUBIC)
        drawn[index, ..., 0] = np.clip(np.rint(grey), 0, 255)
    labels = digits.target.astype(np.int64)
    ids = tuple(f"{label}/{index:04d}" for index, label in enumerate(labels.tolist()))
    values = drawn.astype(np.float32) / 255
    whole = Examples(values, labels, tuple(map(str, range(10))), ids)
    train = round(len(values) * (1 - _TEST_SHARE))
    rows = np.arange(len(values))
    parts = {"train": whole.take(rows[:train]), "test": whole.take(rows[train:])}
    return Dataset("digits", parts, _ABOUT)
