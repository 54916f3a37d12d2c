"""How the shapes of each class vary: normal velocities in a few dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenfold.learned.examples import Array


@dataclass(frozen=True, eq=False)
class Shapes:
    """Normal distributions of velocities, one a class, around no change.

    Attributes:
        modes: (L, P) float32, orthonormal: the main directions of all classes' velocities.
        axes: (classes, L, L) float32: a class's covariance, in modes, is axes @ axes.T.
    """

    modes: Array
    axes: Array

    @classmethod
    def of(
        cls, velocities: Array, labels: Array, classes: int, modes: int, pooling: float
    ) -> Shapes:
        """Learn them.

        Each class counts as much in what is pooled. A class without velocities is as all are.

        Args:
            velocities: (N, P), from one example of a class to another.
            labels: (N,) int64.
            classes: how many there are.
            modes: L at most.
            pooling: share of the pooled covariance in each class's.
        """
        velocities = velocities.astype(np.float64)
        own = {}
        for label in np.unique(labels).tolist():
            mine = velocities[labels == label]
            own[label] = mine.T @ mine / len(mine)
        pooled = np.mean(list(own.values()), axis=0)
        spread, directions = np.linalg.eigh(pooled)
        kept = directions[:, ::-1][:, :modes]
        within = np.diag(np.maximum(spread[::-1][:modes], 0))
        axes = np.empty((classes, kept.shape[1], kept.shape[1]), np.float32)
        for label in range(classes):
            mine = kept.T @ own[label] @ kept if label in own else within
            sizes, turns = np.linalg.eigh((1 - pooling) * mine + pooling * within)
            axes[label] = turns * np.sqrt(np.maximum(sizes, 0))
        return cls(np.ascontiguousarray(kept.T, np.float32), axes)

    def draw(self, label: int, normals: Array) -> Array:
        """(P,) float32: a velocity of a class, from (L,) standard normal numbers."""
        return np.asarray((self.axes[label] @ normals) @ self.modes)
