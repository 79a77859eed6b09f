"""The classes of ours that a `.keras` file may name, found without being imported before.

Keras finds a class by the name that it was registered with, and only once its module is imported;
ours are imported when they are first used. So Keras gets a stand-in for each of them, which
imports the class as soon as a file asks for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import import_module

from classwise.zoo.foundation.quiet import start_tensorflow
from classwise.zoo.methods import METHODS

PACKAGE = "classwise"
SAVED_CLASSES = {
    "AnyLabelAccuracy": "classwise.zoo.models.any_label_accuracy",
    "ClassCenters": "classwise.losses.class_centers",
    "ClassWiseLoss": "classwise.losses.class_wise_loss",
    **{method.loss.partition(":")[2]: method.loss.partition(":")[0] for method in METHODS.values()},
    "InferenceBatchNormalization": "classwise.zoo.backbones.batch_norm",
    "PatchWhitening": "classwise.zoo.backbones.patch_whitening",
    "Dirac": "classwise.zoo.backbones.airbench",
    "FeatureHasher": "classwise.zoo.models.feature_hasher",
    "Hasher": "classwise.zoo.models.hasher",
    "Muon": "classwise.zoo.models.muon",
    "Student": "classwise.zoo.models.student",
}


@contextlib.contextmanager
def stand_ins_registered() -> Iterator[None]:
    """Registers, after the block, a stand-in for every class that is not imported yet."""
    yield
    import keras

    for name, module in SAVED_CLASSES.items():
        if keras.saving.get_registered_object(f"{PACKAGE}>{name}") is None:
            keras.saving.register_keras_serializable(PACKAGE, name)(stand_in(name, module))


def stand_in(name: str, module: str) -> type:
    """Returns a class that is built from a configuration as another module's class `name`."""

    class StandIn:
        @classmethod
        def from_config(cls, config):
            start_tensorflow()  # which logs lines at its first operation
            return getattr(import_module(module), name).from_config(config)

        def get_config(self):
            raise NotImplementedError(f"{name} is not imported yet.")

    return StandIn
