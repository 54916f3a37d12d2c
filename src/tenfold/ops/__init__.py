"""Ops: one small class an invariance. They draw and lower; pixels are `tenfold.plan`'s.

    from tenfold.ops import Reflection, Rotation

The classes are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = [
    "Autocontrast",
    "BlueNoise",
    "Brightness",
    "ChannelDropout",
    "ChannelShuffle",
    "Clahe",
    "CoarseDropout",
    "Contrast",
    "Crop",
    "Defocus",
    "Downscale",
    "Elastic",
    "Equalize",
    "Erase",
    "Exposure",
    "Gamma",
    "GaussianBlur",
    "GaussianNoise",
    "Grayscale",
    "GridDistortion",
    "GridDropout",
    "Hue",
    "Invert",
    "Jpeg",
    "MedianBlur",
    "MotionBlur",
    "MultiplicativeNoise",
    "Op",
    "Perspective",
    "Posterize",
    "RandAugment",
    "Reflection",
    "Rotation",
    "SaltAndPepper",
    "Saturation",
    "Scaling",
    "SensorNoise",
    "Sharpness",
    "Shear",
    "ShotNoise",
    "Solarize",
    "Temperature",
    "Translation",
    "TrivialAugment",
]

if TYPE_CHECKING:
    from tenfold.ops.colour import (
        ChannelDropout,
        ChannelShuffle,
        Grayscale,
        Hue,
        Invert,
        Posterize,
        Saturation,
        Solarize,
        Temperature,
    )
    from tenfold.ops.contrast import Autocontrast, Clahe, Contrast, Equalize
    from tenfold.ops.deformation import Elastic, GridDistortion
    from tenfold.ops.geometry import (
        Crop,
        Perspective,
        Reflection,
        Rotation,
        Scaling,
        Shear,
        Translation,
    )
    from tenfold.ops.luminosity import Brightness, Exposure, Gamma
    from tenfold.ops.noise import (
        BlueNoise,
        GaussianNoise,
        MultiplicativeNoise,
        SaltAndPepper,
        SensorNoise,
        ShotNoise,
    )
    from tenfold.ops.occlusion import CoarseDropout, Erase, GridDropout
    from tenfold.ops.op import Op
    from tenfold.ops.policy import RandAugment, TrivialAugment
    from tenfold.ops.resolution import Downscale, Jpeg
    from tenfold.ops.sharpness import Defocus, GaussianBlur, MedianBlur, MotionBlur, Sharpness
else:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module 'tenfold.ops' has no attribute '{name}'")
        from tenfold.ops.catalogue import OPS
        from tenfold.ops.op import Op

        globals().update({cls.__name__: cls for cls in (Op, *OPS.values())})
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
