"""Images that tell what the layers of a network compute."""

from collections.abc import Iterator

import numpy as np


class Calibration:
    """Feeds images to ONNX Runtime in batches of one size, the last one filled up.

    Args:
        images: uint8 `[N, H, W, C]`.
        size: of a batch.
        name: of the model's input. Defaults to "images".
    """

    def __init__(self, images: np.ndarray, size: int, name: str = "images"):
        self.name = name
        self.batches = self._batches(images, size)

    def _batches(self, images: np.ndarray, size: int) -> Iterator[dict[str, np.ndarray]]:
        for start in range(0, len(images), size):
            yield {self.name: np.resize(images[start : start + size], (size, *images.shape[1:]))}

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)
