"""The evidence lower bound of a fitted autoencoder on examples, in nats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.backend import seeded, torch_module
from tenfold.learned.examples import Array
from tenfold.learned.training import tensor
from tenfold.learned.vae.likelihoods import divergence, log_likelihood
from tenfold.learned.vae.networks import Network

_ROWS = 256


def evidence(
    network: Network, likelihood: str, values: Array, labels: Array,
    draws: int, weighted: bool, seed: int,
) -> Array:  # fmt: skip
    """See `Vae.elbo`; `values` are inward already."""
    if not 1 <= draws <= 10_000:
        raise RequestError(f"draws must be within 1..10000, got {draws}")
    torch = torch_module()
    out = np.empty(len(values))
    noise = seeded(seed)
    with torch.inference_mode():
        for first in range(0, len(values), _ROWS):
            rows = slice(first, first + _ROWS)
            shown = tensor(values[rows], "cpu")
            told = None
            if network.layout.told:
                places = torch.from_numpy(np.array(labels[rows]))
                told = torch.nn.functional.one_hot(places, network.layout.told).float()
            mean, log_variance = network.encode(shown, told)
            gathered = []
            for _ in range(draws):
                wobble = torch.empty_like(mean).normal_(generator=noise)
                latents = mean + torch.exp(0.5 * log_variance) * wobble
                decoded = network.decode(latents, told)
                fits = log_likelihood(likelihood, decoded, shown, network.log_spread).double()
                if weighted:
                    fits = fits + _log_ratio(latents, wobble, log_variance)
                gathered.append(fits)
            found = torch.stack(gathered)
            if weighted:
                bound = torch.logsumexp(found, dim=0) - math.log(draws)
            else:
                bound = found.mean(dim=0) - divergence(mean.double(), log_variance.double())
            out[rows] = bound.numpy()
    return out


def _log_ratio(latents: Any, wobble: Any, log_variance: Any) -> Any:
    """Log of the prior over the posterior's density at the latents, (N,)."""
    terms = wobble.double().square() + log_variance.double() - latents.double().square()
    return 0.5 * terms.sum(1)
