"""Learned deformations against planted ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.errors import ModelError, RequestError
from tenfold.learned.deformation import Deformation, DeformationSettings, fit_deformation
from tenfold.learned.deformation.flow import Flow, basis, least_area
from tenfold.learned.deformation.register import Registrar
from tenfold.learned.examples import Array, Examples
from tenfold.learned.generator import Variation

SETTINGS = DeformationSettings(neighbours=3, modes=12)
METHODS = Deformation.methods


def letter(kind: int, side: int = 48) -> NDArray[np.float32]:
    """A figure of strokes, (side, side, 1), ink bright."""
    image = np.zeros((side, side), np.uint8)
    unit = side / 48
    spots = [[(12, 10), (12, 38), (36, 38)], [(10, 36), (24, 10), (38, 36)]][kind]
    line = np.array([(round(x * unit * 8), round(y * unit * 8)) for x, y in spots], np.int32)
    cv2.polylines(image, [line], False, 255, 2, cv2.LINE_AA, 3)
    cv2.circle(image, (side // 2, side // 2), side // 6, 255, 2, cv2.LINE_AA)
    return (image[..., None] / np.float32(255)).astype(np.float32)


def planted(seed: int, size: float, cells: int = 2) -> Array:
    """A gentle velocity on a coarse grid, of about that many hundredths of the side."""
    numbers = np.random.default_rng(seed).normal(size=2 * (cells + 3) ** 2)
    return (numbers * size / 100).astype(np.float32)


def dataset(count: int = 6, channels: int = 1, side: int = 48) -> Examples:
    """Two classes; class 0 varies by slant alone, class 1 by size alone."""
    flow = Flow(side, side, 5)
    y, x = np.mgrid[0:8, 0:8] / 7 - 0.5
    ways: list[Array] = [np.stack([0.25 * y, 0 * y], -1), np.stack([0.25 * x, 0.25 * y], -1)]
    values, labels = [], []
    for kind in range(2):
        for amount in np.linspace(-1, 1, count):
            control = (ways[kind] * amount).astype(np.float32).ravel()
            values.append(flow.warp(letter(kind, side), control).repeat(channels, axis=2))
            labels.append(kind)
    return Examples(np.stack(values), np.array(labels), ("slanted", "sized"))


@pytest.fixture(scope="module")
def model() -> Deformation:
    return fit_deformation(dataset(), SETTINGS)


def test_splines_sum_to_one_and_differentiate() -> None:
    position = (np.arange(90) + 0.5) / 90
    weights = basis(90, 4)
    assert np.allclose(weights.sum(axis=1), 1)
    line = np.arange(-1, 6) / 4.0  # control values of the line f(t) = t
    assert np.allclose(weights @ line, position)
    assert np.allclose(basis(90, 4, 1) @ line, 1)
    assert np.allclose(basis(90, 4, 2) @ line**2, 2)


def test_a_flow_is_undone_by_the_opposite_velocity() -> None:
    flow, control = Flow(64, 64, 5), planted(3, 6, cells=5)
    there, back = flow.displacement(control), flow.displacement(-control)
    through = back + flow.look(there, back)
    inner = through[12:-12, 12:-12]
    assert np.abs(there).max() > 4
    assert np.abs(inner).max() < 0.15


def test_a_constant_velocity_shifts() -> None:
    flow = Flow(40, 60, 5)
    control = np.tile(np.array([3 / 60, -2 / 40], np.float32), 64)
    moved = flow.displacement(control)
    assert np.allclose(moved, [3, -2], atol=1e-4)
    picture = np.random.default_rng(0).random((40, 60, 6), np.float32)
    assert np.allclose(flow.warp(picture, control)[5:, :50], picture[3:-2, 3:53], atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_deformation_is_found(seed: int) -> None:
    settings = DeformationSettings()
    flow, registrar = Flow(48, 48, 5), Registrar((48, 48, 1), settings)
    coarse = planted(seed, 9)
    original = letter(seed % 2)
    truth = Flow(48, 48, 2).displacement(coarse)
    target = Flow(48, 48, 2).warp(original, coarse)
    found = registrar.register(registrar.looks(original), registrar.fix(registrar.looks(target)))
    ink = target[..., 0] > 0.3
    rest = target - flow.warp(original, found)
    assert (rest**2).sum() < 0.2 * ((target - original) ** 2).sum()
    # A line says nothing of shifts along it, so that the truth is only approached.
    error = np.sqrt(((flow.displacement(found) - truth) ** 2).sum(-1))[ink].mean()
    length = np.sqrt((truth**2).sum(-1))[ink].mean()
    assert length > 1
    assert error < 0.5 * length


def test_the_pooled_share_decides_between_the_class_and_all() -> None:
    data = dataset()
    own = fit_deformation(data, DeformationSettings(neighbours=5, modes=12, pooling=0))
    rows = np.zeros(40, np.int64)
    blank = np.zeros((40, 48, 48, 1), np.float32)
    blank[:] = letter(0)
    for label, along in ((0, "slant"), (1, "size")):
        copies = own.vary(blank, rows + label, np.arange(40), Variation("deformation", 1.0))
        y, x = np.mgrid[0:48, 0:48] / 47 - 0.5
        mass = copies[..., 0] / copies.sum(axis=(1, 2, 3))[:, None, None]
        slant = (mass * x * y).sum((1, 2)) - (mass * x).sum((1, 2)) * (mass * y).sum((1, 2))
        height = np.sqrt((mass * y**2).sum((1, 2)) - (mass * y).sum((1, 2)) ** 2)
        found = {"slant": slant.std() / 0.02, "size": height.std() / 0.02}
        assert found[along] > 1.5 * min(found.values()), found
    pooled = fit_deformation(data, DeformationSettings(neighbours=5, modes=12, pooling=1))
    one, two = (pooled.vary(blank, rows + k, np.arange(40), Variation()) for k in (0, 1))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_folds_and_ink_stays_sharp(model: Deformation, method: str) -> None:
    data = dataset()
    flow = Flow(48, 48, 5)
    wild = [planted(seed, 60, cells=5) for seed in range(20)]
    assert min(least_area(flow.displacement(control)) for control in wild) < 0
    assert min(least_area(flow.unfolded(control)) for control in wild) > 0
    seeds = np.arange(len(data.values))
    copies = model.vary(data.values, data.labels, seeds, Variation(method, 1.0))
    assert copies.dtype == np.float32
    assert copies.shape == data.values.shape
    assert copies.min() >= 0
    assert copies.max() <= 1
    assert np.abs(copies - data.values).mean() > 0.005
    slope, before = (
        float(np.abs(np.diff(v, axis=2)).max(axis=(1, 2, 3)).mean()) for v in (copies, data.values)
    )
    assert slope > 0.75 * before


def test_interpolation_arrives_at_the_neighbour(model: Deformation) -> None:
    data = dataset()
    first = data.values[:1]
    nearest = Variation("interpolation", 1.0, neighbours=1)
    whole = model.vary(first, data.labels[:1], np.array([5]), nearest)
    assert ((whole - data.values[1]) ** 2).sum() < 0.3 * ((first - data.values[1]) ** 2).sum()
    none = model.vary(first, data.labels[:1], np.array([5]), Variation("interpolation", 0.0))
    assert np.allclose(none, first, atol=1e-6)
    away = model.vary(
        first, data.labels[:1], np.array([5]), Variation("extrapolation", 1.0, neighbours=1)
    )
    assert ((away - data.values[1]) ** 2).sum() > ((first - data.values[1]) ** 2).sum()


@pytest.mark.parametrize("method", METHODS)
def test_a_row_depends_on_itself_and_its_seed_alone(model: Deformation, method: str) -> None:
    data = dataset()
    seeds = np.arange(100, 100 + len(data.values))
    variation = Variation(method, (0.2, 0.9), neighbours=3, metric="standardised")
    together = model.vary(data.values, data.labels, seeds, variation)
    assert np.array_equal(together, model.vary(data.values, data.labels, seeds, variation))
    for k in (0, 7):
        alone = model.vary(data.values[k : k + 1], data.labels[k : k + 1], seeds[[k]], variation)
        assert np.array_equal(alone[0], together[k])
    other = model.vary(data.values, data.labels, seeds + 1, variation)
    assert not np.array_equal(together[0], other[0])


def test_encoded_and_decoded_is_the_shape_again(model: Deformation) -> None:
    data = dataset()
    latents = model.encode(data.values, data.labels)
    assert latents.shape == (12, 12)
    again = model.decode(latents, data.labels)
    templates = model.decode(np.zeros_like(latents), data.labels)
    assert ((again - data.values) ** 2).sum() < 0.35 * ((templates - data.values) ** 2).sum()


def test_samples_are_of_their_class(model: Deformation) -> None:
    labels = np.array([0, 1] * 8)
    made = model.sample(labels, np.arange(16))
    assert np.array_equal(made[3:4], model.sample(labels[3:4], np.array([3])))
    data = dataset()
    distances = ((made[:, None] - data.values[None]) ** 2).sum(axis=(2, 3, 4))
    assert (data.labels[distances.argmin(axis=1)] == labels).mean() > 0.85


def test_the_state_is_all_there_is(model: Deformation) -> None:
    arrays, told = model.state()
    again = Deformation.restore(arrays, told)
    data = dataset()
    seeds = np.arange(len(data.values))
    for method in METHODS:
        one, two = (
            m.vary(data.values, data.labels, seeds, Variation(method)) for m in (model, again)
        )
        assert np.array_equal(one, two)
    assert again.classes == model.classes
    assert again.shape == model.shape
    assert again.settings == model.settings
    for name in arrays:
        with pytest.raises(ModelError):
            Deformation.restore({k: v for k, v in arrays.items() if k != name}, told)
    with pytest.raises(ModelError, match="axes"):
        Deformation.restore({**arrays, "axes": arrays["axes"][:1]}, told)
    with pytest.raises(ModelError):
        Deformation.restore(arrays, {**told, "settings": {"cells": 99}})


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 128, 2), (32, 20, 5), (70, 70, 3)])
def test_any_shape(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(1)
    values = np.stack([cv2.GaussianBlur(rng.random(shape), (0, 0), 2) for _ in range(4)])
    values = values.reshape(4, *shape).astype(np.float32)
    values[3] = 0.5  # an empty sheet among them
    data = Examples(values, np.array([0, 0, 1, 1]), ("a", "b"))
    found = fit_deformation(data, DeformationSettings(steps=2))
    for method in METHODS:
        made = found.vary(values, data.labels, np.arange(4), Variation(method))
        assert made.shape == values.shape
        assert np.isfinite(made).all()


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    fit_deformation(dataset(3), SETTINGS, progress=lambda *said: told.append(said))
    assert told[-1][1] == told[-1][2] > 0


def test_bad_input(model: Deformation) -> None:
    data = dataset()
    with pytest.raises(RequestError, match="images"):
        fit_deformation(Examples(np.eye(4, 6), np.array([0, 0, 1, 1]), ("a", "b")))
    with pytest.raises(RequestError, match="class 'sized' has 1 example"):
        fit_deformation(data.take(np.arange(7)))
    with pytest.raises(RequestError, match="shape"):
        model.encode(data.values[:, :40], data.labels)
    with pytest.raises(RequestError, match="labels"):
        model.encode(data.values, data.labels + 1)
    with pytest.raises(RequestError, match="did you mean 'interpolation'"):
        model.vary(data.values, data.labels, data.labels, Variation("interpolate"))
    with pytest.raises(RequestError, match="strength"):
        model.vary(data.values, data.labels, data.labels, Variation(strength=-1.0))
    with pytest.raises(RequestError, match="seeds"):
        model.vary(data.values, data.labels, np.arange(3), Variation())
    with pytest.raises(RequestError, match="latents"):
        model.decode(np.zeros((12, 5)), data.labels)
    with pytest.raises(RequestError, match="cells"):
        DeformationSettings(cells=0)
    with pytest.raises(RequestError, match="whole"):
        DeformationSettings(modes=2.5)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="blurs"):
        DeformationSettings(blurs=())
