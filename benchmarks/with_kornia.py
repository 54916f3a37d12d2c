"""kornia, on float tensors that are ready before the clock starts; alone and in batches of eight.

For the recipes it gets uint8 images and gives uint8 images back, as the others do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import kornia.augmentation as K  # noqa: N812
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.inputs import Image, Inputs
from benchmarks.rows import MEAN, NORMALIZE, NORMALIZE_CHW, R1, R2, R3, R4, R4_BATCH, STD
from benchmarks.timing import Variant

_BATCH = 8


def _then(*transforms: Any) -> Any:
    return torch.nn.Sequential(*transforms)


_TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "horizontal flip": K.RandomHorizontalFlip(p=1),
    "vertical flip": K.RandomVerticalFlip(p=1),
    "rotate 45": K.RandomRotation(45.0, p=1),
    "affine": K.RandomAffine(45.0, (0.1, 0.1), (0.8, 1.2), 10.0, p=1),
    "perspective": K.RandomPerspective(0.2, p=1),
    "random resized crop 224": K.RandomResizedCrop((224, 224), p=1),
    "elastic": K.RandomElasticTransform(p=1),
    "grid distortion": K.RandomThinPlateSpline(p=1),
    "brightness": K.RandomBrightness((0.8, 1.2), p=1),
    "contrast": K.RandomContrast((0.8, 1.2), p=1),
    "gamma": K.RandomGamma((0.8, 1.2), p=1),
    "colour jitter": K.ColorJitter(0.4, 0.4, 0.4, 0.1, p=1),
    "hue and saturation": _then(
        K.RandomHue((-0.05, 0.05), p=1), K.RandomSaturation((0.7, 1.3), p=1)
    ),
    "grayscale": K.RandomGrayscale(p=1),
    "invert": K.RandomInvert(p=1),
    "solarize": K.RandomSolarize(0.1, 0.0, p=1),
    "posterize": K.RandomPosterize((4.0, 4.0), p=1),
    "equalize": K.RandomEqualize(p=1),
    "autocontrast": K.RandomAutoContrast(p=1),
    "clahe": K.RandomClahe((1.0, 4.0), p=1),
    "gaussian blur": K.RandomGaussianBlur((5, 5), (0.5, 2.0), p=1),
    "motion blur": K.RandomMotionBlur(5, 45.0, 0.5, p=1),
    "median blur": K.RandomMedianBlur((5, 5), p=1),
    "sharpen": K.RandomSharpness(0.5, p=1),
    "gaussian noise": K.RandomGaussianNoise(0.0, 0.04, p=1),
    "salt and pepper": K.RandomSaltAndPepperNoise((0.01, 0.06), (0.4, 0.6), p=1),
    "coarse dropout": K.RandomErasing(p=1),
    "jpeg": K.RandomJPEG((50.0, 90.0), p=1),
    "white balance": K.RandomPlanckianJitter(p=1),
    NORMALIZE: K.Normalize(torch.tensor(MEAN), torch.tensor(STD)),
}


def _recipes() -> dict[str, Callable[[Any], Any]]:
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    tone = (
        K.RandomBrightness((0.8, 1.2), p=1),
        K.RandomContrast((0.8, 1.2), p=1),
        K.RandomGamma((0.8, 1.2), p=1),
    )
    document = _then(
        K.RandomAffine(10.0, (0.05, 0.05), (0.9, 1.1), 5.0, p=1),
        K.RandomElasticTransform((21, 21), (8.0, 8.0), p=1),
        K.RandomGaussianNoise(0.0, 0.04, p=1),
    )
    return {
        R1: _then(
            K.RandomResizedCrop((224, 224)),
            K.RandomHorizontalFlip(),
            K.ColorJitter(0.4, 0.4, 0.4, 0.1, p=1),
            K.Normalize(mean, std),
        ),
        R2: _then(
            K.RandomHorizontalFlip(p=1),
            K.RandomVerticalFlip(p=1),
            K.RandomAffine(180.0, (0.05, 0.05), (0.9, 1.1), 5.0, p=1),
            K.RandomElasticTransform(p=1),
            *tone,
            K.RandomGaussianBlur((5, 5), (0.5, 1.5), p=1),
            K.RandomGaussianNoise(0.0, 0.04, p=1),
        ),
        R3: _then(
            *tone,
            K.RandomSaturation((0.7, 1.3), p=1),
            K.RandomHue((-0.05, 0.05), p=1),
            K.RandomPlanckianJitter(p=1),
            K.RandomPosterize((4.0, 6.0), p=1),
        ),
        R4: document,
        R4_BATCH: document,
        NORMALIZE_CHW: _then(K.Normalize(mean, std)),
    }


def _tensor(images: Sequence[Image]) -> Any:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float().mul_(1 / 255)


def _bytes(tensor: Any) -> NDArray[np.uint8]:
    levels = tensor.clamp(0, 1).mul(255).add_(0.5).to(torch.uint8)
    array: NDArray[np.uint8] = levels.permute(0, 2, 3, 1).contiguous().numpy()
    return array


def _transform(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def quiet(tensor: Any) -> Any:
        with torch.inference_mode():
            return call(tensor).contiguous()

    return quiet


def _recipe(name: str, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def quiet(images: Sequence[Image]) -> Any:
        with torch.inference_mode():
            tensor = _tensor(images)  # R1 is faster with the channels last, the others without
            made = call(tensor if name == R1 else tensor.contiguous())
            return made.contiguous() if name in (R1, NORMALIZE_CHW) else _bytes(made)

    return quiet


def variants(inputs: Inputs) -> dict[str, list[Variant]]:
    """Row's name to the ways of doing it."""
    batches = [_tensor(batch).contiguous() for batch in _cut(inputs.photos[:64], _BATCH)]
    ones = [tensor[i : i + 1] for tensor in batches for i in range(len(tensor))]
    found = {
        name: [
            Variant(_transform(call), ones),
            Variant(_transform(call), batches, len(batches[0])),
        ]
        for name, call in _TRANSFORMS.items()
    }
    for name, call in _recipes().items():
        images = inputs.scans if name in (R4, R4_BATCH) else inputs.photos
        sizes = {R4: (1,), R4_BATCH: (32, 300)}.get(name, (1, _BATCH))
        found[name] = [
            Variant(_recipe(name, call), cut, len(cut[0]))
            for cut in (_cut(images, size) for size in sizes)
        ]
    return found


def _cut(images: Sequence[Image], size: int) -> list[Sequence[Image]]:
    """Batches of one size; smaller ones if there are fewer images."""
    size = min(size, len(images))
    return [images[i : i + size] for i in range(0, len(images) - size + 1, size)]
