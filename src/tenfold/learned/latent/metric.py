"""Sampling where the data is dense in the sense of a metric on the latent space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenfold.learned.examples import Array
from tenfold.learned.latent.covariance import shrunk
from tenfold.learned.latent.reference import Reference

TRAJECTORIES = 10
"""Proposals of a walk; each takes `LEAPS` steps and may be rejected."""

LEAPS = 4
LENGTH = 0.5
"""Of a trajectory, in units of T, at the momentum that is usual."""

_FLAT = 1e-3  # lambda of the inverse metric, in units of the class's mean variance
_NEAR = 10  # vectors round a centre that say what the space is like there


@dataclass(frozen=True, eq=False)
class Metric:
    """G^-1(z) = sum_i S_i exp(-|z - c_i|^2 / T^2) + lambda I over the vectors of one class.

    In the manner of RHVAE (Chadebec et al., "Data augmentation in high dimensional low sample
    size setting using a geometry-based variational autoencoder", 2021), simplified: there a
    network learns L_i with S_i = L_i L_i^T; here S_i is the covariance of the nearest vectors,
    drawn towards that of the class. T is the farthest any c_i is from its nearest other, as in
    Chadebec & Allassonniere, "A geometric perspective on variational autoencoders" (2022). The
    space is scaled by the spread within the class, so that lambda and steps have one meaning.

    Attributes:
        centres: (M, L) float64, c_i in units of `spread`.
        shapes: (M, L * L) float64, S_i.
        reach: T.
        spread: one number.
    """

    centres: Array
    shapes: Array
    reach: float
    spread: float

    def density(self, z: Array, reach: float) -> tuple[float, Array]:
        """The logarithm of sqrt(det G^-1(z)), and its gradient (L,).

        d log sqrt(det G^-1) = -1 / T^2 sum_i w_i tr(G S_i) (z - c_i), w_i the exponentials.
        """
        wide = len(z)
        apart = z - self.centres
        weights = np.exp(-(apart**2).sum(axis=1) / reach**2)
        inverse = (weights @ self.shapes).reshape(wide, wide) + _FLAT * np.eye(wide)
        traces = self.shapes @ np.linalg.inv(inverse).ravel()
        gradient = -((weights * traces) @ apart) / reach**2
        return 0.5 * float(np.linalg.slogdet(inverse)[1]), gradient

    def walk(self, start: Array, normals: Array, uniforms: Array, strength: float) -> Array:
        """One Hamiltonian Monte Carlo walk (identity mass) that leaves sqrt(det G^-1) invariant.

        Args:
            start: (L,).
            normals: (TRAJECTORIES, L) momenta.
            uniforms: (TRAJECTORIES,) of acceptance.
            strength: T in units of its own.

        Returns:
            (L,) float64: where the walk ends.
        """
        reach = self.reach * strength
        z = np.asarray(start, np.float64) / self.spread
        step = LENGTH * reach / LEAPS / np.sqrt(len(z))
        height, slope = self.density(z, reach)
        for momentum, uniform in zip(normals.astype(np.float64), uniforms, strict=True):
            there, up, there_slope, p = z, height, slope, momentum.copy()
            for _ in range(LEAPS):
                p = p + 0.5 * step * there_slope
                there = there + step * p
                up, there_slope = self.density(there, reach)
                p = p + 0.5 * step * there_slope
            gain = up - height - 0.5 * float(p @ p - momentum @ momentum)
            if np.log(uniform) < gain:
                z, height, slope = there, up, there_slope
        return np.asarray(z * self.spread)


def metric_of(reference: Reference, label: int) -> Metric:
    """The metric round the vectors of one class."""
    return reference.keep(("metric", label), lambda: _metric(reference, label))


def _metric(reference: Reference, label: int) -> Metric:
    covariance = reference.covariance(label)
    wide = len(covariance)
    spread = float(np.sqrt(np.trace(covariance) / wide)) or 1.0
    centres = reference.latents[reference.rows[label]].astype(np.float64) / spread
    apart = np.stack([((centres - c) ** 2).sum(axis=1) for c in centres])
    target = covariance / spread**2
    near = np.argsort(apart, axis=1, kind="stable")[:, :_NEAR]
    shapes = np.stack([shrunk(centres[n] - centres[n].mean(axis=0), target) for n in near])
    np.fill_diagonal(apart, np.inf)
    reach = float(np.sqrt(apart.min(axis=1).max())) if len(centres) > 1 else np.sqrt(wide)
    return Metric(centres, shapes.reshape(len(centres), -1), reach or 1.0, spread)
