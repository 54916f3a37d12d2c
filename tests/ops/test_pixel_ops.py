"""One contract for every op that does not move pixels."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np
import pytest

from tenfold.errors import RequestError
from tenfold.ops import colour, contrast, luminosity, noise, occlusion, resolution, sharpness
from tenfold.ops.op import Op
from tenfold.ops.steps import Drawn, Fill, Warp
from tenfold.params import Range, specs
from tenfold.plan.kernels.pointwise import apply_pixels, describe_passes
from tenfold.rng import Key, draws, pixel_generator
from tenfold.samples.sample import Array, Schema

MODULES = (luminosity, contrast, colour, sharpness, noise, resolution, occlusion)
CLASSES = [
    cls
    for module in MODULES
    for cls in vars(module).values()
    if inspect.isclass(cls)
    and issubclass(cls, Op)
    and not inspect.isabstract(cls)
    and cls.__module__ == module.__name__
]
RGB_ONLY = {"saturation", "hue", "temperature", "grayscale"}
RANGES = {"uint8": (0.0, 255.0), "uint16": (0.0, 65535.0), "float32": (-100.0, 300.0)}
LAYOUTS = [(1, False), (3, False), (4, True), (2, True), (5, False)]
SIZES = [(1, 1), (1, 7), (2, 3), (5, 4), (7, 6), (33, 21)]


def drawn(op: Op, copies: int = 4) -> list[Drawn]:
    keys = [Key(5, "sample", i) for i in range(copies)]
    return [d for d in op.draw(draws(keys, [op.name])[0]) if d is not None]


def picture(shape: tuple[int, ...], dtype: str) -> Array:
    values = np.random.default_rng(7).random(shape)
    if dtype == "float32":
        low, high = RANGES[dtype]
        return (low + (high - low) * values).astype(np.float32)
    return np.rint(values * RANGES[dtype][1]).astype(dtype)


def schema_of(image: Array, alpha: bool) -> Schema:
    height, width, channels = image.shape
    return Schema(height, width, channels, dtype=image.dtype, alpha=alpha)


def certain(cls: type[Op], **settings: Any) -> Op:
    return cls(probability=1.0, **settings)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.name)
def test_declaration(cls: type[Op]) -> None:
    op = cls()
    assert cls.summary().endswith(".") or cls.summary().endswith(":")
    assert cls.family in {m.__name__.rsplit(".", 1)[1] for m in MODULES}
    assert not cls.moves
    assert not cls.main or cls.main in specs(cls)
    assert op.plain() == {}
    for one in drawn(certain(cls)):
        assert json.loads(json.dumps(one)) == one
        assert not any(isinstance(s, Warp) for s in op.steps(one, Schema(9, 9, 3)))


@pytest.mark.parametrize("dtype", RANGES)
@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.name)
def test_pixels(cls: type[Op], dtype: str) -> None:
    op = certain(cls)
    for channels, alpha in LAYOUTS:
        for height, width in SIZES:
            image = picture((height, width, channels), dtype)
            image.setflags(write=False)
            before = image.copy()
            schema = schema_of(image, alpha)
            if list(op.refusals(schema)):
                assert op.name in RGB_ONLY
                assert schema.colours == 5
                continue
            for one in drawn(op):
                steps = op.steps(one, schema)
                out = apply_pixels(image, steps, alpha, RANGES[dtype])  # type: ignore[arg-type]
                assert out.shape == image.shape
                assert out.dtype == image.dtype
                assert np.isfinite(out).all()
                assert out.min() >= RANGES[dtype][0]
                assert out.max() <= RANGES[dtype][1]
                assert np.array_equal(image, before)
                if alpha:
                    assert np.array_equal(out[:, :, -1], image[:, :, -1])
                again = apply_pixels(image, steps, alpha, RANGES[dtype])  # type: ignore[arg-type]
                assert np.array_equal(out, again)
                assert len(describe_passes(steps)) == len(steps)  # type: ignore[arg-type]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.name)
def test_layout_of_memory_does_not_matter(cls: type[Op]) -> None:
    op = certain(cls)
    whole = picture((24, 20, 6), "uint8")
    view = whole[::-2, ::2, 3:]
    assert not view.flags.c_contiguous
    for one in drawn(op, 2):
        steps = op.steps(one, schema_of(view, False))
        out = apply_pixels(view, steps, False, (0, 255))  # type: ignore[arg-type]
        copy = apply_pixels(view.copy(), steps, False, (0, 255))  # type: ignore[arg-type]
        assert np.array_equal(out, copy)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.name)
def test_something_changes_and_stays_recognisable(cls: type[Op]) -> None:
    """The defaults act, and the picture stays nearer to itself than a scrambled one would."""
    op = certain(cls)
    y, x = np.mgrid[0:64, 0:64] / 63.0
    image = np.stack([x, y, (x + y) / 2], axis=2)
    image[16:40, 20:50] = (0.8, 0.3, 0.2)
    image = np.rint(image * 255).astype(np.uint8)
    results = [
        apply_pixels(image, op.steps(one, schema_of(image, False)), False, (0, 255))  # type: ignore[arg-type]
        for one in drawn(op, 8)
    ]
    assert any(not np.array_equal(image, out) for out in results)
    if op.name in {"invert", "solarize", "channel_shuffle", "channel_dropout", "grayscale"}:
        return
    for out in results:
        assert np.corrcoef(image.ravel(), out.ravel())[0, 1] > 0.8


@pytest.mark.parametrize("dtype", RANGES)
@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.name)
def test_neutral_parameters_change_nothing(cls: type[Op], dtype: str) -> None:
    neutral = {
        name: Range(spec.neutral, spec.neutral)
        for name, spec in specs(cls).items()
        if spec.kind == "range" and spec.neutral is not None
    }
    if not neutral:
        return
    op = certain(cls, **neutral)
    image = picture((9, 11, 3), dtype)
    for one in drawn(op, 2):
        steps = op.steps(one, schema_of(image, False))
        assert steps == ()
        assert apply_pixels(image, steps, False, RANGES[dtype]) is image


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.name)
def test_constant_pictures_without_range(cls: type[Op]) -> None:
    """Black and white may be the same value in a float image."""
    op = certain(cls)
    image = np.full((6, 5, 3), 7.5, np.float32)
    for one in drawn(op, 2):
        steps = op.steps(one, schema_of(image, False))
        out = apply_pixels(image, steps, False, (7.5, 7.5))  # type: ignore[arg-type]
        assert np.array_equal(out, image)


@pytest.mark.parametrize("name", sorted(RGB_ONLY))
def test_colour_of_grey_and_multispectral(name: str) -> None:
    cls = next(c for c in CLASSES if c.name == name)
    op = certain(cls)
    assert op.steps(drawn(op)[0], Schema(4, 4, 1)) == ()
    assert not list(op.refusals(Schema(4, 4, 2, alpha=True)))
    (why,) = op.refusals(Schema(4, 4, 8))
    assert "8 colour channels" in why
    assert "remove" in why


def test_only_groups_can_be_exact() -> None:
    for cls in CLASSES:
        if cls.group:
            assert cls(exact=True).exact
        else:
            with pytest.raises(RequestError, match="form no group"):
                cls(exact=True)


def test_exact_members_are_equally_likely() -> None:
    keys = [Key(1, "s", i) for i in range(3000)]
    image = np.array([[[10, 20, 30]]], np.uint8)
    for cls, count in ((colour.Invert, 2), (colour.ChannelShuffle, 6)):
        op = cls(exact=True, probability=0.1)
        seen: dict[bytes, int] = {}
        for one in op.draw(draws(keys, [op.name])[0]):
            assert one is not None
            out = apply_pixels(image, op.steps(one, Schema(1, 1, 3)), False, (0, 255))  # type: ignore[arg-type]
            seen[out.tobytes()] = seen.get(out.tobytes(), 0) + 1
        assert len(seen) == count
        assert image.tobytes() in seen
        expected = len(keys) / count
        chi2 = sum((n - expected) ** 2 / expected for n in seen.values())
        assert chi2 < 20.5  # p = 0.001 at 5 degrees of freedom


def test_almost_never_shuffles_into_the_same_order() -> None:
    op = colour.ChannelShuffle(probability=1.0)
    for one in drawn(op, 200):
        assert op.steps(one, Schema(1, 1, 2)) != ()


def test_jpeg_refuses_what_the_format_cannot_hold() -> None:
    (why,) = resolution.Jpeg().refusals(Schema(10, 70000, 3))
    assert "65500" in why


def test_dropout_places_and_noise_have_nothing_in_common() -> None:
    """The pixels of a noise fill are not the numbers that placed the squares."""
    op = occlusion.CoarseDropout(probability=1.0, fill="noise", holes=(9, 9), size=(0.2, 0.2))
    image = np.zeros((100, 100, 1), np.float32)
    for one in drawn(op, 20):
        (step,) = op.steps(one, Schema(100, 100, 1, dtype=np.dtype(np.float32)))
        assert isinstance(step, Fill)
        places = pixel_generator(one["seed"]).random((9, 2))
        expected = np.minimum((places * 81).astype(int), 80)
        np.testing.assert_array_equal(step.rectangles[:, :2], expected)
        assert step.seed != one["seed"]
        assert 0 <= step.seed < 2**53
        shown = apply_pixels(image, (step,), False, (0, 1))
        x0, y0 = expected[0]
        first = shown[y0 : y0 + 20, x0 : x0 + 20].ravel()
        stream = pixel_generator(one["seed"]).random(400, dtype=np.float32)
        assert not np.isin(first, stream).any()


def test_every_noise_fill_is_a_function_of_the_draw() -> None:
    for cls in (occlusion.Erase, occlusion.CoarseDropout, occlusion.GridDropout):
        op = cls(probability=1.0, fill="noise")
        one, other = drawn(op, 2)
        seeds = [s.seed for d in (one, one, other) for s in op.steps(d, Schema(50, 50, 1))]  # type: ignore[union-attr]
        assert seeds[0] == seeds[1] != seeds[2]
