"""Random values a pixel. Each is a pure function of the image, the numbers and the seed.

Each takes the colour channels (H, W, C), the numbers of its step, the seed and the value range,
and returns a new array of the same shape and dtype.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenfold.ops.steps import Noise
from tenfold.plan.kernels.light import image_to_light, light_to_image
from tenfold.plan.kernels.normal import normal_field
from tenfold.plan.kernels.values import ValueRange, by_band, clipped, store
from tenfold.rng import pixel_generator
from tenfold.samples.sample import Array

Parameters = tuple[float, ...]
_FEW = 8.0
"""Mean count above which the expansion of `_poisson` is used; there its distribution is within
0.0008 (total variation) of the exact one."""


def gaussian(image: Array, parameters: Parameters, seed: int, value_range: ValueRange) -> Array:
    """Add normal noise. Parameters: standard deviation (1 is white); 1 for one field for all."""
    std, shared = parameters
    spread = np.float32(std * (value_range[1] - value_range[0]))
    generator = pixel_generator(seed)

    def noisy(part: Array) -> Array:
        field = _field(generator, part, bool(shared))
        field *= spread
        return _added(part, field, value_range)

    return by_band(image, noisy)


def multiplicative(
    image: Array, parameters: Parameters, seed: int, value_range: ValueRange
) -> Array:
    """Multiply by 1 + normal noise. Parameters: standard deviation; 1 for one field for all."""
    std, shared = parameters
    low = np.float32(value_range[0])
    generator = pixel_generator(seed)

    def noisy(part: Array) -> Array:
        field = _field(generator, part, bool(shared))
        field *= np.float32(std)
        return _added(part, field * (part.astype(np.float32) - low), value_range)

    return by_band(image, noisy)


def shot(image: Array, parameters: Parameters, seed: int, value_range: ValueRange) -> Array:
    """Count photons: y = Poisson(N x) / N in linear light x, so that the variance is x / N.

    Parameters: N, photons at white; 1 if the values are linear light, 0 if they are sRGB.
    """
    photons, linear = parameters
    generator = pixel_generator(seed)

    def noisy(part: Array) -> Array:
        mean = image_to_light(part, value_range, bool(linear))
        mean *= np.float32(photons)
        counts = _poisson(generator, mean)
        counts *= np.float32(1 / photons)
        return light_to_image(counts, part.dtype, value_range, bool(linear))

    return by_band(image, noisy)


def sensor(image: Array, parameters: Parameters, seed: int, value_range: ValueRange) -> Array:
    """Add normal noise of variance a x + b in linear light (Foi et al., IEEE TIP 17, 2008).

    Parameters: a; b; 1 if the values are linear light, 0 if they are sRGB.
    """
    a, b, linear = parameters
    generator = pixel_generator(seed)

    def noisy(part: Array) -> Array:
        light = image_to_light(part, value_range, bool(linear))
        field = normal_field(generator, part.shape)
        spread = light * np.float32(a)
        spread += np.float32(b)
        np.sqrt(spread, out=spread)
        field *= spread
        field += light
        return light_to_image(field, part.dtype, value_range, bool(linear))

    return by_band(image, noisy)


def salt_and_pepper(
    image: Array, parameters: Parameters, seed: int, value_range: ValueRange
) -> Array:
    """Make pixels white or black.

    Parameters: fraction hit; share of white among them; 1 if all channels of a pixel are hit
    together, 0 if each on its own.
    """
    fraction, salt, shared = parameters
    height, width, channels = image.shape
    rows = (height, width, 1 if shared else channels)
    count = int(np.prod(rows))
    words = pixel_generator(seed).bit_generator.random_raw((count + 1) // 2)
    chance = words.view(np.uint32)[:count]
    white = round(fraction * salt * 2**32)
    hit = np.flatnonzero(chance < min(round(fraction * 2**32), 2**32 - 1))
    out = image.copy()
    flat = out.reshape(-1, channels if shared else 1)
    colour = np.where(chance[hit] < white, value_range[1], value_range[0]).astype(image.dtype)
    flat[hit] = colour[:, None]
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
    white = normal_field(pixel_generator(seed), (1 if shared else channels, height, width))
    field = np.empty((height, width, len(white)), np.float32)
    for channel, plane in enumerate(white):
        field[:, :, channel] = np.fft.irfft2(np.fft.rfft2(plane) * weight, s=(height, width))
    return _added(image, field, value_range)


def _field(generator: np.random.Generator, image: Array, shared: bool) -> NDArray[np.float32]:
    height, width, channels = image.shape
    return normal_field(generator, (height, width, 1 if shared else channels))


def _added(image: Array, field: NDArray[np.float32], value_range: ValueRange) -> Array:
    if field.shape == image.shape:
        field += image
        return store(field, image.dtype, value_range)
    return store(field + image, image.dtype, value_range)


def _poisson(generator: np.random.Generator, mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Poisson numbers of the given means, float32; `mean` is overwritten.

    Above `_FEW` the inverse distribution function by its normal expansion, rounded down (Giles,
    "Algorithm 955: approximation of the inverse Poisson cumulative distribution function", ACM
    TOMS 42, 2016); below, exact draws.
    """
    dark = np.flatnonzero(mean < _FEW)
    exact = generator.poisson(mean.reshape(-1)[dark])
    z = normal_field(generator, mean.shape)
    root = np.sqrt(np.maximum(mean, np.float32(_FEW)))
    square = z * z
    # mean + root z + (1/3 + z²/6) - (z/36 + z³/72) / root, gathered by powers of z
    mean += np.float32(1 / 3)
    mean += square * np.float32(1 / 6)
    square *= np.float32(1 / 72)
    square += np.float32(1 / 36)
    square /= root
    root -= square
    z *= root
    mean += z
    np.floor(mean, out=mean)
    np.maximum(mean, 0, out=mean)
    mean.reshape(-1)[dark] = exact
    return mean


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
