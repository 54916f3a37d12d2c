"""Mixed-example augmentation: several pictures of a batch become one, and so do their labels.

    from tenfold.mixing import CutMix
    images, soft = CutMix().mix(images, labels, classes=10, seed=0, step=step)

Unlike an op, which may change what doesn't change the label, a mixer changes the label as well.
"""

from __future__ import annotations

from tenfold.mixing.averaging import BCPlus, Mixup, NoisyMixup
from tenfold.mixing.catalogue import MIXERS, mixer
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

__all__ = [
    "MIXERS",
    "BCPlus",
    "CutMix",
    "HorizontalConcat",
    "MixedConcat",
    "Mixer",
    "Mixup",
    "Mosaic",
    "NoisyMixup",
    "Random2x2",
    "RandomColumnInterval",
    "RandomColumns",
    "RandomElements",
    "RandomPixels",
    "RandomRowInterval",
    "RandomRows",
    "RandomSquare",
    "ResizeMix",
    "VHBCPlus",
    "VHMixup",
    "VerticalConcat",
    "mixer",
]
