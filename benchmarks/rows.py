"""What is measured, in tenfold's words, and where the libraries mean different things by it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.inputs import Image, Inputs
from benchmarks.timing import Variant
from tenfold import Pipeline
from tenfold import ops as t
from tenfold.ops.op import Op

NORMALIZE, NORMALIZE_CHW = "normalize", "normalize to a CHW tensor"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Kind = Literal["transform", "recipe"]


@dataclass(frozen=True)
class Row:
    """One thing that libraries do.

    Attributes:
        name: the libraries' modules use it too.
        ops: tenfold's declaration.
        note: where the libraries mean different things; "" where they agree but for details.
        kind: of which table.
        last: settings of the pipeline's last pass (normalising, layout).
    """

    name: str
    ops: Sequence[Op]
    note: str = ""
    kind: Kind = "transform"
    last: Mapping[str, Any] = field(default_factory=dict)


def _factor(low: float, high: float) -> t.Exposure:
    """Values multiplied by a factor, as `ColorJitter` means brightness."""
    return t.Exposure(stops=(math.log2(low), math.log2(high)), linear=True)


def _affine(degrees: float, zoom: tuple[float, float], lean: float, shift: float) -> list[Op]:
    return [
        t.Rotation(degrees=degrees),
        t.Scaling(factor=zoom),
        t.Shear(x=lean),
        t.Translation(x=shift, y=shift),
    ]


_JITTER = [
    _factor(0.6, 1.4),
    t.Contrast(factor=(0.6, 1.4)),
    t.Saturation(factor=(0.6, 1.4)),
    t.Hue(degrees=36),
]
_CROP = t.Crop(area=(0.08, 1), height=224, width=224)

TRANSFORMS = (
    Row(
        "horizontal flip", [t.Reflection(probability=1)],
        "albumentationsx gives a view of the input with a negative stride, made contiguous here",
    ),
    Row("vertical flip", [t.Reflection(axes="vertical", probability=1)], "as horizontal flip"),
    Row("rotate 45", [t.Rotation(degrees=45)]),
    Row("affine", _affine(45, (0.8, 1.2), 10, 0.1)),
    Row(
        "perspective", [t.Perspective(strength=(0.1, 0.1))],
        "how far the corners move is drawn differently by each library",
    ),
    Row(
        "random resized crop 224", [_CROP],
        "tenfold and Pillow average where the crop shrinks by two or more, torchvision always; "
        "albumentationsx and kornia sample without averaging, which is cheaper and aliases",
    ),
    Row(
        "elastic", [t.Elastic(amplitude=(0.006, 0.012))],
        "tenfold and albumentationsx bend by a coarse grid of splines, kornia and torchvision by "
        "smoothed noise a pixel",
    ),
    Row(
        "grid distortion", [t.GridDistortion(amplitude=0.3)],
        "kornia by a thin-plate spline and Pillow by a mesh of quadrilaterals, their closest",
    ),
    Row("brightness", [t.Brightness(shift=0.2)], "added, but multiplied by Pillow, torchvision"),
    Row(
        "contrast", [t.Contrast(factor=(0.8, 1.2))],
        "about the image's mean by tenfold, Pillow and torchvision, which costs a look at the "
        "whole image; about a fixed value by albumentationsx and kornia",
    ),
    Row("gamma", [t.Gamma(gamma=(0.8, 1.2))]),
    Row("colour jitter", _JITTER),
    Row(
        "hue and saturation", [t.Hue(degrees=18), t.Saturation(factor=(0.7, 1.3))],
        "albumentationsx shifts the value of HSV too, in one pass and in whole HSV levels",
    ),
    Row("grayscale", [t.Grayscale(probability=1)]),
    Row("invert", [t.Invert(probability=1)]),
    Row("solarize", [t.Solarize(threshold=(0.5, 0.5), probability=1)]),
    Row("posterize", [t.Posterize(bits=(4, 4), probability=1)]),
    Row("equalize", [t.Equalize(probability=1)]),
    Row(
        "autocontrast", [t.Autocontrast(cutoff=(0, 0), probability=1)],
        "of albumentationsx's two methods the faster one counts",
    ),
    Row(
        "clahe", [t.Clahe(clip_limit=(1, 4), probability=1)],
        "of the luma, by albumentationsx of the lightness of Lab; by kornia of every channel",
    ),
    Row(
        "gaussian blur", [t.GaussianBlur(sigma=(0.5, 2))],
        "the others stop at 5x5 pixels whatever the sigma; tenfold's window grows with sigma, "
        "Pillow's is three box blurs",
    ),
    Row(
        "motion blur", [t.MotionBlur(length=(5, 5))],
        "5x5 pixels; tenfold's line is anti-aliased at any angle",
    ),
    Row("median blur", [t.MedianBlur(radius=(2, 2), probability=1)], "5x5 pixels"),
    Row(
        "sharpen", [t.Sharpness(factor=(1.2, 1.5))],
        "3x3 pixels, by albumentationsx another kernel of the same size",
    ),
    Row("gaussian noise", [t.GaussianNoise(std=(0.02, 0.06))]),
    Row(
        "gaussian noise, shared", [t.GaussianNoise(std=(0.02, 0.06), shared=True)],
        "the same noise in all channels, albumentationsx's default",
    ),
    Row("shot noise", [t.ShotNoise()], "200 to 2,000 photons at white for both"),
    Row(
        "multiplicative noise", [t.MultiplicativeNoise(std=(0.058, 0.058))],
        "normal by tenfold, uniform within 0.9 and 1.1 (the same deviation) by albumentationsx",
    ),
    Row("salt and pepper", [t.SaltAndPepper(fraction=(0.01, 0.06), salt=(0.4, 0.6))]),
    Row(
        "coarse dropout",
        [t.CoarseDropout(holes=(1, 2), size=(0.1, 0.2), fill="constant", probability=1)],
        "by kornia and torchvision one rectangle (random erasing)",
    ),
    Row("grid dropout", [t.GridDropout(ratio=(0.5, 0.5), fill="constant", probability=1)]),
    Row("jpeg", [t.Jpeg(quality=(50, 90))], "kornia simulates the codec"),
    Row(
        "white balance", [t.Temperature(kelvin=(3000, 15000))],
        "gains in linear light by tenfold, on the sRGB values by the others",
    ),
    Row(
        NORMALIZE, [], "to float32; kornia has its images as floats already",
        last={"normalize": (MEAN, STD)},
    ),
    Row(
        NORMALIZE_CHW, [], "from an image as it is decoded to a contiguous CHW tensor",
        last={"normalize": (MEAN, STD), "layout": "chw"},
    ),
)  # fmt: skip

_MEDICAL = [
    t.Reflection(probability=1),
    t.Reflection(axes="vertical", probability=1),
    *_affine(180, (0.9, 1.1), 5, 0.05),
    t.Elastic(amplitude=(0.006, 0.012)),
    t.Brightness(shift=0.2),
    t.Contrast(factor=(0.8, 1.2)),
    t.Gamma(gamma=(0.8, 1.2)),
    t.GaussianBlur(sigma=(0.5, 1.5)),
    t.GaussianNoise(std=(0.02, 0.06)),
]
_PHOTOMETRIC = [
    t.Brightness(shift=0.2),
    t.Contrast(factor=(0.8, 1.2)),
    t.Gamma(gamma=(0.8, 1.2)),
    t.Saturation(factor=(0.7, 1.3)),
    t.Hue(degrees=18),
    t.Temperature(kelvin=(3000, 15000)),
    t.Posterize(bits=(4, 6), probability=1),
]
_DOCUMENT = [
    *_affine(10, (0.9, 1.1), 5, 0.05),
    t.Elastic(amplitude=(0.006, 0.017)),
    t.GaussianNoise(std=(0.02, 0.06)),
]

R1, R2, R3, R4 = "R1 ImageNet", "R2 medical", "R3 photometric", "R4 document"
R4_BATCH = "R4 in batches of 300"
RECIPES = (
    Row(
        R1, [_CROP, t.Reflection(), *_JITTER],
        "RandomResizedCrop 224, flip, ColorJitter(.4, .4, .4, .1), normalised float32 CHW. Hue "
        "exactly in HSV by tenfold",
        "recipe", {"normalize": (MEAN, STD), "layout": "chw"},
    ),
    Row(
        R2, _MEDICAL,
        "both flips, affine (any angle, 0.9 to 1.1, shear 5, shift 5 %), elastic, brightness, "
        "contrast, gamma, Gaussian blur, Gaussian noise a channel, uint8 again",
        "recipe",
    ),
    Row(
        R3, _PHOTOMETRIC,
        "brightness, contrast, gamma, saturation, hue in HSV (in floating point, but by "
        "albumentationsx and Pillow in the levels of 8-bit HSV), white balance, posterize, uint8 "
        "again",
        "recipe",
    ),
    Row(
        R4, _DOCUMENT, "affine, elastic and Gaussian noise on 70x70 grey images, one by one",
        "recipe",
    ),
    Row(
        R4_BATCH, _DOCUMENT,
        "the same, a batch in and a batch out: `Pipeline.batch`, kornia as always; the others go "
        "through it one by one and stack the results",
        "recipe",
    ),
)  # fmt: skip

ROWS = (*TRANSFORMS, *RECIPES)


def tenfold_variants(row: Row, inputs: Inputs) -> list[Variant]:
    """tenfold as a person calls it: an image in, an image out, other numbers each time.

    Black beyond the edge, as the other libraries have it unless told otherwise.
    """
    pipeline = Pipeline(row.ops, seed=0, border="constant", **row.last)
    if row.name == R4:
        return [Variant(contiguous(pipeline), inputs.scans)]
    if row.name == R4_BATCH:
        batches = inputs.batches_of_scans
        return [Variant(pipeline.batch, batches, len(batches[0]))]
    return [Variant(contiguous(pipeline), inputs.photos)]


def contiguous(call: Callable[[Image], Image]) -> Callable[[Image], Image]:
    """The call, its result copied where it is only a view in another order."""
    return lambda image: np.ascontiguousarray(call(image))


def stacking(call: Callable[[Image], Image], inputs: Inputs) -> Variant:
    """A batch of scans one by one, and the results as one array."""
    batches = inputs.batches_of_scans
    return Variant(
        lambda batch: np.stack([call(image) for image in batch]), batches, len(batches[0])
    )


_SCALE = (1 / (255 * np.array(STD, np.float32)))[:, None, None]
_OFFSET = (np.array(MEAN, np.float32) / np.array(STD, np.float32))[:, None, None]


def normalised(image: Image) -> NDArray[np.float32]:
    """(H, W, 3) uint8 as (3, H, W) float32, less the mean of ImageNet and by its deviation."""
    planes = np.empty((3, *image.shape[:2]), np.float32)
    np.multiply(image.transpose(2, 0, 1), _SCALE, out=planes)
    planes -= _OFFSET
    return planes
