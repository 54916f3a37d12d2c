"""Sharpness: of equal images it is 1, blur lowers it as the Gaussian's transform says."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.learned.sharpness import sharpness

NOISE = np.random.default_rng(0).uniform(0, 1, (6, 64, 64, 2))


def test_equal_images_are_equally_sharp() -> None:
    same = sharpness(NOISE, NOISE[::-1])
    assert (same.fine, same.laplacian, same.unsure) == pytest.approx((1, 1, 1))


def test_blur_takes_the_fine_waves_away() -> None:
    blurred = np.stack(
        [cv2.GaussianBlur(i, (0, 0), 1, borderType=cv2.BORDER_REFLECT_101) for i in NOISE]
    )
    found = sharpness(blurred, NOISE)
    frequencies = np.fft.fftfreq(64) * 2
    radius = np.hypot(frequencies[:, None], frequencies[None])
    passed = np.exp(-((np.pi * radius) ** 2))  # power that a blur of 1 px lets through
    passed[0, 0] = 0
    flat = np.ones_like(passed)
    flat[0, 0] = 0
    share = passed[radius >= 0.5].sum() / passed.sum()
    assert found.fine == pytest.approx(share / (flat[radius >= 0.5].sum() / flat.sum()), rel=0.2)
    assert found.laplacian < 0.05
    assert found.unsure > 1.2


def test_one_wave_is_fine_or_not() -> None:
    x = np.arange(32)
    real = np.broadcast_to(NOISE[:1, :32, :32, :1], (1, 32, 32, 1))
    coarse, fine = (
        np.broadcast_to(0.5 + 0.5 * np.cos(2 * np.pi * cycles * x / 32)[None, :, None, None],
                        (1, 32, 32, 1))
        for cycles in (3, 14)
    )  # fmt: skip
    assert sharpness(coarse, real).fine == pytest.approx(0, abs=1e-9)
    assert sharpness(fine, real).fine > 1


def test_what_cannot_be_compared() -> None:
    with pytest.raises(RequestError, match="can't be compared"):
        sharpness(NOISE, NOISE[:, :32])
    with pytest.raises(RequestError, match="flat"):
        sharpness(NOISE, np.zeros_like(NOISE))
    with pytest.raises(RequestError, match="got shape"):
        sharpness(NOISE[0], NOISE[0])
