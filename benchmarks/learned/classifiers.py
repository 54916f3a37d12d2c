"""Four classifiers, tuned on validation only, the same way for every arm of the study.

SVM and k-NN see the 70x70 pixels (after a blur of two pixels or more, which leaves nothing finer,
their 2x2 means); the networks see the 2x2 means, for speed. Nothing else is done to the features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from benchmarks.learned.ujipen import Array, Split

NEIGHBOURS = (1, 3, 5, 9)
GAMMAS = (2.0, 1.0, 4.0)  # over the mean squared distance of two training samples; 2 is tried first
PENALTY = 10.0  # the SVM's C: the classes are separable, a larger one changes nothing
_HALVED_FROM = 2.0  # blur, pixels
_TUNED_ON = 3  # of ten samples one is an original, two are copies where settings are compared
_STEPS = {"MLP": 900, "CNN": 600}
_BATCH, _WATCHED = 128, 9  # of the networks; validated so many times on the way


@dataclass(frozen=True)
class Score:
    """Accuracies of one classifier, percent, and what validation chose."""

    validation: float
    test: float
    chosen: dict[str, Any]

    def told(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def seen(images: Array, blur: float, halved: bool) -> Array:
    """(N, D) float32: images as a classifier sees them."""
    rows = []
    for image in images:
        one = image.astype(np.float32) / 255
        if blur:
            one = cv2.GaussianBlur(one, (0, 0), blur)
        if halved:
            one = cv2.resize(one, (35, 35), interpolation=cv2.INTER_AREA)
        rows.append(one.ravel())
    return np.stack(rows)


def squared(a: Array, b: Array) -> Array:
    """(N, M) squared distances."""
    sums = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)
    return np.asarray(np.maximum(sums - 2 * (a @ b.T), 0))


class Features:
    """An arm's training set and the two other parts, blurred."""

    def __init__(self, images: Array, labels: Array, split: Split, blur: float) -> None:
        self.labels, self.blur, self._originals = labels, blur, len(split.train)
        self._truth = split.validation_labels, split.test_labels
        parts = (images, split.validation, split.test)
        halved = blur >= _HALVED_FROM
        train, *others = (seen(part, blur, halved) for part in parts)
        mean = train.mean(axis=0)
        self.train, self._asked = train - mean, np.concatenate(others) - mean
        self.distances = squared(self._asked, self.train)

    def score(self, found: Array, **chosen: Any) -> Score:
        """What answers for validation and test samples, in that order, are worth."""
        middle = len(self._truth[0])
        right = found[:middle] == self._truth[0], found[middle:] == self._truth[1]
        validation, test = (100 * float(part.mean()) for part in right)
        return Score(validation, test, {"blur": self.blur, **chosen})

    def nearest(self) -> list[Score]:
        """k-NN, majority votes, the nearer ones deciding ties."""
        most = max(NEIGHBOURS)
        order = np.argsort(self.distances, axis=1, kind="stable")[:, :most]
        votes = np.zeros((len(order), int(self.labels.max()) + 1))
        scores = []
        for place in range(most):
            votes[np.arange(len(order)), self.labels[order[:, place]]] += 1 - 1e-3 * place
            if place + 1 in NEIGHBOURS:
                scores.append(self.score(votes.argmax(axis=1), k=place + 1))
        return scores

    @cached_property
    def own(self) -> Array:
        """(N, N) squared distances of the training samples."""
        return squared(self.train, self.train)

    def machine(self, gamma: float, whole: bool = False) -> Score:
        """An SVM with a Gaussian kernel, of the first three in ten samples or of the whole."""
        from sklearn.svm import SVC

        rows = slice(None if whole else max(len(self.labels) * _TUNED_ON // 10, self._originals))
        own = self.own if whole else squared(self.train[rows], self.train[rows])
        scale = -gamma / float(own.mean())
        fitted = SVC(C=PENALTY, kernel="precomputed", cache_size=400)
        fitted.fit(np.exp(scale * own), self.labels[rows])
        asked = self.distances[:, rows]
        return self.score(fitted.predict(np.exp(scale * asked)), gamma=gamma)


def best(scores: Sequence[Score]) -> Score:
    """The one with the best validation accuracy, the first of equals."""
    return max(scores, key=lambda score: score.validation)


def network(kind: str, images: Array, labels: Array, split: Split, blur: float, seed: int) -> Score:
    """A network, trained as many steps in every arm; validation chooses when to stop."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    steps = _STEPS[kind]
    parts = [seen(part, blur, True) for part in (images, split.validation, split.test)]
    mean, spread = parts[0].mean(axis=0), parts[0].std() + 1e-6
    train, validation, test = (torch.tensor((part - mean) / spread) for part in parts)
    truth, classes = torch.tensor(labels), len(split.classes)
    if kind == "MLP":
        model = nn.Sequential(
            nn.Linear(train.shape[1], 256), nn.ReLU(), nn.Dropout(0.3), nn.Linear(256, classes)
        )
    else:
        layers: list[nn.Module] = [nn.Unflatten(1, (1, 35, 35))]
        for before, after, stride in ((1, 12, 2), (12, 24, 1), (24, 48, 1)):
            layers.append(nn.Conv2d(before, after, 3, stride, padding=1, bias=False))
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
            layers += [nn.MaxPool2d(2)] if stride == 1 else []
        model = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.3), nn.LazyLinear(classes))
        model(train[:2])
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    order = torch.Generator().manual_seed(seed)
    scores = []
    for step in range(1, steps + 1):
        rows = torch.randint(len(train), (_BATCH,), generator=order)
        loss = nn.functional.cross_entropy(model(train[rows]), truth[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % (steps // _WATCHED) == 0:
            model.eval()
            with torch.no_grad():
                found = [model(part).argmax(dim=1).numpy() for part in (validation, test)]
            model.train()
            right = found[0] == split.validation_labels, found[1] == split.test_labels
            values = [100 * float(part.mean()) for part in right]
            scores.append(Score(values[0], values[1], {"blur": blur, "steps": step}))
    return best(scores)
