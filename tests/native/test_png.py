"""The PNG encoder: zlib, OpenCV and Pillow read it; NumPy says which filter a row should have."""

from __future__ import annotations

import io
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenfold.errors import SampleError
from tenfold.native.library import ffi, lib, load
from tenfold.samples.codec import png
from tenfold.samples.sample import Array

HERE = lib.tenfold_level()
LEVELS = [load(f"v{n}") for n in (2, 3, 4) if n <= HERE] or [load("any")]
LIMIT = 1 << 31
KINDS = ("noise", "flat", "sparse", "walk", "repeats", "skewed", "ramp")


def picture(kind: str, height: int, width: int, channels: int, dtype: Any, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    top, shape = np.iinfo(dtype).max, (height, width, channels)
    if kind == "noise":
        values = rng.integers(0, top, shape, endpoint=True)
    elif kind == "flat":
        values = np.full(shape, rng.integers(0, top))
    elif kind == "sparse":
        values = (rng.random(shape) < 0.05) * rng.integers(1, top, shape)
    elif kind == "walk":
        values = np.cumsum(rng.integers(-2, 3, shape), axis=1) % (top + 1)
    elif kind == "repeats":
        values = np.tile(rng.integers(0, top, (1, width // 7 + 1, channels)), (height, 8, 1))
    elif kind == "skewed":
        values = np.minimum(rng.geometric(0.3, shape), top)
    else:
        y, x = np.mgrid[:height, :width]
        values = np.repeat((3 * x + 5 * y)[..., None], channels, axis=2) % (top + 1)
    result: Array = np.ascontiguousarray(values[:, :width]).astype(dtype)
    return result


def stream(data: bytes) -> bytes:
    """The filtered rows; the file's checksums, zlib's and its size hold."""
    chunks = png.read_chunks(data, LIMIT)
    inflated = zlib.decompress(b"".join(chunks.pixels))
    assert len(inflated) == chunks.inflated()
    return inflated


def read_by_opencv(data: bytes, shape: tuple[int, ...]) -> Array:
    found: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if shape[2] == 2:
        found = found[..., [0, -1]]
    elif shape[2] > 2:
        found = found[..., [2, 1, 0, 3][: shape[2]]]
    result: Array = found.reshape(shape)
    return result


def check(image: Array) -> bytes:
    data = png.encode(image)
    stream(data)
    assert np.array_equal(read_by_opencv(data, image.shape), image)
    if image.dtype == np.uint8:
        with Image.open(io.BytesIO(data)) as theirs:
            assert np.array_equal(np.asarray(theirs).reshape(image.shape), image)
    return data


@given(
    kind=st.sampled_from(KINDS),
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    channels=st.integers(1, 4),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    seed=st.integers(0, 1 << 20),
)
@settings(max_examples=300, deadline=None)
def test_readers_get_every_pixel(
    kind: str, height: int, width: int, channels: int, dtype: Any, seed: int
) -> None:
    check(picture(kind, height, width, channels, dtype, seed))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "shape", [(300, 400, 3), (1, 40_000, 4), (40_000, 1, 1), (3, 70_000, 1), (257, 255, 2)]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_several_blocks_and_extreme_shapes(
    kind: str, shape: tuple[int, int, int], dtype: Any
) -> None:
    check(picture(kind, *shape, dtype))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_level_writes_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, kind: str, dtype: Any
) -> None:
    for shape in ((200, 333, 3), (70, 70, 1), (5, 3, 4)):
        image = picture(kind, *shape, dtype)
        files = set()
        for level in LEVELS:
            monkeypatch.setattr(png, "lib", level)
            files.add(png.encode(image))
        assert len(files) == 1


def residuals(rows: Array, step: int) -> Array:
    """(5, H, row): each filter's, from the specification's formulas."""
    x = rows.astype(int)
    left, up, corner = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    left[:, step:], up[1:], corner[1:, step:] = x[:, :-step], x[:-1], x[:-1, :-step]
    guess = left + up - corner
    far = [np.abs(guess - other) for other in (left, up, corner)]
    paeth = np.where(
        (far[0] <= far[1]) & (far[0] <= far[2]), left, np.where(far[1] <= far[2], up, corner)
    )
    both = (left + up) // 2
    return np.stack([x, x - left, x - up, x - both, x - paeth]).astype(np.uint8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_each_row_has_the_filter_of_smallest_residuals(
    kind: str, channels: int, dtype: Any
) -> None:
    image = picture(kind, 23, 61, channels, dtype)
    big_endian = image.astype(">u2") if dtype == np.uint16 else image
    rows = np.frombuffer(big_endian.tobytes(), np.uint8).reshape(23, -1)
    truth = residuals(rows, channels * image.itemsize)
    sums = np.abs(truth.view(np.int8).astype(int)).sum(axis=2)
    found = np.frombuffer(stream(png.encode(image)), np.uint8).reshape(23, -1)
    for y, (filter_, *row) in enumerate(found):
        assert sums[filter_, y] == sums[:, y].min()
        assert np.array_equal(row, truth[filter_, y])


def test_codes_are_cut_to_the_longest_that_is_allowed() -> None:
    """Weights as Fibonacci's numbers make Huffman's tree as deep as it gets."""
    weights = [1, 1]
    while len(weights) < 23:
        weights.append(weights[-1] + weights[-2])
    # around 0 on both sides, so that no filter makes them smaller
    symbols = [(k + 1) // 2 * (1 if k % 2 else -1) % 256 for k in range(23)]
    values = np.repeat(np.array(symbols[::-1], np.uint8), weights)
    image = np.random.default_rng(0).permutation(values)[None, :, None]
    data = check(image)
    counts = np.bincount(np.frombuffer(stream(data), np.uint8))
    share = counts[counts > 0] / counts.sum()
    entropy = -(share * np.log2(share)).sum() * counts.sum() / 8
    assert len(data) < 1.05 * entropy + 200


@pytest.mark.parametrize("length", [*range(1, 30), 115, 130, 131, 163, 194, 227, 255, 259])
def test_tiny_images_in_the_code_that_needs_no_table(length: int) -> None:
    image = np.full((1, length + 1, 1), 7, np.uint8)
    assert len(check(image)) < 90


@pytest.mark.parametrize("seed", range(16))
def test_stored_blocks_after_others_start_at_a_whole_byte(seed: int) -> None:
    skewed = picture("skewed", 65, 1000, 1, np.uint8, seed)
    check(np.vstack([skewed, picture("noise", 130, 1000, 1, np.uint8, seed), skewed]))


def test_noise_hardly_grows() -> None:
    for shape in ((1, 1, 1), (32, 32, 3), (300, 400, 3), (3, 70_000, 4)):
        image = picture("noise", *shape, np.uint16)
        assert len(png.encode(image)) <= image.nbytes * 1.0005 + shape[0] + 80


def test_matches_reach_back_32_kib_and_across_blocks() -> None:
    tile = picture("noise", 8, 1000, 3, np.uint8)  # 24 KB, again and again
    image = np.tile(tile, (20, 1, 1))
    assert len(check(image)) < tile.nbytes * 1.3
    far = picture("noise", 11, 1000, 3, np.uint8)  # 33 KB: out of reach
    assert len(check(np.tile(far, (10, 1, 1)))) > far.nbytes * 9.9


def drawing() -> Array:
    page = np.full((300, 400, 1), 255, np.uint8)
    for line in range(15, 300, 18):
        cv2.putText(page, "the quick brown fox 0123456789 jumps", (5, line), 0, 0.5, 0, 1, 16)
    return page


def photograph() -> Array:
    rng = np.random.default_rng(1)
    noise = cv2.GaussianBlur(rng.normal(0, 400, (300, 400, 3)), (0, 0), 6)
    image: Array = (120 + noise + rng.normal(0, 1.5, noise.shape)).clip(0, 255).astype(np.uint8)
    return image


def labels() -> Array:
    mask = np.zeros((300, 400, 1), np.uint8)
    for k in range(30):
        cv2.ellipse(mask, (13 * k, 97 * k % 300), (40, 20), 20 * k, 0, 360, k % 21, -1)
    return mask


@pytest.mark.parametrize("make", [drawing, photograph, labels])
def test_files_are_as_small_as_opencv_s(make: Any) -> None:
    image = make()
    theirs = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 3])[1]
    assert len(check(image)) < 1.05 * len(theirs)


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("width", [1, 7, 8, 61])
def test_values_smaller_than_a_byte(bits: int, width: int) -> None:
    image = picture("noise", 9, width, 1, np.uint8) >> (8 - bits)
    palette = bytes(range(3 << bits))
    data = png.encode(image, bits=bits, palette=palette, transparency=b"\x07")
    stream(data)
    found = png.decode(data, LIMIT, mask=True)
    assert np.array_equal(found.array, image)
    assert found.encoding == {
        "format": "png", "bits": bits, "palette": palette, "transparency": b"\x07"
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (7, 100), (3, 70_000), (700, 200)])
def test_nothing_is_written_beyond_the_stated_space(kind: str, shape: tuple[int, int]) -> None:
    image = picture(kind, *shape, 1, np.uint8)
    room, space = lib.png_bound(*shape), lib.png_work_size(shape[1])
    out, work = np.full(room + 5 + 64, 77, np.uint8), np.full(space + 64, 77, np.uint8)
    args = [ffi.from_buffer("uint8_t[]", a) for a in (image, out, work)]
    size = lib.png_encode(args[0], *shape, 1, 0, b"HEAD!", 5, args[1], args[2])
    assert out[:5].tobytes() == b"HEAD!"
    assert 5 < size <= room + 5
    assert (out[-64:] == 77).all()
    assert (work[-64:] == 77).all()


def test_rows_that_are_not_contiguous() -> None:
    image = picture("walk", 40, 50, 4, np.uint8)[::-2, ::3, :3]
    assert np.array_equal(read_by_opencv(png.encode(image), image.shape), image)


def test_a_file_that_could_pass_2_gib() -> None:
    huge = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (1 << 16, 1 << 15, 1), (0, 0, 0))
    with pytest.raises(SampleError, match="too many for png; use tiff"):
        png.encode(huge)
