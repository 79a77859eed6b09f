"""The classifier that a trunk was trained as: its backbone with the last layer on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.presets.load import load_backbone
from classwise.zoo.presets.locate import locate
from classwise.zoo.presets.registry import get_trunk, trunks
from classwise.zoo.presets.weight_files import assign_weights, read_weights, variables_by_path

if TYPE_CHECKING:
    import keras

LAYER = "classifier"
KERNEL, BIAS = f"{LAYER}/kernel", f"{LAYER}/bias"


class Classifier(NamedTuple):
    """A model from images 0-255 to logits `[B, C]`, and the names of the C classes."""

    model: keras.Model
    class_names: tuple[str, ...]


def load_classifier(
    name: str,
    image_shape: tuple[int, int, int] | None = None,
    mirror: str | Sequence[str] | None = None,
) -> Classifier:
    """Loads a trunk with the classifier that it was trained with: images 0-255 in, logits out.

    Args:
        name: a trunk, such as `"efficientnet_lite0_imagenet"`.
        image_shape, mirror: as in `load_backbone`.

    Returns:
        The model, whose layer before the last gives the features of `load_backbone`, and the names
        of its classes in the order of the logits.

    Raises:
        InputError: no such trunk, one whose classifier is not kept, or what `load_backbone` raises.

    Example:

    >>> from classwise import zoo
    >>> classifier = zoo.load_classifier("efficientnet_lite0_imagenet")
    >>> classifier.model.output_shape, classifier.class_names[:2]
    ((None, 1000), ('tench', 'goldfish'))
    """
    trunk = get_trunk(name)
    if trunk.classifier is None:
        kept = ", ".join(known.name for known in trunks().values() if known.classifier)
        raise InputError(f"The classifier of {trunk.name} is not kept; kept are those of {kept}.")
    file = trunk.classifier
    weights = read_weights(locate(file.file, file.bytes, file.sha256, mirror))
    backbone = load_backbone(trunk.name, image_shape, mirror)

    import keras

    class_names = get_data_set(trunk.dataset).class_names
    layer = keras.layers.Dense(len(class_names), name=LAYER)
    model = keras.Model(backbone.input, layer(backbone.output), name=f"{trunk.name}_{LAYER}")
    assign_weights(variables_by_path(layer), weights, file.file)
    return Classifier(model, class_names)
