"""Neural networks as judges: a multilayer perceptron and a small convolutional network."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.errors import RequestError
from tenfold.learned.backend import seeded, torch_module
from tenfold.learned.examples import Array, Examples
from tenfold.learned.training import Schedule, Task, tensor, train
from tenfold.study.classifiers.classifier import Classifier, Fitted, Labels

_STEPS = 1500  # of the optimiser, about
_BATCH = 64
_BLOCK = 512


class MLP(Classifier):
    """Two layers of 256 rectified units, dropout; the validation part chooses the epoch."""

    name = "mlp"

    def fit(self, train: Examples, validation: Examples, seed: int) -> Fitted:
        """See `Classifier.fit`."""
        torch = torch_module()
        nn = torch.nn
        mean, spread = _scale(train)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = nn.Sequential(
                nn.Flatten(), nn.Linear(int(np.prod(train.shape)), 256), nn.ReLU(), nn.Dropout(0.3),
                nn.Linear(256, 256), nn.ReLU(), nn.Dropout(0.3),
                nn.Linear(256, len(train.classes)),
            )  # fmt: skip
        return _fitted(network, "mlp", train, validation, seed, 1e-3, (mean, spread))


class CNN(Classifier):
    """Three blocks of convolutions (24, 48, 96 channels) and pooling; for images.

    Images of more than 40 pixels are halved by the first layer, so that a study ends in time on a
    few cores.
    """

    name = "cnn"

    def fit(self, train: Examples, validation: Examples, seed: int) -> Fitted:
        """See `Classifier.fit`."""
        if len(train.shape) != 3:
            raise RequestError("cnn needs images; these are feature vectors, take svm, knn or mlp")
        torch = torch_module()
        nn = torch.nn
        height, width, channels = train.shape
        layers: list[Any] = []
        before, least = channels, min(height, width)
        for wide in (24, 48, 96):
            halved = before == channels and least > 40
            layers += [
                nn.Conv2d(before, wide, 5 if halved else 3, 2 if halved else 1, 2 if halved else 1),
                nn.BatchNorm2d(wide),
                nn.ReLU(),
            ]
            least //= 2 if halved else 1
            if least > 5:
                layers.append(nn.MaxPool2d(2))
                least //= 2
            before = wide
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            side = [min(4, s, least) for s in (height, width)]
            network = nn.Sequential(
                *layers, nn.AdaptiveAvgPool2d(tuple(side)), nn.Flatten(), nn.Dropout(0.4),
                nn.Linear(before * side[0] * side[1], len(train.classes)),
            )  # fmt: skip
        return _fitted(network, "cnn", train, validation, seed, 2e-3, _scale(train))


def _scale(train: Examples) -> tuple[float, float]:
    """Mean and spread of images as a whole; feature vectors are scaled before, one by one."""
    return float(train.values.mean()), max(float(train.values.std()), 1e-6)


def _fitted(
    network: Any, name: str, examples: Examples, validation: Examples, seed: int, rate: float,
    scale: tuple[float, float],
) -> Fitted:  # fmt: skip
    torch = torch_module()
    mean, spread = scale

    def shown(values: Any) -> Any:
        return (values - mean) / spread

    def loss(values: Any, labels: Any, *_: Any) -> Any:
        return torch.nn.functional.cross_entropy(
            network(shown(values)), labels, label_smoothing=0.05
        )

    def judge(values: Any, labels: Any, _: Any) -> Any:
        return torch.nn.functional.cross_entropy(network(shown(values)), labels, reduction="none")

    steps = max(1, round(len(examples.values) / _BATCH))
    epochs = int(np.clip(round(_STEPS / steps), 6, 80))
    with torch.random.fork_rng(devices=[]):  # dropout draws from the process's own generator
        torch.manual_seed(int(seeded(seed, 9).initial_seed()) >> 1)
        history = train(
            Task(network, loss, judge, name), examples, validation,
            Schedule(epochs, _BATCH, rate, patience=max(6, epochs // 3), seed=seed),
        )  # fmt: skip
    network.eval()

    def predict(values: Array) -> Labels:
        found = []
        device = next(network.parameters()).device
        with torch.no_grad():
            for first in range(0, len(values), _BLOCK):
                block = tensor(values[first : first + _BLOCK], device)
                found.append(network(shown(block)).argmax(dim=1).cpu().numpy())
        return np.concatenate(found).astype(np.int64)

    return Fitted(predict, {"epochs": history.best + 1}, history.losses[-1])
