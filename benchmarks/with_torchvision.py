"""torchvision's transforms of the second version, on uint8 (C, H, W) tensors.

Its compiled operators for boxes do not load beside a build of torch for CPUs, and then torchvision
as a whole refuses to be imported. No transform uses them, so there they are declared by name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.inputs import Image, Inputs
from benchmarks.rows import MEAN, NORMALIZE, NORMALIZE_CHW, R1, R2, R4, R4_BATCH, STD, stacking
from benchmarks.timing import Variant

try:
    import torchvision  # noqa: F401
except RuntimeError as error:
    if "torchvision::" not in str(error):
        raise
    for _name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[_name]
    DECLARED = torch.library.Library("torchvision", "DEF")  # kept: it ends with its object
    for _name in ("nms", "qnms"):
        DECLARED.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F  # noqa: N812

_LINEAR = v2.InterpolationMode.BILINEAR
_Call = Callable[[Any], Any]


def _gamma(tensor: Any) -> Any:
    return F.adjust_gamma(tensor, float(torch.empty(()).uniform_(0.8, 1.2)))


_FLOATS = v2.ToDtype(torch.float32, scale=True)
_NORMALIZE = v2.Normalize(MEAN, STD)


def _normalized(tensor: Any) -> Any:
    return _NORMALIZE(_FLOATS(tensor))


def _affine(degrees: float, shift: float, zoom: tuple[float, float], lean: float) -> Any:
    return v2.RandomAffine(degrees, (shift, shift), zoom, lean, interpolation=_LINEAR)


def _noise(tensor: Any) -> Any:
    """Of uint8 images torchvision makes the noise of whole levels, as it does by itself."""
    return F.gaussian_noise(tensor, 0.0, float(torch.empty(()).uniform_(0.02, 0.06)))


_TRANSFORMS: dict[str, _Call] = {
    "horizontal flip": v2.RandomHorizontalFlip(1),
    "vertical flip": v2.RandomVerticalFlip(1),
    "rotate 45": v2.RandomRotation(45, interpolation=_LINEAR),
    "affine": _affine(45, 0.1, (0.8, 1.2), 10),
    "perspective": v2.RandomPerspective(0.2, 1),
    "random resized crop 224": v2.RandomResizedCrop(224),
    "elastic": v2.ElasticTransform(),
    "brightness": v2.ColorJitter(brightness=0.2),
    "contrast": v2.ColorJitter(contrast=0.2),
    "gamma": _gamma,
    "colour jitter": v2.ColorJitter(0.4, 0.4, 0.4, 0.1),
    "hue and saturation": v2.ColorJitter(saturation=0.3, hue=0.05),
    "grayscale": v2.RandomGrayscale(1),
    "invert": v2.RandomInvert(1),
    "solarize": v2.RandomSolarize(128, 1),
    "posterize": v2.RandomPosterize(4, 1),
    "equalize": v2.RandomEqualize(1),
    "autocontrast": v2.RandomAutocontrast(1),
    "gaussian blur": v2.GaussianBlur(5, (0.5, 2.0)),
    "sharpen": v2.RandomAdjustSharpness(1.35, 1),
    "gaussian noise": _noise,
    "coarse dropout": v2.RandomErasing(1, (0.01, 0.04)),
    NORMALIZE: _normalized,
}

_MEDICAL = v2.Compose([
    v2.RandomHorizontalFlip(1),
    v2.RandomVerticalFlip(1),
    _affine(180, 0.05, (0.9, 1.1), 5),
    v2.ElasticTransform(),
    v2.ColorJitter(0.2, 0.2),
    _gamma,
    v2.GaussianBlur(5, (0.5, 1.5)),
    _noise,
])  # fmt: skip
_DOCUMENT = v2.Compose([_affine(10, 0.05, (0.9, 1.1), 5), v2.ElasticTransform(), _noise])
_IMAGENET = v2.Compose([
    v2.RandomResizedCrop(224),
    v2.RandomHorizontalFlip(),
    v2.ColorJitter(0.4, 0.4, 0.4, 0.1),
    v2.ToDtype(torch.float32, scale=True),
    v2.Normalize(MEAN, STD),
])  # fmt: skip


def _tensor(image: Image) -> Any:
    return torch.from_numpy(image).permute(2, 0, 1)


def _kept(call: _Call) -> _Call:
    def quiet(tensor: Any) -> Any:
        with torch.inference_mode():
            return call(tensor).contiguous()

    return quiet


def _there_and_back(call: _Call) -> _Call:
    def quiet(image: Image) -> Any:
        with torch.inference_mode():
            return call(_tensor(image)).permute(1, 2, 0).contiguous().numpy()

    return quiet


def _planes(image: Image) -> Any:
    with torch.inference_mode():
        return _IMAGENET(_tensor(image)).contiguous()


def variants(inputs: Inputs) -> dict[str, list[Variant]]:
    """Row's name to the ways of doing it; recipes take and give what the others do."""
    tensors = [_tensor(photo).contiguous() for photo in inputs.photos]
    document = _there_and_back(_DOCUMENT)
    return {
        **{name: [Variant(_kept(call), tensors)] for name, call in _TRANSFORMS.items()},
        NORMALIZE_CHW: [Variant(_kept(lambda image: _normalized(_tensor(image))), inputs.photos)],
        R1: [Variant(_planes, inputs.photos)],
        R2: [Variant(_there_and_back(_MEDICAL), inputs.photos)],
        R4: [Variant(document, inputs.scans)],
        R4_BATCH: [stacking(document, inputs)],
    }
