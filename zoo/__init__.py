"""Hashers, pretrained and to train: models, data sets, training, retrieval, presets."""

from importlib import import_module

# Public names and the modules that hold them. They load on first use, so that the command line
# and the light parts start without TensorFlow.
_LOCATIONS = {
    "Hasher": "classwise.zoo.hasher",
    "resnet": "classwise.zoo.backbones",
    "resnet9": "classwise.zoo.backbones",
    "Muon": "classwise.zoo.training.muon",
    "fit_itq": "classwise.zoo.training.iterative_quantization",
    "InputError": "classwise.zoo.errors",
    "RetrievalEvaluation": "classwise.zoo.retrieval.retrieval_evaluation",
    "load_folder": "classwise.zoo.datasets.image_folder",
    "load_sample": "classwise.zoo.datasets.sample",
    "nearest_neighbours": "classwise.zoo.retrieval.neighbours",
    "read_images": "classwise.zoo.datasets.read_images",
    "list_protocols": "classwise.zoo.datasets.protocols",
    "list_models": "classwise.zoo.presets",
    "load": "classwise.zoo.presets.load",
    "load_backbone": "classwise.zoo.presets.load",
}

__all__ = sorted(_LOCATIONS)


def __getattr__(name):
    if name not in _LOCATIONS:
        raise AttributeError(f"module 'classwise.zoo' has no attribute '{name}'")
    return getattr(import_module(_LOCATIONS[name]), name)


def __dir__():
    return __all__
