"""Features of a data set's images from the ImageNet trunk, as it is."""

from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_stream import batches_of
from classwise.zoo.datasets.protocols import Protocol, ProtocolImages
from classwise.zoo.fitting.trunk_encoder import find_trunk, load_trunk, open_trunk
from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.presets.registry import get_trunk

TRUNK, SIDE, BATCH = "efficientnet_lite0_imagenet", 96, 64


def pooled_features(
    protocol: Protocol, folder: Path, side: int = SIDE
) -> tuple[ProtocolImages, np.ndarray]:
    """Returns a protocol's images and the features of all of them, float32 `[N, 1280]`.

    Row i belongs to image i of `ProtocolImages.images`: train split, then test split. The features
    are kept in `folder`, for the next study of the same data set at the same `side`, in pixels.
    """
    split = protocol.load()
    # A name of the weights that made them: other weights, other features.
    file = folder / f"{protocol.dataset}_{side}_{get_trunk(TRUNK).sha256[:16]}.npy"
    if not file.exists():
        images = split.resized((side, side, 3)).images
        trunk = load_trunk(find_trunk(TRUNK), side)
        encoder = open_trunk(trunk, len(images))
        found = np.empty((len(images), trunk.output_shape[-1]), np.float32)
        start = 0
        with count_bar(f"Features of {protocol.dataset}", len(images)) as advance:
            for batch in batches_of(images.images, BATCH):
                found[start : start + len(batch)] = encoder.encode_batch(batch)["embeddings"]
                start += len(batch)
                advance(len(batch))
        folder.mkdir(parents=True, exist_ok=True)
        with replacing_file(file) as temporary, temporary.open("wb") as target:
            np.save(target, found)
    return split, np.load(file)
