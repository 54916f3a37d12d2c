"""The filters of filtered back-projection, as taps in closed form.

All are the ramp |f| up to the highest frequency that the detector holds, times a window: 1,
sin(x)/x (Shepp and Logan), cos x, and 0.54 + 0.46 cos 2x (Hamming), 0.5 + 0.5 cos 2x (Hann), where
x runs from 0 to pi / 2. (Kak and Slaney, "Principles of Computerized Tomographic Imaging", 1988,
chapter 3; Shepp and Logan, "The Fourier reconstruction of a head section", IEEE TNS 21, 1974.)
The ramp's own taps make the windowed ones: a cosine of the frequency is a mean of two shifts. So
no Fourier transform is needed, and the same numbers come out on every machine.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import RequestError, did_you_mean
from tenfold.native.library import ffi, lib

FILTERS = ("ramp", "shepp-logan", "cosine", "hamming", "hann")


def check_filter(name: object) -> None:
    """Raise `RequestError` unless it is one of `FILTERS`."""
    if name not in FILTERS:
        cure = did_you_mean(str(name), FILTERS) or f"; there are {', '.join(FILTERS)}"
        raise RequestError(f"no filter '{name!s:.60}'{cure}")


def filter_taps(name: str, size: int) -> NDArray[np.float64]:
    """Taps -(size - 1) to size - 1 of a filter for elements one unit apart, (2 * size - 1,).

    Raises:
        RequestError: an unknown filter.
    """
    check_filter(name)
    n = np.arange(-(size - 1), size, dtype=float)
    if name == "shepp-logan":
        return -2 / (math.pi**2 * (4 * n * n - 1))
    if name == "cosine":
        return (_ramp_between(n - 0.5) + _ramp_between(n + 0.5)) / 2
    taps = _ramp(n)
    if name == "ramp":
        return taps
    own = 0.54 if name == "hamming" else 0.5
    return own * taps + (1 - own) / 2 * (_ramp(n - 1) + _ramp(n + 1))


def filtered(views: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Each row of (V, D) filtered, for elements one unit apart; beyond its ends a row is 0."""
    views = np.ascontiguousarray(views)
    taps = filter_taps(name, views.shape[1]).astype(np.float32)
    out = np.empty_like(views)
    pointer = ffi.from_buffer
    lib.filter_views(
        pointer("float[]", views), *views.shape, pointer("float[]", taps), pointer("float[]", out)
    )
    return out


def _ramp(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ramp's taps at whole numbers."""
    odd = np.mod(n, 2) == 1
    safe = np.where(odd, n, 1)
    taps = np.where(odd, -1 / (math.pi**2 * safe * safe), 0.0)
    return np.where(n == 0, 0.25, taps)


def _ramp_between(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same between them, at odd halves: sin(pi t) / (2 pi t) - 1 / (2 pi^2 t^2)."""
    sine = np.where(np.mod(t, 2) == 0.5, 1.0, -1.0)
    return sine / (2 * math.pi * t) - 1 / (2 * math.pi**2 * t * t)
