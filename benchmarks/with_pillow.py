"""Pillow, on `Image` objects that are ready before the clock starts."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from benchmarks.inputs import Inputs
from benchmarks.rows import R1, R3, normalised
from benchmarks.timing import Variant

_LINEAR = Image.Resampling.BILINEAR
_RANDOM = random.Random(0)
_BETWEEN = _RANDOM.uniform


def _affine(image: Any) -> Any:
    width, height = image.size
    angle, zoom = math.radians(_BETWEEN(-45, 45)), 1 / _BETWEEN(0.8, 1.2)
    lean = math.tan(math.radians(_BETWEEN(-10, 10)))
    cos, sin = math.cos(angle) * zoom, math.sin(angle) * zoom
    a, b, d, e = cos, -sin + lean * cos, sin, cos + lean * sin
    x, y = width / 2, height / 2
    c = x + _BETWEEN(-0.1, 0.1) * width - a * x - b * y
    f = y + _BETWEEN(-0.1, 0.1) * height - d * x - e * y
    return image.transform(image.size, Image.Transform.AFFINE, (a, b, c, d, e, f), _LINEAR)


def _perspective(image: Any) -> Any:
    width, height = image.size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + np.array([_BETWEEN(-0.1, 0.1) * width for _ in range(8)]).reshape(4, 2)
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32)).ravel().tolist()
    return image.transform(image.size, Image.Transform.PERSPECTIVE, matrix[:8], _LINEAR)


def _crop(image: Any) -> Any:
    width, height = image.size
    side = math.sqrt(_BETWEEN(0.08, 1) * width * height)
    stretch = math.exp(_BETWEEN(math.log(3 / 4), math.log(4 / 3)) / 2)
    w, h = min(width, round(side * stretch)), min(height, round(side / stretch))
    x, y = _RANDOM.randint(0, width - w), _RANDOM.randint(0, height - h)
    return image.resize((224, 224), _LINEAR, box=(x, y, x + w, y + h))


def _mesh(image: Any, cells: int = 5) -> Any:
    width, height = image.size
    knots = np.stack(
        np.meshgrid(np.linspace(0, width, cells + 1), np.linspace(0, height, cells + 1)), -1
    )
    knots += np.array([_BETWEEN(-0.1, 0.1) for _ in range(knots.size)]).reshape(knots.shape) * (
        width / cells
    )
    edges = np.linspace(0, width, cells + 1).astype(int).tolist()
    mesh = []
    for j in range(cells):
        for i in range(cells):
            corners = (knots[j, i], knots[j + 1, i], knots[j + 1, i + 1], knots[j, i + 1])
            box = (edges[i], edges[j], edges[i + 1], edges[j + 1])
            mesh.append((box, tuple(np.concatenate(corners).tolist())))
    return image.transform(image.size, Image.Transform.MESH, mesh, _LINEAR)


def _gamma(image: Any) -> Any:
    power = _BETWEEN(0.8, 1.2)
    return image.point([int(255 * (i / 255) ** power + 0.5) for i in range(256)] * 3)


def _hue(image: Any, share: float) -> Any:
    hue, saturation, value = image.convert("HSV").split()
    turn = int(_BETWEEN(-share, share) * 255)
    hue = hue.point([(i + turn) % 256 for i in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")


def _enhanced(kind: Any, low: float, high: float) -> Callable[[Any], Any]:
    return lambda image: kind(image).enhance(_BETWEEN(low, high))


def _then(*calls: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def all_of_them(image: Any) -> Any:
        for call in calls:
            image = call(image)
        return image

    return all_of_them


def _motion(image: Any) -> Any:
    kernel = np.zeros((5, 5), np.float32)
    cv2.line(kernel, (0, _RANDOM.randint(0, 4)), (4, _RANDOM.randint(0, 4)), 1.0)
    return image.filter(ImageFilter.Kernel((5, 5), (kernel / kernel.sum()).ravel().tolist()))


def _drop(image: Any) -> Any:
    image = image.copy()
    width, height = image.size
    for _ in range(_RANDOM.randint(1, 2)):
        w, h = int(_BETWEEN(0.1, 0.2) * width), int(_BETWEEN(0.1, 0.2) * height)
        x, y = _RANDOM.randint(0, width - w), _RANDOM.randint(0, height - h)
        ImageDraw.Draw(image).rectangle((x, y, x + w - 1, y + h - 1), (0, 0, 0))
    return image


def _jpeg(image: Any) -> Any:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_RANDOM.randint(50, 90))
    buffer.seek(0)
    again = Image.open(buffer)
    again.load()
    return again


def _white_balance(image: Any) -> Any:
    red, blue = _BETWEEN(0.8, 1.2), _BETWEEN(0.8, 1.2)
    return image.convert("RGB", (red, 0, 0, 0, 0, 1, 0, 0, 0, 0, blue, 0))


_JITTER = _then(
    _enhanced(ImageEnhance.Brightness, 0.6, 1.4),
    _enhanced(ImageEnhance.Contrast, 0.6, 1.4),
    _enhanced(ImageEnhance.Color, 0.6, 1.4),
    lambda image: _hue(image, 0.1),
)

_TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "horizontal flip": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "vertical flip": lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    "rotate 45": lambda image: image.rotate(_BETWEEN(-45, 45), _LINEAR),
    "affine": _affine,
    "perspective": _perspective,
    "random resized crop 224": _crop,
    "grid distortion": _mesh,
    "brightness": _enhanced(ImageEnhance.Brightness, 0.8, 1.2),
    "contrast": _enhanced(ImageEnhance.Contrast, 0.8, 1.2),
    "gamma": _gamma,
    "colour jitter": _JITTER,
    "hue and saturation": _then(
        _enhanced(ImageEnhance.Color, 0.7, 1.3), lambda image: _hue(image, 0.05)
    ),
    "grayscale": lambda image: image.convert("L").convert("RGB"),
    "invert": ImageOps.invert,
    "solarize": lambda image: ImageOps.solarize(image, 128),
    "posterize": lambda image: ImageOps.posterize(image, 4),
    "equalize": ImageOps.equalize,
    "autocontrast": ImageOps.autocontrast,
    "gaussian blur": lambda image: image.filter(ImageFilter.GaussianBlur(_BETWEEN(0.5, 2))),
    "motion blur": _motion,
    "median blur": lambda image: image.filter(ImageFilter.MedianFilter(5)),
    "sharpen": _enhanced(ImageEnhance.Sharpness, 1.2, 1.5),
    "coarse dropout": _drop,
    "jpeg": _jpeg,
    "white balance": _white_balance,
}


def _imagenet(image: Any) -> Any:
    image = _crop(image)
    if _RANDOM.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return normalised(np.asarray(_JITTER(image)))


_PHOTOMETRIC = _then(
    _enhanced(ImageEnhance.Brightness, 0.8, 1.2),
    _enhanced(ImageEnhance.Contrast, 0.8, 1.2),
    _gamma,
    _enhanced(ImageEnhance.Color, 0.7, 1.3),
    lambda image: _hue(image, 0.05),
    _white_balance,
    lambda image: ImageOps.posterize(image, _RANDOM.randint(4, 6)),
)


def variants(inputs: Inputs) -> dict[str, list[Variant]]:
    """Row's name to the ways of doing it."""
    photos = [Image.fromarray(photo) for photo in inputs.photos]
    calls = {**_TRANSFORMS, R1: _imagenet, R3: _PHOTOMETRIC}
    return {name: [Variant(call, photos)] for name, call in calls.items()}
