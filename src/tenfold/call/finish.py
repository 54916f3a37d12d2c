"""The last pass: what a model takes, made of an image in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.call.targets import Picture
from tenfold.errors import RequestError, did_you_mean
from tenfold.native.library import ffi, lib
from tenfold.samples.sample import Array

Layout = Literal["same", "hwc", "chw"]
Place = Callable[[tuple[int, ...], np.dtype[Any]], Array]
"""Gives an array of a shape and dtype, contiguous, that a result is written to."""
Normalize = Literal["imagenet", "unit"] | tuple[Sequence[float] | float, Sequence[float] | float]

_NAMED = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "unit": (0.0, 1.0),
}
_FLOAT = np.dtype(np.float32)
_LAYOUTS = ("same", "hwc", "chw")
_KERNELS = {
    "u1": (lib.normalise_u8, "uint8_t[]"),
    "u2": (lib.normalise_u16, "uint16_t[]"),
    "f4": (lib.normalise_f32, "float[]"),
}


class Finish:
    """Normalising, the floating dtype and the order of the axes, in one pass.

    Args:
        normalize: (mean, std), numbers for all channels or one for each, of values 0 (black) to
            1 (white): out = (value - mean) / std as float32, as torchvision's ToTensor and
            Normalize give it. "imagenet" has ImageNet's; "unit" only scales to 0..1. None leaves
            values and dtype as they are.
        layout: "chw" or "hwc" for the image that comes back; "same" as it came.

    Raises:
        RequestError: not such a declaration.
    """

    def __init__(self, normalize: Normalize | None, layout: Layout) -> None:
        if layout not in _LAYOUTS:
            hint = did_you_mean(str(layout), _LAYOUTS)
            raise RequestError(f"layout must be one of {', '.join(_LAYOUTS)}, got {layout!r}{hint}")
        self.layout: Layout = layout
        self._declared = None if normalize is None else _declared(normalize)
        self._numbers = lru_cache(maxsize=256)(self._made)

    @property
    def normalises(self) -> bool:
        """Values change, and the result is float32."""
        return self._declared is not None

    @property
    def idle(self) -> bool:
        """Images come back as they are."""
        return self._declared is None and self.layout == "same"

    def array(
        self, image: Array, value_range: tuple[float, float], place: Place | None = None
    ) -> Array:
        """The result for an image (H, W, C) that came as such an array.

        Args:
            image: contiguous, nobody else's.
            value_range: its black and white.
            place: gives the array to write to; without it a new one comes back.
        """
        planar = self.layout == "chw"
        if self.normalises:
            out = None if place is None else place(self.shape(image, planar), _FLOAT)
            return self.normalised(image, value_range, planar, out)
        turned = image.transpose(2, 0, 1) if planar else image
        return np.ascontiguousarray(turned) if place is None else filled(place, turned)

    def give(self, image: Array, value_range: tuple[float, float], came: Picture) -> Any:
        """The result for an image (H, W, C), in the container in which it came.

        With a layout the axis for channels is there, also where it wasn't before. Normalised PIL
        images are arrays.
        """
        if self.idle:
            return came.restore(image)
        image = np.ascontiguousarray(image)
        planar = self.layout == "chw" or (self.layout == "same" and came.tensor is not None)
        if self.normalises:
            image = self.normalised(image, value_range, planar)
        elif planar:
            image = np.ascontiguousarray(image.transpose(2, 0, 1))
        if came.flat and self.layout == "same":
            image = image.reshape(image.shape[1:] if planar else image.shape[:2])
        return image if came.tensor is None else came.tensor(image)

    def shape(self, image: Array, planar: bool) -> tuple[int, ...]:
        """Of the result for an image (H, W, C)."""
        height, width, channels = image.shape
        return (channels, height, width) if planar else (height, width, channels)

    def normalised(
        self,
        image: Array,
        value_range: tuple[float, float],
        planar: bool,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """An image's values normalised.

        Args:
            image: (H, W, C) uint8, uint16 or float32, contiguous.
            value_range: its black and white.
            planar: give (C, H, W).
            out: where to, float32, contiguous.

        Raises:
            RequestError: mean or std are of another number of channels.
        """
        height, width, channels = image.shape
        scale, offset = self._numbers(value_range, channels)
        if out is None:
            out = np.empty(self.shape(image, planar), np.float32)
        kernel, pointer = _KERNELS[image.dtype.str[1:]]
        kernel(
            ffi.from_buffer(pointer, image), height * width, channels, scale, offset, planar,
            ffi.from_buffer("float[]", out),
        )  # fmt: skip
        return out

    def _made(self, value_range: tuple[float, float], channels: int) -> tuple[Any, Any]:
        assert self._declared is not None
        mean, std = self._declared
        for name, numbers in (("mean", mean), ("std", std)):
            if len(numbers) not in (1, channels):
                raise RequestError(
                    f"normalize: {name} has {len(numbers)} numbers, the image {channels} "
                    "channels; give one number, or one a channel"
                )
        low, high = value_range
        span = (high - low) or 1.0
        scale = np.broadcast_to(1 / (span * std), (channels,))
        offset = np.broadcast_to(-(low / span + mean) / std, (channels,))
        both = (np.array(numbers, dtype=np.float32) for numbers in (scale, offset))
        first, second = (ffi.from_buffer("float[]", numbers) for numbers in both)
        return first, second

    def __getstate__(self) -> dict[str, Any]:
        return {"layout": self.layout, "_declared": self._declared}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._numbers = lru_cache(maxsize=256)(self._made)


def filled(place: Place, image: Any) -> Array:
    """An image in any container, written to the array that `place` gives."""
    array = np.asarray(image)
    out = place(array.shape, array.dtype)
    out[...] = array
    return out


def _declared(normalize: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if isinstance(normalize, str):
        if normalize not in _NAMED:
            hint = did_you_mean(normalize, _NAMED)
            raise RequestError(
                f"normalize must be (mean, std), 'imagenet' or 'unit', got {normalize!r}{hint}"
            )
        normalize = _NAMED[normalize]
    try:
        mean, std = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in normalize)
    except (TypeError, ValueError):
        raise RequestError(
            f"normalize must be (mean, std), 'imagenet' or 'unit', got {normalize!r:.80}"
        ) from None
    if mean.ndim != 1 or std.ndim != 1 or not np.isfinite(mean).all():
        raise RequestError("normalize: mean and std are numbers, or lists of one a channel")
    if not (np.isfinite(std) & (std > 0)).all():
        raise RequestError(f"normalize: std must be above 0, got {std.tolist()}")
    return mean, std
