"""Images of every kind, made by Pillow, tifffile and OpenCV."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from PIL import Image

from tenfold.samples.sample import Array

LIMIT = 10_000_000


def noise(*shape: int, dtype: Any = np.uint8) -> Array:
    rng = np.random.default_rng(3)
    if dtype == np.float32:
        return rng.normal(size=shape).astype(np.float32)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(height: int = 40, width: int = 56) -> Array:
    y, x = np.mgrid[:height, :width]
    return np.stack([4 * x, 5 * y, 3 * (x + y) // 2], axis=-1).astype(np.uint8)


def pillow(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def put(tmp_path: Path, data: bytes, name: str = "x") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def tiff(array: Array, **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, array, **options)
    return out.getvalue()


WHOLE: dict[str, bytes] = {
    "jpg": pillow(Image.fromarray(smooth()), "JPEG"),
    "png": pillow(Image.fromarray(smooth()), "PNG"),
    "png16": cv2.imencode(".png", noise(40, 56, 3, dtype=np.uint16))[1].tobytes(),
    "webp": pillow(Image.fromarray(smooth()), "WEBP"),
    "bmp": pillow(Image.fromarray(smooth()), "BMP"),
    "tiff": tiff(smooth(), photometric="rgb", compression="zlib"),
    "tiff16": tiff(noise(40, 56, dtype=np.uint16)),
    "tiff-lzw": pillow(Image.fromarray(smooth()), "TIFF", compression="tiff_lzw"),
}
