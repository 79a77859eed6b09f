"""Features of a data set's images from the ImageNet trunk, as it is."""

from pathlib import Path

import numpy as np

from classwise.zoo.datasets.protocols import Protocol, ProtocolImages
from classwise.zoo.foundation.count_bar import count_bar
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.presets.load import load_backbone
from classwise.zoo.presets.registry import get_trunk

TRUNK, SIDE, BATCH = "efficientnet_lite0_imagenet", 96, 256


def pooled_features(
    protocol: Protocol, folder: Path, side: int = SIDE
) -> tuple[ProtocolImages, np.ndarray]:
    """Returns a protocol's images and the features of all of them, float32 `[N, 1280]`.

    Row i belongs to image i of `ProtocolImages.images`: train split, then test split. The features
    are kept in `folder`, for the next study of the same data set at the same side in pixels.
    """
    split = protocol.load()
    images = split.resized((side, side, 3)).images.images
    # A name of the weights that made them: other weights, other features.
    file = folder / f"{protocol.dataset}_{side}_{get_trunk(TRUNK).sha256[:16]}.npy"
    if not file.exists():
        backbone = load_backbone(TRUNK, (side, side, 3))
        found = np.empty((images.shape[0], backbone.output_shape[-1]), np.float32)
        with count_bar(f"Features of {protocol.dataset}", images.shape[0]) as advance:
            for start in range(0, len(found), BATCH):
                stop = min(start + BATCH, len(found))
                found[start:stop] = backbone.predict_on_batch(images[start:stop])
                advance(stop - start)
        folder.mkdir(parents=True, exist_ok=True)
        with replacing_file(file) as temporary, temporary.open("wb") as target:
            np.save(target, found)
    return split, np.load(file)
