"""How likely a value is, given its decoding; and the divergence from the prior. In nats."""

from __future__ import annotations

import math
from typing import Any

from tenfold.learned.backend import torch_module

_LEVELS = 256


def log_likelihood(kind: str, decoded: Any, values: Any, log_spread: Any) -> Any:
    """Logarithm of the likelihood of examples.

    Args:
        kind: "bernoulli": decoded are logits, and a grey value counts as its share of white
            (the cross-entropy); "gaussian": decoded are means, a density; "logistic": decoded
            are means, the probability of the nearest of 256 levels, the outer ones reaching to
            infinity (Salimans et al., "PixelCNN++", 2017, with one component).
        decoded: (N, ...) of `Network.decode`.
        values: (N, ...), as many.
        log_spread: a scalar: logarithm of the standard deviation, or of the logistic's scale.

    Returns:
        (N,), summed over the values of each example.
    """
    torch = torch_module()
    if kind == "bernoulli":
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            decoded, values, reduction="none"
        )
        return -loss.flatten(1).sum(1)
    log_spread = log_spread.clamp(-7, 7)  # a spread of 0 would be a likelihood without an end
    distance = values - decoded
    if kind == "gaussian":
        scaled = (distance * torch.exp(-log_spread)).square()
        terms = 0.5 * (scaled + math.log(2 * math.pi)) + log_spread
        return -terms.flatten(1).sum(1)
    return _logistic(distance, values, log_spread).flatten(1).sum(1)


def _logistic(distance: Any, values: Any, log_spread: Any) -> Any:
    """log(s(a) - s(b)) = -softplus(-a) - softplus(b) + log(1 - exp(b - a)), s the sigmoid."""
    torch = torch_module()
    softplus = torch.nn.functional.softplus
    narrow = torch.exp(-log_spread)
    half = 0.5 / (_LEVELS - 1)
    above, below = (distance + half) * narrow, (distance - half) * narrow
    inside = torch.log(-torch.expm1(-2 * half * narrow))
    left, right = -softplus(-above), -softplus(below)
    inner = left + right + inside
    lowest, highest = values < half, values > 1 - half
    return torch.where(lowest, left, torch.where(highest, right, inner))


def decoded_mean(kind: str, decoded: Any, image: bool) -> Any:
    """The example that a decoding means: from 0 to 1 if it is an image."""
    if kind == "bernoulli":
        return decoded.sigmoid()
    return decoded.clamp(0, 1) if image else decoded


def divergence(mean: Any, log_variance: Any) -> Any:
    """Kullback-Leibler divergence of normal distributions from the standard one, (N, L) to (N,)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
