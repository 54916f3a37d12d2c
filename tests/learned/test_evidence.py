"""The terms of the evidence bound against closed forms and SciPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from learned.tiny import bars, clouds
from tenfold.learned.vae import VaeSettings, fit_vae
from tenfold.learned.vae.likelihoods import divergence, log_likelihood

torch = pytest.importorskip("torch", reason="torch is the extra 'learn'")

RANDOM = np.random.default_rng(1)


def test_bernoulli() -> None:
    logits, ink = RANDOM.normal(size=(4, 1, 5, 3)), RANDOM.integers(0, 2, (4, 1, 5, 3))
    found = log_likelihood("bernoulli", torch.tensor(logits), torch.tensor(ink.astype(float)), None)
    expected = stats.bernoulli.logpmf(ink, 1 / (1 + np.exp(-logits))).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_gaussian() -> None:
    means, values = RANDOM.normal(size=(2, 4, 7))
    found = log_likelihood(
        "gaussian", torch.tensor(means), torch.tensor(values), torch.tensor(-0.7)
    )
    expected = stats.norm.logpdf(values, means, np.exp(-0.7)).sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("log_spread", [-6.0, -3.0, 0.0])
def test_logistic_is_a_distribution_over_the_levels(log_spread: float) -> None:
    levels = np.arange(256) / 255
    edges = np.concatenate([[-np.inf], (np.arange(255) + 0.5) / 255, [np.inf]])
    for mean in (-0.1, 0.0, 0.37, 1.0):
        found = log_likelihood(
            "logistic",
            torch.full((256, 1), mean, dtype=torch.float64),
            torch.tensor(levels)[:, None],
            torch.tensor(log_spread, dtype=torch.float64),
        ).numpy()
        assert np.exp(found).sum() == pytest.approx(1, abs=1e-9)
        expected = np.diff(stats.logistic.cdf(edges, mean, np.exp(log_spread)))
        near = expected > 1e-9  # SciPy's difference of two shares has no digits left below
        np.testing.assert_allclose(np.exp(found)[near], expected[near], rtol=1e-5)


def test_divergence() -> None:
    mean, log_variance = RANDOM.normal(size=(2, 3, 4))
    spread = np.exp(0.5 * log_variance)
    draws = mean + spread * np.random.default_rng(2).normal(size=(200_000, 3, 4))
    ratio = stats.norm.logpdf(draws, mean, spread) - stats.norm.logpdf(draws)
    found = divergence(torch.tensor(mean), torch.tensor(log_variance)).numpy()
    np.testing.assert_allclose(found, ratio.sum(axis=2).mean(axis=0), rtol=0.02)


def test_the_bound_is_below_the_weighted_one_which_grows_with_the_draws() -> None:
    model = fit_vae(bars(), None, VaeSettings(latent=3, width=2, epochs=5, batch=8))
    plain = model.elbo(bars(), draws=200).mean()
    few, many = (model.elbo(bars(), draws=n, weighted=True).mean() for n in (5, 200))
    assert plain < few < many
    np.testing.assert_array_equal(model.elbo(bars(), seed=4), model.elbo(bars(), seed=4))


def test_the_weighted_bound_nears_the_likelihood_of_a_linear_model() -> None:
    """A decoder without a bend has a normal marginal density, which SciPy knows."""
    examples = clouds()
    settings = VaeSettings(latent=2, width=1, likelihood="gaussian", epochs=1, batch=8)
    model = fit_vae(examples, None, replace(settings, seed=2))
    modules = model.network.modules
    weight = torch.randn(5, 2, generator=torch.Generator().manual_seed(1)) * 0.5
    modules["opening"] = torch.nn.Identity()
    modules["outward"] = torch.nn.Linear(2, 5)
    with torch.no_grad():
        modules["outward"].weight.copy_(weight)
        modules["outward"].bias.zero_()
        modules["spread"]["log"].fill_(0.0)
    found = model.elbo(examples, draws=5000, weighted=True)
    factors = weight.numpy().astype(float)
    marginal = stats.multivariate_normal(np.zeros(5), factors @ factors.T + np.eye(5))
    inward = model.scale.inward(examples.values)
    np.testing.assert_allclose(found, marginal.logpdf(inward), atol=0.15)
