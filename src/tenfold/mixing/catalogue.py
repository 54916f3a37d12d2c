"""All mixers by name."""

from __future__ import annotations

from typing import Any

from tenfold.errors import RequestError, did_you_mean
from tenfold.mixing.averaging import BCPlus, Mixup, NoisyMixup
from tenfold.mixing.mixer import Mixer
from tenfold.mixing.mosaic import Mosaic
from tenfold.mixing.pasting import CutMix, RandomColumnInterval, RandomRowInterval, RandomSquare
from tenfold.mixing.resizing import ResizeMix
from tenfold.mixing.scattering import RandomColumns, RandomElements, RandomPixels, RandomRows
from tenfold.mixing.splitting import (
    HorizontalConcat,
    MixedConcat,
    Random2x2,
    VerticalConcat,
    VHBCPlus,
    VHMixup,
)
from tenfold.params import specs

_CLASSES: tuple[type[Mixer], ...] = (
    Mixup,
    BCPlus,
    NoisyMixup,
    VerticalConcat,
    HorizontalConcat,
    MixedConcat,
    Random2x2,
    VHMixup,
    VHBCPlus,
    CutMix,
    ResizeMix,
    RandomSquare,
    RandomRowInterval,
    RandomColumnInterval,
    RandomRows,
    RandomColumns,
    RandomPixels,
    RandomElements,
    Mosaic,
)

MIXERS: dict[str, type[Mixer]] = {cls.name: cls for cls in _CLASSES}
"""Every mixer class by its name."""


def mixer(name: str, **parameters: Any) -> Mixer:
    """The mixer of that name: `mixer("mixup", alpha=0.4)`.

    Raises:
        RequestError: an unknown name or parameter, with the nearest one; or a value that doesn't
            fit.
    """
    if name not in MIXERS:
        hint = did_you_mean(str(name), MIXERS) or f"; known: {', '.join(MIXERS)}"
        raise RequestError(f"unknown mixer '{name}'{hint}")
    known = specs(MIXERS[name])
    for parameter in parameters:
        if parameter not in known:
            hint = did_you_mean(parameter, known) or f"; known: {', '.join(known)}"
            raise RequestError(f"{name}: unknown parameter '{parameter}'{hint}")
    return MIXERS[name](**parameters)
