"""Principal axes of features, and the affine maps onto them."""

from __future__ import annotations

import dataclasses

import numpy as np

# More features tell nothing new of a covariance.
MOST_FEATURES = 100_000
CHUNK = 8192


@dataclasses.dataclass(frozen=True)
class PrincipalAxes:
    """The mean of features, and the axes along which they vary the most.

    Args:
        mean: float64 `[D]`.
        variances: float64 `[A]`, the largest first.
        axes: float64 `[D, A]`, one a column.
    """

    mean: np.ndarray
    variances: np.ndarray
    axes: np.ndarray

    def whitening(self, count: int, power: float) -> tuple[np.ndarray, np.ndarray]:
        """Computes the map onto the first axes, each divided by a power of its deviation.

        Formula, with the eigenvectors v_j and the variances s_j^2 of the covariance, and a scale
        that makes the mean square of all components 1:

            x_j = scale * v_j . (f - mean) / (s_j^2 + .1 s_count^2)^(power / 2)

        The little that is added keeps axes without any variance from being divided by nothing.

        Args:
            count: axes to keep; those without variance are left out.
            power: 0 keeps all distances, 1 makes all variances equal.

        Returns:
            matrix float32 `[D, d]` and offset float32 `[d]`: x = f @ matrix + offset.
        """
        count = min(count, self.rank)
        kept = self.variances[:count]
        divisors = (kept + 0.1 * kept[-1]) ** (power / 2)
        scale = 1 / np.sqrt(np.mean(kept / divisors**2))
        matrix = self.axes[:, :count] / divisors * scale
        return matrix.astype(np.float32), -(self.mean @ matrix).astype(np.float32)

    @property
    def rank(self) -> int:
        """The number of axes that features differ along."""
        return int(np.count_nonzero(self.variances > 1e-6 * self.variances[0]))


def principal_axes(features: np.ndarray, count: int) -> PrincipalAxes:
    """Computes the mean and the first principal axes of features.

    Of more than 100,000 features, that many count, evenly spread.

    Args:
        features: `[N, D]`.
        count: A, axes wanted; D at most are there.

    Example:

    >>> found = principal_axes(np.float32([[1, 0], [3, 0], [2, 0.5], [2, -0.5]]), 2)
    >>> found.mean.tolist(), found.variances.tolist()
    ([2.0, 0.0], [0.5, 0.125])
    """
    if len(features) > MOST_FEATURES:
        rows = np.linspace(0, len(features) - 1, MOST_FEATURES).astype(int)
        features = features[rows]
    chunks = [features[start : start + CHUNK] for start in range(0, len(features), CHUNK)]
    mean = sum(chunk.sum(axis=0, dtype=np.float64) for chunk in chunks) / len(features)
    covariance = np.zeros((len(mean), len(mean)))
    for chunk in chunks:
        centered = (chunk - mean).astype(np.float32)
        covariance += centered.T @ centered
    from scipy.linalg import eigh

    width = len(mean)
    last = [max(width - count, 0), width - 1]
    variances, axes = eigh(covariance / len(features), subset_by_index=last)
    return PrincipalAxes(mean, variances[::-1].clip(min=0), np.ascontiguousarray(axes[:, ::-1]))


def mapped(features: np.ndarray, matrix: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Computes `features @ matrix + offset` in float32, chunk by chunk: features may be float16."""
    found = np.empty((len(features), matrix.shape[1]), np.float32)
    for start in range(0, len(features), CHUNK):
        found[start : start + CHUNK] = features[start : start + CHUNK].astype(np.float32) @ matrix
    return found + offset
