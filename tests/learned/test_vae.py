"""The autoencoder as a generator: shapes, seeds, rows, saving, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from learned.tiny import bars, clouds
from tenfold.errors import RequestError, TenfoldError
from tenfold.learned.examples import Array, Examples
from tenfold.learned.generator import Variation
from tenfold.learned.vae import Vae, VaeSettings, default_settings, fit_vae

pytest.importorskip("torch", reason="torch is the extra 'learn'")

TINY = VaeSettings(latent=3, width=2, epochs=2, batch=8)


@pytest.fixture(scope="module")
def model() -> Vae:
    return fit_vae(bars(), None, replace(TINY, conditional=True))


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "logistic"])
@pytest.mark.parametrize(("side", "channels"), [((8, 8), 1), ((9, 13), 3), ((31, 20), 5)])
def test_any_size_and_channels(likelihood: str, side: tuple[int, int], channels: int) -> None:
    examples = bars(12, side, channels)
    model = fit_vae(examples, examples, replace(TINY, epochs=1, likelihood=likelihood))
    latents = model.encode(examples.values, examples.labels)
    decoded = model.decode(latents, examples.labels)
    assert latents.shape == (12, 3)
    assert decoded.shape == examples.values.shape
    assert decoded.dtype == np.float32
    assert 0 <= decoded.min() <= decoded.max() <= 1


def test_a_fit_comes_near_to_what_it_was_shown() -> None:
    examples = bars(32)
    settings = replace(TINY, epochs=80, width=8, latent=4, learning_rate=0.01, beta=0.1)
    model = fit_vae(examples, examples, settings)
    shown = model.decode(model.encode(examples.values, examples.labels), examples.labels)
    flat = np.square(examples.values - examples.values.mean(axis=0)).mean()
    assert np.square(examples.values - shown).mean() < 0.3 * flat


def test_vectors_come_back_in_their_own_units() -> None:
    examples = clouds()
    settings = replace(TINY, likelihood="gaussian", epochs=60, width=4, learning_rate=0.01, beta=0)
    model = fit_vae(examples, None, settings)
    shown = model.decode(model.encode(examples.values, examples.labels), examples.labels)
    spread = examples.values.std(axis=0)
    assert (np.abs(shown - examples.values).mean(axis=0) < 0.5 * spread).all()


@pytest.mark.parametrize("method", Vae.methods)
def test_every_method_gives_copies_that_only_their_own_row_decides(model: Vae, method: str) -> None:
    examples = bars()
    seeds = np.arange(100, 124)
    variation = Variation(method, neighbours=4)
    together = model.vary(examples.values, examples.labels, seeds, variation)
    assert together.shape == examples.values.shape
    assert np.isfinite(together).all()
    back = model.vary(examples.values[::-1], examples.labels[::-1], seeds[::-1], variation)
    # The tone's curve may be as steep as 256, and rounding with it.
    np.testing.assert_allclose(back[::-1], together, atol=1e-3)
    alone = [
        model.vary(examples.values[i : i + 1], examples.labels[i : i + 1], seeds[i : i + 1],
                   variation)[0]
        for i in (0, 5, 23)
    ]  # fmt: skip
    np.testing.assert_allclose(np.stack(alone), together[[0, 5, 23]], atol=1e-3)


def test_a_reconstruction_is_the_decoding_of_the_code(model: Vae) -> None:
    examples = bars()
    made = model.vary(examples.values, examples.labels, np.arange(24), Variation("reconstruction"))
    code = model.encode(examples.values, examples.labels)
    np.testing.assert_array_equal(made, model.decode(code, examples.labels))


def test_samples_are_of_their_seed_and_class(model: Vae) -> None:
    labels, seeds = np.array([0, 1, 0]), np.array([5, 5, 6])
    made = model.sample(labels, seeds)
    assert made.shape == (3, 9, 12, 1)
    np.testing.assert_array_equal(made, model.sample(labels, seeds))
    assert not np.allclose(made[0], made[1])
    assert not np.allclose(made[0], made[2])


def test_the_seed_decides_the_weights_and_nothing_else_does() -> None:
    import torch

    torch.manual_seed(1)
    first = fit_vae(bars(), bars(), TINY).state()[0]
    torch.manual_seed(2)
    again = fit_vae(bars(), bars(), TINY).state()[0]
    other = fit_vae(bars(), bars(), replace(TINY, seed=1)).state()[0]
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["network.heads.weight"], other["network.heads.weight"])


def test_a_fit_leaves_the_callers_random_numbers_alone() -> None:
    import torch

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    fit_vae(bars(), None, replace(TINY, epochs=1))
    assert torch.equal(torch.rand(3), expected)


def test_a_plain_autoencoder_has_no_bound_but_all_else() -> None:
    model = fit_vae(bars(), None, replace(TINY, variational=False))
    assert model.sample(np.array([1]), np.array([2])).shape == (1, 9, 12, 1)
    with pytest.raises(RequestError, match="plain autoencoder"):
        model.elbo(bars())


def test_views_are_what_is_learnt_from() -> None:
    examples = bars()
    asked: list[tuple[int, int]] = []

    def views(places: Array, epoch: int) -> Array:
        asked.append((len(places), epoch))
        return np.full_like(examples.values[places], 0.5)

    settings = replace(TINY, epochs=30, learning_rate=0.05, tone=False)
    model = fit_vae(examples, None, settings, views=views)
    assert {epoch for _, epoch in asked} == set(range(30))
    assert sum(count for count, epoch in asked if epoch == 3) == 24
    shown = model.decode(model.encode(examples.values, examples.labels), examples.labels)
    assert np.abs(shown - 0.5).mean() < 0.1


def test_default_settings_come_from_the_data() -> None:
    ink, vectors = default_settings(bars()), default_settings(clouds())
    assert (ink.likelihood, vectors.likelihood) == ("bernoulli", "gaussian")
    assert ink.latent < 24
    assert vectors.latent <= 5
    grey = Examples(np.random.default_rng(0).uniform(0, 1, (9, 8, 8, 1)), np.arange(9) % 2, (0, 1))
    assert default_settings(grey).likelihood == "logistic"


BAD_EXAMPLES = {
    "class 'b' has 1 example": (Examples(bars(3).values, np.array([0, 0, 1]), ("a", "b")), TINY),
    "24 latent dimensions": (bars(), replace(TINY, latent=24)),
    "scale them to 0..1": (Examples(bars().values * 255, bars().labels, (0, 1)), TINY),
    "3 x 9 pixels": (bars(12, (9, 9)).take(np.arange(12)), TINY),
    "is for images": (clouds(), TINY),
}


@pytest.mark.parametrize("message", BAD_EXAMPLES)
def test_examples_that_cannot_be_learnt_from(message: str) -> None:
    examples, settings = BAD_EXAMPLES[message]
    if "3 x 9" in message:
        examples = Examples(examples.values[:, :, :3], examples.labels, examples.classes)
    with pytest.raises(RequestError, match=message):
        fit_vae(examples, None, settings)


def test_a_validation_part_of_another_kind() -> None:
    with pytest.raises(RequestError, match="same shape and the same classes"):
        fit_vae(bars(), bars(24, (9, 13)), TINY)
    other = Examples(bars().values, bars().labels, ("lying", "slanted"))
    with pytest.raises(RequestError, match="same shape and the same classes"):
        fit_vae(bars(), other, TINY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"latent": 1}, {"likelihood": "bernouli"}, {"beta": float("nan")}, {"epochs": 2.5},
        {"width": True}, {"learning_rate": 0}, {"batch": 1}, {"warmup": -0.1}, {"seed": -1},
        {"conditional": 1}, {"patience": 0}, {"sharpness": -1.0},
    ],
)  # fmt: skip
def test_settings_out_of_their_range(wrong: dict[str, object]) -> None:
    with pytest.raises(RequestError, match=next(iter(wrong))):
        VaeSettings(**wrong)  # type: ignore[arg-type]


def test_other_shapes_and_classes_than_fitted(model: Vae) -> None:
    one = np.zeros((1, 9, 12, 1), np.float32)
    seeds = np.zeros(1, np.int64)
    with pytest.raises(RequestError, match="fitted on examples of shape"):
        model.encode(one[:, :, :5], np.array([0]))
    with pytest.raises(RequestError, match=r"2 classes, got 2\.\.2"):
        model.encode(one, np.array([2]))
    with pytest.raises(RequestError, match="as many labels"):
        model.encode(one, np.array([0, 1]))
    with pytest.raises(RequestError, match=r"latents must be \(N, 3\)"):
        model.decode(np.zeros((1, 4), np.float32), np.array([0]))
    with pytest.raises(RequestError, match="did you mean 'mixture'"):
        model.vary(one, np.array([0]), seeds, Variation("mixtur"))
    with pytest.raises(RequestError, match="as many seeds"):
        model.vary(one, np.array([0]), np.zeros(2, np.int64), Variation())


def test_values_that_break_the_training_stop_it(tmp_path: Path) -> None:
    def views(places: Array, epoch: int) -> Array:
        return np.full((len(places), 9, 12, 1), np.nan, np.float32)

    with pytest.raises(TenfoldError, match="loss was nan in epoch 1; give a lower"):
        fit_vae(bars(), None, TINY, views=views, folder=tmp_path / "run")


def test_state_is_arrays_and_json(model: Vae) -> None:
    arrays, told = model.state()
    back = Vae.restore(arrays, json.loads(json.dumps(told)))
    examples = bars()
    np.testing.assert_array_equal(
        back.encode(examples.values, examples.labels),
        model.encode(examples.values, examples.labels),
    )
    assert back.settings == model.settings
    assert back.classes == ("lying", "upright")
