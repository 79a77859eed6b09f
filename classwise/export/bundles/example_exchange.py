"""A request to try a server with, and the answer that is right."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.proof.probe_images import probe_images

if TYPE_CHECKING:
    from classwise.zoo import Hasher


def example_exchange(hasher: "Hasher") -> tuple[np.ndarray, np.ndarray]:
    """Returns one made image, uint8 `[1, H, W, C]`, and its code, uint8 `[1, ceil(L / 8)]`."""
    image = probe_images(hasher.image_shape, 3)[2:]  # the first two are black and white
    return image, hasher.encode(image, verbose=0)


def write_exchange(folder: Path, request: dict, response: dict) -> None:
    """Writes `request.json` and `response.json`, each on one line: they are long."""
    for name, document in (("request", request), ("response", response)):
        (folder / f"{name}.json").write_text(json.dumps(document) + "\n", encoding="utf-8")
