"""The perceptual hash of copies and near copies, which no network computes."""

import numpy as np

from classwise.zoo.evaluation.baselines.baseline import Material, baseline
from classwise.zoo.retrieval.leave_one_out import RankedCodes

SIDE = 8


def perceptual_hashes(images: np.ndarray) -> np.ndarray:
    """Returns imagehash's `phash` of images, uint8 `[N, H, W, C]`, packed: uint8 `[N, 8]`."""
    import imagehash
    from PIL import Image

    squeezed = images[..., 0] if images.shape[-1] == 1 else images
    bits = [imagehash.phash(Image.fromarray(image), hash_size=SIDE).hash for image in squeezed]
    return np.packbits(np.reshape(bits, (len(images), SIDE * SIDE)), axis=1)


@baseline("pHash", "pHash of imagehash, 64 bits")
def perceptual_hash(material: Material) -> RankedCodes | None:
    """Returns pHash's 64 bits, of the images at the size that the hasher takes."""
    if material.perceptual_hashes is None:
        return None
    return RankedCodes(material.perceptual_hashes, SIDE * SIDE)
