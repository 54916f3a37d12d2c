"""Random values a pixel. Each is a pure function of the image, the numbers and the seed.

Each takes the colour channels (H, W, C), the numbers of its step, the seed and the value range,
and returns a new array of the same shape and dtype.

Randomness is by counter (`native/random.c`): what pixel i gets depends on the seed and on i, so
threads, bands and batches may go about it in any order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenfold.ops.steps import Noise
from tenfold.plan.kernels.native import bounds, kernels, pointer, raster
from tenfold.plan.kernels.normal import normal_field
from tenfold.plan.kernels.values import ValueRange, clipped, store
from tenfold.samples.sample import Array

Parameters = tuple[float, ...]
_NORMAL = kernels("normal_noise")
_SHOT = kernels("shot_noise")
_SENSOR = kernels("sensor_noise")
_SALT_AND_PEPPER = kernels("salt_and_pepper")
_MOST = 2**32 - 1  # greatest random word


def gaussian(image: Array, parameters: Parameters, seed: int, value_range: ValueRange) -> Array:
    """Add normal noise. Parameters: standard deviation (1 is white); 1 for one field for all."""
    std, shared = parameters
    return _normal(image, shared, seed, std * (value_range[1] - value_range[0]), 0.0, value_range)


def multiplicative(
    image: Array, parameters: Parameters, seed: int, value_range: ValueRange
) -> Array:
    """Multiply by 1 + normal noise. Parameters: standard deviation; 1 for one field for all."""
    std, shared = parameters
    return _normal(image, shared, seed, 0.0, std, value_range)


def _normal(
    image: Array, shared: float, seed: int, spread: float, slope: float, value_range: ValueRange
) -> Array:
    whole, out = raster(image)
    height, width, channels = whole.shape
    low, high = bounds(whole, value_range)
    _NORMAL[whole.dtype.char](
        pointer(whole), height * width, channels, bool(shared), seed, spread, slope, low, high,
        pointer(out),
    )  # fmt: skip
    return out


def shot(image: Array, parameters: Parameters, seed: int, value_range: ValueRange) -> Array:
    """Count photons: y = Poisson(N x) / N in linear light x, so that the variance is x / N.

    Means below 8 are counted exactly, others by an expansion whose distribution is within 0.0008
    (total variation) of the exact one. Light and values are within 2e-5 of the curve's (of white).

    Parameters: N, photons at white; 1 if the values are linear light, 0 if they are sRGB.
    """
    photons, linear = parameters
    whole, out = raster(image)
    low, high = bounds(whole, value_range)
    _SHOT[whole.dtype.char](
        pointer(whole), whole.size, seed, photons, bool(linear), low, high, pointer(out)
    )
    return out


def sensor(image: Array, parameters: Parameters, seed: int, value_range: ValueRange) -> Array:
    """Add normal noise of variance a x + b in linear light (Foi et al., IEEE TIP 17, 2008).

    Parameters: a; b; 1 if the values are linear light, 0 if they are sRGB.
    """
    a, b, linear = parameters
    whole, out = raster(image)
    low, high = bounds(whole, value_range)
    _SENSOR[whole.dtype.char](
        pointer(whole), whole.size, seed, a, b, bool(linear), low, high, pointer(out)
    )
    return out


def salt_and_pepper(
    image: Array, parameters: Parameters, seed: int, value_range: ValueRange
) -> Array:
    """Make pixels white or black.

    Parameters: fraction hit; share of white among them; 1 if all channels of a pixel are hit
    together, 0 if each on its own.
    """
    fraction, salt, shared = parameters
    whole, out = raster(image)
    height, width, channels = whole.shape
    low, high = bounds(whole, value_range)
    _SALT_AND_PEPPER[whole.dtype.char](
        pointer(whole), height * width, channels, bool(shared), seed,
        min(round(fraction * 2**32), _MOST), min(round(fraction * salt * 2**32), _MOST), low, high,
        pointer(out),
    )  # fmt: skip
    return out


def blue(image: Array, parameters: Parameters, seed: int, value_range: ValueRange) -> Array:
    """Add noise whose power spectral density grows in proportion to the frequency.

    White noise times sqrt(f) in the Fourier domain, nothing at f = 0, with f the radial frequency
    in cycles a pixel; scaled to the expected standard deviation. An image of one pixel has no
    frequency but 0 and stays as it is.

    Parameters: standard deviation (1 is white); 1 for one field for all channels.
    """
    std, shared = parameters
    height, width, channels = image.shape
    radial = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    if not radial.any():
        return image
    power = std * (value_range[1] - value_range[0]) / np.sqrt(radial.mean())
    weight = (np.sqrt(radial[:, : width // 2 + 1]) * power).astype(np.float32)
    white = normal_field(seed, (1 if shared else channels, height, width))
    field = np.empty((height, width, len(white)), np.float32)
    for channel, plane in enumerate(white):
        field[:, :, channel] = np.fft.irfft2(np.fft.rfft2(plane) * weight, s=(height, width))
    return store(field + image, image.dtype, value_range)


NOISES: dict[str, Callable[[Array, Parameters, int, ValueRange], Array]] = {
    "gaussian": gaussian,
    "multiplicative": multiplicative,
    "shot": shot,
    "sensor": sensor,
    "salt_and_pepper": salt_and_pepper,
    "blue": blue,
}
"""Every noise by the name that `Noise.function` gives."""


def apply_noise(image: Array, step: Noise, value_range: ValueRange) -> Array:
    """Apply a noise by name; see the module."""
    noisy = NOISES[step.function](image, step.parameters, step.seed, value_range)
    return noisy if noisy is image else clipped(noisy, value_range)
