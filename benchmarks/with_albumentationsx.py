"""albumentationsx (AGPL): measured against, and used for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import albumentations as A  # noqa: N812

from benchmarks.inputs import Inputs
from benchmarks.rows import (
    MEAN,
    NORMALIZE,
    NORMALIZE_CHW,
    R1,
    R2,
    R3,
    R4,
    R4_BATCH,
    STD,
    contiguous,
    stacking,
)
from benchmarks.timing import Variant


def _of(*transforms: Any) -> Callable[[Any], Any]:
    composed = A.Compose(list(transforms), telemetry=False)
    return lambda image: composed(image=image)["image"]


def _brightness_contrast(brightness: float, contrast: float) -> Any:
    return A.RandomBrightnessContrast(
        brightness_range=(-brightness, brightness), contrast_range=(-contrast, contrast), p=1
    )


_GAMMA = A.RandomGamma(gamma_range=(80, 120), p=1)
_JITTER = A.ColorJitter((0.6, 1.4), (0.6, 1.4), (0.6, 1.4), (-0.1, 0.1), p=1)


def _noise(per_channel: bool) -> Any:
    return A.GaussNoise(std_range=(0.02, 0.06), per_channel=per_channel, p=1)


_TRANSFORMS = {
    "horizontal flip": A.HorizontalFlip(p=1),
    "vertical flip": A.VerticalFlip(p=1),
    "rotate 45": A.Rotate(angle_range=(-45, 45), p=1),
    "affine": A.Affine(
        rotate=(-45, 45), scale=(0.8, 1.2), shear=(-10, 10), translate_percent=(-0.1, 0.1), p=1
    ),
    "perspective": A.Perspective(scale=(0.05, 0.1), p=1),
    "random resized crop 224": A.RandomResizedCrop((224, 224), p=1),
    "elastic": A.ElasticTransform(displacement_range=(0.01, 0.02), p=1),
    "grid distortion": A.GridDistortion(p=1),
    "brightness": _brightness_contrast(0.2, 0),
    "contrast": _brightness_contrast(0, 0.2),
    "gamma": _GAMMA,
    "colour jitter": _JITTER,
    "hue and saturation": A.HueSaturationValue(p=1),
    "grayscale": A.ToGray(p=1),
    "invert": A.InvertImg(p=1),
    "solarize": A.Solarize(p=1),
    "posterize": A.Posterize(num_bits=(4, 4), p=1),
    "equalize": A.Equalize(p=1),
    "autocontrast": A.AutoContrast(p=1),
    "clahe": A.CLAHE(p=1),
    "gaussian blur": A.GaussianBlur(blur_range=(5, 5), sigma_range=(0.5, 2.0), p=1),
    "motion blur": A.MotionBlur(blur_range=(5, 5), p=1),
    "median blur": A.MedianBlur(blur_range=(5, 5), p=1),
    "sharpen": A.Sharpen(p=1),
    "gaussian noise": _noise(per_channel=True),
    "gaussian noise, shared": _noise(per_channel=False),
    "shot noise": A.ShotNoise(scale_range=(1 / 2000, 1 / 200), p=1),
    "multiplicative noise": A.MultiplicativeNoise(
        (0.9, 1.1), per_channel=True, elementwise=True, p=1
    ),
    "salt and pepper": A.SaltAndPepper(p=1),
    "coarse dropout": A.CoarseDropout(p=1),
    "grid dropout": A.GridDropout(p=1),
    "jpeg": A.ImageCompression(quality_range=(50, 90), p=1),
    "white balance": A.PlanckianJitter(p=1),
    NORMALIZE: A.Normalize(MEAN, STD),
}


def _imagenet() -> Callable[[Any], Any]:
    composed = _of(
        A.RandomResizedCrop((224, 224), p=1),
        A.HorizontalFlip(p=0.5),
        _JITTER,
        A.Normalize(MEAN, STD),
        A.ToTensorV2(),
    )
    return lambda image: composed(image).contiguous()


def _to_tensor() -> Callable[[Any], Any]:
    composed = _of(A.Normalize(MEAN, STD), A.ToTensorV2())
    return lambda image: composed(image).contiguous()


def variants(inputs: Inputs) -> dict[str, list[Variant]]:
    """Row's name to the ways of doing it."""
    document = _of(
        A.Affine(
            rotate=(-10, 10), scale=(0.9, 1.1), shear=(-5, 5), translate_percent=(-0.05, 0.05), p=1
        ),
        A.ElasticTransform(displacement_range=(0.01, 0.03), p=1),
        _noise(per_channel=True),
    )
    medical = _of(
        A.HorizontalFlip(p=1),
        A.VerticalFlip(p=1),
        A.Affine(
            rotate=(-180, 180), scale=(0.9, 1.1), shear=(-5, 5), translate_percent=(-0.05, 0.05),
            p=1,
        ),
        A.ElasticTransform(displacement_range=(0.01, 0.02), p=1),
        _brightness_contrast(0.2, 0.2),
        _GAMMA,
        A.GaussianBlur(blur_range=(5, 5), sigma_range=(0.5, 1.5), p=1),
        _noise(per_channel=True),
    )  # fmt: skip
    photometric = _of(
        _brightness_contrast(0.2, 0.2),  # one transform for both is its faster way
        _GAMMA,
        A.ColorJitter((1, 1), (1, 1), (0.7, 1.3), (-0.05, 0.05), p=1),
        A.PlanckianJitter(p=1),
        A.Posterize(num_bits=(4, 6), p=1),
    )
    photos = inputs.photos
    found = {
        name: [Variant(contiguous(_of(transform)), photos)]
        for name, transform in _TRANSFORMS.items()
    }
    found["autocontrast"].append(
        Variant(contiguous(_of(A.AutoContrast(method="pil", p=1))), photos)
    )
    return {
        **found,
        NORMALIZE_CHW: [Variant(_to_tensor(), photos)],
        R1: [Variant(_imagenet(), photos)],
        R2: [Variant(contiguous(medical), photos)],
        R3: [Variant(contiguous(photometric), photos)],
        R4: [Variant(contiguous(document), inputs.scans)],
        R4_BATCH: [stacking(document, inputs)],
    }
