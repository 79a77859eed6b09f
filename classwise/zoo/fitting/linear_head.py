"""A linear map from features to outputs, the signs of which are bits."""

from __future__ import annotations

import dataclasses

import numpy as np

from classwise.zoo.fitting.principal_axes import mapped


@dataclasses.dataclass(frozen=True)
class LinearHead:
    """Outputs h = f W + b of features f.

    Args:
        kernel: W, `[D, L]`.
        bias: b, `[L]`.
    """

    kernel: np.ndarray
    bias: np.ndarray

    def outputs(self, features: np.ndarray) -> np.ndarray:
        """Computes float32 `[N, L]` of features `[N, D]`, chunk by chunk."""
        return mapped(features, self.kernel.astype(np.float32), self.bias.astype(np.float32))

    def below(self, matrix: np.ndarray, offset: np.ndarray) -> LinearHead:
        """Folds the map x = f @ matrix + offset, of which this head is, into the head itself."""
        kernel = self.kernel.astype(np.float64)
        return LinearHead(matrix @ kernel, offset @ kernel + self.bias)

    def turned(self, rotation: np.ndarray, thresholds: np.ndarray) -> LinearHead:
        """Returns the head whose outputs are these, turned, less thresholds `[L]`."""
        return LinearHead(self.kernel @ rotation, self.bias @ rotation - thresholds)
