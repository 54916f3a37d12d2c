"""Dressed images against their style and their own edges, measured with other tools than ours."""

from __future__ import annotations

import hashlib
import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import wasserstein_distance

from tenfold.errors import ModelError, RequestError, SampleError
from tenfold.synth.dress import (
    Style,
    dress,
    dress_within,
    edge_displacement,
    in_style,
    read_images,
)
from tenfold.synth.synthesiser import Simulated

SIZE = 160


def cells(seed: int, size: int = SIZE) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Flat cells with dark membranes, and their labels."""
    random = np.random.default_rng(seed)
    seeds = random.uniform(0, size, (size * size // 900, 2))
    y, x = np.mgrid[:size, :size]
    spots = np.stack([y.ravel(), x.ravel()], axis=1) + 0.5
    near, which = cKDTree(seeds).query(spots, k=2)
    gap = (near[:, 1] - near[:, 0]).reshape(size, size) / 2
    image = 190 - 120 * np.exp(-((gap / 2) ** 2))
    return np.rint(image).astype(np.uint8), which[:, 0].reshape(size, size).astype(np.int32)


def real(seed: int, size: int = SIZE) -> NDArray[np.uint8]:
    """What passes for a real one: lower contrast, tones that drift, and grain."""
    random = np.random.default_rng(seed)
    clean = cells(seed + 1000, size)[0].astype(np.float32) * 0.6 + 30
    for sigma, strength in ((12, 8), (1.2, 14)):
        noise = cv2.GaussianBlur(random.standard_normal((size, size)), (0, 0), sigma)
        clean += (strength * noise / noise.std()).astype(np.float32)
    return np.asarray(np.clip(np.rint(clean), 0, 255), np.uint8)


def coloured(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pink where bright, violet where dark."""
    unit = grey[:, :, None] / 255.0
    rgb = unit * [250, 190, 215] + (1 - unit) * [90, 40, 130]
    return np.rint(rgb).astype(np.uint8)


@pytest.fixture(scope="module")
def grey_style() -> Style:
    return Style.of([real(0), real(1)])


@pytest.fixture(scope="module")
def rgb_style() -> Style:
    return Style.of([coloured(real(0)), coloured(real(1))])


def bands(image: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """The values of each band of a Laplacian pyramid, and those of the image."""
    found = [image.astype(np.float64)]
    left = found[0]
    for _ in range(3):
        small = cv2.pyrDown(left)
        found.append(left - cv2.pyrUp(small, dstsize=left.shape[1::-1]))
        left = small
    return found


def gap(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> list[float]:
    return [
        wasserstein_distance(a.ravel(), b.ravel())
        for a, b in zip(bands(one), bands(other), strict=True)
    ]


def test_bands_come_nearer_to_the_style(grey_style: Style) -> None:
    image, labels = cells(5)
    out = dress(image, grey_style, 1, keep=labels)
    before, after = gap(image, real(2)), gap(out, real(2))
    for was, now in zip(before, after, strict=True):
        assert now < was / 2.5
    assert after[0] < before[0] / 5
    assert grey_style.distance(out) < grey_style.distance(image) / 3


def test_colours_come_nearer_to_the_style(rgb_style: Style) -> None:
    image, labels = cells(5)
    plain = np.repeat(image[:, :, None], 3, axis=2)
    out = dress(plain, rgb_style, 1, keep=labels)
    wanted = coloured(real(2))
    for channel in range(3):
        before = gap(plain[..., channel], wanted[..., channel])
        after = gap(out[..., channel], wanted[..., channel])
        assert after[0] < before[0] / 3
        assert sum(after[1:]) < sum(before[1:]) / 3
    assert np.abs(out.mean(axis=(0, 1)) - wanted.mean(axis=(0, 1))).max() < 6


def test_straight_lines_stay_where_they_were_drawn(grey_style: Style) -> None:
    lines = np.arange(12, SIZE - 8, 16)
    away = np.abs(np.arange(SIZE)[:, None] - lines).min(axis=1)
    image = np.tile(190 - 120 * np.exp(-((away / 2.0) ** 2)), (SIZE, 1)).astype(np.uint8)
    keep = np.zeros(image.shape, bool)
    keep[:, lines] = True
    out = dress(image, grey_style, 3, keep=keep)
    found = []
    for line in lines:
        for top in range(0, SIZE, 20):  # darkest column near the line, in strips of 20 rows
            strip = out[top : top + 20, line - 6 : line + 7].mean(axis=0)
            found.append(abs(int(strip.argmin()) - 6))
    assert np.median(found) <= 1
    assert np.percentile(found, 90) <= 1


def test_edges_stay_by_our_own_measure(grey_style: Style) -> None:
    image, labels = cells(6)
    moved = edge_displacement(image, dress(image, grey_style, 2, keep=labels), labels)
    assert moved.places > 300
    assert moved.median <= 0.5
    assert moved.lost < 0.1


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_strength_0_is_the_image_itself(grey_style: Style, dtype: str) -> None:
    scale = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[dtype]
    image: NDArray[Any] = (cells(7)[0].astype(np.float64) * scale).astype(dtype)
    out = dress(image, grey_style, 1, strength=0)
    assert out.dtype == image.dtype
    np.testing.assert_array_equal(out, image)
    assert out is not image
    full = dress(image[:, :, None], grey_style, 1)
    assert full.dtype == image.dtype
    assert full.shape == (*image.shape, 1)


def test_more_strength_is_nearer_to_the_style(grey_style: Style) -> None:
    image, labels = cells(8)
    found = [
        grey_style.distance(dress(image, grey_style, 1, strength=s, keep=labels))
        for s in (0, 0.3, 0.6, 1)
    ]
    assert found == sorted(found, reverse=True)


def test_the_seed_decides_the_texture(grey_style: Style) -> None:
    image, labels = cells(9)
    one, same, other = (dress(image, grey_style, s, keep=labels) for s in (4, 4, 5))
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.5


def test_a_simpler_processor_makes_the_same_bytes(tmp_path: Path, rgb_style: Style) -> None:
    """NumPy without its vector instructions beyond the least, in a process of its own."""
    rgb_style.save(tmp_path / "style.npz")
    image = coloured(cells(9)[0])
    np.save(tmp_path / "image.npy", image)
    code = f"""
import hashlib, numpy as np
from tenfold.synth.dress import Style, dress
style = Style.load({str(tmp_path / "style.npz")!r})
image = np.load({str(tmp_path / "image.npy")!r})
again = Style.of(image)
print(hashlib.sha256(dress(image, style, 4).tobytes() + again.tables.tobytes()).hexdigest())
"""
    off = " ".join(f for f, on in _cpu_features().items() if on)
    env = {**os.environ, "NPY_DISABLE_CPU_FEATURES": off}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=env,
    )
    assert done.returncode == 0, done.stderr
    own = dress(image, rgb_style, 4).tobytes() + Style.of(image).tables.tobytes()
    assert done.stdout.strip() == hashlib.sha256(own).hexdigest()


def _cpu_features() -> dict[str, bool]:
    numpy_s = importlib.import_module("numpy._core._multiarray_umath")
    has = numpy_s.__cpu_features__
    return {name: has[name] for name in numpy_s.__cpu_dispatch__ if name in has}


def test_a_saved_style_dresses_alike(tmp_path: Path, grey_style: Style) -> None:
    path = tmp_path / "style.npz"
    grey_style.save(path)
    assert path.stat().st_size < 2_000_000
    image = cells(3)[0]
    np.testing.assert_array_equal(dress(image, Style.load(path), 2), dress(image, grey_style, 2))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"style\.npz"):
        Style.load(path)
    np.savez(path, format=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError, match=r"style\.npz"):
        Style.load(path)
    np.savez(path, format=np.array(1), taps=np.zeros(3))
    with pytest.raises(ModelError, match="version"):
        Style.load(path)
    with pytest.raises(ModelError, match="nowhere"):
        Style.load(tmp_path / "nowhere.npz")


def test_the_strength_is_lessened_until_labels_fit(grey_style: Style) -> None:
    image, labels = cells(4)
    full = dress_within(image, grey_style, 1, keep=labels)
    assert full.strength == 1
    np.testing.assert_array_equal(full.image, dress(image, grey_style, 1, keep=labels))
    limit = full.displacement.median * 0.9
    assert limit > 0
    less = dress_within(image, grey_style, 1, keep=labels, limit=limit)
    assert 0 < less.strength < 1
    assert less.displacement.median <= limit
    assert edge_displacement(image, less.image, labels) == less.displacement
    with pytest.raises(SampleError, match=r"even at strength 0\.2"):
        dress_within(image, grey_style, 1, keep=labels, limit=-1)


@pytest.mark.parametrize("shape", [(33, 47), (101, 64), (40, 200)])
def test_odd_sizes(grey_style: Style, shape: tuple[int, int]) -> None:
    image = cells(3)[0]
    image = cv2.resize(image, shape[::-1])
    assert dress(image, grey_style, 0).shape == shape


def test_folders_of_real_images(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no images in"):
        Style.of_folder(tmp_path)
    with pytest.raises(RequestError, match="can't be read"):
        Style.of_folder(tmp_path / "nowhere")
    for k in range(5):
        cv2.imwrite(str(tmp_path / f"{k}.png"), real(k, 64))
    (tmp_path / "notes.txt").write_text("not an image")
    assert len(read_images(tmp_path)) == 5
    np.testing.assert_array_equal(read_images(tmp_path, most=2)[1][:, :, 0], real(3, 64))
    assert Style.of_folder(tmp_path).channels == 1
    (tmp_path / "2.png").write_bytes(b"nothing of the kind")
    with pytest.raises(RequestError, match=r"2\.png can't be read"):
        Style.of_folder(tmp_path)


def test_unusable_images_are_refused(grey_style: Style) -> None:
    image = cells(3)[0]
    rgb = coloured(image)
    for images, words in (
        ([], "at least one image"),
        ([image, np.full((64, 64), 9, np.uint8)], "image 2 is constant"),
        ([image, rgb], "some images are grey and some RGB"),
        ([np.zeros((64, 64, 4), np.uint8)], r"\(H, W, 3\) RGB"),
        ([image.astype(np.float64)], "uint8, uint16 or float32"),
        ([np.full((64, 64), np.nan, np.float32)], "NaN"),
        ([image[:20]], "160 x 20 px; 32 x 32"),
    ):
        with pytest.raises(RequestError, match=words):
            Style.of(images)
    with pytest.raises(RequestError, match=r"RGB \(3 channels\) and the style grey"):
        dress(rgb, grey_style, 1)
    with pytest.raises(RequestError, match="strength"):
        dress(image, grey_style, 1, strength=1.5)
    with pytest.raises(RequestError, match="must agree"):
        dress(image, grey_style, 1, keep=np.zeros((3, 3), np.int32))


def test_a_constant_simulation_can_be_dressed(grey_style: Style) -> None:
    out = dress(np.full((64, 64), 128, np.uint8), grey_style, 1)
    assert 0.5 < out.std() / real(0).std() < 1.5


def test_real_slices_lend_their_looks(shared_data: Path) -> None:
    folder = shared_data / "em-membrane" / "image"
    slices = [image[:256, :256, 0] for image in read_images(folder, most=2)]
    style = Style.of(slices)
    image, labels = cells(1, 256)
    out = dress(image, style, 1, keep=labels)
    before, after = (
        np.mean([gap(picture, one) for one in slices], axis=0) for picture in (image, out)
    )
    assert (after < before / 1.5).all()
    assert style.distance(out) < style.distance(image) / 4
    moved = edge_displacement(image, out, labels)
    assert moved.median <= 0.3
    assert moved.lost < 0.05


def test_a_whole_individual_is_dressed(rgb_style: Style) -> None:
    """A grey picture in a coloured style; what must be ignored is no edge."""
    image, labels = cells(2)
    masks: dict[str, NDArray[Any]] = {"instance": labels, "ignore": (labels > 9).astype(np.uint8)}
    plain = Simulated(image[:, :, None], masks, told={"seed": 2})
    out = in_style(plain, rgb_style, 7)
    assert out.image.shape == (SIZE, SIZE, 3)
    assert out.masks is plain.masks
    assert out.told["seed"] == 2
    assert out.told["dressed"]["strength"] == 1
    assert out.told["dressed"]["edges_moved_px"] <= 0.5
    rgb = np.repeat(image[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(out.image, dress(rgb, rgb_style, 7, keep=labels))
