"""Features of photos by a trunk, computed once and kept in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_stream import batches_of
from classwise.zoo.datasets.labeled_images import ImageSource
from classwise.zoo.encoding.encoders import Encoder
from classwise.zoo.fitting.trunk_encoder import find_trunk, load_trunk, open_trunk
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.foundation.printing import print_note
from classwise.zoo.presets.registry import Trunk

BATCH = 32


class PhotoFeatures:
    """Features by one trunk, at the size that it was trained at.

    Args:
        trunk: its entry.
        folder: where they are kept, a file for each set of photos.
    """

    def __init__(self, trunk: Trunk, folder: Path):
        self.trunk, self.folder = trunk, folder
        self._encoder: Encoder | None = None

    def of(self, name: str, ids: np.ndarray, images: Callable[[], ImageSource]) -> np.ndarray:
        """Returns the features of photos, float32 `[N, D]`.

        Args:
            name: of the set.
            ids: of the photos, in their order.
            images: opens them, at the trunk's size; called where they are not there yet.

        Raises:
            InputError: other photos are kept by this name.
        """
        path = self.folder / f"{name}_{self.trunk.name}.npz"
        if not path.is_file():
            print_note(f"features of {len(ids):,} photos of {name} by {self.trunk.name} ...")
            found = [
                self.encoder.encode_batch(batch)["embeddings"].astype(np.float16)
                for batch in batches_of(images(), BATCH)
            ]
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing_file(path) as temporary, temporary.open("wb") as file:
                np.savez(file, features=np.concatenate(found), ids=np.asarray(ids, str))
        with np.load(path, allow_pickle=False) as kept:
            if not np.array_equal(kept["ids"], np.asarray(ids, str)):
                raise InputError(f"{path} holds other photos; remove it to compute them again.")
            return kept["features"].astype(np.float32)

    @property
    def encoder(self) -> Encoder:
        """The trunk, in ONNX Runtime."""
        if self._encoder is None:
            trunk = load_trunk(find_trunk(self.trunk.name))
            self._encoder = open_trunk(trunk, count=1 << 20)
        return self._encoder
