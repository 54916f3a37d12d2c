"""The embedded digits."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tenfold.datasets import load, write_folder
from tenfold.errors import RequestError


@pytest.mark.parametrize("size", [8, 32, 33, 64])
def test_digits_stand_in_the_middle_with_room(tmp_path: Path, size: int) -> None:
    """Three quarters of the side, half a source pixel's blur around, the same ink on average."""
    load_digits = pytest.importorskip("sklearn.datasets").load_digits
    assert write_folder(load("digits", size=size), tmp_path / "d") == 1797
    files = sorted((tmp_path / "d").rglob("*.png"), key=lambda path: path.stem)
    assert len(files) == 1797
    assert len({p.parent.name for p in files}) == 10
    truth = load_digits()
    edge = max(1, size // 16)
    ink, centres = [], []
    for path, digit in list(zip(files, truth.images, strict=True))[:300]:
        drawn = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert drawn is not None
        assert drawn.shape == (size, size)
        if size >= 32:
            frame = np.concatenate([drawn[:edge], drawn[-edge:]])
            assert frame.max() < 10
            assert max(drawn[:, :edge].max(), drawn[:, -edge:].max()) < 10
        ink.append(drawn.mean() / (digit * 255 / 16).mean())
        centres.append(_centre(drawn) / size - 0.5 - 0.75 * (_centre(digit) / 8 - 0.5))
    assert np.mean(ink) == pytest.approx(0.75**2, rel=0.05)
    assert np.abs(np.mean(centres, axis=0)).max() < 0.01


def _centre(image: np.ndarray) -> np.ndarray:
    """(x, y) of the ink, in pixels; the first pixel's centre is 0.5."""
    ys, xs = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return np.asarray(np.array([(xs * image).sum(), (ys * image).sum()]) / image.sum())


def test_requests_that_cannot_be_met(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    (tmp_path / "full").write_text("mine")
    with pytest.raises(RequestError, match="did you mean 'digits'"):
        load("digit")
    with pytest.raises(RequestError, match=r"within 8\.\.512"):
        load("digits", size=7)
    with pytest.raises(RequestError, match="no option 'sise'; did you mean 'size'"):
        load("digits", sise=7)
    with pytest.raises(RequestError, match="not empty"):
        write_folder(load("digits", size=8), tmp_path)
